"""The events of an Application, with what came of each (management.md §17)."""

from typing import Annotated, Any

from litestar import get
from litestar.di import Provide
from litestar.params import Parameter

from guerdon.api.lists import PageSize, Skip, Sort, moment, page
from guerdon.db import application_events, applications
from guerdon.db.keys import Caller
from guerdon.db.paging import substring
from guerdon.db.pool import Connection
from guerdon.wire.base import MorePage, TotalPage
from guerdon.wire.events import ApplicationEvent

TAGS = ["Customer data"]
ALL = "/v1/applications/{application_id:int}/events"


async def filters(
    type_: Annotated[str | None, Parameter(query="type")] = None,
    created_before: Annotated[str | None, Parameter(query="createdBefore")] = None,
    created_after: Annotated[str | None, Parameter(query="createdAfter")] = None,
    session: str | None = None,
    profile: str | None = None,
    customer_name: Annotated[str | None, Parameter(query="customerName", min_length=2)] = None,
    customer_email: Annotated[str | None, Parameter(query="customerEmail", min_length=2)] = None,
    coupon_code: Annotated[str | None, Parameter(query="couponCode")] = None,
    referral_code: Annotated[str | None, Parameter(query="referralCode")] = None,
    rule_query: Annotated[str | None, Parameter(query="ruleQuery")] = None,
    campaign_query: Annotated[str | None, Parameter(query="campaignQuery")] = None,
) -> dict[str, Any]:
    """Which events are meant. Names and addresses are found anywhere and in any case; codes and ids are exact."""
    return {
        "type": None if type_ is None else type_.split(","),
        "createdBefore": moment("createdBefore", created_before),
        "createdAfter": moment("createdAfter", created_after),
        "session": session,
        "profile": profile,
        "customerName": substring(customer_name),
        "customerEmail": substring(customer_email),
        "couponCode": coupon_code,
        "referralCode": referral_code,
        "ruleQuery": substring(rule_query),
        "campaignQuery": substring(campaign_query),
    }


FILTERS = {"wanted": Provide(filters)}


@get(
    ALL + "/no_total",
    operation_id="getApplicationEventsWithoutTotalCount",
    tags=TAGS,
    dependencies=FILTERS,
)
async def get_application_events_without_total_count(
    application_id: int,
    caller: Caller,
    conn: Connection,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    effect_type: Annotated[str | None, Parameter(query="effectType")] = None,
) -> MorePage[ApplicationEvent]:
    await applications.get_application(conn, caller.account_id, application_id)
    wanted = wanted | {"effectType": effect_type}
    found, more = await application_events.list_events(conn, application_id, wanted, page(page_size, skip, sort))
    return MorePage(has_more=more, data=found)


@get(ALL, operation_id="getApplicationEvents", tags=TAGS, dependencies=FILTERS)
async def get_application_events(
    application_id: int,
    caller: Caller,
    conn: Connection,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> TotalPage[ApplicationEvent]:
    """The same with the number of all, as older clients ask for it."""
    await applications.get_application(conn, caller.account_id, application_id)
    found, _ = await application_events.list_events(conn, application_id, wanted, page(page_size, skip, sort))
    total = await application_events.count_events(conn, application_id, wanted)
    return TotalPage(total_result_size=total, data=found)


handlers: list[Any] = [get_application_events_without_total_count, get_application_events]
