"""Whether a coupon may be used: the checks that need no rule, first failing reason wins (core.md §6.3, 2-10)."""

from datetime import datetime

from guerdon.engine.facts import Coupon, Facts
from guerdon.engine.limits import Limits
from guerdon.engine.program import Campaign


def may_use_coupon(
    coupon: Coupon, facts: Facts, now: datetime, *, campaign: Campaign | None, limits: Limits
) -> str | None:
    """None when the code may be judged by its campaign's rules, else the rejection reason.

    `campaign` is None where it is not evaluated at this time. That other codes of the same request use up a limit is
    seen when the turn of the code comes.
    """
    if campaign is None:
        return "CouponPartOfNotRunningCampaign"
    if coupon.start_date is not None and now < coupon.start_date:
        return "CouponStartDateInFuture"
    if coupon.expiry_date is not None and now >= coupon.expiry_date:
        return "CouponExpired"
    if coupon.recipient_integration_id and coupon.recipient_integration_id != facts.session.profile_id:
        return "CouponRecipientDoesNotMatch"
    if facts.profile is None and (coupon.is_reservation_mandatory or limits.needs_profile(campaign, coupon)):
        return "ProfileRequired"
    if coupon.is_reservation_mandatory and not (coupon.implicitly_reserved or coupon.reserved):
        return "CouponReservationRequired"
    if coupon.usage_limit and coupon.usage_counter >= coupon.usage_limit:
        return "CouponLimitReached"
    return limits.refusal(campaign, coupon, "redeemCoupon")
