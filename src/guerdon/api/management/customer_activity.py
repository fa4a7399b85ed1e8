"""Activity reports of customers over a period (management.md §17)."""

from datetime import datetime
from typing import Annotated, Any

from litestar import get
from litestar.di import Provide
from litestar.params import Parameter

from guerdon.api.lists import PageSize, Skip, Sort, moment, page
from guerdon.db import applications, customer_activity
from guerdon.db.keys import Caller
from guerdon.db.paging import substring
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import MorePage, TotalPage
from guerdon.wire.customers import CustomerActivityReport

TAGS = ["Customer data"]
ALL = "/v1/applications/{application_id:int}/customer_activity_reports"
Range = tuple[datetime, datetime]


async def period(
    range_start: Annotated[str, Parameter(query="rangeStart")],
    range_end: Annotated[str, Parameter(query="rangeEnd")],
) -> Range:
    """From the start on, before the end."""
    start, end = moment("rangeStart", range_start), moment("rangeEnd", range_end)
    if start is None or end is None or end <= start:
        raise Invalid(errors=[Problem.in_query("rangeEnd", "Invalid value", "rangeEnd must be later than rangeStart")])
    return start, end


async def filters(
    name: str | None = None,
    integration_id: Annotated[str | None, Parameter(query="integrationId")] = None,
    campaign_name: Annotated[str | None, Parameter(query="campaignName")] = None,
    advocate_name: Annotated[str | None, Parameter(query="advocateName")] = None,
) -> dict[str, Any]:
    """Which customers are meant: names are found anywhere and in any case, the integration id is exact."""
    return {
        "name": substring(name),
        "integrationId": integration_id,
        "campaignName": substring(campaign_name),
        "advocateName": substring(advocate_name),
    }


PERIOD = {"period": Provide(period)}
SEARCH = PERIOD | {"wanted": Provide(filters)}


@get(ALL + "/no_total", operation_id="getCustomerActivityReportsWithoutTotalCount", tags=TAGS, dependencies=SEARCH)
async def get_customer_activity_reports_without_total_count(
    application_id: int,
    caller: Caller,
    conn: Connection,
    period: Range,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> MorePage[CustomerActivityReport]:
    """Of all customers of the Application, those without activity in the period too."""
    await applications.get_application(conn, caller.account_id, application_id)
    scope = (caller.account_id, application_id, *period)
    found, more = await customer_activity.list_reports(conn, scope, wanted, page(page_size, skip, sort))
    return MorePage(has_more=more, data=found)


@get(ALL, operation_id="getCustomerActivityReports", tags=TAGS, dependencies=SEARCH)
async def get_customer_activity_reports(
    application_id: int,
    caller: Caller,
    conn: Connection,
    period: Range,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> TotalPage[CustomerActivityReport]:
    """The same with the number of all, as older clients ask for it."""
    await applications.get_application(conn, caller.account_id, application_id)
    scope = (caller.account_id, application_id, *period)
    found, _ = await customer_activity.list_reports(conn, scope, wanted, page(page_size, skip, sort))
    return TotalPage(total_result_size=await customer_activity.count_reports(conn, scope, wanted), data=found)


@get(ALL + "/{customer_id:int}", operation_id="getCustomerActivityReport", tags=TAGS, dependencies=PERIOD)
async def get_customer_activity_report(
    application_id: int,
    customer_id: int,
    caller: Caller,
    conn: Connection,
    period: Range,
    page_size: PageSize = 1000,
    skip: Skip = 0,
) -> CustomerActivityReport:
    """There is one report: the contract's `pageSize` and `skip` are taken and change nothing."""
    await applications.get_application(conn, caller.account_id, application_id)
    scope = (caller.account_id, application_id, *period)
    return await customer_activity.get_report(conn, scope, customer_id)


handlers: list[Any] = [
    get_customer_activity_reports_without_total_count,
    get_customer_activity_reports,
    get_customer_activity_report,
]
