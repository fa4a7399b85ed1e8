"""Comparison, logic, names and templates (rules.md §3.5 to §3.8).

Arguments are all evaluated: nothing hides an error but `catch` and `.|`.
"""

from collections.abc import Callable
from typing import Any

from guerdon.engine.talang.kinds import ANY, ATOM, BOOLEAN, EFFECT, LAMBDA, NULL, NUMBER, TEXT, TIME, TRUTH, a, kind_of
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.scopes import assign
from guerdon.engine.talang.values import ERRORS, EvaluationError, same, shown

_LATE, _EARLY = "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"

for _kind, _pair in ((NUMBER, (5, 2)), (TIME, (_LATE, _EARLY))):
    for _name, _operator, _words, _holds in (
        ("<", "Lt", "less than", False),
        ("<=", "LtE", "at most", False),
        (">", "Gt", "greater than", True),
        (">=", "GtE", "at least", True),
    ):
        add(
            _name, _kind, _kind, rest=_kind, returns=BOOLEAN, operator=_operator,
            doc=f"Whether the first is {_words} each of the rest.",
            example=([_name, *_pair], _holds),
        )  # fmt: skip


@declare("=", ATOM, ATOM, rest=ATOM, returns=BOOLEAN, example=(["=", "a", "a"], True))
def _equal(first: Any, *others: Any) -> bool:
    """Whether the first equals each of the rest: numbers by value, times by instant, others by their text."""
    return all(same(first, other) for other in others)


@declare("!=", ATOM, ATOM, rest=ATOM, returns=BOOLEAN, example=(["!=", "a", "b"], True))
def _different(first: Any, *others: Any) -> bool:
    """Whether the first differs from every other."""
    return not any(same(first, other) for other in others)


def _truth(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, list | dict):
        return True
    raise EvaluationError(f"{name} takes true or false, got {shown(value)}")


@declare("and", rest=TRUTH, returns=BOOLEAN, example=(["and", True, True], True))
def _and(*values: Any) -> bool:
    """Whether all hold; a list or map counts as true."""
    return all([_truth(value, "and") for value in values])  # noqa: C419 - a wrong value is an error wherever it is


@declare("or", rest=TRUTH, returns=BOOLEAN, example=(["or", False, True], True))
def _or(*values: Any) -> bool:
    """Whether one holds; a list or map counts as true."""
    return any([_truth(value, "or") for value in values])  # noqa: C419


@declare("not", BOOLEAN, returns=BOOLEAN, example=(["not", False], True))
def _not(value: bool) -> bool:
    """The opposite."""
    return not value


@declare("identity", ANY, returns=lambda kinds: kinds[0], example=(["identity", 10], "10"))
def _identity(value: Any) -> Any:
    """Its argument; how a constant is bound to a name."""
    return value


def _either(kinds: tuple[str, ...]) -> str:
    return kinds[-1] if len(set(kinds[-2:])) == 1 else ANY


@declare("if", BOOLEAN, ANY, ANY, returns=_either, lazy=True, eager=1, example=(["if", True, 1, 2], "1"))
def _if(condition: bool, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """The second argument when the condition holds, else the third; only that one is evaluated."""
    return then() if condition else otherwise()


@declare("catch", ANY, ANY, returns=_either, lazy=True, child=(1,), example=(["catch", 0, ["/", 1, 0]], "0"))
def _catch(fallback: Callable[[], Any], attempt: Callable[[], Any]) -> Any:
    """The second argument, or the first where the second is an error. What the second sets is known only in it."""
    try:
        return attempt()
    except ERRORS:
        return fallback()


@declare("catch", EFFECT, EFFECT, returns=EFFECT, lazy=True, child=(1,), frame=True)
def _catch_effect(frame: Any, fallback: Callable[[], Any], attempt: Callable[[], Any]) -> None:
    """The second effect, or the first where the second fails, which then leaves nothing behind; `["noop"]` first makes
    an effect optional."""
    if frame.attempt(attempt):
        fallback()


@declare("if", BOOLEAN, EFFECT, EFFECT, returns=EFFECT, lazy=True, eager=1)
def _if_effect(condition: bool, then: Callable[[], Any], otherwise: Callable[[], Any]) -> None:
    """One effect or the other."""
    (then if condition else otherwise)()


def _default_kind(kinds: tuple[str, ...]) -> str:
    return kinds[0] if kinds[0] != ANY else kinds[1]


@declare(
    ".|", ANY, ANY, returns=_default_kind, lazy=True, eager=1, child=(1,),
    example=([".|", "none", ["item", ["list", "a"], 5]], "none"),
)  # fmt: skip
def _safely(default: Any, attempt: Callable[[], Any]) -> Any:
    """The second argument, or the first where the second is an error; both must be of the same kind."""
    try:
        value = attempt()
    except ERRORS:
        return default
    if kind_of(value) != kind_of(default):
        raise EvaluationError(f"the default is {a(kind_of(default))}, but the value is {a(kind_of(value))}")
    return value


add("noop", returns=NULL, run=lambda: None, doc="Nothing.", example=(["noop"], None))


@declare(
    "do", ANY, LAMBDA, returns=lambda kinds: kinds[-1], effects=True,
    example=(["do", ["+", 1, 2], [["x"], ["*", [".", "x"], [".", "x"]]]], "9"),
)  # fmt: skip
def _do(value: Any, body: Callable[[Any], Any]) -> Any:
    """What the body makes of the value, or the effects in the body. Also written `["do", value, "x", body]`."""
    return body(value)


add(
    "set", TEXT, ANY, rest=ANY, returns=NULL, run=assign, frame=True,
    doc="Sets a name, or what keys lead to in it: `[\"set\", \"a\", \"b\", 5]`. The expressions after it know it.",
    example=([["set", "n", 2], ["+", [".", "n"], 1]], "3"),
)  # fmt: skip
add(
    ".", ATOM, rest=ATOM, returns=ANY,
    doc="Looks something up by its name, and in it by the keys that follow.",
    example=([["set", "n", "key", 2], [".", "n", "key"]], "2"),
)  # fmt: skip
add(
    "setTemplate", TEXT, ANY, returns=NULL,
    doc="Keeps a body to be used with `!`; in it `[\"#\", 0]` stands for the first argument. The signature says which "
    "kinds of arguments it takes: a call or lookup is a `Token`, for arguments are put in as they are written.",
    example=([["setTemplate", "twice(Decimal|Token)Decimal", ["*", 2, ["#", 0]]], ["!", "twice", 4]], "8"),
)  # fmt: skip
add(
    "!", TEXT, rest=ANY, returns=ANY, doc="The template of this name with these arguments.",
    example=([["setTemplate", "ten()Decimal", 10], ["!", "ten"]], "10"),
)  # fmt: skip
add(
    "#", NUMBER, returns=ANY, doc="In a template: its argument, counted from 0.",
    example=([["setTemplate", "same(Any)Any", ["#", 0]], ["!", "same", "a"]], "a"),
)  # fmt: skip
