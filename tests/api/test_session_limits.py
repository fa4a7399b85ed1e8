"""Limits of campaigns and of coupons: what they stop, what counts for them, and when (core.md §8)."""

from datetime import datetime, timedelta

import pytest

import make
from books import assert_books_balance, assert_limits_hold
from checkout import coupon_rule, effects, line, put, rules_of, running, update

IMMEDIATE = {"createCoupon", "createReferral", "reserveCoupon"}
REFUNDED = {"redeemCoupon", "redeemReferral", "setDiscount", "setDiscountEffect"}
FIVE = ["setDiscount", "Five", 5]
GIVES = {  # action: (what a rule does for it, the effect that shows it, what one of it counts)
    "redeemCoupon": ([FIVE], "acceptCoupon", 1),
    "redeemReferral": ([FIVE], "acceptReferral", 1),
    "setDiscount": ([FIVE], "setDiscount", 5),
    "setDiscountEffect": ([FIVE], "setDiscount", 1),
    "createCoupon": ([["createCoupon"]], "couponCreated", 1),
    "createReferral": ([["createReferral"]], "referralCreated", 1),
    "addFreeItemEffect": ([["addFreeItem", "Mug", "MUG"]], "addFreeItem", 1),
    "customEffect": ([["customEffect", 7, "wrap"]], "customEffect", 1),
    "reserveCoupon": ([["reserveCoupon"]], "reserveCoupon", 1),
}
ENTITIES = [
    (), ("Profile",), ("Coupon",), ("Referral",), ("Identifier",), ("Store",), ("Coupon", "Profile"),
    ("Identifier", "Store"), ("Coupon", "Store"), ("Identifier", "Referral"), ("Coupon", "Identifier", "Profile"),
]  # fmt: skip
# A customer reserves a coupon once, and redeems one referral: no second request comes to these limits.
ONCE = {
    ("reserveCoupon", ("Coupon", "Profile")),
    ("reserveCoupon", ("Coupon", "Identifier", "Profile")),
    ("redeemReferral", ("Profile",)),
    ("redeemReferral", ("Coupon", "Profile")),
    ("redeemReferral", ("Coupon", "Identifier", "Profile")),
}
_numbers = iter(range(1, 10_000))
_only_checked = set()  # referrals that a rule asks for without redeeming them


def limit(action, most, *entities, **more):
    """A LimitConfig."""
    return {"action": action, "limit": most, "entities": list(entities)} | more


def sell(shop, session_id=None, **session):
    """Close a session with one line of 100; its effects."""
    session_id = session_id or f"s{next(_numbers)}"
    return effects(update(shop, session_id, {"cartItems": [line()], "state": "closed"} | session))


def counted(server, campaign):
    """Every counter of the campaign's limits: {(action, entities, period): used}."""
    rows = server.sql("SELECT * FROM limit_counters WHERE campaign_id = $1", campaign["id"])
    return {(row["action"], tuple(row["entities"]), row["period"]): row["used"] for row in rows}


def budgets(manager, campaign):
    """The campaign's budgets as the back office shows them: [(action, limit, counter)]."""
    found = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["budgets"]
    return [(one["action"], one["limit"], one["counter"]) for one in found]


def limits_of(manager, campaign, *limits):
    """Give a campaign other limits."""
    url = f"{make.CAMPAIGNS}/{campaign['id']}"
    rules = manager.get(url).json()["activeRulesetId"]
    answer = manager.put(url, json=make.campaign(limits=list(limits), activeRulesetId=rules))
    assert answer.status_code == 200, answer.text


def application(manager, **changes):
    """Change the settings of Application 1."""
    body = {"name": "My shop", "timezone": "UTC", "currency": "EUR"} | changes
    assert manager.put("/v1/applications/1", json=body).status_code == 200


def at(server, moment):
    """Set the server's clock."""
    server.clock.offset += datetime.fromisoformat(moment) - server.clock()


@pytest.fixture(scope="module", autouse=True)
def _books(shared):
    yield
    assert_limits_hold(shared.sql)
    assert_books_balance(shared.sql, only_checked=_only_checked)


# --- every action for every entity


