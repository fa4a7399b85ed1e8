"""A ruleset that does not check: what is wrong, where, all of it at once."""

from decimal import Decimal

import pytest

from guerdon.engine import check_ruleset

ALWAYS = ["and", True]
ITEMS = [".", "Session", "CartItems"]


def problems(*effects, condition=ALWAYS, bindings=(), rule_bindings=(), attributes=None):
    rules = [{"title": "R", "condition": condition, "effects": list(effects), "bindings": list(rule_bindings)}]
    found = check_ruleset(rules, list(bindings), attributes=attributes or {})
    return [(problem.pointer, problem.message) for problem in found]


def test_a_ruleset_that_checks_has_no_problems():
    assert (
        problems(["setDiscount", "10% off", ["*", [".", "Session", "Total"], Decimal("0.1")], {"partial": True}]) == []
    )


def test_all_problems_are_found_at_once_each_with_its_place():
    found = problems(
        ["setDiscont", "A", 1],
        ["setDiscount", "B", "ten", {"scope": "price", "partial": 1, "colour": "red"}],
        ["setDiscountPerItem", "C", ITEMS, [["Item"], [".", "Item", "Prise"]]],
        condition=["and", [">", [".", "Session", "Totl"], 10], 5, ["=", [".", "Profile", "Attributes", "vip"], True]],
        bindings=[{"name": "Bad", "expression": ["/", 1]}, {"name": "Good", "expression": ["identity", 1]}],
        rule_bindings=[{"name": "Worse", "expression": []}],
        attributes={("CustomerProfile", "vips"): "boolean"},
    )
    assert found == [
        ("/bindings/0/expression", "`/` cannot take 1 arguments: write /(number, number, number…)"),
        ("/rules/0/bindings/0/expression", "an empty array is no expression: write [function, argument, …]"),
        ("/rules/0/condition/1/1", "there is no `Session.Totl`; did you mean `Session.Total`?"),
        ("/rules/0/condition/2", "a condition must be a boolean, but this is a number"),
        (
            "/rules/0/condition/3/1",
            "the attribute `vip` is not defined on CustomerProfile entities; did you mean `vips`?",
        ),
        ("/rules/0/effects/0/0", "there is no function or effect `setDiscont`; did you mean `setDiscount`?"),
        ("/rules/0/effects/1/2", "`setDiscount` takes a number here, but this is text"),
        ("/rules/0/effects/2/3/1", "there is no `Item.Prise`; did you mean `Item.Price`?"),
    ]


@pytest.mark.parametrize(
    ("effect", "pointer", "message"),
    [
        (["setDiscount", "A", 1, {"colour": "red"}], "/3/colour", "`setDiscount` has no option `colour`; it has scope, partial"),
        (["setDiscount", "A", 1, {"partial": 1}], "/3/partial", "`partial` must be true or false"),
        (["setDiscount", "A", 1, {"partial": None}], "/3/partial", "`partial` must be true or false"),
        (["setDiscount", "A", 1, {"scope": "price"}], "/3/scope", "`scope` must be one of sessionTotal, cartItems, additionalCosts"),
        (["setDiscount", "A", 1, {"scope": ["list"]}], "/3/scope", "`scope` must be one of sessionTotal, cartItems, additionalCosts"),
        (["setDiscountPerItem", "A", ITEMS, [["I"], 1], {"scope": "cartItems"}], "/4/scope", "`scope` must be one of price, additionalCosts, itemTotal"),
        (["setDiscountPerItem", "A", ITEMS, 1], "/3", "`setDiscountPerItem` takes a lambda here, but this is a number"),
        (["setDiscountPerItem", "A", ["list", 1], [["I"], 1]], "/2", "`setDiscountPerItem` takes a list of item here, but this is a list of number"),
        (["setDiscountPerItem", "A", ITEMS, [["I"], ["setDiscount", "B", 1]]], "/3/1", "this must be a value, not an effect"),
        (["showNotification", "Info", "Hi"], "", "`showNotification` cannot take 2 arguments: write showNotification(text, text, text)"),
        (["updateAttribute", ["Session", "tier"], 1], "/1", 'write ["Session", "Attributes", name]; it can be of Session, Profile, AdvocateProfile, Coupon, Referral'),
        (["updateAttribute", ["Coupon", "Attributes", "a"], 1], "/1", "the attribute `a` is not defined on Coupon entities"),
        (["updateAttribute", ["Store", "Attributes", "a"], 1], "/1", 'write ["Session", "Attributes", name]; it can be of Session, Profile, AdvocateProfile, Coupon, Referral'),
        (["updateAttribute", ["Session", "Attributes", "tier"], 1], "/1", "the attribute `tier` is not defined on CustomerSession entities"),
        (["+", 1, 2], "", "an effect must be an effect, but this is a number"),
        (["if", True, ["noop"], 5], "", "an effect must be an effect, but this is any"),
        (["head", ["list"]], "", "an effect must be an effect, but this is any"),
        (["catch", 5, ["setDiscount", "B", 1]], "", "`catch` cannot take (number, effect): write catch(any, any) or catch(effect, effect)"),
        ([["Item"], 1], "", 'a lambda such as [["Item"], body] stands only where a function takes one'),
        ([[1], 1], "/0/0", "the first element of an expression is the name of a function"),
        ([["setDiscount", "A", 1], 1], "/1", "after an effect stands another effect, not a value"),
        ([None], "/0", "the first element of an expression is the name of a function"),
        (["identity", 0.5], "/1", "float is not a JSON value"),
        (["identity", Decimal("NaN")], "/1", "a number is at most 1000000000000000 in size, with 30 decimals"),
        (["identity", Decimal("1e400")], "/1", "a number is at most 1000000000000000 in size, with 30 decimals"),
        (["identity", 10**5000], "/1", "a number is at most 1000000000000000 in size, with 30 decimals"),
    ],
)  # fmt: skip
def test_the_problem_of_an_effect(effect, pointer, message):
    assert problems(effect) == [(f"/rules/0/effects/0{pointer}", message)]


