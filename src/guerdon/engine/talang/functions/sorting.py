"""Sorting (rules.md §3.8, §4.7): always stable, and the list that was given stays as it is."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from guerdon.engine.talang.kinds import (
    BOOLEAN,
    LAMBDA,
    LAMBDAS,
    LIST,
    NUMBER,
    TEXT,
    TIME,
    a,
    kind_of,
)
from guerdon.engine.talang.registry import COMPUTED, declare
from guerdon.engine.talang.values import EvaluationError, exact, expect, text

Body = Callable[[Any], Any]
_CHARACTERS_A_STEP = 64
_COMPARISONS_A_STEP = 4


def _same_list(kinds: tuple[str, ...]) -> str:
    return kinds[0]


def _sorted(frame: Any, values: list[Any], keys: list[Any], *, descending: bool) -> list[Any]:
    """The values by their keys. Comparing counts as steps, and more where keys are long texts."""
    length = sum(len(key) for key in keys if isinstance(key, str))
    frame.visit(len(values) * len(values).bit_length() // _COMPARISONS_A_STEP + length // _CHARACTERS_A_STEP)
    order = sorted(range(len(values)), key=keys.__getitem__, reverse=descending)
    return [values[place] for place in order]


@declare("sort", LIST, rest=BOOLEAN, returns=_same_list, frame=True, example=(["sort", ["list", 10, 9]], ["10", "9"]))
def _sort(frame: Any, values: list[Any], *descending: bool) -> list[Any]:
    """Sorted by their text, so 10 comes before 9; `true` as the second argument turns the order around."""
    frame.visit(len(values))
    return _sorted(frame, values, [text(value) for value in values], descending=descending[:1] == (True,))


@declare("sortByNumber", LIST, LAMBDA, BOOLEAN, returns=_same_list, frame=True, body=NUMBER,
         example=(["sortByNumber", ["list", 1, 3, 2], [["x"], [".", "x"]], True], ["3", "2", "1"]))  # fmt: skip
def _sort_by_number(frame: Any, values: list[Any], body: Body, descending: bool) -> list[Any]:
    """Sorted by the number the body makes of each, from the largest with `true`; equal ones keep their order."""
    frame.visit(len(values))
    return _sorted(frame, values, [expect(Decimal, body(value), NUMBER) for value in values], descending=descending)


@declare("sortByString", LIST, LAMBDA, BOOLEAN, returns=_same_list, frame=True, body=TEXT,
         example=(["sortByString", ["list", "b", "a"], [["x"], [".", "x"]], False], ["a", "b"]))  # fmt: skip
def _sort_by_string(frame: Any, values: list[Any], body: Body, descending: bool) -> list[Any]:
    """Sorted by the text the body makes of each, from the last with `true`; equal ones keep their order."""
    frame.visit(len(values))
    return _sorted(frame, values, [expect(str, body(value), TEXT) for value in values], descending=descending)


def _directions(args: tuple[Any, ...]) -> str:
    wrong = [one for one in args[2:] if one is not COMPUTED and one not in ("asc", "desc")]
    return "the directions of `sortBy` are asc or desc" if wrong else ""


@declare("sortBy", LIST, LAMBDAS, rest=TEXT, returns=_same_list, frame=True, verify=_directions,
         example=(["sortBy", ["list", 1, 12, 3], [["x"], ["mod", [".", "x"], 2], [".", "x"]], "desc", "asc"],
                  ["1", "3", "12"]))  # fmt: skip
def _sort_by(frame: Any, values: list[Any], body: Callable[[Any], list[Any]], *directions: str) -> list[Any]:
    """Sorted by several keys: the lambda has one body for each, and a direction, `asc` or `desc`, may follow for each;
    without one it is `asc`. The keys are numbers, texts, times or booleans, each of the same kind throughout."""
    frame.visit(len(values))
    if any(direction not in ("asc", "desc") for direction in directions):
        raise EvaluationError("the directions of sortBy are asc or desc")
    rows = [[exact(key) for key in body(value)] for value in values]
    result = list(zip(values, rows, strict=True))
    for place in reversed(range(len(rows[0]) if rows else 0)):
        descending = directions[place : place + 1] == ("desc",)
        result = _sorted(frame, result, _keys([row[place] for _, row in result]), descending=descending)
    return [value for value, _ in result]


def _keys(keys: list[Any]) -> list[Any]:
    kinds = {kind_of(key) for key in keys}
    if len(kinds) > 1 or not kinds <= {NUMBER, TEXT, TIME, BOOLEAN}:
        raise EvaluationError(f"a key of sortBy is {' or '.join(a(kind) for kind in sorted(kinds))}")
    return keys