class Sale:
    """A campaign with one limit and one rule that comes to it, and shoppers with everything a limit may be for."""

    def __init__(self, manager, shop, action, entities):
        self.shop, self.number, self.action = shop, next(_numbers), action
        given, self.shows, self.one = GIVES[action]
        redeems = action == "redeemReferral"
        rule = make.rule(
            condition=["and", ["couponValid"], ["referralValid", redeems]]
            if redeems or "Referral" in entities
            else ["and", ["couponValid"]],
            effects=given,
        )
        codes = [{"code": self.code("Coupon", which), "usageLimit": 0} for which in "ab"]
        self.campaign, _ = running(
            manager,
            rule,
            limits=[limit(action, self.one, *entities)],
            features=["coupons", "referrals"],
            codes=codes,
        )
        self.referrals = {which: self.referral(which) for which in "ab"}
        if not redeems:
            _only_checked.update(self.referrals.values())

    def code(self, entity, which):
        return f"{entity}-{self.number}-{which}"

    def referral(self, which):
        return make.new_referral(self.shop, self.campaign["id"], advocate=f"advocate-{which}", usageLimit=0)["code"]

    def send(self, session_id, state, **which):
        """Update a session; each entity is "a" or "b", or one that other sessions do not have. Whether the rule gave
        its effect."""
        own, code = session_id.replace(" ", "-"), "a" if session_id == "first" else "b"
        session = {
            "profileId": f"p-{self.number}-{which.get('Profile', own)}",
            "identifiers": [f"i-{self.number}-{which.get('Identifier', own)}"],
            "storeIntegrationId": f"store-{self.number}-{which.get('Store', own)}",
            "couponCodes": [self.code("Coupon", which.get("Coupon", code))],
            "referralCode": self.referrals[which.get("Referral", code)],
            "cartItems": [line()],
            "state": state,
        }
        found = effects(update(self.shop, f"{self.number}-{session_id}", session))
        self.answers = [props for kind, props in found if kind in ("rejectCoupon", "rejectReferral")]
        return self.shows in [kind for kind, _ in found]


@pytest.mark.parametrize("entities", ENTITIES, ids="+".join)
@pytest.mark.parametrize("action", GIVES)
def test_every_action_for_every_entity(shared, shared_manager, shared_shop, action, entities):
    if (action, entities) in ONCE:
        pytest.skip("no second request comes to this limit")
    sale = Sale(shared_manager, shared_shop, action, entities)
    at_once, refunded = action in IMMEDIATE, action in REFUNDED
    same = dict.fromkeys(entities, "a")

    assert sale.send("first", "open", **same)
    assert sale.send("second", "open", **same) is not at_once  # an open session claims only what it does at once
    used = sum(counted(shared, sale.campaign).values())
    assert used == (sale.one if at_once else 0)

    assert sale.send("first", "closed", **same)
    assert list(counted(shared, sale.campaign).values()) == [sale.one]
    assert not sale.send("second", "open", **same)
    assert not sale.send("second", "closed", **same)
    assert sale.answers, "the codes are refused"
    for entity in entities:
        assert sale.send(f"other {entity}", "closed", **same | {entity: "b"}), entity
    assert set(counted(shared, sale.campaign).values()) == {sale.one}
    assert len(counted(shared, sale.campaign)) == 1 + len(entities)

    update(shared_shop, f"{sale.number}-first", {"state": "cancelled"})
    assert sale.send("third", "closed", **same) is refunded


def test_limits_for_each_session(shared, shared_manager, shared_shop):
    """What one session may do, in one update or over several."""
    twice = [make.rule(effects=[FIVE]), make.rule(effects=[FIVE])]
    campaign, _ = running(shared_manager, *twice, limits=[limit("setDiscount", 5, "Session")])
    for session in ("x1", "x2"):
        assert sell(shared_shop, session) == [("setDiscount", {"name": "Five", "value": 5})]
    assert counted(shared, campaign) == {
        ("setDiscount", ("Session", "x1"), ""): 5,
        ("setDiscount", ("Session", "x2"), ""): 5,
    }
    rules_of(shared_manager, campaign, make.rule(effects=[["createCoupon", {"storeInSession": False}]]))
    limits_of(shared_manager, campaign, limit("createCoupon", 2, "Session"))
    for session in ("x3", "x4"):
        made = [len(update(shared_shop, session, {})["createdCoupons"]) for _ in range(4)]
        assert made == [1, 1, 0, 0]
    shared_manager.delete(f"{make.CAMPAIGNS}/{campaign['id']}")


# --- periods

