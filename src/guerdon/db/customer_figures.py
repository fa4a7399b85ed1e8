"""What one customer's sessions come to, and what became of the codes of one session (management.md §6, §16)."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from guerdon.db.pool import Connection, Row, first
from guerdon.engine.codes import fold
from guerdon.engine.money import plain
from guerdon.wire.analytics import CouponFailureSummary, CustomerAnalytics
from guerdon.wire.base import decoder

SELECT = """
SELECT
    (SELECT count(*) FROM coupon_redemptions r
        WHERE r.profile_id = p.id AND r.application_id = $1 AND r.rolled_back_at IS NULL) AS accepted_coupons,
    -- Those that rules made: all others belong to a batch or an import.
    (SELECT count(*) FROM coupons c WHERE c.application_id = $1 AND c.recipient_integration_id = p.integration_id
        AND c.batch_id IS NULL AND c.import_id IS NULL) AS created_coupons,
    coalesce(sum((SELECT count(*) FROM json_array_elements(s.effects) e WHERE e ->> 'effectType' = 'addFreeItem')), 0)
        ::bigint AS free_items,
    count(s.id) AS total_orders,
    count(s.id) FILTER (WHERE s.total_discounts > 0) AS total_discounted_orders,
    coalesce(sum(s.total), 0) AS total_revenue,
    coalesce(sum(s.total_discounts), 0) AS total_discounts
FROM application_customers a JOIN profiles p ON p.id = a.profile_id
LEFT JOIN customer_sessions s ON s.profile_id = p.id AND s.application_id = $1
    AND s.state IN ('closed', 'partially_returned')
WHERE a.application_id = $1 AND a.profile_id = $2
GROUP BY p.id
"""

# The last update of the session, in every Application that has one of this id.
LAST_UPDATES = """
SELECT e.id, e.created, e.effects, s.integration_id, s.profile_integration_id, a.case_sensitivity
FROM applications a JOIN customer_sessions s ON s.application_id = a.id AND s.integration_id = $3
CROSS JOIN LATERAL (
    SELECT * FROM events one WHERE one.session_id = s.id AND one.application_id = a.id
        AND one.type IN ('talon_session_created', 'talon_session_updated', 'talon_session_closed')
    ORDER BY one.id DESC LIMIT 1) e
WHERE a.account_id = $1 AND ($2::bigint[] IS NULL OR a.id = ANY ($2)) AND ($4::bigint IS NULL OR a.id = $4)
ORDER BY a.id
"""
REASONS = {
    "CouponNotFound": "there is no such code",
    "CouponPartOfNotRunningCampaign": "its campaign is not running",
    "CouponStartDateInFuture": "it is not valid yet",
    "CouponExpired": "it has expired",
    "CouponRecipientDoesNotMatch": "it is for another customer",
    "ProfileRequired": "the session names no customer, and it is only for known ones",
    "CouponReservationRequired": "the customer has not reserved it",
    "CouponLimitReached": "it was used as often as it may be",
    "CampaignLimitReached": "a limit of its campaign is reached",
    "ProfileLimitReached": "the customer has used it as often as they may",
    "CouponPartOfNotTriggeredCampaign": "its campaign gave way to another one",
    "CouponRejectedByCondition": "the session does not meet the conditions of its rules",
    "EffectCouldNotBeApplied": "what it would give cannot be given",
}
MOST_CODES = 1000


async def get_figures(conn: Connection, application_id: int, profile_id: int) -> CustomerAnalytics:
    """What the customer's closed sessions come to. Raises NotFound for one the Application does not know."""
    row = first(await conn.fetchrow(SELECT, application_id, profile_id), "Customer")
    amounts = {name: plain(row[name]) for name in ("total_revenue", "total_discounts")}
    return CustomerAnalytics(**dict(row) | amounts)


async def list_rejections(
    conn: Connection, place: tuple[int, list[int] | None], session: str, application_id: int | None, code: str | None
) -> list[CouponFailureSummary]:
    """What became of each code of the session at its last update; `place` is the account and, where not all are
    allowed, its Applications."""
    found = []
    for row in await conn.fetch(LAST_UPDATES, *place, session, application_id):
        wanted = None if code is None else fold(code, row["case_sensitivity"])
        for number, effect in enumerate(decoder(list[Any]).decode(row["effects"])):
            answers = effect["effectType"] in ("acceptCoupon", "rejectCoupon")
            if answers and wanted in (None, effect["props"]["value"]):
                found.append(_summary(row, number, effect))
    return found


def _summary(row: Row, number: int, effect: dict[str, Any]) -> CouponFailureSummary:
    props, rejected = effect["props"], effect["effectType"] == "rejectCoupon"
    if rejected:
        reason, details = REASONS.get(props["rejectionReason"], props["rejectionReason"]), props.get("details")
        summary = f"The code {props['value']} was rejected: {reason}{f' ({details})' if details else ''}."
    else:
        summary = f"The code {props['value']} was accepted."
    created: datetime = row["created"]
    return CouponFailureSummary(
        id=row["id"] * MOST_CODES + number % MOST_CODES,
        event_id=row["id"],
        session_id=row["integration_id"],
        profile_id=row["profile_integration_id"] or UNSET,
        status="rejected" if rejected else "applied",
        coupon_code=props["value"],
        language="en",
        summary=summary,
        created_at=created,
        updated_at=created,
    )
