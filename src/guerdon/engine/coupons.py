"""Codes: how they are compared, and whether one may be used: the checks that need no rule, first failing reason wins
(core.md §6.3, 2-8)."""

from datetime import datetime

from guerdon.engine.facts import Coupon, Facts


def fold(code: str, case_sensitivity: str) -> str:
    """A code as the Application stores and compares it (core.md §6.1)."""
    if case_sensitivity == "insensitive-uppercase":
        return code.upper()
    return code.lower() if case_sensitivity == "insensitive-lowercase" else code


def may_use_coupon(coupon: Coupon, facts: Facts, now: datetime, *, running: bool) -> str | None:
    """None when the code may be judged by its campaign's rules, else the rejection reason.

    `running` tells whether the campaign is evaluated at all at this time.
    """
    if not running:
        return "CouponPartOfNotRunningCampaign"
    if coupon.start_date is not None and now < coupon.start_date:
        return "CouponStartDateInFuture"
    if coupon.expiry_date is not None and now >= coupon.expiry_date:
        return "CouponExpired"
    if coupon.recipient_integration_id and coupon.recipient_integration_id != facts.session.profile_id:
        return "CouponRecipientDoesNotMatch"
    if coupon.is_reservation_mandatory and facts.profile is None:
        return "ProfileRequired"
    if coupon.is_reservation_mandatory and not coupon.implicitly_reserved:
        return "CouponReservationRequired"
    if coupon.usage_limit and coupon.usage_counter >= coupon.usage_limit:
        return "CouponLimitReached"
    return None
