"""PUT /v2/customer_sessions/{id}/reopen: a closed session is open again, and loses what closing gave (core.md §3.9)."""

from functools import partial

import pytest

import make
from books import assert_books_balance, assert_limits_hold
from checkout import (  # fmt: skip
    cost,
    coupon_rule,
    define,
    effects,
    line,
    new_key,
    percent,
    put,
    refusal,
    refused_request,
    running,
    session_of,
    update,
)

ITEMS = [".", "Session", "CartItems"]
FIVE = ["setDiscount", "Five", 5]
GRANTED = ("setDiscount", {"name": "Five", "value": 5})
BOTH = ["coupons", "referrals"]


@pytest.fixture(autouse=True)
def _books(server):
    yield
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


def url_of(session_id):
    return f"/v2/customer_sessions/{session_id}/reopen"


def reopen(shop, session_id="s1"):
    """Open a session again; its effects."""
    answer = shop.put(url_of(session_id))
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"effects"}
    return effects(answer.json())


def close(shop, session_id="s1", **members):
    return effects(update(shop, session_id, {"cartItems": [line()], "state": "closed"} | members))


def accepted(code):
    return ("acceptCoupon", {"value": code})


# --- moves


def test_only_closed_sessions_are_opened_again(shop, server):
    update(shop, "open", {})
    for name in ("closed", "partly", "cancelled"):
        close(shop, name)
    body = {"return": {"returnedCartItems": [{"position": 0}]}}
    assert shop.post("/v2/customer_sessions/partly/returns", json=body).status_code == 200
    update(shop, "cancelled", {"state": "cancelled"})

    def refused(name):
        return refused_request(server, shop, "PUT", url_of(name))

    for name, state in (("open", "open"), ("partly", "partially_returned"), ("cancelled", "cancelled")):
        assert refused(name) == (400, refusal(f'Cannot move session to state "open" from state "{state}"'))
    assert refused("nobody") == (404, refusal("Session not found", status=404))
    assert reopen(shop, "closed") == []
    assert refused("closed") == (400, refusal('Cannot move session to state "open" from state "open"'))


@pytest.mark.parametrize("state", ["open", "closed", "cancelled"])
def test_it_goes_on_as_an_open_session(shop, server, state):
    close(shop, profileId="kim")
    reopen(shop)
    assert session_of(shop, "s1", {"state": state})["state"] == state
    kinds = [row["type"] for row in server.sql("SELECT type FROM events ORDER BY id")]
    last = {"open": "talon_session_updated", "closed": "talon_session_closed", "cancelled": "talon_session_cancelled"}
    assert kinds == ["talon_session_closed", "talon_session_reopened", last[state]]


# --- what is taken back


