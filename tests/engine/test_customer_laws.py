"""What holds for any rules about customers: points, codes, audiences, achievements, giveaways (Hypothesis)."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from guerdon.engine import Facts, Library, check_ruleset, compile_campaign, compile_program, evaluate
from guerdon.engine.case import NOW, make
from guerdon.engine.facts import AttributeDefinition
from guerdon.engine.program import CampaignSource, Settings
from guerdon.wire.base import decoder, encode

quick = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), database=None)
ITEMS = [".", "Session", "CartItems"]
ATTRIBUTES = [
    AttributeDefinition("CustomerProfile", "level", "number"),
    AttributeDefinition("CartItem", "gift", "boolean"),
]
TYPES = {(one.entity, one.name): one.type for one in ATTRIBUTES}
LIBRARY = make(
    Library,
    {
        "loyaltyPrograms": {
            "5": {"name": "Points", "tiers": [["Silver", 100], ["Gold", 200]]},
            "6": {"name": "Stamps", "cardBased": True, "defaultPending": "5D", "defaultValidity": "1M_U"},
        },
        "achievements": {
            "1": {"name": "once", "target": 5},
            "2": {"name": "often", "target": 3, "recurrence": "on_completion"},
        },
        "audiences": {"3": {"name": "VIP"}, "4": {"name": "New"}},
        "giveawayPools": {"2": {"name": "Mugs"}},
        "webhooks": {"4": {"name": "CRM"}},
        "customEffects": {
            "9": {"name": "wrap", "payload": '{"n": "${0}"}', "parameters": [["number"]]},
            "10": {"name": "tag", "payload": "{}", "perItem": True},
        },
    },
)
LIMITED = ("createLoyaltyPoints", "redeemLoyaltyPoints", "createCoupon", "awardGiveaway", "customEffect", "callApi")

number = st.one_of(
    st.integers(-5, 150),
    st.decimals(0, 50, places=3),
    st.sampled_from(
        [
            ["loyaltyBalance", 5, "", "tentativeCurrent"],
            [".", "Loyalty", "Points", "CurrentBalance"],
            [".", "Profile", "Attributes", "level"],
            [".", "Achievements", "once", "Progress"],
            ["*", 1000000000000000, 1000000000000000],
            ["/", [".", "Session", "Total"], 3],
        ]
    ),
)
whose = st.sampled_from(["Current", "Advocate"])
program = st.sampled_from([5, "Stamps"])
partial = st.sampled_from([{}, {"partial": True}])
effect = st.one_of(
    st.builds(lambda of, value, more: ["addLoyaltyPoints", "A", of, "", value, more], program, number, partial),
    st.builds(lambda value, who: ["addLoyaltyPoints", "A", 5, "kids", value, {"recipient": who}], number, whose),
    st.builds(lambda value, more: ["addLoyaltyPointsPerItem", "A", 5, "", ITEMS, [["Item"], value], more], number, partial),
    st.builds(lambda of, value, more: ["deductLoyaltyPoints", "D", of, "", value, more], program, number, partial),
    st.builds(lambda value: ["createCoupon", {"usageLimit": value}], number),
    st.builds(lambda value: ["createReferral", {"usageLimit": value, "storeInSession": False}], number),
    st.builds(lambda verb, who, which: [verb, who, which], st.sampled_from(["addToAudience", "removeFromAudience"]), whose, st.sampled_from([3, 4])),
    st.builds(lambda which, value: ["increaseAchievementProgress", which, value], st.sampled_from([1, 2]), number),
    st.builds(lambda who: ["awardGiveaway", 2, who], whose),
    st.builds(lambda value: ["triggerWebhook", 4, value], number),
    st.builds(lambda value: ["customEffect", 9, value], number),
    st.just(["customEffectPerItem", 10, ITEMS]),
    st.just(["updateItemAttribute", ITEMS, "gift", [["Item"], [">", [".", "Item", "Price"], 5]]]),
    st.builds(lambda value: ["updateAttribute", ["Profile", "Attributes", "level"], value], number),
    st.builds(lambda value: ["setDiscount", "S", value], number),
)  # fmt: skip
condition = st.sampled_from(
    [
        True,
        ["tierIs", 5, "", "Silver"],
        ["achievement", "justCompleted", 1],
        ["not", ["audienceMember", "Current", 3]],
        [">", ["loyaltyBalance", 5, "", "tentativeCurrent"], 50],
        ["exists", ITEMS, [["Item"], ["catch", False, [".", "Item", "Attributes", "gift"]]]],
    ]
)
rule = st.builds(
    lambda holds, effects: {"title": "R", "condition": ["and", holds], "effects": effects},
    condition,
    st.lists(effect | effect.map(lambda one: ["catch", ["noop"], one]), min_size=1, max_size=3),
)
rules = st.lists(rule, min_size=1, max_size=5)
limits = st.lists(st.fixed_dictionaries({"action": st.sampled_from(LIMITED), "limit": st.integers(0, 60)}), max_size=3)
facts = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["talon_session_updated", "talon_session_closed", "reviewWritten"]),
        "session": st.fixed_dictionaries(
            {
                "cartItems": st.just([{"price": 7, "quantity": 2}, {"price": 3}]),
                "state": st.sampled_from(["open", "closed"]),
            }
        ),
    },
    optional={
        "profile": st.sampled_from([{"attributes": {"level": 2}}, {"audiences": [3]}]),
        "advocate": st.just({"integrationId": "john"}),
        "balances": st.sampled_from(
            [
                [{"programId": 5, "current": 80, "tier": "Silver"}, {"programId": 6, "card": "CARD", "current": 3}],
                [{"programId": 5, "negative": 40}],
            ]
        ),
        "cards": st.sampled_from([[{"programId": 6, "identifier": "CARD"}], [{"programId": 6, "identifier": "CARD", "active": False}]]),
        "achievements": st.just([{"achievementId": 1, "progress": 4, "status": "inprogress"}]),
        "giveaways": st.just([{"id": 1, "poolId": 2, "code": "A"}, {"id": 2, "poolId": 2, "code": "B"}]),
        "keptCodes": st.just([{"kind": "coupon", "rulesetId": 11, "ruleIndex": 0, "code": "KEPT"}]),
    },
)  # fmt: skip


def plain(json: Any) -> Any:
    """The JSON with numbers as the engine reads them."""
    return decoder(Any).decode(encode(json))


def judged(made, bounds, given_facts: Facts):
    source = make(CampaignSource, {"rules": made, "limits": bounds})
    application = make(Settings, {"flattened": True})
    compiled = compile_campaign(source, TYPES, LIBRARY)
    return evaluate(compile_program(1, application, ATTRIBUTES, [compiled], library=LIBRARY), given_facts, NOW)


@quick
@given(rules)
def test_the_rules_made_here_check(made):
    assert check_ruleset(plain(made), [], attributes=TYPES, library=LIBRARY) == []


@quick
@given(rules, limits, facts)
def test_a_failed_rule_leaves_nothing(made, bounds, around):
    """Without the rules that failed everything is the same: effects, ledgers, codes, counters, ids."""
    made, around = plain(made), make(Facts, around)
    outcome = judged(made, bounds, around)
    failed = {failure.rule_index for failure in outcome.failures}
    never = {"title": "R", "condition": ["and", False], "effects": []}
    rest = judged([never if at in failed else one for at, one in enumerate(made)], bounds, around)
    assert encode(replace(rest, failures=(), eligibility=())) == encode(replace(outcome, failures=(), eligibility=()))


@quick
@given(rules, limits, facts)
def test_the_outcome_is_what_the_effects_say(made, bounds, around):
    around = make(Facts, around)
    before = encode(around)
    outcome = judged(plain(made), bounds, around)
    assert encode(around) == before
    of_kind = lambda *kinds: [one.props for one in outcome.effects if one.effect_type in kinds]  # noqa: E731
    points = of_kind("addLoyaltyPoints", "deductLoyaltyPoints")
    assert [abs(change.amount) for change in outcome.points] == [props.value for props in points]
    assert [change.transaction_uuid for change in outcome.points] == [props.transaction_uuid for props in points]
    assert len({props.transaction_uuid for props in points}) == len(points)
    assert all(change.amount and round(change.amount, 2) == change.amount for change in outcome.points)
    assert list(outcome.giveaway_ids) == [props.giveaway_id for props in of_kind("awardGiveaway")]
    assert len(set(outcome.giveaway_ids)) == len(outcome.giveaway_ids)
    assert len(outcome.webhook_calls) == len(of_kind("triggerWebhook"))
    made_codes = [props.value for props in of_kind("couponCreated", "referralCreated") if props.value != "KEPT"]
    assert [one.code for one in outcome.created_codes] == made_codes
    for use in outcome.limit_uses:
        assert use.amount <= max(Decimal(one["limit"]) for one in bounds if one["action"] == use.action)


@quick
@given(rules, limits, facts)
def test_no_more_is_spent_than_there_was(made, bounds, around):
    outcome = judged(plain(made), bounds, make(Facts, around))
    active: dict[Any, Decimal] = {}
    for one in around.get("balances", []):
        owner = (one["programId"], one.get("subledger", ""), one.get("card", ""))
        active[owner] = Decimal(one.get("current", 0)) - Decimal(one.get("negative", 0))
    for change in outcome.points:
        if change.start_date is None and change.recipient != "john":
            owner = (change.program_id, change.subledger, change.card)
            active[owner] = active.get(owner, Decimal(0)) + change.amount
            assert change.amount > 0 or active[owner] >= 0


@quick
@given(rules, limits, facts)
def test_a_tier_goes_up_only(made, bounds, around):
    outcome = judged(plain(made), bounds, make(Facts, around))
    levels = ["", "Silver", "Gold"]
    for one in outcome.effects:
        if one.effect_type == "changeLoyaltyTierLevel":
            previous = one.props.previous_tier_name if isinstance(one.props.previous_tier_name, str) else ""
            assert levels.index(one.props.new_tier_name) > levels.index(previous)
