"""Rulesets: save a revision, list, read (management.md §5). What the rules mean is the engine's business."""

from datetime import datetime

from litestar import delete, get, post, put

from guerdon.api import checks, rule_checks
from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import attributes, campaigns, rulesets
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.flows.programs import Programs
from guerdon.wire.base import TotalPage
from guerdon.wire.blocks import ruleset_v2
from guerdon.wire.rulesets import NewRuleset, Ruleset
from guerdon.wire.rulesets_v2 import RulesetV2

TAGS = ["Campaigns"]
ALL = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/rulesets"
ONE = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/rulesets/{ruleset_id:int}"
AS_BLOCKS = "/v2/applications/{application_id:int}/campaigns/{campaign_id:int}/rulesets/{ruleset_id:int}"


async def _check(conn: Connection, programs: Programs, place: rulesets.Place, data: NewRuleset, now: datetime) -> None:
    campaign = await campaigns.get_campaign(conn, *place, now)
    found = await rule_checks.problems(
        conn, programs, place, data, features=campaign.features, item_only=campaign.type == "cartItem"
    )
    checks.refuse(found)


@post(ALL, operation_id="createRuleset", tags=TAGS)
async def create_ruleset(
    application_id: int,
    campaign_id: int,
    data: NewRuleset,
    caller: Caller,
    conn: Connection,
    programs: Programs,
    now: datetime,
) -> Ruleset:
    place = (caller.account_id, application_id, campaign_id)
    await _check(conn, programs, place, data, now)
    rulesets.complete(data.rules)
    return await rulesets.add_ruleset(conn, place, caller.user_id, data, now)


@put(ONE, operation_id="updateRuleset", tags=TAGS)
async def update_ruleset(
    application_id: int,
    campaign_id: int,
    ruleset_id: int,
    data: NewRuleset,
    caller: Caller,
    conn: Connection,
    programs: Programs,
    now: datetime,
) -> Ruleset:
    """Saves a new revision and answers with it; a stored ruleset never changes."""
    place = (caller.account_id, application_id, campaign_id)
    await _check(conn, programs, place, data, now)
    rulesets.complete(data.rules)
    return await rulesets.add_ruleset(conn, place, caller.user_id, data, now, instead_of=ruleset_id)


@get(ALL, operation_id="getRulesets", tags=TAGS)
async def get_rulesets(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> TotalPage[Ruleset]:
    await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
    place = (caller.account_id, application_id, campaign_id)
    found, total = await rulesets.list_rulesets(conn, place, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@get(ONE, operation_id="getRuleset", tags=TAGS)
async def get_ruleset(
    application_id: int, campaign_id: int, ruleset_id: int, caller: Caller, conn: Connection
) -> Ruleset:
    return await rulesets.get_ruleset(conn, (caller.account_id, application_id, campaign_id), ruleset_id)


@get(AS_BLOCKS, operation_id="getRulesetV2", tags=TAGS)
async def get_ruleset_v2(
    application_id: int, campaign_id: int, ruleset_id: int, caller: Caller, conn: Connection
) -> RulesetV2:
    """The ruleset as typed blocks; what no block can say comes as a passthrough."""
    found = await rulesets.get_ruleset(conn, (caller.account_id, application_id, campaign_id), ruleset_id)
    known = await attributes.of_application(conn, caller.account_id, application_id)
    return ruleset_v2(found, {(attribute.entity, attribute.name): attribute for attribute in known})


@delete(ONE, operation_id="deleteRuleset", tags=TAGS)
async def delete_ruleset(
    application_id: int, campaign_id: int, ruleset_id: int, caller: Caller, conn: Connection
) -> None:
    """Not the active one."""
    await rulesets.remove_ruleset(conn, (caller.account_id, application_id, campaign_id), ruleset_id)


handlers = [create_ruleset, update_ruleset, delete_ruleset, get_rulesets, get_ruleset, get_ruleset_v2]
