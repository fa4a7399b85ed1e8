"""What the expressions of a rule share: variables and templates; and effects inside of other expressions."""

import pytest

import judge
from guerdon.engine import Facts, check_ruleset, evaluate

ITEMS = [".", "Session", "CartItems"]


def judged(*rules, bindings=(), **given):
    """The effects as (name or title, value or body), and the reasons for failures."""
    made = [
        {"title": f"R{index}", "condition": ["and", *condition], "effects": effects}
        for index, (condition, effects) in enumerate(rules)
    ]
    assert check_ruleset(made, list(bindings), attributes={}) == []
    program = judge.program([judge.campaign(rules=made, bindings=list(bindings))], [], judge.settings(flattened=True))
    session = judge.session(cartItems=[{"sku": "MUG", "price": 10, "quantity": 2}, {"sku": "CUP", "price": 5}])
    facts = Facts(event="talon_session_updated", session=session, profile=None, coupons=(), explain=True)
    outcome = evaluate(program, facts, judge.NOW)
    return [shown(effect.props) for effect in outcome.effects], [failure.details for failure in outcome.failures]


def shown(props):
    return (props.title, props.body) if hasattr(props, "body") else (props.name, props.value)


def say(title, body):
    return ["showNotification", "Info", title, body]


def test_what_a_condition_sets_its_effects_see():
    rule = ([[["set", "n", ["count", ITEMS]], [">", [".", "n"], 1]]], [["setDiscount", "A", [".", "n"]]])
    assert judged(rule) == ([("A", 3)], [])


def test_what_an_effect_sets_later_effects_see():
    rule = ([], [["set", "n", 4], ["setDiscount", "A", [".", "n"]], ["set", "n", "x"], say("n", [".", "n"])])
    assert judged(rule) == ([("A", 4), ("n", "x")], [])


def test_what_one_rule_sets_another_does_not_see():
    with pytest.raises(AssertionError, match="there is no `n`"):
        judged(([], [["set", "n", 4]]), ([], [["setDiscount", "A", [".", "n"]]]))


def test_each_run_of_a_rule_starts_with_nothing_set():
    first = ([[["set", "n", 4], True]], [["setDiscount", "A", [".", "n"]]])
    second = ([[["if", False, ["set", "n", 5], ["noop"]], True]], [["setDiscount", "B", [".", "n"]]])
    assert judged(first, second) == ([("A", 4)], ["Effect 1: n is not set"])


def test_what_an_effect_that_failed_has_set_is_taken_back():
    failing = [["set", "n", 9], ["setDiscount", "A", ["/", 1, 0]]]
    rule = ([], [["set", "n", 1], ["catch", ["noop"], failing], ["setDiscount", "B", [".", "n"]]])
    assert judged(rule) == ([("B", 1)], [])


def test_templates_are_shared_like_variables():
    template = ["setTemplate", "percent(Decimal)Decimal", ["*", [".", "Session", "Total"], ["/", ["#", 0], 100]]]
    rule = ([[template, [">", ["!", "percent", 50], 10]]], [["setDiscount", "A", ["!", "percent", 20]]])
    assert judged(rule) == ([("A", 5)], [])


def test_an_effect_may_be_in_a_template():
    template = ["setTemplate", "off(String,Decimal)Any", ["setDiscount", ["#", 0], ["#", 1]]]
    assert judged(([], [template, ["!", "off", "A", 3], ["!", "off", "B", 4]])) == ([("A", 3), ("B", 4)], [])


def test_a_sequence_that_ends_in_an_effect_is_one():
    rule = ([], [[["set", "n", 2], ["setDiscount", "A", 1], ["setDiscount", "B", [".", "n"]]]])
    assert judged(rule) == ([("A", 1), ("B", 2)], [])


def test_do_with_an_effect_in_its_body_is_one():
    rule = ([], [["do", [".", "Session", "Total"], [["t"], ["setDiscount", "A", ["/", [".", "t"], 5]]]]])
    assert judged(rule) == ([("A", 5)], [])


def test_an_effect_with_another_to_fall_back_on():
    rule = ([], [["catch", ["setDiscount", "B", 2], [["setDiscount", "A", 1], ["setDiscount", "A", ["/", 1, 0]]]]])
    assert judged(rule) == ([("B", 2)], [])


def test_if_around_effects_in_a_sequence():
    chosen = ["if", [">", [".", "n"], 2], [["set", "n", 1], ["setDiscount", "many", [".", "n"]]], ["noop"]]
    assert judged(([], [["set", "n", ["count", ITEMS]], chosen])) == ([("many", 1)], [])


def test_a_lambda_does_not_change_what_is_set_around_it():
    cheapest = ["min", ITEMS, [["Item"], ["set", "n", [".", "Item", "Price"]], [".", "n"]]]
    rule = ([], [["set", "n", 3], ["setDiscount", "A", cheapest], ["setDiscount", "B", [".", "n"]]])
    assert judged(rule) == ([("A", 5), ("B", 3)], [])


def test_an_amount_per_item_may_set_something():
    amount = [["Item"], ["set", "half", ["/", [".", "Item", "Price"], 2]], [".", "half"]]
    assert judged(([], [["setDiscountPerItem", "A", ITEMS, amount]])) == ([("A#0", 5), ("A#0", 5), ("A#1", 2.5)], [])


def test_failure_effects_see_what_their_condition_has_set():
    missing = [["set", "missing", ["-", 100, [".", "Session", "Total"]]], ["<=", [".", "missing"], 0]]
    text = ["concat", ["toString", [".", "missing"]], " to go"]
    rule = ([["onFailure", missing, [say("Nearly", text)]]], [["setDiscount", "A", 1]])
    assert judged(rule) == ([("Nearly", "75 to go")], ["Condition 1 does not hold"])


def test_bindings_do_not_see_variables():
    found = check_ruleset(
        [{"title": "R", "condition": ["and", [["set", "n", 1], True]], "effects": [], "bindings": [{"name": "b", "expression": [".", "n"]}]}],
        [], attributes={},
    )  # fmt: skip
    assert [problem.message for problem in found] == ["there is no `n`"]


def test_a_binding_sets_for_itself_only():
    bindings = [{"name": "b", "expression": [["set", "n", 7], [".", "n"]]}]
    rule = ([[["set", "n", 1], True]], [["setDiscount", "A", [".", "b"]], ["setDiscount", "B", [".", "n"]]])
    assert judged(rule, bindings=bindings) == ([("A", 7), ("B", 1)], [])
