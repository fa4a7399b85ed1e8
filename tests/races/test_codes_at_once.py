"""The last use of a code and the last of its budget, fought over by several server processes: a limit is never
exceeded, and nothing that may be given is withheld."""

from decimal import Decimal

import pytest

from checkout import coupon_rule, effects, line, percent, running, update
from crowd import cancel, close, session

GATES = ["", "coupons"]


def with_code(several, sessions, code, profile="p{}", **members):
    """Open so many sessions that have the code, each of a customer of its own."""
    for number in range(sessions):
        entry = {"profileId": profile.format(number), "couponCodes": [code], "cartItems": [line()]} | members
        update(several.shop, f"s{number}", entry)


def accepted(answers):
    """How many of these closings got the code."""
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    return sum(effects(answer.json())[0][0] == "acceptCoupon" for answer in answers)


def counted(several, value):
    """Uses, discounts and standing redemptions of a code, and the redemptions of its campaign."""
    [row] = several.sql(
        """SELECT c.usage_counter, c.discount_counter, (SELECT count(*) FROM coupon_redemptions r
        WHERE r.coupon_id = c.id AND r.rolled_back_at IS NULL), p.coupon_redemption_count, p.discount_count
        FROM coupons c JOIN campaigns p ON p.id = c.campaign_id WHERE c.value = $1""",
        value,
    )
    return tuple(row)


@pytest.mark.parametrize("gate", GATES)
def test_the_last_use(several, gate):
    running(several.manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "LAST", "usageLimit": 1}])
    with_code(several, 8, "LAST")
    answers = several.at_once(*[close(f"s{number}") for number in range(8)], gate=gate)
    assert accepted(answers) == 1
    late = [("rejectCoupon", {"value": "LAST", "rejectionReason": "CouponLimitReached"})]
    assert [effects(answer.json()) for answer in answers].count(late) == 7
    assert counted(several, "LAST") == (1, 10, 1, 1, 10)
    assert (
        several.sql("SELECT count(*) AS n FROM profiles WHERE closed_sessions = 1 AND total_sales = 100")[0]["n"] == 8
    )


@pytest.mark.parametrize("gate", GATES)
def test_the_last_uses_of_one_customer(several, gate):
    """All that is closed is of one customer, so that they wait for each other in two places."""
    running(several.manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "FEW", "usageLimit": 3}])
    with_code(several, 8, "FEW", profile="kim")
    assert accepted(several.at_once(*[close(f"s{number}") for number in range(8)], gate=gate)) == 3
    assert counted(several, "FEW") == (3, 30, 3, 3, 30)
    assert tuple(several.sql("SELECT closed_sessions, total_sales FROM profiles")[0]) == (8, 800)


def test_the_last_use_among_orders_that_come_closed(several):
    running(several.manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "FEW", "usageLimit": 2}])
    order = {"couponCodes": ["FEW"], "cartItems": [line()]}
    requests = [close(f"s{number}", profileId=f"p{number % 3}", **order) for number in range(8)]
    assert accepted(several.at_once(*requests, gate="coupons")) == 2
    assert counted(several, "FEW") == (2, 20, 2, 2, 20)


@pytest.mark.parametrize("gate", GATES)
def test_a_use_that_is_given_back_while_others_want_it(several, gate):
    """The use of a cancelled session goes to one of those that close at the same moment, or to nobody; never to two."""
    running(several.manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "LAST", "usageLimit": 1}])
    with_code(several, 6, "LAST")
    update(several.shop, "s0", {"state": "closed"})
    back, *answers = several.at_once(cancel("s0"), *[close(f"s{number}") for number in range(1, 6)], gate=gate)
    assert effects(back.json())[0] == ("rollbackCoupon", {"value": "LAST"})
    again = accepted(answers)
    assert again in (0, 1)
    assert counted(several, "LAST") == (again, 10 * again, again, again, 10 * again)


@pytest.mark.parametrize("gate", GATES)
def test_the_last_of_a_budget(several, gate):
    codes = [{"code": "GIFT", "usageLimit": 0, "discountLimit": 100}]
    running(several.manager, coupon_rule(["setDiscount", "Gift", 30]), codes=codes)
    with_code(several, 6, "GIFT")
    answers = several.at_once(*[close(f"s{number}") for number in range(6)], gate=gate)
    assert accepted(answers) == 3
    reasons = [
        props["rejectionReason"] for one in answers for kind, props in effects(one.json()) if kind == "rejectCoupon"
    ]
    assert reasons == ["EffectCouldNotBeApplied"] * 3
    assert counted(several, "GIFT") == (3, 90, 3, 3, 90)


@pytest.mark.parametrize("gate", GATES)
def test_the_last_of_a_budget_in_parts(several, gate):
    """With partial discounts the budget is given out to the last cent, and not a cent more."""
    rule = coupon_rule(["setDiscount", "Gift", percent(30), {"partial": True}])
    running(several.manager, rule, codes=[{"code": "GIFT", "usageLimit": 0, "discountLimit": 100.5}])
    with_code(several, 6, "GIFT")
    answers = several.at_once(*[close(f"s{number}") for number in range(6)], gate=gate)
    assert accepted(answers) == 4
    given = [props["value"] for one in answers for kind, props in effects(one.json()) if kind == "setDiscount"]
    assert sorted(given) == [10.5, 30, 30, 30]
    assert counted(several, "GIFT") == (4, Decimal("100.5"), 4, 4, Decimal("100.5"))


