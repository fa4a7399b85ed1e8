"""Dry requests: judged by themselves, and nothing at all is written (core.md §1.6)."""

from datetime import UTC, datetime, timedelta

import pytest

import make
from checkout import (  # fmt: skip
    TOTAL,
    coupon_rule,
    effects,
    invalid,
    line,
    new_key,
    put,
    rows,
    rules_of,
    running,
    session_of,
    update,
)

ALL = ["customerSession", "customerProfile", "coupons", "triggeredCampaigns", "event", "ruleFailureReasons"]


def ahead(**by):
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


def test_a_dry_request_writes_nothing(shop, manager, server):
    attribute = make.attribute("CustomerProfile", "tier")
    assert manager.post("/v1/attributes", json=attribute).status_code == 201
    gold = ["updateAttribute", ["Profile", "Attributes", "tier"], "gold"]
    running(manager, coupon_rule(["setDiscount", "Ten", 10], gold), codes=["TEN"])
    update(shop, "known", {"profileId": "kim", "cartItems": [line()], "couponCodes": ["TEN"]})
    before = rows(server)
    for state in ("open", "closed"):
        for session_id in ("known", "new"):
            session = {"profileId": "lee", "cartItems": [line()], "couponCodes": ["TEN"], "state": state}
            body = update(shop, session_id, session, content=ALL, dry="true")
            assert [kind for kind, _ in effects(body)] == ["acceptCoupon", "setDiscount", "updateAttribute"]
            assert body["customerSession"]["id"] == (1 if session_id == "known" else 0)
            assert body["customerSession"]["updateCount"] == 1
            profile = body["customerProfile"]
            assert (profile["id"], profile["closedSessions"], profile["totalSales"]) == (0, 0, 0)
            assert body["coupons"][0]["usageCounter"] == 0
            assert body["event"]["id"] == 0
            assert len(body["triggeredCampaigns"]) == 1
    assert rows(server) == before


def test_a_dry_request_looks_at_its_own_members_only(shop, manager):
    running(manager, make.rule())
    session_of(shop, "s1", {"profileId": "kim", "cartItems": [line(price=50)], "couponCodes": ["A"]})
    dry = session_of(shop, "s1", {"cartItems": [line(price=3)]}, dry="true")
    assert (dry["total"], dry["profileId"], dry.get("couponCodes")) == (3, "", None)
    assert session_of(shop, "s1", {}, dry="true")["cartItems"] == []
    assert session_of(shop, "s1", {})["total"] == 50


@pytest.mark.parametrize(("text", "dry"), [("true", True), ("1", True), ("True", True), ("false", False), ("0", False)])
def test_ways_to_say_it(shared, shared_shop, text, dry):
    before = rows(shared)
    update(shared_shop, "s1", {}, dry=text)
    assert (rows(shared) == before) is dry


def test_a_dry_close_may_be_asked_in_any_state(shop, server):
    for state in ("closed", "cancelled"):
        session_of(shop, state, {})
        session_of(shop, state, {"state": state})
    before = rows(server)
    for stored in ("closed", "cancelled"):
        for wanted in ("open", "closed"):
            assert session_of(shop, stored, {"state": wanted}, dry="true")["state"] == wanted
    assert rows(server) == before


def test_a_dry_cancellation_previews_what_is_taken_back(shop, manager, server):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=["TEN"])
    update(shop, "s1", {"profileId": "kim", "cartItems": [line()], "couponCodes": ["TEN"], "state": "closed"})
    update(shop, "s2", {"profileId": "kim", "cartItems": [line()]})
    before = rows(server)
    body = update(shop, "s1", {"state": "cancelled"}, content=["customerSession", "customerProfile"], dry="true")
    assert effects(body) == [
        ("rollbackCoupon", {"value": "TEN"}),
        ("rollbackDiscount", {"name": "Ten", "value": 10}),
    ]
    session = body["customerSession"]
    assert (session["state"], session["total"], session["profileId"]) == ("cancelled", 100, "kim")
    assert body["customerProfile"]["closedSessions"] == 1
    session = session_of(shop, "s2", {"state": "cancelled"}, dry="true")
    assert (session["state"], session["total"], session["profileId"]) == ("cancelled", 100, "kim")
    assert put(shop, "s3", {"state": "cancelled"}, dry="true").status_code == 400
    assert rows(server) == before


def test_now_is_the_clock_of_schedules_and_coupons(shop, manager, server):
    running(manager, make.rule(title="Soon"), startTime=ahead(days=1), endTime=ahead(days=2))
    running(manager, coupon_rule(["setDiscount", "Code", 5]), codes=[{"code": "SOON", "startDate": ahead(hours=36)}])
    before = rows(server)
    session = {"cartItems": [line()], "couponCodes": ["SOON"]}
    refused = ("rejectCoupon", {"value": "SOON", "rejectionReason": "CouponStartDateInFuture"})
    soon = ("setDiscount", {"name": "Ten off", "value": 10})
    accepted = [("acceptCoupon", {"value": "SOON"}), ("setDiscount", {"name": "Code", "value": 5})]
    assert effects(update(shop, "s1", session, dry="true")) == [refused]
    assert effects(update(shop, "s1", session, dry="true", now=ahead(hours=30))) == [refused, soon]
    assert effects(update(shop, "s1", session, dry="true", now=ahead(hours=40))) == [soon, *accepted]
    assert effects(update(shop, "s1", session, dry="true", now=ahead(days=3))) == accepted
    assert rows(server) == before


