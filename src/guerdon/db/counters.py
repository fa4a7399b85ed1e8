"""Counters that a closed session moves: coupon uses, redemptions, and what campaigns gave. Each in one statement."""

from collections.abc import Sequence
from datetime import datetime

from guerdon.db.pool import Connection
from guerdon.engine.outcome import CampaignUse, CouponUse
from guerdon.engine.rollback import Redemption

COUNT_COUPONS = """
UPDATE coupons c SET usage_counter = c.usage_counter + u.redemptions,
    discount_counter = c.discount_counter + u.discount
FROM unnest($2::bigint[], $3::integer[], $4::numeric[]) AS u (id, redemptions, discount)
WHERE c.application_id = $1 AND c.id = u.id
"""
INSERT_REDEMPTIONS = """
INSERT INTO coupon_redemptions (session_id, coupon_id, application_id, campaign_id, profile_id, redeemed_at)
SELECT $2, u.id, $1, u.campaign_id, $3, $4 FROM unnest($5::bigint[], $6::bigint[]) AS u (id, campaign_id)
"""
SELECT_REDEMPTIONS = """
SELECT coupon_id, campaign_id FROM coupon_redemptions
WHERE application_id = $1 AND session_id = $2 AND rolled_back_at IS NULL ORDER BY coupon_id
"""
ROLL_BACK_REDEMPTIONS = """
UPDATE coupon_redemptions SET rolled_back_at = $3
WHERE application_id = $1 AND session_id = $2 AND rolled_back_at IS NULL
"""
# The rows are locked in order of id first, so that two closing sessions cannot wait for each other.
COUNT_CAMPAIGNS = """
WITH locked AS (
    SELECT id FROM campaigns WHERE application_id = $1 AND id = ANY($2::bigint[]) ORDER BY id FOR UPDATE
)
UPDATE campaigns c SET coupon_redemption_count = c.coupon_redemption_count + u.coupon_redemptions,
    discount_count = c.discount_count + u.discount,
    discount_effect_count = c.discount_effect_count + u.discount_effects,
    add_free_item_effect_count = c.add_free_item_effect_count + u.free_items,
    custom_effect_count = c.custom_effect_count + u.custom_effects, last_activity = $8
FROM unnest($2::bigint[], $3::bigint[], $4::numeric[], $5::bigint[], $6::bigint[], $7::bigint[])
    AS u (id, coupon_redemptions, discount, discount_effects, free_items, custom_effects), locked
WHERE c.id = u.id AND c.id = locked.id
"""
COUNT_PROFILE_REDEMPTIONS = """
SELECT r.coupon_id, count(*) AS redemptions FROM coupon_redemptions r
WHERE r.application_id = $1 AND r.profile_id = $2 AND r.coupon_id = ANY($3::bigint[]) AND r.rolled_back_at IS NULL
GROUP BY r.coupon_id
"""


async def count_coupons(conn: Connection, application_id: int, uses: Sequence[CouponUse]) -> None:
    """Move the counters of coupons; their rows are locked already."""
    ids = [use.coupon_id for use in uses]
    redemptions = [use.redemptions for use in uses]
    await conn.execute(COUNT_COUPONS, application_id, ids, redemptions, [use.discount for use in uses])


async def count_campaigns(conn: Connection, application_id: int, uses: Sequence[CampaignUse], now: datetime) -> None:
    """Move the counters of campaigns; the last locks of the transaction."""
    await conn.execute(
        COUNT_CAMPAIGNS,
        application_id,
        [use.campaign_id for use in uses],
        [use.coupon_redemptions for use in uses],
        [use.discount for use in uses],
        [use.discount_effects for use in uses],
        [use.free_items for use in uses],
        [use.custom_effects for use in uses],
        now,
    )


async def add_redemptions(
    conn: Connection, owner: tuple[int, int, int | None], uses: Sequence[CouponUse], now: datetime
) -> None:
    """Remember which coupons a session redeemed; `owner` is (application id, session id, profile id)."""
    application_id, session_id, profile_id = owner
    ids, campaigns = [use.coupon_id for use in uses], [use.campaign_id for use in uses]
    await conn.execute(INSERT_REDEMPTIONS, application_id, session_id, profile_id, now, ids, campaigns)


async def list_redemptions(conn: Connection, application_id: int, session_id: int) -> list[Redemption]:
    """What a closed session redeemed and nobody took back."""
    rows = await conn.fetch(SELECT_REDEMPTIONS, application_id, session_id)
    return [Redemption(**row) for row in rows]


async def roll_back_redemptions(conn: Connection, application_id: int, session_id: int, now: datetime) -> None:
    """Mark all redemptions of a session as taken back."""
    await conn.execute(ROLL_BACK_REDEMPTIONS, application_id, session_id, now)


async def profile_redemptions(
    conn: Connection, application_id: int, profile_id: int, coupon_ids: Sequence[int]
) -> dict[int, int]:
    """How often a customer redeemed each coupon."""
    rows = await conn.fetch(COUNT_PROFILE_REDEMPTIONS, application_id, profile_id, list(coupon_ids))
    return {row["coupon_id"]: row["redemptions"] for row in rows}
