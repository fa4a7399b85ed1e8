"""Which codes a closed session redeemed; taken back, the rows stay, with the time."""

from collections.abc import Sequence
from datetime import datetime

from guerdon.db.pool import Connection
from guerdon.engine.outcome import CouponUse, ReferralUse

INSERT_COUPONS = """
INSERT INTO coupon_redemptions (session_id, coupon_id, application_id, campaign_id, profile_id, redeemed_at)
SELECT $2, u.id, $1, u.campaign_id, $3, $4 FROM unnest($5::bigint[], $6::bigint[]) AS u (id, campaign_id)
"""
INSERT_REFERRALS = """
INSERT INTO referral_redemptions (session_id, referral_id, application_id, campaign_id, profile_id, redeemed_at)
SELECT $2, u.id, $1, u.campaign_id, $3, $4 FROM unnest($5::bigint[], $6::bigint[]) AS u (id, campaign_id)
"""
ROLL_BACK_COUPONS = """
UPDATE coupon_redemptions SET rolled_back_at = $3
WHERE application_id = $1 AND session_id = $2 AND rolled_back_at IS NULL AND coupon_id = ANY ($4::bigint[])
"""
ROLL_BACK_REFERRALS = """
UPDATE referral_redemptions SET rolled_back_at = $3
WHERE application_id = $1 AND session_id = $2 AND rolled_back_at IS NULL AND referral_id = ANY ($4::bigint[])
"""


async def record_coupons(
    conn: Connection, owner: tuple[int, int, int | None], uses: Sequence[CouponUse], now: datetime
) -> None:
    """Remember the coupons that a session redeems, or that they are taken back; `owner` is (application id,
    session id, profile id)."""
    application_id, session_id, profile_id = owner
    new = [use for use in uses if use.redemptions > 0]
    if new:
        ids, campaigns = [use.coupon_id for use in new], [use.campaign_id for use in new]
        await conn.execute(INSERT_COUPONS, application_id, session_id, profile_id, now, ids, campaigns)
    if back := [use.coupon_id for use in uses if use.redemptions < 0]:
        await conn.execute(ROLL_BACK_COUPONS, application_id, session_id, now, back)


async def record_referrals(
    conn: Connection, owner: tuple[int, int, int | None], uses: Sequence[ReferralUse], now: datetime
) -> None:
    """The same for its referral."""
    application_id, session_id, profile_id = owner
    new = [use for use in uses if use.redemptions > 0]
    if new:
        ids, campaigns = [use.referral_id for use in new], [use.campaign_id for use in new]
        await conn.execute(INSERT_REFERRALS, application_id, session_id, profile_id, now, ids, campaigns)
    if back := [use.referral_id for use in uses if use.redemptions < 0]:
        await conn.execute(ROLL_BACK_REFERRALS, application_id, session_id, now, back)
