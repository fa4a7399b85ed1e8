"""One way in for every kind of request: by the event, rules run or what was given is taken back."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

import judge
from guerdon.engine import Facts, evaluate, read_case
from guerdon.engine import judge as decide
from guerdon.engine.effects import Effect
from guerdon.engine.facts import ReturnedLine
from guerdon.engine.outcome import LimitUse, Outcome
from guerdon.engine.returns import return_items
from guerdon.engine.rollback import take_back
from guerdon.engine.standing import Redemption, ReferralRedemption, Standing
from guerdon.wire.base import decoder, encode

EVENTS = ["talon_session_closed", "talon_session_revoked", "talon_session_reopened"]
CASE = """{
  "campaigns": [{
    "rules": [{"title": "Ten", "condition": ["and", ["couponValid"]], "effects": [
      ["setDiscount", "Ten", 10], ["customEffect", 3, "wrap", ["kv", ["ribbons", 1.50]]]
    ]}],
    "limits": [{"action": "setDiscount", "limit": 100, "entities": ["Profile"]}]
  }],
  "event": "talon_session_closed",
  "profile": {},
  "coupons": [{}],
  "session": {"state": "closed", "profileId": "jane", "cartItems": [{"price": 50}]}
}"""


def closed():
    """A closing, and the facts of a later event of the same session."""
    case = read_case(CASE)
    outcome = evaluate(case.program, case.facts, case.now)
    standing = Standing(
        effects=decoder(tuple[Effect, ...]).decode(encode(outcome.holding)),
        redemptions=(Redemption(7, 1),),
        referrals=(ReferralRedemption(5, 1),),
        charged=outcome.charged,
    )
    return case, outcome, replace(case.facts, standing=standing)


@pytest.mark.parametrize(
    ("event", "count"),
    [("talon_session_created", 3), ("talon_session_updated", 3), ("talon_session_closed", 3), ("birthday", 0)],
)
def test_rules_decide(event, count):
    """Codes are answered when their session is judged, not when an event is connected with it."""
    case = read_case(CASE)
    facts = replace(case.facts, event=event)
    outcome = decide(case.program, facts, case.now)
    assert outcome == evaluate(case.program, facts, case.now)
    assert len(outcome.effects) == count


@pytest.mark.parametrize("event", ["talon_session_revoked", "talon_session_reopened"])
def test_what_was_given_is_taken_back(event):
    case, _, facts = closed()
    outcome = decide(case.program, replace(facts, event=event), case.now)
    assert outcome == take_back(facts.standing)
    assert [one.effect_type for one in outcome.effects] == ["rollbackCoupon", "rollbackDiscount"]
    assert [one.effect_type for one in outcome.holding] == ["customEffect"]


@pytest.mark.parametrize("event", ["talon_session_revoked", "talon_session_reopened"])
def test_a_session_of_which_nothing_is_known_loses_nothing(event):
    case = read_case(CASE)
    assert decide(case.program, replace(case.facts, event=event), case.now) == Outcome(effects=())


def test_what_was_given_for_returned_items_is_taken_back():
    case, _, facts = closed()
    facts = replace(facts, event="talon_session_partially_returned", returned=(ReturnedLine(0, 0, 1),))
    outcome = decide(case.program, facts, case.now)
    assert outcome == return_items(case.program, facts, case.now)
    assert (outcome.effects, outcome.holding) == ((), facts.standing.effects)  # none of it is for single items


def test_an_open_session_that_is_cancelled_had_nothing():
    case, _, facts = closed()
    assert decide(case.program, replace(facts, event="talon_session_cancelled"), case.now) == Outcome(effects=())


def test_what_holds_and_what_can_be_given_back_after_a_closing():
    case, outcome, _ = closed()
    assert outcome.holding == outcome.effects
    ten = LimitUse(
        campaign_id=1, action="setDiscount", entities=(("Profile", "jane"),), period="", amount=Decimal(10),
        limit=Decimal(100),
    )  # fmt: skip
    assert outcome.charged == (ten,) == outcome.limit_uses
    opened = replace(case.facts, event="talon_session_updated", session=replace(case.facts.session, state="open"))
    still_open = evaluate(case.program, opened, case.now)
    assert (still_open.holding, still_open.charged) == (still_open.effects, ())
    of_no_session = evaluate(case.program, replace(case.facts, event="birthday"), case.now)
    assert of_no_session.charged == ()


@pytest.mark.parametrize("event", [*EVENTS, "talon_session_partially_returned"])
def test_facts_read_from_the_log_give_the_same_bytes(event):
    case, _, facts = closed()
    facts = replace(facts, event=event, returned=(ReturnedLine(0, 0, 1),), run_rules=True)
    again = decoder(Facts).decode(encode(facts))
    assert again == facts
    assert encode(decide(case.program, again, judge.NOW)) == encode(decide(case.program, facts, judge.NOW))
