"""Customer sessions: update (the central call) and read (core.md §3, §4)."""

from datetime import datetime
from typing import Annotated, Any, cast

from litestar import Response, get, post, put
from litestar.datastructures import State
from litestar.params import Parameter

from guerdon.api.lists import moment
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem, Unauthorized
from guerdon.flows.apply_session import Update, apply_session
from guerdon.flows.read_session import read_session
from guerdon.flows.settle_session import Settlement, reopen_session, return_items
from guerdon.wire.customer_sessions import (
    IntegrationCustomerSessionResponse,
    IntegrationRequest,
    IntegrationStateV2,
    ReopenSessionResponse,
    ReturnIntegrationRequest,
)

LONGEST_ID = 1000


@put(
    "/v2/customer_sessions/{customer_session_id:str}",
    operation_id="updateCustomerSessionV2",
    tags=["Customer sessions"],
)
async def update_customer_session_v2(
    customer_session_id: str,
    data: IntegrationRequest,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    dry: bool = False,
    judged_at: Annotated[str | None, Parameter(query="now")] = None,
) -> IntegrationStateV2:
    content = await update_session(
        customer_session_id, data, key=key, connections=connections, now=now, state=state, dry=dry, judged_at=judged_at
    )
    return cast("IntegrationStateV2", Response(content, media_type="application/json"))  # encoded already


async def update_session(
    customer_session_id: str,
    data: IntegrationRequest,
    *,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    dry: bool = False,
    judged_at: str | None = None,
) -> bytes:
    """The answer as JSON, for the route in front of the framework."""
    check_id(customer_session_id)
    dry = dry or key.type == "staging"
    update = Update(
        key=key,
        integration_id=customer_session_id,
        body=data,
        dry=dry,
        now=now,
        judged_at=_judged_at(judged_at, now, key, dry=dry),
    )
    return await apply_session(connections, state.programs, update)


@get(
    "/v2/customer_sessions/{customer_session_id:str}",
    operation_id="getCustomerSession",
    tags=["Customer sessions"],
)
async def get_customer_session(
    customer_session_id: str, key: IntegrationKey, conn: Connection, now: datetime, state: State
) -> IntegrationCustomerSessionResponse:
    if key.type == "staging":  # test keys are for dry requests, of which nothing can be read (core.md §1.1)
        raise Unauthorized
    check_id(customer_session_id)
    return await read_session(conn, state.programs, key, customer_session_id, now)


@post(
    "/v2/customer_sessions/{customer_session_id:str}/returns",
    operation_id="returnCartItems",
    tags=["Customer sessions"],
    status_code=200,
)
async def return_cart_items(
    customer_session_id: str,
    data: ReturnIntegrationRequest,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    dry: bool = False,
    run_rule_engine: Annotated[bool, Parameter(query="runRuleEngine")] = False,
) -> IntegrationStateV2:
    request = _settlement(customer_session_id, key, now)
    content = await return_items(connections, state.programs, request, data, dry=dry, run_rules=run_rule_engine)
    return cast("IntegrationStateV2", Response(content, media_type="application/json"))


@put(
    "/v2/customer_sessions/{customer_session_id:str}/reopen",
    operation_id="reopenCustomerSession",
    tags=["Customer sessions"],
)
async def reopen_customer_session(
    customer_session_id: str, key: IntegrationKey, connections: Any, now: datetime, state: State
) -> ReopenSessionResponse:
    content = await reopen_session(connections, state.programs, _settlement(customer_session_id, key, now))
    return cast("ReopenSessionResponse", Response(content, media_type="application/json"))


def _settlement(customer_session_id: str, key: IntegrationKey, now: datetime) -> Settlement:
    if key.type == "staging":  # test keys update sessions and profiles and track events (core.md §1.1)
        raise Unauthorized
    check_id(customer_session_id)
    judged_at = _judged_at(None, now, key, dry=False)
    return Settlement(key=key, integration_id=customer_session_id, now=now, judged_at=judged_at)


def check_id(integration_id: str) -> None:
    """A session id is any text of 1 to 1000 characters."""
    if not integration_id or len(integration_id) > LONGEST_ID:
        details = f"a session id has 1 to {LONGEST_ID} characters"
        raise Invalid(errors=[Problem("maxLength", Problem.in_query("customerSessionId", "", "").source, details)])


def _judged_at(text: str | None, now: datetime, key: IntegrationKey, *, dry: bool) -> datetime:
    """The clock of the evaluation: `now` of a dry request, in the future; else the server's, plus the key's offset."""
    wanted = moment("now", text)
    if wanted is None:
        return key.clock(now)
    if not dry or wanted <= now:
        details = "now must be in the future" if dry else "now goes with dry=true only"
        raise Invalid(errors=[Problem.in_query("now", "Invalid value", details)])
    return wanted


handlers: list[Any] = [
    update_customer_session_v2,
    get_customer_session,
    return_cart_items,
    reopen_customer_session,
]
