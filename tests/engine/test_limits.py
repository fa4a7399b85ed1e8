"""Limits: their calendar windows, and what effects of other modules may take of them."""

from datetime import datetime
from decimal import Decimal

import pytest

import judge
from guerdon.engine import Facts, evaluate, read_case
from guerdon.engine.facts import LIMITED
from guerdon.engine.frame import Frame
from guerdon.engine.limits import label
from guerdon.engine.talang.values import EvaluationError
from guerdon.wire.base import encode


@pytest.mark.parametrize(
    ("period", "now", "timezone", "expected"),
    [
        (None, "2026-06-15T12:00:00+00:00", "UTC", ""),
        ("yearly", "2026-12-31T23:59:59+00:00", "UTC", "Y2026"),
        ("yearly", "2026-12-31T23:59:59+00:00", "Europe/Berlin", "Y2027"),
        ("monthly", "2026-06-01T00:00:00+00:00", "UTC", "Y2026M6"),
        ("monthly", "2026-06-01T00:00:00+00:00", "America/New_York", "Y2026M5"),
        ("daily", "2026-06-15T12:00:00+00:00", "UTC", "Y2026M6D15"),
        ("daily", "2026-06-15T12:00:00+00:00", "Pacific/Kiritimati", "Y2026M6D16"),
        ("daily", "2026-06-15T01:00:00+02:00", "UTC", "Y2026M6D14"),
        # the clocks of Berlin go forward on 29 March and back on 25 October
        ("daily", "2026-03-28T22:59:59+00:00", "Europe/Berlin", "Y2026M3D28"),
        ("daily", "2026-03-28T23:00:00+00:00", "Europe/Berlin", "Y2026M3D29"),
        ("daily", "2026-03-29T21:59:59+00:00", "Europe/Berlin", "Y2026M3D29"),
        ("daily", "2026-03-29T22:00:00+00:00", "Europe/Berlin", "Y2026M3D30"),
        ("daily", "2026-10-24T22:00:00+00:00", "Europe/Berlin", "Y2026M10D25"),
        ("daily", "2026-10-25T22:59:59+00:00", "Europe/Berlin", "Y2026M10D25"),
        ("daily", "2026-10-25T23:00:00+00:00", "Europe/Berlin", "Y2026M10D26"),
        # weeks are those of ISO 8601: Monday to Sunday, the first has the first Thursday of the year
        ("weekly", "2026-01-01T12:00:00+00:00", "UTC", "Y2026W1"),
        ("weekly", "2026-06-14T12:00:00+00:00", "UTC", "Y2026W24"),
        ("weekly", "2026-06-15T12:00:00+00:00", "UTC", "Y2026W25"),
        ("weekly", "2027-01-03T12:00:00+00:00", "UTC", "Y2026W53"),
        ("weekly", "2027-01-03T23:30:00+00:00", "Europe/Berlin", "Y2027W1"),
        ("weekly", "2024-12-30T12:00:00+00:00", "UTC", "Y2025W1"),
    ],
)
def test_the_calendar_window_of_a_time(period, now, timezone, expected):
    assert label(period, datetime.fromisoformat(now), timezone) == expected


def frame(*limits, **session):
    """A frame whose turn is a campaign with these limits."""
    program = judge.program([judge.campaign(limits=list(limits))], [], judge.settings())
    facts = Facts(event="talon_session_updated", session=judge.session(**session), profile=None, coupons=())
    made = Frame(program, facts, judge.NOW)
    made.begin_campaign(program.campaigns[0])
    return made


@pytest.mark.parametrize("action", LIMITED)
def test_every_action_can_be_limited(action):
    limits = frame({"action": action, "limit": 5}).limits
    assert limits.room(action) == 5
    assert limits.take(action, 3) == 3
    assert limits.room(action) == 2
    with pytest.raises(EvaluationError, match=f"^the limit on {action} has 2 left, not enough for 'points'$"):
        limits.take(action, 3, what="'points'")
    assert limits.room(action) == 2
    assert limits.take(action, 3, partial=True) == 2
    with pytest.raises(EvaluationError, match=f"^the limit on {action} has 0 left, not enough for {action}$"):
        limits.take(action, 1, partial=True)
    [use] = limits.uses()
    assert (use.action, use.amount) == (action, 5)


def test_without_limits_there_is_no_end_and_nothing_is_counted():
    limits = frame({"action": "callApi", "limit": 1}).limits
    assert limits.room("setDiscount") is None
    assert limits.take("setDiscount", Decimal("12.5")) == Decimal("12.5")
    limits.charge("setDiscount", Decimal(1))
    assert limits.uses() == ()


def test_an_amount_may_have_decimals_and_a_number_of_effects_may_not():
    limits = frame({"action": "createLoyaltyPoints", "limit": 2.5}, {"action": "callApi", "limit": 2.5}).limits
    assert limits.room("createLoyaltyPoints") == Decimal("2.5")
    assert limits.room("callApi") == 2


def test_what_is_undone_is_not_used():
    turn = frame({"action": "callApi", "limit": 2})
    start = turn.mark()
    turn.limits.take("callApi", 2)
    turn.restore(start)
    assert turn.limits.room("callApi") == 2
    assert turn.limits.uses() == ()


def test_limits_of_the_same_counter_are_counted_once():
    turn = frame({"action": "callApi", "limit": 5}, {"action": "callApi", "limit": 3})
    turn.limits.take("callApi", 2)
    assert turn.limits.room("callApi") == 1
    [use] = turn.limits.uses()
    assert use.amount == 2


def test_every_combination_of_entities_is_counted():
    given = {"action": "callApi", "limit": 5, "entities": ["Session", "Identifier"]}
    turn = frame(given, identifiers=["phone", "mail", "phone"])
    turn.limits.take("callApi", 2)
    assert [use.entities for use in turn.limits.uses()] == [
        (("Identifier", "mail"), ("Session", "S-1")),
        (("Identifier", "phone"), ("Session", "S-1")),
    ]


def test_a_limit_for_each_referral_is_for_the_campaign_of_the_referral():
    rule = {"title": "R", "condition": ["and", True], "effects": [["setDiscount", "Ten", 10]]}
    limit = {"action": "setDiscount", "limit": 5, "entities": ["Referral"]}
    sources = [judge.campaign(id=number, rules=[rule], limits=[limit]) for number in (1, 2)]
    referral = {"id": 9, "campaignId": 1, "code": "R", "value": "R", "advocateIntegrationId": "john"}
    text = encode({"campaigns": [], "referral": referral, "session": {"cartItems": [{"price": 50}]}})
    facts = read_case(text).facts
    outcome = evaluate(judge.program(sources, [], judge.settings()), facts, judge.NOW)
    given = [one.campaign_id for one in outcome.effects if one.effect_type == "setDiscount"]
    assert given == [2]
    assert (
        outcome.failures[0].details
        == "Effect 1: the limit on setDiscount per Referral has 5 left, not enough for 'Ten'"
    )
