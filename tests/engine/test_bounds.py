"""Rules that ask for too much: deep, wide, long or without end. Each ends soon, in an answer or in a reason."""

import sys
import time
from decimal import Decimal

import pytest

import judge
from guerdon.engine import Facts, check_ruleset, evaluate, frame

ITEMS = [".", "Session", "CartItems"]


def judged(condition, *, bindings=(), items=(), effects=(("setDiscount", "Yes", 1),)):
    """The discounts and the reasons for failure of one rule, flattened; a problem is a reason, too."""
    rule = {"title": "R", "condition": condition, "effects": [list(effect) for effect in effects]}
    problems = check_ruleset([rule], list(bindings), attributes={})
    if problems:
        return [], [problem.message for problem in problems]
    source = judge.campaign(rules=[rule], bindings=list(bindings))
    program = judge.program([source], [], judge.settings(flattened=True))
    session = judge.session(cartItems=list(items) or [{"sku": "MUG"}])
    facts = Facts(event="talon_session_updated", session=session, profile=None, coupons=(), explain=True)
    outcome = evaluate(program, facts, judge.NOW)
    return [effect.effect_type for effect in outcome.effects], [failure.details for failure in outcome.failures]


def nested(levels, inner, wrap):
    for _ in range(levels):
        inner = wrap(inner)
    return inner


DEEP = {
    "sums": (97, 1, lambda inner: ["+", 0, inner]),
    "catches": (97, 1, lambda inner: ["catch", 0, inner]),
    "catch fallbacks": (96, 1, lambda inner: ["catch", inner, ["/", 1, 0]]),
    "choices": (97, 1, lambda inner: ["if", True, inner, 0]),
    "sums over lists": (48, 1, lambda inner: ["sum", ["list", 1], [["x"], inner]]),
    "filters": (24, 1, lambda inner: ["count", ["filter", ["list", 1], [["x"], ["=", 1, inner]]]]),
}


def from_a_deep_stack(frames, call):
    return call() if frames == 0 else from_a_deep_stack(frames - 1, call)


@pytest.mark.parametrize("name", DEEP)
def test_an_expression_at_the_limit_of_depth_runs_even_from_a_deep_stack(name):
    levels, inner, wrap = DEEP[name]
    assert sys.getrecursionlimit() == 1000
    condition = ["and", ["=", nested(levels, inner, wrap), 1]]
    assert from_a_deep_stack(150, lambda: judged(condition)) == (["setDiscount"], [])


def test_a_chain_of_bindings_at_the_limit_of_depth_runs():
    chain = [{"name": "b0", "expression": ["identity", 1]}]
    chain += [{"name": f"b{i}", "expression": ["+", 1, [".", f"b{i - 1}"]]} for i in range(1, 90)]
    assert from_a_deep_stack(150, lambda: judged(["and", ["=", [".", "b89"], 90]], bindings=chain)) == (
        ["setDiscount"],
        [],
    )


def test_a_sum_of_thousands_of_numbers_runs():
    assert judged(["and", ["=", ["+", *[1] * 1500], 1500], ["=", ["-", 1500, *[1] * 1500], 0]]) == (["setDiscount"], [])


def test_a_comparison_with_thousands_of_numbers_runs():
    assert judged(["and", [">", 5, *[1] * 2000]]) == (["setDiscount"], [])


def quickly(call):
    start = time.perf_counter()
    found = call()
    assert time.perf_counter() - start < 2
    return found


LARGE = [{"sku": "MUG", "quantity": 10_000, "price": 1}]


def test_a_filter_within_a_filter_over_a_large_cart_is_stopped():
    inner = ["exists", ITEMS, [["B"], ["=", [".", "A", "Price"], ["+", [".", "B", "Price"], 1]]]]
    condition = ["and", [">", ["count", ["filter", ITEMS, [["A"], inner]]], 0]]
    assert quickly(lambda: judged(condition, items=LARGE)) == ([], ["Condition 1: the rule takes too many steps"])


def test_catch_cannot_make_a_rule_run_on(monkeypatch):
    monkeypatch.setattr(frame, "MOST_STEPS", 100_000)
    inner = ["catch", False, ["exists", ITEMS, [["B"], ["=", [".", "A", "Price"], ["+", [".", "B", "Price"], 1]]]]]
    condition = ["and", [">", ["count", ["filter", ITEMS, [["A"], inner]]], 0]]
    assert quickly(lambda: judged(condition, items=LARGE)) == ([], ["Condition 1 does not hold"])


