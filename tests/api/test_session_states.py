"""The states of a session and what moves it (core.md §3.1, §3.5-3.7)."""

import pytest

import make
from checkout import (
    CART,
    cost,  # fmt: skip
    coupon_rule,
    define,
    effects,
    invalid,
    line,
    percent,
    put,
    refusal,
    rows,
    running,
    session_of,
    update,
)

STATES = ("open", "closed", "cancelled")
TWENTY = ["setDiscount", "20% Discount promo", percent(20)]


def cannot_move(to, source):
    return refusal(f'Cannot move session to state "{to}" from state "{source}"')


def test_every_move(shop, server):
    allowed = {("open", "open"), ("open", "closed"), ("open", "cancelled"), ("closed", "cancelled")}
    for source in STATES:
        for to in (*STATES, None):
            name = f"{source}-{to}"
            session_of(shop, name, {})
            if source != "open":
                session_of(shop, name, {"state": source})
            before = rows(server)
            answer = put(shop, name, {} if to is None else {"state": to}, content=["customerSession"])
            if (source, to or "open") in allowed:
                assert answer.status_code == 200, name
                assert answer.json()["customerSession"]["state"] == (to or "open"), name
            else:
                assert (answer.status_code, answer.json()) == (400, cannot_move(to or "open", source)), name
                assert rows(server) == before, name


def test_a_new_session_may_be_open_or_closed_but_not_cancelled(shop, server):
    assert session_of(shop, "a", {})["state"] == "open"
    assert session_of(shop, "b", {"state": "open"})["state"] == "open"
    assert session_of(shop, "c", {"state": "closed"})["state"] == "closed"
    before = rows(server)
    answer = put(shop, "d", {"state": "cancelled"})
    message = 'Cannot move session to state "cancelled": there is no such session'
    assert (answer.status_code, answer.json()) == (400, refusal(message))
    assert rows(server) == before


@pytest.mark.parametrize("state", ["bogus", "partially_returned", "OPEN", ""])
def test_other_states_are_refused_with_the_documented_words(shared, shared_shop, state):
    before = rows(shared)
    answer = put(shared_shop, "s1", {"state": state})
    details = 'state must be one of the following: "open", "closed", "cancelled"'
    assert (answer.status_code, answer.json()) == (400, invalid(("/state", "enum", details)))
    assert rows(shared) == before


def test_each_write_is_one_event(shop, server):
    for session_id, states in (("s1", ["open", "open", "closed", "cancelled"]), ("s2", ["open", "cancelled"])):
        for state in states:
            update(shop, session_id, {"profileId": "kim", "state": state})
    update(shop, "s3", {"state": "closed"})
    found = server.sql("SELECT session_id, type, profile_id FROM events ORDER BY id")
    assert [tuple(row) for row in found] == [
        (1, "talon_session_created", 1),
        (1, "talon_session_updated", 1),
        (1, "talon_session_closed", 1),
        (1, "talon_session_revoked", 1),
        (2, "talon_session_created", 1),
        (2, "talon_session_cancelled", 1),
        (3, "talon_session_closed", None),
    ]


def test_closing_merges_first_and_counts_the_customer(shop, manager, server):
    cost(manager, "shipping")
    session_of(shop, "s1", {"profileId": "kim", "cartItems": [line(price=1)]})
    session = {"state": "closed", "cartItems": CART, "additionalCosts": {"shipping": {"price": 4.95}}}
    body = update(shop, "s1", session, content=["customerSession", "customerProfile"])
    assert body["customerSession"]["total"] == 29.95
    profile = body["customerProfile"]
    assert (profile["closedSessions"], profile["totalSales"]) == (1, 29.95)
    body = update(shop, "s2", {"profileId": "kim", "cartItems": [line(price=0.05)], "state": "closed"},
                  content=["customerProfile"])  # fmt: skip
    assert (body["customerProfile"]["closedSessions"], body["customerProfile"]["totalSales"]) == (2, 30)
    stored = server.sql("SELECT closed_sessions, total_sales::text FROM profiles")
    assert [tuple(row) for row in stored] == [(2, "30.00")]
    session = server.sql("SELECT closed_at = updated AS closed, cancelled_at FROM customer_sessions WHERE id = 1")[0]
    assert (session["closed"], session["cancelled_at"]) == (True, None)


