"""Three weeks with a bad line: messages come late, twice, in the wrong order, and once the clock of the server is set
back. What was refused leaves no trace, what was accepted counts once, and at the end the books balance."""

import make
from checkout import coupon_rule, line, percent, put, refusal, rows, running
from stories.shop import (
    Till,
    accepted,
    budgets,
    code_back,
    counted,
    customer,
    figures,
    go_to,
    money_back,
    off,
    off_item,
    refused,
    settings,
    the_end,
)  # fmt: skip

CART = [line("A", 2, 20), line("B", 1, 60)]
ITEMS = [".", "Session", "CartItems"]
PAID = [accepted("TEN"), off("Ten percent", 10)]
DAILY = [{"action": "setDiscount", "limit": 100, "entities": [], "period": "daily"}]


def set_up(manager):
    """Ten percent with a code that is good for three orders and a hundred euros a day; two euros off each line."""
    settings(manager, enableFlattenedCartItems=False)
    ten, _ = running(
        manager, coupon_rule(["setDiscount", "Ten percent", percent(10)]), name="Ten", limits=DAILY,
        codes=[{"code": "TEN", "usageLimit": 3}],
    )  # fmt: skip
    lines, _ = running(
        manager, make.rule(effects=[["setDiscountPerItem", "Two", ITEMS, [["Item"], 2]]]), name="Lines",
        reevaluateOnReturn=True,
    )  # fmt: skip
    return ten, lines


def two(position, value=2):
    return off_item("Two", value, position)


def two_back(position, value=2):
    return money_back(f"Two#{position}", value, cartItemPosition=position)


