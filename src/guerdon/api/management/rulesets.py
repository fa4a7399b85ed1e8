"""Rulesets: save a revision, list, read (management.md §5). What the rules mean is the engine's business."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from litestar import get, post, put
from msgspec import UNSET

from guerdon import engine
from guerdon.api import checks
from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import attributes, campaigns, rulesets
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.attributes import types_of
from guerdon.errors import Problem
from guerdon.flows.programs import Programs
from guerdon.wire.base import TotalPage, decoder, encode
from guerdon.wire.blocks import ruleset_v2
from guerdon.wire.rulesets import NewRuleset, Rule, Ruleset
from guerdon.wire.rulesets_v2 import RulesetV2

TAGS = ["Campaigns"]
ALL = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/rulesets"
ONE = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/rulesets/{ruleset_id:int}"
AS_BLOCKS = "/v2/applications/{application_id:int}/campaigns/{campaign_id:int}/rulesets/{ruleset_id:int}"


def _complete(rules: list[Rule]) -> None:
    for rule in rules:
        if rule.id is UNSET:
            rule.id = str(uuid4())
        if rule.bindings is UNSET:
            rule.bindings = []


def _plain(structs: Any) -> list[dict[str, Any]]:
    """The JSON that will be stored, as the engine reads it back."""
    stored: list[dict[str, Any]] = decoder(Any).decode(encode(structs))
    return stored


async def _check(conn: Connection, programs: Programs, place: rulesets.Place, data: NewRuleset, now: datetime) -> None:
    account_id, application_id, campaign_id = place
    campaign = await campaigns.get_campaign(conn, account_id, application_id, campaign_id, now)
    definitions = await attributes.definitions(conn, account_id, application_id)
    problems = engine.check_ruleset(
        _plain(data.rules),
        _plain(data.bindings),
        attributes=types_of(definitions.values()),
        library=await programs.library(conn, application_id, campaign_id),
        features=campaign.features,
        item_only=campaign.type == "cartItem",
        strikethrough_rules=_plain(data.strikethrough_rules or []),
    )
    checks.refuse([Problem.at(problem.pointer, "Invalid expression", problem.message) for problem in problems])


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
    _complete(data.rules)
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
    _complete(data.rules)
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


handlers = [create_ruleset, update_ruleset, get_rulesets, get_ruleset, get_ruleset_v2]
