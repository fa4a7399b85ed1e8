"""Rules that ask for too much: deep, wide, long or without end. Each ends, in an answer or in a reason.

How soon is measured in benchmarks/bounds.py; what never ends, pytest stops (`faulthandler_timeout`).
"""

import sys
from decimal import Decimal

import pytest

import judge
from guerdon.engine import Facts, check_ruleset, evaluate, frame
from guerdon.engine.talang import TalangError
from guerdon.engine.talang import evaluate as evaluate_alone

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


LARGE = [{"sku": "MUG", "quantity": 10_000, "price": 1}]


def test_a_filter_within_a_filter_over_a_large_cart_is_stopped():
    inner = ["exists", ITEMS, [["B"], ["=", [".", "A", "Price"], ["+", [".", "B", "Price"], 1]]]]
    condition = ["and", [">", ["count", ["filter", ITEMS, [["A"], inner]]], 0]]
    assert judged(condition, items=LARGE) == ([], ["Condition 1: the rule takes too many steps"])


def test_catch_cannot_make_a_rule_run_on(monkeypatch):
    monkeypatch.setattr(frame, "MOST_STEPS", 100_000)
    inner = ["catch", False, ["exists", ITEMS, [["B"], ["=", [".", "A", "Price"], ["+", [".", "B", "Price"], 1]]]]]
    condition = ["and", [">", ["count", ["filter", ITEMS, [["A"], inner]]], 0]]
    assert judged(condition, items=LARGE) == ([], ["Condition 1 does not hold"])


def test_the_work_in_a_large_lambda_counts(monkeypatch):
    monkeypatch.setattr(frame, "MOST_STEPS", 100_000)
    body = ["and", *[["=", [".", "Item", "Price"], 1]] * 900]
    condition = ["and", [">", ["count", ["filter", ITEMS, [["Item"], body]]], 0]]
    assert judged(condition, items=LARGE) == ([], ["Condition 1: the rule takes too many steps"])


def test_an_ordinary_filter_over_a_large_cart_runs():
    skus = ["list", *[f"SKU-{number}" for number in range(5000)], "MUG"]
    condition = ["and", ["=", ["count", ["filter", ITEMS, [["Item"], ["oneOf", [".", "Item", "SKU"], skus]]]], 10_000]]
    assert judged(condition, items=LARGE) == (["setDiscount"], [])


def doubled(name, first, wrap, times=60):
    """Bindings of which each holds the one before twice."""
    bindings = [{"name": f"{name}0", "expression": first}]
    return bindings + [{"name": f"{name}{i}", "expression": wrap([".", f"{name}{i - 1}"])} for i in range(1, times)]


def test_lists_of_lists_of_lists_are_not_written_into_an_effect():
    bindings = doubled("b", ["list", 1, 1], lambda one: ["list", one, one])
    found = judged(["and"], bindings=bindings, effects=[["customEffect", 1, "x", ["kv", ["a", [".", "b59"]]]]])
    assert found == ([], ["Effect 1: lists and maps stand at most 20 deep in each other"])


def test_maps_that_grow_without_end_are_not_written_into_an_effect():
    bindings = doubled("b", ["list", *[1] * 50], lambda one: ["list", *[one] * 50], times=10)
    found = judged(["and"], bindings=bindings, effects=[["customEffect", 1, "x", ["kv", ["a", [".", "b9"]]]]])
    assert found == ([], ["Effect 1: the rule takes too many steps"])


def test_lists_of_lists_are_not_compared():
    bindings = doubled("a", ["list", 1], lambda one: ["list", one, one])
    bindings += doubled("b", ["list", 2], lambda one: ["list", one, one])
    found = judged(["and", ["=", [".", "a59"], [".", "b59"]]], bindings=bindings)
    assert found == ([], ["`=` takes a single value here, but this is a list of list of any"])


def test_a_text_does_not_grow_without_end():
    bindings = doubled("b", ["concat", "0123456789", ""], lambda one: ["concat", one, one])
    found = judged(["and", ["=", [".", "b59"], "x"]], bindings=bindings)
    assert found == ([], ["Condition 1: a text has at most 65536 characters"])


def test_a_binding_that_fails_is_not_tried_again_and_again():
    bindings = doubled("b", ["/", 1, 0], lambda one: ["catch", one, one])
    found = judged(["and", ["=", [".", "b59"], 1]], bindings=bindings)
    assert found == ([], ["Condition 1: division by zero"])


def test_numbers_do_not_grow_without_end():
    bindings = doubled("b", ["identity", Decimal(10) ** 15], lambda one: ["*", one, one])
    found = judged(["and", [">", [".", "b59"], 1]], bindings=bindings)
    assert found == ([], ["Condition 1: a number is out of range"])


def test_numbers_do_not_shrink_without_end():
    bindings = doubled("b", ["identity", Decimal("1e-30")], lambda one: ["*", one, one])
    assert judged(["and", ["=", [".", "b59"], 0]], bindings=bindings) == (["setDiscount"], [])


def test_elements_of_the_wrong_kind_are_an_error_and_no_crash():
    effect = ["setDiscountPerItem", "A", ["list", 1, "a"], [["Item"], 1]]
    assert judged(["and"], effects=[effect]) == ([], ["Effect 1: expected a cart item, got '1'"])


def test_the_id_of_a_custom_effect_is_a_number_that_json_readers_know():
    assert judged(["and"], effects=[["customEffect", ["*", Decimal(10) ** 15, 100], "x"]]) == (
        [],
        ["Effect 1: the id of a custom effect is a whole number"],
    )


# --- growing and repeating


