"""Four weeks of somebody who looks around without a name, then as a guest, then as Nora; who checks out on two devices,
would like to be welcomed on both, and in the end wants to be forgotten."""

import make
from books import assert_books_balance
from checkout import coupon_rule, define, line, percent, running
from dump import dump
from stories.shop import (
    FIRST_ORDER,
    Till,
    accepted,
    code_back,
    counted,
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

CART = [line("TEA", 2, 12.5, attributes={"engraving": "for Nora"})]
MORE = line("POT", price=75)
HELLO = ("showNotification", {"notificationType": "Info", "title": "Hello", "body": "You are new here"})
TOO_LATE = refused("WELCOME", "CouponRejectedByCondition", conditionIndex=1, details="Condition 2 does not hold")


def set_up(manager):
    """Ten percent with WELCOME for the first order, once for each customer; who is here for the first time is
    greeted."""
    settings(manager)
    for entity, name in (("CustomerProfile", "city"), ("CustomerSession", "note"), ("CartItem", "engraving")):
        define(manager, entity, name)
    welcome = coupon_rule(["setDiscount", "Welcome", percent(10)])
    welcome["condition"].append(FIRST_ORDER)
    welcome_campaign, _ = running(
        manager, welcome, name="Welcome", codes=[{"code": "WELCOME", "usageLimit": 0}],
        limits=[{"action": "redeemCoupon", "limit": 1, "entities": ["Profile"]}],
    )  # fmt: skip
    greeting = ["showNotification", "Info", "Hello", "You are new here"]
    running(manager, make.rule(title="Hello", condition=["and", [".", "Session", "FirstSession"]], effects=[greeting]))
    return welcome_campaign


def welcomed(amount):
    return [accepted("WELCOME"), off("Welcome", amount)]


def test_four_weeks(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-06-07 20:00")
    campaign = set_up(manager)

    def names():
        """The customers there are."""
        return [row["integration_id"] for row in server.sql("SELECT integration_id FROM profiles ORDER BY id")]

    # Week 1. Nobody in particular fills a cart. The code is for somebody.
    assert till.cart("laptop", None, *CART, codes=["WELCOME"]) == [refused("WELCOME", "ProfileRequired"), HELLO]
    assert names() == []
    # The shop gives the browser a number. Now the code counts, and on the phone, too, with the same cart in mind.
    assert till.cart("laptop", "guest-77") == [*welcomed(2.5), HELLO]
    assert till.cart("phone", "guest-77", *CART, codes=["WELCOME"]) == welcomed(2.5)
    # Another guest orders on the tablet of a friend, and is gone.
    assert till.buy("tablet", "guest-78", *CART, codes=["WELCOME"]) == [*welcomed(2.5), HELLO]
    assert (customer(shop, "guest-77"), customer(shop, "guest-78")) == ((0, 0), (1, 25))
    assert wallet(shop, "guest-78") == {"WELCOME": "used"}

    # Week 2. The guest registers, first on the laptop: as Nora she is new. The phone comes later, and she is not.
    go_to(server, "2027-06-14 20:00")
    nora = {"attributes": {"city": "Nuremberg"}}
    assert shop.put("/v2/customer_profiles/nora", json=nora).status_code == 200
    hers = {"attributes": {"note": "Nora's laptop"}, "identifiers": ["nora@shop.test"]}
    assert till.cart("laptop", "nora", **hers) == [*welcomed(2.5), HELLO]
    assert till.cart("phone", "nora", attributes={"note": "Nora's phone"}) == welcomed(2.5)
    assert names() == ["guest-77", "guest-78", "nora"]
    # Both devices show ten percent off. She pays on the phone, then on the laptop: welcome, once.
    assert till.pay("phone", cartItems=[*CART, MORE]) == welcomed(10)
    assert till.cart("laptop") == [refused("WELCOME", "ProfileLimitReached"), HELLO]
    assert till.pay("laptop") == [refused("WELCOME", "ProfileLimitReached"), HELLO]
    assert (customer(shop, "nora"), customer(shop, "guest-77")) == ((2, 125), (0, 0))
    assert counted(server, campaign) == {"redeemCoupon guest-78": 1, "redeemCoupon nora": 1}

    # Week 3. The order of the phone is opened again, for the pot is sold out. She may use the code once more, but this is
    # not the first order any more: the laptop's was. With that cancelled, it is.
    go_to(server, "2027-06-21 20:00")
    assert till.reopen("phone") == [code_back("WELCOME"), money_back("Welcome", 10)]
    assert customer(shop, "nora") == (1, 25)
    assert till.cart("phone", None, *CART) == [TOO_LATE]
    assert till.cancel("laptop") == []
    assert customer(shop, "nora") == (0, 0)
    assert till.pay("phone") == welcomed(2.5)
    # A second tablet with the same number as the first: the guest who was welcomed is not welcomed again.
    assert till.buy("tablet-2", "guest-78", *CART, codes=["WELCOME"]) == [refused("WELCOME", "ProfileLimitReached")]
    # An order that never had a name: always the first, never welcome, and nobody's.
    assert till.buy("kiosk", "", *CART, codes=["WELCOME"]) == [refused("WELCOME", "ProfileRequired"), HELLO]
    assert figures(manager, campaign) == {"couponRedemption": 2, "discount": 5, "discountEffect": 2}
    assert [customer(shop, name) for name in names()] == [(0, 0), (2, 50), (1, 25)]
    the_end(server, till)

    # Week 4. She wants to be forgotten. What she told is gone, also what the laptop knew before it knew her name; what
    # she bought stays in the books, and so does everybody else.
    go_to(server, "2027-06-28 20:00")
    traces = ("Nuremberg", "Nora's laptop", "Nora's phone", "nora@shop.test")
    assert [trace for trace in traces if trace in dump(server)] == list(traces)
    assert dump(server).count("for Nora") > 0
    assert shop.delete("/v1/customer_data/nora").status_code == 204
    assert [trace for trace in traces if trace in dump(server)] == []
    assert inventory(shop, "nora", "profile")["attributes"] == {}
    phone = shop.get("/v2/customer_sessions/phone").json()["customerSession"]
    assert (phone["attributes"], phone["cartItems"][0].get("attributes", {}), phone["total"]) == ({}, {}, 25)
    assert till.receipt("phone") == ("closed", welcomed(2.5))
    theirs = shop.get("/v2/customer_sessions/tablet").json()["customerSession"]
    assert theirs["cartItems"][0]["attributes"] == {"engraving": "for Nora"}
    assert shop.delete("/v1/customer_data/nobody").status_code == 404
    # The shop still knows that there was a customer who was welcomed.
    assert (customer(shop, "nora"), wallet(shop, "nora")) == ((1, 25), {"WELCOME": "used"})
    assert till.buy("return", "nora", *CART, codes=["WELCOME"]) == [refused("WELCOME", "ProfileLimitReached")]
    assert till.cancel("phone") == [code_back("WELCOME"), money_back("Welcome", 2.5)]
    assert_books_balance(server.sql)
