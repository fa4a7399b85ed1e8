"""Each generation of the vendor's SDKs writes and reads its own shape of a session, and all of them the same sessions.

The models of the Python SDKs refuse what is wrong; what the JavaScript ones hold is checked by what they declare
(sdks/witness.js).
"""

import pytest

import make
from checkout import coupon_rule, define, percent, rows, running

FIRST_CONTENT = [
    "customerSession", "customerProfile", "coupons", "triggeredCampaigns", "referral", "loyalty", "event",
    "ruleFailureReasons",
]  # fmt: skip
CONTENT = {"js-4": FIRST_CONTENT}
ALL_CONTENT = [*FIRST_CONTENT, "awardedGiveaways", "previousReturns"]
SHOES = {"name": "Shoes", "sku": "9696", "quantity": 1, "price": 60, "category": "shoes", "attributes": {}}
SHIRT = {"name": "Shirt", "sku": "6078", "quantity": 2, "price": 20.005, "weight": 0.25, "attributes": {}}
BUSY = "Too many requests are updating this session at the same time"


@pytest.fixture
def campaign(manager):
    define(manager, "CustomerSession", "tier")
    promo = coupon_rule(
        ["setDiscount", "20% Discount promo", percent(20)],
        ["addFreeItem", "Mug", "MUG"],
        ["showNotification", "Info", "Hello", "there"],
        ["customEffect", 7, "wrap", ["kv", ["paper", "red"]]],
        ["updateAttribute", ["Session", "Attributes", "tier"], "gold"],
        ["setDiscountPerItem", "Half", [".", "Session", "CartItems"], [["Item"], 0.5]],
    )
    return running(manager, promo, codes=[{"code": "SPRING", "usageLimit": 9, "discountLimit": 100.5}])[0]


def request_of(session, content):
    return ("IntegrationRequest", {"customerSession": session, "responseContent": content})


@pytest.mark.parametrize("name", ["python-26", "python-9", "js-4", "js-5"])
def test_the_second_generation_of_sessions(sdk, campaign, name):
    """NewCustomerSessionV2 there, CustomerSessionV2 and all that an answer may have back."""
    shop, content = sdk(name), CONTENT.get(name, ALL_CONTENT)
    new = {
        "profileId": "kim", "cartItems": [SHOES, SHIRT], "couponCodes": ["SPRING", "NOPE"], "referralCode": "",
        "identifiers": ["10.0.0.1"], "attributes": {"tier": "new"}, "state": "open",
    }  # fmt: skip
    state = shop("updateCustomerSessionV2", "s1", request_of(new, content))
    kinds = ["rejectCoupon", "acceptCoupon", "setDiscount", "addFreeItem", "showNotification", "customEffect"]
    kinds += ["updateAttribute", *["setDiscountPerItem"] * 3]
    assert [effect["effectType"] for effect in state["effects"]] == kinds
    assert state["effects"][2]["props"] == {"name": "20% Discount promo", "value": 20.002}
    session = state["customerSession"]
    assert (session["integrationId"], session["profileId"], session["state"]) == ("s1", "kim", "open")
    assert (session["couponCodes"], session["referralCode"]) == (["SPRING", "NOPE"], "")
    assert (session["total"], session["cartItemTotal"], session["additionalCostTotal"]) == (100.01, 100.01, 0)
    assert (session["attributes"], session["firstSession"]) == ({"tier": "gold"}, True)
    assert [(one["sku"], one["quantity"], one["price"]) for one in session["cartItems"]] == [
        ("9696", 1, 60), ("6078", 2, 20.005)
    ]  # fmt: skip
    assert (state["customerProfile"]["integrationId"], state["coupons"][0]["value"]) == ("kim", "SPRING")
    assert [one["id"] for one in state["triggeredCampaigns"]] == [campaign["id"]]
    assert (state["event"]["type"], state["event"]["effects"]) == ("talon_session_created", [])

    state = shop("updateCustomerSessionV2", "s1", request_of({"state": "closed"}, content))
    assert (state["customerSession"]["state"], state["coupons"][0]["usageCounter"]) == ("closed", 1)
    assert (state["customerProfile"]["closedSessions"], state["customerProfile"]["totalSales"]) == (1, 100.01)
    state = shop("updateCustomerSessionV2", "s1", request_of({"state": "cancelled"}, content))
    assert [one["effectType"] for one in state["effects"]] == ["rollbackCoupon", *["rollbackDiscount"] * 4]
    assert (state["customerSession"]["state"], state["coupons"][0]["usageCounter"]) == ("cancelled", 0)


