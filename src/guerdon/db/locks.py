"""Locks for what a closing or cancelled session counts on: taken once, in one order everywhere.

The order is profile, session, coupons by id, then (in db/counters.py, last of all) campaigns by id.
"""

from collections.abc import Collection

from guerdon.db.pool import Connection

LOCK_PROFILE = "SELECT id FROM profiles WHERE id = $1 FOR UPDATE"
LOCK_SESSION = "SELECT id FROM customer_sessions WHERE id = $1 FOR UPDATE"
LOCK_COUPONS = "SELECT id FROM coupons WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"


async def take(conn: Connection, profile_id: int | None, session_id: int | None, coupon_ids: Collection[int]) -> None:
    """Lock the rows, waiting for their holders; Conflict after three seconds. Once per transaction."""
    if profile_id is not None:
        await conn.execute(LOCK_PROFILE, profile_id)
    if session_id is not None:
        await conn.execute(LOCK_SESSION, session_id)
    if coupon_ids:
        await conn.execute(LOCK_COUPONS, sorted(coupon_ids))
