"""What a customer has of an Application: coupons and referrals, of all its campaigns (core.md §9.4)."""

from datetime import datetime
from typing import Any

from msgspec import structs

from guerdon.db.coupons import coupon_of
from guerdon.db.pool import Connection, Row
from guerdon.db.referrals import referral_of
from guerdon.wire.coupons import InventoryCoupon
from guerdon.wire.customers import CustomerProfile
from guerdon.wire.referrals import InventoryReferral

# Reserved by name, personal, reserved for everybody, redeemed and not taken back; each found by an index of its own.
SELECT_COUPONS = """
WITH held AS (
    SELECT coupon_id AS id FROM coupon_reservations WHERE profile_id = $2
    UNION SELECT id FROM coupons WHERE application_id = $1 AND recipient_integration_id = $3
    UNION SELECT id FROM coupons WHERE application_id = $1 AND implicitly_reserved AND recipient_integration_id IS NULL
    UNION SELECT coupon_id FROM coupon_redemptions
        WHERE application_id = $1 AND profile_id = $2 AND rolled_back_at IS NULL
)
SELECT c.*, r.redemptions AS profile_redemption_count,
    CASE
        WHEN m.state <> 'enabled' OR m.end_time <= $4 THEN 'disabled'
        WHEN r.redemptions > 0 OR (c.usage_limit > 0 AND c.usage_counter >= c.usage_limit) THEN 'used'
        WHEN c.expiry_date <= $4 THEN 'expired'
        WHEN c.start_date > $4 THEN 'pending'
        ELSE 'active'
    END AS state
FROM held
JOIN coupons c ON c.id = held.id
JOIN campaigns m ON m.id = c.campaign_id
CROSS JOIN LATERAL (
    SELECT count(*) AS redemptions FROM coupon_redemptions one
    WHERE one.coupon_id = c.id AND one.profile_id = $2 AND one.rolled_back_at IS NULL
) r
WHERE c.application_id = $1
ORDER BY c.id
"""

SELECT_REFERRALS = """
SELECT r.*, ARRAY(
    SELECT p.integration_id FROM referral_redemptions one JOIN profiles p ON p.id = one.profile_id
    WHERE one.referral_id = r.id AND one.rolled_back_at IS NULL
    ORDER BY one.redeemed_at, p.id) AS referred_customers
FROM referrals r
WHERE r.application_id = $1 AND r.advocate_integration_id = $2
ORDER BY r.id
"""


async def list_coupons(
    conn: Connection, application_id: int, customer: CustomerProfile, now: datetime
) -> list[InventoryCoupon]:
    """The coupons that the customer has reserved, may use alone, or has redeemed, each with its state as of `now`."""
    rows = await conn.fetch(SELECT_COUPONS, application_id, customer.id, customer.integration_id, now)
    return [_coupon(row) for row in rows]


def _coupon(row: Row) -> InventoryCoupon:
    values: dict[str, Any] = dict(row)
    more = {name: values.pop(name) for name in ("profile_redemption_count", "state")}
    return InventoryCoupon(**structs.asdict(coupon_of(values)), **more)


async def list_referrals(conn: Connection, application_id: int, integration_id: str) -> list[InventoryReferral]:
    """The referrals that the customer is the advocate of, each with the friends who redeemed it."""
    rows = await conn.fetch(SELECT_REFERRALS, application_id, integration_id)
    return [
        InventoryReferral(**structs.asdict(referral_of(row)), referred_customers=row["referred_customers"])
        for row in rows
    ]
