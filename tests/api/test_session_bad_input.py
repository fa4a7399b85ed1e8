"""Names of any characters, names that are almost the same, and clocks that go backwards."""

from urllib.parse import quote

import pytest

import make
from books import assert_books_balance, assert_limits_hold
from checkout import coupon_rule, effects, line, rows, running, update

FIVE = ["setDiscount", "Five", 5]
GRANTED = ("setDiscount", {"name": "Five", "value": 5})
# Each of these is another customer, session, identifier and code.
NAMES = [
    "kim", "Kim", "KIM", " kim", "kim ", "kim\t", "kim\n", "\u00a0kim", "k\u200bim", "\ufeffkim", "kim\u0301", "kím",
    "\u202emik", "\uff4b\uff49\uff4d", "k\u0131m", "kim\u0001", "名前", "👩‍👩‍👧", "\U0010ffff", "ﬁ", "fi", "ß", "ss", "SS", "\u017f", "Σ", "ς",
    "null", "true", "0", "00", "-1", "1e3", "NaN", "{}", "[]", "'", '"', "\\", "%", "%20", "/", "?", "#", "a,b", "{a}",
    "$1", "; DROP TABLE profiles", "<script>", "${7*7}", "x" * 100,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _books(server):
    yield
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


def test_customers_sessions_and_identifiers_of_any_name(shop, manager, server):
    limits = [make.per_profile(action="setDiscount", limit=5),
              {"action": "setDiscountEffect", "limit": 1, "entities": ["Identifier", "Session", "Store"]}]  # fmt: skip
    campaign, _ = running(manager, make.rule(effects=[FIVE]), limits=limits)
    for number, name in enumerate(NAMES, 1):
        session_id = quote(f"s{name}", safe="")
        members = {"profileId": name, "identifiers": [name], "storeIntegrationId": name, "cartItems": [line()]}
        body = update(shop, session_id, members | {"state": "closed"}, content=["customerSession", "customerProfile"])
        assert effects(body) == [GRANTED], name
        session, profile = body["customerSession"], body["customerProfile"]
        assert session["integrationId"] == f"s{name}"
        assert (session["id"], profile["id"]) == (number, number)
        assert [session["profileId"], profile["integrationId"], session["storeIntegrationId"]] == [name] * 3
        assert session["identifiers"] == [name]
        assert (profile["closedSessions"], profile["totalSales"]) == (1, 100)
        assert shop.get(f"/v2/customer_sessions/{session_id}").json()["customerSession"] == session
    for name in NAMES:  # each is at its limit
        assert effects(update(shop, "again", {"profileId": name, "cartItems": [line()]})) == [], name
    counters = server.sql("SELECT entities, used FROM limit_counters WHERE action = 'setDiscount' ORDER BY id")
    assert [(row["entities"], row["used"]) for row in counters] == [(["Profile", name], 5) for name in NAMES]
    for name in NAMES:
        [effect] = effects(update(shop, quote(f"s{name}", safe=""), {"state": "cancelled"}))
        assert effect == ("rollbackDiscount", {"name": "Five", "value": 5}), name
    assert manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["discountCount"] == 0
    assert {row["closed_sessions"] for row in server.sql("SELECT closed_sessions FROM profiles")} == {0}


def test_codes_of_any_characters(shop, manager, server):
    """Codes are told as they were sent, whether they exist or not; each is judged by itself."""
    running(manager, coupon_rule(FIVE), codes=["kim", "KIM", "Kim"])
    names = list(dict.fromkeys(NAMES))
    found = effects(update(shop, "s1", {"couponCodes": names, "cartItems": [line()], "state": "closed"}))
    unknown = [props for kind, props in found if kind == "rejectCoupon"]
    expected = [name for name in names if name not in ("kim", "KIM", "Kim")]
    assert unknown == [{"value": name, "rejectionReason": "CouponNotFound"} for name in expected]
    accepted = [props["value"] for kind, props in found if kind == "acceptCoupon"]
    assert accepted == ["kim", "Kim", "KIM"]
    for name in names:
        kinds = [kind for kind, _ in effects(update(shop, "s2", {"referralCode": name, "profileId": "lee"}))]
        assert kinds == ["rejectReferral"], name
    assert shop.get("/v2/customer_sessions/s2").json()["customerSession"]["referralCode"] == names[-1]


@pytest.mark.parametrize("fold", [str.upper, str.lower])
def test_codes_that_fold_to_the_same(shop, manager, server, fold):
    ways = {str.upper: "insensitive-uppercase", str.lower: "insensitive-lowercase"}
    settings = {"name": "My shop", "timezone": "UTC", "currency": "EUR", "caseSensitivity": ways[fold]}
    assert manager.put("/v1/applications/1", json=settings).status_code == 200
    running(manager, coupon_rule(FIVE), codes=[{"code": "Kim", "usageLimit": 2}])
    for name in NAMES:
        expected = ["acceptCoupon", "setDiscount"] if fold(name) == fold("Kim") else ["rejectCoupon"]
        found = effects(update(shop, "s1", {"couponCodes": [name], "cartItems": [line()]}))
        assert [kind for kind, _ in found] == expected, name
        assert found[0][1]["value"] == name
    # Written in several ways, it is one code, redeemed once.
    same = [name for name in NAMES if fold(name) == fold("Kim")]
    found = effects(update(shop, "s1", {"couponCodes": same, "cartItems": [line()], "state": "closed"}))
    assert found == [("acceptCoupon", {"value": same[0]}), GRANTED]
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 1


# --- clocks that go backwards


def test_each_request_is_a_day_before_the_one_before(shop, manager, server):
    limits = [{"action": "redeemCoupon", "limit": 1, "entities": [], "period": "daily"}]
    campaign, _ = running(manager, coupon_rule(FIVE), codes=[{"code": "CODE", "usageLimit": 0}], limits=limits)
    granted = [("acceptCoupon", {"value": "CODE"}), GRANTED]
    members = {"profileId": "kim", "couponCodes": ["CODE"], "cartItems": [line(quantity=2)]}
    reopened = ("PUT", "/v2/customer_sessions/s1/reopen", None)
    returned = ("POST", "/v2/customer_sessions/s1/returns", {"return": {"returnedCartItems": [ONE_UNIT]}})

    def step(state, **more):
        return ("PUT", "/v2/customer_sessions/s1", {"customerSession": {"state": state} | more})

    steps = [
        (step("open", **members), granted), (step("open"), granted), (step("closed"), granted),
        (reopened, [("rollbackCoupon", {"value": "CODE"}), ("rollbackDiscount", {"name": "Five", "value": 5})]),
        (step("open"), granted), (step("closed"), granted), (returned, []), (returned, []),
        (step("cancelled"), [("rollbackCoupon", {"value": "CODE"}), ("rollbackDiscount", {"name": "Five", "value": 5})]),
    ]  # fmt: skip
    for number, ((method, url, body), expected) in enumerate(steps, 1):
        answer = shop.request(method, url, json=body)
        assert answer.status_code == 200, (number, answer.text)
        assert effects(answer.json()) == expected, number
        session = shop.get("/v2/customer_sessions/s1").json()["customerSession"]
        assert session["updateCount"] == number
        assert session["updated"] <= session["created"]
        server.clock.travel(days=-1)
    counters = server.sql("SELECT period, used FROM limit_counters ORDER BY id")
    assert [row["used"] for row in counters] == [0, 0]
    assert len({row["period"] for row in counters}) == 2
    profile = server.sql("SELECT closed_sessions, total_sales FROM profiles")[0]
    assert tuple(profile) == (0, 0)
    shown = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
    assert (shown["couponRedemptionCount"], shown["discountCount"]) == (0, 0)


ONE_UNIT = {"position": 0, "quantity": 1}


def test_counters_fall_into_the_window_of_the_clock(shop, manager, server):
    limits = [{"action": "redeemCoupon", "limit": 2, "entities": [], "period": "daily"}]
    running(manager, coupon_rule(FIVE), codes=[{"code": "CODE", "usageLimit": 0}], limits=limits)
    today = server.clock()

    def sell(name):
        members = {"couponCodes": ["CODE"], "cartItems": [line()], "state": "closed"}
        return effects(update(shop, name, members))[0][0] == "acceptCoupon"

    def used():
        return [row["used"] for row in server.sql("SELECT used FROM limit_counters ORDER BY id")]

    assert [sell(f"a{number}") for number in range(3)] == [True, True, False]
    server.clock.travel(days=-1)
    assert [sell(f"b{number}") for number in range(3)] == [True, True, False]
    assert used() == [2, 2]
    update(shop, "a0", {"state": "cancelled"})  # of the day that is yet to come
    assert used() == [1, 2]
    assert not sell("b3")
    server.clock.travel(days=1)
    assert server.clock().date() == today.date()
    assert [sell(f"c{number}") for number in range(2)] == [True, False]


def test_dates_are_seen_by_the_clock(shop, manager, server):
    now = server.clock()
    codes = [{"code": "NEW", "startDate": now.isoformat()}, {"code": "ANY", "usageLimit": 0}]
    running(manager, coupon_rule(FIVE), codes=codes, startTime=now.isoformat())
    members = {"couponCodes": ["NEW"], "cartItems": [line()]}
    assert effects(update(shop, "s1", members))[0][0] == "acceptCoupon"
    server.clock.travel(days=-1)
    gone = ("rejectCoupon", {"value": "NEW", "rejectionReason": "CouponPartOfNotRunningCampaign"})
    assert effects(update(shop, "s1", {})) == [gone]
    assert effects(update(shop, "s1", {"state": "closed"})) == [gone]
    server.clock.travel(days=1)
    assert effects(update(shop, "s2", members | {"state": "closed"}))[0][0] == "acceptCoupon"
    before = rows(server)
    server.clock.travel(days=-2)
    assert shop.put("/v2/customer_sessions/s2", json={"customerSession": members}).status_code == 400
    assert rows(server) == before
    assert effects(update(shop, "s2", {"state": "cancelled"}))[0][0] == "rollbackCoupon"
