"""What one effect takes from unit to unit: counted here as it goes, and written back in one go."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from guerdon.engine.facts import ZERO
from guerdon.engine.money import cut, split
from guerdon.engine.talang.values import QUOTIENT

PRICE, COSTS, BOTH, COST = "price", "additionalCosts", "itemTotal", "cost"
SCOPES = (PRICE, COSTS, BOTH)
ORIGINAL, REMAINING = "original", "remaining"


class Tally:
    """The units as an effect finds and leaves them. `scope` is one of SCOPES, or COST for the additional cost named.

    `session` and `cart` are what is left of the session and of its cart items as a whole. What is left of a unit is
    worked out in the order of the list, so that all of it together never exceeds either.
    """

    def __init__(self, discounts: Any, scope: str, cost: str = "") -> None:
        self._discounts, self._scope, self._cost = discounts, scope, cost
        self._capped, self._decimals = discounts.settings.capped, discounts.settings.rounding
        self.session: Decimal = discounts.left("sessionTotal")
        self.cart: Decimal = discounts.session.cart_item_total - discounts.granted.get("cartItems", ZERO)
        self._granted_prices, self._granted_costs = discounts.prices, discounts.costs
        self._prices: dict[Any, Decimal] = {}
        self._costs: dict[Any, Decimal] = {}
        self._named: dict[Any, Decimal] = {}
        self._kept: dict[Any, Decimal] = {}
        self.taken = self._taken_from_cart = ZERO

    def cap(self, item: Any, amount: Decimal) -> Decimal:
        """The amount, or what is left of the unit where that is less."""
        if not self._capped:
            return amount
        left = self._price(item) if self._scope in (PRICE, BOTH) else ZERO
        if left > self.cart:
            left = self.cart
        if self._scope != PRICE:
            left = max(ZERO, left) + max(ZERO, self._of_scope(item))
        if left > self.session:
            left = self.session
        if amount <= left:
            return amount
        return cut(left, self._decimals) if left > 0 else ZERO

    def caps(self, items: Sequence[Any], amount: Decimal) -> tuple[list[Decimal] | None, Decimal]:
        """What each of several units can take at most, and how much of the amount they can take together. What the
        cart items as a whole have left is kept for their prices in proportion."""
        if not self._capped:
            return None, amount
        together, rooms = self.session, [ZERO] * len(items)
        if self._scope in (PRICE, BOTH):
            rooms = [max(ZERO, self._price(item)) for item in items]
        if self._scope == PRICE:
            together = min(together, self.cart)
        else:
            cart = max(ZERO, self.cart)
            if sum(rooms, ZERO) > cart:
                rooms = split(cart, rooms, caps=rooms)
            self._kept = {item.unit: room for item, room in zip(items, rooms, strict=True)}
            rooms = [room + max(ZERO, self._of_scope(item)) for item, room in zip(items, rooms, strict=True)]
        rooms = [cut(room, self._decimals) for room in rooms]
        return rooms, min(amount, sum(rooms, ZERO), max(ZERO, cut(together, self._decimals)))

    def weight(self, item: Any, basis: str) -> Decimal:
        """What a share of a discount is in proportion to: the worth of the unit in this scope, before discounts or as
        they left it."""
        if basis == REMAINING:
            price = max(ZERO, self._price(item)) if self._scope in (PRICE, BOTH) else ZERO
            return price if self._scope == PRICE else price + max(ZERO, self._of_scope(item))
        line, count = item.line, item.count
        if self._scope == PRICE:
            return Decimal(line.price * count)
        return Decimal((line.costs if self._scope == COSTS else line.price + line.costs) * count)

    def take(self, item: Any, value: Decimal) -> None:
        """Count what is given off a unit."""
        unit = item.unit
        price = value if self._scope == PRICE else self._part_of_price(item, value) if self._scope == BOTH else ZERO
        if self._scope == COST:
            key = (unit, self._cost)
            self._named[key] = self._of_cost(key) + value
        self.session -= value
        self.taken += value
        if price:
            self.cart -= price
            self._taken_from_cart += price
            self._prices[unit] = self._of_price(unit) + price
        if value != price:
            self._costs[unit] = self._of_costs(unit) + value - price

    def write(self) -> None:
        """Add all of it to what was granted."""
        discounts, undo = self._discounts, self._discounts.undo
        undo.put_all(discounts.prices, self._prices)
        undo.put_all(discounts.costs, self._costs)
        undo.put_all(discounts.named, self._named)
        for scope, taken in (("sessionTotal", self.taken), ("cartItems", self._taken_from_cart)):
            if taken:
                undo.put(discounts.granted, scope, discounts.granted.get(scope, ZERO) + taken)

    # --- what is left of a unit

    def _of_price(self, unit: Any) -> Decimal:
        return self._prices.get(unit) or self._granted_prices.get(unit, ZERO)

    def _of_costs(self, unit: Any) -> Decimal:
        return self._costs.get(unit) or self._granted_costs.get(unit, ZERO)

    def _of_cost(self, key: tuple[Any, str]) -> Decimal:
        granted: Decimal = self._named.get(key) or self._discounts.named.get(key, ZERO)
        return granted

    def _price(self, item: Any) -> Decimal:
        left: Decimal = item.line.price if item.count == 1 else item.line.price * item.count
        if self._prices or self._granted_prices:
            left -= self._of_price(item.unit)
        return left

    def _of_scope(self, item: Any) -> Decimal:
        """What is left of the costs of a unit, or of the one that is discounted."""
        left: Decimal = item.line.costs * item.count - self._of_costs(item.unit)
        if self._scope != COST:
            return left
        of_cost: Decimal = item.line.additional_costs[self._cost] * item.count
        return min(left, of_cost - self._of_cost((item.unit, self._cost)))

    def _part_of_price(self, item: Any, value: Decimal) -> Decimal:
        """The part of an itemTotal discount that comes off the price: the costs bear the rest."""
        price: Decimal = item.line.price * item.count
        costs: Decimal = item.line.costs * item.count
        if self._capped:
            kept = self._kept.get(item.unit)
            price = max(ZERO, min(self._price(item), self.cart)) if kept is None else kept
            costs = max(ZERO, costs - self._of_costs(item.unit))
        if not costs:
            return value
        share = QUOTIENT.divide(value * price, price + costs)
        return max(value - costs, min(share, price)) if self._capped else share
