"""A case is read from short JSON, and what is wrong with it is said with its place (engine/case.py)."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from guerdon.engine import CaseProblem, evaluate, read_case
from guerdon.engine.facts import AttributeDefinition, Balance, Counter, Limit
from guerdon.engine.library import Achievement, AdditionalCost, Library, Named
from guerdon.engine.program import Group


def read(**given):
    return read_case(json.dumps(given))


def test_an_empty_case_has_an_open_session_without_items_and_nothing_to_say():
    case = read()
    assert (case.facts.session.state, case.facts.session.total, case.facts.coupons) == ("open", 0, ())
    assert case.now == datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert evaluate(case.program, case.facts, case.now).effects == ()


def test_everything_that_an_evaluation_takes_can_be_given():
    case = read(
        now="2026-12-24T18:00:00+01:00",
        application={"currency": "CHF", "discountScope": "sessionTotal"},
        attributes=[["CartItem", "colour", "string"], {"entity": "Coupon", "name": "worth", "type": "number"}],
        groups=[{"id": 1, "mode": "listOrder"}],
        campaigns=[{"limits": [{"action": "setDiscount", "limit": 12.5, "entities": ["Profile"]}], "stores": ["B"]}],
        library={
            "audiences": {"7": {"name": "VIP"}},
            "achievements": {"3": {"name": "ten", "target": 10}},
            "additionalCosts": {"shipping": {"id": 4}},
            "collections": {"mugs": ["MUG-1"]},
            "valueMaps": {"5": {"MUG-1": 1.25}},
        },
        session={"cartItems": [{"price": 1.10, "quantity": 3}, {"sku": "MUG", "additionalCosts": {"wrapping": 0.5}}]},
        profile={"audiences": [7]},
        balances=[{"programId": 2, "current": 30}],
        counters=[{"campaignId": 1, "action": "setDiscount", "entities": [["Profile", "jane"]], "used": 1}],
        coupons=[{"expiryDate": "2026-12-25T00:00:00Z"}, {"id": 8, "code": "MORE", "value": "more"}],
        campaignIds=[1],
    )
    facts, program = case.facts, case.program
    assert case.now == datetime(2026, 12, 24, 17, tzinfo=UTC)
    assert (program.settings.currency, program.settings.name) == ("CHF", "Shop")
    assert list(program.definitions.values()) == [
        AttributeDefinition("CartItem", "colour", "string"),
        AttributeDefinition("Coupon", "worth", "number"),
    ]
    assert program.tree.elements[0].group == Group(id=1, mode="listOrder")
    source = program.by_id[1].source
    assert source.limits == (Limit(action="setDiscount", limit=Decimal("12.5"), entities=("Profile",)),)
    assert (source.stores, source.ruleset_id) == (frozenset({"B"}), 11)
    assert program.library == Library(
        audiences={7: Named(id=7, name="VIP")},
        achievements={3: Achievement(id=3, name="ten", target=Decimal(10))},
        additional_costs={"shipping": AdditionalCost(id=4, name="shipping")},
        collections={"mugs": frozenset({"MUG-1"})},
        value_maps={5: {"MUG-1": Decimal("1.25")}},
    )
    session = facts.session
    assert [(one.position, one.sku, one.price) for one in session.cart_items] == [
        (0, "SKU-0", Decimal("1.10")),
        (1, "MUG", Decimal(10)),
    ]
    assert (session.cart_item_total, session.total) == (Decimal("13.3"), Decimal("13.8"))
    assert session.coupon_codes == ("SAVE", "MORE")
    assert [(one.id, one.value) for one in facts.coupons] == [(7, "SAVE"), (8, "more")]
    assert facts.coupons[0].expiry_date == datetime(2026, 12, 25, tzinfo=UTC)
    assert facts.profile.audiences == frozenset({7})
    assert facts.balances == (Balance(program_id=2, current=Decimal(30)),)
    assert facts.counters == (
        Counter(campaign_id=1, action="setDiscount", entities=(("Profile", "jane"),), used=Decimal(1)),
    )
    assert (facts.campaign_ids, facts.explain, facts.event) == ((1,), True, "talon_session_updated")


@pytest.mark.parametrize(
    ("given", "pointer", "message"),
    [
        ({"sesion": {}}, "/sesion", "a case has no `sesion`; did you mean `session`?"),
        ({"session": {"cartItem": []}}, "/session/cartItem", "Session has no `cartItem`; did you mean `cartItems`?"),
        (
            {"session": {"cart_items": []}},
            "/session/cart_items",
            "Session has no `cart_items`; did you mean `cartItems`?",
        ),
        ({"session": {"cartItems": {}}}, "/session/cartItems", "Expected `array`, got `object`"),
        ({"session": {"cartItems": [1]}}, "/session/cartItems/0", "Expected `object`, got `int`"),
        ({"session": {"cartItems": [{}, {"price": "a lot"}]}}, "/session/cartItems/1/price", "Invalid decimal string"),
        ({"session": [1] * 99}, "/session", "Expected `object`, got `array`"),
        ({"balances": [{"current": 1}]}, "/balances/0", "Balance needs `programId`"),
        ({"library": {"audiences": {"VIP": {"name": "x"}}}}, "/library/audiences/VIP", "Expected `int`, got `str`"),
        ({"now": "tomorrow"}, "/now", "Invalid RFC3339 encoded datetime"),
        ({"now": "2026-06-15T12:00:00"}, "/now", "a time needs its offset, such as 2026-06-15T12:00:00Z"),
        ({"campaigns": [{"id": "one"}]}, "/campaigns/0/id", "Expected `int`, got `str`"),
        ({"campaigns": [{"name": None}]}, "/campaigns/0/name", "Expected `str`, got `null`"),
        ({"attributes": [["Coupon"]]}, "/attributes/0", "AttributeDefinition needs `name`"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(given, pointer, message):
    with pytest.raises(CaseProblem) as raised:
        read(**given)
    assert (raised.value.pointer, raised.value.message) == (pointer, message)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"now": 1e99999999999999999999999}'])
def test_a_case_is_a_json_object(text):
    with pytest.raises(CaseProblem):
        read_case(text)
