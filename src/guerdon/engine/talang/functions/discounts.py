"""Discounts and free items (rules.md §4.2, §5.8-5.12). What they do to the running session is in discounts.py."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from guerdon.engine.library import AdditionalCost
from guerdon.engine.props import AddFreeItem
from guerdon.engine.talang.bundles import groups, targets
from guerdon.engine.talang.kinds import BOOLEAN, BUNDLE, EFFECT, ITEM, LAMBDA, NUMBER, SELECTOR, TEXT, list_of
from guerdon.engine.talang.known import COST
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import EvaluationError, expect

MOST_FREE_ITEMS = 1000
SESSION_SCOPES = ("sessionTotal", "cartItems", "additionalCosts")
ITEM_SCOPES = ("price", "additionalCosts", "itemTotal")
OFF_SESSION = {"scope": SESSION_SCOPES, "partial": BOOLEAN}
OFF_ITEMS = {"scope": ITEM_SCOPES, "partial": BOOLEAN, "excludedFromPriceHistory": BOOLEAN}
ITEMS, BUNDLES = list_of(ITEM), list_of(BUNDLE)
Body = Callable[[Any], Any]


@declare("setDiscount", TEXT, NUMBER, returns=EFFECT, frame=True, options=OFF_SESSION)
def _set_discount(frame: Any, name: str, amount: Decimal, **options: Any) -> None:
    """An amount off the session, e.g. `["setDiscount", "10% off", ["*", [".", "Session", "Total"], 0.1]]`."""
    frame.discounts.off_session(frame, name, amount, **options)


@declare("setDiscountPerItem", TEXT, ITEMS, LAMBDA, returns=EFFECT, frame=True, per_item=True, options=OFF_ITEMS)
def _set_discount_per_item(frame: Any, name: str, items: list[Any], amount: Body, **options: Any) -> None:
    """An amount off each item of a list, or of each bundle, computed per item; an item with a negative amount is
    passed over."""
    frame.discounts.off_items(frame, name, _amounts(frame, items, amount), **options)


@declare("setDiscountPerItemProRata", TEXT, ITEMS, NUMBER, returns=EFFECT, frame=True, per_item=True,
         options={**OFF_ITEMS, "basis": ("original", "remaining")})  # fmt: skip
def _set_discount_pro_rata(frame: Any, name: str, items: list[Any], total: Decimal, **options: Any) -> None:
    """An amount shared by the items of a list in proportion to their prices, or with the basis `remaining` to what
    earlier discounts left of them; of bundles, the amount is for each."""
    found = groups(frame, items)
    shares = [({} if of is None else of.marks, units, total) for of, units in found]
    if found and found[0][0] is None and len(found) > 1:
        raise EvaluationError("a list holds items or bundles, not both")
    frame.discounts.pro_rata(frame, name, shares or [({}, [], total)], **options)


@declare("setDiscountOnBundleItem", TEXT, BUNDLES, SELECTOR, LAMBDA, returns=EFFECT, frame=True, per_item=True,
         over=ITEM, options={**OFF_ITEMS, "prorated": BOOLEAN})  # fmt: skip
def _set_discount_on_bundle_item(
    frame: Any, name: str, bundles: list[Any], select: Any, amount: Body, *, prorated: bool = False, **options: Any
) -> None:
    """An amount off one item of each bundle, computed from that item: `["byIndex", 0]` is the first of the bundle,
    `["lowest", [["Item"], [".", "Item", "Price"]]]` the cheapest. `prorated` spreads it over the whole bundle."""
    chosen = [(of, item, expect(Decimal, amount(item), NUMBER)) for of, item in targets(frame, bundles, select)]
    if prorated:
        shares = [(of.target(item), of.items, worth) for of, item, worth in chosen if worth > 0]
        frame.discounts.pro_rata(frame, name, shares, **options)
    else:
        amounts = [(of.target(item), [(item, worth)]) for of, item, worth in chosen]
        frame.discounts.off_items(frame, name, amounts, **options)


@declare("setDiscountPerAdditionalCost", TEXT, COST, NUMBER, returns=EFFECT, frame=True,
         options={"partial": BOOLEAN})  # fmt: skip
def _set_discount_per_cost(frame: Any, name: str, cost: AdditionalCost, amount: Decimal, **options: Any) -> None:
    """An amount off an additional cost of the session: `["setDiscountPerAdditionalCost", "Free delivery", "shipping",
    4.9]`. A session without that cost makes it fail."""
    frame.discounts.off_cost(frame, name, cost.name, amount, **options)


@declare("setDiscountPerAdditionalCostPerItem", TEXT, ITEMS, COST, LAMBDA, returns=EFFECT, frame=True, per_item=True,
         options={"partial": BOOLEAN})  # fmt: skip
def _set_discount_per_cost_per_item(
    frame: Any, name: str, items: list[Any], cost: AdditionalCost, amount: Body, **options: Any
) -> None:
    """An amount off an additional cost of each item of a list, computed per item. An item without that cost makes it
    fail."""
    frame.discounts.off_costs_of_items(frame, name, _amounts(frame, items, amount), cost.name, **options)


def _amounts(frame: Any, items: list[Any], amount: Body) -> list[tuple[dict[str, Any], list[tuple[Any, Decimal]]]]:
    """What is wanted off each item, bundle by bundle."""
    found = []
    for of, units in groups(frame, items):
        wanted = [(unit, expect(Decimal, amount(unit), NUMBER)) for unit in units]
        found.append(({} if of is None else of.marks, wanted))
    return found


@declare("addFreeItem", TEXT, TEXT, NUMBER, optional=1, returns=EFFECT, frame=True, options={"partial": BOOLEAN})
def _add_free_item(
    frame: Any, name: str, sku: str, quantity: Decimal = Decimal(1), *, partial: bool | None = None
) -> None:
    """Free items for the shop to add: name, SKU and, if more than one, how many."""
    if quantity != quantity.to_integral_value() or not 1 <= quantity <= MOST_FREE_ITEMS:
        raise EvaluationError(f"addFreeItem takes a whole quantity from 1 to {MOST_FREE_ITEMS}")
    may_be_less = frame.discounts.partial(partial)
    given = frame.limits.take("addFreeItemEffect", quantity, may_be_less, repr(name))
    props = AddFreeItem(sku=sku, name=name, desired_quantity=int(quantity) if may_be_less else UNSET)
    frame.emit_all([props] * int(given))
