"""Custom attributes: create, list, read, update (management.md §8)."""

from datetime import datetime
from typing import Annotated, Any

from litestar import get, post, put
from litestar.params import Parameter

from guerdon.api.lists import PageSize, Skip, Sort, numbers, page
from guerdon.db import attributes
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.attributes import Attribute, NewAttribute
from guerdon.wire.base import TotalPage


@post("/v1/attributes", operation_id="createAttribute", tags=["Attributes"])
async def create_attribute(data: NewAttribute, caller: Caller, conn: Connection, now: datetime) -> Attribute:
    return await attributes.add_attribute(conn, caller.account_id, data, now)


@get("/v1/attributes", operation_id="getAttributes", tags=["Attributes"])
async def get_attributes(
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    entity: str | None = None,
    type: str | None = None,
    kind: str | None = None,
    search: str | None = None,
    application_ids: Annotated[str | None, Parameter(query="applicationIds")] = None,
    loyalty_program_ids: Annotated[str | None, Parameter(query="loyaltyProgramIds")] = None,
) -> TotalPage[Attribute]:
    if kind == "builtin":  # the built-in ones are listed by the rule language's reference, not stored
        return TotalPage(total_result_size=0, data=[])
    wanted: dict[str, Any] = {
        "entity": entity,
        "type": type.split(",") if type else None,
        "search": search,
        "applicationIds": numbers("applicationIds", application_ids),
    }
    found, total = await attributes.list_attributes(conn, caller.account_id, wanted, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@get("/v1/attributes/{attribute_id:int}", operation_id="getAttribute", tags=["Attributes"])
async def get_attribute(attribute_id: int, caller: Caller, conn: Connection) -> Attribute:
    return await attributes.get_attribute(conn, caller.account_id, attribute_id)


@put("/v1/attributes/{attribute_id:int}", operation_id="updateAttribute", tags=["Attributes"])
async def update_attribute(attribute_id: int, data: NewAttribute, caller: Caller, conn: Connection) -> Attribute:
    old = await attributes.get_attribute(conn, caller.account_id, attribute_id)
    for name in ("entity", "name", "type"):
        if getattr(old, name) != getattr(data, name):
            raise Invalid(errors=[Problem.at(f"/{name}", "Immutable", f"{name} cannot be changed")])
    return await attributes.change_attribute(conn, caller.account_id, attribute_id, data)


handlers = [create_attribute, get_attributes, get_attribute, update_attribute]
