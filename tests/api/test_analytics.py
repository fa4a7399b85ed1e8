"""Figures of campaigns, customers and the account: recounted from the answers that a shop got."""

import asyncio
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import asyncpg
import pytest

import checkout
import make
from guerdon.db import analytics
from guerdon.db import pool as db_pool
from guerdon.flows import figures

PAIRS = {
    "revenue": "campaignRevenue",
    "refund": "campaignRefund",
    "discounts": "campaignDiscountCosts",
    "refunded_discounts": "campaignRefundedDiscounts",
    "free_items": "campaignFreeItems",
    "coupon_redemptions": "couponRedemptions",
    "coupon_rollbacks": "couponRolledbackRedemptions",
    "referral_redemptions": "referralRedemptions",
    "coupons_created": "couponsCreated",
    "referrals_created": "referralsCreated",
    "points_added": "addedLoyaltyPoints",
    "points_deducted": "deductedLoyaltyPoints",
}
START = datetime(2026, 10, 24, 20, 1, tzinfo=UTC)  # five hours before the clocks of Berlin go back
ONE = "/v1/applications/1/campaigns/{}/analytics"
EXPORT = "/v1/applications/1/campaign_analytics/export"
HEADER = (
    "campaign_id,start_date,end_date,revenue,sessions,average_session_value,average_items_per_session,coupons,discounts"
)


def rest_of(session):
    """Units and their worth."""
    return sum(Decimal(str(one["price"])) * one["left"] for one in session["lines"])