CLOCKS = {
    "daily, clocks go back": ("daily", "Europe/Berlin", [
        ("2026-10-24T21:30Z", "Y2026M10D24"), ("2026-10-24T22:30Z", "Y2026M10D25"), ("2026-10-25T00:30Z", ""),
        ("2026-10-25T01:30Z", ""), ("2026-10-25T22:30Z", ""), ("2026-10-25T23:30Z", "Y2026M10D26"),
    ]),
    "daily, clocks go forward": ("daily", "Europe/Berlin", [
        ("2027-03-27T22:30Z", "Y2027M3D27"), ("2027-03-27T23:30Z", "Y2027M3D28"), ("2027-03-28T01:30Z", ""),
        ("2027-03-28T21:30Z", ""), ("2027-03-28T22:30Z", "Y2027M3D29"),
    ]),
    "daily, west": ("daily", "America/New_York", [
        ("2026-12-31T04:30Z", "Y2026M12D30"), ("2026-12-31T05:30Z", "Y2026M12D31"), ("2027-01-01T04:30Z", ""),
        ("2027-01-01T05:30Z", "Y2027M1D1"),
    ]),
    "weekly, clocks go back": ("weekly", "Europe/Berlin", [
        ("2026-10-18T21:30Z", "Y2026W42"), ("2026-10-18T22:30Z", "Y2026W43"), ("2026-10-25T22:30Z", ""),
        ("2026-10-25T23:30Z", "Y2026W44"),
    ]),
    "weekly, new year": ("weekly", "UTC", [
        ("2026-12-27T23:30Z", "Y2026W52"), ("2026-12-28T00:30Z", "Y2026W53"), ("2027-01-01T00:30Z", ""),
        ("2027-01-03T23:30Z", ""), ("2027-01-04T00:30Z", "Y2027W1"), ("2027-12-31T12:00Z", "Y2027W52"),
        ("2028-01-02T12:00Z", ""), ("2028-01-03T00:30Z", "Y2028W1"),
    ]),
    "monthly, clocks go back": ("monthly", "Europe/Berlin", [
        ("2026-09-30T21:30Z", "Y2026M9"), ("2026-09-30T22:30Z", "Y2026M10"), ("2026-10-31T22:30Z", ""),
        ("2026-10-31T23:30Z", "Y2026M11"), ("2026-12-31T22:30Z", "Y2026M12"), ("2026-12-31T23:30Z", "Y2027M1"),
        ("2027-02-28T22:30Z", "Y2027M2"), ("2027-02-28T23:30Z", "Y2027M3"),
    ]),
    "yearly, east": ("yearly", "Pacific/Auckland", [
        ("2026-12-31T10:30Z", "Y2026"), ("2026-12-31T11:30Z", "Y2027"), ("2027-12-31T10:30Z", ""),
        ("2027-12-31T11:30Z", "Y2028"),
    ]),
    "for good": (None, "UTC", [("2026-11-21T12:00Z", "-"), ("2031-01-01T00:30Z", "")]),
}  # fmt: skip


@pytest.mark.parametrize("case", CLOCKS)
def test_periods_are_calendar_windows_of_the_shop(shop, manager, server, case):
    """At each time one session closes; one redemption is allowed in each window."""
    period, timezone, times = CLOCKS[case]
    application(manager, timezone=timezone)
    configs = [limit("redeemCoupon", 1, **({"period": period} if period else {}))]
    campaign, _ = running(manager, coupon_rule(FIVE), codes=[{"code": "CODE", "usageLimit": 0}], limits=configs)
    expected = {}
    for moment, window in times:
        at(server, moment)
        sold = sell(shop, couponCodes=["CODE"])
        if window:
            expected["redeemCoupon", (), window.strip("-")] = 1
            assert sold == [("acceptCoupon", {"value": "CODE"}), ("setDiscount", {"name": "Five", "value": 5})], moment
        else:
            full = {"value": "CODE", "rejectionReason": "CampaignLimitReached"}
            assert sold == [("rejectCoupon", full)], moment
        assert counted(server, campaign) == expected, moment
        assert budgets(manager, campaign) == [("redeemCoupon", 1, 1)], moment
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