@pytest.mark.parametrize(
    ("condition", "pointer", "message"),
    [
        ([], "", 'a condition is written ["and", …] or ["or", …]'),
        ("yes", "", 'a condition is written ["and", …] or ["or", …]'),
        ({"and": []}, "", 'a condition is written ["and", …] or ["or", …]'),
        (None, "", 'a condition is written ["and", …] or ["or", …]'),
        (["or"], "", "`or` needs a condition that can hold"),
        (["and", ["setDiscount", "A", 1]], "/1", "a condition must be a boolean, but this is an effect"),
        (["and", ["exists", ITEMS, [["I"], ["setDiscount", "A", 1]]]], "/1/2/1", "this must be a value, not an effect"),
        (["and", ITEMS], "/1", "a condition must be a boolean, but this is a list of item"),
        (["and", None], "/1", "a condition must be a boolean, but this is null"),
        (["=", 1], "", "`=` cannot take 1 arguments: write =(single value, single value, single value…)"),
        (["and", [">", "a", "2026-01-01T00:00:00Z"]], "/1/1", "'a' is not an RFC 3339 time"),
        (
            ["and", ["couponValid", ["not", True]]],
            "/1/1",
            "`couponValid` takes true or false as it stands, no expression",
        ),
    ],
)
def test_the_problem_of_a_condition(condition, pointer, message):
    assert problems(condition=condition) == [(f"/rules/0/condition{pointer}", message)]


def test_a_rule_whose_parts_are_of_the_wrong_json_type_is_refused():
    found = check_ruleset([{"title": 5, "condition": 5, "effects": "none"}, {}], [], attributes={})
    assert [(problem.pointer, problem.message) for problem in found] == [
        (f"/rules/{index}/{name}", message)
        for index in (0, 1)
        for name, message in (
            ("title", "the title of a rule is a text"),
            ("condition", 'a condition is written ["and", …] or ["or", …]'),
            ("effects", "the effects of a rule are a list of expressions"),
        )
    ]


@pytest.mark.parametrize(
    ("binding", "pointer", "message"),
    [
        ({"expression": ["setDiscount", "A", 1]}, "", "a binding is a value, not an effect"),
        ({"expression": ["setDiscount", "A", 1, {"__debug__": 1}]}, "/3/__debug__", "`setDiscount` has no option `__debug__`; it has scope, partial"),
        ({"expression": [".", "Later"]}, "/1", "there is no `Later`"),
        ({"type": "collection", "expression": ["identity", 1]}, "", 'a collection is written ["list", "SKU-1", …]'),
        ({"type": "collection", "expression": ["list", "A", 5]}, "/2", "a collection holds texts only"),
    ],
)  # fmt: skip
def test_the_problem_of_a_binding(binding, pointer, message):
    found = problems(bindings=[{"name": "B", **binding}, {"name": "Later", "expression": ["identity", 1]}])
    assert found[0] == (f"/bindings/0/expression{pointer}", message)


