# ruff: noqa: RUF001 - the signs are those that are printed
"""A trace tells the truth: the same outcome, every value, and why a rule did not fire."""

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from guerdon.engine import evaluate
from guerdon.engine.case import read_case
from guerdon.engine.explain import explain
from guerdon.engine.prose import prose
from guerdon.engine.tell import tell
from guerdon.wire.base import encode

FILES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def story(given):
    case = read_case(given if isinstance(given, str | bytes) else encode(given))
    return "\n".join(tell(case.program, explain(case.program, case.facts, case.now)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_explaining_changes_nothing(path):
    case = read_case(path.read_bytes())
    trace = explain(case.program, case.facts, case.now)
    assert encode(trace.outcome) == encode(evaluate(case.program, replace(case.facts, explain=True), case.now))
    lines = list(tell(case.program, trace))
    told = [one for one in lines if one[2:].startswith("Campaign ")]
    assert len(told) == len(case.program.campaigns)
    fired = [rule for campaign in trace.campaigns for rule in campaign.rules if rule.fired]
    assert all(not rule.details for rule in fired)


STORIES = {
    "a condition that does not hold": (
        {
            "campaigns": [
                {
                    "name": "Autumn",
                    "rules": [
                        {
                            "title": "10 % from 50",
                            "condition": ["and", ["couponValid"], [">=", [".", "Session", "Total"], 50], ["=", 1, 1]],
                            "effects": [["setDiscount", "10 % off", ["*", [".", "Session", "Total"], ["/", 10, 100]]]],
                        }
                    ],
                }
            ],
            "coupons": [{}],
            "session": {"cartItems": [{"price": 30}]},
        },
        """\
✗ Campaign 1 "Autumn" no rule fired
  ✗ Rule 1 "10 % from 50", code SAVE
      ✓ couponValid
      ✗ Session.Total ≥ 50
          Session.Total = 30
      · 1 = 1
      why: Condition 2 does not hold
✗ rejectCoupon value "SAVE", rejectionReason "CouponRejectedByCondition", conditionIndex 1, \
details "Condition 2 does not hold\"""",
    ),
    "an error": (
        {
            "attributes": [["CustomerProfile", "tier", "string"]],
            "campaigns": [
                {
                    "rules": [
                        {
                            "title": "Gold",
                            "condition": ["and", ["=", [".", "Profile", "Attributes", "tier"], "Gold"]],
                            "effects": [["setDiscount", "Gold", 1]],
                        }
                    ]
                }
            ],
            "profile": {},
        },
        """\
✗ Campaign 1 "Summer" no rule fired
  ✗ Rule 1 "Gold"
      ✗ Profile.Attributes.tier = "Gold"
      why: Condition 1: Profile.Attributes.tier is not set""",
    ),
    "a filter, item by item": (
        {
            "campaigns": [
                {
                    "bindings": [
                        {
                            "name": "Dear",
                            "type": "cartItemFilter",
                            "expression": [
                                "filter", [".", "Session", "CartItems"], [["Item"], [">", [".", "Item", "Price"], 15]],
                            ],
                        }
                    ],
                    "rules": [
                        {
                            "title": "Dear ones",
                            "condition": ["and", [">", ["count", [".", "Dear"]], 1]],
                            "effects": [["setDiscount", "1 off", 1]],
                        }
                    ],
                }
            ],
            "session": {"cartItems": [{"price": 10}, {"price": 20}]},
        },
        """\
✗ Campaign 1 "Summer" no rule fired
  ✗ Rule 1 "Dear ones"
      Dear = [SKU-1#1] (1), from filter(Session.CartItems, Item.Price > 15)
      ✗ count(Dear) > 1
          count(Dear) = 1
            Dear = [SKU-1#1] (1)
      why: Condition 1 does not hold""",
    ),
    "an effect that fails, and failure effects": (
        {
            "campaigns": [
                {
                    "rules": [
                        {
                            "title": "Too much",
                            "condition": ["and", True],
                            "effects": [["setDiscount", "1 off", 1], ["setDiscount", "Less", ["-", 2, 5]]],
                        },
                        {
                            "title": "Told",
                            "condition": ["and", ["onFailure", False, [["showNotification", "Info", "No", "Sorry"]]]],
                            "effects": [],
                        },
                        {
                            "title": "Wrapped",
                            "condition": ["and", True],
                            "effects": [["customEffect", 7, "wrap", ["kv", ["paper", "red"], ["worth", 4.5]]]],
                        },
                    ]
                }
            ],
            "session": {"cartItems": [{"price": 10}]},
        },
        """\
✓ Campaign 1 "Summer" triggered
  ✗ Rule 1 "Too much"
      ✓ true
      ✗ setDiscount("Less", 2 - 5)
          2 - 5 = -3
      why: Effect 2: the discount 'Less' is negative
  ✗ Rule 2 "Told"
      ✗ false
      why: Condition 1 does not hold
      → showNotification notificationType "Info", title "No", body "Sorry"
  ✓ Rule 3 "Wrapped"
      ✓ true
      → customEffect effectId 7, name "wrap", payload {"paper":"red","worth":4.5}""",
    ),
    "campaigns that do not run, and one that a group passes over": (
        {
            "groups": [{"id": 5, "mode": "highestDiscount"}],
            "campaigns": [
                {"id": 1, "state": "disabled", "rules": []},
                {"id": 2, "startTime": "2026-07-01T00:00:00Z", "rules": []},
                {"id": 3, "endTime": "2026-01-01T00:00:00Z", "rules": []},
                {"id": 4, "rules": None},
                {"id": 6, "stores": ["bonn"], "rules": []},
                {"id": 7, "rules": []},
                {"id": 8, "groupId": 5, "rules": [{"title": "A", "condition": ["and", True], "effects": [["setDiscount", "A", 1]]}]},
                {"id": 9, "groupId": 5, "rules": [{"title": "B", "condition": ["and", True], "effects": [["setDiscount", "B", 2]]}]},
            ],
            "session": {"cartItems": [{"price": 10}]},
        },
        """\
✗ Campaign 1 "Summer" not running: it is disabled
✗ Campaign 2 "Summer" not running: it starts at 2026-07-01 00:00 UTC
✗ Campaign 3 "Summer" not running: it ended at 2026-01-01 00:00 UTC
✗ Campaign 4 "Summer" not running: it has no active ruleset
✗ Campaign 6 "Summer" not running: it is for the stores bonn; the session is of none
✗ Campaign 7 "Summer" no rule fired: it has no rules
✗ Campaign 8 "Summer" passed over: another campaign of its group was chosen for its discount
  ✓ Rule 1 "A"
      ✓ true
      would have given: setDiscount name "A", value 1
✓ Campaign 9 "Summer" triggered
  ✓ Rule 1 "B"
      ✓ true
      → setDiscount name "B", value 2""",
    ),
    "what a limit took away, and bundles": (
        {
            "application": {"partial": True},
            "campaigns": [
                {
                    "limits": [{"action": "setDiscount", "limit": 100}],
                    "bindings": [
                        {
                            "name": "Pair",
                            "type": "bundle",
                            "expression": ["bundle", [[".", "Session", "CartItems"], 2]],
                        }
                    ],
                    "rules": [
                        {
                            "title": "Pairs",
                            "condition": ["and", [">", ["count", [".", "Pair"]], 0]],
                            "effects": [["setDiscount", "20 off", 20]],
                        },
                        {"title": "More", "condition": ["and", True], "effects": [["setDiscount", "1 off", 1]]},
                    ],
                }
            ],
            "counters": [{"campaignId": 1, "action": "setDiscount", "used": 90}],
            "session": {"cartItems": [{"sku": "A", "price": 60}, {"sku": "B", "price": 40}]},
        },
        """\
✓ Campaign 1 "Summer" triggered
  ✓ Rule 1 "Pairs"
      Pair = [A#0+B#1] (1), from bundle(Session.CartItems; 2)
      ✓ count(Pair) > 0
          count(Pair) = 1
            Pair = [A#0+B#1] (1)
      → setDiscount name "20 off", value 10, desiredValue 20 (a limit took away a part: 20 was wanted)
  ✗ Rule 2 "More"
      ✓ true
      ✗ setDiscount("1 off", 1)
      why: Effect 1: the limit on setDiscount has 0 left, not enough for '1 off'""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_the_story(name):
    given, told = STORIES[name]
    assert story(given) == told


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        (["*", ["+", 1, 2], ["-", 3, ["-", 2, 1]]], "(1 + 2) × (3 - (2 - 1))"),
        (["and", ["or", True, False], ["not", ["=", "a", "b"]]], '(true or false) and not ("a" = "b")'),
        (["catch", False, ["=", [".", "Item", "SKU"], "x"]], 'Item.SKU = "x"'),
        (["catch", 0, [".", "x"]], "x or else 0"),
        (["list", 1, None], "[1, null]"),
        ([[["a"], 1], ["noop"]], "1; noop"),
        (["setDiscount", "x", 1, {"partial": True}], 'setDiscount("x", 1, {partial: true})'),
        ([], "()"),
    ],
)
def test_expressions_as_one_line(expression, line):
    assert prose(expression) == line


def test_long_expressions_are_cut():
    assert len(prose(["list", *["x" * 10] * 100])) == 160


def run(*arguments):
    guerdon = str(Path(sys.executable).with_name("guerdon"))
    done = subprocess.run([guerdon, "eval", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_case_file_on_the_command_line(tmp_path):
    given, told = STORIES["a condition that does not hold"]
    path = tmp_path / "case.json"
    path.write_bytes(encode(given))
    assert run(str(path), "--explain") == (0, told + "\n", "")
    effects = [encode(effect).decode() for effect in evaluate_all(path)]
    assert run(str(path)) == (0, "".join(f"{effect}\n" for effect in effects), "")
    assert len(effects) == 1


def evaluate_all(path):
    case = read_case(path.read_bytes())
    return evaluate(case.program, case.facts, case.now).effects


def test_a_case_that_cannot_be_read(tmp_path):
    path = tmp_path / "case.json"
    missing = f"guerdon: {path}: No such file or directory\n"
    assert run(str(path)) == (1, "", missing)
    path.write_text('{"session": {"cartItem": []}}')
    code, out, error = run(str(path), "--explain")
    assert (code, out) == (1, "")
    assert error == f"guerdon: {path}: /session/cartItem: Session has no `cartItem`; did you mean `cartItems`?\n"
