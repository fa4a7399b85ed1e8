"""Whatever is written, there is a value or a declared error (Hypothesis)."""

import contextlib
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import judge
from guerdon.engine import Facts, check_ruleset
from guerdon.engine import evaluate as judge_session
from guerdon.engine.talang import TalangError, evaluate, registry
from guerdon.engine.talang.lisp import parse
from guerdon.engine.talang.syntax import Node, SyntaxProblem

fuzz = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck), database=None)
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
BINDINGS = {"n": 3, "t": "text", "l": [3, 1, 2], "m": {"a": {"b": 1}}, "y": True, "d": NOW, "x": "10"}

# --- what is written

names = st.sampled_from([*registry.names(), "COUNT", "nope", ""])
word = st.sampled_from(
    [*BINDINGS, "a", "b", "Session", "Total", "CartItems", "Item", "days", "yyyy-MM-dd", "(", "x", "t(Any)Any", "t"]
)
number = st.one_of(
    st.integers(-3, 5), st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-10, max_value=10)
)
scalar = st.one_of(
    number, word, st.booleans(), st.none(), st.text(max_size=5), st.just("2026-01-01T00:00:00Z"),
    st.sampled_from([10**15, -(10**15), Decimal("1e-30"), 10**30]),
)  # fmt: skip
path = st.lists(word, min_size=1, max_size=3).map(lambda parts: [".", *parts])


def calls(inner):
    body = st.tuples(st.lists(word, min_size=1, max_size=1), inner).map(list)
    argument = st.one_of(inner, inner, body, path)
    call = st.tuples(names, st.lists(argument, max_size=4)).map(lambda pair: [pair[0], *pair[1]])
    return st.one_of(call, call, call, st.lists(inner, max_size=3), path)


expressions = st.recursive(st.one_of(scalar, path), calls, max_leaves=25)
any_json = st.recursive(
    st.one_of(scalar, st.floats()), lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=3), inner)),
    max_leaves=30,
)  # fmt: skip
any_text = st.one_of(st.text(), st.text(alphabet="()\"'\\ .+-1aT:Z\n#!", max_size=60))


@st.composite
def fitting_calls(draw, depth=3):
    """A call of a function with arguments of the kinds it takes, more often than not."""
    function = draw(st.sampled_from([one for one in registry.all_functions() if not one.is_effect]))
    count = draw(st.integers(len(function.params) - function.optional, len(function.params)))
    more = draw(st.integers(0, 2)) if function.rest else 0
    kinds = [*function.params[:count], *[function.rest] * more]
    return [function.name, *(draw(argument(kind, depth)) for kind in kinds)]


def argument(kind, depth):
    if kind in ("lambda", "lambda of several values"):
        bodies = st.lists(deeper(depth), min_size=1, max_size=2)
        return bodies.map(lambda found: [["x"], *found])
    if kind == "entry":
        return st.tuples(word, deeper(depth)).map(list)
    plain = {
        "number": number, "text": word, "boolean": st.booleans(), "time": st.just("2026-01-01T00:00:00Z"),
        "map": st.just(["kv", ["a", 1]]),
    }.get(kind, st.lists(scalar, max_size=4).map(lambda found: ["list", *found]) if kind.startswith("list") else scalar)  # fmt: skip
    return st.one_of(plain, deeper(depth), path)


def deeper(depth):
    return fitting_calls(depth - 1) if depth else st.one_of(scalar, path)


# --- what becomes of it


@given(expressions)
@fuzz
def test_any_expression_ends_in_a_value_or_an_error(expression):
    with contextlib.suppress(TalangError):
        evaluate(expression, BINDINGS, now=NOW)


@given(fitting_calls())
@fuzz
def test_any_call_of_a_function_ends_in_a_value_or_an_error(expression):
    with contextlib.suppress(TalangError):
        evaluate(expression, BINDINGS, now=NOW)


@given(any_json)
@fuzz
def test_any_json_ends_in_a_value_or_an_error(value):
    with contextlib.suppress(TalangError):
        evaluate(value, BINDINGS)


@given(any_text)
@fuzz
def test_any_text_ends_in_a_value_or_an_error(text):
    with contextlib.suppress(TalangError):
        evaluate(text, BINDINGS)


@given(any_text)
@fuzz
def test_any_text_is_a_tree_or_a_syntax_problem(text):
    with contextlib.suppress(SyntaxProblem):
        assert isinstance(parse(text), Node)


@given(st.lists(st.one_of(expressions, fitting_calls()), min_size=1, max_size=3), st.lists(expressions, max_size=2))
@fuzz
def test_any_ruleset_is_refused_with_problems_or_runs(conditions, effects):
    rules = [{"title": "R", "condition": ["and", *conditions], "effects": [*effects, ["setDiscount", "A", 1]]}]
    bindings = [{"name": "l", "expression": ["list", 1, 2]}]
    problems = check_ruleset(rules, bindings, attributes={})
    assert all(problem.pointer.startswith("/rules/0/") and problem.message for problem in problems)
    program = judge.program([judge.campaign(rules=rules, bindings=bindings)], [], judge.settings(flattened=True))
    session = judge.session(cartItems=[{"sku": "MUG", "price": 10, "quantity": 2}])
    facts = Facts(event="talon_session_updated", session=session, profile=None, coupons=(), explain=True)
    outcome = judge_session(program, facts, judge.NOW)
    assert len(outcome.failures) + len(outcome.triggered_campaign_ids) == 1
    assert not (problems and outcome.effects)
