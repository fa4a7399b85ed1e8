"""Requests without a session: what the index and a glance at conditions say of them is what an evaluation says."""

import json

import pytest

from guerdon.engine import evaluate, matching, read_case

STORE, TOTAL, PROFILE = [".", "Session", "StoreIntegrationId"], [".", "Session", "Total"], [".", "Session", "ProfileId"]
CONDITIONS = [
    ["=", STORE, ""],
    ["=", [".", "Session", "State"], ""],
    ["=", PROFILE, ""],
    ["=", TOTAL, 0],
    [">=", TOTAL, 0],
    ["<", TOTAL, 1],
    ["exists", [".", "Session", "CartItems"], [["Item"], ["=", [".", "Item", "SKU"], "A"]]],
    ["not", ["exists", [".", "Session", "CartItems"], [["Item"], ["=", [".", "Item", "SKU"], "A"]]]],
    ["=", [".", "Session", "Attributes", "tier"], "gold"],
    ["=", [".", "Profile", "IntegrationId"], "jane"],
    ["=", [".", "Event", "Type"], "visit"],
    ["or", ["=", TOTAL, 0], ["=", [".", "Event", "Type"], "visit"]],
]
OF_THE_EVENT = {10, 11}  # ids of campaigns: from 1 on


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("session", [None, {"state": "closed", "cartItems": [{"sku": "A"}], "couponCodes": ["NOPE"]}])
def test_matching_campaigns_are_those_that_trigger(explain, session):
    effect = ["showNotification", "Info", "Hello", ""]
    rules = [[{"title": "Rule", "condition": ["and", one], "effects": [effect]}] for one in CONDITIONS]
    given = {
        "event": "visit",
        "explain": explain,
        "profile": {},
        "attributes": [["CustomerSession", "tier", "string"]],
        "campaigns": [{"id": at, "rules": one} for at, one in enumerate(rules, 1)],
    }
    case = read_case(json.dumps(given | ({"session": session} if session else {})))
    found = matching(case.program, case.facts, case.now)
    assert set(found) == set(evaluate(case.program, case.facts, case.now).triggered_campaign_ids)
    if session is None:
        assert set(found) == OF_THE_EVENT