def test_a_list_does_not_grow_without_end():
    grown = [["set", "l", ["list", *range(1000)]], *[["set", "l", ["push", [".", "l"], 1]] for _ in range(1000)], True]
    assert judged(["and", grown]) == ([], ["Condition 1: the rule takes too many steps"])


def test_texts_made_for_every_item_count():
    long = {"name": "long", "expression": ["+", *["0123456789abcdef" * 64] * 60]}
    condition = ["and", [">", ["count", ["map", ITEMS, [["Item"], ["concat", [".", "long"], "x"]]]], 0]]
    found = judged(condition, bindings=[long], items=LARGE)
    assert found == ([], ["Condition 1: the rule takes too many steps"])


def test_sorting_long_texts_counts():
    long = {"name": "long", "expression": ["+", *["0123456789abcdef" * 64] * 10]}
    key = [["Item"], [".", "long"]]
    condition = ["and", [">", ["count", ["sortByString", ITEMS, key, True]], 0]]
    found = judged(condition, bindings=[long], items=LARGE)
    assert found == ([], ["Condition 1: the rule takes too many steps"])


def test_patterns_made_for_every_item_count():
    pattern = ["concat", "(\\pL{9})", ["toString", [".", "n"]]]
    body = [["Item"], ["set", "n", ["+", [".", "Item", "SubPosition"], 1]], ["~", pattern, "a"]]
    condition = ["and", ["=", ["count", ["filter", ITEMS, body]], 0]]
    assert judged(condition, items=LARGE) == ([], ["Condition 1: the rule takes too many steps"])


def test_guessing_times_for_every_item_counts():
    body = [["Item"], ["catch", False, ["after", ["parseTime", [".", "Item", "SKU"]], "2026-01-01T00:00:00Z"]]]
    condition = ["and", ["=", ["count", ["filter", ITEMS, body]], 1]]
    assert judged(condition, items=LARGE) == ([], ["Condition 1 does not hold"])


def template(name, body, takes="Any"):
    return ["setTemplate", f"{name}({takes})Any", body]


def test_templates_that_double_are_refused():
    chain = [template("t0", ["+", ["#", 0], ["#", 0]])]
    chain += [
        template(f"t{i}", ["+", ["!", f"t{i - 1}", ["#", 0]], ["!", f"t{i - 1}", ["#", 0]]]) for i in range(1, 40)
    ]
    found = judged(["and", [*chain, [">", ["!", "t39", 1], 0]]])
    assert found == ([], ["the expression is too large: at most 100 levels, 10000 nodes of templates"])


def test_arguments_that_are_repeated_in_each_other_are_refused():
    expression = 1
    for _ in range(8):
        expression = ["!", "t", expression]
    several = template("t", ["+", *[["#", 0]] * 50])
    found = judged(["and", [several, [">", expression, 0]]])
    assert found == ([], ["the expression is too large: at most 100 levels, 10000 nodes of templates"])


def test_a_template_that_expands_to_itself_is_refused_even_from_a_deep_stack():
    condition = ["and", [template("t", ["+", 1, ["!", "t", ["#", 0]]]), [">", ["!", "t", 1], 0]]]
    found = from_a_deep_stack(150, lambda: judged(condition))
    assert found == ([], ["the expression is too large: at most 100 levels, 10000 nodes of templates"])


SCOPED = {
    "bodies that set": (32, 1, lambda inner: ["sum", ["list", 1], [["x"], ["set", "n", 1], inner]]),
    "catches that set": (48, 1, lambda inner: ["catch", 0, [["set", "n", 1], inner]]),
    "do": (48, 1, lambda inner: ["do", 1, [["x"], inner]]),
    "safe reads": (97, 1, lambda inner: [".|", 0, inner]),
    "sequences": (97, 1, lambda inner: [["noop"], inner]),
    "sorts": (32, 1, lambda inner: ["head", ["sortBy", ["list", 1], [["x"], inner]]]),
}


@pytest.mark.parametrize("name", SCOPED)
def test_scopes_at_the_limit_of_depth_run_even_from_a_deep_stack(name):
    levels, inner, wrap = SCOPED[name]
    condition = ["and", ["=", nested(levels, inner, wrap), 1]]
    assert from_a_deep_stack(150, lambda: judged(condition)) == (["setDiscount"], [])


# --- an expression by itself

ALONE = {
    "two walks in each other": ["map", [".", "l"], [["x"], ["catch", 0, ["map", [".", "l"], [["y"], ["+", [".", "x"], [".", "y"]]]]]]],
    "many keys": ["sortBy", [".", "l"], [["x"], *[[".", "x"]] * 500]],
    "a list in itself": [["set", "a", ["list", 1]], *[["set", "a", ["list", [".", "a"], [".", "a"]]] for _ in range(60)], [".", "a"]],
    "variables": [*[["set", "m", f"k{i}", 1] for i in range(6000)], [".", "m"]],
    "characters": ["map", [".", "l"], [["x"], ["split", [".", "t"], ""]]],
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_an_expression_by_itself_takes_so_many_steps(name):
    given = {"l": list(range(10_000)), "t": "x" * 60_000}
    with pytest.raises(TalangError, match="the expression takes too many steps"):
        evaluate_alone(ALONE[name], given)


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 200_000,
        "(+ 1 " * 150 + "1" + ")" * 150,
        "list " + "a " * 400_000,
        ["+", *[1] * 30_000],
        ["!", "t"] * 20_000,
    ],
    ids=["open", "deep", "wide text", "wide", "wide calls"],
)
def test_an_expression_by_itself_is_not_out_of_proportion(expression):
    with pytest.raises(TalangError, match="the expression is too large"):
        evaluate_alone(expression)