@pytest.mark.parametrize("back", ["cancel", "reopen"])
def test_what_is_given_back_goes_to_the_window_it_was_charged_in(shop, manager, server, back):
    limits = [limit("redeemCoupon", 1, period="daily"), limit("setDiscount", 9, "Profile", period="monthly")]
    running(manager, coupon_rule(FIVE), codes=[{"code": "CODE", "usageLimit": 0}], limits=limits)
    granted = [("acceptCoupon", {"value": "CODE"}), ("setDiscount", {"name": "Five", "value": 5})]
    refused = [("rejectCoupon", {"value": "CODE", "rejectionReason": "CampaignLimitReached"})]

    def used():
        rows = server.sql("SELECT period, used FROM limit_counters ORDER BY action, period")
        return [(row["period"], row["used"]) for row in rows]

    at(server, "2026-12-31T12:00Z")
    assert sell(shop, "s1", profileId="kim", couponCodes=["CODE"]) == granted
    at(server, "2027-01-01T12:00Z")
    assert sell(shop, "s2", profileId="kim", couponCodes=["CODE"]) == granted
    assert used() == [("Y2026M12D31", 1), ("Y2027M1D1", 1), ("Y2026M12", 5), ("Y2027M1", 5)]
    if back == "cancel":
        update(shop, "s1", {"state": "cancelled"})
    else:
        assert shop.put("/v2/customer_sessions/s1/reopen").status_code == 200
        assert effects(update(shop, "s1", {})) == refused
        assert effects(update(shop, "s1", {"state": "closed"})) == refused  # today's is used up by s2
    assert used() == [("Y2026M12D31", 0), ("Y2027M1D1", 1), ("Y2026M12", 0), ("Y2027M1", 5)]
    assert sell(shop, "s3", profileId="kim", couponCodes=["CODE"]) == refused
    at(server, "2026-12-31T13:00Z")  # a clock that goes backwards counts in the window it shows
    assert sell(shop, "s4", profileId="kim", couponCodes=["CODE"]) == granted
    assert used() == [("Y2026M12D31", 1), ("Y2027M1D1", 1), ("Y2026M12", 5), ("Y2027M1", 5)]
    assert_books_balance(server.sql)


# --- less than wanted

TOTAL = [".", "Session", "Total"]


@pytest.mark.parametrize(
    ("application_wide", "option", "partial"),
    [(False, {}, False), (False, {"partial": True}, True), (True, {}, True), (True, {"partial": False}, False)],
)
@pytest.mark.parametrize("of", ["campaign", "coupon"])
def test_discounts_that_do_not_fit(shop, manager, server, application_wide, option, partial, of):
    """§8.3: without partial discounts the rule fails; with them the rest is given, unless nothing is left."""
    application(manager, enablePartialDiscounts=application_wide)
    code = {"code": "CODE", "usageLimit": 0} | ({"discountLimit": 50} if of == "coupon" else {})
    limits = [limit("setDiscount", 50)] if of == "campaign" else []
    running(manager, coupon_rule(["setDiscount", "All", TOTAL, option]), codes=[code], limits=limits)

    def given(value, desired):
        more = {"desiredValue": desired} if partial else {}
        return [("acceptCoupon", {"value": "CODE"}), ("setDiscount", {"name": "All", "value": value} | more)]

    def failed(left):
        what = "the coupon" if of == "coupon" else "the limit on setDiscount"
        details = f"Effect 1: {what} has {left} left, not enough for 'All'"
        props = {"value": "CODE", "rejectionReason": "EffectCouldNotBeApplied", "effectIndex": 0, "details": details}
        return [("rejectCoupon", props)]

    def used():
        return server.sql("SELECT discount_count FROM campaigns")[0]["discount_count"]

    assert sell(shop, cartItems=[line(price=39.9)], couponCodes=["CODE"]) == given(39.9, 39.9)
    second = sell(shop, cartItems=[line(price=25)], couponCodes=["CODE"])
    assert second == (given(10.1, 25) if partial else failed(10.1))
    third = sell(shop, cartItems=[line(price=10.1)], couponCodes=["CODE"])
    assert third == (failed(0) if partial else given(10.1, 10.1))
    assert used() == 50
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


ITEMS = [".", "Session", "CartItems"]
EACH = [["Item"], 8]
REWARDS = {  # (effect, limit): what is given with partial rewards and without
    "money per unit": (["setDiscountPerItem", "8", ITEMS, EACH], limit("setDiscount", 20), [8, 8, 4]),
    "effects per unit": (["setDiscountPerItem", "8", ITEMS, EACH], limit("setDiscountEffect", 2), [8, 8]),
    "shared by units": (["setDiscountPerItemProRata", "8", ITEMS, 24], limit("setDiscount", 21), [7, 7, 7]),
}


