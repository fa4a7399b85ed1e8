"""Seven weeks of a small shop: campaigns come and go, codes run out, customers return and cancel; the sums are exact."""

from datetime import timedelta
from decimal import Decimal

import make
from checkout import COUPON_VALID, TOTAL, define, effects, line, percent, rules_of, running, update

SALE = ("setDiscount", {"name": "Sale, 20%", "value": 12})
GOLD = ("updateAttribute", {"path": "Profile.Attributes.tier", "value": "gold"})


class Shop:
    """The checkout of the shop, with the books that its owner keeps by hand."""

    def __init__(self, client):
        self.client, self.number = client, 0

    def order(self, profile, *items, codes=(), state="closed"):
        """Put a cart together in two steps and pay; (session id, effects of the last answer)."""
        self.number += 1
        session_id = f"order-{self.number}"
        update(self.client, session_id, {"profileId": profile, "cartItems": list(items[:1])})
        update(self.client, session_id, {"cartItems": list(items), "couponCodes": list(codes)})
        return session_id, effects(update(self.client, session_id, {"state": state}))

    def cancel(self, session_id):
        return effects(update(self.client, session_id, {"state": "cancelled"}))


def customer(client, name):
    """What the shop sees of a customer, without leaving a trace."""
    content = ["customerProfile"]
    body = update(client, "look", {"profileId": name}, content=content, dry="true")
    profile = body["customerProfile"]
    return profile["closedSessions"], profile["totalSales"], profile["attributes"]


def set_up(manager, clock):
    """Monday of week one: a sale in week two, a welcome code, twenty-five-euro gift cards, gold from the third order."""
    define(manager, "CustomerProfile", "tier")
    day = timedelta(days=1)
    start, end = clock() + 7 * day, clock() + 14 * day
    sale, _ = running(
        manager,
        make.rule(title="Sale", effects=[["setDiscount", "Sale, 20%", percent(20)]]),
        name="Sale",
        startTime=start.isoformat(),
        endTime=end.isoformat(),
    )
    first_order = ["=", [".", "Profile", "ClosedSessions"], 0]
    welcome = make.rule(
        title="Welcome", condition=["and", COUPON_VALID, first_order], effects=[["setDiscount", "Welcome", 5]]
    )
    codes = [{"code": "WELCOME", "usageLimit": 2, "expiryDate": (clock() + 28 * day).isoformat()}]
    running(manager, welcome, name="Welcome", codes=codes)
    left = [".", "Coupon", "DiscountRemainder"]
    card = make.rule(
        title="Card",
        condition=["and", COUPON_VALID, [">", left, 0]],
        effects=[["setDiscount", "Gift card", ["min", TOTAL, left]]],
    )
    running(manager, card, name="Gift cards", codes=[{"code": "CARD", "usageLimit": 0, "discountLimit": 25}])
    loyal = make.rule(
        title="Gold",
        condition=["and", [">=", [".", "Profile", "ClosedSessions"], 2]],
        effects=[["updateAttribute", ["Profile", "Attributes", "tier"], "gold"]],
    )
    running(manager, loyal, name="Gold")
    return sale


