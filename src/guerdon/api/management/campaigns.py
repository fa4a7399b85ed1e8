"""Campaigns: create, list, search, read, replace, delete, alone and many at once (management.md §5)."""

from datetime import datetime
from typing import Annotated, Any

from litestar import delete, get, post, put
from litestar.params import Parameter
from msgspec import UNSET

from guerdon.api import campaign_checks, checks, rule_checks
from guerdon.api.lists import CampaignState, PageSize, Skip, Sort, moment, page
from guerdon.db import applications, attributes, campaigns, rulesets
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.flows.programs import Programs
from guerdon.wire.applications import Application
from guerdon.wire.base import TotalPage
from guerdon.wire.campaigns import BulkOperationOnCampaigns, Campaign, CampaignSearch, NewCampaign, UpdateCampaign

TAGS = ["Campaigns"]
ALL = "/v1/applications/{application_id:int}/campaigns"
ONE = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}"
SEARCH = "/v1/applications/{application_id:int}/campaigns_search"
BULK = "/v1/applications/{application_id:int}/campaigns_bulk"
# The state of a filter as the computed states that it covers.
STATES = {"enabled": ["scheduled", "running", "expired"]}


async def _check(
    conn: Connection, caller: Caller, application_id: int, data: NewCampaign | UpdateCampaign
) -> Application:
    """The Application; raises Invalid when the campaign cannot be as it is wanted."""
    application = await applications.get_application(conn, caller.account_id, application_id)
    if isinstance(data, UpdateCampaign) and application.enable_campaign_state_management is True:
        raise Invalid("A campaign of an Application with campaign state management cannot be updated directly")
    checks.refuse(await campaign_checks.problems(conn, application, data))
    return application


@post(ALL, operation_id="createCampaign", tags=TAGS)
async def create_campaign(
    application_id: int, data: NewCampaign, caller: Caller, conn: Connection, now: datetime
) -> Campaign:
    """One that brings no limits gets those of the Application."""
    application = await _check(conn, caller, application_id, data)
    data.limits = data.limits or applications.default_limits(application)
    return await campaigns.add_campaign(conn, (caller.account_id, caller.user_id), application_id, data, now)


@get(ALL, operation_id="getCampaigns", tags=TAGS)
async def get_campaigns(
    application_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    campaign_state: Annotated[CampaignState | None, Parameter(query="campaignState")] = None,
    name: str | None = None,
    tags: list[str] | None = None,
    created_before: Annotated[str | None, Parameter(query="createdBefore")] = None,
    created_after: Annotated[str | None, Parameter(query="createdAfter")] = None,
    start_before: Annotated[str | None, Parameter(query="startBefore")] = None,
    start_after: Annotated[str | None, Parameter(query="startAfter")] = None,
    end_before: Annotated[str | None, Parameter(query="endBefore")] = None,
    end_after: Annotated[str | None, Parameter(query="endAfter")] = None,
    campaign_group_id: Annotated[int | None, Parameter(query="campaignGroupId")] = None,
    template_id: Annotated[int | None, Parameter(query="templateId")] = None,
    store_id: Annotated[int | None, Parameter(query="storeId")] = None,
) -> TotalPage[Campaign]:
    await applications.get_application(conn, caller.account_id, application_id)
    wanted: dict[str, Any] = {
        "states": _states(campaign_state),
        "name": name,
        "tags": [tag for part in tags or [] for tag in part.split(",") if tag] or None,
        "createdBefore": moment("createdBefore", created_before),
        "createdAfter": moment("createdAfter", created_after),
        "startBefore": moment("startBefore", start_before),
        "startAfter": moment("startAfter", start_after),
        "endBefore": moment("endBefore", end_before),
        "endAfter": moment("endAfter", end_after),
        "campaignGroupId": campaign_group_id,
        "templateId": template_id,
        "storeId": store_id,
    }
    scope = (caller.account_id, application_id, now)
    found, total = await campaigns.list_campaigns(conn, scope, wanted, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@get(ONE, operation_id="getCampaign", tags=TAGS)
async def get_campaign(
    application_id: int, campaign_id: int, caller: Caller, conn: Connection, now: datetime
) -> Campaign:
    return await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)