@pytest.mark.parametrize("case", REWARDS)
@pytest.mark.parametrize("partial", [True, False])
def test_discounts_of_units_that_do_not_fit(shop, manager, server, case, partial):
    effect, config, values = REWARDS[case]
    application(manager, enableFlattenedCartItems=True, enablePartialDiscounts=partial)
    campaign, _ = running(manager, make.rule(effects=[effect]), limits=[config])
    found = sell(shop, "s1", cartItems=[line(price=10, quantity=3)])
    assert [props["value"] for _, props in found] == (values if partial else [])
    assert all(props["desiredValue"] == 8 for _, props in found)
    assert sum(counted(server, campaign).values()) == (config["limit"] if partial else 0)
    if partial:
        assert sell(shop, "s2", cartItems=[line(price=10)]) == []
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


def test_free_items_that_do_not_fit(shop, manager, server):
    mugs = make.rule(effects=[["addFreeItem", "Mug", "MUG", 3, {"partial": True}]])
    campaign, _ = running(manager, mugs, limits=[limit("addFreeItemEffect", 5)])
    mug = ("addFreeItem", {"sku": "MUG", "name": "Mug", "desiredQuantity": 3})
    assert sell(shop) == [mug] * 3
    assert sell(shop) == [mug] * 2
    assert sell(shop) == []
    assert budgets(manager, campaign) == [("addFreeItemEffect", 5, 5)]
    assert_books_balance(server.sql)


# --- a limit is for what the session does not have


def test_a_limit_per_profile_and_no_profile(shop, manager):
    running(manager, coupon_rule(FIVE), codes=["CODE"], limits=[limit("setDiscount", 5, "Profile")])
    running(manager, make.rule(title="Bare", effects=[FIVE]), limits=[limit("setDiscount", 5, "Profile")])
    wanted = ("rejectCoupon", {"value": "CODE", "rejectionReason": "ProfileRequired"})
    for state in ("open", "closed"):
        session = {"couponCodes": ["CODE"], "cartItems": [line()], "state": state}
        body = update(shop, "s1", session, content=["ruleFailureReasons"])
        assert effects(body) == [wanted]
        [reason] = [one for one in body["ruleFailureReasons"] if one["ruleName"] == "Bare"]
        assert reason["effectIndex"] == 0
        assert reason["details"] == "Effect 1: a limit is per profile, and the session has none"


@pytest.mark.parametrize("action", ["redeemCoupon", "setDiscount"])
def test_a_limit_per_identifier_and_no_identifier(shop, manager, server, action):
    running(manager, coupon_rule(FIVE), codes=["CODE"], limits=[limit(action, 5, "Identifier")])
    session = {"couponCodes": ["CODE"], "cartItems": [line()]}
    assert effects(update(shop, "s1", session))[0] == ("acceptCoupon", {"value": "CODE"})
    [(kind, props)] = effects(update(shop, "s1", {"state": "closed"}))
    assert (kind, props["rejectionReason"]) == ("rejectCoupon", "EffectCouldNotBeApplied")
    assert props.get("effectIndex") == (0 if action == "setDiscount" else None)
    assert server.sql("SELECT state, effects FROM customer_sessions")[0]["state"] == "closed"
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 0


def test_of_several_identifiers_the_tightest_decides_and_all_are_charged(shop, manager, server):
    campaign, _ = running(manager, make.rule(effects=[FIVE]), limits=[limit("setDiscount", 10, "Identifier")])
    assert len(sell(shop, identifiers=["mail", "phone", "mail"])) == 1
    assert len(sell(shop, identifiers=["mail"])) == 1
    assert sell(shop, identifiers=["phone", "mail"]) == []
    assert len(sell(shop, identifiers=["phone", "Mail"])) == 1
    charges = {entities[1]: used for (_, entities, _), used in counted(server, campaign).items()}
    assert charges == {"mail": 10, "phone": 10, "Mail": 5}


@pytest.mark.parametrize("entity", ["Coupon", "Referral", "Store"])
def test_limits_for_what_is_not_there_do_not_apply(shop, manager, server, entity):
    campaign, _ = running(manager, make.rule(effects=[FIVE]), limits=[limit("setDiscount", 0, entity)])
    for _ in range(2):
        assert sell(shop, profileId="kim") == [("setDiscount", {"name": "Five", "value": 5})]
    assert counted(server, campaign) == {}