class Shop:
    """Sessions that come and go; `books` is what a careful clerk writes down from the answers: {(campaign, time): …}."""

    def __init__(self, server, shop, manager, seed):
        self.server, self.shop, self.manager = server, shop, manager
        self.chance = random.Random(seed)
        self.time = START
        self.books = defaultdict(lambda: defaultdict(Decimal))
        self.sales = defaultdict(lambda: [Decimal(0), 0, 0])
        self.sessions = []
        self.at(START)
        again = {"reevaluateOnReturn": True}
        total, ten = [".", "Session", "Total"], ["*", [".", "Session", "Total"], ["/", 10, 100]]
        self.tenth, _ = checkout.running(manager, make.rule(effects=[["setDiscount", "10%", ten]]), **again)
        self.codes, _ = checkout.running(
            manager,
            checkout.coupon_rule(["setDiscount", "Five", 5]),
            codes=[{"code": "FIVE", "usageLimit": 0}, {"code": "GONE", "usageLimit": 1}],
            **again,
        )
        rich = ["and", [">", total, 60]]
        self.gifts, _ = checkout.running(
            manager, make.rule(condition=rich, effects=[["addFreeItem", "GIFT", "A gift"]]), **again
        )
        self.words, _ = checkout.running(
            manager, make.rule(condition=["and", ["<", total, 30]], effects=[["showNotification", "Info", "Hi", "Ho"]])
        )
        self.refused, _ = checkout.running(manager, checkout.coupon_rule(), codes=["OTHER"])
        self.campaigns = [self.tenth, self.codes, self.gifts, self.words, self.refused]

    def at(self, time):
        self.time = time
        self.server.clock.offset = time - datetime.now(UTC)

    def count(self, campaign_id, name, amount=1):
        self.books[campaign_id, self.time][name] += Decimal(str(amount))

    def given(self, effects, *, closing=False):
        for one in effects:
            kind, props, campaign = one["effectType"], one["props"], one["campaignId"]
            if kind.startswith("setDiscount"):
                self.count(campaign, "discounts", props["value"])
            elif kind == "rollbackDiscount":
                self.count(campaign, "refunded_discounts", props["value"])
            elif kind == "addFreeItem":
                self.count(campaign, "free_items")
            elif kind == "acceptCoupon" and closing:
                self.count(campaign, "coupon_redemptions")
            elif kind == "rollbackCoupon":
                self.count(campaign, "coupon_rollbacks")

    def new_session(self):
        chance, name = self.chance, f"s{len(self.sessions)}"
        lines = [
            {"sku": f"p{n}", "quantity": chance.randint(1, 4), "price": chance.choice([5, 9.99, 12.5, 0.01])}
            for n in range(chance.randint(1, 3))
        ]
        body = {"profileId": f"c{chance.randint(1, 4)}", "cartItems": lines}
        if chance.random() < 0.6:
            body["couponCodes"] = chance.sample(["FIVE", "GONE", "OTHER", "NONE"], chance.randint(1, 3))
        checkout.update(self.shop, name, body)
        lines = [one | {"left": one["quantity"]} for one in lines]
        self.sessions.append({"name": name, "state": "open", "lines": lines, "influenced": set()})

    def close(self, session):
        answer = checkout.update(self.shop, session["name"], {"state": "closed"})
        session["state"] = "closed"
        session["influenced"] = {
            one["campaignId"]
            for one in answer["effects"]
            if one["effectType"] not in ("rejectCoupon", "rejectReferral")
        }
        self.given(answer["effects"], closing=True)
        total, units = rest_of(session), sum(one["left"] for one in session["lines"])
        for campaign in session["influenced"]:
            self.count(campaign, "revenue", total)
        for key in [0, *session["influenced"], *([-1] if session["influenced"] else [])]:
            sold = self.sales[key]
            sold[0], sold[1], sold[2] = sold[0] + total, sold[1] + 1, sold[2] + units

    def refund(self, session, amount, effects):
        for campaign in session["influenced"]:
            self.count(campaign, "refund", amount)
        self.given(effects)

    def cancel(self, session):
        answer = checkout.update(self.shop, session["name"], {"state": "cancelled"})
        if session["state"] != "open":
            self.refund(session, rest_of(session), answer["effects"])
        session["state"] = "cancelled"

    def reopen(self, session):
        answer = self.shop.put(f"/v2/customer_sessions/{session['name']}/reopen")
        assert answer.status_code == 200, answer.text
        self.refund(session, rest_of(session), answer.json()["effects"])
        session["state"] = "open"

    def give_back(self, session):
        place = self.chance.choice([n for n, one in enumerate(session["lines"]) if one["left"]])
        line = session["lines"][place]
        count = self.chance.randint(1, line["left"])
        body = {"return": {"returnedCartItems": [{"position": place, "quantity": count}]}, "responseContent": []}
        answer = self.shop.post(
            f"/v2/customer_sessions/{session['name']}/returns",
            json=body,
            params={"runRuleEngine": self.chance.choice(["true", "false"])},
        )
        assert answer.status_code == 200, answer.text
        line["left"] -= count
        session["state"] = "partially_returned"
        self.refund(session, Decimal(str(line["price"])) * count, answer.json()["effects"])

    def step(self):
        self.at(
            self.time
            + self.chance.choice([timedelta(0), timedelta(minutes=15), timedelta(minutes=45), timedelta(hours=3)])
        )
        open_, closed = ([one for one in self.sessions if one["state"] == state] for state in ("open", "closed"))
        returned = [one for one in self.sessions if one["state"] == "partially_returned"]
        left = [one for one in closed + returned if any(line["left"] for line in one["lines"])]
        moves = [self.new_session]
        moves += [lambda: self.close(self.chance.choice(open_))] * 3 if open_ else []
        moves += (
            [lambda: self.cancel(self.chance.choice(open_ + closed + returned))] if open_ + closed + returned else []
        )
        moves += [lambda: self.reopen(self.chance.choice(closed))] if closed else []
        moves += [lambda: self.give_back(self.chance.choice(left))] if left else []
        self.chance.choice(moves)()


def first_of(time, unit, zone):
    """The beginning of the period, by the calendar of the zone."""
    local = time.astimezone(zone)
    if unit == "hour":
        return time.replace(second=0, microsecond=0) - timedelta(minutes=local.minute)
    day = local.date()
    day -= timedelta(
        days={"day": 0, "week": day.weekday(), "month": day.day - 1, "year": day.timetuple().tm_yday - 1}[unit]
    )
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def recount(shop, campaign_id, unit, zone):
    """What the books say of each period."""
    found = defaultdict(lambda: defaultdict(Decimal))
    for (campaign, time), figures_of in shop.books.items():
        if campaign == campaign_id:
            for name, amount in figures_of.items():
                found[first_of(time, unit, zone)][name] += amount
    return found


def shown(manager, campaign_id, granularity, start=START, end=None):
    params = {"rangeStart": start.isoformat(), "rangeEnd": end.isoformat(), "granularity": granularity}
    answer = manager.get(ONE.format(campaign_id), params=params)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["totalResultSize"] == len(body["data"])
    return body["data"]


