"""What effects do to the counters of coupons, referrals and campaigns, and when: most counts when the session closes,
what is made or done at once counts at once (core.md §8.2)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from guerdon.engine.effects import Effect
from guerdon.engine.facts import ZERO, Coupon, KeptCode, Referral
from guerdon.engine.limits import Limits
from guerdon.engine.outcome import CampaignUse, CouponUse, ReferralUse

DISCOUNTS = (
    "setDiscount", "setDiscountPerItem", "setDiscountPerAdditionalCost", "setDiscountPerAdditionalCostPerItem",
)  # fmt: skip
_AT_CLOSE = {"addFreeItem": "free_items", "customEffect": "custom_effects"}
_AT_ONCE = {
    "couponCreated": "coupon_creations", "referralCreated": "referral_creations", "reserveCoupon": "reservations",
    "triggerWebhook": "webhook_calls",
}  # fmt: skip
_KINDS = {"couponCreated": "coupon", "referralCreated": "referral"}


class CampaignCounts:
    """Counters of campaigns while they are added up."""

    def __init__(self) -> None:
        self._counts: dict[int, dict[str, Any]] = {}

    def add(self, campaign_id: int, name: str, amount: int | Decimal = 1) -> None:
        """Add to the counter that this member of CampaignUse is."""
        counts = self._counts.setdefault(campaign_id, {})
        counts[name] = counts.get(name, 0) + amount

    def give(self, effects: Iterable[Effect]) -> None:
        """Count effects that are given for good; there may be ten thousand of them."""
        for effect in effects:
            kind = effect.effect_type
            if kind in DISCOUNTS:
                counts = self._counts.setdefault(effect.campaign_id, {})
                counts["discount"] = counts.get("discount", ZERO) + effect.props.value
                counts["discount_effects"] = counts.get("discount_effects", 0) + 1
            elif kind in _AT_CLOSE:
                self.add(effect.campaign_id, _AT_CLOSE[kind])

    def uses(self) -> tuple[CampaignUse, ...]:
        """What changed, in order of campaign id (the lock order)."""
        return tuple(
            CampaignUse(campaign_id=of, **counts) for of, counts in sorted(self._counts.items()) if any(counts.values())
        )


def coupon_uses(effects: Iterable[Effect], redeemed: Iterable[Coupon], limits: Limits) -> tuple[CouponUse, ...]:
    """One redemption for each accepted code, and what it gave away, in order of coupon id (the lock order)."""
    given: dict[int, Decimal] = {}
    for effect in effects:
        if effect.effect_type in DISCOUNTS and isinstance(effect.triggered_by_coupon, int):
            given[effect.triggered_by_coupon] = given.get(effect.triggered_by_coupon, ZERO) + effect.props.value
    return tuple(
        CouponUse(
            coupon_id=coupon.id,
            campaign_id=coupon.campaign_id,
            redemptions=1,
            discount=given.get(coupon.id, ZERO),
            seen_usage=coupon.usage_counter if limits.relied_on(coupon) else UNSET,
            seen_discount=coupon.discount_counter if limits.relied_on(coupon) else UNSET,
        )
        for coupon in sorted(redeemed, key=lambda coupon: coupon.id)
    )


def referral_uses(redeemed: Iterable[Referral], limits: Limits) -> tuple[ReferralUse, ...]:
    """One redemption for each accepted referral; a session has one at most."""
    return tuple(
        ReferralUse(
            referral_id=one.id,
            campaign_id=one.campaign_id,
            redemptions=1,
            seen_usage=one.usage_counter if limits.relied_on(one) else UNSET,
        )
        for one in redeemed
    )


def campaign_uses(effects: Iterable[Effect], redeemed: Iterable[Coupon | Referral]) -> tuple[CampaignUse, ...]:
    """What each campaign gives for good when the session closes."""
    counts = CampaignCounts()
    for code in redeemed:
        counts.add(code.campaign_id, "coupon_redemptions" if isinstance(code, Coupon) else "referral_redemptions")
    counts.give(effects)
    return counts.uses()


def immediate_uses(effects: Iterable[Effect], kept_codes: Iterable[KeptCode]) -> tuple[CampaignUse, ...]:
    """What each campaign made and did, which counts in an open session, too: codes that were not there before, new
    reservations, calls."""
    kept = {(one.kind, one.code) for one in kept_codes}
    counts = CampaignCounts()
    for effect in effects:
        kind = effect.effect_type
        if kind not in _AT_ONCE or (kind in _KINDS and (_KINDS[kind], effect.props.value) in kept):
            continue
        if kind != "reserveCoupon" or effect.props.is_new_reservation:
            counts.add(effect.campaign_id, _AT_ONCE[kind])
    return counts.uses()
