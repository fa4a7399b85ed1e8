"""What an update answers: each value of responseContent, and what is left out (core.md §4.1)."""

import make
from checkout import COUPON_VALID, TOTAL, coupon_rule, effects, line, put, refusal, rows, running, update

ALL = [
    "customerSession",
    "customerProfile",
    "coupons",
    "triggeredCampaigns",
    "loyalty",
    "event",
    "awardedGiveaways",
    "ruleFailureReasons",
    "previousReturns",
    "referral",
    "campaignEligibility",
    "achievements",
]
BASE = {"effects", "createdCoupons", "createdReferrals"}
FROM_50 = make.rule(title="From 50", condition=["and", True, [">=", TOTAL, 50]])


def test_each_value_adds_its_key_and_no_other(shop, manager):
    running(manager, coupon_rule(), codes=["TEN"])
    for name in ALL:
        body = update(shop, "s1", {"profileId": "kim", "couponCodes": ["TEN", "NONE"]}, content=[name])
        expected = BASE if name in ("referral", "campaignEligibility") else BASE | {name}
        assert set(body) == expected, name
    assert set(update(shop, "s1", {}, content=ALL)) == BASE | set(ALL) - {"referral", "campaignEligibility"}
    assert set(update(shop, "s1", {}, content=["loyalty", "loyalty"])) == BASE | {"loyalty"}


def test_what_is_not_there_yet_is_empty(shop):
    body = update(shop, "s1", {}, content=ALL)
    empty = {name: body[name] for name in ("coupons", "triggeredCampaigns", "ruleFailureReasons", "awardedGiveaways")}
    assert empty == {"coupons": [], "triggeredCampaigns": [], "ruleFailureReasons": [], "awardedGiveaways": []}
    assert (body["loyalty"], body["previousReturns"], body["achievements"]) == ({"programs": {}}, [], [])


def test_an_unknown_value_is_refused(shop, server):
    before = rows(server)
    answer = put(shop, "s1", {}, content=["customerSession", "nonsense"])
    [problem] = answer.json()["errors"]
    assert (answer.status_code, problem["title"], problem["source"]) == (
        400,
        "enum",
        {"pointer": "/responseContent/1"},
    )
    assert rows(server) == before


def test_coupons_are_those_that_exist_in_request_order(shop, manager):
    campaign, made = running(manager, coupon_rule(), codes=["AAA", {"code": "BBB", "usageLimit": 7}])
    codes = {"couponCodes": ["NOPE", "BBB", "AAA"]}
    body = update(shop, "s1", codes | {"cartItems": [line()]}, content=["coupons"])
    assert [coupon["value"] for coupon in body["coupons"]] == ["BBB", "AAA"]
    shown = body["coupons"][0]
    expected = {
        "id": made["BBB"]["id"],
        "created": made["BBB"]["created"],
        "campaignId": campaign["id"],
        "value": "BBB",
        "usageLimit": 7,
        "usageCounter": 0,
        "discountCounter": 0,
        "reservationCounter": 0,
        "attributes": {},
        "limits": [],
        "reservation": True,
        "batchId": made["BBB"]["batchId"],
        "isReservationMandatory": False,
        "implicitlyReserved": False,
        "profileRedemptionCount": 0,
    }
    assert shown == expected


def test_a_gift_card_shows_what_is_left(shop, manager):
    rule = coupon_rule(["setDiscount", "Gift card", 12.5])
    running(manager, rule, codes=[{"code": "GIFT", "usageLimit": 0, "discountLimit": 20.25}])
    shown = ("discountLimit", "discountCounter", "discountRemainder", "usageCounter")
    session = {"couponCodes": ["GIFT"], "cartItems": [line()]}
    [coupon] = update(shop, "s1", session, content=["coupons"])["coupons"]
    assert [coupon[name] for name in shown] == [20.25, 0, 20.25, 0]
    [coupon] = update(shop, "s1", {"state": "closed"}, content=["coupons"])["coupons"]
    assert [coupon[name] for name in shown] == [20.25, 12.5, 7.75, 1]
    body = update(shop, "s2", session, content=["coupons"])
    [(kind, props)] = effects(body)
    assert (kind, props["rejectionReason"], props["effectIndex"]) == ("rejectCoupon", "EffectCouldNotBeApplied", 0)
    assert [body["coupons"][0][name] for name in shown] == [20.25, 12.5, 7.75, 1]
    [coupon] = update(shop, "s1", {"state": "cancelled"}, content=["coupons"])["coupons"]
    assert [coupon[name] for name in shown] == [20.25, 0, 20.25, 0]