def compare(shop, timezone):
    """Every figure of every campaign in every granularity."""
    zone = ZoneInfo(timezone)
    end = shop.time + timedelta(minutes=1)
    for campaign in shop.campaigns:
        for unit in ("hour", "day", "week", "month", "year"):
            books = recount(shop, campaign["id"], unit, zone)
            totals = defaultdict(Decimal)
            rows = shown(shop.manager, campaign["id"], f"1 {unit}", end=end)
            dates = [datetime.fromisoformat(row["date"]) for row in rows]
            assert dates[0] == first_of(START, unit, zone)
            assert set(books) <= set(dates)
            for date, row in zip(dates, rows, strict=True):
                for name, member in PAIRS.items():
                    totals[name] += books[date][name]
                    total = f"total{member[0].upper()}{member[1:]}"
                    found = (Decimal(str(row[member])), Decimal(str(row[total])))
                    assert found == (books[date][name], totals[name]), (campaign["name"], unit, date, name)
        (last,) = shown(shop.manager, campaign["id"], "1 hour", start=end - timedelta(minutes=1), end=end)
        assert all(last[f"total{member[0].upper()}{member[1:]}"] == rows[-1][f"total{member[0].upper()}{member[1:]}"]
                   for member in PAIRS.values())  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_every_event_counts_once(server, shop, manager, seed, monkeypatch):
    zone = manager.put("/v1/applications/1", json=make.application(timezone="Europe/Berlin"))
    assert zone.status_code == 200
    story = Shop(server, shop, manager, seed)
    for _ in range(60):
        story.step()
    end = story.time
    assert all(any(books[name] for books in story.books.values()) for name in list(PAIRS)[:7])

    # The clock goes back: all is counted when it is asked for.
    server.clock.offset = START - datetime.now(UTC)
    compare(story, "Europe/Berlin")
    assert server.sql("SELECT count(*) AS n FROM campaign_figures")[0]["n"] == 0

    # Half of it is counted for good, a few events at a time; then all.
    monkeypatch.setattr(analytics, "EVENTS_AT_ONCE", 3)
    for late in ((end - START) / 2, end - START + timedelta(days=1)):
        server.clock.offset = START + late - datetime.now(UTC)
        compare(story, "Europe/Berlin")
    assert server.sql("SELECT count(*) AS n FROM campaign_figures")[0]["n"] > 10
    manager.put("/v1/applications/1", json=make.application(timezone="Asia/Kathmandu"))  # +05:45
    compare(story, "Asia/Kathmandu")

    # The counters of campaigns say the same.
    for campaign in story.campaigns:
        now = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
        last = shown(manager, campaign["id"], "1 year", end=end + timedelta(hours=1))[-1]
        redeemed = last["totalCouponRedemptions"] - last["totalCouponRolledbackRedemptions"]
        assert now.get("couponRedemptionCount", 0) == redeemed
        left = Decimal(str(last["totalCampaignDiscountCosts"])) - Decimal(str(last["totalCampaignRefundedDiscounts"]))
        assert Decimal(str(now.get("discountCount", 0))) == left
    export(story, end)


