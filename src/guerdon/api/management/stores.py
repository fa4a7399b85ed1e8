"""Stores: create, list, read, change, delete (management.md §12)."""

from datetime import datetime
from typing import Annotated, Any

from litestar import delete, get, post, put
from litestar.params import Parameter

from guerdon.api import checks
from guerdon.api.lists import PageSize, Skip, Sort, WithTotal, either_page, page
from guerdon.db import applications, attributes, stores
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.wire.base import EitherPage
from guerdon.wire.stores import NewStore, Store

TAGS = ["Stores"]
ALL = "/v1/applications/{application_id:int}/stores"
ONE = "/v1/applications/{application_id:int}/stores/{store_id:str}"


async def _check(conn: Connection, caller: Caller, application_id: int, data: NewStore) -> None:
    await applications.get_application(conn, caller.account_id, application_id)
    definitions = await attributes.definitions(conn, caller.account_id, application_id)
    checks.refuse(checks.attributes(data.attributes, "Store", definitions))


def _number(store_id: str) -> int:
    """The id, which the contract has as a text."""
    if not (store_id.isascii() and store_id.isdigit() and len(store_id) < 19):
        raise NotFound.of("Store")
    return int(store_id)


@post(ALL, operation_id="createStore", tags=TAGS)
async def create_store(application_id: int, data: NewStore, caller: Caller, conn: Connection, now: datetime) -> Store:
    await _check(conn, caller, application_id, data)
    return await stores.add_store(conn, (caller.account_id, application_id), data, now)


@get(ALL, operation_id="listStores", tags=TAGS)
async def list_stores(
    application_id: int,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    with_total: WithTotal = False,
    campaign_id: Annotated[int | None, Parameter(query="campaignId")] = None,
    name: str | None = None,
    integration_id: Annotated[str | None, Parameter(query="integrationId")] = None,
    part: Annotated[str | None, Parameter(query="query")] = None,
) -> EitherPage[Store]:
    await applications.get_application(conn, caller.account_id, application_id)
    wanted = {"campaignId": campaign_id, "name": name, "integrationId": integration_id, "query": part}
    place = (caller.account_id, application_id)
    return either_page(*await stores.list_stores(conn, place, wanted, page(page_size, skip, sort), total=with_total))


@get(ONE, operation_id="getStore", tags=TAGS)
async def get_store(application_id: int, store_id: str, caller: Caller, conn: Connection) -> Store:
    return await stores.get_store(conn, (caller.account_id, application_id), _number(store_id))


@put(ONE, operation_id="updateStore", tags=TAGS)
async def update_store(
    application_id: int, store_id: str, data: NewStore, caller: Caller, conn: Connection, now: datetime
) -> Store:
    place = (caller.account_id, application_id)
    old = await stores.get_store(conn, place, _number(store_id))
    if data.integration_id != old.integration_id:
        raise Invalid(errors=[Problem.at("/integrationId", "Immutable", "integrationId cannot be changed")])
    await _check(conn, caller, application_id, data)
    return await stores.change_store(conn, place, old.id, data, now)


@delete(ONE, operation_id="deleteStore", tags=TAGS)
async def delete_store(application_id: int, store_id: str, caller: Caller, conn: Connection) -> None:
    """Not while a campaign is linked to it."""
    await stores.remove_store(conn, (caller.account_id, application_id), _number(store_id))


handlers: list[Any] = [create_store, list_stores, get_store, update_store, delete_store]
