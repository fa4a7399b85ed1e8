"""Campaigns (management.md §5). Their rulesets and coupons are in files of their own."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from guerdon.db import campaign_groups, campaign_limits, campaign_stores, evaluation_groups, programs
from guerdon.db.paging import Listing, Page, substring
from guerdon.db.pool import Connection, Row, first
from guerdon.engine.money import plain
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.wire.base import decoder, encode, encode_text
from guerdon.wire.campaigns import Campaign, NewCampaign, UpdateCampaign

# $1 account, $2 Application, $3 now.
CAMPAIGNS = """
SELECT * FROM (
    SELECT c.*, a.timezone, creator.name AS created_by, editor.name AS updated_by_name,
        ARRAY(SELECT v.id FROM value_maps v WHERE v.campaign_id = c.id ORDER BY v.id) AS value_maps_ids,
        CASE WHEN c.state <> 'enabled' THEN c.state
             WHEN c.start_time > $3 THEN 'scheduled'
             WHEN c.end_time <= $3 THEN 'expired'
             ELSE 'running' END AS frontend_state
    FROM campaigns c
    JOIN applications a ON a.id = c.application_id
    JOIN users creator ON creator.id = c.user_id
    LEFT JOIN users editor ON editor.id = c.updated_by
    WHERE a.account_id = $1 AND c.application_id = $2) AS campaign
WHERE true
"""
SELECT = CAMPAIGNS + " AND id = $4"
LIST = Listing(
    select=CAMPAIGNS,
    filters={
        "ids": "id = ANY (?)",
        "states": "frontend_state = ANY (?)",
        "name": "name ILIKE ?",
        "tags": "EXISTS (SELECT FROM unnest(tags) AS tag WHERE tag ILIKE ANY (?))",
        # The name's pattern comes first, those of the tags after it.
        "nameOrTags": """(name ILIKE (?::text[])[1]
            OR EXISTS (SELECT FROM unnest(tags) AS tag WHERE tag ILIKE ANY ((?::text[])[2:])))""",
        "createdBefore": "created < ?",
        "createdAfter": "created > ?",
        "startBefore": "start_time < ?",
        "startAfter": "start_time > ?",
        "endBefore": "end_time < ?",
        "endAfter": "end_time > ?",
        "campaignGroupId": "campaign_groups @> ARRAY[?::bigint]",
        "templateId": "template_id = ?",
        "storeId": "? = ANY (linked_store_ids)",
        # Each of the attributes has just this value.
        "attributes": """NOT EXISTS (SELECT FROM jsonb_each(?::jsonb) AS wanted
            WHERE attributes -> wanted.key IS DISTINCT FROM wanted.value)""",
    },
    sorts={
        "id": "id",
        "created": "created",
        "updated": "updated",
        "name": "name",
        "state": "state",
        "startTime": "start_time",
        "endTime": "end_time",
        "lastActivity": "last_activity",
    },
)

INSERT = """
INSERT INTO campaigns (application_id, user_id, created, updated, state, type, evaluation_group_id, name, description,
    start_time, end_time, attributes, active_ruleset_id, tags, reevaluate_on_return, features, coupon_settings,
    referral_settings, limits, campaign_groups, linked_store_ids, coupon_attributes, position, template_id)
SELECT a.id, $3, $4, $4, COALESCE($5, 'enabled'), COALESCE($6, 'advanced'),
    $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24
FROM applications a WHERE a.account_id = $1 AND a.id = $2
RETURNING id
"""
UPDATE = """
UPDATE campaigns c SET updated_by = $4, updated = $5, state = COALESCE($6, c.state), type = COALESCE($7, c.type),
    evaluation_group_id = COALESCE($8, c.evaluation_group_id), name = $9, description = $10, start_time = $11,
    end_time = $12, attributes = $13, active_ruleset_id = $14, tags = $15, reevaluate_on_return = $16, features = $17,
    coupon_settings = $18, referral_settings = $19, limits = $20, campaign_groups = $21,
    linked_store_ids = CASE WHEN c.stores_imported THEN c.linked_store_ids ELSE $22 END, coupon_attributes = $23,
    position = COALESCE($24, c.position)
