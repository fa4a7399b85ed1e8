"""Limits of campaigns, reservations and referrals, fought over by several server processes (core.md §8)."""

from decimal import Decimal

import pytest

import make
from checkout import COUPON_VALID, coupon_rule, effects, line, percent, running, update
from crowd import cancel, close, session

GATES = ["", "limit_counters"]
TEN = ["setDiscount", "Ten", 10]


def limit(action, most, *entities, **more):
    """A limit of a campaign."""
    return {"action": action, "limit": most, "entities": list(entities)} | more


def orders(several, count, profile="p{}", **members):
    """Open so many sessions."""
    for number in range(count):
        entry = {"profileId": profile.format(number), "cartItems": [line()]} | members
        update(several.shop, f"s{number}", entry)


def closed(several, count, gate=""):
    """The effects of closing them all at once."""
    answers = several.at_once(*[close(f"s{number}") for number in range(count)], gate=gate)
    assert [answer.status_code for answer in answers] == [200] * count, [answer.text for answer in answers]
    return [effects(answer.json()) for answer in answers]


def given(found, kind="setDiscount"):
    """The values of all effects of a kind."""
    return [props["value"] for one in found for name, props in one if name == kind]


def reasons(found):
    """Why codes were rejected."""
    return [props["rejectionReason"] for one in found for kind, props in one if kind == "rejectCoupon"]


def used(several):
    """The counters: {(action, entities and values): (period, used)}."""
    rows = several.sql("SELECT action, entities, period, used FROM limit_counters WHERE used > 0")
    return {(row["action"], *row["entities"]): (row["period"], row["used"]) for row in rows}


@pytest.mark.parametrize("gate", GATES)
def test_the_last_redemption_of_a_campaign(several, gate):
    """Whichever of its codes it is for."""
    codes = [{"code": code, "usageLimit": 0} for code in ("AAA", "BBB", "CCC")]
    running(several.manager, coupon_rule(TEN), codes=codes, limits=[limit("redeemCoupon", 3)])
    for number in range(8):
        code = ("AAA", "BBB", "CCC")[number % 3]
        update(several.shop, f"s{number}", {"profileId": f"p{number}", "couponCodes": [code], "cartItems": [line()]})
    found = closed(several, 8, gate)
    assert len(given(found, "acceptCoupon")) == 3
    assert reasons(found) == ["CampaignLimitReached"] * 5
    assert used(several) == {("redeemCoupon",): ("", 3)}


@pytest.mark.parametrize("gate", GATES)
def test_the_last_redemption_of_a_customer(several, gate):
    limits = [limit("redeemCoupon", 1, "Profile", period="yearly")]
    running(several.manager, coupon_rule(TEN), codes=[{"code": "CODE", "usageLimit": 0}], limits=limits)
    for number in range(9):
        members = {"profileId": f"p{number % 3}", "couponCodes": ["CODE"], "cartItems": [line()]}
        update(several.shop, f"s{number}", members)
    found = closed(several, 9, gate)
    assert (len(given(found, "acceptCoupon")), reasons(found)) == (3, ["ProfileLimitReached"] * 6)
    year = several.sql("SELECT 'Y' || extract(year FROM now() AT TIME ZONE 'UTC') AS y")[0]["y"]
    assert used(several) == {("redeemCoupon", "Profile", f"p{n}"): (year, 1) for n in range(3)}


def test_the_last_redemption_of_a_customer_by_the_limits_of_the_code(several):
    """They stand in for those that the campaign has for each customer."""
    codes = [{"code": "CODE", "usageLimit": 0, "limits": [make.per_profile(limit=2)]}]
    running(several.manager, coupon_rule(TEN), codes=codes, limits=[make.per_profile()])
    orders(several, 6, profile="kim", couponCodes=["CODE"])
    assert len(given(closed(several, 6, "customer_sessions"), "acceptCoupon")) == 2