def test_the_work_in_a_large_lambda_counts(monkeypatch):
    monkeypatch.setattr(frame, "MOST_STEPS", 100_000)
    body = ["and", *[["=", [".", "Item", "Price"], 1]] * 900]
    condition = ["and", [">", ["count", ["filter", ITEMS, [["Item"], body]]], 0]]
    assert quickly(lambda: judged(condition, items=LARGE)) == ([], ["Condition 1: the rule takes too many steps"])


def test_an_ordinary_filter_over_a_large_cart_runs():
    skus = ["list", *[f"SKU-{number}" for number in range(5000)], "MUG"]
    condition = ["and", ["=", ["count", ["filter", ITEMS, [["Item"], ["oneOf", [".", "Item", "SKU"], skus]]]], 10_000]]
    assert quickly(lambda: judged(condition, items=LARGE)) == (["setDiscount"], [])


def doubled(name, first, wrap, times=60):
    """Bindings of which each holds the one before twice."""
    bindings = [{"name": f"{name}0", "expression": first}]
    return bindings + [{"name": f"{name}{i}", "expression": wrap([".", f"{name}{i - 1}"])} for i in range(1, times)]


def test_lists_of_lists_of_lists_are_not_written_into_an_effect():
    bindings = doubled("b", ["list", 1, 1], lambda one: ["list", one, one])
    found = quickly(
        lambda: judged(["and"], bindings=bindings, effects=[["customEffect", 1, "x", ["kv", ["a", [".", "b59"]]]]])
    )
    assert found == ([], ["Effect 1: lists and maps stand at most 20 deep in each other"])


def test_maps_that_grow_without_end_are_not_written_into_an_effect():
    bindings = doubled("b", ["list", *[1] * 50], lambda one: ["list", *[one] * 50], times=10)
    found = quickly(
        lambda: judged(["and"], bindings=bindings, effects=[["customEffect", 1, "x", ["kv", ["a", [".", "b9"]]]]])
    )
    assert found == ([], ["Effect 1: the rule takes too many steps"])


def test_lists_of_lists_are_not_compared():
    bindings = doubled("a", ["list", 1], lambda one: ["list", one, one])
    bindings += doubled("b", ["list", 2], lambda one: ["list", one, one])
    found = quickly(lambda: judged(["and", ["=", [".", "a59"], [".", "b59"]]], bindings=bindings))
    assert found == ([], ["Condition 1: a list has no text and cannot be compared"])


def test_a_text_does_not_grow_without_end():
    bindings = doubled("b", ["concat", "0123456789", ""], lambda one: ["concat", one, one])
    found = quickly(lambda: judged(["and", ["=", [".", "b59"], "x"]], bindings=bindings))
    assert found == ([], ["Condition 1: a text has at most 65536 characters"])


def test_a_binding_that_fails_is_not_tried_again_and_again():
    bindings = doubled("b", ["/", 1, 0], lambda one: ["catch", one, one])
    found = quickly(lambda: judged(["and", ["=", [".", "b59"], 1]], bindings=bindings))
    assert found == ([], ["Condition 1: division by zero"])


def test_numbers_do_not_grow_without_end():
    bindings = doubled("b", ["identity", Decimal(10) ** 15], lambda one: ["*", one, one])
    found = quickly(lambda: judged(["and", [">", [".", "b59"], 1]], bindings=bindings))
    assert found == ([], ["Condition 1: a number is out of range"])


def test_numbers_do_not_shrink_without_end():
    bindings = doubled("b", ["identity", Decimal("1e-30")], lambda one: ["*", one, one])
    assert quickly(lambda: judged(["and", ["=", [".", "b59"], 0]], bindings=bindings)) == (["setDiscount"], [])


def test_elements_of_the_wrong_kind_are_an_error_and_no_crash():
    effect = ["setDiscountPerItem", "A", ["list", 1, "a"], [["Item"], 1]]
    assert judged(["and"], effects=[effect]) == ([], ["Effect 1: expected a cart item, got '1'"])


def test_the_id_of_a_custom_effect_is_a_number_that_json_readers_know():
    assert judged(["and"], effects=[["customEffect", ["*", Decimal(10) ** 15, 100], "x"]]) == (
        [],
        ["Effect 1: the id of a custom effect is a whole number"],
    )
