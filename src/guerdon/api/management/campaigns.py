"""Campaigns: create, list, read, replace, delete (management.md §5)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import delete, get, post, put
from litestar.params import Parameter
from msgspec import UNSET

from guerdon.api import checks
from guerdon.api.lists import PageSize, Skip, Sort, moment, page
from guerdon.db import applications, attributes, campaigns
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import TotalPage
from guerdon.wire.campaigns import Campaign, NewCampaign, UpdateCampaign

TAGS = ["Campaigns"]
ALL = "/v1/applications/{application_id:int}/campaigns"
ONE = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}"
MOST_STORES = 50
# The state of a filter as the computed states that it covers.
STATES = {"enabled": ["scheduled", "running", "expired"]}

State = Literal["enabled", "disabled", "archived", "scheduled", "running", "expired", "staged"]


async def _check(conn: Connection, caller: Caller, application_id: int, data: NewCampaign | UpdateCampaign) -> None:
    application = await applications.get_application(conn, caller.account_id, application_id)
    if isinstance(data, UpdateCampaign) and application.enable_campaign_state_management is True:
        raise Invalid("A campaign of an Application with campaign state management cannot be updated directly")
    definitions = await attributes.definitions(conn, caller.account_id, application_id)
    problems = checks.limits(data.limits)
    problems += checks.period(data.start_time, data.end_time, "endTime")
    problems += checks.attributes(data.attributes, "Campaign", definitions)
    problems += checks.attributes(data.coupon_attributes, "Coupon", definitions, "/couponAttributes")
    problems += checks.mandatory(data.attributes, applications.mandatory(application, "campaigns"))
    if data.linked_store_ids is not UNSET and len(data.linked_store_ids) > MOST_STORES:
        problems.append(Problem.at("/linkedStoreIds", "maxItems", f"Expected `array` of length <= {MOST_STORES}"))
    checks.refuse(problems)


@post(ALL, operation_id="createCampaign", tags=TAGS)
async def create_campaign(
    application_id: int, data: NewCampaign, caller: Caller, conn: Connection, now: datetime
) -> Campaign:
    await _check(conn, caller, application_id, data)
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
    campaign_state: Annotated[State | None, Parameter(query="campaignState")] = None,
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
        "states": STATES.get(campaign_state, [campaign_state]) if campaign_state else None,
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


@put(ONE, operation_id="updateCampaign", tags=TAGS)
async def update_campaign(
    application_id: int, campaign_id: int, data: UpdateCampaign, caller: Caller, conn: Connection, now: datetime
) -> Campaign:
    await _check(conn, caller, application_id, data)
    owner = (caller.account_id, caller.user_id)
    return await campaigns.change_campaign(conn, owner, application_id, campaign_id, data, now)


@delete(ONE, operation_id="deleteCampaign", tags=TAGS)
async def delete_campaign(application_id: int, campaign_id: int, caller: Caller, conn: Connection) -> None:
    await campaigns.remove_campaign(conn, caller.account_id, application_id, campaign_id)


handlers = [create_campaign, get_campaigns, get_campaign, update_campaign, delete_campaign]
