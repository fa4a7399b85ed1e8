"""Six weeks of a gift card: bought in the shop, spent in parts and on two devices, given back by cancelled orders, topped
up, expired and extended. At no time is there more or less on it than there should be."""

import make
from checkout import COUPON_VALID, TOTAL, line, running
from stories.shop import (
    CLOSING,
    Till,
    accepted,
    code_back,
    customer,
    figures,
    go_to,
    money_back,
    off,
    refused,
    settings,
    the_end,
    wallet,
)  # fmt: skip

CARD = "CARD-7"
BOUGHT = ["filter", [".", "Session", "CartItems"], [["Item"], ["=", [".", "Item", "SKU"], "GIFT"]]]


def set_up(manager):
    """Who pays for gift cards gets one over all of it. A card pays as much of an order as is on it; when something is
    sent back and the shop looks again, cards come first to get their money back."""
    settings(manager)
    price = ["sum", BOUGHT, [["Item"], ["*", [".", "Item", "Price"], [".", "Item", "Quantity"]]]]
    new = {"pattern": "CARD-#", "validCharacters": ["list", "7"], "usageLimit": 0, "discountLimit": price}
    campaign, _ = running(
        manager,
        make.rule(
            title="Buy", condition=["and", CLOSING, [">", ["count", BOUGHT], 0]], effects=[["createCoupon", new]]
        ),
        make.rule(
            title="Spend",
            condition=["and", COUPON_VALID],
            effects=[["setDiscount", "Gift card", TOTAL, {"partial": True}]],
        ),
        name="Gift cards",
        codes=[{"code": "SMALL", "usageLimit": 0, "discountLimit": 5}],
        reevaluateOnReturn=True,
    )
    return campaign


def pays(amount, of=None, card=CARD):
    """A card pays so much of what there is to pay."""
    return [accepted(card), off("Gift card", amount, desiredValue=amount if of is None else of)]


def pays_back(*amounts, card=CARD):
    return [code_back(card), *(money_back("Gift card", amount) for amount in amounts)]


EMPTY = [
    refused(
        CARD, "EffectCouldNotBeApplied", effectIndex=0,
        details="Effect 1: the coupon has 0 left, not enough for 'Gift card'",
    )
]  # fmt: skip


def test_six_weeks(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-06-01 10:00")
    campaign = set_up(manager)

    def on(code=CARD):
        """How often a card is in use, what it has paid, and what is on it."""
        found = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}/coupons/{code}").json()
        return found["usageCounter"], found["discountCounter"], found["discountRemainder"]

    # Week 1. Kim buys a card of 50 for Lee. While she has not paid there is none.
    assert till.cart("gift", "kim", line("GIFT", 2, 25)) == []
    assert till.pay("gift") == [("couponCreated", {"value": CARD, "profileId": ""})]
    assert on() == (0, 0, 50)

    # Week 2. Lee spends 19.90. Then he fills a cart at home, and pays a coffee from the card on his way.
    go_to(server, "2027-06-08 10:00")
    assert till.buy("book", "lee", line(price=19.9), codes=[CARD]) == pays(19.9)
    assert till.cart("chair", "lee", line(price=80), codes=[CARD]) == pays(30.1, of=80)
    assert on() == (1, 19.9, 30.1)
    assert till.buy("coffee", "lee", line(price=12.05), codes=[CARD]) == pays(12.05)
    assert on() == (2, 31.95, 18.05)
    assert till.pay("chair") == pays(18.05, of=80)
    assert on() == (3, 50, 0)
    assert till.cart("pen", "lee", line(price=1), codes=[CARD]) == EMPTY
    assert wallet(shop, "lee") == {CARD: "used"}

    # Week 3. The chair is cancelled, so there is money for the pen, which only now is paid.
    go_to(server, "2027-06-15 10:00")
    assert till.cancel("chair") == pays_back(18.05)
    assert on() == (2, 31.95, 18.05)
    assert till.pay("pen") == pays(1)
    # Lee opens the first order again to add something; before he pays, most of the money goes elsewhere.
    assert till.reopen("book") == pays_back(19.9)
    assert on() == (2, 13.05, 36.95)
    assert till.cart("book", None, line(price=19.9), line("B", price=10)) == pays(29.9)
    assert till.buy("lamp", "lee", line(price=29), codes=[CARD]) == pays(29)
    assert till.pay("book") == pays(7.95, of=29.9)
    assert on() == (4, 50, 0)

    # Week 4. Kim tops the card up by 20. With a second, small card Lee pays 22; he sends a part of it back.
    go_to(server, "2027-06-22 10:00")
    url = f"{make.CAMPAIGNS}/{campaign['id']}/coupons/{CARD}"
    assert manager.put(url, json=manager.get(url).json() | {"discountLimit": 70}).status_code == 200
    assert on() == (4, 50, 20)
    assert till.buy("plates", "lee", line(price=15), line("B", price=7), codes=[CARD, "SMALL"]) == [
        *pays(20, of=22), *pays(2, card="SMALL")
    ]  # fmt: skip
    assert (on(), on("SMALL")) == ((5, 70, 0), (1, 2, 3))
    assert till.send_back("plates", (1, 1), judge_again=True) == [
        money_back("Gift card", 20), money_back("Gift card", 2), off("Gift card", 15, desiredValue=15)
    ]  # fmt: skip
    assert (on(), on("SMALL")) == ((5, 65, 5), (1, 0, 5))

    # Week 5. The card runs out, by its date. Money that comes back goes to it all the same.
    go_to(server, "2027-06-29 10:00")
    expired = manager.get(url).json() | {"expiryDate": "2027-06-28T22:00:00Z"}
    assert manager.put(url, json=expired).status_code == 200
    assert till.cart("late", "lee", line(price=9.99), codes=[CARD]) == [refused(CARD, "CouponExpired")]
    assert till.cancel("lamp") == pays_back(29)
    assert on() == (4, 36, 34)
    assert manager.put(url, json=expired | {"expiryDate": "2027-12-31T23:00:00Z"}).status_code == 200
    assert till.pay("late") == pays(9.99)
    assert till.cancel("plates") == [code_back(CARD), code_back("SMALL"), money_back("Gift card", 15)]
    assert (on(), on("SMALL")) == ((4, 30.99, 39.01), (0, 0, 5))

    # Week 6. Kim's own order is cancelled. The card that came of it stays; the shop has to delete it, and what was paid
    # with it was paid.
    go_to(server, "2027-07-06 10:00")
    assert till.cancel("gift") == []
    assert till.cart("sofa", "lee", line(price=500), codes=[CARD]) == pays(39.01, of=500)
    assert manager.delete(url).status_code == 204
    assert till.pay("sofa") == [refused(CARD, "CouponNotFound")]
    assert till.receipt("coffee") == ("closed", pays(12.05))

    # The figures.
    assert figures(manager, campaign) == {
        "couponCreation": 1, "couponRedemption": 4, "discount": 30.99, "discountEffect": 4
    }  # fmt: skip
    assert (customer(shop, "kim"), customer(shop, "lee")) == ((0, 0), (5, 552.94))
    the_end(server, till)
