"""Applications and their Integration keys: create, list, read, update, delete (management.md §4)."""

import secrets
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from litestar import delete, get, post, put
from msgspec import UNSET

from guerdon.api import checks
from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import application_deletion, applications, attributes
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.attributes import Definitions
from guerdon.errors import Forbidden, Problem
from guerdon.wire.applications import (
    Application,
    ApplicationAPIKey,
    CreateApplicationAPIKey,
    NewApplication,
    NewApplicationAPIKey,
    UpdateApplication,
    UpdateApplicationAPIKey,
)
from guerdon.wire.base import TotalPage

TAGS = ["Applications"]


@cache
def _zones() -> frozenset[str]:
    """The IANA zones; `localtime` and `Factory` are files beside them that name no zone."""
    return frozenset(available_timezones()) - {"localtime", "Factory"}


async def _check(
    conn: Connection, caller: Caller, application_id: int, data: NewApplication | UpdateApplication
) -> None:
    problems = checks.limits(data.limits)
    if data.timezone not in _zones():
        problems.append(Problem.at("/timezone", "Unknown", f'"{data.timezone}" is not an IANA time zone'))
    definitions = await attributes.definitions(conn, caller.account_id, application_id)
    problems += checks.attributes(data.attributes, "Application", definitions)
    checks.refuse(problems + _mandatory(data, definitions))


def _mandatory(data: NewApplication | UpdateApplication, definitions: Definitions) -> list[Problem]:
    """Only what is defined can be mandatory."""
    problems = []
    settings = UNSET if data.attributes_settings is UNSET else data.attributes_settings.mandatory
    for kind, entity in (("campaigns", "Campaign"), ("coupons", "Coupon")):
        for place, name in enumerate([] if settings is UNSET else getattr(settings, kind) or []):
            if (entity, "", name) not in definitions:
                pointer = f"/attributesSettings/mandatory/{kind}/{place}"
                details = f'The attribute "{name}" is not defined on {entity} entities.'
                problems.append(Problem.at(pointer, "Unknown", details))
    return problems


@post("/v1/applications", operation_id="createApplication", tags=TAGS)
async def create_application(data: NewApplication, caller: Caller, conn: Connection, now: datetime) -> Application:
    if caller.allowed_application_ids:
        raise Forbidden("This key has access to certain Applications only")
    await _check(conn, caller, 0, data)
    return await applications.add_application(conn, caller.account_id, data, now)


@get("/v1/applications", operation_id="getApplications", tags=TAGS)
async def get_applications(
    caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = ""
) -> TotalPage[Application]:
    wanted: dict[str, Any] = {"ids": caller.allowed_application_ids or None}
    found, total = await applications.list_applications(conn, caller.account_id, wanted, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@get("/v1/applications/{application_id:int}", operation_id="getApplication", tags=TAGS)
async def get_application(application_id: int, caller: Caller, conn: Connection) -> Application:
    return await applications.get_application(conn, caller.account_id, application_id)


@put("/v1/applications/{application_id:int}", operation_id="updateApplication", tags=TAGS)
async def update_application(
    application_id: int, data: UpdateApplication, caller: Caller, conn: Connection, now: datetime
) -> Application:
    await _check(conn, caller, application_id, data)
    return await applications.change_application(conn, caller.account_id, application_id, data, now)


@delete("/v1/applications/{application_id:int}", operation_id="deleteApplication", tags=TAGS)
async def delete_application(application_id: int, caller: Caller, conn: Connection) -> None:
    """With its keys, campaigns, codes, sessions and log. Customers are the account's, and stay."""
    await application_deletion.remove_application(conn, caller.account_id, application_id)


@post("/v1/applications/{application_id:int}/api_keys", operation_id="createApplicationAPIKey", tags=TAGS)
async def create_application_api_key(
    application_id: int, data: CreateApplicationAPIKey, caller: Caller, conn: Connection, now: datetime
) -> NewApplicationAPIKey:
    """The only answer that shows the key."""
    owner = (caller.account_id, caller.user_id)
    return await applications.add_key(conn, owner, application_id, data, secret=secrets.token_hex(32), now=now)


@get("/v1/applications/{application_id:int}/api_keys", operation_id="getApplicationAPIKeys", tags=TAGS)
async def get_application_api_keys(
    application_id: int, caller: Caller, conn: Connection
) -> TotalPage[ApplicationAPIKey]:
    found = await applications.list_keys(conn, caller.account_id, application_id)
    return TotalPage(total_result_size=len(found), data=found)


@put(
    "/v1/applications/{application_id:int}/api_keys/{api_key_id:int}",
    operation_id="updateApplicationAPIKey",
    tags=TAGS,
)
async def update_application_api_key(
    application_id: int, api_key_id: int, data: UpdateApplicationAPIKey, caller: Caller, conn: Connection
) -> ApplicationAPIKey:
    return await applications.change_key(conn, caller.account_id, application_id, api_key_id, data.time_offset)


@delete(
    "/v1/applications/{application_id:int}/api_keys/{api_key_id:int}",
    operation_id="deleteApplicationAPIKey",
    tags=TAGS,
)
async def delete_application_api_key(application_id: int, api_key_id: int, caller: Caller, conn: Connection) -> None:
    await applications.remove_key(conn, caller.account_id, application_id, api_key_id)


handlers = [
    create_application,
    get_applications,
    get_application,
    update_application,
    delete_application,
    create_application_api_key,
    get_application_api_keys,
    update_application_api_key,
    delete_application_api_key,
]
