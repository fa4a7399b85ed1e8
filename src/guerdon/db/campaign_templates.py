"""Campaign templates with their rulesets (management.md §19, rules.md §7.3)."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from guerdon.db import applications, campaign_groups, rulesets
from guerdon.db.paging import Listing, Page, substring
from guerdon.db.pool import Connection, Row, first
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.campaign_templates import (
    CampaignTemplate,
    CampaignTemplateCollection,
    CampaignTemplateCouponReservationSettings,
    CampaignTemplateParams,
    NewCampaignTemplate,
    UpdateCampaignTemplate,
)
from guerdon.wire.limits import CodeGeneratorSettings, LimitConfig
from guerdon.wire.rulesets import NewRuleset, Ruleset

TEMPLATES = """
SELECT * FROM (
    SELECT t.*, editor.name AS updated_by_name,
        (SELECT count(*) FROM campaigns c WHERE c.template_id = t.id) AS campaigns_count
    FROM campaign_templates t LEFT JOIN users editor ON editor.id = t.updated_by
    WHERE t.account_id = $1) AS template
WHERE true
"""
SELECT = TEMPLATES + " AND id = $2"
LIST = Listing(
    select=TEMPLATES,
    filters={
        "state": "state = ?",
        "name": "name ILIKE ?",
        "tags": "EXISTS (SELECT FROM unnest(tags) AS tag WHERE tag ILIKE ANY (?))",
        "userId": "user_id = ?",
    },
    sorts={"id": "id", "created": "created", "updated": "updated", "name": "name", "state": "state"},
)
COLUMNS = (
    "name", "description", "instructions", "campaign_attributes", "coupon_attributes", "state", "tags",
    "reevaluate_on_return", "features", "coupon_settings", "coupon_reservation_settings", "referral_settings", "limits",
    "template_params", "campaign_collections", "default_campaign_group_id", "campaign_type",
)  # fmt: skip
INSERT = """
INSERT INTO campaign_templates (account_id, name, description, instructions, campaign_attributes, coupon_attributes,
    state, tags, reevaluate_on_return, features, coupon_settings, coupon_reservation_settings, referral_settings,
    limits, template_params, campaign_collections, default_campaign_group_id, campaign_type, user_id, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
RETURNING id
"""
UPDATE = """
UPDATE campaign_templates SET name = $2, description = $3, instructions = $4, campaign_attributes = $5,
    coupon_attributes = $6, state = $7, tags = $8, reevaluate_on_return = $9, features = $10, coupon_settings = $11,
    coupon_reservation_settings = $12, referral_settings = $13, limits = $14, template_params = $15,
    campaign_collections = $16, default_campaign_group_id = $17, campaign_type = $18, updated_by = $19, updated = $20,
    applications_ids = $21, active_ruleset_id = coalesce($22, active_ruleset_id)
WHERE account_id = $1 AND id = $23
"""
LOCK = "SELECT id FROM campaign_templates WHERE account_id = $1 AND id = $2 FOR UPDATE"
INSERT_RULESET = """
INSERT INTO rulesets (template_id, user_id, rules, strikethrough_rules, bindings, rb_version, activate, activated_at,
    created)
VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $7 THEN $8::timestamptz END, $8)
RETURNING *
"""
ACTIVATE = "UPDATE campaign_templates SET active_ruleset_id = $3 WHERE account_id = $1 AND id = $2"
SELECT_RULESET = """
SELECT r.* FROM rulesets r JOIN campaign_templates t ON t.id = r.template_id
WHERE t.account_id = $1 AND t.id = $2 AND r.id = $3
"""
DEFAULTS: dict[str, Any] = {
    "campaign_attributes": {},
    "coupon_attributes": {},
    "tags": [],
    "reevaluate_on_return": False,
    "features": [],
    "limits": [],
    "template_params": [],
    "campaign_collections": [],
}
JSON: dict[str, Any] = {
    "campaign_attributes": dict[str, Any],
    "coupon_attributes": dict[str, Any],
    "coupon_settings": CodeGeneratorSettings,
    "coupon_reservation_settings": CampaignTemplateCouponReservationSettings,
    "referral_settings": CodeGeneratorSettings,
    "limits": list[LimitConfig],
    "template_params": list[CampaignTemplateParams],
    "campaign_collections": list[CampaignTemplateCollection],
}
"""Columns of JSON, with what is in them."""


def _template(row: Row) -> CampaignTemplate:
    values: dict[str, Any] = {name: value for name, value in row.items() if value is not None}
    for name, kind in JSON.items():
        if name in values:
            values[name] = decoder(kind).decode(values[name])
    values["updated_by"] = values.pop("updated_by_name", UNSET)
    return CampaignTemplate(**values, valid_application_ids=values["applications_ids"])


async def _content(conn: Connection, account_id: int, new: NewCampaignTemplate) -> list[Any]:
    """The values of COLUMNS; raises Invalid for a campaign group of others."""
    group_id = new.default_campaign_group_id
    if group_id is not UNSET and not await campaign_groups.exists(conn, account_id, group_id):
        details = f"The account has no campaign group {group_id}"
        raise Invalid(errors=[Problem.at("/defaultCampaignGroupId", "Unknown", details)])
    values = []
    for name in COLUMNS:
        value = getattr(new, name)
        value = DEFAULTS.get(name) if value is UNSET else value
        values.append(encode_text(value) if name in JSON and value is not None else value)
    return values


async def add_template(
    conn: Connection, caller: tuple[int, int], new: NewCampaignTemplate, now: datetime
) -> CampaignTemplate:
    """Create a template as `caller` = (account id, user id). Raises Invalid for a campaign group of others."""
    account_id, user_id = caller
    template_id = await conn.fetchval(INSERT, account_id, *await _content(conn, account_id, new), user_id, now)
    return await get_template(conn, account_id, template_id)


async def change_template(
    conn: Connection, caller: tuple[int, int], template_id: int, new: UpdateCampaignTemplate, now: datetime
) -> CampaignTemplate:
    """Replace a template; a ruleset that is left out stays. Raises NotFound, and Invalid for Applications, a ruleset or
    a campaign group that are not its own."""
    account_id, user_id = caller
    first(await conn.fetchrow(LOCK, account_id, template_id), "Campaign template")
    subscribed = await applications.subscription(conn, account_id, new.applications_ids, "/applicationsIds")
    ruleset_id = None if new.active_ruleset_id is UNSET else new.active_ruleset_id
    if ruleset_id is not None and await conn.fetchrow(SELECT_RULESET, account_id, template_id, ruleset_id) is None:
        details = f"The template has no ruleset {ruleset_id}"
        raise Invalid(errors=[Problem.at("/activeRulesetId", "Unknown", details)])
    content = await _content(conn, account_id, new)
    await conn.execute(UPDATE, account_id, *content, user_id, now, subscribed, ruleset_id, template_id)
    return await get_template(conn, account_id, template_id)


async def add_ruleset(
    conn: Connection, caller: tuple[int, int], template_id: int, new: NewRuleset, now: datetime
) -> Ruleset:
    """Keep a revision of a template's rules, which becomes active when it says so. Raises NotFound."""
    account_id, user_id = caller
    first(await conn.fetchrow(LOCK, account_id, template_id), "Campaign template")
    content = rulesets.content(new)
    row = await conn.fetchrow(INSERT_RULESET, template_id, user_id, *content, new.activate, now)
    if new.activate:
        await conn.execute(ACTIVATE, account_id, template_id, row["id"])
    return rulesets.shown(row)


async def get_ruleset(conn: Connection, account_id: int, template_id: int, ruleset_id: int) -> Ruleset:
    """A revision of a template's rules; raises NotFound."""
    return rulesets.shown(first(await conn.fetchrow(SELECT_RULESET, account_id, template_id, ruleset_id), "Ruleset"))


async def get_template(conn: Connection, account_id: int, template_id: int) -> CampaignTemplate:
    """The template; raises NotFound."""
    return _template(first(await conn.fetchrow(SELECT, account_id, template_id), "Campaign template"))


async def list_templates(
    conn: Connection, account_id: int, wanted: dict[str, Any], page: Page
) -> tuple[list[CampaignTemplate], bool]:
    """One page of the account's templates, and whether more follow."""
    tags = wanted.get("tags")
    filters = {
        **wanted,
        "name": substring(wanted.get("name")),
        "tags": None if tags is None else [substring(tag) for tag in tags],
    }
    rows, more = await LIST.fetch(conn, [account_id], filters, page)
    return [_template(row) for row in rows], more