def export(story, end):
    """The file has the sales of all sessions, of those that campaigns influenced, and of each campaign."""
    start, end = START - timedelta(minutes=1), end.replace(minute=0) + timedelta(hours=2)
    params = {"rangeStart": start.isoformat(), "rangeEnd": end.isoformat()}
    answer = story.manager.get(EXPORT, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="campaign_analytics.csv"'
    header, *lines = answer.text.splitlines()
    assert header == HEADER
    rows = {line.split(",")[0]: line.split(",")[1:] for line in lines}
    assert list(rows) == ["Total", "Influenced", *(str(one["id"]) for one in story.campaigns)]
    sums = defaultdict(Decimal)
    for campaign in story.campaigns:
        of_all = [books for (one, _), books in story.books.items() if one == campaign["id"]]
        codes, discounts = (sum((b[name] for b in of_all), Decimal(0)) for name in ("coupon_redemptions", "discounts"))
        sums["codes"], sums["discounts"] = sums["codes"] + codes, sums["discounts"] + discounts
        check_sales(rows[str(campaign["id"])], story.sales[campaign["id"]], codes, discounts)
    check_sales(rows["Influenced"], story.sales[-1], sums["codes"], sums["discounts"])
    assert rows["Total"][-2:] == ["N/A", "N/A"]
    check_sales([*rows["Total"][:-2], 0, 0], story.sales[0], 0, 0)
    moments = [one.isoformat().replace("+00:00", "Z") for one in (start, end)]
    assert {tuple(row[:2]) for row in rows.values()} == {tuple(moments)}
    some = story.manager.get(EXPORT, params=params | {"campaignIds": [story.gifts["id"], 999]}).text.splitlines()
    assert some == [header, *lines[:2], next(one for one in lines if one.startswith(f"{story.gifts['id']},"))]


def check_sales(row, sold, codes, discounts):
    revenue, sessions, units = sold
    cent = Decimal("0.01")
    averages = [(value / sessions).quantize(cent) if sessions else Decimal(0) for value in (revenue, Decimal(units))]
    found = [Decimal(str(one)) for one in row[2:]]
    assert found == [revenue, sessions, *averages, codes, discounts]


def test_reading_while_it_is_counted(server, shop, manager, monkeypatch):
    story = Shop(server, shop, manager, 7)
    for _ in range(40):
        story.step()
    monkeypatch.setattr(analytics, "EVENTS_AT_ONCE", 1)
    later = story.time + timedelta(days=1)
    edges = [START - timedelta(days=1), later]

    async def both():
        pool = await db_pool.open_pool(server.database, 4)
        conn = await asyncpg.connect(server.database)
        truth = [await analytics.by_period(conn, 1, one["id"], edges) for one in story.campaigns]
        counting = asyncio.create_task(figures.catch_up(pool, 1, later))
        reads = 0
        while not counting.done() or not reads:
            for campaign, expected in zip(story.campaigns, truth, strict=True):
                assert await analytics.by_period(conn, 1, campaign["id"], edges) == expected
                reads += 1
        await counting
        await asyncio.gather(*(figures.catch_up_all(pool, later) for _ in range(3)))
        after = [await analytics.by_period(conn, 1, one["id"], edges) for one in story.campaigns]
        await conn.close()
        await pool.close()
        return reads, truth == after

    reads, same = asyncio.run(both())
    assert reads > 5
    assert same


def test_codes_made_by_rules(server, shop, manager):
    make.new_coupons(manager, make.new_campaign(manager)["id"])  # by hand: not counted
    rule = make.rule(effects=[["createReferral"], ["createCoupon", {"recipientId": "ann"}]])
    campaign, _ = checkout.running(manager, rule, features=["referrals", "coupons"])
    for _ in range(3):  # the code of the first update stays with the session
        checkout.update(shop, "s1", {"profileId": "ann"})
    checkout.update(shop, "s2", {"profileId": "bob", "state": "closed"})
    now = server.clock()
    (row,) = shown(manager, campaign["id"], "1 year", start=now, end=now + timedelta(seconds=1))
    members = ("referralsCreated", "totalReferralsCreated", "couponsCreated", "totalCouponsCreated")
    assert [row[name] for name in members] == [2] * 4
    (ann,) = server.sql("SELECT id FROM profiles WHERE integration_id = 'ann'")
    customer = manager.get(f"/v1/applications/1/customers/{ann['id']}/analytics").json()
    assert (customer["createdCoupons"], customer["totalOrders"]) == (2, 0)


def test_referrals(server, shop, manager):
    rule = make.rule(condition=["and", ["referralValid"]], effects=[["setDiscount", "Hello", 1]])
    campaign, _ = checkout.running(manager, rule, features=["referrals"])
    code = make.new_referral(shop, campaign["id"], "ann")["code"]  # by the shop, not by a rule
    checkout.update(shop, "s1", {"profileId": "bob", "referralCode": code, "cartItems": [checkout.line()]})
    checkout.update(shop, "s1", {"state": "closed"})
    checkout.update(shop, "s1", {"state": "cancelled"})
    now = server.clock()
    (row,) = shown(manager, campaign["id"], "1 year", start=now, end=now + timedelta(seconds=1))
    found = {name: number for name, number in row.items() if number and name != "date" and not name.startswith("total")}
    assert found == {
        "campaignRevenue": 100,
        "campaignRefund": 100,
        "campaignDiscountCosts": 1,
        "campaignRefundedDiscounts": 1,
        "referralRedemptions": 1,
    }


def test_a_customer(server, shop, manager):
    checkout.running(
        manager,
        checkout.coupon_rule(["setDiscount", "Five", 5], ["addFreeItem", "GIFT", "A gift"]),
        codes=[{"code": "FIVE", "usageLimit": 0}],
    )
    line = checkout.line(price=20)
    code = {"couponCodes": ["FIVE"]}
    checkout.update(shop, "open", {"profileId": "ann", "cartItems": [line]} | code)
    for name in ("s1", "s2", "cancelled"):
        checkout.update(
            shop, name, {"profileId": "ann", "cartItems": [line | {"quantity": 2}], "state": "closed"} | code
        )
    checkout.update(shop, "plain", {"profileId": "ann", "cartItems": [line], "state": "closed"})
    checkout.update(shop, "bobs", {"profileId": "bob", "cartItems": [line], "state": "closed"} | code)
    checkout.update(shop, "cancelled", {"state": "cancelled"})
    shop.post(
        "/v2/customer_sessions/s1/returns", json={"return": {"returnedCartItems": [{"position": 0, "quantity": 1}]}}
    )
    (ann,) = server.sql("SELECT id FROM profiles WHERE integration_id = 'ann'")
    url = f"/v1/applications/1/customers/{ann['id']}/analytics"
    assert manager.get(url).json() == {
        "acceptedCoupons": 2,
        "createdCoupons": 0,
        "freeItems": 2,
        "totalOrders": 3,
        "totalDiscountedOrders": 2,
        "totalRevenue": 80,
        "totalDiscounts": 10,
    }
    for other in ("/v1/applications/1/customers/99/analytics", url.replace("/1/", "/9/", 1)):
        assert manager.get(other).status_code == 404
    assert shop.get(url).status_code == 401


def test_the_account(server, manager):
    manager.post("/v1/applications", json=make.application(sandbox=True))
    campaign, _ = checkout.running(
        manager, make.rule(), make.rule(title="Two"),
        codes=[{"code": "OLD-1", "expiryDate": "2020-01-01T00:00:00Z"}, {"code": "NEW-1"},
               {"code": "SOON", "startDate": "2099-01-01T00:00:00Z"}],
    )  # fmt: skip
    make.new_campaign(manager, state="disabled")
    make.new_campaign(manager, endTime="2020-01-01T00:00:00Z")
    manager.post("/v1/attributes", json=make.attribute())
    found = manager.get("/v1/accounts/1/analytics").json()
    updated = datetime.fromisoformat(found.pop("lastUpdatedAt"))
    assert abs(updated - datetime.now(UTC)) < timedelta(minutes=1)
    assert {name: number for name, number in found.items() if number} == {
        "applications": 2,
        "liveApplications": 1,
        "sandboxApplications": 1,
        "campaigns": 3,
        "activeCampaigns": 1,
        "liveActiveCampaigns": 1,
        "coupons": 3,
        "activeCoupons": 1,
        "expiredCoupons": 1,
        "activeRules": 2,
        "users": 1,
        "customAttributes": 1,
    }
    assert manager.get("/v1/accounts/2/analytics").status_code == 404
    assert campaign["id"] == 1


def test_rejections(server, shop, manager):
    checkout.running(
        manager, checkout.coupon_rule(), codes=["GOOD", {"code": "OLD-1", "expiryDate": "2020-01-01T00:00:00Z"}]
    )
    checkout.update(shop, "s1", {"couponCodes": ["OLD-1"]})
    checkout.update(shop, "s1", {"profileId": "ann", "couponCodes": ["GOOD", "OLD-1", "NONE"]})
    url, of = "/v1/coupon_rejections", {"sessionIntegrationId": "s1"}

    def found(**params):
        answer = manager.get(url, params=of | params)
        assert answer.status_code == 200, answer.text
        return {one["couponCode"]: (one["status"], one["summary"]) for one in answer.json()["data"]}

    assert found() == {
        "GOOD": ("applied", "The code GOOD was accepted."),
        "OLD-1": ("rejected", "The code OLD-1 was rejected: it has expired."),
        "NONE": ("rejected", "The code NONE was rejected: there is no such code."),
    }
    (one,) = manager.get(url, params=of | {"couponCode": "OLD-1", "applicationId": 1, "language": "de"}).json()["data"]
    (event,) = server.sql("SELECT max(id) AS id FROM events")
    assert {name: one[name] for name in ("eventID", "sessionID", "profileID", "language")} == {
        "eventID": event["id"], "sessionID": "s1", "profileID": "ann", "language": "en",
    }  # fmt: skip
    assert one["createdAt"] == one["updatedAt"]
    assert found(applicationId=2) == {}
    assert manager.get(url, params={"sessionIntegrationId": "s9"}).json() == {"data": []}
    assert manager.get(url).status_code == 400
    assert shop.get(url, params=of).status_code == 401
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE applications SET account_id = 2")
    assert found() == {}


RANGE = {"rangeStart": "2026-01-01T00:00:00Z", "rangeEnd": "2026-02-01T00:00:00Z"}


@pytest.mark.parametrize(
    "params",
    [
        {"rangeStart": "2026-01-01"},
        RANGE | {"rangeEnd": "2026-01-01"},
        RANGE | {"rangeEnd": "2025-01-01"},
        RANGE | {"rangeStart": "then"},
        RANGE | {"rangeStart": "0001-01-01T00:00:00+14:00"},
        RANGE | {"rangeEnd": "9999-12-31T23:59:59Z", "granularity": "1 year"},
        RANGE | {"rangeStart": "1900-01-01", "granularity": "1 hour"},
        RANGE | {"granularity": "1 minute"},
        RANGE | {"sort": "date"},
    ],
)
def test_bad_questions(shared_manager, params):
    campaign = make.new_campaign(shared_manager)
    assert shared_manager.get(ONE.format(campaign["id"]), params=params).status_code == 400


@pytest.mark.parametrize(
    "params",
    [
        {},
        RANGE | {"rangeEnd": "2025-01-01"},
        RANGE | {"campaignIds": "one"},
        RANGE | {"rangeStart": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_bad_exports(shared_manager, params):
    assert shared_manager.get(EXPORT, params=params).status_code == 400


def test_campaigns_of_others(server, shop, manager):
    make.new_campaign(manager)
    for url in (ONE.format(9), "/v1/applications/9/campaigns/1/analytics", EXPORT.replace("/1/", "/9/")):
        assert manager.get(url, params=RANGE).status_code == 404
        assert shop.get(url, params=RANGE).status_code == 401
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    assert manager.get(f"/v1/applications/{other}/campaigns/1/analytics", params=RANGE).status_code == 404
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE applications SET account_id = 2 WHERE id = 1")
    for url in (ONE.format(1), EXPORT):
        assert manager.get(url, params=RANGE).status_code == 404


@pytest.mark.parametrize(
    ("timezone", "start", "end", "granularity", "wanted"),
    [
        # Berlin: the last Sunday in October has 25 hours, the last in March 23.
        ("Europe/Berlin", "2026-10-25T12:00+01:00", "2026-10-25T13:00+01:00", "1 day", ["10-24T22", "10-25T23"]),
        ("Europe/Berlin", "2026-03-29T12:00+02:00", "2026-03-29T13:00+02:00", "1 day", ["03-28T23", "03-29T22"]),
        ("Europe/Berlin", "2026-10-25T00:30Z", "2026-10-25T01:30Z", "1 hour", ["10-25T00", "10-25T01", "10-25T02"]),
        ("Asia/Kathmandu", "2026-05-05T00:00Z", "2026-05-05T00:01Z", "1 hour", ["05-04T23:15", "05-05T00:15"]),
        ("Asia/Kathmandu", "2026-05-05T18:15Z", "2026-05-05T18:16Z", "1 day", ["05-05T18:15", "05-06T18:15"]),
        ("UTC", "2026-11-22T23:59Z", "2026-11-23T00:01Z", "1 week", ["11-16T00", "11-23T00", "11-30T00"]),
        ("UTC", "2026-01-31", "2026-02-01", "1 month", ["01-01T00", "02-01T00"]),
        ("America/New_York", "2026-06-01", "2026-06-02", "1 year", ["01-01T05", "01-01T05"]),
    ],
)  # fmt: skip
def test_periods(timezone, start, end, granularity, wanted):
    def moment(text):
        value = datetime.fromisoformat(text)
        return value if value.tzinfo else value.replace(tzinfo=UTC)

    found = figures.periods(moment(start), moment(end), granularity, timezone)
    assert [one.strftime("%m-%dT%H:%M").removesuffix(":00") for one in found] == wanted
