"""What came back after Christmas: parcels return in several parts, some of them judged again for what is left, one is
cancelled at last. Sales and budgets are right to the cent at each step, each month with its own."""

import make
from checkout import COUPON_VALID, TOTAL, line, refusal, rows, running
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
    settings,
    the_end,
)  # fmt: skip

SHIRTS, BOOTS, SCARVES, BOOKS = (
    line("SHIRT", 3, 19.99), line("BOOTS", 1, 120), line("SCARF", 2, 25.5), line("BOOK", 3, 50)
)  # fmt: skip
MUG = ("addFreeItem", {"sku": "MUG", "name": "A mug"})
MONTHLY = [{"action": "setDiscount", "limit": 100, "entities": [], "period": "monthly"}]


def only(name, condition="="):
    """The units of an article, or all the others."""
    return ["filter", [".", "Session", "CartItems"], [["Item"], [condition, [".", "Item", "SKU"], name]]]


def set_up(manager):
    """To the cent: 10% off all but books; 10 off three books, shared by them; with a code 20 off and a mug from 200, or
    8 off from 75. The last two look again at what is left of an order that comes back."""
    settings(manager, enableFlattenedCartItems=True, discountDecimals=2)
    tenth = ["setDiscountPerItem", "Winter", only("BOOK", "!="), [["Item"], ["*", [".", "Item", "Price"], 0.1]]]
    winter, _ = running(
        manager, make.rule(title="Winter", effects=[tenth]), name="Winter",
        limits=[{"action": "setDiscount", "limit": 500, "entities": []}],
    )  # fmt: skip
    shared = ["setDiscountPerItemProRata", "Three books", only("BOOK"), 10]
    books, _ = running(
        manager,
        make.rule(title="Books", condition=["and", [">=", ["count", only("BOOK")], 3]], effects=[shared]),
        name="Books",
        reevaluateOnReturn=True,
    )
    mug = ["addFreeItem", "A mug", "MUG"]
    thanks, _ = running(
        manager,
        make.rule(title="Much", condition=["and", COUPON_VALID, [">=", TOTAL, 200]],
                  effects=[["setDiscount", "Thanks", 20], mug]),
        make.rule(title="Some", condition=["and", COUPON_VALID, [">=", TOTAL, 75], ["<", TOTAL, 200]],
                  effects=[["setDiscount", "Thanks", 8]]),
        name="Thanks", reevaluateOnReturn=True, endTime="2027-12-31T23:59:59+01:00", limits=MONTHLY,
        codes=[{"code": "SNOW", "usageLimit": 2, "discountLimit": 40}],
    )  # fmt: skip
    return winter, books, thanks


def unit(name, value, position, place):
    return off_item(name, value, position, subPosition=place)


def unit_back(name, value, position, place):
    return money_back(f"{name}#{position}", value, cartItemPosition=position, cartItemSubPosition=place)


def three_books(*shares, first=0):
    """Ten, shared by units of the first line."""
    return [
        off_item("Three books", value, 0, subPosition=place, totalDiscount=10)
        for place, value in enumerate(shares, first)
    ]


def three_books_back(*shares, first=0):
    return [unit_back("Three books", value, 0, place) for place, value in enumerate(shares, first)]


