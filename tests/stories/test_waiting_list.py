"""Three weeks of a waiting list: before a bicycle is sold, customers put themselves on a list of three by typing a code in
any case; on the day, who is on the list pays half. Places are given back, and nobody jumps the queue."""

from datetime import timedelta

import make
from checkout import COUPON_VALID, TOTAL, define, effects, line, new_key, percent, rows, running
from stories.shop import (
    Till,
    accepted,
    budgets,
    code_back,
    customer,
    figures,
    go_to,
    inventory,
    money_back,
    off,
    refused,
    settings,
    the_end,
    wallet,
)  # fmt: skip

BIKE = line("BIKE", price=1800)
DAY = "2027-04-19T08:00:00+02:00"
NUMBER, WAITING = [".", "Profile", "Attributes", "number"], [".", "Coupon", "Attributes", "waiting"]
RESERVATION = "/v1/coupon_reservations/BIKE-27"


def set_up(manager):
    """Before the day, the code gives a number in the queue and a reservation; on the day, it gives half of the price to
    whoever has a number."""
    settings(manager, caseSensitivity="insensitive-uppercase")
    define(manager, "CustomerProfile", "number", "number")
    define(manager, "Coupon", "waiting", "number")
    early, checked = ["before", ["now"], DAY], ["couponValid", False]
    next_one = ["+", ["catch", 0, WAITING], 1]
    told = ["concat", "You are number ", ["toString", NUMBER]]
    campaign, _ = running(
        manager,
        make.rule(
            title="Queue",
            condition=["and", checked, early, ["not", ["attributeExists", NUMBER]]],
            effects=[
                ["reserveCoupon"],
                ["updateAttribute", ["Profile", "Attributes", "number"], next_one],
                ["updateAttribute", ["Coupon", "Attributes", "waiting"], next_one],
            ],
        ),
        make.rule(
            title="In the queue",
            condition=["and", checked, early, ["attributeExists", NUMBER]],
            effects=[["showNotification", "Info", "Waiting list", told]],
        ),
        make.rule(
            title="The day",
            condition=["and", COUPON_VALID, ["not", early], ["attributeExists", NUMBER], [">=", TOTAL, 1000]],
            effects=[["setDiscount", "Half", percent(50)]],
        ),
        name="Bicycle",
        codes=[{"code": "BIKE-27", "usageLimit": 3, "reservationLimit": 3}],
        limits=[{"action": "reserveCoupon", "limit": 10, "entities": []}],
    )
    return campaign


def queued(number, code, name):
    return [
        accepted(code),
        ("reserveCoupon", {"couponValue": code, "profileIntegrationId": name, "isNewReservation": True}),
        ("updateAttribute", {"path": "Profile.Attributes.number", "value": number}),
        ("updateAttribute", {"path": "Coupon.Attributes.waiting", "value": number}),
        waiting(number),
    ]


def waiting(number):
    return (
        "showNotification",
        {"notificationType": "Info", "title": "Waiting list", "body": f"You are number {number}"},
    )


