"""What holds for any rules and any cart (Hypothesis)."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import judge
from guerdon.engine import Facts, check_ruleset, evaluate
from guerdon.engine.effects import Effect
from guerdon.engine.facts import AttributeDefinition
from guerdon.engine.money import plain, totals
from guerdon.engine.rollback import take_back
from guerdon.engine.standing import Redemption, Standing
from guerdon.engine.talang import registry
from guerdon.engine.talang.paths import PATHS
from guerdon.wire.base import decoder, encode

quick = settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck), database=None)
ITEMS = [".", "Session", "CartItems"]
ATTRIBUTES = [
    AttributeDefinition("CustomerSession", "tier", "string"),
    AttributeDefinition("CustomerSession", "points", "number"),
    AttributeDefinition("CartItem", "colour", "string"),
]
TYPES = {(one.entity, one.name): one.type for one in ATTRIBUTES}

# --- carts

amount = st.decimals(0, 500, places=2)
item = st.fixed_dictionaries(
    {"sku": st.sampled_from("AB"), "price": amount, "quantity": st.integers(1, 3)},
    optional={
        "category": st.sampled_from(["shoes", "mugs"]),
        "additionalCosts": st.fixed_dictionaries({"wrapping": amount}),
        "attributes": st.fixed_dictionaries({}, optional={"colour": st.sampled_from(["red", "größer"])}),
    },
)
session = st.fixed_dictionaries(
    {"cartItems": st.lists(item, max_size=4), "couponCodes": st.just(["A", "B", "NOPE"])},
    optional={
        "additionalCosts": st.fixed_dictionaries({"shipping": amount}),
        "attributes": st.fixed_dictionaries({}, optional={"tier": st.just("gold"), "points": st.integers(0, 9)}),
    },
)
coupons = st.fixed_dictionaries(
    {},
    optional={
        "discountLimit": amount,
        "discountCounter": st.integers(0, 5),
        "usageLimit": st.integers(0, 2),
        "usageCounter": st.integers(0, 2),
        "campaignId": st.integers(1, 3),
    },
)


@st.composite
def facts(draw: Any) -> Facts:
    return Facts(
        event="talon_session_updated",
        session=judge.session(**draw(session)),
        profile=judge.profile() if draw(st.booleans()) else None,
        coupons=tuple(judge.coupon(id=7 + n, code=code, **draw(coupons)) for n, code in enumerate("AB")),
        explain=draw(st.booleans()),
    )


# --- rules that check

literal = st.decimals(-50, 300, places=1) | st.integers(-5, 200)
number = st.recursive(
    literal
    | st.sampled_from(
        [
            [".", "Session", "Total"],
            [".", "Session", "DiscountedTotal"],
            [".", "Session", "DiscountedCartTotal"],
            [".", "Session", "Attributes", "points"],
            [".", "Coupon", "DiscountRemainder"],
            [".", "Worth"],
            ["count", ITEMS],
            ["sum", ITEMS, [["Item"], [".", "Item", "DiscountedPrice"]]],
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/", "mod", "min", "max", "catch"]), inner, inner).map(list),
        st.tuples(st.sampled_from(["floor", "round"]), inner).map(list),
    ),
    max_leaves=4,
)
boolean = st.recursive(
    st.booleans()
    | st.sampled_from([["couponValid"], ["couponValid", False], ["=", [".", "Session", "Attributes", "tier"], "gold"]])
    | st.tuples(st.sampled_from([">", ">=", "<", "="]), number, number).map(list)
    | st.tuples(st.sampled_from([">", ">="]), st.just([".", "Session", "Total"]), literal).map(list),
    lambda inner: (
        st.tuples(st.sampled_from(["and", "or", "catch"]), inner, inner).map(list)
        | st.tuples(st.just("not"), inner).map(list)
    ),
    max_leaves=3,
)
each = st.one_of(
    number,
    st.just([".", "Item", "Price"]),
    st.tuples(st.just("*"), st.just([".", "Item", "DiscountedPrice"]), literal).map(list),
)
units = st.one_of(
    st.just(ITEMS),
    st.sampled_from(["A", "B"]).map(lambda sku: ["filter", ITEMS, [["Item"], ["=", [".", "Item", "SKU"], sku]]]),
    st.just(["take", 2, ["sortByNumber", ITEMS, [["Item"], [".", "Item", "Price"]], True]]),
    st.just(["filter", ITEMS, [["Item"], ["catch", False, ["=", [".", "Item", "Attributes", "colour"], "größer"]]]]),
)
partial = st.sampled_from([{}, {"partial": True}, {"partial": False}])
scope = st.sampled_from([{}, {"scope": "cartItems"}, {"scope": "additionalCosts"}])
item_scope = st.sampled_from([{}, {"scope": "additionalCosts"}, {"scope": "itemTotal"}])
effect = st.one_of(
    st.builds(lambda value, one, two: ["setDiscount", "S", value, one | two], number, partial, scope),
    st.builds(
        lambda over, value, one, two: ["setDiscountPerItem", "I", over, [["Item"], value], one | two],
        units, each, partial, item_scope,
    ),
    number.map(lambda value: ["updateAttribute", ["Session", "Attributes", "points"], value]),
    number.map(lambda value: ["customEffect", 3, "wrap", ["kv", ["n", value]]]),
    st.just(["addFreeItem", "Mug", "MUG", 2]),
    st.just(["showNotification", "Info", "Hi", "there"]),
)  # fmt: skip
effects = st.lists(effect | effect.map(lambda one: ["catch", ["noop"], one]), max_size=3)
conditions = st.lists(boolean, max_size=3).map(lambda all_of: ["and", *all_of]) | st.lists(
    boolean, min_size=1, max_size=3
).map(lambda any_of: ["or", *any_of])
rules = st.lists(
    st.fixed_dictionaries({"title": st.just("Größe"), "condition": conditions, "effects": effects}), max_size=3
)
worth = number.filter(lambda value: value != [".", "Worth"] and "'Worth'" not in repr(value))


@st.composite
def sources(draw: Any) -> list[Any]:
    return [
        judge.campaign(id=number, rules=draw(rules), bindings=[{"name": "Worth", "expression": ["+", draw(worth), 0]}])
        for number in range(1, draw(st.integers(2, 4)))
    ]


application = st.builds(
    lambda cascading, partial, flattened: judge.settings(cascading=cascading, partial=partial, flattened=flattened),
    st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip
shop = st.builds(lambda made, how: judge.program(made, ATTRIBUTES, how), sources(), application)
DISCOUNTS = ("setDiscount", "setDiscountPerItem")


@quick
@given(sources())
def test_the_rules_made_here_check(made):
    for source in made:
        assert check_ruleset(source.rules, source.bindings, attributes=TYPES) == []


@quick
@given(shop, facts())
def test_discounts_never_exceed_what_they_are_taken_from(program, given_facts):
    outcome = evaluate(program, given_facts, judge.NOW)
    given_session = given_facts.session
    off = [one for one in outcome.effects if one.effect_type in DISCOUNTS]
    assert all(one.props.value >= 0 for one in off)
    assert sum(one.props.value for one in off) <= given_session.total
    of_unit: dict[Any, Decimal] = {}
    for one in off:
        if one.effect_type == "setDiscountPerItem":
            unit = (one.props.position, one.props.sub_position)
            of_unit[unit] = of_unit.get(unit, Decimal(0)) + one.props.value
    for (position, _), value in of_unit.items():
        line = given_session.cart_items[position]
        count = 1 if program.settings.flattened else line.quantity
        assert value <= (line.price + line.costs) * count
    for coupon in given_facts.coupons:
        if coupon.discount_limit is not None:
            given_away = sum(one.props.value for one in off if one.triggered_by_coupon == coupon.id)
            assert given_away <= max(Decimal(0), coupon.discount_limit - coupon.discount_counter)


@quick
@given(shop, facts())
def test_the_same_request_gives_the_same_bytes_and_changes_nothing(program, given_facts):
    before = encode(given_facts), encode([one.source for one in program.campaigns])
    first = encode(evaluate(program, given_facts, judge.NOW))
    assert encode(evaluate(program, given_facts, judge.NOW)) == first
    assert (encode(given_facts), encode([one.source for one in program.campaigns])) == before
    again = judge.program([one.source for one in program.campaigns], ATTRIBUTES, program.settings)
    assert encode(evaluate(again, given_facts, judge.NOW)) == first


@quick
@given(shop, facts())
def test_facts_can_be_written_and_read_and_judged_again(program, given_facts):
    again = decoder(Facts).decode(encode(given_facts))
    assert again == given_facts
    assert encode(evaluate(program, again, judge.NOW)) == encode(evaluate(program, given_facts, judge.NOW))


@quick
@given(shop, facts())
def test_every_code_is_answered_once(program, given_facts):
    outcome = evaluate(program, given_facts, judge.NOW)
    answered = [one.props.value for one in outcome.effects if one.effect_type in ("acceptCoupon", "rejectCoupon")]
    assert sorted(answered) == ["A", "B", "NOPE"]


@quick
@given(shop, facts())
def test_a_rollback_after_the_outcome_sums_to_nothing(program, given_facts):
    outcome = evaluate(program, given_facts, judge.NOW)
    redeemed = tuple(Redemption(use.coupon_id, use.campaign_id) for use in outcome.coupon_uses)
    stored = decoder(tuple[Effect, ...]).decode(encode(outcome.effects))
    back = take_back(Standing(effects=stored, redemptions=redeemed))
    for given_away, taken in ((outcome.coupon_uses, back.coupon_uses), (outcome.campaign_uses, back.campaign_uses)):
        key = "coupon_id" if given_away is outcome.coupon_uses else "campaign_id"
        left: dict[tuple[int, str], Any] = {}
        for use in (*given_away, *taken):
            for name in ("redemptions", "coupon_redemptions", "discount", "discount_effects"):
                place = (getattr(use, key), name)
                left[place] = left.get(place, 0) + getattr(use, name, 0)
        assert set(left.values()) <= {0}
    undone = [one.props.value for one in back.effects if one.effect_type == "rollbackDiscount"]
    assert undone == [one.props.value for one in outcome.effects if one.effect_type in DISCOUNTS]


@quick
@given(shop, facts())
def test_skipping_campaigns_that_cannot_fire_changes_nothing(program, given_facts):
    plain_facts = replace(given_facts, explain=False)
    all_run = evaluate(program, replace(given_facts, explain=True), judge.NOW)
    skipped = evaluate(program, plain_facts, judge.NOW)
    assert set(skipped.failures) <= set(all_run.failures)
    assert encode(replace(skipped, failures=())) == encode(replace(all_run, failures=(), eligibility=()))


# --- anything at all

scalars = (
    st.none() | st.booleans() | st.integers() | st.integers(10**300, 10**301) | st.text(max_size=4)
    | st.decimals(allow_nan=False) | st.sampled_from(["Item", "x", "Session", "Total", "price", "SAVE", "days"])
)  # fmt: skip
heads = st.sampled_from([*registry.names(), ".", ".", "Item", "nope"])
paths = st.sampled_from([[".", entity, *name.split(".")] for entity, of in PATHS.items() for name in of])
variables = st.sampled_from([[".", "x"], [".", "Item"], [".", "Item", "Price"], [".", "b"], [".", "größe"]])
options = st.dictionaries(
    st.sampled_from(["partial", "scope", "__debug__", "None", "größe"]),
    st.booleans() | scalars | st.lists(scalars, max_size=1),
    max_size=2,
)
anything = st.recursive(
    scalars | paths | variables,
    lambda inner: st.one_of(
        st.builds(lambda head, args: [head, *args], heads, st.lists(inner, max_size=4)),
        st.builds(lambda name, body: [[name], body], st.sampled_from(["Item", "x", "größe", ""]), inner),
        st.builds(lambda head, args, last: [head, *args, last], heads, st.lists(inner, max_size=3), options),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)
# Well-formed calls with arguments of any kind: these get past the checker more often.
functions = [function for function in registry.all_functions() if function.params or function.rest]
BY_KIND = {
    "number": number | paths, "text": st.sampled_from(["a", "2026-01-01T00:00:00Z", "price"]) | paths,
    "boolean": boolean, "time": st.just([".", "Now"]), "null": st.just(["noop"]), "effect": effect,
    "lambda": st.builds(lambda name, body: [[name], body], st.sampled_from(["Item", "x"]), each | paths | variables),
    "entry": st.builds(lambda value: ["k", value], number | paths | units), "map": st.just(["kv", ["a", ITEMS]]),
    "path": st.just(["Session", "Attributes", "points"]), "attribute": paths,
}  # fmt: skip


def argument(kind: str) -> st.SearchStrategy[Any]:
    return BY_KIND.get(kind, units | st.lists(scalars, max_size=3).map(lambda some: ["list", *some]) | paths)


@st.composite
def calls(draw: Any) -> Any:
    function = draw(st.sampled_from(functions))
    kinds = [*function.params, *[function.rest] * (draw(st.integers(0, 2)) if function.rest else 0)]
    return [function.name, *(draw(argument(kind)) for kind in kinds)]


def refused_or_judged(condition: Any, one_effect: Any, binding: Any, given_facts: Facts) -> None:
    rule = {"title": "R", "condition": condition, "effects": [one_effect]}
    bindings = [{"name": "b", "expression": binding}, {"name": "Worth", "expression": 5}]
    problems = check_ruleset([rule], bindings, attributes=TYPES)
    source = judge.campaign(rules=[rule, {**rule, "condition": ["and"]}], bindings=bindings)
    program = judge.program([source], ATTRIBUTES, judge.settings(flattened=True, cascading=True))
    outcome = evaluate(program, given_facts, judge.NOW)
    assert encode(evaluate(program, given_facts, judge.NOW)) == encode(outcome)
    assert decoder(list[Effect]).decode(encode(outcome.effects)) is not None
    if any(problem.pointer.startswith("/rules/0") for problem in problems):
        assert all(one.effect_type == "rejectCoupon" or one.rule_index == 1 for one in outcome.effects)


@settings(quick, max_examples=60)
@given(anything, anything, anything, facts())
def test_any_json_is_refused_or_judged(condition, one_effect, binding, given_facts):
    refused_or_judged(["and", condition], one_effect, binding, given_facts)


@settings(quick, max_examples=60)
@given(calls(), calls(), calls(), facts())
def test_any_call_is_refused_or_judged(condition, one_effect, binding, given_facts):
    refused_or_judged(["and", ["catch", False, ["=", condition, 1]]], one_effect, binding, given_facts)


# --- money


@quick
@given(st.lists(item, max_size=5), st.lists(amount, max_size=3))
def test_totals_are_the_sums_over_all_units(items, costs):
    lines = [judge.line(position, one) for position, one in enumerate(items)]
    found = totals(lines, costs)
    units_of = [line for line in lines for _ in range(line.quantity)]
    assert found.cart_items == sum(line.price for line in units_of)
    assert found.cart_item_additional_costs == sum(line.costs for line in units_of)
    assert found.additional_costs == sum(costs)
    assert found.total == found.cart_items + found.cart_item_additional_costs + found.additional_costs


def test_totals_are_exact_whatever_the_precision_around_them():
    one = {"price": Decimal("999999999999999.123456789012345678901234567891"), "quantity": 3}
    found = totals([judge.line(0, one)], [Decimal("0.000000000000000000000000000001")])
    assert found.total == Decimal("2999999999999997.370370367037037036703703703674")


@quick
@given(st.decimals(-(10**15), 10**15, places=30) | st.decimals(-(10**15), 10**15, places=2))
def test_a_plain_amount_is_the_same_amount_written_shortly(value):
    written = encode(plain(value)).decode()
    assert Decimal(written) == value
    assert plain(plain(value)) == plain(value)
    assert "E+" not in written
    assert "." not in written or not written.partition("E")[0].endswith("0")
