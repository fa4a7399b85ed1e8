"""Counters that many sessions share: uses of codes, limits, and what campaigns gave.

They are read without locks before a request is judged, and counted in one statement at the very end of its
transaction: COUNT moves a counter only as far as its limit allows *now*. Where that is not what was decided, the
caller undoes everything and judges again (docs/adr/0015).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from guerdon.db.pool import Connection
from guerdon.engine.facts import Counter
from guerdon.engine.outcome import CampaignUse, CounterKey, CouponUse, LimitUse, ReferralUse
from guerdon.errors import Retry
from guerdon.wire.base import encode_text

SELECT_COUNTERS = """
SELECT l.campaign_id, l.action, l.entities, l.period, l.used
FROM json_to_recordset($2::json) AS k (campaign_id bigint, action text, entities text[], period text)
JOIN limit_counters l ON l.campaign_id = k.campaign_id AND l.action = k.action AND l.period = k.period
    AND l.entities = k.entities
WHERE l.application_id = $1
"""

# Rows are locked in one order everywhere: coupons by id, referrals by id, counters of limits by key, campaigns by id.
# Each part looks at the one before it, so that they run in this order. The guards look at the rows as they are once
# the locks are held.
COUNT = """
WITH coupon_use AS (
    SELECT * FROM json_to_recordset($2::json)
        AS u (coupon_id bigint, redemptions integer, discount numeric, reservations integer)
), coupon AS (
    SELECT id FROM coupons WHERE application_id = $1 AND id IN (SELECT coupon_id FROM coupon_use)
    ORDER BY id FOR NO KEY UPDATE
), counted_coupon AS (
    UPDATE coupons c SET usage_counter = c.usage_counter + u.redemptions,
        discount_counter = c.discount_counter + u.discount, reservation_counter = c.reservation_counter + u.reservations
    FROM coupon_use u, coupon
    WHERE c.id = u.coupon_id AND c.id = coupon.id
        AND (u.redemptions <= 0 OR c.usage_limit = 0 OR c.usage_counter + u.redemptions <= c.usage_limit)
        AND (u.discount <= 0 OR c.discount_limit IS NULL OR c.discount_counter + u.discount <= c.discount_limit)
        AND (u.reservations <= 0 OR coalesce(c.reservation_limit, 0) = 0
            OR c.reservation_counter + u.reservations <= c.reservation_limit)
    RETURNING u.redemptions > 0 OR u.discount > 0 OR u.reservations > 0 AS more
), coupons_done AS (
    SELECT count(*) FILTER (WHERE more) AS n FROM counted_coupon
), referral_use AS (
    SELECT u.* FROM json_to_recordset($3::json) AS u (referral_id bigint, redemptions integer), coupons_done
), referral AS (
    SELECT id FROM referrals WHERE application_id = $1 AND id IN (SELECT referral_id FROM referral_use)
    ORDER BY id FOR NO KEY UPDATE
), counted_referral AS (
    UPDATE referrals r SET usage_counter = r.usage_counter + u.redemptions
    FROM referral_use u, referral
    WHERE r.id = u.referral_id AND r.id = referral.id
        AND (u.redemptions <= 0 OR r.usage_limit = 0 OR r.usage_counter + u.redemptions <= r.usage_limit)
    RETURNING u.redemptions > 0 AS more
), referrals_done AS (
    SELECT count(*) FILTER (WHERE more) AS n FROM counted_referral
), limit_use AS (
    SELECT u.* FROM json_to_recordset($4::json)
        AS u (campaign_id bigint, action text, entities text[], period text, amount numeric, most numeric),
        referrals_done
), given_back AS (
    SELECT l.id, u.amount FROM limit_use u
    JOIN limit_counters l ON l.campaign_id = u.campaign_id AND l.action = u.action AND l.period = u.period
        AND l.entities = u.entities
    WHERE l.application_id = $1 AND u.amount < 0
    ORDER BY l.campaign_id, l.action, l.period, l.entities FOR NO KEY UPDATE OF l
), refunded AS (
    UPDATE limit_counters l SET used = greatest(0, l.used + g.amount) FROM given_back g WHERE l.id = g.id
    RETURNING 1
), refunds_done AS (
    SELECT count(*) AS n FROM refunded
), charged AS (
    INSERT INTO limit_counters AS l (application_id, campaign_id, action, entities, period, used, most)
    SELECT $1, u.campaign_id, u.action, u.entities, u.period, u.amount, u.most
    FROM limit_use u, refunds_done
    WHERE u.amount > 0 AND u.amount <= u.most
    ORDER BY u.campaign_id, u.action, u.period, u.entities
    ON CONFLICT ON CONSTRAINT limit_counters_key
        DO UPDATE SET used = l.used + excluded.used, most = excluded.most
        WHERE l.used + excluded.used <= excluded.most
    RETURNING 1
), limits_done AS (
    SELECT count(*) AS n FROM charged
), campaign_use AS (
    SELECT u.* FROM json_to_recordset($5::json) AS u (campaign_id bigint, coupon_redemptions bigint,
        referral_redemptions bigint, discount numeric, discount_effects bigint, free_items bigint,
        custom_effects bigint, coupon_creations bigint, referral_creations bigint, reservations bigint,
        webhook_calls bigint), limits_done
), campaign AS (
    SELECT id FROM campaigns WHERE application_id = $1 AND id IN (SELECT campaign_id FROM campaign_use)
    ORDER BY id FOR NO KEY UPDATE
), counted_campaign AS (
    UPDATE campaigns c SET coupon_redemption_count = c.coupon_redemption_count + u.coupon_redemptions,
        referral_redemption_count = c.referral_redemption_count + u.referral_redemptions,
        discount_count = c.discount_count + u.discount,
        discount_effect_count = c.discount_effect_count + u.discount_effects,
        add_free_item_effect_count = c.add_free_item_effect_count + u.free_items,
        custom_effect_count = c.custom_effect_count + u.custom_effects,
        coupon_creation_count = c.coupon_creation_count + u.coupon_creations,
        referral_creation_count = c.referral_creation_count + u.referral_creations,
        reserve_coupon_effect_count = c.reserve_coupon_effect_count + u.reservations,
        call_api_effect_count = c.call_api_effect_count + u.webhook_calls,
        last_activity = $6
    FROM campaign_use u, campaign
    WHERE c.id = u.campaign_id AND c.id = campaign.id
    RETURNING 1
)
SELECT (SELECT n FROM coupons_done) AS coupons, (SELECT n FROM referrals_done) AS referrals,
    (SELECT n FROM limits_done) AS limits, (SELECT count(*) FROM counted_campaign) AS campaigns
