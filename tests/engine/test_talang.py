"""The tables in talang/: expression ; input ; expected ; note. And every example of the registry."""

import json
from decimal import localcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

import judge
from guerdon.engine import check_ruleset
from guerdon.engine.attributes import types_of
from guerdon.engine.case import make
from guerdon.engine.facts import AttributeDefinition, Facts
from guerdon.engine.frame import Frame
from guerdon.engine.library import Library
from guerdon.engine.program import Rule
from guerdon.engine.talang import registry
from guerdon.engine.talang.values import ARITHMETIC, ERRORS, reason, text
from guerdon.wire.base import decoder, encode

FOLDER = Path(__file__).parent / "talang"
ATTRIBUTES = [
    AttributeDefinition("CustomerSession", "tier", "string"),
    AttributeDefinition("CustomerSession", "note", "string"),
    AttributeDefinition("CustomerProfile", "born", "time"),
    AttributeDefinition("CustomerProfile", "visits", "(list time)"),
    AttributeDefinition("CustomerProfile", "size", "number"),
    AttributeDefinition("CustomerProfile", "sizes", "(list number)"),
    AttributeDefinition("CartItem", "größe", "string"),
    AttributeDefinition("Coupon", "level", "number"),
    AttributeDefinition("Campaign", "season", "string"),
    AttributeDefinition("Event", "url", "string", event_type="pageViewed"),
    AttributeDefinition("Event", "size", "number", event_type="pageViewed"),
    AttributeDefinition("Event", "size", "string", event_type="shoeTried"),
    AttributeDefinition("Store", "open", "boolean"),
    AttributeDefinition("Referral", "level", "number"),
    AttributeDefinition("LoyaltyCard", "colour", "string"),
    AttributeDefinition("Application", "vip", "boolean"),
]
COUPON = judge.coupon(discountLimit=50, discountCounter=20, usageLimit=3, attributes={"level": 2})
PROFILE = judge.profile(
    attributes={
        "born": "1990-06-15T00:00:00+02:00",
        "visits": ["2026-01-01T00:00:00Z", "2026-02-01T01:00:00+01:00"],
        "size": 40,
        "sizes": [38, 40.5],
    },
    audiences=[3],
    joined=[3],
)
SESSION = judge.session(
    profileId="jane",
    couponCodes=["SAVE"],
    attributes={"tier": "gold", "note": None},
    additionalCosts={"shipping": 5},
    cartItems=[
        {"sku": "MUG", "name": "Blue mug", "quantity": 2, "price": 8, "category": "kitchen", "weight": 0.5},
        {
            "sku": "BOOT", "price": 90, "attributes": {"größe": "L"}, "additionalCosts": {"wrapping": 2},
            "product": "Boots", "prices": {"member": 80}, "selectedPriceType": "base", "catalogItemId": 77,
        },
    ],
)  # fmt: skip
LIBRARY = make(
    Library,
    {
        "additionalCosts": {"shipping": {"id": 1}, "wrapping": {"id": 2}},
        "loyaltyPrograms": {
            "5": {"name": "Points", "tiers": [["Silver", 100], ["Gold", 500]]},
            "6": {"name": "Stamps", "cardBased": True},
            "7": {"name": "Plain", "allowSubledger": False},
        },
        "achievements": {"8": {"name": "reviews", "target": 5}},
        "audiences": {"3": {"name": "VIP"}, "4": {"name": "New"}, "5": {"name": "New"}},
        "customEffects": {
            "9": {"name": "wrap", "payload": "{}", "parameters": [["string", "Paper"], ["time", "Until"]]},
            "10": {"name": "tag", "payload": "{}", "perItem": True},
        },
        "collections": {"colours": ["red", "blue"]},
        "valueMaps": {"2": {"MUG": 1.5}},
    },
)
AROUND = make(
    Facts,
    {
        "event": "pageViewed", "session": {},
        "eventAttributes": {"url": "/mugs", "size": 3},
        "store": {"integrationId": "berlin", "name": "Berlin", "attributes": {"open": True}},
        "advocate": {"integrationId": "john", "attributes": {"size": 44}, "audiences": [4]},
        "referral": {
            "id": 21, "campaignId": 1, "code": "FRIEND", "value": "FRIEND", "usageLimit": 5,
            "advocateIntegrationId": "john", "attributes": {"level": 7},
        },
        "balances": [
            {"programId": 5, "current": 120, "pending": 10, "spent": 80, "expired": 5, "tier": "Silver"},
            {"programId": 5, "subledger": "gold", "current": 7},
            {"programId": 6, "card": "CARD-1", "current": 3},
        ],
        "cards": [{"programId": 6, "identifier": "CARD-1", "profiles": ["jane"], "attributes": {"colour": "red"}}],
        "achievements": [{"achievementId": 8, "progress": 2, "status": "inprogress"}],
    },
)  # fmt: skip
# What the shop of all tables has: the cart is flattened, discounts cascade, and it is in Berlin.


