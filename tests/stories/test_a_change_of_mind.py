"""Two weeks of a shop that changes its mind: a campaign is tried out, started, edited, stopped, thinned out, archived and
deleted while customers shop, some of them with an app from the first days, one over a bad line."""

import make
from checkout import coupon_rule, effects, line, new_key, percent, refusal, rows, rules_of, running
from stories.shop import (
    Till,
    accepted,
    change,
    code_back,
    customer,
    figures,
    go_to,
    money_back,
    off,
    refused,
    settings,
    the_end,
)  # fmt: skip

CART = [line(price=80)]
STOPPED = "CouponPartOfNotRunningCampaign"


def autumn(number):
    return coupon_rule(["setDiscount", "Autumn", percent(number)])


def given(code, value):
    return [accepted(code), off("Autumn", value)]


def taken(code, value):
    return [code_back(code), money_back("Autumn", value)]


def sends(shop, order, key, session):
    """A request under an Idempotency-Key; the HTTP answer."""
    headers = {"Idempotency-Key": key}
    return shop.put(f"/v2/customer_sessions/{order}", json={"customerSession": session}, headers=headers)


def test_two_weeks(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-09-06 09:00")
    settings(manager)
    campaign, _ = running(
        manager, autumn(10), name="Autumn", state="disabled", codes=["LATE", {"code": "LEAF-1", "usageLimit": 0}]
    )
    first_rules = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["activeRulesetId"]

    def preview(headers, *codes):
        """What the owner would see at the till, asking for this campaign though it is not running."""
        session = {"cartItems": CART, "couponCodes": list(codes), "evaluableCampaignIds": [campaign["id"]]}
        answer = shop.put("/v2/customer_sessions/try", json={"customerSession": session}, headers=headers)
        return effects(answer.json())

    # Monday. Nobody may know yet. The owner looks at it with a test key, which leaves no trace.
    assert till.cart("kim-1", "kim", *CART, codes=["LEAF-1"]) == [refused("LEAF-1", STOPPED)]
    _, test_key = new_key(manager, type="staging")
    before = rows(server)
    assert preview(test_key, "LEAF-1") == given("LEAF-1", 8)
    assert rows(server) == before
    # Tuesday. It starts. Kim's cart is still open. Lee's app is old, and knows one code and other words.
    server.clock.travel(days=1)
    change(manager, campaign, state="enabled")
    assert till.cart("kim-1") == given("LEAF-1", 8)
    assert till.old_put("lee-1", profileId="lee", cartItems=CART, coupon="LATE") == [
        ["acceptCoupon", "LATE"], ["setDiscount", "Autumn", 8]
    ]  # fmt: skip
    assert figures(manager, campaign) == {}
    # Wednesday. Ten percent were too little. What is open is judged by what holds when it is paid.
    server.clock.travel(days=1)
    rules_of(manager, campaign, autumn(15))
    assert till.pay("kim-1") == given("LEAF-1", 12)
    assert till.cart("lee-1", codes=["LATE", "LEAF-1"]) == [*given("LATE", 12), *given("LEAF-1", 12)]
    assert figures(manager, campaign) == {"couponRedemption": 1, "discount": 12, "discountEffect": 1}
    # The old app changes the cart, and does not know of the second code: it stays.
    assert till.old_put("lee-1", cartItems=[line(price=100)]) == [
        ["acceptCoupon", "LATE"], ["setDiscount", "Autumn", 15], ["acceptCoupon", "LEAF-1"], ["setDiscount", "Autumn", 15]
    ]  # fmt: skip

    # Thursday. Stop! Mia pays without it. An hour later it goes on, with the rules of Monday.
    server.clock.travel(days=1)
    assert till.cart("mia-1", "mia", *CART, codes=["LEAF-1"]) == given("LEAF-1", 12)
    change(manager, campaign, state="disabled")
    assert till.pay("mia-1") == [refused("LEAF-1", STOPPED)]
    server.clock.travel(hours=1)
    change(manager, campaign, state="enabled", activeRulesetId=first_rules)
    assert till.cart("lee-1") == [*given("LATE", 10), *given("LEAF-1", 10)]

    # Noa pays over a bad line: the answer is lost, and she is asked to try again, and again. She pays once.
    paying = {"profileId": "noa", "cartItems": CART, "couponCodes": ["LEAF-1"], "state": "closed"}
    lost = sends(shop, "noa-1", "pay", paying)
    assert till.told_by(lost) == given("LEAF-1", 8)
    before = rows(server)
    assert sends(shop, "noa-1", "pay", paying).content == lost.content
    assert sends(shop, "noa-1", "pay", paying | {"couponCodes": []}).status_code == 409
    assert rows(server) == before

    # Friday. All leaves are deleted; Lee pays with the other code alone. Noa's app still asks whether she has paid.
    server.clock.travel(days=1, hours=-2)
    assert manager.delete(f"{make.CAMPAIGNS}/{campaign['id']}/coupons", params={"value": "LEAF"}).status_code == 204
    assert till.old_put("lee-1", state="closed") == [
        ["rejectCoupon", "LEAF-1", "CouponNotFound"], ["acceptCoupon", "LATE"], ["setDiscount", "Autumn", 10]
    ]  # fmt: skip
    assert sends(shop, "noa-1", "pay", paying).content == lost.content
    assert till.cancel("noa-1") == taken("LEAF-1", 8)
    assert sends(shop, "noa-1", "pay", paying).content == lost.content
    assert customer(shop, "noa") == (0, 0)
    # A day after it was sent the key is forgotten, and the order has gone its way.
    server.clock.travel(hours=3)
    late = sends(shop, "noa-1", "pay", paying)
    assert (late.status_code, late.json()) == (
        400, refusal('Cannot move session to state "closed" from state "cancelled"')
    )  # fmt: skip
    assert figures(manager, campaign) == {"couponRedemption": 2, "discount": 22, "discountEffect": 2}

    # The second week. It is archived: nobody may use it, but what it gave is taken back by whoever asks, old or new.
    go_to(server, "2027-09-13 09:00")
    assert till.cart("ola-1", "ola", *CART, codes=["LATE"]) == [refused("LATE", "CouponLimitReached")]
    change(manager, campaign, state="archived")
    assert till.old_put("lee-1", state="cancelled") == [["rollbackCoupon", "LATE"], ["rollbackDiscount", "Autumn", 10]]
    assert till.pay("ola-1") == [
        refused("LATE", "CouponPartOfNotTriggeredCampaign", campaignExclusionReason="CampaignNotInEvaluationSet")
    ]  # fmt: skip
    assert figures(manager, campaign) == {"couponRedemption": 1, "discount": 12, "discountEffect": 1}
    # And deleted. Kim's order was before all that.
    assert manager.delete(f"{make.CAMPAIGNS}/{campaign['id']}").status_code == 204
    assert till.receipt("kim-1") == ("closed", given("LEAF-1", 12))
    assert till.cancel("kim-1") == taken("LEAF-1", 12)
    assert {name: customer(shop, name) for name in ("kim", "lee", "mia", "noa", "ola")} == {
        "kim": (0, 0), "lee": (0, 0), "mia": (1, 80), "noa": (0, 0), "ola": (1, 80)
    }  # fmt: skip
    the_end(server, till)
