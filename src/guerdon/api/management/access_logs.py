"""Access logs of the Integration API, and the health report made of them (management.md §4, §16)."""

from datetime import datetime
from typing import Annotated, Any, Literal

import re2
from litestar import Request, get
from litestar.di import Provide
from litestar.params import Parameter

from guerdon.api.access_log import AccessLog
from guerdon.api.lists import PageSize, Skip, Sort, moment, page
from guerdon.api.unit_of_work import UnitOfWork
from guerdon.db import access_logs, applications
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.access_logs import AccessLogEntry, ApplicationApiHealth
from guerdon.wire.base import MorePage, TotalPage

TAGS = ["Logs"]
OF_APPLICATION = "/v1/applications/{application_id:int}/access_logs"
Start = Annotated[str, Parameter(query="rangeStart")]
End = Annotated[str, Parameter(query="rangeEnd")]
Period = tuple[datetime | None, datetime | None]
Method = Literal["get", "put", "post", "delete", "patch"]
Status = Literal["success", "error"]


async def period(range_start: Start, range_end: End) -> Period:
    """From the start on, before the end."""
    return moment("rangeStart", range_start), moment("rangeEnd", range_end)


async def filters(
    path: str | None = None, method: Method | None = None, status: Status | None = None
) -> dict[str, Any]:
    """Which requests are meant. `path` is a regular expression that is found anywhere in the path; it must be one of
    RE2: PostgreSQL, which matches it, has nothing to go back and forth for in such (ADR 0012)."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(path or "", options)
    except re2.error:
        raise Invalid(errors=[Problem.in_query("path", "pattern", "path is not a regular expression")]) from None
    return {"path": path, "method": method, "successful": None if status is None else status == "success"}


async def _written(request: Request[Any, Any, Any]) -> Connection:
    """The connection, when what this worker still had in memory is written: so it is there when somebody looks. It is
    not yet taken then, because writing takes another one."""
    log: AccessLog | None = request.app.state.access_log
    if log is not None:
        await log.flush()
    work: UnitOfWork = request.scope["state"]["work"]
    return await work.connection()


WRITTEN = {"conn": Provide(_written)}
SEARCH = WRITTEN | {"period": Provide(period), "wanted": Provide(filters)}


@get(f"{OF_APPLICATION}/no_total", operation_id="getAccessLogsWithoutTotalCount", tags=TAGS, dependencies=SEARCH)
async def get_access_logs_without_total_count(
    application_id: int,
    caller: Caller,
    conn: Connection,
    period: Period,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> MorePage[AccessLogEntry]:
    """Newest first."""
    await applications.get_application(conn, caller.account_id, application_id)
    scope = [application_id, *period]
    found, more = await access_logs.list_entries(conn, access_logs.LIST, scope, wanted, page(page_size, skip, sort))
    return MorePage(has_more=more, data=found)


@get(OF_APPLICATION, operation_id="getAccessLogs", tags=TAGS, dependencies=SEARCH)
async def get_access_logs(
    application_id: int,
    caller: Caller,
    conn: Connection,
    period: Period,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> TotalPage[AccessLogEntry]:
    await applications.get_application(conn, caller.account_id, application_id)
    scope = [application_id, *period]
    found, _ = await access_logs.list_entries(conn, access_logs.LIST, scope, wanted, page(page_size, skip, sort))
    total = await access_logs.count_entries(conn, access_logs.LIST, scope, wanted)
    return TotalPage(total_result_size=total, data=found)


@get("/v1/access_logs", operation_id="getAllAccessLogs", tags=TAGS, dependencies=SEARCH)
async def get_all_access_logs(
    caller: Caller,
    conn: Connection,
    period: Period,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> TotalPage[AccessLogEntry]:
    scope = [caller.account_id, *period]
    found, _ = await access_logs.list_entries(conn, access_logs.LIST_ALL, scope, wanted, page(page_size, skip, sort))
    total = await access_logs.count_entries(conn, access_logs.LIST_ALL, scope, wanted)
    return TotalPage(total_result_size=total, data=found)


@get(
    "/v1/applications/{application_id:int}/health_report",
    operation_id="getApplicationApiHealth",
    tags=["Applications"],
    dependencies=WRITTEN,
)
async def get_application_api_health(
    application_id: int, caller: Caller, conn: Connection, now: datetime
) -> ApplicationApiHealth:
    """From the access log: without one there is nothing to tell."""
    await applications.get_application(conn, caller.account_id, application_id)
    return await access_logs.health(conn, application_id, now)


handlers: list[Any] = [
    get_access_logs_without_total_count,
    get_access_logs,
    get_all_access_logs,
    get_application_api_health,
]
