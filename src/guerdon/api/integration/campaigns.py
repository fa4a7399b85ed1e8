"""What shops may look up: the campaigns that run and, as older clients do, customers by their attributes."""

from datetime import datetime
from typing import Annotated, Any

from litestar import get, post
from litestar.params import Parameter

from guerdon.api.auth import require_live
from guerdon.api.lists import Skip, moment, numbers, page
from guerdon.db import customers, running_campaigns
from guerdon.db.keys import IntegrationKey
from guerdon.db.paging import Page
from guerdon.db.pool import Connection
from guerdon.wire.base import MorePage, TotalPage
from guerdon.wire.customers import ApplicationCustomer, CustomerProfileSearchQuery
from guerdon.wire.integration_campaigns import IntegrationCampaign

PageSize = Annotated[int, Parameter(query="pageSize", ge=1, le=1000)]


@get("/v1/integration/campaigns", operation_id="integrationGetAllCampaigns", tags=["Campaigns"])
async def integration_get_all_campaigns(
    key: IntegrationKey,
    conn: Connection,
    now: datetime,
    page_size: PageSize = 50,
    skip: Skip = 0,
    campaign_ids: Annotated[list[str] | None, Parameter(query="campaignIds")] = None,
    start_after: Annotated[str | None, Parameter(query="startAfter")] = None,
    start_before: Annotated[str | None, Parameter(query="startBefore")] = None,
    end_after: Annotated[str | None, Parameter(query="endAfter")] = None,
    end_before: Annotated[str | None, Parameter(query="endBefore")] = None,
    store_id: Annotated[int | None, Parameter(query="storeId")] = None,
    audience_id: Annotated[int | None, Parameter(query="audienceId")] = None,
) -> MorePage[IntegrationCampaign]:
    """By the clock of the key; a store finds the campaigns that are linked with it."""
    require_live(key)
    wanted: dict[str, Any] = {
        "campaignIds": numbers("campaignIds", ",".join(campaign_ids) if campaign_ids else None),
        "startAfter": moment("startAfter", start_after),
        "startBefore": moment("startBefore", start_before),
        "endAfter": moment("endAfter", end_after),
        "endBefore": moment("endBefore", end_before),
        "storeId": store_id,
        "audienceId": audience_id,
    }
    found, more = await running_campaigns.list_running(
        conn, key.application_id, wanted, page(page_size, skip, ""), key.clock(now)
    )
    return MorePage(has_more=more, data=found)


@post(
    "/v1/application_customer_search",
    operation_id="searchApplicationCustomers",
    tags=["Customer data"],
    status_code=200,
)
async def search_application_customers(
    data: CustomerProfileSearchQuery, key: IntegrationKey, conn: Connection
) -> TotalPage[ApplicationCustomer]:
    """The first thousand customers of the Application who have all that is asked for, and how many there are."""
    require_live(key)
    scope = (key.account_id, key.application_id)
    found, _, total = await customers.list_customers(conn, scope, customers.wanted(data), Page(), total=True)
    return TotalPage(total_result_size=total or 0, data=found)


handlers: list[Any] = [integration_get_all_campaigns, search_application_customers]
