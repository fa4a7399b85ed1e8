"""Cart item filters of an Application: create, list, change, delete, and the versions of their expressions
(management.md §19, §20)."""

from datetime import datetime
from typing import Annotated, Any

from litestar import delete, get, post, put
from litestar.params import Parameter

from guerdon import engine
from guerdon.api import checks
from guerdon.api.lists import Skip, page
from guerdon.api.uses import refuse_used
from guerdon.db import applications, attributes, cart_item_filters
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.attributes import types_of
from guerdon.engine.talang.known import FILTER
from guerdon.engine.talang.paths import PATHS
from guerdon.errors import Invalid, Problem
from guerdon.flows.programs import Programs
from guerdon.wire.base import MorePage, decoder, encode
from guerdon.wire.cart_item_filters import (
    ApplicationCIF,
    ApplicationCIFExpression,
    NewApplicationCIF,
    NewApplicationCIFExpression,
    UpdateApplicationCIF,
)

TAGS = ["Applications"]
ALL = "/v1/applications/{application_id:int}/cart_item_filters"
ONE = "/v1/applications/{application_id:int}/cart_item_filters/{cart_item_filter_id:int}"
MOST = 50

PageSize = Annotated[int, Parameter(query="pageSize", ge=1, le=MOST)]


@post(ALL, operation_id="createApplicationCartItemFilter", tags=TAGS)
async def create_application_cart_item_filter(
    application_id: int, data: NewApplicationCIF, caller: Caller, conn: Connection, now: datetime
) -> ApplicationCIF:
    await applications.get_application(conn, caller.account_id, application_id)
    if data.name in PATHS:
        details = f"`{data.name}` means something else in rules"
        raise Invalid(errors=[Problem.at("/name", "Invalid value", details)])
    return await cart_item_filters.add_filter(conn, application_id, caller.user_id, data, now)


@get(ALL, operation_id="listApplicationCartItemFilters", tags=TAGS)
async def list_application_cart_item_filters(
    application_id: int,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = MOST,
    skip: Skip = 0,
    name: str | None = None,
    title: str | None = None,
) -> MorePage[ApplicationCIF]:
    """`title` is what older clients call the name."""
    await applications.get_application(conn, caller.account_id, application_id)
    wanted = title if name is None else name
    found, more = await cart_item_filters.list_filters(conn, application_id, wanted, page(page_size, skip, ""))
    return MorePage(has_more=more, data=found)


@put(ONE, operation_id="updateApplicationCartItemFilter", tags=TAGS)
async def update_application_cart_item_filter(
    application_id: int,
    cart_item_filter_id: int,
    data: UpdateApplicationCIF,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> ApplicationCIF:
    """Rules go by the active expression from then on."""
    await applications.get_application(conn, caller.account_id, application_id)
    return await cart_item_filters.change_filter(conn, application_id, caller.user_id, cart_item_filter_id, data, now)


@delete(ONE, operation_id="deleteApplicationCartItemFilter", tags=TAGS)
async def delete_application_cart_item_filter(
    application_id: int, cart_item_filter_id: int, caller: Caller, conn: Connection, programs: Programs
) -> None:
    """Not when rules name it."""
    await applications.get_application(conn, caller.account_id, application_id)
    old = await cart_item_filters.get_filter(conn, application_id, cart_item_filter_id)
    await refuse_used(conn, programs, [application_id], FILTER, old.name)
    await cart_item_filters.remove_filter(conn, application_id, cart_item_filter_id)


@post(ONE + "/expressions", operation_id="createApplicationCartItemFilterExpression", tags=TAGS)
async def create_application_cart_item_filter_expression(
    application_id: int,
    cart_item_filter_id: int,
    data: NewApplicationCIFExpression,
    caller: Caller,
    conn: Connection,
    programs: Programs,
    now: datetime,
) -> ApplicationCIFExpression:
    """A further version; an update of the filter makes it the active one."""
    await applications.get_application(conn, caller.account_id, application_id)
    definitions = await attributes.definitions(conn, caller.account_id, application_id)
    problems = engine.check_filter(
        decoder(Any).decode(encode(data.expression)),
        attributes=types_of(definitions.values()),
        library=(await programs.current(conn, application_id)).library,
    )
    checks.refuse([Problem.at(problem.pointer, "Invalid expression", problem.message) for problem in problems])
    return await cart_item_filters.add_expression(
        conn, application_id, caller.user_id, cart_item_filter_id, data.expression, now
    )


@get(ONE + "/expressions/{expression_id:int}", operation_id="getApplicationCartItemFilterExpression", tags=TAGS)
async def get_application_cart_item_filter_expression(
    application_id: int, cart_item_filter_id: int, expression_id: int, caller: Caller, conn: Connection
) -> ApplicationCIFExpression:
    await applications.get_application(conn, caller.account_id, application_id)
    return await cart_item_filters.get_expression(conn, application_id, cart_item_filter_id, expression_id)


handlers: list[Any] = [
    create_application_cart_item_filter,
    list_application_cart_item_filters,
    update_application_cart_item_filter,
    delete_application_cart_item_filter,
    create_application_cart_item_filter_expression,
    get_application_cart_item_filter_expression,
]