def test_three_weeks(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-04-05 09:00")
    campaign = set_up(manager)

    def reserved():
        """Who has a place."""
        found = shop.get("/v1/coupon_reservations/customerprofiles/bike-27").json()
        [row] = server.sql("SELECT reservation_counter FROM coupons")
        assert row["reservation_counter"] == found["totalResultSize"]
        return [one["integrationId"] for one in found["data"]]

    # Week 1. Three type the code, each in another way. They are told their number, whatever else they do.
    assert till.cart("kim", "kim", BIKE, codes=["bike-27"]) == queued(1, "bike-27", "kim")
    assert till.cart("lee", "lee", BIKE, codes=["Bike-27"]) == queued(2, "Bike-27", "lee")
    assert till.cart("kim", None, BIKE, line("BELL", price=12)) == [accepted("bike-27"), waiting(1)]
    assert till.cart("mia", "mia", BIKE, codes=["BIKE-27"]) == queued(3, "BIKE-27", "mia")
    assert (reserved(), wallet(shop, "mia")) == (["kim", "lee", "mia"], {"BIKE-27": "active"})
    assert inventory(shop, "mia", "profile")["attributes"] == {"number": 3}
    # The list is full: Noa gets no number, and the next number stays four. Somebody without a name has no place at all.
    full = refused(
        "bike-27", "EffectCouldNotBeApplied", effectIndex=0,
        details="Effect 1: the coupon 'bike-27' is reserved as often as it may be",
    )  # fmt: skip
    assert till.cart("noa", "noa", BIKE, codes=["bike-27"]) == [full]
    assert till.cart("nobody", "", BIKE, codes=["bike-27"])[0][1]["rejectionReason"] == "EffectCouldNotBeApplied"
    assert (reserved(), budgets(manager, campaign)) == (["kim", "lee", "mia"], [("reserveCoupon", 3)])

    # Week 2. Kim is not interested any more. Her cart is cancelled, which leaves her place; the shop takes it back. Noa
    # has it with her next look at the cart.
    go_to(server, "2027-04-12 09:00")
    assert till.cancel("kim") == []
    assert reserved() == ["kim", "lee", "mia"]
    assert shop.request("DELETE", RESERVATION, json={"integrationIDs": ["kim"]}).status_code == 204
    assert till.profile("kim", number=None) == []
    assert till.cart("noa") == queued(4, "bike-27", "noa")
    assert reserved() == ["lee", "mia", "noa"]
    # With a key whose clock is a week ahead the owner sees what will be; nothing comes of it.
    ahead = int(timedelta(days=8).total_seconds()) * 10**9
    _, test_key = new_key(manager, type="staging", timeOffset=ahead)
    before = rows(server)
    look = {"profileId": "lee", "cartItems": [BIKE], "couponCodes": ["bike-27"]}
    shown = shop.put("/v2/customer_sessions/look", json={"customerSession": look}, headers=test_key).json()
    assert effects(shown) == [accepted("bike-27"), off("Half", 900)]
    assert rows(server) == before

    # The day, ten minutes before eight and after. The carts of April are still open.
    go_to(server, "2027-04-19 07:50")
    assert till.cart("lee") == [accepted("Bike-27"), waiting(2)]
    server.clock.travel(minutes=20)
    assert till.pay("lee") == [accepted("Bike-27"), off("Half", 900)]
    assert till.buy("kim-2", "kim", BIKE, codes=["BIKE-27"]) == [
        refused("BIKE-27", "CouponRejectedByCondition", conditionIndex=2, details="Condition 3 does not hold")
    ]
    assert till.pay("mia", cartItems=[line("BELL", price=12)]) == [
        refused("BIKE-27", "CouponRejectedByCondition", conditionIndex=3, details="Condition 4 does not hold")
    ]
    assert till.pay("noa") == [accepted("bike-27"), off("Half", 900)]
    # Mia opens her order again and takes the bicycle; that is the last of three. Lee would like another one.
    assert till.reopen("mia") == []
    assert till.buy("mia", None, BIKE) == [accepted("BIKE-27"), off("Half", 900)]
    assert till.cart("lee-2", "lee", BIKE, codes=["bike-27"]) == [refused("bike-27", "CouponLimitReached")]
    assert {name: wallet(shop, name) for name in ("kim", "lee", "mia", "noa")} == {
        "kim": {}, "lee": {"BIKE-27": "used"}, "mia": {"BIKE-27": "used"}, "noa": {"BIKE-27": "used"}
    }  # fmt: skip
    # Noa's is broken. Her number was never taken back, so that she may buy another one; Lee, too, who is faster.
    assert till.cancel("noa") == [code_back("bike-27"), money_back("Half", 900)]
    assert till.pay("lee-2") == [accepted("bike-27"), off("Half", 900)]
    assert till.buy("noa-2", "noa", BIKE, codes=["BIKE-27"]) == [refused("BIKE-27", "CouponLimitReached")]

    # The figures.
    assert figures(manager, campaign) == {
        "couponRedemption": 3, "discount": 2700, "discountEffect": 3, "reservecouponEffect": 4
    }  # fmt: skip
    assert budgets(manager, campaign) == [("reserveCoupon", 4)]
    people = {name: customer(shop, name) for name in ("kim", "lee", "mia", "noa")}
    assert people == {"kim": (1, 1800), "lee": (2, 3600), "mia": (1, 1800), "noa": (1, 1800)}
    the_end(server, till)
