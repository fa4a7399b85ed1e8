"""Totals and amounts are exact, whatever the shop sends (core.md §2.6)."""

import json
from decimal import Decimal

import pytest

import make
from checkout import CART, cost, coupon_rule, line, running, update

NAMES = ("cartItemTotal", "additionalCostTotal", "cartItemAdditionalCostTotal", "total")


def exact(shop, body):
    """The answer to a body given as text, with every number as the exact decimal it is on the wire."""
    answer = shop.put("/v2/customer_sessions/s1", content=body)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal, parse_int=Decimal)


@pytest.fixture(scope="module")
def shared_costs(shared_manager):
    cost(shared_manager, "wrap", "ship", "ShippingCost", "shipping_cost", "x", "y")


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        ("", "0 0 0 0"),
        ('"cartItems": [{"sku": "a", "quantity": 3, "price": 0.1}]', "0.3 0 0 0.3"),
        ('"cartItems": [{"sku": "a", "quantity": 1, "price": 9.999}]', "9.999 0 0 9.999"),
        ('"cartItems": [{"sku": "a", "quantity": 1, "price": 10.50}]', "10.5 0 0 10.5"),
        ('"cartItems": [{"sku": "a", "quantity": 2, "price": 1e2}]', "200 0 0 200"),
        ('"cartItems": [{"sku": "a", "quantity": 1, "price": 0}]', "0 0 0 0"),
        ('"cartItems": [{"sku": "a", "quantity": 1, "price": -0.0}]', "0 0 0 0"),
        # The vendor's examples: a session cost and an item cost.
        ('"cartItems": [{"sku": "a", "quantity": 1, "price": 99.99, "additionalCosts": {"wrap": {"price": 15}}}],'
         '"additionalCosts": {"ship": {"price": 20}}', "99.99 20 15 134.99"),
        ('"cartItems": [{"sku": "a", "quantity": 1, "price": 13}, {"sku": "b", "quantity": 1, "price": 12}],'
         '"additionalCosts": {"ShippingCost": {"price": 5}}', "25 5 0 30"),
        ('"cartItems": [{"sku": "a", "quantity": 1, "price": 79.99}, {"sku": "b", "quantity": 2, "price": 15.99}]',
         "111.97 0 0 111.97"),
        ('"cartItems": [{"sku": "a", "quantity": 1, "price": 100.0}, {"sku": "b", "quantity": 1, "price": 250.5}],'
         '"additionalCosts": {"shipping_cost": {"price": 10}}', "350.5 10 0 360.5"),
        # Item costs are for one unit.
        ('"cartItems": [{"sku": "a", "quantity": 3, "price": 1, "additionalCosts": {"x": {"price": 0.1}, '
         '"y": {"price": 0.2}}}]', "3 0 0.9 3.9"),
        # The ends of what is accepted, without loss.
        ('"cartItems": [{"sku": "a", "quantity": 10000, "price": 1000000000000000}]',
         "10000000000000000000 0 0 10000000000000000000"),
        ('"cartItems": [{"sku": "a", "quantity": 3, "price": 123456789012345.123456789012345678901234567891}]',
         "370370367037035.370370367037037036703703703673 0 0 370370367037035.370370367037037036703703703673"),
    ],
)  # fmt: skip
def test_totals(shared_shop, shared_costs, session, expected):
    number = abs(hash(session))
    text = '{"customerSession": {' + session + '}, "responseContent": ["customerSession"]}'
    answer = shared_shop.put(f"/v2/customer_sessions/t{number}", content=text)
    assert answer.status_code == 200, answer.text
    read = shared_shop.get(f"/v2/customer_sessions/t{number}")
    for shown in (answer, read):
        session = json.loads(shown.content, parse_float=str, parse_int=str)["customerSession"]
        assert " ".join(session[name] for name in NAMES) == expected


def test_a_tenth_of_99_99_is_not_rounded(shop, manager):
    """As the vendor's connector recorded it: coupon, per item, flattened, anonymous."""
    amount = [["Item"], ["*", [".", "Item", "Price"], ["/", 10, 100]]]
    effect = ["setDiscountPerItem", "10% off per item", [".", "Session", "CartItems"], amount]
    rule = make.rule(title="", condition=["and", ["couponValid"]], effects=[effect])
    campaign, made = running(manager, rule, codes=["TEST-1"])
    application = {"name": "My shop", "timezone": "UTC", "currency": "EUR", "enableFlattenedCartItems": True}
    assert manager.put("/v1/applications/1", json=application).status_code == 200
    body = exact(
        shop,
        '{"customerSession": {"cartItems": [{"name": "Sneakers", "sku": "b37", "quantity": 1, "price": 99.99}],'
        '"couponCodes": ["TEST-1"]}, "responseContent": ["customerSession", "loyalty", "ruleFailureReasons"]}',
    )
    wrapper = {
        "campaignId": campaign["id"],
        "rulesetId": 1,
        "ruleIndex": 0,
        "ruleName": "",
        "triggeredByCoupon": made["TEST-1"]["id"],
        "evaluationGroupID": body["effects"][0]["evaluationGroupID"],
        "evaluationGroupMode": "stackable",
    }
    props = {"name": "10% off per item#0", "value": Decimal("9.999"), "position": 0, "subPosition": 0}
    assert body["effects"] == [
        wrapper | {"effectType": "acceptCoupon", "props": {"value": "TEST-1"}},
        wrapper | {"effectType": "setDiscountPerItem", "props": props},
    ]
    assert (body["createdCoupons"], body["createdReferrals"]) == ([], [])
    assert (body["loyalty"], body["ruleFailureReasons"]) == ({"programs": {}}, [])
    session = body["customerSession"]
    assert (session["profileId"], session["referralCode"], session["firstSession"]) == ("", "", True)
    assert (session["total"], session["couponCodes"], session["attributes"]) == (Decimal("99.99"), ["TEST-1"], {})


def test_sales_and_counters_do_not_drift(shop, manager, server):
    running(manager, coupon_rule(["setDiscount", "Ten cents", 0.1]), codes=[{"code": "DIME", "usageLimit": 0}])
    for number in range(10):
        session = {"profileId": "kim", "cartItems": [line(price=0.7)], "couponCodes": ["DIME"], "state": "closed"}
        update(shop, f"s{number}", session)
    assert server.sql("SELECT total_sales = 7 AS same FROM profiles")[0]["same"]
    assert server.sql("SELECT discount_counter = 1 AS same FROM coupons")[0]["same"]
    assert server.sql("SELECT discount_count = 1 AS same FROM campaigns")[0]["same"]
    body = update(shop, "last", {"profileId": "kim", "couponCodes": ["DIME"]}, content=["customerProfile", "coupons"])
    assert body["customerProfile"]["totalSales"] == 7
    assert body["coupons"][0]["discountCounter"] == 1


def test_the_back_office_shows_the_same_totals(shop, manager):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=["MINUS-10"])
    cost(manager, "ship")
    session = {"cartItems": CART, "couponCodes": ["MINUS-10"], "additionalCosts": {"ship": {"price": 4.95}}}
    update(shop, "s1", session | {"profileId": "kim"})
    listed = manager.get("/v1/applications/1/sessions").json()
    [found] = listed["data"]
    assert (found["total"], found["totalDiscounts"], found["discounts"]) == (29.95, 10, {})
    assert (found["coupon"], found["referral"], found["state"], found["profileId"]) == ("MINUS-10", "", "open", 1)
    assert found["profileintegrationid"] == "kim"
    assert [item["position"] for item in found["cartItems"]] == [0, 1]