@pytest.mark.parametrize(
    ("params", "title", "details"),
    [
        ({"now": "2090-01-01T00:00:00Z"}, "Invalid value", "now goes with dry=true only"),
        ({"now": "2090-01-01T00:00:00Z", "dry": "false"}, "Invalid value", "now goes with dry=true only"),
        ({"now": "2020-01-01T00:00:00Z", "dry": "true"}, "Invalid value", "now must be in the future"),
        ({"now": "tomorrow", "dry": "true"}, "Invalid type", "now must be an RFC 3339 timestamp"),
        ({"now": "", "dry": "true"}, "Invalid type", "now must be an RFC 3339 timestamp"),
        ({"now": "2090-13-01T00:00:00Z", "dry": "true"}, "Invalid type", "now must be an RFC 3339 timestamp"),
        ({"now": "2090-01-01T00:00:00 01:00", "dry": "true"}, "Invalid type", "now must be an RFC 3339 timestamp"),
    ],
)
def test_now_that_makes_no_sense(shared, shared_shop, params, title, details):
    before = rows(shared)
    answer = put(shared_shop, "s9", {}, **params)
    expected = invalid((None, title, details))
    expected["errors"][0]["source"] = {"parameter": "now"}
    assert (answer.status_code, answer.json()) == (400, expected)
    assert rows(shared) == before


def test_the_end_of_time(shop, manager):
    later = ["after", ["addDuration", [".", "Now"], 5, "days"], "2020-01-01T00:00:00Z"]
    running(manager, make.rule(condition=["and", later]))
    running(manager, make.rule(title="Over"), endTime="2091-01-01T00:00:00Z")
    for now in ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59", "2095-01-01"):
        body = update(shop, "s8", {"cartItems": [line()]}, dry="true", now=now)
        expected = [("setDiscount", {"name": "Ten off", "value": 10})] if now == "2095-01-01" else []
        assert effects(body) == expected, now


def test_other_values_of_dry_are_refused(shared_shop, shared):
    before = rows(shared)
    for text in ("maybe", "", "2", "yes please"):
        answer = put(shared_shop, "s9", {}, dry=text)
        expected = invalid((None, "Invalid type", "dry must be true or false"))
        expected["errors"][0]["source"] = {"parameter": "dry"}
        assert (answer.status_code, answer.json()) == (400, expected)
    assert rows(shared) == before


def test_evaluable_campaigns_are_judged_even_when_disabled_but_only_dry(shop, manager, server):
    first, _ = running(manager, make.rule(title="First"))
    second, _ = running(manager, coupon_rule(["setDiscount", "Second", 5]), state="disabled", codes=["OFF"])
    session = {"cartItems": [line()], "couponCodes": ["OFF"]}
    off = ("rejectCoupon", {"value": "OFF", "rejectionReason": "CouponPartOfNotRunningCampaign"})
    ten, five = ("setDiscount", {"name": "Ten off", "value": 10}), ("setDiscount", {"name": "Second", "value": 5})
    assert effects(update(shop, "s1", session, dry="true")) == [off, ten]
    before = rows(server)

    def of(*ids):
        return effects(update(shop, "s1", session | {"evaluableCampaignIds": list(ids)}, dry="true"))

    assert of(second["id"]) == [("acceptCoupon", {"value": "OFF"}), five]
    assert of(first["id"]) == [off, ten]
    assert of(second["id"], first["id"], 999, -1, 10**30) == [ten, ("acceptCoupon", {"value": "OFF"}), five]
    assert of() == [off]
    assert rows(server) == before
    assert effects(update(shop, "s1", session | {"evaluableCampaignIds": [second["id"]]})) == [off, ten]


def test_a_staging_key_is_always_dry(shop, manager, server):
    _, headers = new_key(manager, type="staging")
    running(manager, make.rule())
    before = rows(server)
    for params in ({}, {"dry": "false"}, {"dry": "true", "now": "2090-01-01T00:00:00Z"}):
        for state in ("open", "closed"):
            body = {"customerSession": {"profileId": "kim", "cartItems": [line()], "state": state}}
            answer = shop.put("/v2/customer_sessions/s1", json=body, headers=headers, params=params)
            assert answer.status_code == 200
            assert effects(answer.json()) == [("setDiscount", {"name": "Ten off", "value": 10})]
    assert rows(server) == before
    assert shop.get("/v2/customer_sessions/s1", headers=headers).status_code == 401  # not what test keys are for


def test_a_dry_request_sees_edits_at_once(shop, manager):
    campaign, _ = running(manager, make.rule())
    assert effects(update(shop, "s1", {"cartItems": [line()]}, dry="true"))[0][1]["value"] == 10
    rules_of(manager, campaign, make.rule(condition=["and", [">=", TOTAL, 1]], effects=[["setDiscount", "New", 7]]))
    assert effects(update(shop, "s1", {"cartItems": [line()]}, dry="true")) == [
        ("setDiscount", {"name": "New", "value": 7})
    ]