def test_two_codes_in_either_order(several):
    """Sessions that want the same two codes in another order do not wait for each other for ever."""
    for code in ("AAA", "BBB"):
        running(several.manager, coupon_rule(["setDiscount", code, 1]), codes=[{"code": code, "usageLimit": 5}])
    for number in range(8):
        codes = ["AAA", "BBB"] if number % 2 else ["BBB", "AAA"]
        update(several.shop, f"s{number}", {"profileId": f"p{number % 2}", "couponCodes": codes, "cartItems": [line()]})
    answers = several.at_once(*[close(f"s{number}") for number in range(8)], gate="coupons")
    taken = [props["value"] for one in answers for kind, props in effects(one.json()) if kind == "acceptCoupon"]
    assert (taken.count("AAA"), taken.count("BBB")) == (5, 5)
    assert counted(several, "AAA") == counted(several, "BBB") == (5, 5, 5, 5, 5)
    requests = [cancel(f"s{number}") for number in range(8)]
    assert {one.status_code for one in several.at_once(*requests, gate="customer_sessions")} == {200}
    assert counted(several, "AAA") == counted(several, "BBB") == (0, 0, 0, 0, 0)


def test_codes_that_change_while_the_session_closes(several):
    for code in ("OLD", "NEW"):
        running(several.manager, coupon_rule(["setDiscount", code, 1]), codes=[{"code": code, "usageLimit": 2}])
    with_code(several, 6, "OLD")
    moves = [one for n in range(6) for one in (session(f"s{n}", couponCodes=["NEW"]), close(f"s{n}"))]
    answers = several.at_once(*moves, gate="customer_sessions")
    assert {answer.status_code for answer in answers} <= {200, 400, 409}
    for number in range(6):
        update(several.shop, f"s{number}", {"state": "closed"}) if answers[2 * number + 1].status_code == 409 else None
    taken = several.sql("SELECT count(*) AS n FROM coupon_redemptions")[0]["n"]
    assert counted(several, "OLD")[0] + counted(several, "NEW")[0] == taken <= 4


def test_the_first_order_of_a_customer_is_one(several):
    """What a rule knows of the customer is still so when the session is closed."""
    first = coupon_rule(["setDiscount", "Welcome", 5])
    first["condition"] = ["and", ["couponValid"], ["=", [".", "Profile", "ClosedSessions"], 0]]
    running(several.manager, first, codes=[{"code": "WELCOME", "usageLimit": 0}])
    with_code(several, 6, "WELCOME", profile="kim")
    answers = several.at_once(*[close(f"s{number}") for number in range(6)], gate="customer_sessions")
    assert accepted(answers) == 1
    assert counted(several, "WELCOME") == (1, 5, 1, 1, 5)


@pytest.mark.parametrize("gate", GATES[1:])
def test_the_first_use_of_a_code_is_one(several, gate):
    """What a rule knows of the code is still so when the session is closed."""
    first = coupon_rule(["setDiscount", "First", 20])
    first["condition"] = ["and", ["couponValid"], ["=", [".", "Coupon", "UsageCounter"], 0]]
    running(several.manager, first, codes=[{"code": "CODE", "usageLimit": 0}])
    with_code(several, 6, "CODE")
    assert accepted(several.at_once(*[close(f"s{number}") for number in range(6)], gate=gate)) == 1
    assert counted(several, "CODE") == (1, 20, 1, 1, 20)


@pytest.mark.parametrize("gate", GATES)
def test_the_rest_of_a_card_that_a_rule_asks_for(several, gate):
    """A rule takes what is left of the card, as far as it goes."""
    left = [".", "Coupon", "DiscountRemainder"]
    rule = coupon_rule(["setDiscount", "Card", ["min", 30, left]])
    rule["condition"] = ["and", ["couponValid"], [">", left, 0]]
    running(several.manager, rule, codes=[{"code": "CARD", "usageLimit": 0, "discountLimit": 100.5}])
    with_code(several, 6, "CARD")
    assert accepted(several.at_once(*[close(f"s{number}") for number in range(6)], gate=gate)) == 4
    assert counted(several, "CARD") == (4, Decimal("100.5"), 4, 4, Decimal("100.5"))


def test_waiting_too_long_is_a_conflict(several):
    """Nobody waits for ever: after three seconds the answer is 409 as documented, and nothing has changed."""
    running(several.manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "LAST", "usageLimit": 1}])
    with_code(several, 4, "LAST")
    answers = several.at_once(*[close(f"s{number}") for number in range(4)], gate="customer_sessions", hold=True)
    busy = {"message": "Too many requests are updating this session at the same time", "errors": [], "StatusCode": 409}
    assert [answer.json() for answer in answers] == [busy] * 4
    assert counted(several, "LAST") == (0, 0, 0, 0, 0)
    assert accepted(several.at_once(*[close(f"s{number}") for number in range(4)])) == 1


def test_what_is_given_back_meanwhile_is_given(several):
    """A closing is told what is left of a budget; before it is written, another gives back, and everybody can see that.
    Then it gets what there is now: a part of it would be of a time that is over."""
    rule = coupon_rule(["setDiscount", "Gift", 10, {"partial": True}])
    running(several.manager, rule, codes=[{"code": "GIFT", "usageLimit": 0, "discountLimit": 25}])
    with_code(several, 3, "GIFT")
    for number in range(2):
        update(several.shop, f"s{number}", {"state": "closed"})

    def meanwhile():
        update(several.shop, "s0", {"state": "cancelled"})
        assert counted(several, "GIFT")[:2] == (1, 10)

    gate = "SELECT FROM profiles WHERE integration_id = 'p2' FOR UPDATE"
    [answer] = several.at_once(close("s2"), gate=gate, meanwhile=meanwhile)
    assert effects(answer.json())[1] == ("setDiscount", {"name": "Gift", "value": 10, "desiredValue": 10})
    assert counted(several, "GIFT")[:2] == (2, 20)
