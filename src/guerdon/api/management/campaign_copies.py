"""Copies of a campaign in one Application or several (management.md §5, rules.md §8.4)."""

from datetime import datetime
from typing import Any

from litestar import post
from msgspec import UNSET

from guerdon.api import checks, rule_checks
from guerdon.db import applications, attributes, campaign_copies, campaigns
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import NotFound, Problem
from guerdon.flows.programs import Programs
from guerdon.wire.base import TotalPage
from guerdon.wire.campaigns import Campaign, CampaignCopy
from guerdon.wire.rulesets import Ruleset


@post(
    "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/copy",
    operation_id="copyCampaignToApplications",
    tags=["Campaigns"],
    status_code=200,
)
async def copy_campaign_to_applications(
    application_id: int,
    campaign_id: int,
    data: CampaignCopy,
    caller: Caller,
    conn: Connection,
    programs: Programs,
    now: datetime,
) -> TotalPage[Campaign]:
    """To all of the Applications, or to none. Without a ruleset that is active the newest one is copied."""
    original = await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
    active = None if original.active_ruleset_id is UNSET else original.active_ruleset_id
    place = (application_id, campaign_id)
    ruleset = await campaign_copies.ruleset_to_copy(conn, caller.account_id, place, active)
    start, end = campaign_copies.period(original, data)
    problems = checks.period(start or UNSET, end or UNSET, "endTime")
    targets = dict.fromkeys(data.application_ids)
    for target_id in targets:
        index = data.application_ids.index(target_id)
        objections = await _objections(conn, programs, caller, original, ruleset, target_id)
        problems += [Problem.at(f"/applicationIds/{index}", "Invalid value", text) for text in objections]
    checks.refuse(problems)
    owner = (caller.account_id, caller.user_id)
    # In the order of their ids, so that two of these cannot wait for each other.
    copies = {
        target_id: await campaign_copies.add_copy(conn, owner, original, ruleset, target_id, data, now)
        for target_id in sorted(targets)
    }
    return TotalPage(total_result_size=len(copies), data=[copies[target_id] for target_id in targets])


async def _objections(
    conn: Connection,
    programs: Programs,
    caller: Caller,
    original: Campaign,
    ruleset: Ruleset | None,
    target_id: int,
) -> list[str]:
    """Why the campaign cannot be one of this Application: there is no such, or it lacks what the campaign names."""
    try:
        target = await applications.get_application(conn, caller.account_id, target_id)
    except NotFound:
        return [f"The account has no Application {target_id}"]
    definitions = await attributes.definitions(conn, caller.account_id, target_id)
    problems = checks.attributes(original.attributes, "Campaign", definitions)
    problems += checks.attributes(original.coupon_attributes, "Coupon", definitions, "/couponAttributes")
    problems += checks.mandatory(original.attributes, applications.mandatory(target, "campaigns"))
    if ruleset is not None and target_id != original.application_id:
        problems += await rule_checks.problems(
            conn,
            programs,
            (caller.account_id, original.application_id, original.id),
            ruleset,
            features=original.features,
            item_only=original.type == "cartItem",
            elsewhere=target_id,
        )
    return [f"{problem.source.pointer}: {problem.details}" for problem in problems]


handlers: list[Any] = [copy_campaign_to_applications]