FROM applications a
WHERE a.id = c.application_id AND a.account_id = $1 AND c.application_id = $2 AND c.id = $3
"""
# A ruleset that was active already keeps the time it was activated at.
ACTIVATE = """
UPDATE rulesets r SET activated_at = $3
FROM campaigns c
WHERE c.id = r.campaign_id AND c.id = $1 AND r.id = $2 AND c.active_ruleset_id IS DISTINCT FROM r.id
"""
# In the order of all locks (ADR 0015): what sessions count on comes before the campaign.
HOLD = """
WITH held_coupon AS (
    SELECT id FROM coupons WHERE application_id = $2 AND campaign_id = ANY ($3) ORDER BY id FOR UPDATE
), held_referral AS (
    SELECT id FROM referrals
    WHERE application_id = $2 AND campaign_id = ANY ($3) AND (SELECT count(*) FROM held_coupon) >= 0
    ORDER BY id FOR UPDATE
), held_counter AS (
    SELECT id FROM limit_counters
    WHERE application_id = $2 AND campaign_id = ANY ($3) AND (SELECT count(*) FROM held_referral) >= 0
    ORDER BY action, period, entities, campaign_id FOR UPDATE
)
SELECT c.id FROM campaigns c JOIN applications a ON a.id = c.application_id
WHERE a.account_id = $1 AND c.application_id = $2 AND c.id = ANY ($3) AND (SELECT count(*) FROM held_counter) >= 0
ORDER BY c.id FOR UPDATE OF c
"""
DELETE = """
DELETE FROM campaigns c USING applications a
WHERE a.id = c.application_id AND a.account_id = $1 AND c.application_id = $2 AND c.id = ANY ($3)
"""
EXISTING = """
SELECT c.id FROM campaigns c JOIN applications a ON a.id = c.application_id
WHERE a.account_id = $1 AND c.application_id = $2 AND c.id = ANY ($3)
"""
HOLD_ALONE = EXISTING + " ORDER BY c.id FOR UPDATE OF c"
DISABLE = """
UPDATE campaigns SET state = 'disabled', updated_by = $3, updated = $4
WHERE application_id = $1 AND id = ANY ($2) AND state <> 'disabled'
RETURNING id
"""
GROUP_OF = "SELECT evaluation_group_id FROM campaigns WHERE application_id = $1 AND id = $2"
HAS_RULESET = "SELECT EXISTS (SELECT FROM rulesets WHERE campaign_id = $1 AND id = $2)"

JSON = ("attributes", "coupon_settings", "referral_settings", "limits", "coupon_attributes")
HIDDEN = ("evaluation_group_id", "updated_by", "updated_by_name", "timezone", "position", "reserve_coupon_effect_count")
NOT_COUNTED_YET: dict[str, Any] = {
    "awarded_giveaways_count": 0,
    "created_loyalty_points_count": Decimal(0),
    "created_loyalty_points_effect_count": 0,
    "redeemed_loyalty_points_count": Decimal(0),
    "redeemed_loyalty_points_effect_count": 0,
}


async def _shown(conn: Connection, application_id: int, rows: list[Row], now: datetime) -> list[Campaign]:
    """Campaigns of one Application, as answers have them."""
    if not rows:
        return []
    timezone = rows[0]["timezone"]
    used = await campaign_limits.used_up(conn, application_id, [row["id"] for row in rows], now, timezone)
    return [_campaign(row, used, now) for row in rows]


def _campaign(row: Row, used: campaign_limits.Used, now: datetime) -> Campaign:
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in HIDDEN and value is not None}
    for name in JSON:
        if name in values:
            values[name] = decoder(Any).decode(values[name])
    values["discount_count"] = plain(values["discount_count"])
    values["reservecoupon_effect_count"] = row["reserve_coupon_effect_count"]
    if row["stores_imported"]:  # there may be any number; the export has them
        del values["linked_store_ids"]
    budgets = campaign_limits.budgets(row["id"], values["limits"], used, now, row["timezone"])
    return Campaign(**values, **NOT_COUNTED_YET, budgets=budgets, updated_by=row["updated_by_name"] or UNSET)


def _or(value: Any, default: Any) -> Any:
    return default if value is UNSET else value


def _json(value: Any) -> str | None:
    if isinstance(value, dict):
        value = {name: sub for name, sub in value.items() if sub is not None}
    return None if value is UNSET else encode_text(value)


def _content(new: NewCampaign | UpdateCampaign, group_id: int | None) -> list[Any]:
    """The values of INSERT and UPDATE from `state` on, in their order; `group_id` is the evaluation group."""
    return [
        _or(new.state, None),
        _or(new.type, None),
        group_id,
        new.name,
        _or(new.description, ""),
        _or(new.start_time, None),
        _or(new.end_time, None),
        _json(_or(new.attributes, {})),
        _or(new.active_ruleset_id, None),
        new.tags,
        new.reevaluate_on_return is True,
        new.features,
        _json(new.coupon_settings),
        _json(new.referral_settings),
        _json(new.limits),
        _or(new.campaign_groups, []),
        _or(new.linked_store_ids, []),
        _json(_or(new.coupon_attributes, {})),
    ]


async def _check_references(
    conn: Connection, account_id: int, application_id: int, campaign_id: int, new: NewCampaign | UpdateCampaign
) -> None:
    ruleset_id = new.active_ruleset_id
    if ruleset_id is not UNSET and not await conn.fetchval(HAS_RULESET, campaign_id, ruleset_id):
        details = f"The campaign has no ruleset {ruleset_id}"
        raise Invalid(errors=[Problem.at("/activeRulesetId", "Unknown", details)])
    await campaign_groups.check(conn, account_id, application_id, _or(new.campaign_groups, []))
    store_ids = _or(new.linked_store_ids, [])
    known = await campaign_stores.existing(conn, application_id, store_ids)
    if unknown := [one for one in store_ids if one not in known]:
        details = f"The Application has no store {unknown[0]}"
        raise Invalid(errors=[Problem.at("/linkedStoreIds", "Unknown", details)])


async def add_campaign(
    conn: Connection,
    caller: tuple[int, int],
    application_id: int,
    new: NewCampaign,
    now: datetime,
    *,
    template_id: int | None = None,
) -> Campaign:
    """Create a campaign for `caller` = (account id, user id), as the last of its evaluation group.

    Raises NotFound for the Application, Invalid when evaluation group, ruleset, campaign groups or stores are not its
    own, Forbidden when the evaluation group is locked.
    """
    await _check_references(conn, caller[0], application_id, 0, new)
    group_id, place = await evaluation_groups.place_in(conn, application_id, _or(new.evaluation_group_id, None))
    content = _content(new, group_id)
    row = await conn.fetchrow(INSERT, caller[0], application_id, caller[1], now, *content, place, template_id)
    campaign_id = first(row, "Application")["id"]
    await programs.record_campaign(conn, application_id, campaign_id)
    return await get_campaign(conn, caller[0], application_id, campaign_id, now)


async def change_campaign(
    conn: Connection,
    caller: tuple[int, int],
    application_id: int,
    campaign_id: int,
    new: UpdateCampaign,
    now: datetime,
) -> Campaign:
    """Replace a campaign's content. An absent state, type or evaluation group keeps what it was.

    A campaign that moves to another evaluation group is the last of it. What was counted for limits that are no more is
    forgotten. Raises NotFound, Invalid when evaluation group, ruleset, campaign groups or stores are not its own, or
    when stores are named although they were imported (management.md §5), and Forbidden when it would leave or join an
    evaluation group that is locked.
    """
    account_id, user_id = caller
    old = await get_campaign(conn, account_id, application_id, campaign_id, now)
    await _check_references(conn, account_id, application_id, campaign_id, new)
    if old.stores_imported and new.linked_store_ids:
        details = "The stores of this campaign were imported: disconnect them first"
        raise Invalid(errors=[Problem.at("/linkedStoreIds", "Invalid value", details)])
    limits: Any = old.limits  # as stored: plain JSON
    await campaign_limits.forget(conn, application_id, campaign_id, limits, decoder(Any).decode(encode(new.limits)))
    if new.active_ruleset_id is not UNSET:
        await conn.execute(ACTIVATE, campaign_id, new.active_ruleset_id, now)
    place, group_id = None, _or(new.evaluation_group_id, None)
    before = await conn.fetchval(GROUP_OF, application_id, campaign_id)
    if group_id is not None and group_id != before:
        await evaluation_groups.refuse_locked(conn, application_id, before)
        _, place = await evaluation_groups.place_in(conn, application_id, group_id)
    content = _content(new, group_id)
    await conn.execute(UPDATE, account_id, application_id, campaign_id, user_id, now, *content, place)
    await programs.record_campaign(conn, application_id, campaign_id)
    return await get_campaign(conn, account_id, application_id, campaign_id, now)


async def remove_campaigns(conn: Connection, account_id: int, application_id: int, campaign_ids: list[int]) -> None:
    """Delete campaigns with their rulesets and coupons. What their effects did stays. Raises NotFound."""
    await _existing(conn, EXISTING, account_id, application_id, campaign_ids)
    await _existing(conn, HOLD, account_id, application_id, campaign_ids)
    for campaign_id in campaign_ids:
        await programs.record_end_of_campaign(conn, application_id, campaign_id)
    await conn.execute(DELETE, account_id, application_id, campaign_ids)


async def disable_campaigns(
    conn: Connection, caller: tuple[int, int], application_id: int, campaign_ids: list[int], now: datetime
) -> None:
    """Disable campaigns; those that are disabled stay as they are. Raises NotFound."""
    await _existing(conn, HOLD_ALONE, caller[0], application_id, campaign_ids)
    for row in await conn.fetch(DISABLE, application_id, campaign_ids, caller[1], now):
        await programs.record_campaign(conn, application_id, row["id"])


async def _existing(
    conn: Connection, statement: str, account_id: int, application_id: int, campaign_ids: list[int]
) -> None:
    """Look for campaigns, or lock them; raises NotFound unless all are there."""
    found = await conn.fetch(statement, account_id, application_id, campaign_ids)
    if len(found) < len(set(campaign_ids)):
        raise NotFound.of("Campaign")


async def get_campaign(
    conn: Connection, account_id: int, application_id: int, campaign_id: int, now: datetime
) -> Campaign:
    """The campaign; `now` decides whether it is scheduled, running or expired. Raises NotFound."""
    row = first(await conn.fetchrow(SELECT, account_id, application_id, now, campaign_id), "Campaign")
    return (await _shown(conn, application_id, [row], now))[0]


async def list_campaigns(
    conn: Connection, scope: tuple[int, int, datetime], wanted: dict[str, Any], page: Page
) -> tuple[list[Campaign], int]:
    """One page of the campaigns in `scope` = (account id, Application id, now), and how many match in all."""
    _, application_id, now = scope
    attributes = wanted.get("attributes")
    filters = {
        **wanted,
        **_name_filter(wanted.get("name"), wanted.get("tags")),
        "attributes": None if attributes is None else encode_text(attributes),
    }
    rows, _ = await LIST.fetch(conn, scope, filters, page)
    return await _shown(conn, application_id, rows, now), await LIST.count(conn, scope, filters)


def _name_filter(name: str | None, tags: list[str] | None) -> dict[str, Any]:
    """Name and tags are combined with OR when both are given."""
    tag_patterns = [substring(tag) for tag in tags] if tags else None
    if name is not None and tag_patterns:
        return {"name": None, "tags": None, "nameOrTags": [substring(name), *tag_patterns]}
    return {"name": substring(name), "tags": tag_patterns}
