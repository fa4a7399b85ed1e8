"""Codes of a session: how they are compared, and why they are refused (core.md §6)."""

from datetime import timedelta

import pytest

import make
from checkout import COUPON_VALID, coupon_rule, effects, line, rules_of, running, update

FIVE = ["setDiscount", "Five", 5]
GRANTED = ("setDiscount", {"name": "Five", "value": 5})


def refused(code, reason):
    return ("rejectCoupon", {"value": code, "rejectionReason": reason})


def judged(shop, *codes, session="s1", **session_members):
    return effects(update(shop, session, {"cartItems": [line()], "couponCodes": list(codes)} | session_members))


def case(manager, sensitivity):
    changes = {"name": "My shop", "timezone": "UTC", "currency": "EUR", "caseSensitivity": sensitivity}
    assert manager.put("/v1/applications/1", json=changes).status_code == 200


def test_codes_are_compared_exactly(shop, manager):
    running(manager, coupon_rule(FIVE), codes=["Summer"])
    assert judged(shop, "Summer") == [("acceptCoupon", {"value": "Summer"}), GRANTED]
    for code in ("SUMMER", "summer", " Summer", "Summer ", "Summe", ""):
        assert judged(shop, code) == [refused(code, "CouponNotFound")], code


@pytest.mark.parametrize(
    ("sensitivity", "stored"), [("insensitive-uppercase", "SUMMER"), ("insensitive-lowercase", "summer")]
)
def test_codes_in_any_case(shop, manager, server, sensitivity, stored):
    case(manager, sensitivity)
    _, made = running(manager, coupon_rule(FIVE), codes=[{"code": "SummEr", "usageLimit": 0}])
    assert made["SummEr"]["value"] == stored
    for code in ("Summer", "SUMMER", "summer"):
        body = update(
            shop, "s1", {"cartItems": [line()], "couponCodes": [code]}, content=["customerSession", "coupons"]
        )
        assert effects(body) == [("acceptCoupon", {"value": code}), GRANTED]  # echoed as it was typed
        assert body["customerSession"]["couponCodes"] == [code]
        assert [coupon["value"] for coupon in body["coupons"]] == [stored]
    assert effects(update(shop, "s1", {}))[0] == ("acceptCoupon", {"value": "summer"})  # the stored codes
    assert effects(update(shop, "s1", {"state": "closed"}))[0] == ("acceptCoupon", {"value": "summer"})
    assert effects(update(shop, "s1", {"state": "cancelled"}))[0] == ("rollbackCoupon", {"value": "summer"})
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 0


def test_one_coupon_typed_in_two_ways_is_judged_once(shop, manager, server):
    case(manager, "insensitive-uppercase")
    running(manager, coupon_rule(FIVE), codes=[{"code": "SUMMER", "usageLimit": 2}])
    assert judged(shop, "Summer", "SUMMER", state="closed") == [("acceptCoupon", {"value": "Summer"}), GRANTED]
    assert server.sql("SELECT usage_counter, discount_counter FROM coupons") == [(1, 5)]


def test_a_change_of_case_shows_in_the_next_answer(shop, manager):
    """The server knows the program when the code is folded anew, both for codes sent and for codes stored."""
    running(manager, coupon_rule(FIVE), codes=[{"code": "summer", "usageLimit": 0}])
    assert judged(shop, "Summer") == [refused("Summer", "CouponNotFound")]
    case(manager, "insensitive-lowercase")
    assert judged(shop, "Summer") == [("acceptCoupon", {"value": "Summer"}), GRANTED]
    case(manager, "sensitive")
    assert effects(update(shop, "s1", {})) == [refused("Summer", "CouponNotFound")]
    case(manager, "insensitive-uppercase")
    assert effects(update(shop, "s1", {"state": "closed"})) == [refused("Summer", "CouponNotFound")]


def test_why_a_code_is_refused(shop, manager, server):
    soon, past = server.clock() + timedelta(hours=1), server.clock() - timedelta(hours=1)
    codes = [
        {"code": "SOON", "startDate": soon.isoformat()},
        {"code": "OVER", "expiryDate": past.isoformat()},
        {"code": "KIMS", "recipientIntegrationId": "kim"},
        {"code": "HARD", "isReservationMandatory": True},
        {"code": "SOFT", "isReservationMandatory": True, "implicitlyReserved": True},
        {"code": "GOOD", "usageLimit": 0},
    ]
    campaign, _ = running(manager, coupon_rule(FIVE), codes=codes)
    assert judged(shop, "SOON", "OVER", "KIMS", "HARD", "SOFT") == [
        refused("SOON", "CouponStartDateInFuture"),
        refused("OVER", "CouponExpired"),
        refused("KIMS", "CouponRecipientDoesNotMatch"),
        refused("HARD", "ProfileRequired"),
        refused("SOFT", "ProfileRequired"),
    ]
    assert judged(shop, "KIMS", profileId="lee") == [refused("KIMS", "CouponRecipientDoesNotMatch")]
    assert judged(shop, "HARD", profileId="kim") == [refused("HARD", "CouponReservationRequired")]
    assert judged(shop, "KIMS", "SOFT", profileId="kim") == [
        ("acceptCoupon", {"value": "KIMS"}), GRANTED, ("acceptCoupon", {"value": "SOFT"}), GRANTED,
    ]  # fmt: skip
    server.clock.travel(hours=1)
    assert judged(shop, "SOON") == [("acceptCoupon", {"value": "SOON"}), GRANTED]
    url = f"{make.CAMPAIGNS}/{campaign['id']}"
    assert manager.put(url, json=make.campaign(state="disabled")).status_code == 200
    assert judged(shop, "GOOD") == [refused("GOOD", "CouponPartOfNotRunningCampaign")]
    assert manager.delete(url).status_code == 204
    assert judged(shop, "GOOD") == [refused("GOOD", "CouponNotFound")]