@pytest.mark.parametrize("gate", GATES)
def test_the_last_of_a_budget(several, gate):
    limits = [limit("setDiscount", 100), limit("setDiscountEffect", 7)]
    running(several.manager, make.rule(effects=[["setDiscount", "Sale", 30]]), limits=limits)
    orders(several, 6)
    assert given(closed(several, 6, gate)) == [30] * 3
    assert used(several) == {("setDiscount",): ("", 90), ("setDiscountEffect",): ("", 3)}


@pytest.mark.parametrize("gate", GATES)
def test_the_last_of_a_budget_in_parts(several, gate):
    effect = ["setDiscount", "Sale", percent(30), {"partial": True}]
    running(several.manager, make.rule(effects=[effect]), limits=[limit("setDiscount", 100.5)])
    orders(several, 6)
    assert sorted(given(closed(several, 6, gate))) == [10.5, 30, 30, 30]
    assert used(several) == {("setDiscount",): ("", Decimal("100.5"))}


@pytest.mark.parametrize("gate", GATES)
def test_a_budget_that_is_given_back_while_others_want_it(several, gate):
    running(several.manager, make.rule(effects=[["setDiscount", "Sale", 30]]), limits=[limit("setDiscount", 60)])
    orders(several, 8)
    for number in (6, 7):
        update(several.shop, f"s{number}", {"state": "closed"})
    requests = [cancel("s6"), *[close(f"s{number}") for number in range(6)], cancel("s7")]
    answers = several.at_once(*requests, gate=gate)
    assert {answer.status_code for answer in answers} == {200}
    again = len(given([effects(answer.json()) for answer in answers]))
    assert again <= 2
    assert used(several) == ({("setDiscount",): ("", 30 * again)} if again else {})


def test_what_is_given_back_meanwhile_is_given(several):
    """As in test_codes_at_once.py."""
    effect = ["setDiscount", "Sale", 30, {"partial": True}]
    running(several.manager, make.rule(effects=[effect]), limits=[limit("setDiscount", 70)])
    orders(several, 3)
    for number in range(2):
        update(several.shop, f"s{number}", {"state": "closed"})

    def meanwhile():
        update(several.shop, "s0", {"state": "cancelled"})
        assert used(several) == {("setDiscount",): ("", 30)}

    gate = "SELECT FROM profiles WHERE integration_id = 'p2' FOR UPDATE"
    [answer] = several.at_once(close("s2"), gate=gate, meanwhile=meanwhile)
    assert given([effects(answer.json())]) == [30]


def test_every_identifier_is_charged(several):
    limits = [limit("setDiscount", 50, "Identifier")]
    running(several.manager, make.rule(effects=[["setDiscount", "Sale", 30]]), limits=limits)
    names = [["a", "b"], ["b", "c"], ["c", "a"]]
    for number in range(6):
        update(several.shop, f"s{number}", {"cartItems": [line()], "identifiers": names[number % 3]})
    assert given(closed(several, 6, "limit_counters")) == [30]
    assert len(used(several)) == 2


@pytest.mark.parametrize("gate", ["", "limit_counters"])
def test_the_last_code_that_a_rule_makes(several, gate):
    """It is made, and counted, while the session is open; a cancellation does not undo that."""
    settings = {"validCharacters": ["A", "B", "C"], "couponPattern": "NEW-######"}
    rule = make.rule(effects=[["createCoupon", {"storeInSession": True}]])
    running(several.manager, rule, limits=[limit("createCoupon", 2)], couponSettings=settings)
    requests = [session(f"s{number}", profileId=f"p{number}", cartItems=[line()]) for number in range(6)]
    answers = several.at_once(*requests, gate=gate)
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    made = given([effects(answer.json()) for answer in answers], "couponCreated")
    assert len(made) == len(set(made)) == 2
    answers = several.at_once(*[cancel(f"s{number}") for number in range(6)])
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(row["value"] for row in several.sql("SELECT value FROM coupons")) == sorted(made)
    assert used(several) == {("createCoupon",): ("", 2)}


