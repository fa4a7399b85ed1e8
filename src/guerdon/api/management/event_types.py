"""Types of custom events: create, list, read, change, delete; and those that were seen (management.md §14)."""

from datetime import datetime
from typing import Annotated, Any

from litestar import delete, get, post, put
from litestar.params import Parameter

from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import applications, event_types
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import TotalPage
from guerdon.wire.event_types import EventType, NewEventType

TAGS = ["Events"]
ALL = "/v1/event_types"
ONE = "/v1/event_types/{event_type_id:int}"
RESERVED = "talon_"


@post(ALL, operation_id="createEventType", tags=TAGS)
async def create_event_type(data: NewEventType, caller: Caller, conn: Connection, now: datetime) -> EventType:
    if data.name.startswith(RESERVED):
        details = f"Names that begin with {RESERVED} are those of built-in events"
        raise Invalid(errors=[Problem.at("/name", "Invalid value", details)])
    return await event_types.add_event_type(conn, caller.account_id, data, now)


@get(ALL, operation_id="getEventTypes", tags=TAGS)
async def get_event_types(
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    name: str | None = None,
    include_old_versions: Annotated[bool, Parameter(query="includeOldVersions")] = False,
) -> TotalPage[EventType]:
    """There are no old versions: a definition says nothing about the events."""
    found, total = await event_types.list_event_types(conn, caller.account_id, name, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@get(ONE, operation_id="getEventType", tags=TAGS)
async def get_event_type(event_type_id: int, caller: Caller, conn: Connection) -> EventType:
    return await event_types.get_event_type(conn, caller.account_id, event_type_id)


@put(ONE, operation_id="updateEventType", tags=TAGS)
async def update_event_type(event_type_id: int, data: NewEventType, caller: Caller, conn: Connection) -> EventType:
    old = await event_types.get_event_type(conn, caller.account_id, event_type_id)
    if data.name != old.name:
        raise Invalid(errors=[Problem.at("/name", "Immutable", "name cannot be changed")])
    return await event_types.change_event_type(conn, caller.account_id, event_type_id, data)


@delete(ONE, operation_id="deleteEventType", tags=TAGS)
async def delete_event_type(event_type_id: int, caller: Caller, conn: Connection) -> None:
    await event_types.remove_event_type(conn, caller.account_id, event_type_id)


@get(
    "/v1/applications/{application_id:int}/event_types",
    operation_id="getApplicationEventTypes",
    tags=["Customer data"],
)
async def get_application_event_types(
    application_id: int,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> TotalPage[str]:
    await applications.get_application(conn, caller.account_id, application_id)
    found, total = await event_types.list_seen(conn, application_id, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


handlers: list[Any] = [
    create_event_type,
    get_event_types,
    get_event_type,
    update_event_type,
    delete_event_type,
    get_application_event_types,
]
