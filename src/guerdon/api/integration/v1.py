"""What clients of the first generation (V1) call; newer ones have better (core.md §2.4)."""

from datetime import datetime
from typing import Any

from litestar import Request, post, put
from litestar.datastructures import State

from guerdon.api import checks
from guerdon.db.keys import IntegrationKey
from guerdon.flows.v1 import Body, V1Request, apply_profile_v1, apply_session_v1, track_event_v1
from guerdon.wire.v1 import IntegrationState, NewCustomerProfile, NewCustomerSession, NewEvent

AnyRequest = Request[Any, Any, Any]


@put(
    "/v1/customer_sessions/{customer_session_id:str}",
    operation_id="updateCustomerSession",
    tags=["Customer sessions"],
    deprecated=True,
)
async def update_customer_session(
    customer_session_id: str,
    request: AnyRequest,
    data: NewCustomerSession,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    dry: bool = False,
) -> IntegrationState:
    named = checks.integration_id(request.scope["raw_path"], "/v1/customer_sessions/")
    return await apply_session_v1(connections, state.programs, _request(data, named, key, now, dry=dry))


@put(
    "/v1/customer_profiles/{integration_id:str}",
    operation_id="updateCustomerProfile",
    tags=["Customer profiles"],
    deprecated=True,
)
async def update_customer_profile(
    integration_id: str,
    request: AnyRequest,
    data: NewCustomerProfile,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    dry: bool = False,
) -> IntegrationState:
    named = checks.integration_id(request.scope["raw_path"], "/v1/customer_profiles/")
    return await apply_profile_v1(connections, state.programs, _request(data, named, key, now, dry=dry))


@post("/v1/events", operation_id="trackEvent", tags=["Events"], deprecated=True, status_code=200)
async def track_event(
    data: NewEvent, key: IntegrationKey, connections: Any, now: datetime, state: State, dry: bool = False
) -> IntegrationState:
    return await track_event_v1(connections, state.programs, _request(data, data.session_id, key, now, dry=dry))


def _request(body: Body, integration_id: str, key: IntegrationKey, now: datetime, *, dry: bool) -> V1Request[Body]:
    return V1Request(
        key=key,
        integration_id=integration_id,
        body=body,
        dry=dry or key.type == "staging",
        now=now,
        judged_at=key.clock(now),
    )


handlers: list[Any] = [update_customer_session, update_customer_profile, track_event]