def lines():
    for path in sorted(FOLDER.glob("*.csv")):
        for number, row in enumerate(path.read_text().splitlines()[1:], 2):
            expression, given, expected, note = (part.strip() for part in row.split(" ; "))
            yield pytest.param(expression, given, expected, id=f"{path.stem}:{number} {note}")


def problems_and_value(expression, given, timezone="Europe/Berlin"):
    """The problems of an expression, or else its value, or else the error it ends in. `given` are bindings."""
    decode = decoder(dict).decode
    bindings = [{"name": name, "expression": one} for name, one in decode(given or "{}").items()]
    bindings.append({"name": "result", "expression": expression})
    problems = check_ruleset([], bindings, attributes=types_of(ATTRIBUTES), library=LIBRARY)
    if problems:
        return problems, None, ""
    source = judge.campaign(bindings=bindings, attributes={"season": "summer"}, valueMaps=[2])
    application = judge.settings(flattened=True, cascading=True, attributes={"vip": True}, timezone=timezone)
    program = judge.program([source], ATTRIBUTES, application, LIBRARY)
    facts = msgspec.structs.replace(AROUND, session=SESSION, profile=PROFILE, coupons=(COUPON,))
    frame = Frame(program, facts, judge.NOW)
    frame.begin_campaign(program.campaigns[0], facts.referral)
    frame.begin_rule(Rule(index=0, title="R"), COUPON)
    with localcontext(ARITHMETIC):
        try:
            return [], frame.bound(len(bindings) - 1), ""
        except ERRORS as error:
            return [], None, reason(error)


@pytest.mark.parametrize(("expression", "given", "expected"), list(lines()))
def test_the_line_of_the_table_holds(expression, given, expected):
    problems, value, error = problems_and_value(decoder(Any).decode(expression), given)
    if problems:
        assert [f"refused: {problem.message}" for problem in problems] == [expected]
    elif error:
        assert f"error: {error}" == expected
    else:
        assert judge.exact(encode(value)) == judge.exact(expected)


EXAMPLES = [function for function in registry.all_functions() if function.example]


@pytest.mark.parametrize("function", EXAMPLES, ids=lambda function: function.signature())
def test_the_example_of_a_function_gives_what_it_says(function):
    expression, expected = function.example
    plain = decoder(Any).decode(msgspec.json.encode(expression))
    problems, value, error = problems_and_value(plain, "", timezone="UTC")
    assert (problems, error) == ([], "")
    assert shown(value) == expected


def shown(value):
    """A value as examples have it: numbers and times by their text."""
    if isinstance(value, list):
        return [shown(one) for one in value]
    if isinstance(value, dict):
        return {key: shown(one) for key, one in value.items()}
    return value if value is None or isinstance(value, bool) else text(value)


def test_every_function_is_documented_and_has_an_example():
    without = [f.name for f in registry.all_functions() if not f.is_effect and not f.example]
    assert without == WITHOUT_EXAMPLE
    assert [f.name for f in registry.all_functions() if not f.doc] == []


# What needs a frame of its own to show.
WITHOUT_EXAMPLE = [
    "achievement",
    "attributeExists",
    "audienceJoined",
    "audienceLeft",
    "audienceMember",
    "bundle",
    "byIndex",
    "couponValid",
    "globalFilter",
    "highest",
    "inCollection",
    "inCollection",
    "lowest",
    "loyaltyBalance",
    "loyaltyCardRegistered",
    "loyaltyCardValid",
    "referralValid",
    "subledgerBalance",
    "tierIs",
    "valueMapItems",
]


def test_the_tables_are_json_with_four_columns():
    for path in FOLDER.glob("*.csv"):
        head, *rows = path.read_text().splitlines()
        assert head == "expression ; input ; expected ; note"
        for row in rows:
            expression, given, _, note = row.split(" ; ")
            json.loads(expression)
            json.loads(given or "{}")
            assert note