# --- what the back office sees, and changes

COUNTERS = {  # action: the campaign's own counter
    "redeemCoupon": "couponRedemptionCount",
    "redeemReferral": "referralRedemptionCount",
    "setDiscount": "discountCount",
    "setDiscountEffect": "discountEffectCount",
    "createCoupon": "couponCreationCount",
    "createReferral": "referralCreationCount",
    "addFreeItemEffect": "addFreeItemEffectCount",
    "customEffect": "customEffectCount",
    "reserveCoupon": "reservecouponEffectCount",
}


def test_budgets_and_counters_after_each_step(shop, manager, server):
    rule = make.rule(
        condition=["and", ["couponValid"], ["referralValid"]],
        effects=[FIVE, FIVE, ["createCoupon"], ["createReferral"], ["addFreeItem", "Mug", "MUG", 2],
                 ["customEffect", 7, "wrap"], ["reserveCoupon"]],
    )  # fmt: skip
    limits = [limit(action, 90) for action in COUNTERS]
    limits.append(limit("setDiscount", 1000, "Profile"))  # one for each customer is no budget to show
    campaign, _ = running(
        manager, rule, limits=limits, codes=[{"code": "CODE", "usageLimit": 0}], features=["coupons", "referrals"]
    )
    referral = make.new_referral(shop, campaign["id"])["code"]
    assert update(shop, "ann", {"profileId": "ann"})["effects"] == []

    def shown():
        stored = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
        assert [(one["action"], one["limit"]) for one in stored["budgets"]] == [(action, 90) for action in COUNTERS]
        assert [stored[name] for name in COUNTERS.values()] == [one["counter"] for one in stored["budgets"]]
        return [one["counter"] for one in stored["budgets"]]

    assert shown() == [0] * 9
    update(shop, "s1", {"profileId": "kim", "couponCodes": ["CODE"], "referralCode": referral, "cartItems": [line()]})
    assert shown() == [0, 0, 0, 0, 1, 1, 0, 0, 1]
    update(shop, "s1", {})
    assert shown() == [0, 0, 0, 0, 1, 1, 0, 0, 1]
    update(shop, "s1", {"state": "closed"})
    assert shown() == [1, 1, 10, 2, 1, 1, 2, 1, 1]
    assert shop.put("/v2/customer_sessions/s1/reopen").status_code == 200
    assert shown() == [0, 0, 0, 0, 1, 1, 2, 1, 1]
    update(shop, "s1", {"state": "closed"})
    assert shown() == [1, 1, 10, 2, 1, 1, 4, 2, 1]
    update(shop, "s1", {"state": "cancelled"})
    assert shown() == [0, 0, 0, 0, 1, 1, 4, 2, 1]
    assert_books_balance(server.sql)


def test_limits_defined_later_count_from_then(shop, manager, server):
    campaign, _ = running(manager, make.rule(effects=[FIVE]))
    granted = [("setDiscount", {"name": "Five", "value": 5})]
    assert sell(shop, "s1") == granted
    limits_of(manager, campaign, limit("setDiscount", 10))
    assert budgets(manager, campaign) == [("setDiscount", 10, 0)]
    assert sell(shop, "s2") == granted
    update(shop, "s1", {"state": "cancelled"})  # was never charged
    assert budgets(manager, campaign) == [("setDiscount", 10, 5)]
    limits_of(manager, campaign, limit("setDiscount", 5))
    assert sell(shop, "s3") == []
    limits_of(manager, campaign, limit("setDiscount", 4))  # less than is used
    assert sell(shop, "s4") == []
    update(shop, "s2", {"state": "cancelled"})
    assert budgets(manager, campaign) == [("setDiscount", 4, 0)]
    assert sell(shop, "s5") == []
    limits_of(manager, campaign, limit("setDiscount", 10), limit("setDiscount", 5, period="daily"))
    assert sell(shop, "s6") == granted
    assert sell(shop, "s7") == []
    server.clock.travel(days=1)
    assert sell(shop, "s8") == granted
    server.clock.travel(days=1)
    assert sell(shop, "s9") == []
    limits_of(manager, campaign)
    assert sell(shop, "s10") == granted
    assert counted(server, campaign) == {}
    limits_of(manager, campaign, limit("setDiscount", 10))  # begins anew
    assert budgets(manager, campaign) == [("setDiscount", 10, 0)]
    assert sell(shop, "s11") == granted


