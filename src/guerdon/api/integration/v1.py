"""What clients of the first generation (V1) call; newer ones have better (core.md §2.4)."""

from datetime import datetime
from typing import Any

from litestar import Request, put
from litestar.datastructures import State

from guerdon.api import checks
from guerdon.db.keys import IntegrationKey
from guerdon.flows.programs import Programs
from guerdon.flows.v1 import SessionUpdate, apply_session_v1
from guerdon.wire.v1 import IntegrationState, NewCustomerSession


@put(
    "/v1/customer_sessions/{customer_session_id:path}",
    operation_id="updateCustomerSession",
    tags=["Customer sessions"],
    deprecated=True,
)
async def update_customer_session(
    customer_session_id: str,
    request: Request[Any, Any, Any],
    data: NewCustomerSession,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    dry: bool = False,
) -> IntegrationState:
    programs: Programs = state.programs
    update = SessionUpdate(
        key=key,
        integration_id=checks.integration_id(request.scope["raw_path"], "/v1/customer_sessions/"),
        body=data,
        dry=dry or key.type == "staging",
        now=now,
        judged_at=key.clock(now),
    )
    return await apply_session_v1(connections, programs, update)


handlers: list[Any] = [update_customer_session]
