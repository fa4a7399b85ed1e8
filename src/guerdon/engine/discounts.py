"""Discounts: scopes, caps, shares and partial rewards (core.md §5.2, rules.md §5.8-5.12). No price goes below zero.

What was granted is counted where it was taken from: the session as a whole, its cart items, its additional costs,
and the price and costs of each unit. What an itemTotal discount takes is divided between the price and the costs of
the unit in proportion to what is left of each. A discount is capped at what is left of its scope, unless the
Application says otherwise; then nothing is capped.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from guerdon.engine.effects import Effect
from guerdon.engine.facts import ZERO, Session
from guerdon.engine.items import Item
from guerdon.engine.limits import Limits
from guerdon.engine.money import cut, plain, rounded, split
from guerdon.engine.program import Settings
from guerdon.engine.props import (
    SetDiscount,
    SetDiscountPerAdditionalCost,
    SetDiscountPerAdditionalCostPerItem,
    SetDiscountPerItem,
)
from guerdon.engine.rollback import value_of
from guerdon.engine.talang.bundles import Marks
from guerdon.engine.talang.values import QUOTIENT, EvaluationError
from guerdon.engine.tally import COST, ORIGINAL, PRICE, SCOPES, Tally
from guerdon.engine.undo import Undo
from guerdon.engine.uses import DISCOUNTS

SESSION, CART, COSTS = "sessionTotal", "cartItems", "additionalCosts"
Amounts = tuple[Marks, list[tuple[Any, Decimal]]]
Shares = tuple[Marks, list[Any], Decimal]
Given = tuple[Any, Decimal, Decimal, Marks]


class Discounts:
    """What one evaluation has granted, and the effects that grant more. Each takes the frame of the rule, and fails
    with an EvaluationError; an effect that wants nothing gives nothing and succeeds."""

    def __init__(self, session: Session, settings: Settings, limits: Limits, undo: Undo) -> None:
        self.session, self.settings, self.limits, self.undo = session, settings, limits, undo
        self.granted: dict[Any, Decimal] = {}
        self.prices: dict[Any, Decimal] = {}
        self.costs: dict[Any, Decimal] = {}
        self.named: dict[tuple[Any, str], Decimal] = {}

    def stand(self, effects: Iterable[Effect], items: Iterable[Item]) -> None:
        """Count discounts that were given before and hold on, as JSON has them: a session of which items were returned,
        and of which only some campaigns are judged again. Where lines are not the units that they were then, such as
        when the Application flattens carts since, what was off a unit is off the cart."""
        units = {item.unit: item for item in items}
        for effect in effects:
            if effect.effect_type not in DISCOUNTS:
                continue
            props, value = effect.props, value_of(effect)
            cost, scope = props.get("additionalCost", ""), props.get("scope")
            if "position" not in props:
                scopes = (COSTS, (COST, cost)) if cost else (scope or self.settings.discount_scope,)
                self._grant(value, dict.fromkeys((SESSION, *scopes)))
                continue
            scope = COST if cost else scope or self.settings.item_scope
            item = units.get((props["position"], props.get("subPosition")))
            if item is None:
                self._grant(value, (SESSION, CART) if scope == PRICE else (SESSION,))
            else:
                tally = Tally(self, scope, cost)
                tally.take(item, value)
                tally.write()

    # --- what rules read

    def discounted(self, scope: str) -> Decimal:
        """The session total or the cart items after the discounts so far, not below zero; as they were without
        cascading discounts (rules.md §5.9)."""
        whole = self.session.total if scope == SESSION else self.session.cart_item_total
        return plain(max(ZERO, whole - self.granted.get(scope, ZERO))) if self.settings.cascading else whole

    def discounted_price(self, item: Any) -> Decimal:
        """The price of a unit after the discounts on it; of a line that is not flattened, the average of its units."""
        price: Decimal = item.line.price
        granted = self.prices.get(item.unit) if self.settings.cascading else None
        return price if granted is None else plain(max(ZERO, price - QUOTIENT.divide(granted, item.quantity)))

    def discounted_cost(self, cost: str) -> Decimal | None:
        """An additional cost of the session after the discounts on it; None where the session has none."""
        price = self.session.additional_costs.get(cost)
        if price is None or not self.settings.cascading:
            return price
        return plain(max(ZERO, price - self.granted.get((COST, cost), ZERO)))

    # --- what is left

    def left(self, scope: str) -> Decimal:
        """What is left of a session scope, and of the whole."""
        session = self.session
        whole = session.total - self.granted.get(SESSION, ZERO)
        if scope == CART:
            return min(whole, session.cart_item_total - self.granted.get(CART, ZERO))
        if scope == COSTS:
            return min(whole, session.additional_cost_total - self.granted.get(COSTS, ZERO))
        return whole

    def capped(self, amount: Decimal, left: Decimal, name: str) -> Decimal:
        """An amount off a scope of which so much is left; an error where nothing is."""
        if not self.settings.capped:
            return amount
        capped = min(amount, cut(max(ZERO, left), self.settings.rounding))
        if not capped:
            raise EvaluationError(f"nothing is left to discount for {name!r}")
        return capped

    def wanted(self, name: str, amount: Decimal) -> Decimal:
        """A single amount, rounded as the Application says; an error where it is negative."""
        if amount < 0:
            raise EvaluationError(f"the discount {name!r} is negative")
        return rounded(amount, self.settings.rounding)

    def partial(self, partial: bool | None) -> bool:
        """Whether an effect may give less than it wants: as it says itself, else as the Application says."""
        return self.settings.partial if partial is None else partial

    # --- off the session

    def off_session(
        self, frame: Any, name: str, amount: Decimal, *, scope: str = "", partial: bool | None = None
    ) -> None:
        """An amount off the session, or off its cart items or additional costs."""
        frame.before_change_of_session()
        scope = scope or self.settings.discount_scope
        if scope not in (SESSION, CART, COSTS):
            raise EvaluationError(f"{scope!r} is not a scope of a session discount")
        amount = self.wanted(name, amount)
        if amount:
            capped = self.capped(amount, self.left(scope), name)
            value = self._allowed(capped, name, self.partial(partial))
            self._grant(value, (SESSION,) if scope == SESSION else (SESSION, scope))
            frame.emit(
                SetDiscount(
                    name=name,
                    value=plain(value),
                    scope=scope if self.settings.cascading else UNSET,
                    desired_value=plain(capped) if self.partial(partial) else UNSET,
                )
            )

    def off_cost(self, frame: Any, name: str, cost: str, amount: Decimal, *, partial: bool | None = None) -> None:
        """An amount off one of the session's additional costs."""
        frame.before_change_of_session()
        amount = self.wanted(name, amount)
        price = self.session.additional_costs.get(cost)
        if price is None:
            raise EvaluationError(f"the session has no additional cost {cost!r}")
        if amount:
            left = min(self.left(COSTS), price - self.granted.get((COST, cost), ZERO))
            capped = self.capped(amount, left, name)
            value = self._allowed(capped, name, self.partial(partial))
            self._grant(value, (SESSION, COSTS, (COST, cost)))
            frame.emit(
                SetDiscountPerAdditionalCost(
                    name=name,
                    additional_cost_id=cost_id(frame, cost),
                    additional_cost=cost,
                    value=plain(value),
                    desired_value=plain(capped) if self.partial(partial) else UNSET,
                )
            )

    # --- off single units

    def off_items(
        self,
        frame: Any,
        name: str,
        amounts: Sequence[Amounts],
        *,
        scope: str = "",
        partial: bool | None = None,
        excluded_from_price_history: bool | None = None,
    ) -> None:
        """Amounts off single units, each with what the effects say about its bundle. Units with a negative amount are
        passed over; it fails only when something was wanted and nothing could be given."""
        frame.before_change_of_session()
        scope = self._item_scope(scope)
        may_be_less = self.partial(partial)
        shared = self._shared(scope, excluded_from_price_history)
        frame.emit_all(
            _off_unit(name, item, value, capped if may_be_less else None, {**shared, **marks})
            for item, value, capped, marks in self._each(name, touched(frame, amounts), Tally(self, scope), may_be_less)
        )

    def off_costs_of_items(
        self, frame: Any, name: str, amounts: Sequence[Amounts], cost: str, *, partial: bool | None = None
    ) -> None:
        """Amounts off an additional cost of single units. It fails where one of them does not have that cost."""
        frame.before_change_of_session()
        number, may_be_less = cost_id(frame, cost), self.partial(partial)
        amounts = touched(frame, amounts)
        for _, of_items in amounts:
            for item, _ in of_items:
                if cost not in item.line.additional_costs:
                    raise EvaluationError(f"the item at position {item.line.position} has no additional cost {cost!r}")
        frame.emit_all(
            SetDiscountPerAdditionalCostPerItem(
                name=f"{name}#{item.line.position}",
                additional_cost_id=number,
                additional_cost=cost,
                value=plain(value),
                position=item.line.position,
                sub_position=UNSET if item.sub_position is None else item.sub_position,
                desired_value=plain(capped) if may_be_less else UNSET,
            )
            for item, value, capped, _ in self._each(name, amounts, Tally(self, COST, cost), may_be_less)
        )

    def _each(self, name: str, amounts: Sequence[Amounts], tally: Tally, partial: bool) -> list[Given]:
        """Give what is wanted, unit by unit: the unit, what it gets, what it would get without limits, its marks."""
        if not any(amount > 0 for _, of_items in amounts for _, amount in of_items):
            return []
        decimals, quota = self.settings.rounding, self.limits.quota(name, partial)
        found: list[Given] = []
        wanted = False
        for marks, of_items in amounts:
            for item, amount in of_items:
                if decimals is not None:
                    amount = rounded(amount, decimals)
                if amount <= 0:
                    continue  # e.g. a fixed price above the item's own (rules.md §6.2)
                wanted = True
                capped = tally.cap(item, amount)
                value = capped if quota is None or not capped else quota.take(capped)
                if value:
                    tally.take(item, value)
                    found.append((item, value, capped, marks))
        if wanted and not found:
            raise EvaluationError(f"nothing is left to discount for {name!r}")
        tally.write()
        if quota is not None:
            quota.charge()
        return found

    # --- off several units in proportion

    def pro_rata(
        self,
        frame: Any,
        name: str,
        shares: Sequence[Shares],
        *,
        scope: str = "",
        partial: bool | None = None,
        excluded_from_price_history: bool | None = None,
        basis: str = ORIGINAL,
    ) -> None:
        """Amounts that are each shared by several units, in proportion to their worth: `basis` says whether before
        discounts or as earlier ones left it. What a unit has no room for goes to the others. A unit counts once,
        however often the list names it. Where the number of effects is limited, all shares of an amount are given or
        none. With `partial`, amounts that come after a limit was used up get nothing."""
        frame.before_change_of_session()
        scope = self._item_scope(scope)
        may_be_less = self.partial(partial)
        tally = Tally(self, scope)
        shared = self._shared(scope, excluded_from_price_history)
        wanted = given = False
        for marks, items, total in shares:
            amount = self.wanted(name, total)
            units = list({item.unit: item for item in items}.values())
            wanted = wanted or bool(amount and any(map(frame.may_touch, units)))
            parts = self._parts(frame, name, tally, units, amount, basis, may_be_less)
            if not parts:
                continue
            given = True
            about = {**shared, **marks, "total_discount": plain(sum((part for _, part, _ in parts), ZERO))}
            if may_be_less:
                about["desired_total_discount"] = plain(sum((most for _, _, most in parts), ZERO))
            frame.emit_all(
                _off_unit(name, item, part, most if may_be_less else None, about) for item, part, most in parts
            )
        if wanted and not given:
            raise EvaluationError(f"nothing is left to discount for {name!r}")
        tally.write()

    def _parts(
        self, frame: Any, name: str, tally: Tally, units: list[Any], amount: Decimal, basis: str, partial: bool
    ) -> list[tuple[Any, Decimal, Decimal]]:
        """The units with the part of the amount that each gets, and would get without limits. Units that effects may
        not touch now have their part, but do not get it."""
        rooms, capped = tally.caps(units, amount)
        weights, decimals = [tally.weight(item, basis) for item in units], self.settings.rounding
        shared = split(capped, weights, caps=rooms, decimals=decimals)
        mine = [(item, part) for item, part in zip(units, shared, strict=True) if part and frame.may_touch(item)]
        desired = [part for _, part in mine]
        if not mine or (partial and tally.taken and self._used_up(len(mine))):
            return []
        whole = sum(desired, ZERO)
        value = self.limits.take("setDiscount", whole, partial, repr(name))
        parts = desired if value == whole else split(value, desired, caps=desired, decimals=decimals)
        found = [(item, part, most) for (item, most), part in zip(mine, parts, strict=True) if part]
        self.limits.take("setDiscountEffect", len(found), what=repr(name))
        for item, part, _ in found:
            tally.take(item, part)
        return found

    def _used_up(self, count: int) -> bool:
        """Whether the limits leave nothing, or not so many effects."""
        money, effects = self.limits.room("setDiscount"), self.limits.room("setDiscountEffect")
        self.limits.rely("setDiscount")
        self.limits.rely("setDiscountEffect")
        return money == 0 or (effects is not None and effects < count)

    # --- common to all

    def _item_scope(self, scope: str) -> str:
        scope = scope or self.settings.item_scope
        if scope not in SCOPES:
            raise EvaluationError(f"{scope!r} is not a scope of a discount per item")
        return scope

    def _shared(self, scope: str, excluded: bool | None) -> dict[str, Any]:
        """What all effects of a discount per item say alike."""
        return {
            "scope": scope if self.settings.cascading else UNSET,
            "excluded_from_price_history": UNSET if excluded is None else excluded,
        }

    def _allowed(self, amount: Decimal, name: str, partial: bool) -> Decimal:
        """What the limits allow of one amount."""
        value = self.limits.take("setDiscount", amount, partial, repr(name))
        self.limits.take("setDiscountEffect", what=repr(name))
        return value

    def _grant(self, value: Decimal, scopes: Iterable[Any]) -> None:
        for scope in scopes:
            self.undo.put(self.granted, scope, self.granted.get(scope, ZERO) + value)


def _off_unit(
    name: str, item: Any, value: Decimal, desired: Decimal | None, about: dict[str, Any]
) -> SetDiscountPerItem:
    """What a unit gets; `desired` is what it would get without limits, where effects tell that."""
    return SetDiscountPerItem(
        name=f"{name}#{item.line.position}",
        value=plain(value),
        position=item.line.position,
        sub_position=UNSET if item.sub_position is None else item.sub_position,
        desired_value=UNSET if desired is None else plain(desired),
        **about,
    )


def touched(frame: Any, amounts: Sequence[Amounts]) -> Sequence[Amounts]:
    """Without the units that effects may not touch now: they are another campaign's."""
    if frame.only is None:
        return amounts
    return [
        (marks, [(item, amount) for item, amount in of_items if frame.may_touch(item)]) for marks, of_items in amounts
    ]


def cost_id(frame: Any, cost: str) -> int:
    """The id of an additional cost, by its API name."""
    found = frame.program.library.additional_costs.get(cost)
    if found is None:
        raise EvaluationError(f"there is no additional cost {cost!r}")
    return int(found.id)
