"""Customer sessions as the back office sees them: list, read (core.md §2.5)."""

from typing import Annotated, Any, Literal

from litestar import get
from litestar.params import Parameter

from guerdon.api.lists import PageSize, Skip, Sort, moment, page
from guerdon.db import application_sessions, applications
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.wire.base import MorePage
from guerdon.wire.customer_sessions import ApplicationSession

TAGS = ["Customer data"]

State = Literal["open", "closed", "partially_returned", "cancelled"]


@get("/v1/applications/{application_id:int}/sessions", operation_id="getApplicationSessions", tags=TAGS)
async def get_application_sessions(
    application_id: int,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    partial_match: Annotated[bool, Parameter(query="partialMatch")] = False,
    profile: str | None = None,
    session_state: Annotated[State | None, Parameter(query="state")] = None,
    created_before: Annotated[str | None, Parameter(query="createdBefore")] = None,
    created_after: Annotated[str | None, Parameter(query="createdAfter")] = None,
    coupon: str | None = None,
    referral: str | None = None,
    integration_id: Annotated[str | None, Parameter(query="integrationId")] = None,
    store_integration_id: Annotated[str | None, Parameter(query="storeIntegrationId")] = None,
) -> MorePage[ApplicationSession]:
    await applications.get_application(conn, caller.account_id, application_id)
    wanted: dict[str, Any] = {
        "state": session_state,
        "createdBefore": moment("createdBefore", created_before),
        "createdAfter": moment("createdAfter", created_after),
    }
    terms = {
        "profile": profile,
        "coupon": coupon,
        "referral": referral,
        "integrationId": integration_id,
        "storeIntegrationId": store_integration_id,
    }
    found, more = await application_sessions.list_sessions(
        conn,
        application_id,
        wanted,
        application_sessions.partial(terms) if partial_match else terms,
        page(page_size, skip, sort),
    )
    return MorePage(has_more=more, data=found)


@get(
    "/v1/applications/{application_id:int}/sessions/{session_id:int}",
    operation_id="getApplicationSession",
    tags=TAGS,
)
async def get_application_session(
    application_id: int, session_id: int, caller: Caller, conn: Connection
) -> ApplicationSession:
    await applications.get_application(conn, caller.account_id, application_id)
    return await application_sessions.get_session(conn, application_id, session_id)


handlers = [get_application_sessions, get_application_session]