def test_closing_with_a_code_redeems_it_once(shop, manager, server):
    campaign, made = running(manager, coupon_rule(TWENTY), codes=[{"code": "SPRING", "usageLimit": 5}])
    cart = [line("9696", price=60), line("6078", price=40)]
    open_session = {"profileId": "kim", "couponCodes": ["SPRING"], "cartItems": cart}
    for _ in range(3):
        body = update(shop, "s1", open_session, content=["coupons"])
        assert (body["coupons"][0]["usageCounter"], body["coupons"][0]["profileRedemptionCount"]) == (0, 0)
    body = update(shop, "s1", {"state": "closed"}, content=["coupons"])
    granted = [
        ("acceptCoupon", {"value": "SPRING"}),
        ("setDiscount", {"name": "20% Discount promo", "value": 20}),
    ]
    assert effects(body) == granted
    assert [one["triggeredByCoupon"] for one in body["effects"]] == [made["SPRING"]["id"]] * 2
    counted = {"usageCounter": 1, "discountCounter": 20, "profileRedemptionCount": 1}
    assert {name: body["coupons"][0][name] for name in counted} == counted
    row = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
    assert (row["couponRedemptionCount"], row["discountCount"], row["discountEffectCount"]) == (1, 20, 1)
    assert [tuple(one) for one in server.sql("SELECT session_id, coupon_id, profile_id FROM coupon_redemptions")] == [
        (1, made["SPRING"]["id"], 1)
    ]
    assert effects(shop.get("/v2/customer_sessions/s1").json()) == granted


def test_cancelling_a_closed_session_takes_everything_back(shop, manager, server):
    rule = coupon_rule(TWENTY, ["addFreeItem", "Mug", "MUG"], ["showNotification", "Info", "Hi", "there"])
    campaign, made = running(manager, rule, codes=["SPRING-20"])
    watched = "SELECT usage_counter, discount_counter FROM coupons"
    cart = {"profileId": "kim", "couponCodes": ["SPRING-20"], "cartItems": [line(price=60), line(price=40)]}
    update(shop, "s1", cart | {"state": "closed"})
    assert [tuple(row) for row in server.sql(watched)] == [(1, 20)]
    body = update(shop, "s1", {"state": "cancelled"}, content=["customerSession", "customerProfile", "coupons"])
    assert effects(body) == [
        ("rollbackCoupon", {"value": "SPRING-20"}),
        ("rollbackDiscount", {"name": "20% Discount promo", "value": 20}),
    ]
    assert body["customerSession"]["state"] == "cancelled"
    assert body["customerSession"]["couponCodes"] == ["SPRING-20"]
    assert (body["customerProfile"]["closedSessions"], body["customerProfile"]["totalSales"]) == (0, 0)
    counted = {"usageCounter": 0, "discountCounter": 0, "profileRedemptionCount": 0}
    assert {name: body["coupons"][0][name] for name in counted} == counted
    assert [tuple(row) for row in server.sql(watched)] == [(0, 0)]
    row = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
    assert (row["couponRedemptionCount"], row["discountCount"], row["discountEffectCount"]) == (0, 0, 0)
    assert row["addFreeItemEffectCount"] == 1  # not refunded
    assert [tuple(one) for one in server.sql("SELECT closed_sessions, total_sales FROM profiles")] == [(0, 0)]
    kept = server.sql("SELECT coupon_id, rolled_back_at IS NOT NULL AS undone FROM coupon_redemptions")
    assert [tuple(one) for one in kept] == [(made["SPRING-20"]["id"], True)]
    # What was not taken back still holds (core.md §3.10); the code may be used again.
    assert [kind for kind, _ in effects(shop.get("/v2/customer_sessions/s1").json())] == [
        "addFreeItem",
        "showNotification",
    ]
    assert effects(update(shop, "s2", cart | {"state": "closed"}))[0] == ("acceptCoupon", {"value": "SPRING-20"})