async def _check_rules(
    conn: Connection, programs: Programs, place: rulesets.Place, data: UpdateCampaign, now: datetime
) -> None:
    """Raise Invalid when the rules that are to be active cannot run in what the campaign becomes. Nothing is looked at
    while what they were checked for stays the same."""
    old = await campaigns.get_campaign(conn, *place, now)
    kind = old.type if data.type is UNSET else data.type
    unchanged = (old.active_ruleset_id, set(old.features), old.type) == (
        data.active_ruleset_id,
        set(data.features),
        kind,
    )
    if data.active_ruleset_id is UNSET or unchanged:
        return
    try:
        ruleset = await rulesets.get_ruleset(conn, place, data.active_ruleset_id)
    except NotFound:
        return  # which change_campaign refuses, together with other references
    found = await rule_checks.problems(
        conn, programs, place, ruleset, features=data.features, item_only=kind == "cartItem"
    )
    checks.refuse(found)


@put(ONE, operation_id="updateCampaign", tags=TAGS)
async def update_campaign(
    application_id: int,
    campaign_id: int,
    data: UpdateCampaign,
    caller: Caller,
    conn: Connection,
    programs: Programs,
    now: datetime,
) -> Campaign:
    await _check(conn, caller, application_id, data)
    await _check_rules(conn, programs, (caller.account_id, application_id, campaign_id), data, now)
    owner = (caller.account_id, caller.user_id)
    return await campaigns.change_campaign(conn, owner, application_id, campaign_id, data, now)


@delete(ONE, operation_id="deleteCampaign", tags=TAGS)
async def delete_campaign(application_id: int, campaign_id: int, caller: Caller, conn: Connection) -> None:
    await campaigns.remove_campaigns(conn, caller.account_id, application_id, [campaign_id])


@post(SEARCH, operation_id="getCampaignByAttributes", tags=TAGS, status_code=200)
async def get_campaign_by_attributes(
    application_id: int,
    data: CampaignSearch,
    caller: Caller,
    conn: Connection,
    now: datetime,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    campaign_state: Annotated[CampaignState | None, Parameter(query="campaignState")] = None,
) -> TotalPage[Campaign]:
    """Those that have just these values for these attributes; without attributes, all."""
    await applications.get_application(conn, caller.account_id, application_id)
    definitions = await attributes.definitions(conn, caller.account_id, application_id)
    checks.refuse(checks.attributes(data.attributes, "Campaign", definitions))
    wanted = {"states": _states(campaign_state), "attributes": data.attributes}
    scope = (caller.account_id, application_id, now)
    found, total = await campaigns.list_campaigns(conn, scope, wanted, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


def _states(campaign_state: CampaignState | None) -> list[str] | None:
    return STATES.get(campaign_state, [campaign_state]) if campaign_state else None


@post(BULK, operation_id="bulkOperationOnCampaigns", tags=TAGS, status_code=204)
async def bulk_operation_on_campaigns(
    application_id: int, data: BulkOperationOnCampaigns, caller: Caller, conn: Connection, now: datetime
) -> None:
    """All of them, or none. There are no revisions of campaigns to activate."""
    await applications.get_application(conn, caller.account_id, application_id)
    campaign_ids = sorted(set(data.campaign_ids))
    if data.operation == "activate_revision":
        raise Invalid(errors=[Problem.at("/operation", "Invalid value", "The campaigns have no revision to activate")])
    if data.operation == "delete":
        await campaigns.remove_campaigns(conn, caller.account_id, application_id, campaign_ids)
    else:
        owner = (caller.account_id, caller.user_id)
        await campaigns.disable_campaigns(conn, owner, application_id, campaign_ids, now)


handlers = [
    create_campaign,
    get_campaigns,
    get_campaign,
    update_campaign,
    delete_campaign,
    get_campaign_by_attributes,
    bulk_operation_on_campaigns,
]
