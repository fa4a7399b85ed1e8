"""Cancelling a closed session: the effects that take back what it was given (core.md §3.7)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from guerdon.engine.effects import Effect
from guerdon.engine.limits import REFUNDED
from guerdon.engine.outcome import CampaignUse, CouponUse, LimitUse, Outcome
from guerdon.engine.props import Props, RollbackCoupon, RollbackDiscount
from guerdon.engine.uses import DISCOUNTS


class Redemption(Struct, frozen=True):
    """A coupon that the closed session redeemed."""

    coupon_id: int
    campaign_id: int


def take_back(given: Iterable[Effect], redemptions: Iterable[Redemption], charged: Iterable[LimitUse] = ()) -> Outcome:
    """Every discount and redemption of a closed session, undone. `given` are its stored effects, with their
    properties as plain dicts; `charged` is what closing it added to the counters of limits, which is given back in
    the period it was charged in. Free items, notifications, custom effects and attributes stay as they are, and so
    do their counters (core.md §8.2)."""
    redeemed = {one.coupon_id: one.campaign_id for one in redemptions}
    effects: list[Effect] = []
    discounts: dict[int, Decimal] = {}
    uses: dict[int, dict[str, Any]] = {}
    for effect in given:
        coupon_id = effect.triggered_by_coupon if isinstance(effect.triggered_by_coupon, int) else None
        counted = uses.setdefault(
            effect.campaign_id, {"coupon_redemptions": 0, "discount": Decimal(0), "discount_effects": 0}
        )
        if effect.effect_type in DISCOUNTS:
            value = effect.props["value"]
            value = value if isinstance(value, Decimal) else Decimal(value)
            counted["discount"] -= value
            counted["discount_effects"] -= 1
            if coupon_id is not None:
                discounts[coupon_id] = discounts.get(coupon_id, Decimal(0)) - value
            effects.append(_undone(effect, "rollbackDiscount", _discount(effect.props, value)))
        elif effect.effect_type == "acceptCoupon" and coupon_id in redeemed:
            counted["coupon_redemptions"] -= 1
            effects.append(_undone(effect, "rollbackCoupon", RollbackCoupon(value=effect.props["value"])))
    return Outcome(
        effects=tuple(effects),
        coupon_uses=tuple(
            CouponUse(coupon_id=one, campaign_id=redeemed[one], redemptions=-1, discount=discounts.get(one, Decimal(0)))
            for one in sorted(redeemed)
        ),
        campaign_uses=tuple(
            CampaignUse(campaign_id=of, **counted) for of, counted in sorted(uses.items()) if any(counted.values())
        ),
        limit_uses=tuple(replace(use, amount=-use.amount) for use in charged if use.action in REFUNDED),
    )


def _discount(props: dict[str, Any], value: Decimal) -> RollbackDiscount:
    return RollbackDiscount(
        name=props["name"],
        value=value,
        cart_item_position=props.get("position", UNSET),
        cart_item_sub_position=props.get("subPosition", UNSET),
        additional_cost_id=props.get("additionalCostId", UNSET),
        additional_cost=props.get("additionalCost", UNSET),
        scope=props.get("scope", UNSET),
    )


def _undone(effect: Effect, kind: str, props: Props) -> Effect:
    return Effect(
        campaign_id=effect.campaign_id,
        ruleset_id=effect.ruleset_id,
        rule_index=effect.rule_index,
        rule_name=effect.rule_name,
        effect_type=kind,
        props=props,
        triggered_by_coupon=effect.triggered_by_coupon,
        evaluation_group_id=effect.evaluation_group_id,
        evaluation_group_mode=effect.evaluation_group_mode,
    )
