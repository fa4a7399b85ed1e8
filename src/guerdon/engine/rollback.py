"""Cancelling a closed session or opening it again: effects that take back what it was given (core.md §3.7, §3.9)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from guerdon.engine.effects import Effect, effect_of
from guerdon.engine.facts import ZERO
from guerdon.engine.money import plain
from guerdon.engine.outcome import CouponUse, Outcome, ReferralUse
from guerdon.engine.props import Props, RollbackCoupon, RollbackDiscount, RollbackReferral
from guerdon.engine.standing import Standing
from guerdon.engine.uses import DISCOUNTS, CampaignCounts


def take_back(standing: Standing) -> Outcome:
    """Every discount and redemption of a closed session that still stands, undone, in the order of its effects. What
    limits counted is given back in the period it was counted in. Free items, created codes, reservations,
    notifications, custom effects and attributes stay as they are, and so do their counters (core.md §8.2)."""
    rollback = Rollback(standing)
    holding = [effect for effect in standing.effects if not rollback.undo(effect)]
    for one in standing.redemptions:
        rollback.campaigns.add(one.campaign_id, "coupon_redemptions", -1)
    for referral in standing.referrals:
        rollback.campaigns.add(referral.campaign_id, "referral_redemptions", -1)
    return Outcome(
        effects=tuple(rollback.effects),
        coupon_uses=rollback.coupon_uses(-1),
        referral_uses=tuple(
            ReferralUse(referral_id=one.referral_id, campaign_id=one.campaign_id, redemptions=-1)
            for one in sorted(standing.referrals, key=lambda one: one.referral_id)
        ),
        campaign_uses=rollback.campaigns.uses(),
        limit_uses=tuple(replace(use, amount=-use.amount) for use in standing.charged),
        holding=tuple(holding),
    )


class Rollback:
    """What is taken back of one session: the effects that say so, and what they do to the counters of coupons and
    campaigns. Another kind of effect that can be undone gets its place in `undo`."""

    def __init__(self, standing: Standing) -> None:
        self.effects: list[Effect] = []
        self.campaigns = CampaignCounts()
        self._coupons = {one.coupon_id: one.campaign_id for one in standing.redemptions}
        self._referrals = {one.campaign_id for one in standing.referrals}
        self._discounts: dict[int, Decimal] = {}

    def undo(self, effect: Effect) -> bool:
        """Take an effect back; whether it can be."""
        kind = effect.effect_type
        if kind in DISCOUNTS:
            self.undo_discount(effect, value_of(effect))
        elif kind == "acceptCoupon" and effect.triggered_by_coupon in self._coupons:
            self._emit(effect, RollbackCoupon(value=effect.props["value"]))
        elif kind == "acceptReferral" and effect.campaign_id in self._referrals:
            self._emit(effect, RollbackReferral(value=effect.props["value"]))
        else:
            return False
        return True

    def undo_discount(self, effect: Effect, value: Decimal, *, whole: bool = True) -> None:
        """Take back so much of a discount; `whole` says that nothing is left of it then."""
        self._emit(effect, _discount(effect.props, value))
        self.campaigns.add(effect.campaign_id, "discount", -value)
        if whole:
            self.campaigns.add(effect.campaign_id, "discount_effects", -1)
        self.count_discount(effect, -value)

    def count_discount(self, effect: Effect, value: Decimal) -> None:
        """Count a discount for the coupon that triggered it, if the session redeemed that."""
        coupon_id = effect.triggered_by_coupon
        if isinstance(coupon_id, int) and coupon_id in self._coupons:
            self._discounts[coupon_id] = self._discounts.get(coupon_id, ZERO) + value

    def coupon_uses(self, redemptions: int = 0) -> tuple[CouponUse, ...]:
        """What it does to the coupons that the session redeemed, in order of id (the lock order)."""
        return tuple(
            CouponUse(
                coupon_id=one,
                campaign_id=campaign_id,
                redemptions=redemptions,
                discount=plain(self._discounts.get(one, ZERO)),
            )
            for one, campaign_id in sorted(self._coupons.items())
            if redemptions or self._discounts.get(one)
        )

    def _emit(self, effect: Effect, props: Props) -> None:
        about = {name: getattr(effect, name) for name in _WRAPPER}
        self.effects.append(effect_of(props, about))


_WRAPPER = (
    "campaign_id", "ruleset_id", "rule_index", "rule_name", "triggered_by_coupon", "evaluation_group_id",
    "evaluation_group_mode",
)  # fmt: skip


def value_of(effect: Effect) -> Decimal:
    """The amount of a stored discount."""
    value = effect.props["value"]
    return value if isinstance(value, Decimal) else Decimal(value)


def _discount(props: Mapping[str, Any], value: Decimal) -> RollbackDiscount:
    return RollbackDiscount(
        name=props["name"],
        value=value,
        cart_item_position=props.get("position", UNSET),
        cart_item_sub_position=props.get("subPosition", UNSET),
        additional_cost_id=props.get("additionalCostId", UNSET),
        additional_cost=props.get("additionalCost", UNSET),
        scope=props.get("scope", UNSET),
    )