def test_three_weeks(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-11-01 12:00")
    ten, lines = set_up(manager)

    def moved(to, source):
        return refusal(f'Cannot move session to state "{to}" from state "{source}"')

    def too_late(order, to, source, what="", **session):
        """A message that comes when the order has gone on is refused, and nothing is as much as touched."""
        before = rows(server)
        if what == "returns":
            body = {"return": {"returnedCartItems": [{"position": 0}]}}
            answer = shop.post(f"/v2/customer_sessions/{order}/returns", json=body)
        elif what == "reopen":
            answer = shop.put(f"/v2/customer_sessions/{order}/reopen")
        else:
            answer = put(shop, order, session)
        assert (answer.status_code, answer.json()) == (400, moved(to, source))
        assert rows(server) == before

    # Monday. The last message of Kim's order overtakes the others: it comes closed. Then the first one, then the second,
    # then the last once more.
    everything = {"profileId": "kim", "cartItems": CART, "couponCodes": ["TEN"]}
    assert till.pay("kim", **everything) == [*PAID, two(0), two(1)]
    too_late("kim", "open", "closed", profileId="kim", cartItems=CART[:1])
    too_late("kim", "open", "closed", **everything)
    for _ in range(2):
        too_late("kim", "closed", "closed", state="closed", **everything)
    assert customer(shop, "kim") == (1, 100)
    # Lee's update of ten to twelve comes after that of twelve: the cart is as the last message says, whoever sent it.
    assert till.cart("lee", "lee", *CART, line("C", price=50), codes=["TEN"]) == [
        accepted("TEN"), off("Ten percent", 15), two(0), two(1), two(2)
    ]  # fmt: skip
    assert till.cart("lee", "lee", *CART) == [*PAID, two(0), two(1)]
    # A cancellation that comes before its order is of nothing; nor can nothing be returned or opened again.
    before = rows(server)
    for answer in (
        put(shop, "mia", {"state": "cancelled"}),
        shop.post("/v2/customer_sessions/mia/returns", json={"return": {"returnedCartItems": [{"position": 0}]}}),
        shop.put("/v2/customer_sessions/mia/reopen"),
    ):
        assert answer.status_code in (400, 404)
    assert rows(server) == before
    assert till.buy("mia", "mia", *CART, codes=["TEN"]) == [*PAID, two(0), two(1)]
    assert budgets(manager, ten) == [("setDiscount", 20)]

    # Tuesday. One of Kim's two A comes back, and the parcel service says so twice: the second is refused by the third.
    server.clock.travel(days=1)
    assert till.send_back("kim", (0, 1)) == [two_back(0, 1)]
    assert till.send_back("kim", (0, 1)) == [two_back(0, 1)]
    before = rows(server)
    third = shop.post("/v2/customer_sessions/kim/returns", json={
        "return": {"returnedCartItems": [{"position": 0, "quantity": 1}]}})  # fmt: skip
    assert (third.status_code, rows(server)) == (400, before)
    assert customer(shop, "kim") == (1, 60)
    too_late("kim", "open", "partially_returned", "reopen")
    too_late("kim", "closed", "partially_returned", state="closed")
    # Cancelled after the return: what is left is taken back, once. A return that comes after that is refused.
    assert till.cancel("kim") == [code_back("TEN"), money_back("Ten percent", 10), two_back(1)]
    too_late("kim", "cancelled", "cancelled", state="cancelled")
    too_late("kim", "partially_returned", "cancelled", "returns")
    too_late("kim", "open", "cancelled", "reopen")
    too_late("kim", "open", "cancelled", **everything)
    assert customer(shop, "kim") == (0, 0)
    assert figures(manager, ten) == {"couponRedemption": 1, "discount": 10, "discountEffect": 1}
    assert figures(manager, lines) == {"discount": 4, "discountEffect": 2}
    # Mia's order is opened again, twice, and paid, twice.
    assert till.reopen("mia") == [code_back("TEN"), money_back("Ten percent", 10), two_back(0), two_back(1)]
    too_late("mia", "open", "open", "reopen")
    assert customer(shop, "mia") == (0, 0)
    assert till.pay("mia") == [*PAID, two(0), two(1)]
    too_late("mia", "closed", "closed", state="closed")
    assert counted(server, ten) == {"setDiscount Y2027M11D1": 0, "setDiscount Y2027M11D2": 10}

    # Tuesday again: the clock of the server is set back by a day. Lee pays on a Monday that is over, and what he opens
    # again and cancels goes to the day it was counted on.
    server.clock.travel(days=-1)
    assert till.pay("lee") == [*PAID, two(0), two(1)]
    assert counted(server, ten) == {"setDiscount Y2027M11D1": 10, "setDiscount Y2027M11D2": 10}
    assert till.reopen("mia") == [code_back("TEN"), money_back("Ten percent", 10), two_back(0), two_back(1)]
    assert till.pay("mia") == [*PAID, two(0), two(1)]
    assert counted(server, ten) == {"setDiscount Y2027M11D1": 20, "setDiscount Y2027M11D2": 0}
    session = shop.get("/v2/customer_sessions/mia").json()["customerSession"]
    assert session["created"] <= session["updated"]

    # The third week. The clock is right again. Returns are judged again, repeated, and cancelled from two sides.
    go_to(server, "2027-11-15 12:00")
    assert till.send_back("lee", (1, 1), judge_again=True) == [two_back(0), two_back(1), two(0)]
    before = rows(server)
    again = shop.post("/v2/customer_sessions/lee/returns", params={"runRuleEngine": "true"}, json={
        "return": {"returnedCartItems": [{"position": 1}]}})  # fmt: skip
    assert (again.status_code, rows(server)) == (400, before)
    assert till.cancel("lee") == [code_back("TEN"), money_back("Ten percent", 10), two_back(0)]
    too_late("lee", "cancelled", "cancelled", state="cancelled")
    # An old cart of Noa is cancelled while it is open; the payment for it comes too late.
    assert till.cart("noa", "noa", *CART, codes=["TEN", "NONE"])[0] == refused("NONE", "CouponNotFound")
    assert till.cancel("noa") == []
    too_late("noa", "closed", "cancelled", state="closed")
    assert customer(shop, "noa") == (0, 0)

    # The figures: only Mia's order is left.
    people = {name: customer(shop, name) for name in ("kim", "lee", "mia")}
    assert people == {"kim": (0, 0), "lee": (0, 0), "mia": (1, 100)}
    assert figures(manager, ten) == {"couponRedemption": 1, "discount": 10, "discountEffect": 1}
    assert figures(manager, lines) == {"discount": 4, "discountEffect": 2}
    assert counted(server, ten) == {"setDiscount Y2027M11D1": 10, "setDiscount Y2027M11D2": 0}
    the_end(server, till)