def test_the_first_generation_of_sessions(sdk, campaign):
    """NewCustomerSession there, IntegrationState with CustomerSession back."""
    shop = sdk("js-4")
    new = {
        "profileId": "kim", "cartItems": [SHOES, SHIRT], "coupon": "SPRING", "identifiers": ["10.0.0.1"],
        "attributes": {"tier": "new"}, "total": 99.5,
    }  # fmt: skip
    answer = shop.ask("updateCustomerSession", "s1", ("NewCustomerSession", new))
    assert (answer["type"], answer["problems"]) == ("IntegrationState", [])
    state = answer["value"]
    session = state["session"]
    assert (session["coupon"], session["referral"], session["state"]) == ("SPRING", "", "open")
    assert (session["total"], session["identifiers"], session["firstSession"]) == (99.5, ["10.0.0.1"], True)
    assert session["discounts"] == {"20% Discount promo": 20.002, "Half#0": 0.5, "Half#1": 0.5}
    assert [one["sku"] for one in session["cartItems"]] == ["9696", "6078"]
    assert state["profile"]["integrationId"] == "kim"
    assert (state["coupon"]["value"], state["loyalty"]["programs"]) == ("SPRING", {})
    event = state["event"]
    assert (event["type"], event["sessionId"], event["ledgerEntries"]) == ("talon_session_created", "s1", [])
    where = [campaign["id"], 1, 0]
    assert event["effects"][:3] == [
        [*where, ["acceptCoupon", "SPRING"]],
        [*where, ["setDiscount", "20% Discount promo", 20.002]],
        [*where, ["addFreeItem", "MUG", "Mug"]],
    ]
    assert event["meta"]["coupons"] == {"SPRING": {"attributes": {}}}

    state = shop("updateCustomerSession", "s1", ("NewCustomerSession", {"coupon": "NOPE"}))
    assert state["event"]["meta"]["couponRejectionReason"]["reason"] == "CouponNotFound"
    state = shop("updateCustomerSession", "s2", ("NewCustomerSession", {}), {"dry": True})
    assert (state["profile"]["integrationId"], state["event"]["id"]) == ("", 0)


def test_all_generations_on_one_session(sdk, server, campaign):
    old, js, python, newest = sdk("js-4"), sdk("js-5"), sdk("python-9"), sdk("python-26")
    old("updateCustomerSession", "s1", ("NewCustomerSession", {"profileId": "kim", "cartItems": [SHOES]}))
    state = js("updateCustomerSessionV2", "s1", request_of({"couponCodes": ["SPRING"]}, ["customerSession"]))
    assert (state["customerSession"]["profileId"], state["customerSession"]["total"]) == ("kim", 60)
    for shop in (js, python, newest):
        read = shop("getCustomerSession", "s1")
        assert read["customerSession"]["couponCodes"] == ["SPRING"]
        assert read["effects"][0]["effectType"] == "acceptCoupon"
    state = old("updateCustomerSession", "s1", ("NewCustomerSession", {"cartItems": [SHOES, SHIRT]}))
    assert (state["session"]["coupon"], state["session"]["total"]) == ("SPRING", 100.01)
    state = python("updateCustomerSessionV2", "s1", request_of({"state": "closed"}, ["customerSession"]))
    assert (state["customerSession"]["state"], state["customerSession"]["total"]) == ("closed", 100.01)
    state = old("updateCustomerSession", "s1", ("NewCustomerSession", {"state": "cancelled"}))
    assert (state["session"]["state"], state["session"]["discounts"]) == ("cancelled", {})
    assert newest("getCustomerSession", "s1")["customerSession"]["updateCount"] == 5
    assert server.sql("SELECT usage_counter FROM coupons")[0][0] == 0