def test_cancelling_an_open_session_takes_nothing_back(shop, manager, server):
    running(manager, coupon_rule(TWENTY), codes=["SPRING-20"])
    update(shop, "s1", {"profileId": "kim", "couponCodes": ["SPRING-20"], "cartItems": [line()]})
    body = update(shop, "s1", {"state": "cancelled"}, content=["customerSession", "customerProfile"])
    assert body["effects"] == []
    assert (body["customerSession"]["state"], body["customerSession"]["total"]) == ("cancelled", 100)
    assert (body["customerProfile"]["closedSessions"], body["customerProfile"]["totalSales"]) == (0, 0)
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 0
    assert shop.get("/v2/customer_sessions/s1").json()["effects"] == []


def test_a_cancellation_looks_at_the_state_alone(shop, manager, server):
    define(manager, "CustomerSession", "a")
    before = {"profileId": "kim", "cartItems": [line(price=7)], "couponCodes": ["X"], "attributes": {"a": "x"}}
    for session_id, state in (("s1", "open"), ("s2", "closed")):
        kept = session_of(shop, session_id, before | {"state": state})
        other = {"profileId": "lee", "cartItems": [line(price=1)], "couponCodes": [], "attributes": {"unknown": 1}}
        body = update(shop, session_id, other | {"state": "cancelled"}, content=["customerSession", "customerProfile"])
        session = body["customerSession"]
        assert session == kept | {"state": "cancelled", "updateCount": 2, "updated": session["updated"]}
        assert body["customerProfile"]["integrationId"] == "kim"
    customers = server.sql("SELECT integration_id, closed_sessions, total_sales FROM profiles")
    assert [tuple(row) for row in customers] == [("kim", 0, 0)]
    assert [row["profile_id"] for row in server.sql("SELECT profile_id FROM customer_sessions")] == [1, 1]


def test_a_closed_and_a_cancelled_session_are_final(shop, manager, server):
    running(manager, coupon_rule(TWENTY), codes=["SPRING-20"])
    update(shop, "s1", {"couponCodes": ["SPRING-20"], "cartItems": [line()], "state": "closed"})
    before = rows(server)
    for _ in range(2):
        answer = put(shop, "s1", {"state": "closed", "cartItems": [line(price=5)]})
        assert answer.json() == cannot_move("closed", "closed")
    assert rows(server) == before
    update(shop, "s1", {"state": "cancelled"})
    before = rows(server)
    assert put(shop, "s1", {"state": "cancelled"}).json() == cannot_move("cancelled", "cancelled")
    assert rows(server) == before


def test_the_last_use_of_a_code_goes_to_who_closes_first(shop, manager, server):
    running(manager, coupon_rule(TWENTY), codes=[{"code": "LAST", "usageLimit": 1}])
    for name in ("s1", "s2"):
        body = update(shop, name, {"couponCodes": ["LAST"], "cartItems": [line()]})
        assert effects(body)[0] == ("acceptCoupon", {"value": "LAST"})
    assert effects(update(shop, "s1", {"state": "closed"}))[0] == ("acceptCoupon", {"value": "LAST"})
    late = update(shop, "s2", {"state": "closed"}, content=["customerSession"])
    assert effects(late) == [("rejectCoupon", {"value": "LAST", "rejectionReason": "CouponLimitReached"})]
    assert late["customerSession"]["state"] == "closed"
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 1
    update(shop, "s2", {"state": "cancelled"})  # had not used it
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 1
    update(shop, "s1", {"state": "cancelled"})
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 0