def test_the_redemptions_of_the_customer_are_counted(shop, manager):
    running(manager, coupon_rule(), codes=[{"code": "MANY", "usageLimit": 0}])
    session = {"couponCodes": ["MANY"], "cartItems": [line()], "state": "closed"}
    counts = []
    for name, profile in (("s1", "kim"), ("s2", "kim"), ("s3", "lee"), ("s4", "")):
        [coupon] = update(shop, name, session | {"profileId": profile}, content=["coupons"])["coupons"]
        counts.append((coupon["usageCounter"], coupon["profileRedemptionCount"]))
    assert counts == [(1, 1), (2, 2), (3, 1), (4, 0)]


def test_triggered_campaigns_are_those_with_a_rule_that_held(shop, manager):
    first, _ = running(manager, FROM_50, name="From fifty")
    second, _ = running(manager, make.rule(), name="Always")
    body = update(shop, "s1", {"cartItems": [line(price=10)]}, content=["triggeredCampaigns"])
    assert [(one["id"], one["name"]) for one in body["triggeredCampaigns"]] == [(second["id"], "Always")]
    body = update(shop, "s1", {"cartItems": [line(price=50)]}, content=["triggeredCampaigns"])
    assert [one["id"] for one in body["triggeredCampaigns"]] == [first["id"], second["id"]]
    listed = manager.get(f"{make.CAMPAIGNS}/{second['id']}").json()
    assert set(body["triggeredCampaigns"][1]) == set(listed)


def test_rule_failure_reasons(shop, manager):
    with_code = coupon_rule(["setDiscount", "Gift", 60])
    campaign, made = running(
        manager, FROM_50, with_code, name="Two rules", codes=[{"code": "GIFT", "discountLimit": 5}]
    )
    body = update(shop, "s1", {"couponCodes": ["GIFT"], "cartItems": [line(price=10)]}, content=["ruleFailureReasons"])
    shared = {
        "campaignID": campaign["id"],
        "campaignName": "Two rules",
        "rulesetID": 1,
        "evaluationGroupID": body["ruleFailureReasons"][0]["evaluationGroupID"],
        "evaluationGroupMode": "stackable",
    }
    first, second = body["ruleFailureReasons"]
    assert first.pop("details")
    assert second.pop("details")
    assert first == shared | {"ruleIndex": 0, "ruleName": "From 50", "conditionIndex": 1}
    coupon = {"couponID": made["GIFT"]["id"], "couponValue": "GIFT"}
    assert second == shared | coupon | {"ruleIndex": 1, "ruleName": "With a code", "effectIndex": 0}
    held = update(shop, "s1", {"couponCodes": [], "cartItems": [line(price=50)]}, content=["ruleFailureReasons"])
    assert [one["ruleIndex"] for one in held["ruleFailureReasons"]] == [1]
    assert effects(held) == [("setDiscount", {"name": "Ten off", "value": 10})]


def test_eligibility_of_campaigns_and_rules(shop, manager):
    picky = make.rule(title="From 50", condition=["and", COUPON_VALID, [">=", TOTAL, 50]])
    campaign, made = running(manager, picky, make.rule(title="Always"), codes=["SAVE"])
    other, _ = running(manager, make.rule(title="Never", condition=["and", False]))
    session = {"couponCodes": ["SAVE"], "cartItems": [line(price=10)]}
    body = {"customerSession": session, "responseContent": ["campaignEligibility"]}
    answer = shop.put("/v2/customer_sessions/s1", params={"dry": "true"}, json=body).json()
    first, second = answer["campaignEligibility"]
    assert (first["id"], first["state"], first["name"], first["features"]) == (
        campaign["id"], "enabled", campaign["name"], campaign["features"],
    )  # fmt: skip
    assert first["eligibility"] == [{"passed": True, "couponCode": "SAVE"}]
    details = {
        "failureCode": "CONDITION_NOT_MET",
        "couponID": made["SAVE"]["id"],
        "couponValue": "SAVE",
        "conditionIndex": 1,
        "details": "Condition 2 does not hold",
    }
    assert first["rules"] == [
        {"title": "From 50", "eligibility": [{"passed": False, "couponCode": "SAVE", "details": details}]},
        {"title": "Always", "eligibility": [{"passed": True}]},
    ]
    assert (second["id"], second["eligibility"]) == (
        other["id"], [{"passed": False, "details": {"failureCode": "ALL_RULES_FAILED"}}],
    )  # fmt: skip
    assert "campaignEligibility" not in shop.put("/v2/customer_sessions/s1", json=body).json()


