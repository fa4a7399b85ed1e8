"""What a function or effect may say about itself: options, lambdas of several values, lists of effects, features."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from guerdon.engine.talang import registry
from guerdon.engine.talang.check import Checker
from guerdon.engine.talang.compile import Compiler
from guerdon.engine.talang.kinds import ANY, BOOLEAN, EFFECT, EFFECTS, LAMBDA, LAMBDAS, LIST, NUMBER, TIME, list_of
from guerdon.engine.talang.phrases import PHRASES
from guerdon.engine.talang.syntax import read

CORE = [f"guerdon.engine.talang.functions.{file}" for file in ("math", "logic", "lists", "sorting", "text", "time")]


@pytest.fixture
def declare(monkeypatch):
    monkeypatch.setattr(registry, "_functions", {**registry._functions})
    return registry.declare


def problems(expression, **details):
    checker = Checker({}, {}, **details)
    checker.check(read(expression, ""))
    return [(problem.pointer, problem.message) for problem in checker.problems]


def run(expression):
    checker = Checker({}, {})
    typed = checker.check(read(expression, ""))
    assert checker.problems == []
    compiler = Compiler()
    name = compiler.add(typed)
    frame = SimpleNamespace(visit=lambda count: None, log=[])
    return compiler.build()[name](frame), frame.log


def declare_coupon(declare):
    @declare(
        "makeCoupon", returns=EFFECT, frame=True,
        options={"usageLimit": NUMBER, "startDate": TIME, "recipients": list_of("text"), "kind": ("one", "many"), "partial": BOOLEAN, "any": ANY},
    )  # fmt: skip
    def _make(frame, **options):
        """A coupon."""
        frame.log.append(options)


def test_an_option_is_an_expression_of_its_kind(declare):
    declare_coupon(declare)
    options = {
        "usageLimit": ["+", 1, 2],
        "startDate": "2026-01-01T00:00:00Z",
        "recipients": ["list", "a"],
        "kind": "one",
        "partial": True,
        "any": None,
    }
    _, [given] = run(["makeCoupon", options])
    start = given.pop("start_date")
    assert start.isoformat() == "2026-01-01T00:00:00+00:00"
    assert given == {"usage_limit": Decimal(3), "recipients": ["a"], "kind": "one", "partial": True, "any": None}


@pytest.mark.parametrize(
    ("options", "pointer", "message"),
    [
        ({"usageLimit": "3"}, "/1/usageLimit", "`usageLimit` must be a number, but this is text"),
        ({"usageLimit": ["setDiscount", "A", 1]}, "/1/usageLimit", "this must be a value, not an effect"),
        ({"startDate": "noon"}, "/1/startDate", "'noon' is not an RFC 3339 time"),
        ({"kind": "few"}, "/1/kind", "`kind` must be one of one, many"),
        ({"kind": ["concat", "o", "ne"]}, "/1/kind", "`kind` must be one of one, many"),
        ({"partial": ["not", True]}, "/1/partial", "`partial` must be true or false"),
        ({"a/b": 1}, "/1/a~1b", "`makeCoupon` has no option `a/b`; it has usageLimit, startDate, recipients, kind, partial, any"),
    ],
)  # fmt: skip
def test_an_option_of_another_kind_is_refused(declare, options, pointer, message):
    declare_coupon(declare)
    assert problems(["makeCoupon", options]) == [(pointer, message)]


def test_a_lambda_of_several_values_gives_their_list(declare):
    @declare("each", LIST, LAMBDAS, returns=LIST)
    def _each(values, bodies):
        """For each."""
        return [bodies(value) for value in values]

    expression = ["each", ["list", 1, 2], [["x"], [".", "x"], ["+", [".", "x"], 1]]]
    assert run(expression)[0] == [[Decimal(1), Decimal(2)], [Decimal(2), Decimal(3)]]
    assert run(["each", ["list", 1], [["x"], 5]])[0] == [[Decimal(5)]]


def test_several_expressions_in_the_body_of_a_lambda_are_a_sequence(declare):
    @declare("once", LIST, LAMBDA, returns=ANY)
    def _once(values, body):
        """Once."""
        return body(values[0])

    assert run(["once", ["list", 1], [["x"], ["noop"], ["+", [".", "x"], 1]]])[0] == Decimal(2)


def declare_failures(declare):
    @declare("say", NUMBER, returns=EFFECT, frame=True, failure=True)
    def _say(frame, value):
        """Say."""
        frame.log.append(value)

    @declare("orElse", BOOLEAN, EFFECTS, returns=BOOLEAN)
    def _or_else(holds, effects):
        """The condition, with effects where it does not hold."""
        if not holds:
            effects()
        return holds


def test_a_list_of_effects_runs_in_order_when_it_is_called(declare):
    declare_failures(declare)
    assert run(["orElse", False, [["say", 1], ["if", True, ["say", 2], ["noop"]]]]) == (False, [Decimal(1), Decimal(2)])
    assert run(["orElse", False, [["say", 1]]]) == (False, [Decimal(1)])
    assert run(["orElse", False, [["noop"], ["say", 3]]]) == (False, [Decimal(3)])
    assert run(["orElse", True, [["say", 1], ["say", 2]]]) == (True, [])


def test_only_failure_effects_stand_where_a_condition_failed(declare):
    declare_failures(declare)
    known = " or ".join(dict.fromkeys(one.name for one in registry.all_functions() if one.failure))
    discount = ["setDiscount", "A", 1]
    assert problems(["orElse", True, [["say", 1], discount, ["catch", ["noop"], discount], 5]]) == [
        ("/2/1/0", f"`setDiscount` cannot stand where a condition failed: write {known}"),
        ("/2/2/2/0", f"`setDiscount` cannot stand where a condition failed: write {known}"),
        ("/2/3", "what happens here must be an effect, but this is a number"),
    ]


def test_a_function_may_need_a_feature_of_the_campaign():
    asked = ["couponValid"]
    assert problems(asked) == problems(asked, features=frozenset({"coupons"})) == []
    message = "`couponValid` needs `coupons` among the features of the campaign"
    assert problems(asked, features=frozenset({"loyalty"})) == [("/0", message)]


def test_a_campaign_of_type_cart_item_has_effects_on_single_items_only():
    per_item = ["setDiscountPerItem", "A", [".", "Session", "CartItems"], [["Item"], 1]]
    assert problems(["catch", ["noop"], per_item], item_only=True) == []
    [(pointer, message)] = problems(["catch", ["noop"], ["setDiscount", "A", 1]], item_only=True)
    assert pointer == "/2/0"
    assert message.startswith("a campaign of type cartItem cannot have `setDiscount`: write one of ")


def test_every_function_that_computes_says_how_a_builder_puts_it():
    core = [one for one in registry.all_functions() if one.run is None or one.run.__module__ in CORE]
    assert [one.name for one in core if not one.hint] == []
    assert [name for name in PHRASES if not registry.is_function(name)] == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("round", ("value", "digits")), ("filter", ("values", "body")), ("contains", ("whole", "part", "parts")),
        ("<", ("value", "other", "others")), ("within", ("moment", "start", "end")), ("year", ("moment",)),
        ("noop", ()), ("after", ("value", "other")), ("setDiscount", ("name", "amount")), ("sortBy", ("values", "body", "directions")),
    ],
)  # fmt: skip
def test_the_names_of_arguments(name, arguments):
    assert registry.overloads(name)[0].arguments == arguments


def test_every_argument_has_a_name():
    assert [
        one.name for one in registry.all_functions() if len(one.arguments) != len(one.params) + bool(one.rest)
    ] == []


def test_names_are_found_in_any_case():
    assert registry.overloads("COUPONVALID") == registry.overloads("couponValid")
    assert registry.overloads("couponvalidd") == []
