"""Custom effects: create, list, change, delete; picklists (rules.md §1.6, §4.3)."""

from datetime import datetime
from typing import Any

from litestar import delete, get, post, put
from msgspec import UNSET

from guerdon.api import checks
from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.api.uses import refuse_used
from guerdon.db import custom_effects
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.attributes import is_written
from guerdon.engine.custom import is_payload
from guerdon.engine.talang.known import CUSTOM_EFFECT
from guerdon.errors import Invalid, Problem
from guerdon.flows.programs import Programs
from guerdon.wire.base import TotalPage
from guerdon.wire.custom_effects import CustomEffect, NewCustomEffect, NewPicklist, Picklist, UpdateCustomEffect

TAGS = ["Custom effects"]
ALL = "/v1/custom_effects"
ONE = "/v1/custom_effects/{custom_effect_id:int}"


def _check(data: NewCustomEffect) -> None:
    if not is_payload(data.payload):
        details = "Expected a JSON object, with placeholders such as ${name} for the parameters"
        raise Invalid(errors=[Problem.at("/payload", "Invalid value", details)])


@post(ALL, operation_id="createCustomEffect", tags=TAGS)
async def create_custom_effect(data: NewCustomEffect, caller: Caller, conn: Connection, now: datetime) -> CustomEffect:
    _check(data)
    return await custom_effects.add_effect(conn, (caller.account_id, caller.user_id), data, now)


@get(ALL, operation_id="getCustomEffects", tags=TAGS)
async def get_custom_effects(
    caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = ""
) -> TotalPage[CustomEffect]:
    found, total = await custom_effects.list_effects(conn, caller.account_id, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@put(ONE, operation_id="updateCustomEffect", tags=TAGS)
async def update_custom_effect(
    custom_effect_id: int,
    data: UpdateCustomEffect,
    caller: Caller,
    conn: Connection,
    programs: Programs,
    now: datetime,
) -> CustomEffect:
    """Where rules use it, everything that they say of it stays: its name, its parameters, and that there is it."""
    _check(data)
    old = await custom_effects.get_effect(conn, caller.account_id, custom_effect_id)
    losing = set(old.application_ids).difference(data.application_ids)
    if old.enabled and (_as_used(old) != _as_used(data) or not data.enabled):
        losing = set(old.application_ids)
    await _refuse_used(conn, programs, losing, old)
    return await custom_effects.change_effect(conn, (caller.account_id, caller.user_id), custom_effect_id, data, now)


def _as_used(effect: CustomEffect | NewCustomEffect) -> tuple[Any, ...]:
    """What rules that use the effect go by."""
    params = [] if effect.params is UNSET else effect.params
    return effect.name, effect.is_per_item is True, [one.type for one in params]


async def _refuse_used(conn: Connection, programs: Programs, application_ids: set[int], effect: CustomEffect) -> None:
    for name in (effect.name, effect.id):
        await refuse_used(conn, programs, application_ids, CUSTOM_EFFECT, name)


@delete(ONE, operation_id="deleteCustomEffect", tags=TAGS)
async def delete_custom_effect(custom_effect_id: int, caller: Caller, conn: Connection, programs: Programs) -> None:
    """Not when rules use it."""
    old = await custom_effects.get_effect(conn, caller.account_id, custom_effect_id)
    await _refuse_used(conn, programs, set(old.application_ids), old)
    await custom_effects.remove_effect(conn, caller.account_id, custom_effect_id)


@post("/v1/picklists", operation_id="createPicklist", tags=["Attributes"])
async def create_picklist(data: NewPicklist, caller: Caller, conn: Connection, now: datetime) -> Picklist:
    checks.refuse(
        [
            Problem.at(f"/values/{place}", "Invalid type", f"Expected a {data.type} as text")
            for place, value in enumerate(data.values)
            if not is_written(data.type, value)
        ]
    )
    return await custom_effects.add_picklist(conn, (caller.account_id, caller.user_id), data, now)


handlers: list[Any] = [
    create_custom_effect,
    get_custom_effects,
    update_custom_effect,
    delete_custom_effect,
    create_picklist,
]
