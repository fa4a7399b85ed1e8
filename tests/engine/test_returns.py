"""Each file in lives/ is a session from its closing on: what returns, cancelling and opening again take back, and what
all counters stand at after each step (README there)."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

import judge
from guerdon.engine.standing import Standing
from life import Life

LIVES = sorted((Path(__file__).parent / "lives").glob("*.json"))


def read(text):
    """The life that a file is about, and its steps."""
    given = json.loads(text, parse_float=Decimal)
    steps = given.pop("steps")
    case = judge.Case(judge.encode(given))
    return case, Life(case.program, case.facts, case.now), steps


def take(life, step):
    life.now = datetime.fromisoformat(step["now"]) if "now" in step else life.now
    if step["does"] == "return":
        return life.give_back(*step["lines"], run_rules=step.get("runRules", False))
    return getattr(life, step["does"])()


def counters(life):
    """All that are not zero, by the names that files give them."""
    found = {f"{what} {of} {name}": value for (what, of, name), value in life.books.items() if value}
    for (_, action, entities, period), used in life.limits.items():
        if used:
            found[" ".join([action, *filter(None, [period]), *(f"{name}={one}" for name, one in entities)])] = used
    return found


def shown(effect):
    props = effect.props
    what = next(props[name] for name in ("title", "webhookName", "value", "name") if name in props)
    return f"{effect.effect_type} {what}"


@pytest.mark.parametrize("path", LIVES, ids=lambda path: path.stem)
def test_the_life_goes_as_it_says(path):
    case, life, steps = read(path.read_text())
    for step in steps:
        outcome = take(life, step)
        wanted = [case.wrapper(effect) | effect for effect in step["effects"]]
        assert judge.exact(judge.encode(outcome.effects)) == judge.exact(judge.encode(wanted))
        if "counters" in step:
            assert counters(life) == step["counters"]
        if "holding" in step:
            assert [shown(one) for one in life.standing.effects] == step["holding"]


CASE = """{
  "application": {"flattened": true},
  "campaigns": [{
    "reevaluateOnReturn": true,
    "rules": [{"title": "Five", "condition": ["and", true], "effects": [
      ["setDiscountPerItem", "Five", [".", "Session", "CartItems"], [["Item"], 5]], ["setDiscount", "One", 1]
    ]}],
    "limits": [{"action": "setDiscount", "limit": 100}]
  }],
  "session": {"cartItems": [{"price": 60}, {"price": 40}]},
  "steps": []
}"""


def closed(text=CASE):
    _, life, _ = read(text)
    life.close()
    return life


def test_nothing_is_taken_back_of_a_session_of_which_nothing_is_known():
    life = closed()
    life.standing = Standing()
    outcome = life.give_back((0, 1), run_rules=True)
    assert (outcome.effects, outcome.holding, outcome.campaign_uses, outcome.limit_uses) == ((), (), (), ())


def test_no_counter_gets_back_more_than_it_was_charged():
    life = closed()
    [charge] = life.standing.charged
    assert charge.amount == 11
    life.standing = replace(life.standing, charged=(replace(charge, amount=Decimal(7)),))
    assert [use.amount for use in life.give_back((0, 1)).limit_uses] == [-5]
    assert [use.amount for use in life.standing.charged] == [2]
    assert [use.amount for use in life.give_back((1, 1)).limit_uses] == [-2]
    assert life.standing.charged == ()


@pytest.mark.parametrize(
    "program",
    [
        judge.program([], [], judge.settings()),
        judge.program([judge.campaign(rules=[], state="archived", reevaluateOnReturn=True)], [], judge.settings()),
        judge.program([judge.campaign(rules=None, reevaluateOnReturn=True)], [], judge.settings()),
        judge.program([judge.campaign(rules=[])], [], judge.settings()),
    ],
    ids=["deleted", "archived", "without rules", "not asked for"],
)
def test_a_campaign_that_cannot_be_judged_anew_loses_what_goes_with_the_units(program):
    life = closed()
    life.program = program
    outcome = life.give_back((0, 1), run_rules=True)
    assert [(one.effect_type, one.props.name) for one in outcome.effects] == [("rollbackDiscount", "Five#0")]
    assert [shown(one) for one in life.standing.effects] == ["setDiscountPerItem 5", "setDiscount 1"]


def test_a_disabled_campaign_is_judged_anew():
    life = closed()
    source = life.program.campaigns[0].source
    life.program = judge.program([replace(source, state="disabled")], [], life.program.settings)
    outcome = life.give_back((0, 1), run_rules=True)
    assert [one.effect_type for one in outcome.effects] == [
        "rollbackDiscount", "rollbackDiscount", "rollbackDiscount", "setDiscountPerItem", "setDiscount",
    ]  # fmt: skip
    assert counters(life) == {"campaign 1 discount": 6, "campaign 1 discount_effects": 2, "setDiscount": 6}


def test_a_failed_rule_that_said_something_gave_nothing():
    small = '["onFailure", ["<", [".", "Session", "Total"], 100], [["showNotification", "Info", "Too", "large"]]]'
    life = closed(CASE.replace('["and", true]', f'["and", {small}]'))
    assert [shown(one) for one in life.standing.effects] == ["showNotification Too"]
    assert life.give_back((0, 1), run_rules=True).effects == ()