def test_seven_weeks(shop, manager, server):
    clock, checkout = server.clock, Shop(shop)
    sale = set_up(manager, clock)
    states = f"{make.CAMPAIGNS}/{sale['id']}"

    # Week 1. The sale is only scheduled. Kim and Lee come with the welcome code, Lee twice.
    assert manager.get(states).json()["frontendState"] == "scheduled"
    kim_1, given = checkout.order("kim", line(price=19.99), line("B", 3, 0.1), codes=["WELCOME"])
    assert given == [("acceptCoupon", {"value": "WELCOME"}), ("setDiscount", {"name": "Welcome", "value": 5})]
    _, given = checkout.order("lee", line(price=30), codes=["WELCOME"])
    assert given[0] == ("acceptCoupon", {"value": "WELCOME"})
    _, given = checkout.order("lee", line(price=10), codes=["WELCOME"])
    assert given == [("rejectCoupon", {"value": "WELCOME", "rejectionReason": "CouponLimitReached"})]
    assert customer(shop, "kim") == (1, 20.29, {})
    assert customer(shop, "lee") == (2, 40, {})

    # Week 2. The sale runs; whoever put the cart together before it started pays less from now on.
    update(shop, "early", {"profileId": "mia", "cartItems": [line(price=60)]})
    assert shop.get("/v2/customer_sessions/early").json()["effects"] == []
    clock.travel(days=7)
    assert manager.get(states).json()["frontendState"] == "running"
    assert effects(update(shop, "early", {})) == [SALE]
    assert effects(update(shop, "early", {"state": "closed"})) == [SALE]
    lee_3, given = checkout.order("lee", line(price=60))
    assert given == [SALE, GOLD]
    assert customer(shop, "lee") == (3, 100, {"tier": "gold"})

    # Kim's first order is sent back: the welcome code has one use again, and Kim is new again.
    back = checkout.cancel(kim_1)
    assert back == [("rollbackCoupon", {"value": "WELCOME"}), ("rollbackDiscount", {"name": "Welcome", "value": 5})]
    assert customer(shop, "kim") == (0, 0, {})
    update(shop, "kim-open", {"profileId": "kim", "cartItems": [line(price=60)], "couponCodes": ["WELCOME"]})
    welcome = [("acceptCoupon", {"value": "WELCOME"}), ("setDiscount", {"name": "Welcome", "value": 5})]

    # Week 3. The sale is over, in the session that is still open as well.
    clock.travel(days=7, seconds=1)
    assert manager.get(states).json()["frontendState"] == "expired"
    assert effects(update(shop, "kim-open", {})) == welcome
    assert effects(update(shop, "kim-open", {"state": "closed"})) == welcome

    # Week 4. A gift card is used up in three orders, the last of which finds nothing on it.
    clock.travel(days=7)
    cards = [checkout.order("noa", line(price=price), codes=["CARD"]) for price in (9.9, 9.9, 9.9, 9.9)]
    amounts = [next((props["value"] for kind, props in given if kind == "setDiscount"), None) for _, given in cards]
    assert amounts == [9.9, 9.9, 5.2, None]
    assert [kind for kind, _ in cards[3][1]] == ["updateAttribute", "rejectCoupon"]

    # One of them is cancelled, so there is something on the card again.
    assert checkout.cancel(cards[1][0])[0] == ("rollbackCoupon", {"value": "CARD"})
    _, given = checkout.order("noa", line(price=50), codes=["CARD"])
    assert ("setDiscount", {"name": "Gift card", "value": 9.9}) in given

    # Week 5. The welcome code has expired; the sale is extended and made better.
    clock.travel(days=8)
    _, given = checkout.order("ola", line(price=10), codes=["WELCOME"])
    assert given == [("rejectCoupon", {"value": "WELCOME", "rejectionReason": "CouponExpired"})]
    extended = make.campaign(name="Sale", endTime=(clock() + timedelta(days=7)).isoformat())
    assert manager.put(states, json=extended).status_code == 200
    rules_of(manager, sale, make.rule(title="Sale", effects=[["setDiscount", "Sale, 20%", percent(20)]]),
             make.rule(title="Mug", condition=["and", [">=", TOTAL, 100]], effects=[["addFreeItem", "Mug", "MUG"]]))  # fmt: skip
    _, given = checkout.order("ola", line(price=33.33), line("C", 2, 33.34))
    assert given == [
        ("setDiscount", {"name": "Sale, 20%", "value": 20.002}),
        ("addFreeItem", {"sku": "MUG", "name": "Mug"}),
    ]
    # An order of the old days is taken back as it was given.
    assert checkout.cancel(lee_3) == [("rollbackDiscount", {"name": "Sale, 20%", "value": 12})]
    assert customer(shop, "lee") == (2, 40, {"tier": "gold"})

    # Week 7. Everything has ended; a guest passes by.
    clock.travel(days=14)
    assert manager.get(states).json()["frontendState"] == "expired"
    _, given = checkout.order("", line(price=100))
    assert given == []

    # The books.
    counted = {row["name"]: tuple(row)[1:] for row in server.sql(
        "SELECT name, coupon_redemption_count, discount_count, discount_effect_count, add_free_item_effect_count "
        "FROM campaigns")}  # fmt: skip
    assert counted == {
        "Sale": (0, Decimal("32.002"), 2, 1),  # mia's and ola's; lee's came back
        "Welcome": (2, 10, 2, 0),  # lee's and kim's second; kim's first came back
        "Gift cards": (3, 25, 3, 0),
        "Gold": (0, 0, 0, 0),
    }
    coupons = server.sql("SELECT value, usage_counter, discount_counter FROM coupons ORDER BY value")
    assert [tuple(row) for row in coupons] == [("CARD", 3, 25), ("WELCOME", 2, 10)]
    customers = server.sql("SELECT integration_id, closed_sessions, total_sales FROM profiles ORDER BY integration_id")
    assert [tuple(row) for row in customers] == [
        ("kim", 1, 60),
        ("lee", 2, 40),
        ("mia", 1, 60),
        ("noa", 4, Decimal("79.7")),
        ("ola", 2, Decimal("110.01")),
    ]
    kept = server.sql("SELECT state, count(*), sum(total) FROM customer_sessions GROUP BY state ORDER BY state")
    assert [tuple(row) for row in kept] == [("cancelled", 3, Decimal("90.19")), ("closed", 11, Decimal("449.71"))]
    undone = server.sql("SELECT count(*) FILTER (WHERE rolled_back_at IS NULL), count(*) FROM coupon_redemptions")
    assert tuple(undone[0]) == (5, 7)
    assert manager.get("/v1/applications/1/sessions", params={"state": "open"}).json()["data"] == []
