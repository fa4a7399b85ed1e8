"""Comparison and logic (rules.md §3.8). Arguments are all evaluated: nothing hides an error but `catch`."""

from collections.abc import Callable
from typing import Any

from guerdon.engine.talang.kinds import ANY, BOOLEAN, EFFECT, NULL, NUMBER, TIME
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.values import ERRORS, EvaluationError, same, shown

for _kind, _example in ((NUMBER, 5), (TIME, None)):
    for _name, _operator, _words, _holds in (
        ("<", "Lt", "less than", False),
        ("<=", "LtE", "at most", False),
        (">", "Gt", "greater than", True),
        (">=", "GtE", "at least", True),
    ):
        add(
            _name, _kind, _kind, rest=_kind, returns=BOOLEAN, operator=_operator,
            doc=f"Whether the first is {_words} each of the rest.",
            example=([_name, 5, 2], _holds) if _example else None,
        )  # fmt: skip


@declare("=", ANY, ANY, rest=ANY, returns=BOOLEAN, example=(["=", "a", "a"], True))
def _equal(first: Any, *others: Any) -> bool:
    """Whether the first equals each of the rest: numbers by value, times by instant, others by their text."""
    return all(same(first, other) for other in others)


@declare("!=", ANY, ANY, rest=ANY, returns=BOOLEAN, example=(["!=", "a", "b"], True))
def _different(first: Any, *others: Any) -> bool:
    """Whether the first differs from every other."""
    return not any(same(first, other) for other in others)


def _truth(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, list | dict):
        return True
    raise EvaluationError(f"{name} takes true or false, got {shown(value)}")


@declare("and", rest=ANY, returns=BOOLEAN, example=(["and", True, True], True))
def _and(*values: Any) -> bool:
    """Whether all hold; a list counts as true."""
    return all([_truth(value, "and") for value in values])  # noqa: C419 - a wrong value is an error wherever it is


@declare("or", rest=ANY, returns=BOOLEAN, example=(["or", False, True], True))
def _or(*values: Any) -> bool:
    """Whether one holds; a list counts as true."""
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


@declare("if", BOOLEAN, ANY, ANY, returns=_either, lazy=True, example=(["if", True, 1, 2], "1"))
def _if(condition: bool, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """The second argument when the condition holds, else the third; only that one is evaluated."""
    return then() if condition else otherwise()


@declare("catch", ANY, ANY, returns=_either, lazy=True, example=(["catch", 0, ["/", 1, 0]], "0"))
def _catch(fallback: Callable[[], Any], attempt: Callable[[], Any]) -> Any:
    """The second argument, or the first where the second is an error."""
    try:
        return attempt()
    except ERRORS:
        return fallback()


@declare("catch", NULL, EFFECT, returns=EFFECT, lazy=True, frame=True)
def _catch_effect(frame: Any, _: Callable[[], Any], attempt: Callable[[], Any]) -> None:
    """Makes one effect optional: where it fails it leaves nothing and the rule goes on."""
    frame.attempt(attempt)


@declare("if", BOOLEAN, EFFECT, EFFECT, returns=EFFECT, lazy=True)
def _if_effect(condition: bool, then: Callable[[], Any], otherwise: Callable[[], Any]) -> None:
    """One effect or the other."""
    (then if condition else otherwise)()


add("noop", returns=NULL, run=lambda: None, doc="Nothing.", example=(["noop"], None))
