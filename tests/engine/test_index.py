"""The index: what it reads off conditions, what it leaves out, and that leaving it out changes nothing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import judge
from guerdon.engine import Facts, Program, compile_campaign, compile_program, evaluate, matching
from guerdon.engine.facts import AttributeDefinition
from guerdon.engine.index import candidates
from guerdon.engine.library import EMPTY, Library, Named
from guerdon.engine.program import Campaign, CampaignSource
from guerdon.engine.talang.compile import Compiler
from guerdon.wire.base import encode

ITEMS, SKU, CATEGORY = [".", "Session", "CartItems"], [".", "Item", "SKU"], [".", "Item", "Category"]
TOTAL = [".", "Session", "Total"]
TIER, POINTS = [".", "Session", "Attributes", "tier"], [".", "Profile", "Attributes", "points"]
VIP = [".", "Profile", "Attributes", "vip"]
ATTRIBUTES = [
    AttributeDefinition("CustomerSession", "tier", "string"),
    AttributeDefinition("CustomerProfile", "points", "number"),
    AttributeDefinition("CustomerProfile", "vip", "boolean"),
]
TYPES = {(one.entity, one.name): one.type for one in ATTRIBUTES}
LARGE = ["list", *(f"L-{number}" for number in range(150)), "A"]
BINDINGS = [
    {"name": "Few", "type": "collection", "expression": ["list", "A", "B"]},
    {"name": "Many", "type": "collection", "expression": LARGE},
    {"name": "Shoes", "expression": ["filter", ITEMS, [["Item"], ["catch", False, ["=", CATEGORY, "shoes"]]]]},
    {"name": "Some", "expression": ["filter", ITEMS, [["Item"], ["catch", False, ["inCollection", SKU, "Many"]]]]},
    {"name": "Coded", "expression": ["couponValid"]},
    {"name": "Gold", "expression": ["=", TIER, "gold"]},
    {"name": "Dear", "expression": ["sortByNumber", [".", "Shoes"], [["Item"], [".", "Item", "Price"]], True]},
]


def campaign(id: int, condition: Any, effects: Any = (), **given: Any) -> CampaignSource:
    rule = {"title": "R", "condition": condition, "effects": list(effects)}
    return judge.campaign(id=id, rules=[rule], bindings=BINDINGS, **given)


def compiled(*sources: CampaignSource) -> list[Campaign]:
    return [compile_campaign(source, TYPES) for source in sources]


def program(
    campaigns: list[Campaign], previous: Program | None = None, library: Library = EMPTY, **given: Any
) -> Program:
    return compile_program(1, judge.settings(**given), ATTRIBUTES, campaigns, previous=previous, library=library)


def facts(profile: dict[str, Any] | None = None, **session: Any) -> Facts:
    given = judge.profile(attributes=profile) if profile is not None else None
    return Facts(event="talon_session_updated", session=judge.session(**session), profile=given, coupons=())


def found(of: Program, given: Facts) -> list[int]:
    """The ids of the candidates."""
    return [of.campaigns[place].source.id for place in candidates(of.index, given, judge.NOW, ())]


def some(body: Any) -> list[Any]:
    return ["exists", ITEMS, [["Item"], body]]


# --- what is read off conditions: for each, carts and attributes for which it is looked at, and for which it is not

CART = {"cartItems": [{"sku": "A", "price": 60, "category": "shoes"}, {"sku": "X", "price": 40}]}
READ = [
    (["couponValid"], [], [{}, CART]),
    (["referralValid"], [], [{}, CART]),
    ([">=", TOTAL, 100], [CART], [{}]),
    ([">", TOTAL, 100], [CART], [{}]),
    (["<=", 100, TOTAL], [CART], [{}]),
    ([">=", TOTAL, 101], [], [CART]),
    (["<", TOTAL, 100], [{}, CART], []),
    ([">=", [".", "Session", "DiscountedTotal"], 101], [], [CART]),
    ([">=", [".", "Session", "CartItemTotal"], 101], [], [CART]),
    (["=", TIER, "gold"], [{"attributes": {"tier": "gold"}}], [{}, {"attributes": {"tier": "silver"}}]),
    (["=", "gold", TIER], [{"attributes": {"tier": "gold"}}], [{}]),
    (["catch", False, ["=", TIER, "gold"]], [{"attributes": {"tier": "gold"}}], [{}]),
    (["catch", True, ["=", TIER, "gold"]], [{}], []),
    (["!=", TIER, "gold"], [{"attributes": {"tier": "gold"}}], []),
    (["not", ["=", TIER, "gold"]], [{"attributes": {"tier": "gold"}}], []),
    (["oneOf", TIER, ["list", "gold", "silver"]], [{"attributes": {"tier": "silver"}}], [{}, {"attributes": {"tier": "x"}}]),
    (["=", TIER, "5"], [{"attributes": {"tier": 5}}], []),
    (["=", [".", "Session", "StoreIntegrationId"], "S1"], [{"storeIntegrationId": "S1"}], [{}]),
    (["=", [".", "Event", "Type"], "talon_session_updated"], [{}], []),
    (["=", [".", "Event", "Type"], "visited"], [], [{}]),
    (some(["=", SKU, "A"]), [CART], [{}]),
    (some(["=", "B", SKU]), [], [CART]),
    (some(["and", ["=", SKU, "A"], [">", [".", "Item", "Price"], 5]]), [CART], [{}]),
    (some(["or", ["=", SKU, "B"], ["=", SKU, "A"]]), [CART], [{}]),
    (some(["or", ["=", SKU, "B"], [">", [".", "Item", "Price"], 5]]), [CART, {}], []),
    (some([">", [".", "Item", "Price"], 5]), [CART, {}], []),
    (some(["inCollection", SKU, "Few"]), [CART], [{}]),
    (some(["inCollection", SKU, "Many"]), [CART], [{}]),
    (some(["oneOf", SKU, LARGE]), [CART], [{}]),
    ([">", ["count", [".", "Shoes"]], 0], [CART], [{}]),
    ([">=", ["count", [".", "Shoes"]], 2], [CART], [{}]),
    (["=", ["count", [".", "Shoes"]], 1], [CART], [{}]),
    (["=", ["count", [".", "Shoes"]], 0], [CART, {}], []),
    (["<", 0, ["count", [".", "Some"]]], [CART], [{}]),
    (["not", ["isEmpty", [".", "Dear"]]], [CART], [{}]),
    (["isEmpty", [".", "Dear"]], [CART, {}], []),
    (["not", ["isEmpty", ["take", 1, [".", "Dear"]]]], [CART], [{}]),
    (["and", [">", TOTAL, 5], ["=", TIER, "gold"]], [{**CART, "attributes": {"tier": "gold"}}], [CART]),
    (["or", ["=", TIER, "gold"], some(["=", SKU, "A"])], [CART, {"attributes": {"tier": "gold"}}], [{}]),
    (["or", ["=", TIER, "gold"], ["couponValid"]], [{"attributes": {"tier": "gold"}}], [{}, CART]),
    (["or", ["=", TIER, "gold"], True], [{}], []),
    ([".", "Coded"], [], [{}, CART]),
    ([".", "Gold"], [{"attributes": {"tier": "gold"}}], [{}]),
    (False, [], [{}, CART]),
    (True, [{}, CART], []),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "looked_at", "left_out"), READ, ids=[encode(one).decode() for one, *_ in READ])
def test_what_a_condition_needs(condition, looked_at, left_out):
    for form in (["and", condition], ["or", condition]):
        of = program(compiled(campaign(1, form)))
        assert [found(of, facts({}, **given)) for given in looked_at] == [[1]] * len(looked_at)
        assert [found(of, facts({}, **given)) for given in left_out] == [[]] * len(left_out)


def test_a_customer_attribute_is_looked_up():
    of = program(compiled(campaign(1, ["and", ["=", POINTS, 5]]), campaign(2, ["and", ["=", VIP, True]])))
    assert found(of, facts({"points": 5})) == [1]
    assert found(of, facts({"points": Decimal("5.0"), "vip": True})) == [1, 2]
    assert found(of, facts({"vip": False})) == []
    assert found(of, facts()) == []
    assert found(of, facts({"points": "5"})) == [1]  # not what its definition says: looked at, to be sure


def test_a_number_of_the_customer_is_compared():
    of = program(compiled(campaign(1, ["and", [">=", POINTS, 5]]), campaign(2, ["and", ["<", 7, POINTS]])))
    assert found(of, facts({"points": 5})) == [1]
    assert found(of, facts({"points": Decimal("7.1")})) == [1, 2]
    assert (found(of, facts({"points": 4})), found(of, facts({})), found(of, facts())) == ([], [], [])
    assert found(of, facts({"points": "9"})) == [1, 2]


def test_collections_and_audiences_of_the_account_are_looked_up():
    library = Library(
        collections={"Sale": frozenset({"A", "B"}), "All": frozenset(LARGE[1:])}, audiences={7: Named(id=7, name="VIP")}
    )
    needs = [some(["inCollection", SKU, "Sale"]), some(["inCollection", SKU, "All"]), ["audienceMember", "Current", 7]]

    def of(*does: Any) -> Program:
        made = [campaign(n, ["and", need], does) for n, need in enumerate(needs, 1)]
        return program([compile_campaign(one, TYPES, library) for one in made], library=library)

    cart = facts(cartItems=[{"sku": "B"}])
    member = replace(cart, profile=judge.profile(audiences=[7]))
    assert (found(of(), cart), matching(of(), cart, judge.NOW)) == ([1], (1,))
    assert (found(of(), member), matching(of(), member, judge.NOW)) == ([1, 3], (1, 3))
    assert found(of(), facts({}, cartItems=[{"sku": "L-3"}])) == [2]
    assert found(of(["addToAudience", "Current", 7]), cart) == [1, 3]


def test_a_rule_stands_under_what_fewest_sessions_have():
    both = [[f">= {n}", ["and", ["=", TIER, "gold"], some(["=", SKU, f"P-{n}"])]] for n in range(50)]
    of = program(compiled(*(campaign(n + 1, condition) for n, (_, condition) in enumerate(both))))
    given = facts({}, cartItems=[{"sku": "P-7"}], attributes={"tier": "gold"})
    assert found(of, given) == [8]


def test_what_a_total_and_a_product_need_is_looked_at_together():
    rules = [["and", [">=", TOTAL, 10 * n], some(["=", SKU, "A"])] for n in range(1, 51)]
    of = program(compiled(*(campaign(n + 1, condition) for n, condition in enumerate(rules))))
    assert found(of, facts({}, cartItems=[{"sku": "A", "price": 30}])) == [1, 2, 3]


def test_an_attribute_that_a_rule_writes_is_no_key():
    write = [["updateAttribute", ["Session", "Attributes", "tier"], "gold"]]
    read = campaign(2, ["and", ["=", TIER, "gold"]], [["setDiscount", "Gold", 5]])
    of = program(compiled(campaign(1, ["and", True], write), read))
    outcome = evaluate(of, facts({}, cartItems=[{"sku": "A"}]), judge.NOW)
    assert outcome.triggered_campaign_ids == (1, 2)
    assert found(program(compiled(read)), facts({})) == []


def test_failure_effects_keep_a_campaign_among_the_candidates():
    notify = ["onFailure", [">=", TOTAL, 100], [["showNotification", "Info", "Nearly", "more to go"]]]
    of = program(
        compiled(
            campaign(1, ["and", notify]),
            campaign(2, ["and", ["=", TIER, "gold"], notify]),
            campaign(3, ["and", notify, ["=", TIER, "gold"]]),
        )
    )
    assert found(of, facts({})) == [1, 3]
    outcome = evaluate(of, facts({}), judge.NOW)
    assert [one.campaign_id for one in outcome.effects] == [1, 3]


def test_campaigns_that_do_not_run_are_left_out():
    ended = {"endTime": "2026-06-15T12:00:00Z"}
    of = program(
        compiled(
            campaign(1, ["and", True], state="disabled"),
            judge.campaign(id=2, rules=None, rulesetId=None),
            campaign(3, ["and", True], **ended),
            campaign(4, ["and", True], endTime="2026-06-15T12:00:01Z"),
            campaign(5, ["and", True]),
        )
    )
    assert found(of, facts({})) == [4, 5]
    assert found(of, replace(facts({}), campaign_ids=(5, 1, 99))) == [1, 5]
    assert matching(of, facts({}), judge.NOW) == (4, 5)


def test_a_campaign_of_stores_is_looked_at_in_its_stores():
    notify = ["onFailure", [">=", TOTAL, 100], [["showNotification", "Info", "Nearly", "more to go"]]]
    of = program(
        compiled(
            campaign(1, ["and", True], stores=["S1", "S2"]),
            campaign(2, ["and", notify], stores=["S1"]),
            campaign(3, ["and", True]),
        )
    )
    assert found(of, facts({}, storeIntegrationId="S1")) == [1, 2, 3]
    assert found(of, facts({}, storeIntegrationId="S2")) == [1, 3]
    assert found(of, facts({})) == [3]


def test_a_line_of_which_nothing_is_left_does_not_prove_that_the_cart_has_it():
    of = program(compiled(campaign(1, ["and", some(["=", SKU, "A"])])), flattened=True)
    gone = facts({}, cartItems=[{"sku": "A", "quantity": 0}])
    assert evaluate(of, gone, judge.NOW).triggered_campaign_ids == matching(of, gone, judge.NOW) == ()
    there = facts({}, cartItems=[{"sku": "A", "quantity": 0}, {"sku": "A"}])
    assert evaluate(of, there, judge.NOW).triggered_campaign_ids == matching(of, there, judge.NOW) == (1,)


# --- programs that follow each other


def test_a_changed_campaign_is_found_anew_and_the_old_program_stays():
    given = facts({}, cartItems=[{"sku": "A"}])
    campaigns = compiled(*(campaign(n, ["and", some(["=", SKU, f"S-{n}"])]) for n in range(1, 2001)))
    first = program(campaigns)
    [changed] = compiled(campaign(1000, ["and", some(["=", SKU, "A"])]))
    second = program([*campaigns[:999], changed, *campaigns[1000:]], first)
    assert second.index.layers[0][0] is first.index.layers[0][0]
    assert (found(first, given), found(second, given)) == ([], [1000])
    third = program([*campaigns[:4], *campaigns[5:]], second)
    assert third.index.layers[0][0] is first.index.layers[0][0]
    assert found(third, given) == []
    last = facts({}, cartItems=[{"sku": "S-5"}, {"sku": "S-6"}, {"sku": "S-2000"}])
    assert (found(third, last), matching(third, last, judge.NOW)) == ([6, 2000], (6, 2000))
    assert found(second, last) == [5, 6, 2000]


def test_where_much_has_changed_all_is_indexed_anew():
    campaigns = compiled(*(campaign(n, ["and", some(["=", SKU, f"S-{n}"])]) for n in range(1, 301)))
    first = program(campaigns)
    again = compiled(*(one.source for one in campaigns[:100]))
    second = program([*again, *campaigns[100:]], first)
    assert len(second.index.layers) == 1
    assert second.index.layers[0][0] is not first.index.layers[0][0]


def test_an_attribute_that_is_written_from_now_on_is_no_key_from_now_on():
    read = compiled(campaign(2, ["and", ["=", TIER, "gold"]]))
    first = program(read)
    write = compiled(campaign(1, ["and", True], [["updateAttribute", ["Session", "Attributes", "tier"], "gold"]]))
    second = program([*write, *read], first)
    assert (found(first, facts({})), found(second, facts({}))) == ([], [1, 2])


# --- leaving out changes nothing, for any rules and any request

quick = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), database=None)
text = st.sampled_from(["A", "B", "C", "L-3"])
word = st.sampled_from(["gold", "silver", "5"])
amount = st.sampled_from([0, 5, 10, 20, Decimal("9.99"), 40])
unit = st.recursive(
    st.one_of(
        text.map(lambda sku: ["=", SKU, sku]),
        st.lists(text, min_size=1, max_size=3).map(lambda some_skus: ["oneOf", SKU, ["list", *some_skus]]),
        st.sampled_from(["Few", "Many", "None"]).map(lambda name: ["inCollection", SKU, name]),
        st.sampled_from(["shoes", "mugs"]).map(lambda category: ["=", CATEGORY, category]),
        amount.map(lambda least: [">=", [".", "Item", "Price"], least]),
    ),
    lambda inner: st.one_of(
        inner.map(lambda one: ["catch", False, one]),
        inner.map(lambda one: ["not", one]),
        st.builds(lambda name, one, two: [name, one, two], st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=3,
)
units = st.recursive(
    st.sampled_from([ITEMS, [".", "Shoes"], [".", "Some"], [".", "Dear"]])
    | unit.map(lambda body: ["filter", ITEMS, [["Item"], body]]),
    lambda inner: st.one_of(
        inner.map(lambda of: ["take", 1, of]),
        inner.map(lambda of: ["sortByNumber", of, [["Item"], [".", "Item", "Price"]], False]),
        st.builds(lambda of, body: ["filter", of, [["x"], body]], inner, st.just([">", [".", "x", "Price"], 5])),
    ),
    max_leaves=2,
)
simple = st.one_of(
    st.sampled_from(
        [
            ["couponValid"],
            [".", "Coded"],
            [".", "Gold"],
            True,
            False,
            ["=", VIP, True],
            ["=", POINTS, 5],
            [">=", POINTS, 5],
        ]
    ),
    st.builds(
        lambda op, path, least: [op, path, least],
        st.sampled_from([">", ">=", "<", "="]),
        st.sampled_from(
            [
                TOTAL,
                [".", "Session", "CartTotal"],
                [".", "Session", "DiscountedTotal"],
                [".", "Profile", "ClosedSessions"],
            ]
        ),
        amount,
    ),
    st.builds(lambda op, least: [op, least, TOTAL], st.sampled_from(["<", "<=", ">"]), amount),
    word.map(lambda tier: ["=", TIER, tier]),
    st.lists(word, min_size=1, max_size=2).map(lambda tiers: ["oneOf", TIER, ["list", *tiers]]),
    st.sampled_from([5, 6]).map(lambda points: ["oneOf", POINTS, ["list", points, 7]]),
    st.sampled_from(["S1", ""]).map(lambda store: ["=", [".", "Session", "StoreIntegrationId"], store]),
    unit.map(lambda body: ["exists", ITEMS, [["Item"], body]]),
    st.builds(lambda of, body: ["exists", of, [["Item"], body]], units, unit),
    st.builds(
        lambda op, of, least: [op, ["count", of], least],
        st.sampled_from([">", ">=", "=", "<"]),
        units,
        st.integers(0, 2),
    ),
    units.map(lambda of: ["not", ["isEmpty", of]]),
)
condition = st.recursive(
    simple,
    lambda inner: st.one_of(
        inner.map(lambda one: ["catch", False, one]),
        inner.map(lambda one: ["not", one]),
        inner.map(lambda one: ["onFailure", one, [["showNotification", "Info", "No", "not yet"]]]),
        st.builds(lambda name, one, two: [name, one, two], st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=3,
)  # fmt: skip
effects = st.lists(
    st.sampled_from(
        [
            ["setDiscount", "Off", 5],
            ["updateAttribute", ["Session", "Attributes", "tier"], "gold"],
            ["updateAttribute", ["Profile", "Attributes", "points"], 5],
            ["setDiscountPerItem", "Each", [".", "Shoes"], [["Item"], 1]],
        ]
    ),
    max_size=2,
)


@st.composite
def rule(draw: Any, does: st.SearchStrategy[Any]) -> dict[str, Any]:
    elements = draw(st.lists(simple | simple | condition, min_size=1, max_size=3))
    outer = draw(st.sampled_from(["and", "and", "or"]))
    return {"title": "R", "condition": [outer, *elements], "effects": draw(does)}


@st.composite
def sources(draw: Any, does: st.SearchStrategy[Any]) -> list[CampaignSource]:
    return [
        judge.campaign(
            id=number,
            rules=draw(st.lists(rule(does), max_size=2)),
            bindings=BINDINGS,
            **draw(st.sampled_from([{}, {}, {"position": 3}, {"stores": ["S1"]}, {"endTime": "2026-06-15T12:00:00Z"}, {"state": "disabled"},
                                    {"endTime": "2027-06-15T12:00:00Z"}, {"startTime": "2027-06-15T12:00:00Z"}])),
        )
        for number in range(1, draw(st.integers(2, 5)))
    ]  # fmt: skip


@st.composite
def requests(draw: Any) -> Facts:
    line = st.fixed_dictionaries(
        {"sku": st.sampled_from(["A", "B", "C", "L-3", "Z"]), "price": amount, "quantity": st.integers(0, 2)},
        optional={"category": st.sampled_from(["shoes", "mugs"])},
    )
    tier = st.fixed_dictionaries({}, optional={"tier": st.sampled_from(["gold", "silver", 5, None, ["gold"]])})
    points = {"points": st.sampled_from([5, 6, Decimal("5.0"), None]), "vip": st.booleans()}
    codes = draw(st.sampled_from([(), ("SAVE",), ("SAVE", "NOPE")]))
    session = judge.session(
        cartItems=draw(st.lists(line, max_size=3)), attributes=draw(tier), couponCodes=list(codes),
        storeIntegrationId=draw(st.sampled_from(["", "S1"])),
    )  # fmt: skip
    profile = judge.profile(attributes=draw(st.fixed_dictionaries({}, optional=points)), closedSessions=5)
    return Facts(
        event="talon_session_updated",
        session=session,
        profile=profile if draw(st.booleans()) else None,
        coupons=(judge.coupon(campaignId=draw(st.integers(1, 5))),) if codes else (),
        campaign_ids=draw(st.sampled_from([None, None, None, (1, 3, 9)])),
    )


class _Plainly(Compiler):
    shortens = False


application = st.fixed_dictionaries({"flattened": st.booleans(), "cascading": st.booleans()})


@quick
@given(sources(effects), requests(), application)
def test_evaluating_the_candidates_only_gives_what_evaluating_all_gives(made, given_facts, how):
    of = program(compiled(*made), **how)
    every = evaluate(of, replace(given_facts, explain=True), judge.NOW)
    outcome = evaluate(of, given_facts, judge.NOW)
    assert set(outcome.failures) <= set(every.failures)
    assert encode(replace(outcome, failures=())) == encode(replace(every, failures=(), eligibility=()))


@quick
@given(sources(effects), requests(), application)
def test_conditions_that_were_shortened_come_to_the_same(made, given_facts, how):
    long = program([compile_campaign(one, TYPES, compiler=_Plainly) for one in made], **how)
    facts_of = replace(given_facts, explain=True)
    assert evaluate(program(compiled(*made), **how), facts_of, judge.NOW) == evaluate(long, facts_of, judge.NOW)


@quick
@given(sources(st.just([])), requests(), application)
def test_matching_is_what_evaluating_rules_without_effects_triggers(made, given_facts, how):
    of = program(compiled(*made), **how)
    every = evaluate(of, replace(given_facts, explain=True), judge.NOW)
    assert matching(of, given_facts, judge.NOW) == every.triggered_campaign_ids


@quick
@given(sources(effects), st.lists(st.tuples(st.integers(0, 3), sources(effects)), max_size=3), requests())
def test_a_program_that_follows_another_is_like_one_made_anew(made, changes, given_facts):
    campaigns = {one.source.id: one for one in compiled(*made)}
    latest = program(list(campaigns.values()))
    for gone, changed in changes:
        campaigns.pop(gone, None)
        campaigns |= {one.source.id: one for one in compiled(*changed[:2])}
        latest = program(list(campaigns.values()), latest)
    anew = program(list(campaigns.values()))
    first, second = (replace(evaluate(of, given_facts, judge.NOW), failures=()) for of in (latest, anew))
    assert first == second
    assert matching(latest, given_facts, judge.NOW) == matching(anew, given_facts, judge.NOW)
