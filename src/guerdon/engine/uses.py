"""What effects do to the counters of coupons and campaigns when the session closes, and what a rollback undoes."""

from collections.abc import Iterable
from decimal import Decimal

from guerdon.engine.effects import Effect
from guerdon.engine.facts import ZERO, Coupon
from guerdon.engine.outcome import CampaignUse, CouponUse

DISCOUNTS = (
    "setDiscount", "setDiscountPerItem", "setDiscountPerAdditionalCost", "setDiscountPerAdditionalCostPerItem",
)  # fmt: skip


def coupon_uses(effects: Iterable[Effect], redeemed: Iterable[Coupon]) -> tuple[CouponUse, ...]:
    """One redemption for each accepted code, and what it gave away, in order of coupon id (the lock order)."""
    given: dict[int, Decimal] = {}
    for effect in effects:
        if effect.effect_type in DISCOUNTS and isinstance(effect.triggered_by_coupon, int):
            given[effect.triggered_by_coupon] = given.get(effect.triggered_by_coupon, ZERO) + effect.props.value
    return tuple(
        CouponUse(
            coupon_id=coupon.id, campaign_id=coupon.campaign_id, redemptions=1, discount=given.get(coupon.id, ZERO)
        )
        for coupon in sorted(redeemed, key=lambda coupon: coupon.id)
    )


def campaign_uses(effects: Iterable[Effect], redeemed: Iterable[Coupon]) -> tuple[CampaignUse, ...]:
    """What each campaign gave, in order of campaign id."""
    counting = {coupon.id for coupon in redeemed}
    found: dict[int, dict[str, int | Decimal]] = {}
    for effect in effects:
        if effect.effect_type == "acceptCoupon" and effect.triggered_by_coupon not in counting:
            continue
        counted = found.setdefault(effect.campaign_id, {})
        if effect.effect_type in DISCOUNTS:
            counted["discount"] = counted.get("discount", ZERO) + effect.props.value
            counted["discount_effects"] = counted.get("discount_effects", 0) + 1
        else:
            name = {
                "acceptCoupon": "coupon_redemptions",
                "addFreeItem": "free_items",
                "customEffect": "custom_effects",
            }.get(effect.effect_type)
            if name:
                counted[name] = counted.get(name, 0) + 1
    return tuple(CampaignUse(campaign_id=of, **counted) for of, counted in sorted(found.items()) if counted)  # type: ignore[arg-type]
