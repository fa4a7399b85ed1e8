"""Discounts: scopes, caps and partial rewards (core.md §5.2, rules.md §5.8-5.10). No price goes below zero.

`granted` counts what was given so far in this evaluation, by scope and by unit; what is left of a scope is
what it held before discounts less what was granted in it, and never more than what is left of the session.
"""

from decimal import Decimal
from typing import Any

from msgspec import UNSET

from guerdon.engine.facts import ZERO, Coupon, Session
from guerdon.engine.money import plain
from guerdon.engine.props import SetDiscount, SetDiscountPerItem
from guerdon.engine.talang.values import EvaluationError

SESSION, CART, COSTS = "sessionTotal", "cartItems", "additionalCosts"


class Discounts:
    """What one evaluation has granted, and the two effects that grant more."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.granted: dict[Any, Decimal] = {}

    def left(self, scope: str) -> Decimal:
        """What is left of a session scope."""
        session = self.session
        whole = session.total - self.granted.get(SESSION, ZERO)
        if scope == CART:
            return min(whole, session.cart_item_total - self.granted.get(CART, ZERO))
        if scope == COSTS:
            return min(whole, session.additional_cost_total - self.granted.get(COSTS, ZERO))
        return whole

    def left_of_item(self, item: Any, scope: str) -> Decimal:
        """What is left of one unit (or line): of its price, its costs, or both; and of the session."""
        line, count = item.line, item.quantity
        unit = (line.position, item.sub_position)
        price = line.price * count - self.granted.get(("price", unit), ZERO)
        costs = line.costs * count - self.granted.get(("additionalCosts", unit), ZERO)
        both = price + costs - self.granted.get(("itemTotal", unit), ZERO)
        of_scope = {"price": price, "additionalCosts": costs, "itemTotal": both}[scope]
        least: Decimal = min(of_scope, both, self.left(CART if scope == "price" else SESSION))
        return max(ZERO, least)

    def coupon_left(self, coupon: Coupon | None) -> Decimal | None:
        """What the coupon's discount limit still allows; None when there is none."""
        if coupon is None or coupon.discount_limit is None:
            return None
        return coupon.discount_limit - coupon.discount_counter - self.granted.get(("coupon", coupon.id), ZERO)

    def set_discount(self, frame: Any, name: str, amount: Decimal, scope: str, partial: bool | None) -> None:
        """An amount off the session. A negative amount, a scope with nothing left and a coupon without enough
        left make the effect fail."""
        if not amount:
            return  # nothing to tell the shop, and no failure (core.md §5.2)
        if amount < 0:
            raise EvaluationError(f"the discount {name!r} is negative")
        if scope not in (SESSION, CART, COSTS):
            raise EvaluationError(f"{scope!r} is not a scope of a session discount")
        settings = frame.program.settings
        partial = settings.partial if partial is None else partial
        capped = min(amount, max(ZERO, self.left(scope)))
        if not capped:
            raise EvaluationError(f"nothing is left to discount for {name!r}")
        value = self._within_coupon(frame.coupon, capped, partial, name)
        self._grant(frame, value, [SESSION] if scope == SESSION else [SESSION, scope])
        frame.emit(
            SetDiscount(
                name=name,
                value=plain(value),
                scope=scope if settings.cascading else UNSET,
                desired_value=plain(capped) if partial else UNSET,
            )
        )

    def set_discount_per_item(
        self,
        frame: Any,
        name: str,
        amounts: list[tuple[Any, Decimal]],
        scope: str,
        partial: bool | None,
        *,
        excluded: bool | None = None,
    ) -> None:
        """Amounts off single units; fails only when something was wanted and nothing could be given."""
        if scope not in ("price", "additionalCosts", "itemTotal"):
            raise EvaluationError(f"{scope!r} is not a scope of a discount per item")
        settings = frame.program.settings
        partial = settings.partial if partial is None else partial
        wanted = given = False
        for item, amount in amounts:
            if amount <= 0:
                continue  # e.g. a fixed price above the item's own (rules.md §6.2)
            wanted = True
            capped = min(amount, self.left_of_item(item, scope))
            if not capped:
                continue
            value = self._within_coupon(frame.coupon, capped, partial, name, skip=given)
            if value is None:
                continue
            given = True
            unit = (item.line.position, item.sub_position)
            self._grant(frame, value, [SESSION, (scope, unit), *([CART] if scope == "price" else [])])
            frame.emit(
                SetDiscountPerItem(
                    name=f"{name}#{item.line.position}",
                    value=plain(value),
                    position=item.line.position,
                    sub_position=UNSET if item.sub_position is None else item.sub_position,
                    desired_value=plain(capped) if partial else UNSET,
                    scope=scope if settings.cascading else UNSET,
                    excluded_from_price_history=UNSET if excluded is None else excluded,
                )
            )
        if wanted and not given:
            raise EvaluationError(f"nothing is left to discount for {name!r}")

    def _within_coupon(
        self, coupon: Coupon | None, amount: Decimal, partial: bool, name: str, *, skip: bool = False
    ) -> Any:
        """The amount that the coupon's limit allows. None instead of failing where `skip` allows it."""
        left = self.coupon_left(coupon)
        if left is None or amount <= left:
            return amount
        if partial and left > 0:
            return left
        if partial and skip:
            return None
        raise EvaluationError(f"the coupon has {plain(left)} left, not enough for {name!r}")

    def _grant(self, frame: Any, value: Decimal, keys: list[Any]) -> None:
        if frame.coupon is not None:
            keys = [*keys, ("coupon", frame.coupon.id)]
        for key in keys:
            frame.put(self.granted, key, self.granted.get(key, ZERO) + value)