"""

COUNT_PROFILE_REDEMPTIONS = """
SELECT r.coupon_id, count(*) AS redemptions FROM coupon_redemptions r
WHERE r.application_id = $1 AND r.profile_id = $2 AND r.coupon_id = ANY($3::bigint[]) AND r.rolled_back_at IS NULL
GROUP BY r.coupon_id
"""


class Uses(Struct, kw_only=True):
    """What a request adds to shared counters, or takes from them. `reserved` are coupons with the number of new
    reservations."""

    coupons: Sequence[CouponUse] = ()
    referrals: Sequence[ReferralUse] = ()
    limits: Sequence[LimitUse] = ()
    campaigns: Sequence[CampaignUse] = ()
    reserved: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self.coupons or self.referrals or self.limits or self.campaigns or self.reserved)


def _flat(entities: Iterable[tuple[str, str]]) -> list[str]:
    return [part for pair in entities for part in pair]


async def read_counters(conn: Connection, application_id: int, keys: Collection[CounterKey]) -> list[Counter]:
    """The counters of limits that are stored, of those asked for."""
    wanted = [
        {"campaign_id": k.campaign_id, "action": k.action, "entities": _flat(k.entities), "period": k.period}
        for k in keys
    ]
    rows = await conn.fetch(SELECT_COUNTERS, application_id, encode_text(wanted))
    return [
        Counter(
            campaign_id=row["campaign_id"],
            action=row["action"],
            entities=tuple(zip(row["entities"][::2], row["entities"][1::2], strict=True)),
            period=row["period"],
            used=row["used"],
        )
        for row in rows
    ]


async def count(conn: Connection, application_id: int, uses: Uses, now: datetime) -> None:
    """Move all counters, the last thing of a transaction; raises Retry when one of them has no room any more."""
    coupons = _coupon_rows(uses)
    limits = [
        {
            "campaign_id": use.campaign_id,
            "action": use.action,
            "entities": _flat(use.entities),
            "period": use.period,
            "amount": use.amount,
            "most": use.limit,
        }
        for use in uses.limits
    ]
    row = await conn.fetchrow(
        COUNT,
        application_id,
        encode_text(coupons),
        encode_text(uses.referrals),
        encode_text(limits),
        encode_text([asdict(use) for use in uses.campaigns]),
        now,
    )
    # What is given back may have gone meanwhile: a coupon that was deleted takes nothing back.
    wanted = (
        sum(one["redemptions"] > 0 or one["discount"] > 0 or one["reservations"] > 0 for one in coupons),
        sum(use.redemptions > 0 for use in uses.referrals),
        sum(use.amount > 0 for use in uses.limits),
    )
    if (row["coupons"], row["referrals"], row["limits"]) != wanted:
        raise Retry


def _coupon_rows(uses: Uses) -> list[dict[str, Any]]:
    """One row for each coupon that is redeemed, taken back or reserved."""
    rows: dict[int, dict[str, Any]] = {}
    for use in uses.coupons:
        rows[use.coupon_id] = {"redemptions": use.redemptions, "discount": use.discount, "reservations": 0}
    for coupon_id, times in uses.reserved.items():
        rows.setdefault(coupon_id, {"redemptions": 0, "discount": Decimal(0)})["reservations"] = times
    return [{"coupon_id": coupon_id, **row} for coupon_id, row in rows.items()]


async def profile_redemptions(
    conn: Connection, application_id: int, profile_id: int, coupon_ids: Collection[int]
) -> dict[int, int]:
    """How often a customer has redeemed each coupon; those never redeemed are left out."""
    rows = await conn.fetch(COUNT_PROFILE_REDEMPTIONS, application_id, profile_id, list(coupon_ids))
    return {row["coupon_id"]: row["redemptions"] for row in rows}