def test_eligibility_does_not_go_with_what_it_replaces(shop, server):
    for beside in ("triggeredCampaigns", "ruleFailureReasons"):
        body = {"customerSession": {}, "responseContent": ["campaignEligibility", beside]}
        answer = shop.put("/v2/customer_sessions/s1", params={"dry": "true"}, json=body)
        assert answer.status_code == 400
        assert [error["source"] for error in answer.json()["errors"]] == [{"pointer": "/responseContent"}]
    assert server.sql("SELECT count(*) AS count FROM events")[0]["count"] == 0


def test_the_event(shop, server):
    for state, kind in (("open", "created"), ("open", "updated"), ("closed", "closed"), ("cancelled", "revoked")):
        session = {"profileId": "kim", "storeIntegrationId": "berlin", "state": state}
        event = update(shop, "s1", session, content=["event"])["event"]
        [row] = server.sql("SELECT id, created FROM events ORDER BY id DESC LIMIT 1")
        assert event == {
            "id": row["id"],
            "created": row["created"].isoformat().replace("+00:00", "Z"),
            "applicationId": 1,
            "profileId": "kim",
            "storeIntegrationId": "berlin",
            "type": f"talon_session_{kind}",
            "attributes": {},
            "sessionId": "s1",
            "effects": [],
            "ledgerEntries": [],
        }
    event = update(shop, "s2", {}, content=["event"])["event"]
    assert {"profileId", "storeIntegrationId"} & set(event) == set()


def test_refusals_and_acceptances_stand_in_the_documented_order(shop, manager):
    discount = ["setDiscount", "One", 1]
    first, a = running(manager, coupon_rule(discount), make.rule(title="Always"), codes=["A-1", "A-2"])
    picky = make.rule(title="Picky", condition=["and", COUPON_VALID, [">=", TOTAL, 500]])
    second, b = running(manager, picky, codes=["B-1", {"code": "B-2", "expiryDate": "2020-01-01T00:00:00Z"}])
    session = {"couponCodes": ["B-2", "NOPE", "A-2", "B-1", "A-1"], "cartItems": [line()]}
    body = update(shop, "s1", session)
    order = [
        (one["effectType"], one["props"].get("value"), one["campaignId"], one["ruleIndex"], one["ruleName"])
        for one in body["effects"]
    ]
    assert order == [
        ("rejectCoupon", "B-2", second["id"], 0, ""),
        ("rejectCoupon", "NOPE", -1, 0, ""),
        ("acceptCoupon", "A-2", first["id"], 0, "With a code"),
        ("setDiscount", 1, first["id"], 0, "With a code"),
        ("setDiscount", 10, first["id"], 1, "Always"),
        ("acceptCoupon", "A-1", first["id"], 0, "With a code"),
        ("setDiscount", 1, first["id"], 0, "With a code"),
        ("rejectCoupon", "B-1", second["id"], 0, "Picky"),
    ]
    codes = [b["B-2"], None, a["A-2"], a["A-2"], None, a["A-1"], a["A-1"], b["B-1"]]
    assert [one.get("triggeredByCoupon") for one in body["effects"]] == [one and one["id"] for one in codes]
    assert body["effects"][1]["rulesetId"] == -1
    last = body["effects"][-1]["props"]
    assert (last["rejectionReason"], last["conditionIndex"]) == ("CouponRejectedByCondition", 1)


def test_a_409_has_the_documented_body():
    """The words that clients know; tests/races shows when they come."""
    from guerdon.db.pool import CONSTRAINTS, SESSION_BUSY

    words = "Too many requests are updating this session at the same time"
    assert words == SESSION_BUSY
    assert CONSTRAINTS["events_session_updated_alone"].body().errors == []
    assert refusal(words, status=409) == {"message": words, "errors": [], "StatusCode": 409}