def test_a_limit_of_nothing(shop, manager):
    running(manager, coupon_rule(FIVE), codes=["CODE"], limits=[limit("redeemCoupon", 0)])
    running(manager, make.rule(effects=[FIVE]), limits=[limit("setDiscountEffect", 0.5)])
    for state in ("open", "closed"):
        answer = sell(shop, "s1", couponCodes=["CODE"], state=state)
        assert answer == [("rejectCoupon", {"value": "CODE", "rejectionReason": "CampaignLimitReached"})]


def test_all_limits_must_have_room(shop, manager, server):
    limits = [limit("setDiscount", 12), limit("setDiscount", 7, "Profile"), limit("setDiscountEffect", 3, "Store")]
    campaign, _ = running(manager, make.rule(effects=[FIVE]), limits=limits)
    sold = [
        (profile, len(sell(shop, profileId=profile, storeIntegrationId="north"))) for profile in ("a", "a", "b", "c")
    ]
    assert sold == [("a", 1), ("a", 0), ("b", 1), ("c", 0)]
    assert sorted(counted(server, campaign).values()) == [2, 5, 5, 10]


# --- limits of a coupon


def test_the_limits_of_a_coupon_stand_in_for_those_per_profile(shop, manager, server):
    codes = [
        {"code": "TWICE", "usageLimit": 0, "limits": [make.per_profile(limit=2)]},
        {"code": "DAILY", "usageLimit": 0, "limits": [make.per_profile(period="daily")]},
        {"code": "PLAIN", "usageLimit": 0},
    ]
    running(
        manager, coupon_rule(FIVE), codes=codes, limits=[make.per_profile(), limit("redeemCoupon", 6, "Coupon")]
    )  # fmt: skip

    def answers(code, *profiles):
        sold = [sell(shop, profileId=profile, couponCodes=[code])[0] for profile in profiles]
        return [props.get("rejectionReason", "-") for _, props in sold]

    full = "ProfileLimitReached"
    assert answers("PLAIN", "kim", "kim", "lee") == ["-", full, "-"]
    assert answers("TWICE", "kim", "kim", "kim", "lee") == ["-", "-", full, "-"]
    assert answers("DAILY", "kim", "kim") == ["-", full]
    server.clock.travel(days=1)
    assert answers("DAILY", "kim", "kim") == ["-", full]
    assert answers("TWICE", "pat", "pat", "pat") == ["-", "-", full]
    assert answers("TWICE", "lee", "ann") == ["-", "CouponLimitReached"]  # that of the campaign for each code holds on
    assert answers("PLAIN", "") == ["ProfileRequired"]
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


def test_a_dry_request_sees_limits_and_charges_none(shop, manager, server):
    campaign, _ = running(manager, make.rule(effects=[FIVE]), limits=[limit("setDiscount", 5)])
    for _ in range(2):
        assert len(effects(update(shop, "s1", {"cartItems": [line()], "state": "closed"}, dry="true"))) == 1
    assert counted(server, campaign) == {}
    assert len(sell(shop)) == 1
    assert effects(update(shop, "s1", {"cartItems": [line()], "state": "closed"}, dry="true")) == []


@pytest.mark.parametrize("odd", ['kim\'s \\ "quote"', "名前", "a" * 1000, "{},", "\u00a0", "🙂"])
def test_limits_for_customers_of_any_name(shop, manager, server, odd):
    campaign, _ = running(manager, make.rule(effects=[FIVE]), limits=[limit("setDiscount", 5, "Profile", "Identifier")])
    session = {"profileId": odd, "identifiers": [odd]}
    assert [len(sell(shop, **session)) for _ in range(2)] == [1, 0]
    assert counted(server, campaign) == {("setDiscount", ("Identifier", odd, "Profile", odd), ""): 5}
    assert put(shop, "s", {"identifiers": ["\u0000"]}).status_code == 400


# --- budgets of stores


def stores_of(manager, *names):
    """Stores of Application 1, by integration id."""
    found = {}
    for name in names:
        body = {"name": name, "description": "", "integrationId": name}
        answer = manager.post("/v1/applications/1/stores", json=body)
        assert answer.status_code == 201, answer.text
        found[name] = answer.json()["id"]
    return found