@pytest.mark.parametrize("name", ["python-26", "python-9", "js-5"])
def test_returns_and_reopening(sdk, campaign, name):
    shop = sdk(name)
    bought = {"profileId": "kim", "cartItems": [SHOES, SHIRT], "couponCodes": ["SPRING"], "state": "closed"}
    shop("updateCustomerSessionV2", "s1", request_of(bought, []))
    back = {"return": {"returnedCartItems": [{"position": 1, "quantity": 1}]}, "responseContent": ALL_CONTENT[:7]}
    state = shop("returnCartItems", "s1", ("ReturnIntegrationRequest", back))
    assert [one["effectType"] for one in state["effects"]] == ["rollbackDiscount"]
    assert state["effects"][0]["props"]["cartItemPosition"] == 1
    assert state["return"]["returnedCartItems"][0]["position"] == 1
    assert state["return"]["sessionIntegrationId"] == "s1"
    session = state["customerSession"]
    assert (session["state"], session["cartItems"][1]["remainingQuantity"]) == ("partially_returned", 1)
    status, body = shop.refused("returnCartItems", "s9", ("ReturnIntegrationRequest", back))
    assert (status, body["message"]) == (404, "Session not found")

    shop("updateCustomerSessionV2", "s2", request_of(bought, []))
    effects = shop("reopenCustomerSession", "s2")["effects"]
    assert [one["effectType"] for one in effects] == ["rollbackCoupon", *["rollbackDiscount"] * 4]
    assert shop("getCustomerSession", "s2")["customerSession"]["state"] == "open"
    assert shop.refused("reopenCustomerSession", "s2")[0] == 400


OF_CUSTOMER = ["customerProfile", "triggeredCampaigns", "loyalty", "event", "ruleFailureReasons"]
HELLO = ["showNotification", "Info", "Hello", "there"]


@pytest.fixture
def greeting(manager):
    """Every event is greeted; there is one kind of the shop's own, and an attribute of customers."""
    define(manager, "Event", "url", eventType="viewed")
    define(manager, "CustomerProfile", "city")
    return running(manager, make.rule(effects=[HELLO]))[0]


def test_profiles_of_the_second_generation(generation, greeting):
    body = {"attributes": {"city": "Oslo"}, "responseContent": OF_CUSTOMER}
    request = ("CustomerProfileIntegrationRequestV2", body)
    options = {"run_rule_engine" if generation.python else "runRuleEngine": True}
    state = generation("updateCustomerProfileV2", "kim", request, options)
    assert [effect["effectType"] for effect in state["effects"]] == ["showNotification"]
    assert (state["customerProfile"]["integrationId"], state["customerProfile"]["attributes"]) == (
        "kim",
        {"city": "Oslo"},
    )
    assert (state["event"]["type"], state["event"]["effects"]) == ("talon_profile_created", [])
    assert [one["id"] for one in state["triggeredCampaigns"]] == [greeting["id"]]
    quiet = generation("updateCustomerProfileV2", "kim", (request[0], {}))
    assert (quiet["effects"], quiet["createdCoupons"], quiet["createdReferrals"]) == ([], [], [])
    wrong = (request[0], {"attributes": {"nope": 1}})
    status, body = generation.refused("updateCustomerProfileV2", "kim", wrong)
    assert (status, body["errors"][0]["source"]["pointer"]) == (400, "/attributes/nope")


@pytest.mark.parametrize("name", ["python-26", "python-9", "js-5"])
def test_events_of_the_second_generation(sdk, greeting, name):
    shop = sdk(name)
    body = {"profileId": "kim", "type": "viewed", "attributes": {"url": "/tea"}, "responseContent": OF_CUSTOMER}
    request = ("IntegrationEventV2Request", body)
    state = shop("trackEventV2", request, {"silent": "no"})
    assert [effect["effectType"] for effect in state["effects"]] == ["showNotification"]
    assert (state["event"]["type"], state["event"]["attributes"]) == ("viewed", {"url": "/tea"})
    assert state["customerProfile"]["integrationId"] == "kim"
    if name != "python-9":  # which cannot read an answer without a body, whoever gives it
        assert shop.ask("trackEventV2", request)["problems"] == []
    wrong = ("IntegrationEventV2Request", body | {"type": "unheard"})
    assert shop.refused("trackEventV2", wrong)[0] == 400


