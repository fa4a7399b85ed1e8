"""The evaluation tree (rules.md §5.7): which campaigns of a group keep what they gave, told as small tables."""

import pytest

import judge
from guerdon.engine import compile_campaign, compile_program, evaluate
from guerdon.engine.facts import AttributeDefinition, Facts
from guerdon.engine.program import Group

CARTS = {"cartItems": [{"sku": "A", "price": 100}, {"sku": "B", "price": 50}]}
PRICE = [".", "Item", "Price"]
ITEMS = [".", "Session", "CartItems"]


def off(amount, needs=True, **more):
    return {"title": "R", "condition": ["and", needs], "effects": [["setDiscount", "off", amount]]} | more


def per_item(expression):
    effect = ["setDiscountPerItem", "off", ITEMS, [["Item"], expression]]
    return {"title": "R", "condition": ["and", True], "effects": [effect]}


PERCENT_15 = per_item(["*", PRICE, ["/", 15, 100]])
TEN_EACH = per_item(["if", ["<", PRICE, 10], 0, 10])


def run(groups, campaigns, *, coupons=(), complete=False, session=CARTS, explain=True, application=None):
    """Campaigns are (id, group, rule); the outcome of their evaluation."""
    sources = [
        judge.campaign(id=number, groupId=group, position=place, rules=[rule])
        for place, (number, group, rule) in enumerate(campaigns)
    ]
    definitions = [AttributeDefinition("CustomerSession", "note", "string")]
    types = {(one.entity, one.name): one.type for one in definitions}
    settings = judge.settings(**({"flattened": True} | (application or {})))
    program = compile_program(
        1, settings, definitions, [compile_campaign(one, types) for one in sources], groups=groups
    )
    codes = [judge.coupon(**one) for one in coupons]
    facts = Facts(
        event="talon_session_updated",
        session=judge.session(**session, couponCodes=[one.code for one in codes]),
        profile=None,
        coupons=tuple(codes),
        explain=explain,
        complete=complete,
    )
    return evaluate(program, facts, judge.NOW)


def given(outcome):
    """What was given: (campaign, position or None, value)."""
    return [
        (effect.campaign_id, getattr(effect.props, "position", None), str(effect.props.value))
        for effect in outcome.effects
        if effect.effect_type.startswith("setDiscount")
    ]


def group(mode, number=5, **more):
    return Group(id=number, mode=mode, **more)


@pytest.mark.parametrize(
    ("mode", "rules", "wins"),
    [
        ("stackable", [off(10), off(30), off(20)], [1, 2, 3]),
        ("listOrder", [off(10), off(30), off(20)], [1]),
        ("listOrder", [off(10, needs=False), off(30), off(20)], [2]),
        ("listOrder", [off(10, needs=False)], []),
        ("highestDiscount", [off(10), off(30), off(20)], [2]),
        ("highestDiscount", [off(30), off(30), off(20)], [1]),
        ("highestDiscount", [off(0), off(0, needs=False), off(0)], []),
        ("lowestDiscount", [off(30), off(10), off(20)], [2]),
        ("lowestDiscount", [off(30), off(0), off(20)], [3]),
        ("lowestDiscount", [off(30), off(10, needs=False)], [1]),
    ],
)
def test_a_group_keeps_its_own(mode, rules, wins):
    outcome = run([group(mode)], [(at, 5, rule) for at, rule in enumerate(rules, 1)])
    assert [campaign for campaign, *_ in given(outcome)] == wins


def test_a_campaign_that_triggers_without_a_discount_wins_a_list():
    note = {"title": "R", "condition": ["and", True], "effects": [["showNotification", "Info", "a", "b"]]}
    outcome = run([group("listOrder")], [(1, 5, note), (2, 5, off(10))])
    assert (outcome.triggered_campaign_ids, given(outcome)) == ((1,), [])


def test_the_losers_leave_nothing_behind():
    writes = off(10)
    writes["effects"].append(["updateAttribute", ["Session", "Attributes", "note"], "lost"])
    reads = off(1, needs=["attributeExists", [".", "Session", "Attributes", "note"]])
    outcome = run([group("highestDiscount")], [(1, 5, writes), (2, 5, off(20)), (3, 6, reads)])
    assert given(outcome) == [(2, None, "20")]
    assert outcome.attribute_changes == ()
    assert outcome.triggered_campaign_ids == (2,)
    assert [failure.campaign_id for failure in outcome.failures] == [3]


