"""Counters that many sessions share: uses of codes, limits, and what campaigns gave.

They are read without locks before a request is judged, and counted in one statement when it is written: COUNTING moves
a counter only as far as its limit allows *now*. Where that is not what was decided, all is undone and judged again
(ADR 0015).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import product
from typing import Any

from msgspec import UNSET, Struct
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
# Each part looks at the one before it, so that they run in this order, and locks its rows first where there are
# several. The guards look at the rows as they are once the locks are held. What is given back may have gone meanwhile:
# a coupon that was deleted takes nothing back, nor does a counter that the session was not charged at: what it took
# was of a limit that is gone. `given` comes before: what there is to count, the Application, the time, and the session,
# where there is one.
#
# A row that somebody else just changed is looked at again by PostgreSQL, and for that it sets up the whole statement a
# second time. Parts that have nothing to count are left out: in a crowd they cost as much as those that have.
GIVEN = """ given AS (
    SELECT $1::bigint AS application_id, $2::json AS coupons, $3::json AS referrals, $4::json AS limits,
        $5::json AS campaigns, $6::timestamptz AS now, NULL::bigint AS session_id
)"""
COUPON_USES = """, coupon_use AS (
    SELECT u.*, given.application_id
    FROM given, json_to_recordset(given.coupons)
        AS u (coupon_id bigint, campaign_id bigint, redemptions integer, discount numeric, reservations integer,
            seen_usage integer, seen_discount numeric)
)"""
COUPON_LOCKS = """, coupon AS (
    SELECT c.id FROM coupons c JOIN coupon_use u ON c.id = u.coupon_id AND c.application_id = u.application_id
    ORDER BY c.id FOR NO KEY UPDATE OF c
)"""
ONE_COUPON = ", coupon AS (SELECT coupon_id AS id FROM coupon_use)"
COUPONS = """, counted_coupon AS (
    UPDATE coupons c SET usage_counter = c.usage_counter + u.redemptions,
        discount_counter = c.discount_counter + u.discount, reservation_counter = c.reservation_counter + u.reservations
    FROM coupon_use u, coupon
    WHERE c.id = u.coupon_id AND c.id = coupon.id AND c.application_id = u.application_id
        AND (u.redemptions <= 0 OR c.usage_limit = 0 OR c.usage_counter + u.redemptions <= c.usage_limit)
        AND (u.discount <= 0 OR c.discount_limit IS NULL OR c.discount_counter + u.discount <= c.discount_limit)
        AND (u.seen_usage IS NULL OR u.seen_usage = c.usage_counter)
        AND (u.seen_discount IS NULL OR u.seen_discount = c.discount_counter)
        AND (u.reservations <= 0 OR coalesce(c.reservation_limit, 0) = 0
            OR c.reservation_counter + u.reservations <= c.reservation_limit)
    RETURNING c.id, u.redemptions > 0 OR u.discount > 0 OR u.reservations > 0 AS more
), coupons_done AS (
    SELECT count(*) FILTER (WHERE more)
        = (SELECT count(*) FROM coupon_use WHERE redemptions > 0 OR discount > 0 OR reservations > 0) AS fine
    FROM counted_coupon
)"""
NO_COUPONS = ", coupons_done AS (SELECT true AS fine FROM given)"
REFERRAL_USES = """, referral_use AS (
    SELECT u.*, given.application_id
    FROM coupons_done, given, json_to_recordset(given.referrals)
        AS u (referral_id bigint, campaign_id bigint, redemptions integer, seen_usage integer)
)"""
REFERRALS = """, referral AS (
    SELECT r.id FROM referrals r JOIN referral_use u ON r.id = u.referral_id AND r.application_id = u.application_id
    ORDER BY r.id FOR NO KEY UPDATE OF r
), counted_referral AS (
    UPDATE referrals r SET usage_counter = r.usage_counter + u.redemptions
    FROM referral_use u, referral
    WHERE r.id = u.referral_id AND r.id = referral.id
        AND (u.redemptions <= 0 OR r.usage_limit = 0 OR r.usage_counter + u.redemptions <= r.usage_limit)
        AND (u.seen_usage IS NULL OR u.seen_usage = r.usage_counter)
    RETURNING u.redemptions > 0 AS more
), referrals_done AS (
    SELECT count(*) FILTER (WHERE more) = (SELECT count(*) FROM referral_use WHERE redemptions > 0) AS fine
    FROM counted_referral
)"""
NO_REFERRALS = ", referrals_done AS (SELECT fine FROM coupons_done)"
LIMITS = """, limit_use AS (
    SELECT u.*, given.application_id
    FROM referrals_done, given, json_to_recordset(given.limits)
        AS u (campaign_id bigint, action text, entities text[], period text, amount numeric, most numeric,
            seen numeric)
), given_back AS (
    SELECT l.id, u.amount FROM limit_use u
    JOIN limit_counters l ON l.campaign_id = u.campaign_id AND l.action = u.action AND l.period = u.period
        AND l.entities = u.entities AND l.application_id = u.application_id
    WHERE u.amount < 0 AND EXISTS (
        SELECT FROM given, limit_charges c WHERE c.counter_id = l.id AND c.session_id = given.session_id)
    ORDER BY l.campaign_id, l.action, l.period, l.entities FOR NO KEY UPDATE OF l
), refunded AS (
    UPDATE limit_counters l SET used = greatest(0, l.used + g.amount) FROM given_back g WHERE l.id = g.id
    RETURNING 1
), refunds_done AS (
    SELECT count(*) AS n FROM refunded
), charged AS (
    INSERT INTO limit_counters AS l (application_id, campaign_id, action, entities, period, used, most)
    SELECT u.application_id, u.campaign_id, u.action, u.entities, u.period, u.amount, u.most
    FROM limit_use u, refunds_done
    WHERE u.amount > 0 AND u.amount <= u.most
    ORDER BY u.campaign_id, u.action, u.period, u.entities
    ON CONFLICT ON CONSTRAINT limit_counters_key
        DO UPDATE SET used = l.used + excluded.used, most = excluded.most
        WHERE l.used + excluded.used <= excluded.most AND NOT EXISTS (
            SELECT FROM limit_use u
            WHERE u.campaign_id = l.campaign_id AND u.action = l.action AND u.period = l.period
                AND u.entities = l.entities AND u.seen <> l.used)
    RETURNING l.id
), charge AS (
    INSERT INTO limit_charges (session_id, counter_id)
    SELECT given.session_id, charged.id FROM charged, given WHERE given.session_id IS NOT NULL ON CONFLICT DO NOTHING
), limits_done AS (
    SELECT count(*) = (SELECT count(*) FROM limit_use WHERE amount > 0) AS fine FROM charged
)"""
NO_LIMITS = ", limits_done AS (SELECT fine FROM referrals_done)"
CAMPAIGN_USES = """, campaign_use AS (
    SELECT u.*, given.application_id, given.now
    FROM limits_done, given, json_to_recordset(given.campaigns)
        AS u (campaign_id bigint, coupon_redemptions bigint, referral_redemptions bigint, discount numeric,
            discount_effects bigint, free_items bigint, custom_effects bigint, coupon_creations bigint,
            referral_creations bigint, reservations bigint, webhook_calls bigint)
)"""
CAMPAIGN_LOCKS = """, campaign AS (
    SELECT c.id FROM campaigns c JOIN campaign_use u ON c.id = u.campaign_id AND c.application_id = u.application_id
    ORDER BY c.id FOR NO KEY UPDATE OF c
)"""
ONE_CAMPAIGN = ", campaign AS (SELECT campaign_id AS id FROM campaign_use)"
CAMPAIGNS = """, counted_campaign AS (
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
        last_activity = u.now
    FROM campaign_use u, campaign
    WHERE c.id = u.campaign_id AND c.id = campaign.id AND c.application_id = u.application_id
    RETURNING 1
)"""
ALL_DONE = """, all_done AS (
    SELECT coupons_done.fine AND referrals_done.fine AND limits_done.fine
        AND (SELECT count(*) FROM counted_campaign) >= 0 AS fine
    FROM coupons_done, referrals_done, limits_done
)
"""


class Kinds(Struct, frozen=True):
    """What a statement has to count: which kinds, and whether several rows of coupons or of campaigns."""

    coupons: bool
    referrals: bool
    limits: bool
    several: bool


def counting(kinds: Kinds) -> str:
    """The part of a statement that counts, from `given` to `all_done`, whose `fine` says whether all was counted."""
    parts = [
        *((COUPON_USES, COUPON_LOCKS if kinds.several else ONE_COUPON, COUPONS) if kinds.coupons else (NO_COUPONS,)),
        *((REFERRAL_USES, REFERRALS) if kinds.referrals else (NO_REFERRALS,)),
        LIMITS if kinds.limits else NO_LIMITS,
        CAMPAIGN_USES,
        CAMPAIGN_LOCKS if kinds.several else ONE_CAMPAIGN,
        CAMPAIGNS,
        ALL_DONE,
    ]
    return "".join(parts)


EVERY_KIND = [Kinds(*choice) for choice in product((False, True), repeat=4)]
COUNT = {kinds: "".join(("WITH", GIVEN, counting(kinds), "SELECT fine FROM all_done")) for kinds in EVERY_KIND}

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

    def kinds(self) -> Kinds:
        """What there is to count."""
        coupons = {*(use.coupon_id for use in self.coupons), *self.reserved}
        return Kinds(
            bool(coupons), bool(self.referrals), bool(self.limits), len(coupons) > 1 or len(self.campaigns) > 1
        )


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


def to_count(uses: Uses) -> tuple[str, str, str, str]:
    """Coupons, referrals, limits and campaigns as COUNTING takes them."""
    limits = [
        {
            "campaign_id": use.campaign_id,
            "action": use.action,
            "entities": _flat(use.entities),
            "period": use.period,
            "amount": use.amount,
            "most": use.limit,
            "seen": None if use.seen is UNSET else use.seen,
        }
        for use in uses.limits
    ]
    campaigns = [asdict(use) for use in uses.campaigns]
    return encode_text(_coupon_rows(uses)), encode_text(uses.referrals), encode_text(limits), encode_text(campaigns)


async def count(conn: Connection, application_id: int, uses: Uses, now: datetime) -> None:
    """Move all counters, the last thing of a transaction; raises Retry when one of them has no room any more."""
    if not await conn.fetchval(COUNT[uses.kinds()], application_id, *to_count(uses), now):
        raise Retry


def _coupon_rows(uses: Uses) -> list[dict[str, Any]]:
    """One row for each coupon that is redeemed, taken back or reserved."""
    rows: dict[int, dict[str, Any]] = {}
    for use in uses.coupons:
        counted = {name: value for name, value in asdict(use).items() if value is not UNSET}
        rows[use.coupon_id] = {**counted, "reservations": 0}
    for coupon_id, times in uses.reserved.items():
        new = {"coupon_id": coupon_id, "campaign_id": 0, "redemptions": 0, "discount": 0}
        rows.setdefault(coupon_id, new)["reservations"] = times
    return list(rows.values())


async def profile_redemptions(
    conn: Connection, application_id: int, profile_id: int, coupon_ids: Collection[int]
) -> dict[int, int]:
    """How often a customer has redeemed each coupon; those never redeemed are left out."""
    rows = await conn.fetch(COUNT_PROFILE_REDEMPTIONS, application_id, profile_id, list(coupon_ids))
    return {row["coupon_id"]: row["redemptions"] for row in rows}