def test_profiles_and_events_of_the_first_generation(sdk, greeting):
    shop = sdk("js-4")
    answer = shop.ask("updateCustomerProfile", "kim", ("NewCustomerProfile", {"attributes": {"city": "Oslo"}}))
    assert (answer["type"], answer["problems"]) == ("IntegrationState", [])
    state, where = answer["value"], [greeting["id"], 1, 0]
    assert (state["profile"]["attributes"], state["session"]["profileId"]) == ({"city": "Oslo"}, "kim")
    assert state["event"]["effects"] == [[*where, HELLO]]
    event = {"type": "viewed", "attributes": {"url": "/tea"}, "sessionId": "s1", "profileId": "kim"}
    state = shop("trackEvent", ("NewEvent", event))
    assert (state["session"]["integrationId"], state["session"]["profileId"]) == ("s1", "kim")
    assert (state["event"]["type"], state["event"]["effects"]) == ("viewed", [[*where, HELLO]])
    status, body = shop.refused("trackEvent", ("NewEvent", event | {"profileId": "lee"}))
    assert (status, body["errors"][0]["source"]["pointer"]) == (400, "/profileId")


def test_the_back_office_reads_sessions_of_both(generation, sdk, campaign):
    """ApplicationSession; discounts by label are of sessions that V1 wrote."""
    old, new = sdk("js-4"), sdk("python-9")
    first = {"profileId": "kim", "cartItems": [SHOES], "coupon": "SPRING", "total": 7}
    old("updateCustomerSession", "v1", ("NewCustomerSession", first))
    second = {"cartItems": [SHOES], "couponCodes": ["SPRING"], "state": "closed"}
    new("updateCustomerSessionV2", "v2", request_of(second, []))
    listed = generation.manage("getApplicationSessions", 1)["data"]
    assert [one["integrationId"] for one in listed] == ["v1", "v2"]
    shown = [generation.manage("getApplicationSession", 1, one["id"]) for one in listed]
    assert [(one["coupon"], one["state"], one["total"]) for one in shown] == [
        ("SPRING", "open", 60), ("SPRING", "closed", 60)
    ]  # fmt: skip
    assert [one["discounts"] for one in shown] == [{"20% Discount promo": 12, "Half#0": 0.5}, {}]
    assert shown[0]["profileintegrationid"] == "kim"
    assert [one["cartItems"][0]["sku"] for one in shown] == ["9696", "9696"]


def test_a_bad_request(generation):
    status, body = generation.refused("updateCustomerSessionV2", "s1", request_of({"attributes": {"x": 1}}, []))
    assert (status, body["message"]) == (400, "The submitted data was invalid")
    details = 'The attribute "x" is not defined on CustomerSession entities.'
    assert body["errors"] == [{"title": "Unknown", "details": details, "source": {"pointer": "/attributes/x"}}]


def test_an_illegal_move(generation):
    generation("updateCustomerSessionV2", "s1", request_of({"state": "closed"}, []))
    status, body = generation.refused("updateCustomerSessionV2", "s1", request_of({"state": "open"}, []))
    assert (status, body["message"]) == (400, 'Cannot move session to state "open" from state "closed"')
    assert body["errors"] == []


def test_a_wrong_key(generation):
    wrong = {"header": "ApiKey-v1 " + "0" * 64}
    status, body = generation.refused("updateCustomerSessionV2", "s1", request_of({}, []), **wrong)
    assert (status, body["message"]) == (401, "Invalid API key")


def test_a_conflict(generation, server):
    generation("updateCustomerSessionV2", "s1", request_of({}, []))
    server.sql("CREATE FUNCTION skips() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    server.sql("CREATE TRIGGER skips BEFORE UPDATE ON customer_sessions FOR EACH ROW EXECUTE FUNCTION skips()")
    before = rows(server)
    status, body = generation.refused("updateCustomerSessionV2", "s1", request_of({"profileId": "kim"}, []))
    assert (status, body["message"], rows(server)) == (409, BUSY, before)


def test_refusals_of_the_first_generation(sdk, server):
    shop = sdk("js-4")
    new = ("NewCustomerSession", {"attributes": {"x": 1}})
    status, body = shop.refused("updateCustomerSession", "s1", new)
    assert (status, body["errors"][0]["source"]["pointer"]) == (400, "/attributes/x")
    status, body = shop.refused("updateCustomerSession", "s1", new, header="ApiKey-v1 " + "0" * 64)
    assert (status, body["message"]) == (401, "Invalid API key")
    assert server.sql("SELECT id FROM customer_sessions") == []