def test_from_christmas_to_february(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-12-20 10:00")
    winter, books, thanks = set_up(manager)

    def code():
        """Uses and euros of the code."""
        return tuple(server.sql("SELECT usage_counter, discount_counter FROM coupons WHERE value = 'SNOW'")[0])

    def months():
        """What Thanks has spent in December and in January."""
        spent = counted(server, thanks)
        return [spent.get(f"setDiscount {month}", 0) for month in ("Y2027M12", "Y2028M1")]

    def refuses(method, url, message, **request):
        before = rows(server)
        answer = shop.request(method, f"/v2/customer_sessions/{url}", **request)
        assert (answer.status_code, answer.json()) == (400, refusal(message))
        assert rows(server) == before

    # Before Christmas. Kim's parcel, and Lee's with three books in it. The code has given all that it may.
    assert till.buy("kim", "kim", SHIRTS, BOOTS, SCARVES, codes=["SNOW"]) == [
        *(unit("Winter", 2, 0, place) for place in range(3)), unit("Winter", 12, 1, 0),
        unit("Winter", 2.55, 2, 0), unit("Winter", 2.55, 2, 1), accepted("SNOW"), off("Thanks", 20), MUG,
    ]  # fmt: skip
    assert till.buy("lee", "lee", BOOKS, SCARVES, codes=["SNOW"]) == [
        unit("Winter", 2.55, 1, 0), unit("Winter", 2.55, 1, 1), *three_books(3.34, 3.33, 3.33), accepted("SNOW"),
        off("Thanks", 20), MUG,
    ]  # fmt: skip
    assert (customer(shop, "kim"), customer(shop, "lee")) == ((1, 230.97), (1, 201))
    assert (code(), months(), budgets(manager, winter)) == ((2, 40), [40, 0], [("setDiscount", 28.2)])

    # 28 December. Kim sends a shirt back; she still pays what she paid for the rest.
    go_to(server, "2027-12-28 10:00")
    assert till.send_back("kim", (0, 1)) == [unit_back("Winter", 2, 0, 0)]
    assert (customer(shop, "kim"), budgets(manager, winter)) == ((1, 210.98), [("setDiscount", 26.2)])
    assert till.client.post("/v2/customer_sessions/kim/returns", json={
        "return": {"returnedCartItems": [{"position": 0, "quantity": 3}]}}).status_code == 400  # fmt: skip

    # 3 January. The boots, and the shop looks again: for 90.98 the code gives 8, though its campaign is over by now.
    # December has its 20 again, and the 8 are January's.
    go_to(server, "2028-01-03 10:00")
    assert till.send_back("kim", (1, 1), judge_again=True) == [
        unit_back("Winter", 12, 1, 0), money_back("Thanks", 20), off("Thanks", 8)
    ]  # fmt: skip
    assert (customer(shop, "kim"), code(), months()) == ((1, 90.98), (2, 28), [20, 8])
    assert figures(manager, thanks) == {
        "couponRedemption": 2, "discount": 28, "discountEffect": 2, "addFreeItemEffect": 2
    }  # fmt: skip
    assert till.receipt("kim") == ("partially_returned", [
        unit("Winter", 2, 0, 1), unit("Winter", 2, 0, 2), unit("Winter", 2.55, 2, 0), unit("Winter", 2.55, 2, 1),
        accepted("SNOW"), MUG, off("Thanks", 8),
    ])  # fmt: skip

    # 8 January. Both scarves, and nobody looks again. Then a shirt, and somebody does: too little is left for the code.
    server.clock.travel(days=5)
    assert till.send_back("kim", (2, 2)) == [unit_back("Winter", 2.55, 2, place) for place in (0, 1)]
    assert (customer(shop, "kim"), code()) == ((1, 39.98), (2, 28))
    assert till.send_back("kim", (0, 1), judge_again=True) == [unit_back("Winter", 2, 0, 1), money_back("Thanks", 8)]
    assert (customer(shop, "kim"), code(), months()) == ((1, 19.99), (2, 20), [20, 0])
    # The last shirt: cancelled, once. Who has cancelled cannot return, nor cancel again.
    assert till.cancel("kim") == [unit_back("Winter", 2, 0, 2), code_back("SNOW")]
    assert (customer(shop, "kim"), code(), budgets(manager, winter)) == ((0, 0), (1, 20), [("setDiscount", 5.1)])
    moved = 'Cannot move session to state "{}" from state "{}"'.format
    refuses("PUT", "kim", moved("cancelled", "cancelled"), json={"customerSession": {"state": "cancelled"}})
    nothing = {"return": {"returnedCartItems": [{"position": 0, "quantity": 1}]}}
    refuses("POST", "kim/returns", moved("partially_returned", "cancelled"), json=nothing)

    # Lee's books. One goes with its own share; with the second there are no three books any more, and less than 200.
    assert till.send_back("lee", (0, 1)) == three_books_back(3.34)
    assert till.send_back("lee", (0, 1), judge_again=True) == [
        *three_books_back(3.33, 3.33, first=1), money_back("Thanks", 20), off("Thanks", 8)
    ]  # fmt: skip
    assert (customer(shop, "lee"), code(), months()) == ((1, 101), (1, 8), [0, 8])
    refuses("PUT", "lee/reopen", moved("open", "partially_returned"))
    # Everything is sent back, and it still is an order, of nothing; until February, when it is cancelled.
    assert till.send_back("lee", (0, 1), (1, 2)) == [unit_back("Winter", 2.55, 1, place) for place in (0, 1)]
    assert (customer(shop, "lee"), months()) == ((1, 0), [0, 8])
    go_to(server, "2028-02-02 10:00")
    assert till.cancel("lee") == [code_back("SNOW"), money_back("Thanks", 8)]
    assert (customer(shop, "lee"), code(), months()) == ((0, 0), (0, 0), [0, 0])

    # Mia opens her order again for a fourth book, and returns one of the four: three are left, under their old numbers.
    assert till.buy("mia", "mia", BOOKS) == three_books(3.34, 3.33, 3.33)
    assert till.reopen("mia") == three_books_back(3.34, 3.33, 3.33)
    assert till.buy("mia", "mia", line("BOOK", 4, 50)) == three_books(2.5, 2.5, 2.5, 2.5)
    assert till.send_back("mia", (0, 1), judge_again=True) == [
        *three_books_back(2.5, 2.5, 2.5, 2.5), *three_books(3.34, 3.33, 3.33, first=1)
    ]  # fmt: skip

    # The figures. A mug that was given is given.
    assert customer(shop, "mia") == (1, 150)
    assert [figures(manager, one) for one in (winter, books, thanks)] == [
        {}, {"discount": 10, "discountEffect": 3}, {"addFreeItemEffect": 2}
    ]  # fmt: skip
    the_end(server, till)
