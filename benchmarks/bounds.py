"""What the worst rules cost (`.venv/bin/python benchmarks/bounds.py`): each asks for more than it may, on a cart of
10,000 units, and is stopped or answers.

The floor is a loop of plain Python with as many turns as a campaign has steps. A rule that takes many times as long
does too much in a step. Seconds of processor time, at the first run:
what is kept for the next one does not count. Only the engine: no database, no HTTP.
"""

import time
from collections.abc import Callable
from typing import Any

from guerdon.engine import evaluate, read_case
from guerdon.engine.talang.values import MOST_STEPS
from guerdon.wire.base import encode

GOAL = 20
ITEMS = [".", "Session", "CartItems"]
LONG = {"name": "long", "expression": ["+", *["0123456789abcdef" * 64] * 10]}
PRICE = [".", "Item", "Price"]


def some(body: list[Any]) -> list[Any]:
    """Whether any item is of this kind, asked of every one."""
    return ["and", [">", ["count", ["filter", ITEMS, [["Item"], *body]]], 0]]


RULES: dict[str, tuple[list[Any], list[dict[str, Any]]]] = {
    "every item beside every other": (
        some([["exists", ITEMS, [["B"], ["=", PRICE, ["+", [".", "B", "Price"], 1]]]]]), []),
    "a pattern of its own for each item": (
        some([["set", "n", ["+", [".", "Item", "SubPosition"], 1]],
              ["~", ["concat", "(\\pL{9})", ["toString", [".", "n"]]], "a"]]), []),
    "a long text for each item": (
        ["and", [">", ["count", ["map", ITEMS, [["Item"], ["concat", [".", "long"], "x"]]]], 0]], [LONG]),
    "sorting by long texts": (
        ["and", [">", ["count", ["sortByString", ITEMS, [["Item"], [".", "long"]], True]], 0]], [LONG]),
    "guessing a time for each item": (
        some([["catch", False, ["after", ["parseTime", [".", "Item", "SKU"]], "2026-01-01T00:00:00Z"]]]), []),
    "five thousand products for each item": (
        some([["oneOf", [".", "Item", "SKU"], ["list", *[f"SKU-{number}" for number in range(5000)]]]]), []),
}  # fmt: skip


def seconds(run: Callable[[], Any]) -> float:
    """Of processor time."""
    began = time.process_time()
    run()
    return time.process_time() - began


def loop() -> int:
    """The floor."""
    turns = 0
    for _ in range(MOST_STEPS):
        turns += 1
    return turns


def judging(condition: list[Any], bindings: list[dict[str, Any]]) -> Callable[[], Any]:
    """The evaluation of one rule with this condition."""
    rule = {"title": "Worst", "condition": condition, "effects": [["setDiscount", "Off", 1]]}
    case = read_case(
        encode(
            {
                "application": {"flattened": True},
                "campaigns": [{"rules": [rule], "bindings": bindings}],
                "session": {"cartItems": [{"sku": "MUG", "quantity": 10_000, "price": 1}]},
            }
        )
    )
    return lambda: evaluate(case.program, case.facts, case.now)


def main() -> None:
    """Print a line for each rule."""
    floor = min(seconds(loop) for _ in range(5))
    print(f"{'the floor':40} {floor:6.2f} s")
    for title, (condition, bindings) in RULES.items():
        took = seconds(judging(condition, bindings))
        verdict = "PASS" if took <= GOAL * floor else "MISS"
        print(f"{title:40} {took:6.2f} s  {took / floor:5.1f} times the floor  (goal {GOAL}: {verdict})")


if __name__ == "__main__":
    main()
