"""Custom attributes: create, list, read, update, delete, allowed lists; built-in ones are listed beside them
(management.md §8)."""

import re
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal

from litestar import delete, get, post, put
from litestar.params import Parameter
from msgspec import UNSET

from guerdon.api import checks, csv_files
from guerdon.api.lists import PageSize, Skip, Sort, numbers, page
from guerdon.api.uses import refuse_used_attribute
from guerdon.db import applications, attributes
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.attributes import canonical, element_of, is_written
from guerdon.engine.talang.catalogue import built_in_paths
from guerdon.engine.talang.kinds import ATTRIBUTE_KINDS
from guerdon.errors import Invalid, Problem
from guerdon.flows.programs import Programs
from guerdon.wire.attributes import Attribute, NewAttribute
from guerdon.wire.base import TotalPage
from guerdon.wire.imports import Import

TAGS = ["Attributes"]
ALL = "/v1/attributes"
ONE = "/v1/attributes/{attribute_id:int}"
ENTITIES = {
    "Session": "CustomerSession",
    "Item": "CartItem",
    "Profile": "CustomerProfile",
    "AwardedGiveaway": "Giveaway",
    **{name: name for name in ("Application", "Campaign", "Coupon", "Event", "Referral", "Store")},
}
"""What rules call an entity, and what attributes do. Those of LoyaltyCards are not listed: the models of the SDK 26.2
refuse the entity, and with it the whole list."""
ALLOWED_LISTS = ("string", "number", "time")


def _check(data: NewAttribute) -> None:
    kind = element_of(data.type)
    problems = [
        Problem.at(f"/suggestions/{place}", "Invalid type", f"Expected a {kind} as text")
        for place, one in enumerate(data.suggestions)
        if not is_written(kind, one)
    ]
    if data.event_type is not UNSET and data.entity != "Event":
        problems.append(Problem.at("/eventType", "Invalid value", "Only attributes of Events have one"))
    if data.allowed_subscriptions and data.entity != "CartItem":
        problems.append(Problem.at("/allowedSubscriptions", "Invalid value", "Only attributes of CartItems have them"))
    if data.has_allowed_list is True and kind not in ALLOWED_LISTS:
        problems.append(Problem.at("/hasAllowedList", "Invalid value", f"A {data.type} has no allowed list"))
    checks.refuse(problems)


@post(ALL, operation_id="createAttribute", tags=TAGS)
async def create_attribute(data: NewAttribute, caller: Caller, conn: Connection, now: datetime) -> Attribute:
    _check(data)
    return await attributes.add_attribute(conn, caller.account_id, data, now)


@cache
def _built_in() -> tuple[tuple[str, ...], ...]:
    """The built-in attributes as attributes.BUILT_IN has them: those that a name alone stands for, of a type that
    custom ones may have, too."""
    types = {kind: name for name, kind in ATTRIBUTE_KINDS.items() if "location" not in name}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for path, entry, note in built_in_paths():
        entity, _, name = path.partition(".")
        if entity in ENTITIES and name.isalnum() and entry.kind in types:
            title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
            row = (ENTITIES[entity], name, title, types[entry.kind], note)
            found.setdefault((entity, name.lower()), row)
    return tuple(found.values())


@get(ALL, operation_id="getAttributes", tags=TAGS)
async def get_attributes(
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    entity: str | None = None,
    type: str | None = None,
    kind: Literal["builtin", "custom"] | None = None,
    search: str | None = None,
    application_ids: Annotated[str | None, Parameter(query="applicationIds")] = None,
    loyalty_program_ids: Annotated[str | None, Parameter(query="loyaltyProgramIds")] = None,
) -> TotalPage[Attribute]:
    """The built-in ones, which have the id 0, come last. No attribute is limited to loyalty programs."""
    wanted: dict[str, Any] = {
        "builtIn": None if kind is None else kind == "builtin",
        "entity": entity,
        "type": type.split(",") if type else None,
        "search": search,
        "applicationIds": numbers("applicationIds", application_ids),
    }
    asked = page(page_size, skip, sort)
    found, total = await attributes.list_attributes(conn, caller.account_id, _built_in(), wanted, asked)
    return TotalPage(total_result_size=total, data=found)


@get(ONE, operation_id="getAttribute", tags=TAGS)
async def get_attribute(attribute_id: int, caller: Caller, conn: Connection) -> Attribute:
    return await attributes.get_attribute(conn, caller.account_id, attribute_id)


@put(ONE, operation_id="updateAttribute", tags=TAGS)
async def update_attribute(attribute_id: int, data: NewAttribute, caller: Caller, conn: Connection) -> Attribute:
    """Entity, name and type stay."""
    old = await attributes.get_attribute(conn, caller.account_id, attribute_id)
    for name in ("entity", "name", "type"):
        if getattr(old, name) != getattr(data, name):
            raise Invalid(errors=[Problem.at(f"/{name}", "Immutable", f"{name} cannot be changed")])
    _check(data)
    return await attributes.change_attribute(conn, caller.account_id, attribute_id, data)


@delete(ONE, operation_id="deleteAttribute", tags=TAGS)
async def delete_attribute(attribute_id: int, caller: Caller, conn: Connection, programs: Programs) -> None:
    """Not when rules read it, or an Application has it among its mandatory ones."""
    old = await attributes.get_attribute(conn, caller.account_id, attribute_id)
    having = await applications.subscribed(conn, caller.account_id, old.subscribed_applications_ids)
    event_type = "" if old.event_type is UNSET else old.event_type
    await refuse_used_attribute(conn, programs, having, (old.entity, event_type, old.name))
    await attributes.remove_attribute(conn, caller.account_id, attribute_id)


@post(ONE + "/allowed_list/import", operation_id="importAllowedList", tags=TAGS, status_code=200, **csv_files.IMPORT)
async def import_allowed_list(attribute_id: int, file: str, caller: Caller, conn: Connection, now: datetime) -> Import:
    """Replaces the list. It is what values are held against once the attribute is restricted by suggestions."""
    attribute = await attributes.get_attribute(conn, caller.account_id, attribute_id)
    kind = element_of(attribute.type)
    if kind not in ALLOWED_LISTS:
        raise Invalid(f"An attribute of type {attribute.type} has no allowed list")
    items = await csv_files.in_thread(_read, file, kind)
    return await attributes.import_allowed(conn, (caller.account_id, caller.user_id), attribute_id, items, now)


def _read(file: str, kind: str) -> list[str]:
    """The items as they are compared, each once."""
    found = csv_files.read_texts(file, "item")
    if kind == "string":
        return list(found)
    wrong = [line for item, line in found.items() if not is_written(kind, item)]
    if wrong:
        problems = [Problem.in_file(line, "Invalid type", f"The item is no {kind}") for line in wrong]
        raise Invalid(errors=problems[: csv_files.MOST_PROBLEMS])
    return list(dict.fromkeys(canonical(kind, item) for item in found))


handlers: list[Any] = [
    create_attribute,
    get_attributes,
    get_attribute,
    update_attribute,
    delete_attribute,
    import_allowed_list,
]
