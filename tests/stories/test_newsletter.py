"""A year and a half of a newsletter: who subscribes gets a coupon, once a year, and who has told us a birthday another
one in the week after it. What the customer does comes as events, also twice, and with no order at all."""

import make
from checkout import COUPON_VALID, define, effects, line, refusal, rows, running
from stories.shop import (
    Till,
    accepted,
    budgets,
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

ME = [".", "Profile", "IntegrationId"]
YEARLY = {"action": "createCoupon", "limit": 1, "entities": ["Profile"], "period": "yearly"}
STARS = [".", "Event", "Attributes", "stars"]


def is_a(kind):
    return ["=", [".", "Event", "Type"], kind]


def coupon(word):
    """A personal coupon with the word, the customer and the year in its code, good for thirty days."""
    code = ["concat", word, "-", ME, "-", ["year", ["now"]], "-#"]
    expiry = ["addDuration", ["now"], 30, "days"]
    return [
        "createCoupon",
        {"pattern": code, "validCharacters": ["list", "1"], "recipientId": ME, "expiryDate": expiry},
    ]


def spend(word, amount):
    return make.rule(title=f"Spend {word}", condition=["and", COUPON_VALID], effects=[["setDiscount", word, amount]])


def set_up(manager):
    """News is worth 5, a birthday 10, and a review of an order with at least four stars 3, for a hundred reviews."""
    settings(manager)
    define(manager, "CustomerProfile", "birthday", "time")
    for kind, name, of in (
        ("subscribed", "source", "string"),
        ("opened", "page", "string"),
        ("review", "stars", "number"),
    ):
        define(manager, "Event", name, of, eventType=kind)
    news, _ = running(
        manager,
        make.rule(title="News", condition=["and", is_a("subscribed")], effects=[coupon("NEWS")]),
        spend("NEWS", 5),
        name="Newsletter",
        limits=[YEARLY],
    )
    birthday = ["anniversary", [".", "Profile", "Attributes", "birthday"], 7, 0]
    happy, _ = running(
        manager,
        make.rule(title="Happy", condition=["and", is_a("opened"), birthday], effects=[coupon("HAPPY")]),
        make.rule(title="New", condition=["and", is_a("talon_profile_created")],
                  effects=[["showNotification", "Info", "Hello", "Tell us your birthday"]]),
        spend("HAPPY", 10),
        name="Birthdays",
        limits=[YEARLY],
    )  # fmt: skip
    dear = ["and", is_a("review"), [">=", STARS, 4], [">=", [".", "Session", "Total"], 50]]
    review, _ = running(
        manager,
        make.rule(title="Review", condition=dear, effects=[coupon("STARS")]),
        spend("STARS", 3),
        name="Reviews",
        limits=[{"action": "createCoupon", "limit": 100, "entities": []}],
    )
    return news, happy, review


def made(code, customer):
    return [("couponCreated", {"value": code, "profileId": customer})]


def test_a_year_and_a_half(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-02-10 09:00")
    news, happy, review = set_up(manager)

    # February. Kim registers with her birthday; Lee was imported, which is no event. Kim subscribes, twice.
    hello = ("showNotification", {"notificationType": "Info", "title": "Hello", "body": "Tell us your birthday"})
    assert till.profile("kim", birthday="1990-02-12T00:00:00+01:00") == [hello]
    lee = {"customerProfiles": [{"integrationId": "lee", "attributes": {"birthday": "1992-02-29T00:00:00+01:00"}}]}
    assert shop.put("/v2/customer_profiles", json=lee).status_code == 204
    assert till.profile("lee") == []
    before = rows(server)
    preview = shop.post(
        "/v2/events", params={"silent": "no", "dry": True}, json={"profileId": "kim", "type": "subscribed"}
    )
    assert effects(preview.json()) == made("NEWS-kim-2027-1", "kim")
    assert rows(server) == before
    assert till.event("kim", "subscribed", source="footer") == made("NEWS-kim-2027-1", "kim")
    assert till.event("kim", "subscribed", source="checkout") == []
    assert wallet(shop, "kim") == {"NEWS-kim-2027-1": "active"}
    # The app is opened on the day before her birthday, on the day, a week after, and after that.
    opened = []
    for day in ("11", "12", "19", "20"):
        go_to(server, f"2027-02-{day} 00:10")
        opened.append(till.event("kim", "opened", page="home"))
    assert opened == [[], made("HAPPY-kim-2027-1", "kim"), [], []]
    assert counted(server, happy) == {"createCoupon kim Y2027": 1}
    # She spends both, and sends that back; only what she uses is used.
    assert till.buy("kim-1", "kim", line(price=60), codes=["HAPPY-kim-2027-1", "NEWS-kim-2027-1"]) == [
        accepted("NEWS-kim-2027-1"), off("NEWS", 5), accepted("HAPPY-kim-2027-1"), off("HAPPY", 10)
    ]  # fmt: skip
    assert till.cancel("kim-1") == [
        code_back("NEWS-kim-2027-1"), money_back("NEWS", 5), code_back("HAPPY-kim-2027-1"), money_back("HAPPY", 10)
    ]  # fmt: skip
    assert till.buy("kim-2", "kim", line(price=60), codes=["HAPPY-kim-2027-1"])[0] == accepted("HAPPY-kim-2027-1")

    # March. In a year without one, 29 February is 1 March. Lee's line is bad: the event is sent three times.
    go_to(server, "2027-03-01 09:00")
    body = {"profileId": "lee", "type": "opened", "attributes": {"page": "home"}}
    request = {"json": body, "params": {"silent": "no"}, "headers": {"Idempotency-Key": "opened-1"}}
    first = shop.post("/v2/events", **request)
    assert till.told_by(first) == made("HAPPY-lee-2027-1", "lee")
    assert [shop.post("/v2/events", **request).content for _ in range(2)] == [first.content] * 2
    # After thirty days a coupon is nothing any more. Nobody else may use it before.
    assert till.cart("mia-1", "mia", line(), codes=["HAPPY-lee-2027-1"]) == [
        refused("HAPPY-lee-2027-1", "CouponRecipientDoesNotMatch")
    ]  # fmt: skip
    go_to(server, "2027-03-31 12:00")
    assert wallet(shop, "lee") == {"HAPPY-lee-2027-1": "expired"}
    assert wallet(shop, "kim") == {"NEWS-kim-2027-1": "expired", "HAPPY-kim-2027-1": "used"}

    # April. A review has an id of its own, and is of an order that is paid. It comes once.
    go_to(server, "2027-04-07 12:00")
    written = {"integrationId": "review-1", "profileId": "kim", "type": "review", "attributes": {"stars": 5}}
    till.cart("kim-3", "kim", line(price=70))
    before = rows(server)
    not_paid = shop.post("/v3/events", json=written | {"connectedSessionId": "kim-3"})
    assert (not_paid.status_code, rows(server)) == (400, before)
    till.pay("kim-3")
    sent = {"json": written | {"connectedSessionId": "kim-3"}, "params": {"silent": "no"}}
    assert till.told_by(shop.post("/v3/events", **sent)) == made("STARS-kim-2027-1", "kim")
    twice = shop.post("/v3/events", **sent)
    assert (twice.status_code, twice.json()) == (
        409, refusal("An event with this integration id already exists", status=409)
    )  # fmt: skip
    three = written | {"integrationId": "review-2", "attributes": {"stars": 3}, "connectedSessionId": "kim-2"}
    assert till.told_by(shop.post("/v3/events", json=three, params={"silent": "no"})) == []
    assert till.event("kim", "review", stars=5) == []  # of no order

    # New Year's Eve. A few minutes before twelve the year's coupon has been given; after that there is the next.
    go_to(server, "2027-12-31 23:50")
    assert till.event("kim", "subscribed", source="party") == []
    server.clock.travel(minutes=20)
    assert till.event("kim", "subscribed", source="party") == made("NEWS-kim-2028-1", "kim")
    assert counted(server, news) == {"createCoupon kim Y2027": 1, "createCoupon kim Y2028": 1}
    # A leap year: Lee's birthday is a day of its own. Kim does not want to be asked any more.
    assert till.profile("kim", birthday=None) == []
    go_to(server, "2028-02-29 00:10")
    assert (till.event("lee", "opened"), till.event("kim", "opened")) == (made("HAPPY-lee-2028-1", "lee"), [])
    assert inventory(shop, "kim", "profile")["attributes"] == {}

    # The figures.
    assert [figures(manager, one) for one in (news, happy, review)] == [
        {"couponCreation": 2},
        {"couponCreation": 3, "couponRedemption": 1, "discount": 10, "discountEffect": 1},
        {"couponCreation": 1},
    ]
    assert budgets(manager, review) == [("createCoupon", 1)]
    assert [customer(shop, name) for name in ("kim", "lee", "mia")] == [(2, 130), (0, 0), (0, 0)]
    kinds = server.sql(
        "SELECT type, count(*) AS n FROM events WHERE type NOT LIKE 'talon_session%' GROUP BY 1 ORDER BY 1"
    )
    assert {row["type"]: row["n"] for row in kinds} == {
        "opened": 7, "review": 3, "subscribed": 4, "talon_profile_created": 1, "talon_profile_updated": 2
    }  # fmt: skip
    the_end(server, till)