def test_codes_of_another_application_do_not_exist(shop, manager):
    other = manager.post("/v1/applications", json={"name": "Other", "timezone": "UTC", "currency": "EUR"}).json()["id"]
    key = {"title": "k", "expires": "2099-01-01T00:00:00Z"}
    secret = manager.post(f"/v1/applications/{other}/api_keys", json=key).json()["key"]
    running(manager, coupon_rule(FIVE), codes=["OURS"])
    body = {"customerSession": {"couponCodes": ["OURS"], "cartItems": [line()]}}
    answer = shop.put("/v2/customer_sessions/s1", json=body, headers={"Authorization": f"ApiKey-v1 {secret}"})
    assert effects(answer.json()) == [refused("OURS", "CouponNotFound")]


def test_removing_a_code_has_no_lasting_effect(shop, manager, server):
    running(manager, coupon_rule(FIVE), codes=["ONCE"])
    assert judged(shop, "ONCE")[-1] == GRANTED
    assert judged(shop) == []
    assert effects(update(shop, "s1", {"state": "closed"})) == []
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 0
    assert judged(shop, "ONCE", session="s2", state="closed")[-1] == GRANTED


def test_codes_of_several_campaigns_are_all_redeemed(shop, manager, server):
    running(manager, coupon_rule(["setDiscount", "A", 1]), codes=["AAA"])
    running(manager, coupon_rule(["setDiscount", "B", 2]), codes=["BBB", "CCC"])
    update(shop, "s1", {"couponCodes": ["CCC", "AAA", "BBB", "DDD"], "cartItems": [line()], "state": "closed"})
    counted = server.sql("SELECT value, usage_counter, discount_counter FROM coupons ORDER BY value")
    assert [tuple(row) for row in counted] == [("AAA", 1, 1), ("BBB", 1, 2), ("CCC", 1, 2)]
    counted = server.sql(
        "SELECT coupon_redemption_count, discount_count, discount_effect_count FROM campaigns ORDER BY id"
    )
    assert [tuple(row) for row in counted] == [(1, 1, 1), (2, 4, 2)]
    update(shop, "s1", {"state": "cancelled"})
    counted = server.sql("SELECT usage_counter, discount_counter FROM coupons")
    assert [tuple(row) for row in counted] == [(0, 0)] * 3
    counted = server.sql("SELECT coupon_redemption_count, discount_count, discount_effect_count FROM campaigns")
    assert [tuple(row) for row in counted] == [(0, 0, 0)] * 2


def test_a_coupon_deleted_after_its_redemption_does_not_stop_the_cancellation(shop, manager, server):
    campaign, made = running(manager, coupon_rule(FIVE), codes=["ONCE"])
    update(shop, "s1", {"couponCodes": ["ONCE"], "cartItems": [line()], "state": "closed"})
    url = f"{make.CAMPAIGNS}/{campaign['id']}"
    assert manager.delete(f"{url}/coupons/{made['ONCE']['id']}").status_code == 204
    body = update(shop, "s1", {"state": "cancelled"}, content=["coupons"])
    assert [kind for kind, _ in effects(body)] == ["rollbackCoupon", "rollbackDiscount"]
    assert body["coupons"] == []
    row = manager.get(url).json()
    assert (row["couponRedemptionCount"], row["discountCount"]) == (0, 0)


def test_a_campaign_deleted_after_the_close_does_not_stop_the_cancellation(shop, manager, server):
    campaign, _ = running(manager, coupon_rule(FIVE), codes=["ONCE"])
    update(shop, "s1", {"profileId": "kim", "couponCodes": ["ONCE"], "cartItems": [line()], "state": "closed"})
    assert manager.delete(f"{make.CAMPAIGNS}/{campaign['id']}").status_code == 204
    body = update(shop, "s1", {"state": "cancelled"}, content=["customerProfile"])
    assert [kind for kind, _ in effects(body)] == ["rollbackCoupon", "rollbackDiscount"]
    assert body["customerProfile"]["totalSales"] == 0


def test_what_is_taken_back_is_what_was_given_not_what_the_rules_say_now(shop, manager):
    campaign, _ = running(manager, coupon_rule(FIVE), codes=["ONCE"])
    update(shop, "s1", {"couponCodes": ["ONCE"], "cartItems": [line()], "state": "closed"})
    rules_of(manager, campaign, make.rule(condition=["and", COUPON_VALID], effects=[["setDiscount", "New", 50]]))
    back = effects(update(shop, "s1", {"state": "cancelled"}))
    assert back == [("rollbackCoupon", {"value": "ONCE"}), ("rollbackDiscount", {"name": "Five", "value": 5})]