def store_budget(manager, campaign, amounts, **more):
    """Give each store a budget of this amount."""
    limits = [{"storeId": store, "limit": amount} for store, amount in amounts.items()]
    url = f"{make.CAMPAIGNS}/{campaign['id']}/stores/budgets"
    answer = manager.post(url, json={"action": "setDiscount", "storeLimits": limits} | more)
    assert answer.status_code in (201, 204), answer.text


def test_each_store_has_its_budget(shop, manager, server):
    stores = stores_of(manager, "north", "south", "west")
    campaign, _ = running(manager, make.rule(effects=[FIVE]))
    store_budget(manager, campaign, {stores["north"]: 5, stores["south"]: 10})
    granted, nothing = [("setDiscount", {"name": "Five", "value": 5})], []
    sold = [(store, sell(shop, f"s{number}", **({"storeIntegrationId": store} if store else {})))
            for number, store in enumerate(["north", "north", "south", "south", "south", "west", "west", ""])]  # fmt: skip
    assert sold == [
        ("north", granted), ("north", nothing), ("south", granted), ("south", granted), ("south", nothing),
        ("west", granted), ("west", granted), ("", granted),  # without a budget there is no end
    ]  # fmt: skip
    assert counted(server, campaign) == {
        ("setDiscount", ("Store", "north"), ""): 5,
        ("setDiscount", ("Store", "south"), ""): 10,
    }
    assert budgets(manager, campaign) == []
    update(shop, "s2", {"state": "cancelled"})
    assert shop.put("/v2/customer_sessions/s3/reopen").status_code == 200
    assert counted(server, campaign)["setDiscount", ("Store", "south"), ""] == 0
    # A session that was opened again may close in another store.
    assert sell(shop, "s3", storeIntegrationId="north") == nothing
    assert sell(shop, "s9", storeIntegrationId="south") == granted
    assert_books_balance(server.sql)


def test_a_budget_of_a_store_for_a_period_beside_that_of_the_campaign(shop, manager, server):
    stores = stores_of(manager, "north", "south")
    campaign, _ = running(manager, make.rule(effects=[FIVE]), limits=[limit("setDiscount", 20)])
    store_budget(manager, campaign, {stores["north"]: 5}, period="daily")
    assert [len(sell(shop, storeIntegrationId="north")) for _ in range(2)] == [1, 0]
    assert [len(sell(shop, storeIntegrationId="south")) for _ in range(2)] == [1, 1]
    server.clock.travel(days=1)
    assert [len(sell(shop, storeIntegrationId=store)) for store in ("north", "north", "south")] == [1, 0, 0]
    assert budgets(manager, campaign) == [("setDiscount", 20, 20)]
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


def test_orders_of_a_budget_that_was_dropped_give_nothing_to_the_next_one(shop, manager, server):
    """An import without the store ends its budget; an import with it begins another."""
    stores_of(manager, "north", "south")
    campaign, _ = running(manager, make.rule(effects=[FIVE]))

    def budget_of(*names):
        content = "\n".join(["store_integration_id,limit", *(f"{name},10" for name in names)])
        url = f"{make.CAMPAIGNS}/{campaign['id']}/stores/budgets/import"
        answer = manager.post(url, params={"action": "setDiscount"}, files={"upFile": content})
        assert answer.status_code == 201, answer.text

    budget_of("north", "south")
    for store in ("north", "south"):
        assert len(sell(shop, f"{store} 1", storeIntegrationId=store)) == 1
    budget_of("south")
    budget_of("south", "north")
    for store in ("north", "south"):
        assert len(sell(shop, f"{store} 2", storeIntegrationId=store)) == 1
        update(shop, f"{store} 1", {"state": "cancelled"})
    assert counted(server, campaign) == {
        ("setDiscount", ("Store", "north"), ""): 5,
        ("setDiscount", ("Store", "south"), ""): 5,
    }
    for store in ("north", "south"):
        update(shop, f"{store} 2", {"state": "cancelled"})
    assert set(counted(server, campaign).values()) == {0}


def test_a_dry_request_of_tomorrow_sees_the_limits_of_tomorrow(shop, manager, server):
    running(manager, make.rule(effects=[FIVE]), limits=[limit("setDiscount", 5, period="daily")])
    assert len(sell(shop, "s1")) == 1
    session = {"cartItems": [line()]}
    assert effects(update(shop, "s2", session, dry="true")) == []
    for days, given in ((1, 1), (30, 1)):
        now = (server.clock() + timedelta(days=days)).isoformat()
        assert len(effects(update(shop, "s2", session, dry="true", now=now))) == given