def test_a_group_in_a_group_is_one_child_whose_total_is_what_it_kept():
    groups = [group("highestDiscount"), group("stackable", 6, parent_id=5, position=9)]
    outcome = run(groups, [(1, 5, off(25)), (2, 6, off(15)), (3, 6, off(11))])
    assert given(outcome) == [(2, None, "15"), (3, None, "11")]


def test_groups_and_campaigns_of_a_parent_stand_in_one_order():
    groups = [group("listOrder"), group("stackable", 6, parent_id=5, position=0)]
    outcome = run(groups, [(1, 6, off(1)), (2, 5, off(2))])
    assert given(outcome) == [(1, None, "1")]


def test_exclusive_campaigns_hide_stackable_ones_but_not_universal_ones():
    """The older priorities as a tree: ALL[FIRST[exclusive, ALL[stackable…]], universal…]."""
    groups = [group("stackable"), group("listOrder", 6, parent_id=5), group("stackable", 7, parent_id=6, position=50)]
    campaigns = [(1, 6, off(5)), (2, 7, off(3)), (3, 7, off(4)), (4, 5, off(1))]
    assert [one for one, *_ in given(run(groups, campaigns))] == [1, 4]
    campaigns[0] = (1, 6, off(5, needs=False))
    assert [one for one, *_ in given(run(groups, campaigns))] == [2, 3, 4]


def test_complete_evaluation_runs_them_all():
    outcome = run([group("listOrder")], [(1, 5, off(10)), (2, 5, off(30))], complete=True)
    assert [campaign for campaign, *_ in given(outcome)] == [1, 2]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("highestDiscount", [(1, 1, "10"), (2, 0, "15")]),
        ("lowestDiscount", [(1, 0, "10"), (2, 1, "7.5")]),
        ("listOrder", [(1, 0, "10"), (1, 1, "10")]),
        ("stackable", [(1, 0, "10"), (1, 1, "10"), (2, 0, "15"), (2, 1, "7.5")]),
    ],
)
def test_each_unit_has_a_winner_of_its_own(mode, expected):
    """The worked example of rules.md §5.7: A costs 100, B costs 50; 10 off each, or 15 %."""
    outcome = run([group(mode, scope="cartItem")], [(1, 5, TEN_EACH), (2, 5, PERCENT_15)])
    assert given(outcome) == expected


def test_a_campaign_without_a_unit_of_its_own_is_passed_over():
    session_too = dict(TEN_EACH, effects=[*TEN_EACH["effects"], ["setDiscount", "extra", 1]])
    none_left = dict(PERCENT_15, effects=[*PERCENT_15["effects"], ["setDiscount", "extra", 2]])
    outcome = run([group("listOrder", scope="cartItem")], [(1, 5, session_too), (2, 5, none_left)])
    assert given(outcome) == [(1, 0, "10"), (1, 1, "10"), (1, None, "1")]


def test_the_codes_of_campaigns_that_were_passed_over_are_told_why():
    valid = off(10, needs=["couponValid"])
    more = off(20, needs=["couponValid"])
    coupons = [{"id": 7, "campaignId": 1, "code": "ONE"}, {"id": 8, "campaignId": 2, "code": "TWO"}]
    for mode, why, loser in [
        ("listOrder", "CampaignIsNotFirst", "TWO"),
        ("highestDiscount", "CampaignGaveLowerDiscount", "ONE"),
    ]:
        outcome = run([group(mode)], [(1, 5, valid), (2, 5, more)], coupons=coupons)
        rejected = [effect for effect in outcome.effects if effect.effect_type == "rejectCoupon"]
        assert [(one.props.value, one.props.rejection_reason) for one in rejected] == [
            (loser, "CouponPartOfNotTriggeredCampaign")
        ]
        assert rejected[0].props.campaign_exclusion_reason == why
        assert [use.coupon_id for use in outcome.coupon_uses] == [7 if loser == "TWO" else 8]


def test_eligibility_names_the_skipped():
    outcome = run([group("listOrder")], [(1, 5, off(9, needs=False)), (2, 5, off(10)), (3, 5, off(30))])
    told = [
        (one.campaign_id, one.eligibility[0].passed, one.eligibility[0].failure_code) for one in outcome.eligibility
    ]
    assert told == [(1, False, "ALL_RULES_FAILED"), (2, True, ""), (3, False, "SKIPPED")]
    rule = outcome.eligibility[0].rules[0][1][0]
    assert (rule.failure_code, rule.condition_index, rule.details) == (
        "CONDITION_NOT_MET", 0, "Condition 1 does not hold",
    )  # fmt: skip
