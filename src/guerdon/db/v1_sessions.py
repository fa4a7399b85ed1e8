"""What clients of the first generation (V1) leave with a session, besides what all leave."""

from decimal import Decimal

from guerdon.db.pool import Connection
from guerdon.wire.base import encode_text
from guerdon.wire.customer_sessions import CustomerSessionV2

# A total that was sent before counts on if the request names neither it nor the cart, and V1 wrote the session last.
UPSERT = """
INSERT INTO v1_sessions (session_id, application_id, update_count, total, discounts) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (session_id) DO UPDATE SET update_count = $3, discounts = $5,
    total = coalesce($4, CASE WHEN $6 AND v1_sessions.update_count = $3 - 1 THEN v1_sessions.total END)
    WHERE v1_sessions.application_id = $2
RETURNING total
"""

SELECT_TOTAL = "SELECT total FROM v1_sessions WHERE application_id = $1 AND session_id = $2 AND update_count = $3"


async def find_total(conn: Connection, session: CustomerSessionV2) -> Decimal | None:
    """The total that a V1 client sent, if such a client wrote the session last and sent one."""
    total: Decimal | None = await conn.fetchval(SELECT_TOTAL, session.application_id, session.id, session.update_count)
    return total


async def put(
    conn: Connection,
    session: CustomerSessionV2,
    total: Decimal | None,
    discounts: dict[str, Decimal],
    *,
    keeps_total: bool,
) -> Decimal | None:
    """Note that V1 wrote this session, in the same transaction; the client's total, if there is one."""
    kept: Decimal | None = await conn.fetchval(
        UPSERT, session.id, session.application_id, session.update_count, total, encode_text(discounts), keeps_total
    )
    return kept
