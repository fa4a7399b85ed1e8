"""Copies of campaigns with what belongs to them (rules.md §8.4): settings, limits, collections, value maps and rules.
Codes, counters, stores and their budgets stay with the original."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from msgspec import UNSET

from guerdon.db import campaign_groups, campaigns, evaluation_groups, programs, rulesets
from guerdon.db.pool import Connection
from guerdon.wire.base import decoder, encode
from guerdon.wire.campaigns import Campaign, CampaignCopy
from guerdon.wire.rulesets import NewRuleset, Rule, Ruleset

# $1 Application and $2 campaign are those of the original.
INSERT = """
INSERT INTO campaigns (application_id, user_id, created, updated, state, type, evaluation_group_id, position, name,
    description, start_time, end_time, attributes, tags, reevaluate_on_return, features, coupon_settings,
    referral_settings, limits, campaign_groups, coupon_attributes, template_id)
SELECT $3, $4, $5, $5, 'disabled', c.type, $6, $7, $8, $9, $10, $11, c.attributes, $12, c.reevaluate_on_return,
    c.features, c.coupon_settings, c.referral_settings, c.limits, $13, c.coupon_attributes, c.template_id
FROM campaigns c WHERE c.application_id = $1 AND c.id = $2
RETURNING id
"""
# Contents never change, so both have the same.
INSERT_COLLECTIONS = """
INSERT INTO collections (account_id, application_id, campaign_id, name, description, content_id, created_by, created,
    modified)
SELECT o.account_id, $3, $4, o.name, o.description, o.content_id, $5, $6, $6
FROM collections o WHERE o.application_id = $1 AND o.campaign_id = $2 ORDER BY o.id
"""
SELECT_VALUE_MAPS = """
SELECT id, account_id, content_id FROM value_maps WHERE application_id = $1 AND campaign_id = $2 ORDER BY id
"""
INSERT_VALUE_MAP = """
INSERT INTO value_maps (account_id, application_id, campaign_id, content_id, created_by, created)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id
"""
NEWEST_RULESET = "SELECT max(id) FROM rulesets WHERE application_id = $1 AND campaign_id = $2"

Place = tuple[int, int]
"""Application id and campaign id."""


async def ruleset_to_copy(conn: Connection, account_id: int, place: Place, active_id: int | None) -> Ruleset | None:
    """The ruleset that a copy gets: the active one or, where none is, the newest; None where there is none at all."""
    found = active_id or await conn.fetchval(NEWEST_RULESET, *place)
    return None if found is None else await rulesets.get_ruleset(conn, (account_id, *place), found)


async def add_copy(
    conn: Connection,
    caller: tuple[int, int],
    original: Campaign,
    ruleset: Ruleset | None,
    target_id: int,
    wanted: CampaignCopy,
    now: datetime,
) -> Campaign:
    """Copy a campaign to an Application of the account as `caller` = (account id, user id), with its `ruleset`. The
    copy is disabled, and the last of its evaluation group; of its campaign groups it is in those of the Application.

    Raises Invalid when the evaluation group is not the Application's, Forbidden when it is locked.
    """
    account_id, user_id = caller
    place = (original.application_id, original.id)
    group = None if wanted.evaluation_group_id is UNSET else wanted.evaluation_group_id
    group_id, position = await evaluation_groups.place_in(conn, target_id, group)
    groups: Any = original.campaign_groups
    access = await campaign_groups.known_in(conn, account_id, target_id, groups)
    text = (
        f"Copy of {original.name}" if wanted.name is UNSET else wanted.name,
        original.description if wanted.description is UNSET else wanted.description,
        *period(original, wanted),
        original.tags if wanted.tags is UNSET else wanted.tags,
    )
    campaign_id: int = await conn.fetchval(
        INSERT, *place, target_id, user_id, now, group_id, position, *text, [one for one in groups if one in access]
    )
    await conn.execute(INSERT_COLLECTIONS, *place, target_id, campaign_id, user_id, now)
    maps = {}
    for row in await conn.fetch(SELECT_VALUE_MAPS, *place):
        values = (row["account_id"], target_id, campaign_id, row["content_id"], user_id, now)
        maps[row["id"]] = await conn.fetchval(INSERT_VALUE_MAP, *values)
    await programs.record_copy(conn, target_id, campaign_id)
    if ruleset is not None:
        copied = copied_rules(ruleset, maps, activate=original.active_ruleset_id is not UNSET)
        await rulesets.add_ruleset(conn, (account_id, target_id, campaign_id), user_id, copied, now)
    return await campaigns.get_campaign(conn, account_id, target_id, campaign_id, now)


def period(original: Campaign, wanted: CampaignCopy) -> tuple[datetime | None, datetime | None]:
    """When the copy starts and ends: as the original where nothing else is wanted."""
    start = original.start_time if wanted.start_time is UNSET else wanted.start_time
    end = original.end_time if wanted.end_time is UNSET else wanted.end_time
    return None if start is UNSET else start, None if end is UNSET else end


def copied_rules(ruleset: Ruleset, maps: Mapping[int, int], *, activate: bool) -> NewRuleset:
    """The same rules for another campaign: each has an id of its own and names the one it comes from as its parent;
    value maps (old id to new id) are those of the copy."""
    content = decoder(Any).decode(encode(ruleset))
    moved: NewRuleset = decoder(NewRuleset).decode(encode(_with_maps(content, maps) | {"activate": activate}))
    for rules in (moved.rules, [] if moved.strikethrough_rules is UNSET else moved.strikethrough_rules):
        for rule in rules:
            _renew(rule)
    return moved


def _renew(rule: Rule) -> None:
    rule.parent_id, rule.id = rule.id, str(uuid4())


def _with_maps(part: Any, maps: Mapping[int, int]) -> Any:
    """JSON with the ids of value maps exchanged: only `["valueMapItems", id, …]` names one."""
    if isinstance(part, dict):
        return {name: _with_maps(value, maps) for name, value in part.items()}
    if not isinstance(part, list):
        return part
    found = [_with_maps(value, maps) for value in part]
    if len(found) > 1 and found[0] == "valueMapItems" and isinstance(found[1], int):
        found[1] = maps.get(found[1], found[1])
    return found
