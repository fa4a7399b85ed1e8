"""The effects a rule may have (rules.md §4.2). What each does to the running session is in frame.py."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from guerdon.engine.talang.kinds import ANY, BOOLEAN, EFFECT, ITEM, LAMBDA, MAP, NUMBER, TEXT, list_of
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import EvaluationError, expect

NOTIFICATION_TYPES = ("Info", "Offer", "Error", "Misc")
MOST_FREE_ITEMS = 1000
LARGEST_ID = 2**53
SESSION_SCOPES = ("sessionTotal", "cartItems", "additionalCosts")
ITEM_SCOPES = ("price", "additionalCosts", "itemTotal")


@declare(
    "setDiscount", TEXT, NUMBER, returns=EFFECT, frame=True,
    options={"scope": SESSION_SCOPES, "partial": BOOLEAN},
)  # fmt: skip
def _set_discount(frame: Any, name: str, amount: Decimal, **options: Any) -> None:
    """An amount off the session, e.g. `["setDiscount", "10% off", ["*", [".", "Session", "Total"], 0.1]]`."""
    frame.set_discount(name, amount, **options)


@declare(
    "setDiscountPerItem", TEXT, list_of(ITEM), LAMBDA, returns=EFFECT, frame=True, per_item=True,
    options={"scope": ITEM_SCOPES, "partial": BOOLEAN, "excludedFromPriceHistory": BOOLEAN},
)  # fmt: skip
def _set_discount_per_item(
    frame: Any, name: str, items: list[Any], amount: Callable[[Any], Any], **options: Any
) -> None:
    """An amount off each item of a list, computed per item; an item with a negative amount is passed over."""
    frame.visit(len(items))
    amounts = [(frame.unit(item), expect(Decimal, amount(item), NUMBER)) for item in items]
    frame.set_discount_per_item(name, amounts, **options)


@declare("addFreeItem", TEXT, TEXT, NUMBER, optional=1, returns=EFFECT, frame=True)
def _add_free_item(frame: Any, name: str, sku: str, quantity: Decimal = Decimal(1)) -> None:
    """Free items for the shop to add: name, SKU and, if more than one, how many."""
    if quantity != quantity.to_integral_value() or not 1 <= quantity <= MOST_FREE_ITEMS:
        raise EvaluationError(f"addFreeItem takes a whole quantity from 1 to {MOST_FREE_ITEMS}")
    frame.add_free_item(name, sku, int(quantity))


@declare("showNotification", TEXT, TEXT, TEXT, returns=EFFECT, frame=True, failure=True, per_item=True)
def _show_notification(frame: Any, kind: str, title: str, body: str) -> None:
    """A message for the customer: type Info, Offer, Error or Misc, title and body."""
    if kind not in NOTIFICATION_TYPES:
        raise EvaluationError(f"the type of a notification is one of {', '.join(NOTIFICATION_TYPES)}, not {kind!r}")
    frame.show_notification(kind, title, body)


@declare("customEffect", NUMBER, TEXT, MAP, optional=1, returns=EFFECT, frame=True, failure=True)
def _custom_effect(frame: Any, effect_id: Decimal, name: str, payload: dict[str, Any] | None = None) -> None:
    """An effect of the shop's own: id, name and payload: `["customEffect", 7, "wrap", ["kv", ["paper", "red"]]]`."""
    if effect_id != effect_id.to_integral_value() or not 0 <= effect_id <= LARGEST_ID:
        raise EvaluationError("the id of a custom effect is a whole number")
    frame.custom_effect(int(effect_id), name, payload or {})


@declare("updateAttribute", "path", ANY, returns=EFFECT, frame=True)
def _update_attribute(frame: Any, target: tuple[str, str, str], value: Any) -> None:
    """A new value for a custom attribute: `["updateAttribute", ["Session", "Attributes", "tier"], "Gold"]`."""
    frame.update_attribute(target, value)
