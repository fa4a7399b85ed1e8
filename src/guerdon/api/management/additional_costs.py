"""Kinds of additional costs: create, list, read, change, delete (management.md §9)."""

from datetime import datetime
from typing import Any

from litestar import delete, get, post, put
from msgspec import UNSET

from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.api.uses import refuse_used
from guerdon.db import additional_costs, applications
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.talang.known import COST
from guerdon.errors import Invalid, Problem
from guerdon.flows.programs import Programs
from guerdon.wire.additional_costs import AccountAdditionalCost, NewAdditionalCost
from guerdon.wire.base import TotalPage

TAGS = ["Additional costs"]
ALL = "/v1/additional_costs"
ONE = "/v1/additional_costs/{additional_cost_id:int}"


@post(ALL, operation_id="createAdditionalCost", tags=TAGS)
async def create_additional_cost(
    data: NewAdditionalCost, caller: Caller, conn: Connection, now: datetime
) -> AccountAdditionalCost:
    return await additional_costs.add_cost(conn, caller.account_id, data, now)


@get(ALL, operation_id="getAdditionalCosts", tags=TAGS)
async def get_additional_costs(
    caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = ""
) -> TotalPage[AccountAdditionalCost]:
    found, total = await additional_costs.list_costs(conn, caller.account_id, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@get(ONE, operation_id="getAdditionalCost", tags=TAGS)
async def get_additional_cost(additional_cost_id: int, caller: Caller, conn: Connection) -> AccountAdditionalCost:
    return await additional_costs.get_cost(conn, caller.account_id, additional_cost_id)


@put(ONE, operation_id="updateAdditionalCost", tags=TAGS)
async def update_additional_cost(
    additional_cost_id: int, data: NewAdditionalCost, caller: Caller, conn: Connection, programs: Programs
) -> AccountAdditionalCost:
    old = await additional_costs.get_cost(conn, caller.account_id, additional_cost_id)
    if data.name != old.name:
        raise Invalid(errors=[Problem.at("/name", "Immutable", "name cannot be changed")])
    if data.subscribed_applications_ids is not UNSET:
        had = await applications.subscribed(conn, caller.account_id, old.subscribed_applications_ids)
        losing = set(had).difference(data.subscribed_applications_ids)
        await refuse_used(conn, programs, losing, COST, old.name)
    return await additional_costs.change_cost(conn, caller.account_id, additional_cost_id, data)


@delete(ONE, operation_id="deleteAdditionalCost", tags=TAGS)
async def delete_additional_cost(additional_cost_id: int, caller: Caller, conn: Connection, programs: Programs) -> None:
    """Not when rules name it."""
    old = await additional_costs.get_cost(conn, caller.account_id, additional_cost_id)
    having = await applications.subscribed(conn, caller.account_id, old.subscribed_applications_ids)
    await refuse_used(conn, programs, having, COST, old.name)
    await additional_costs.remove_cost(conn, caller.account_id, additional_cost_id)


handlers: list[Any] = [
    create_additional_cost,
    get_additional_costs,
    get_additional_cost,
    update_additional_cost,
    delete_additional_cost,
]
