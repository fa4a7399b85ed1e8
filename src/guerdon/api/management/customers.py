"""Customers: of the account's environments and of Applications, their friends (management.md §17, §7)."""

from typing import Annotated, Any

from litestar import get, post
from litestar.params import Parameter

from guerdon.api.lists import PageSize, Skip, Sort, WithTotal, either_page, page
from guerdon.db import applications, customers, friends, profiles
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.wire.base import EitherPage, MorePage
from guerdon.wire.customers import ApplicationCustomer, CustomerProfile, CustomerProfileSearchQuery
from guerdon.wire.referrals import ApplicationReferee

TAGS = ["Customer data"]
APPLICATION = "/v1/applications/{application_id:int}"


def _visible(caller: Caller) -> dict[str, Any]:
    """Who is limited to Applications sees the customers of these."""
    return {"applicationIds": caller.allowed_application_ids or None}


@get("/v1/customers/no_total", operation_id="getCustomerProfiles", tags=TAGS)
async def get_customer_profiles(
    caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sandbox: bool = False
) -> MorePage[CustomerProfile]:
    wanted = _visible(caller)
    found, more = await customers.list_profiles(
        conn, caller.account_id, wanted, page(page_size, skip, ""), sandbox=sandbox
    )
    return MorePage(has_more=more, data=found)


@post("/v1/customer_search/no_total", operation_id="getCustomersByAttributes", tags=TAGS, status_code=200)
async def get_customers_by_attributes(
    data: CustomerProfileSearchQuery,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sandbox: bool = False,
) -> EitherPage[CustomerProfile]:
    """Those who have all that is asked for; attributes must be exactly these."""
    found, more = await customers.list_profiles(
        conn, caller.account_id, customers.wanted(data) | _visible(caller), page(page_size, skip, ""), sandbox=sandbox
    )
    return either_page(found, more, None)


@get("/v1/customers/{customer_id:int}", operation_id="getCustomerProfile", tags=TAGS)
async def get_customer_profile(customer_id: int, caller: Caller, conn: Connection) -> CustomerProfile:
    return await customers.get_profile(conn, caller.account_id, customer_id, caller.allowed_application_ids or None)


@get(APPLICATION + "/customers", operation_id="getApplicationCustomers", tags=TAGS)
async def get_application_customers(
    application_id: int,
    caller: Caller,
    conn: Connection,
    integration_id: Annotated[str | None, Parameter(query="integrationId")] = None,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    with_total: WithTotal = False,
) -> EitherPage[ApplicationCustomer]:
    await applications.get_application(conn, caller.account_id, application_id)
    wanted = {"integrationId": integration_id}
    scope = (caller.account_id, application_id)
    return either_page(
        *await customers.list_customers(conn, scope, wanted, page(page_size, skip, ""), total=with_total)
    )


@get(APPLICATION + "/customers/{customer_id:int}", operation_id="getApplicationCustomer", tags=TAGS)
async def get_application_customer(
    application_id: int, customer_id: int, caller: Caller, conn: Connection
) -> ApplicationCustomer:
    await applications.get_application(conn, caller.account_id, application_id)
    return await customers.get_customer(conn, caller.account_id, application_id, customer_id)


@post(
    APPLICATION + "/customer_search",
    operation_id="getApplicationCustomersByAttributes",
    tags=TAGS,
    status_code=200,
)
async def get_application_customers_by_attributes(
    application_id: int,
    data: CustomerProfileSearchQuery,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    with_total: WithTotal = False,
) -> EitherPage[ApplicationCustomer]:
    """Those who have all that is asked for; attributes must be exactly these."""
    await applications.get_application(conn, caller.account_id, application_id)
    scope = (caller.account_id, application_id)
    found = await customers.list_customers(
        conn, scope, customers.wanted(data), page(page_size, skip, ""), total=with_total
    )
    return either_page(*found)


@get(
    APPLICATION + "/profile/{integration_id:str}/friends",
    operation_id="getApplicationCustomerFriends",
    tags=["Referrals"],
)
async def get_application_customer_friends(
    application_id: int,
    integration_id: str,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    with_total: WithTotal = False,
) -> EitherPage[ApplicationReferee]:
    """Who redeemed a referral of this customer, with the session; what was taken back does not count."""
    await applications.get_application(conn, caller.account_id, application_id)
    await profiles.get_profile(conn, application_id, integration_id)
    advocate = (application_id, integration_id)
    return either_page(*await friends.list_friends(conn, advocate, page(page_size, skip, sort), total=with_total))


handlers: list[Any] = [
    get_customer_profiles,
    get_customers_by_attributes,
    get_customer_profile,
    get_application_customers,
    get_application_customer,
    get_application_customers_by_attributes,
    get_application_customer_friends,
]
