"""Reservations of coupons for customers (core.md §6.6). The coupon's `reservation_counter` is how many there are."""

from collections.abc import Collection
from datetime import datetime

from guerdon.db.coupons import coupon_of
from guerdon.db.pool import Connection, first
from guerdon.db.profiles import profile_of
from guerdon.wire.coupons import Coupon
from guerdon.wire.customers import CustomerProfile

SELECT_COUPON = "SELECT * FROM coupons WHERE application_id = $1 AND value = $2"
LOCK_COUPON = "SELECT * FROM coupons WHERE application_id = $1 AND value = $2 FOR NO KEY UPDATE"

INSERT = """
WITH new AS (
    INSERT INTO coupon_reservations (coupon_id, profile_id, created)
    SELECT $2, p.id, $4 FROM unnest($3::bigint[]) AS p (id)
    ON CONFLICT DO NOTHING
    RETURNING 1
)
UPDATE coupons SET reservation_counter = reservation_counter + (SELECT count(*) FROM new)
WHERE application_id = $1 AND id = $2
RETURNING *
"""
DELETE = """
WITH old AS (
    DELETE FROM coupon_reservations WHERE coupon_id = $2 AND profile_id = ANY ($3::bigint[])
    RETURNING 1
)
UPDATE coupons SET reservation_counter = reservation_counter - (SELECT count(*) FROM old)
WHERE application_id = $1 AND id = $2
"""
SELECT_CUSTOMERS = """
SELECT p.* FROM coupon_reservations r
JOIN coupons c ON c.id = r.coupon_id
JOIN profiles p ON p.id = r.profile_id
WHERE c.application_id = $1 AND c.id = $2
ORDER BY r.created, p.id
"""


async def find_coupon(conn: Connection, application_id: int, code: str) -> Coupon:
    """The coupon of a folded code. Raises NotFound."""
    return coupon_of(first(await conn.fetchrow(SELECT_COUPON, application_id, code), "Coupon"))


async def lock_coupon(conn: Connection, application_id: int, code: str) -> Coupon:
    """The same, locked: whoever reserves it waits for the others, having locked the customers before."""
    return coupon_of(first(await conn.fetchrow(LOCK_COUPON, application_id, code), "Coupon"))


async def add_reservations(
    conn: Connection, application_id: int, coupon_id: int, profile_ids: Collection[int], now: datetime
) -> Coupon:
    """Reserve a locked coupon for customers; for those that have it reserved already, nothing changes."""
    return coupon_of(await conn.fetchrow(INSERT, application_id, coupon_id, profile_ids, now))


async def remove_reservations(
    conn: Connection, application_id: int, coupon_id: int, profile_ids: Collection[int]
) -> None:
    """Take back the reservations of customers for a locked coupon; those that have none keep none."""
    await conn.execute(DELETE, application_id, coupon_id, profile_ids)


async def list_customers(conn: Connection, application_id: int, coupon_id: int) -> list[CustomerProfile]:
    """Who has the coupon reserved, the first one first."""
    return [profile_of(row) for row in await conn.fetch(SELECT_CUSTOMERS, application_id, coupon_id)]