def test_everything_that_can_be_taken_back(shop, manager, server):
    """All kinds of discounts and redemptions go; all else stays, with its counters."""
    cost(manager, "shipping", "wrapping")
    for entity in ("CustomerSession", "CustomerProfile", "CartItem", "Coupon"):
        define(manager, entity, "seen", "boolean")
    discounts = [
        FIVE,
        ["setDiscountPerItem", "Each", ITEMS, [["Item"], 4]],
        ["setDiscountPerAdditionalCost", "Ship", "shipping", 3],
        ["setDiscountPerAdditionalCostPerItem", "Wrap", ITEMS, "wrapping", [["Item"], 2]],
    ]
    stays = [
        ["addFreeItem", "Mug", "MUG"], ["customEffect", 7, "wrap"], ["createCoupon"], ["createReferral"],
        ["reserveCoupon"], ["showNotification", "Info", "Hi", "there"],
        *(["updateAttribute", [entity, "Attributes", "seen"], True] for entity in ("Session", "Profile", "Coupon")),
        ["updateItemAttribute", ITEMS, "seen", [["Item"], True]],
    ]  # fmt: skip
    rule = make.rule(condition=["and", ["couponValid"], ["referralValid"]], effects=[*discounts, *stays])
    limits = [
        {"action": action, "limit": 100, "entities": []}
        for action in ("redeemCoupon", "redeemReferral", "setDiscount", "setDiscountEffect", "addFreeItemEffect",
                       "customEffect", "createCoupon", "createReferral", "reserveCoupon")
    ]  # fmt: skip
    code = {"code": "CODE", "usageLimit": 1, "discountLimit": 20}
    campaign, _ = running(manager, rule, features=BOTH, codes=[code], limits=limits)
    friend = make.new_referral(shop, campaign["id"], usageLimit=1)["code"]
    cart = [line(additionalCosts={"wrapping": {"price": 3}})]
    members = {"profileId": "kim", "couponCodes": ["CODE"], "referralCode": friend, "cartItems": cart,
               "additionalCosts": {"shipping": {"price": 9}}}  # fmt: skip
    given = close(shop, **members)
    costs = {props["additionalCost"]: props["additionalCostId"] for _, props in given if "additionalCost" in props}

    def budgets():
        shown = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["budgets"]
        return [one["counter"] for one in shown]

    assert budgets() == [1, 1, 14, 4, 1, 1, 1, 1, 1]
    back = reopen(shop)
    unit = {"cartItemPosition": 0} | ({"cartItemSubPosition": 0} if "subPosition" in given[3][1] else {})
    assert back == [
        ("rollbackCoupon", {"value": "CODE"}),
        ("rollbackReferral", {"value": friend}),
        ("rollbackDiscount", {"name": "Five", "value": 5}),
        ("rollbackDiscount", {"name": "Each#0", "value": 4} | unit),
        ("rollbackDiscount", {"name": "Ship", "value": 3, "additionalCostId": costs["shipping"],
                              "additionalCost": "shipping"}),
        ("rollbackDiscount", {"name": "Wrap#0", "value": 2, "additionalCostId": costs["wrapping"],
                              "additionalCost": "wrapping"} | unit),
    ]  # fmt: skip
    assert budgets() == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    stored = shop.get("/v2/customer_sessions/s1").json()
    assert effects(stored) == given[6:]  # what is not taken back still holds
    session = stored["customerSession"]
    assert (session["state"], session["couponCodes"], session["referralCode"]) == ("open", ["CODE"], friend)
    assert (session["attributes"], session["cartItems"][0]["attributes"]) == ({"seen": True}, {"seen": True})
    [coupon] = server.sql("SELECT usage_counter, discount_counter, reservation_counter, attributes FROM coupons"
                          " WHERE value = 'CODE'")  # fmt: skip
    assert tuple(coupon) == (0, 0, 1, '{"seen": true}')
    assert server.sql("SELECT count(*) AS n FROM coupons")[0]["n"] == 2
    shown = manager.get("/v1/applications/1/sessions/1").json()
    assert (shown["state"], shown["totalDiscounts"]) == ("open", 0)
    again = close(shop, **members)  # afresh, with the codes it has, and no new reservation
    kept = [one if one[0] != "reserveCoupon" else (one[0], one[1] | {"isNewReservation": False}) for one in given]
    assert again == kept
    assert budgets() == [1, 1, 14, 4, 2, 2, 1, 1, 1]


def test_the_customer_is_counted_back(shop, manager, server):
    close(shop, "s1", profileId="kim")
    close(shop, "s2", profileId="kim", cartItems=[line(price=50)])

    def customer():
        body = update(shop, "look", {"profileId": "kim"}, content=["customerProfile"])
        return body["customerProfile"]["closedSessions"], body["customerProfile"]["totalSales"]

    assert customer() == (2, 150)
    server.clock.travel(hours=1)
    reopen(shop, "s1")
    row = server.sql("SELECT last_activity FROM profiles")[0]
    assert abs((server.clock() - row["last_activity"]).total_seconds()) < 60
    assert customer() == (1, 50)
    update(shop, "s1", {"profileId": "lee", "cartItems": [line(price=30)]})  # changes hands while it is open
    close(shop, "s1", cartItems=[line(price=20)])
    assert customer() == (1, 50)
    body = update(shop, "s3", {"profileId": "lee"}, content=["customerProfile"])["customerProfile"]
    assert (body["closedSessions"], body["totalSales"]) == (1, 20)


def test_again_and_again(shop, manager, server):
    running(manager, coupon_rule(["setDiscount", "10%", percent(10)]), codes=["CODE"])
    for number in range(1, 4):
        price = 100 * number
        given = close(shop, profileId="kim", couponCodes=["CODE"], cartItems=[line(price=price)])
        assert given == [accepted("CODE"), ("setDiscount", {"name": "10%", "value": 10 * number})]
        back = [("rollbackCoupon", {"value": "CODE"}), ("rollbackDiscount", {"name": "10%", "value": 10 * number})]
        assert reopen(shop) == back
    assert effects(update(shop, "s1", {"state": "cancelled"})) == []  # nothing is held any more
    session = shop.get("/v2/customer_sessions/s1").json()
    assert (session["customerSession"]["updateCount"], session["effects"]) == (7, [])
    assert len(server.sql("SELECT FROM coupon_redemptions WHERE rolled_back_at IS NOT NULL")) == 3