@pytest.mark.parametrize("gate", ["", "coupon_reservations"])
def test_the_last_reservation(several, gate):
    """Rules reserve while the session is open."""
    codes = [{"code": "HARD", "usageLimit": 0, "reservationLimit": 2}]
    running(several.manager, make.rule(condition=["and", COUPON_VALID], effects=[["reserveCoupon"]]), codes=codes)
    members = {"couponCodes": ["HARD"], "cartItems": [line()]}
    requests = [session(f"s{number}", profileId=f"p{number}", **members) for number in range(6)]
    answers = several.at_once(*requests, gate=gate)
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    found = [effects(answer.json()) for answer in answers]
    kept = [props for one in found for kind, props in one if kind == "reserveCoupon"]
    assert [one["isNewReservation"] for one in kept] == [True, True]
    assert reasons(found) == ["EffectCouldNotBeApplied"] * 4
    holders = several.sql("SELECT p.integration_id FROM coupon_reservations JOIN profiles p ON p.id = profile_id")
    assert {row["integration_id"] for row in holders} == {one["profileIntegrationId"] for one in kept}


@pytest.mark.parametrize("gate", ["", "coupon_reservations"])
def test_reservations_of_the_shop_and_of_rules(several, gate):
    """The shop reserves and takes back, a rule reserves for the same customer: the counter is what there is."""
    codes = [{"code": "SOFT", "usageLimit": 0}]
    running(several.manager, make.rule(condition=["and", COUPON_VALID], effects=[["reserveCoupon"]]), codes=codes)
    url, body = "/v1/coupon_reservations/SOFT", {"integrationIDs": ["kim", "lee"]}
    members = {"profileId": "kim", "couponCodes": ["SOFT"], "cartItems": [line()]}
    asks = [("POST", url, body), ("DELETE", url, body)] * 2
    answers = several.at_once(*asks, *[session(f"s{number}", **members) for number in range(3)], gate=gate)
    assert {answer.status_code for answer in answers} <= {200, 201, 204}, [answer.text for answer in answers]


@pytest.mark.parametrize("gate", ["", "referrals"])
def test_the_last_use_of_a_referral(several, gate):
    rule = make.rule(condition=["and", ["referralValid"]], effects=[["setDiscount", "Friend", 10]])
    campaign, _ = running(several.manager, rule, features=["referrals"])
    update(several.shop, "advocate", {"profileId": "ann"})
    code = make.new_referral(several.shop, campaign["id"], usageLimit=2)["code"]
    orders(several, 6, referralCode=code)
    found = closed(several, 6, gate)
    assert len(given(found, "acceptReferral")) == 2
    [row] = several.sql("SELECT usage_counter, (SELECT count(*) FROM referral_redemptions) FROM referrals")
    assert tuple(row) == (2, 2)
    answers = several.at_once(*[cancel(f"s{number}") for number in range(6)], gate=gate)
    assert {answer.status_code for answer in answers} == {200}
    assert several.sql("SELECT usage_counter FROM referrals")[0]["usage_counter"] == 0


@pytest.mark.parametrize("gate", ["", "referrals"])
def test_a_friend_comes_once(several, gate):
    """Whoever redeems two referrals at the same moment is referred by one."""
    rule = make.rule(condition=["and", ["referralValid"]], effects=[["setDiscount", "Friend", 10]])
    campaign, _ = running(several.manager, rule, features=["referrals"])
    for number in range(4):
        update(several.shop, f"advocate-{number}", {"profileId": f"a{number}"})
        code = make.new_referral(several.shop, campaign["id"], advocate=f"a{number}", usageLimit=5)["code"]
        update(several.shop, f"s{number}", {"profileId": "fred", "referralCode": code, "cartItems": [line()]})
    assert len(given(closed(several, 4, gate), "acceptReferral")) == 1
    assert several.sql("SELECT count(*) AS n FROM referral_redemptions")[0]["n"] == 1
