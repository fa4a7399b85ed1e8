"""What all kinds of discounts have in common."""

import pytest

from guerdon.engine import evaluate, read_case
from guerdon.engine.uses import DISCOUNTS
from guerdon.wire.base import encode

ITEMS = [".", "Session", "CartItems"]
CHEAPEST = ["lowest", [["Item"], [".", "Item", "Price"]]]
KINDS = {
    "session": ["setDiscount", "S", 10],
    "item": ["setDiscountPerItem", "I", ["take", 1, ITEMS], [["Item"], 10]],
    "pro rata": ["setDiscountPerItemProRata", "P", ITEMS, 10],
    "bundle item": ["setDiscountOnBundleItem", "B", [".", "Pair"], CHEAPEST, [["Item"], 10]],
    "prorated bundle": ["setDiscountOnBundleItem", "B", [".", "Pair"], CHEAPEST, [["Item"], 10], {"prorated": True}],
    "cost": ["setDiscountPerAdditionalCost", "C", "shipping", 10],
    "cost of an item": ["setDiscountPerAdditionalCostPerItem", "W", ["take", 1, ITEMS], "wrapping", [["Item"], 10]],
}


def judged(*effects, **application):
    """The outcome of one rule with these effects, for a cart of two items at 60 and 40 with every cost at 20."""
    bindings = [
        {"name": "Seen", "expression": ["toString", [".", "Session", "DiscountedTotal"]]},
        {"name": "Pair", "type": "bundle", "expression": ["bundle", [ITEMS, 2]]},
    ]
    rule = {"title": "R", "condition": ["and", True], "effects": list(effects)}
    case = read_case(
        encode(
            {
                "application": {"cascading": True, "flattened": True, **application},
                "library": {"additionalCosts": {"shipping": {"id": 3}, "wrapping": {"id": 4}}},
                "campaigns": [{"rules": [rule], "bindings": bindings}],
                "session": {
                    "cartItems": [{"price": price, "additionalCosts": {"wrapping": 20}} for price in (60, 40)],
                    "additionalCosts": {"shipping": 20},
                },
            }
        )
    )
    return evaluate(case.program, case.facts, case.now)


def given(outcome):
    return sum(one.props.value for one in outcome.effects if one.effect_type in DISCOUNTS)


def said(title, value):
    return ["showNotification", "Info", title, value]


@pytest.mark.parametrize("kind", KINDS)
def test_a_discount_lowers_the_discounted_total_by_what_it_gives(kind):
    outcome = judged(KINDS[kind], said("left", ["toString", [".", "Session", "DiscountedTotal"]]))
    assert given(outcome) == 10
    assert outcome.effects[-1].props.body == "150"


@pytest.mark.parametrize("kind", KINDS)
def test_bindings_see_the_state_before_the_first_discount(kind):
    assert judged(KINDS[kind], said("seen", [".", "Seen"])).effects[-1].props.body == "160"


@pytest.mark.parametrize("kind", KINDS)
def test_a_discount_that_is_undone_is_not_counted(kind):
    outcome = judged(["catch", ["noop"], ["if", True, KINDS[kind], ["noop"]]], ["setDiscount", "Bad", -1])
    assert outcome.effects == ()
    assert outcome.campaign_uses == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_campaign_counts_every_kind_of_discount(kind):
    outcome = judged(KINDS[kind])
    effects = len([one for one in outcome.effects if one.effect_type in DISCOUNTS])
    [use] = outcome.campaign_uses
    assert (use.discount, use.discount_effects) == (10, effects)


@pytest.mark.parametrize("kind", KINDS)
def test_zero_gives_nothing_and_the_rule_succeeds(kind):
    effect = [0 if part == 10 else [["Item"], 0] if part == [["Item"], 10] else part for part in KINDS[kind]]
    outcome = judged(effect)
    assert outcome.effects == ()
    assert outcome.failures == ()
    assert outcome.triggered_campaign_ids == (1,)


@pytest.mark.parametrize("kind", KINDS)
def test_the_desired_value_is_there_where_partial_discounts_are_on(kind):
    for application, there in (({}, False), ({"partial": True}, True)):
        outcome = judged(KINDS[kind], **application)
        assert outcome.effects
        assert all(("desiredValue" in encode(one).decode()) is there for one in outcome.effects)