def test_what_happened_meanwhile(shop, manager, server):
    """The code was taken by somebody else, the rules are others, the campaign is over: closing again sees that."""
    campaign, _ = running(manager, coupon_rule(FIVE), codes=["ONE"])
    close(shop, couponCodes=["ONE"])
    reopen(shop)
    assert close(shop, "s2", couponCodes=["ONE"]) == [accepted("ONE"), GRANTED]
    assert effects(update(shop, "s1", {"state": "closed"})) == [
        ("rejectCoupon", {"value": "ONE", "rejectionReason": "CouponLimitReached"})
    ]
    url = f"{make.CAMPAIGNS}/{campaign['id']}"
    rules = manager.get(url).json()["activeRulesetId"]
    assert manager.put(url, json=make.campaign(state="disabled", activeRulesetId=rules)).status_code == 200
    assert reopen(shop, "s1") == []
    back = [("rollbackCoupon", {"value": "ONE"}), ("rollbackDiscount", {"name": "Five", "value": 5})]
    assert reopen(shop, "s2") == back
    assert effects(update(shop, "s2", {"state": "closed"})) == [
        ("rejectCoupon", {"value": "ONE", "rejectionReason": "CouponPartOfNotRunningCampaign"})
    ]


def test_what_is_gone_does_not_stop_it(shop, manager, server):
    campaign, made = running(manager, coupon_rule(FIVE), codes=["ONE", "TWO"])
    for name, code in (("s1", "ONE"), ("s2", "TWO")):
        close(shop, name, couponCodes=[code])
    url = f"{make.CAMPAIGNS}/{campaign['id']}"
    assert manager.delete(f"{url}/coupons/{made['ONE']['id']}").status_code == 204
    assert [kind for kind, _ in reopen(shop, "s1")] == ["rollbackCoupon", "rollbackDiscount"]
    assert manager.get(url).json()["couponRedemptionCount"] == 1
    assert manager.delete(url).status_code == 204
    assert [kind for kind, _ in reopen(shop, "s2")] == ["rollbackCoupon", "rollbackDiscount"]
    assert effects(update(shop, "s2", {"state": "closed"})) == [
        ("rejectCoupon", {"value": "TWO", "rejectionReason": "CouponNotFound"})
    ]


def test_a_return_after_it_was_closed_again(shop, manager, server):
    """Nothing of the first closing is left to be returned."""
    settings = {"name": "My shop", "timezone": "UTC", "currency": "EUR", "enableFlattenedCartItems": True}
    assert manager.put("/v1/applications/1", json=settings).status_code == 200
    running(manager, make.rule(effects=[["setDiscountPerItem", "Each", ITEMS, [["Item"], 4]]]))
    close(shop, profileId="kim", cartItems=[line(quantity=3)])
    reopen(shop)
    close(shop, cartItems=[line(quantity=2)])
    body = {"return": {"returnedCartItems": [{"position": 0}]}, "responseContent": ["customerSession"]}
    answer = shop.post("/v2/customer_sessions/s1/returns", json=body).json()
    unit = {"name": "Each#0", "value": 4, "cartItemPosition": 0}
    assert effects(answer) == [("rollbackDiscount", unit | {"cartItemSubPosition": at}) for at in range(2)]
    assert answer["customerSession"]["cartItems"][0]["returnedQuantity"] == 2
    assert answer["customerSession"]["total"] == 0


# --- requests


def test_a_body_is_not_looked_at(shop, server):
    for number, body in enumerate((b"", b"{}", b"{", b"\xff", b'{"state": "closed"}')):
        close(shop, f"s{number}")
        assert shop.put(url_of(f"s{number}"), content=body).status_code == 200, body


@pytest.mark.parametrize("name", ["ü", "%2F", "%20", "\u202e", "a%00", "x" * 1001, "' OR 1=1"])
def test_session_ids_of_any_kind(shop, server, name):
    status, _ = refused_request(server, shop, "PUT", url_of(name))
    assert status == (400 if name in ("a%00", "x" * 1001) else 404)


def test_keys(shop, manager, server):
    close(shop)
    send = partial(refused_request, server, shop, "PUT", url_of("s1"))
    _, staging = new_key(manager, type="staging")
    assert send(headers=staging)[0] == 401
    assert send(headers={"Authorization": "ApiKey-v1 nope"})[0] == 401
    assert send(headers={"Authorization": ""})[0] == 401
    assert refused_request(server, manager, "PUT", url_of("s1"))[0] == 401
    other = manager.post("/v1/applications", json={"name": "Other", "timezone": "UTC", "currency": "EUR"}).json()["id"]
    key = {"title": "k", "expires": "2099-01-01T00:00:00Z"}
    secret = manager.post(f"/v1/applications/{other}/api_keys", json=key).json()["key"]
    theirs = send(headers={"Authorization": f"ApiKey-v1 {secret}"})
    assert theirs == (404, refusal("Session not found", status=404))


def test_a_session_that_is_named_reopen(shop, server):
    """Its id is in the way of no path."""
    for name in ("reopen", "returns"):
        close(shop, name)
        assert reopen(shop, name) == []
        assert put(shop, name, {"state": "closed"}).status_code == 200
