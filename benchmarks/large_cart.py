"""What discounts on a large cart cost (`.venv/bin/python benchmarks/large_cart.py`): 1,000 lines of ten units each.

The Application flattens the cart, so every unit is an item of its own. Prints milliseconds of processor time of a whole
evaluation, the median of nine. Only the engine: no database, no HTTP.
"""

import time
from statistics import median
from typing import Any

from guerdon.engine import evaluate, read_case
from guerdon.wire.base import encode

LINES, QUANTITY, ROUNDS = 1_000, 10, 9
ITEMS = [".", "Session", "CartItems"]
PERCENT = [["Item"], ["*", [".", "Item", "Price"], ["/", 15, 100]]]
BUNDLES = [{"name": "Three", "type": "bundle", "expression": ["bundle", [ITEMS, 3]]}]
LIMITS = [{"action": "setDiscount", "limit": 10**9}, {"action": "setDiscountEffect", "limit": 10**9}]
EFFECTS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "15% off each item": (["setDiscountPerItem", "15%", ITEMS, PERCENT], {}),
    "the same under two limits": (["setDiscountPerItem", "15%", ITEMS, PERCENT], {"limits": LIMITS}),
    "15% off price and costs": (["setDiscountPerItem", "15%", ITEMS, PERCENT, {"scope": "itemTotal"}], {}),
    "500 shared by all items": (["setDiscountPerItemProRata", "500", ITEMS, 500], {}),
    "the cheapest of each three free": (
        ["setDiscountOnBundleItem", "Free", [".", "Three"], ["lowest", [["Item"], [".", "Item", "Price"]]],
         [["Item"], [".", "Item", "Price"]]],
        {"bindings": BUNDLES},
    ),
}  # fmt: skip


def cost(effect: list[Any], campaign: dict[str, Any]) -> tuple[float, int]:
    """Milliseconds of processor time of an evaluation, and how many effects it makes."""
    lines = [{"sku": f"SKU-{at}", "price": at % 90 + 5.99, "quantity": QUANTITY} for at in range(LINES)]
    rule = {"title": "Off", "condition": ["and", True], "effects": [effect]}
    case = read_case(
        encode(
            {
                "application": {"flattened": True},
                "campaigns": [{"rules": [rule], **campaign}],
                "session": {"cartItems": lines},
            }
        )
    )
    series = []
    for _ in range(ROUNDS):
        began = time.process_time()
        outcome = evaluate(case.program, case.facts, case.now)
        series.append(time.process_time() - began)
    return median(series) * 1000, len(outcome.effects)


def main() -> None:
    """Print a line for each kind of discount."""
    for title, (effect, campaign) in EFFECTS.items():
        milliseconds, effects = cost(effect, campaign)
        print(f"{title:32} {milliseconds:6.1f} ms  {effects:6d} effects")


if __name__ == "__main__":
    main()