def test_a_wrong_binding_is_one_problem_though_rules_look_at_it():
    found = problems(condition=["and", [">", [".", "Bad"], 5]], bindings=[{"name": "Bad", "expression": ["nope"]}])
    assert found == [("/bindings/0/expression/0", "there is no function or effect `nope`; did you mean `noop`?")]


def nested(levels, inner, wrap):
    for _ in range(levels):
        inner = wrap(inner)
    return inner


DEEP = {
    "sums": (1, lambda inner: ["+", 1, inner]),
    "catches": (1, lambda inner: ["catch", 0, inner]),
    "catch fallbacks": (1, lambda inner: ["catch", inner, ["/", 1, 0]]),
    "choices": (1, lambda inner: ["if", True, inner, 0]),
    "lambdas": (1, lambda inner: ["sum", ["list", 1], [["x"], inner]]),
    "texts": ("a", lambda inner: ["concat", inner, ""]),
}


@pytest.mark.parametrize("name", DEEP)
def test_an_expression_has_at_most_a_hundred_levels(name):
    inner, wrap = DEEP[name]
    levels = 100 if name != "lambdas" else 50
    fine = ["and", ["=", nested(levels - 2, inner, wrap), 1]]
    assert problems(condition=fine) == []
    [(_, message)] = problems(condition=["and", ["=", nested(levels + 1, inner, wrap), 1]])
    assert message == "the expression is too large: at most 100 levels, 100000 nodes"


def test_levels_are_counted_through_bindings():
    chain = [{"name": "b0", "expression": ["identity", 1]}]
    chain += [{"name": f"b{i}", "expression": ["+", 1, [".", f"b{i - 1}"]]} for i in range(1, 500)]
    found = problems(bindings=chain)
    assert found[0] == (
        "/bindings/100/expression",
        "with the bindings it looks at, the expression has more than 100 levels",
    )


def test_an_expression_has_at_most_so_many_nodes():
    assert problems(condition=["and", [">", ["+", *[1] * 9_000], 5]]) == []
    [(_, message)] = problems(condition=["and", [">", ["+", *[1] * 100_000], 5]])
    assert message == "the expression is too large: at most 100 levels, 100000 nodes"


def parameter(expression, **details):
    binding = {"name": "p", "type": "templateParameter", "expression": expression, **details}
    return [(one.pointer, one.message) for one in check_ruleset([], [binding], attributes={})]


def test_a_template_parameter_is_of_its_type_and_within_its_bounds():
    where = "/bindings/0/expression"
    assert parameter(["identity", 10], valueType="number", minValue=10, maxValue=10) == []
    assert parameter(["list", "a"], valueType="string") == []
    assert parameter(["identity", "a"], valueType="number") == [(where, "the value must be a number, but this is text")]
    assert parameter(["identity", 5], valueType="string") == [(where, "the value must be text, but this is a number")]
    assert parameter(["identity", 5], minValue=Decimal("5.5")) == [(where, "the value must be at least 5.5")]
    assert parameter(7, maxValue=6) == [(where, "the value must be at most 6")]
    assert parameter(7, valueType="time") == [
        ("/bindings/0/valueType", "the type of a value is one of string, number, boolean")
    ]


def test_a_subledger_binding_is_a_balance():
    binding = {"name": "p", "type": "subledgerBalance", "expression": ["identity", "gold"]}
    [problem] = check_ruleset([], [binding], attributes={})
    assert problem.pointer == "/bindings/0/expression"
    assert problem.message == 'the balance of a subledger is written ["subledgerBalance", program, subledger]'
    assert check_ruleset([], [binding | {"expression": ["identity", 5]}], attributes={}) == []


def test_an_expression_has_so_many_regular_expressions():
    several = ["and", ["and", *[["~", f"a{number}", "a"] for number in range(101)]]]
    assert problems(condition=several) == [
        ("/rules/0/condition/1/101/0", "`~` stands at most 100 times in one expression")
    ]
