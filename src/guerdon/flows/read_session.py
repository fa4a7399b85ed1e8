"""GET a customer session: as it is stored, with the effects that still hold. No evaluation (core.md §3.10)."""

from datetime import datetime
from decimal import localcontext

from guerdon.db import customer_sessions
from guerdon.db.customer_sessions import StoredSession
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.effects import Effect
from guerdon.engine.talang.values import ARITHMETIC
from guerdon.errors import NotFound, Unauthorized
from guerdon.flows.answer import stored_session
from guerdon.flows.programs import Programs
from guerdon.wire.customer_sessions import IntegrationCustomerSessionResponse


async def read_session(
    conn: Connection, programs: Programs, key: IntegrationKey, integration_id: str, now: datetime
) -> IntegrationCustomerSessionResponse:
    """The session and its effects; raises NotFound."""
    stored, effects, revision = await _load(conn, key, integration_id, now)
    program = await programs.at(conn, key.application_id, revision)
    with localcontext(ARITHMETIC):
        session = stored_session(stored, integration_id, program.settings)
    return IntegrationCustomerSessionResponse(customer_session=session, effects=effects)


async def _load(
    conn: Connection, key: IntegrationKey, integration_id: str, now: datetime
) -> tuple[StoredSession, list[Effect], int]:
    """Session, effects and revision; read again where the session changed between the two statements."""
    while True:
        around = await customer_sessions.read(conn, key, integration_id, (None, ()), now)
        if not around.key_alive:
            raise Unauthorized
        if around.session is None:
            raise NotFound.of("Session")
        effects = await customer_sessions.find_effects(conn, key.application_id, around.session)
        if effects is not None:
            return around.session, effects, around.revision
