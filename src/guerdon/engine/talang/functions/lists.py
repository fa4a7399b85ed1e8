"""Lists: filter, map, sum and the rest (rules.md §3.8, §4.7). A list may hold cart items, numbers or texts.

Whatever walks over a list tells the frame how far first, so that no rule runs for minutes.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from guerdon.engine.talang.kinds import ANY, BOOLEAN, LAMBDA, LIST, MAP, NUMBER, TEXT, element, list_of
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.values import EvaluationError, expect, same, text

Body = Callable[[Any], Any]


def _whole(count: Decimal) -> int:
    if count != count.to_integral_value() or count < 0:
        raise EvaluationError(f"expected a whole number of elements, got {text(count)}")
    return min(int(count), 10_000_000)


def _same_list(kinds: tuple[str, ...]) -> str:
    return next((kind for kind in kinds if kind.startswith("list of ")), LIST)


def _element(kinds: tuple[str, ...]) -> str:
    return element(_same_list(kinds))


def _list_kind(kinds: tuple[str, ...]) -> str:
    return list_of(kinds[0] if len(set(kinds)) == 1 else ANY)


@declare("list", rest=ANY, returns=_list_kind, example=(["count", ["list", "a", "b"]], "2"))
def _list(*values: Any) -> list[Any]:
    """A list of its arguments."""
    return list(values)


@declare("filter", LIST, LAMBDA, returns=_same_list, frame=True, body=BOOLEAN,
         example=(["count", ["filter", ["list", 1, 5, 9], [["x"], [">", [".", "x"], 2]]]], "2"))  # fmt: skip
def _filter(frame: Any, values: list[Any], body: Body) -> list[Any]:
    """The elements for which the body holds."""
    frame.visit(len(values))
    return [value for value in values if expect(bool, body(value), BOOLEAN)]


@declare("map", LIST, LAMBDA, returns=lambda kinds: list_of(kinds[1]), frame=True,
         example=(["max", ["map", ["list", 1, 2], [["x"], ["*", [".", "x"], 10]]]], "20"))  # fmt: skip
def _map(frame: Any, values: list[Any], body: Body) -> list[Any]:
    """What the body makes of each element."""
    frame.visit(len(values))
    return [body(value) for value in values]


@declare("exists", LIST, LAMBDA, returns=BOOLEAN, frame=True, body=BOOLEAN,
         example=(["exists", ["list", 1, 5], [["x"], [">", [".", "x"], 4]]], True))  # fmt: skip
def _exists(frame: Any, values: list[Any], body: Body) -> bool:
    """Whether the body holds for one element."""
    frame.visit(len(values))
    return any(expect(bool, body(value), BOOLEAN) for value in values)


@declare("every", LIST, LAMBDA, returns=BOOLEAN, frame=True, body=BOOLEAN,
         example=(["every", ["list", 1, 5], [["x"], [">", [".", "x"], 4]]], False))  # fmt: skip
def _every(frame: Any, values: list[Any], body: Body) -> bool:
    """Whether the body holds for all elements."""
    frame.visit(len(values))
    return all(body(value) is True for value in values)


@declare("count", LIST, returns=NUMBER, example=(["count", ["list", 1, 2, 3]], "3"))
def _count(values: list[Any]) -> Decimal:
    """How many elements there are."""
    return Decimal(len(values))


@declare("count", LIST, LAMBDA, returns=NUMBER, frame=True, body=BOOLEAN,
         example=(["count", ["list", 1, 5, 9], [["x"], [">", [".", "x"], 2]]], "2"))  # fmt: skip
def _count_of(frame: Any, values: list[Any], body: Body) -> Decimal:
    """For how many elements the body holds."""
    frame.visit(len(values))
    return Decimal(sum(expect(bool, body(value), BOOLEAN) for value in values))


@declare("isEmpty", LIST, returns=BOOLEAN, example=(["isEmpty", ["list"]], True))
@declare("isEmpty", TEXT, returns=BOOLEAN, example=(["isEmpty", ""], True))
def _is_empty(values: Any) -> bool:
    """Whether a list has no elements, or a text no characters."""
    return not values


@declare("item", LIST, NUMBER, returns=_element, example=(["item", ["list", "a", "b"], 1], "b"))
def _item(values: list[Any], index: Decimal) -> Any:
    """The element at an index that counts from 0; none there is an error."""
    if index != index.to_integral_value() or not 0 <= index < len(values):
        raise EvaluationError(f"the list has no element {text(index)}")
    return values[int(index)]


@declare("head", LIST, returns=ANY, example=(["head", ["list", "a", "b"]], "a"))
def _head(values: list[Any]) -> Any:
    """The first element, or null."""
    return values[0] if values else None


@declare("tail", LIST, returns=_same_list, frame=True, example=(["tail", ["list", 1, 2, 3]], ["2", "3"]))
def _tail(frame: Any, values: list[Any]) -> list[Any]:
    """All elements but the first."""
    frame.visit(len(values))
    return values[1:]


@declare("drop", LIST, returns=_same_list, frame=True, example=(["drop", ["list", 1, 2, 3]], ["1", "2"]))
def _drop(frame: Any, values: list[Any]) -> list[Any]:
    """All elements but the last."""
    frame.visit(len(values))
    return values[:-1]


def _grown(kinds: tuple[str, ...]) -> str:
    return kinds[0] if {element(kinds[0])} == {*kinds[1:]} else LIST


def _push(frame: Any, values: list[Any], *more: Any) -> list[Any]:
    """A list with more elements at its end; the one that was given stays as it is."""
    frame.visit(len(values) + len(more))
    return [*values, *more]


for _name in ("push", "append"):
    add(
        _name, LIST, ANY, rest=ANY, returns=_grown, run=_push, frame=True, doc=_push.__doc__,
        example=([_name, ["list", "a"], "b", "c"], ["a", "b", "c"]),
    )  # fmt: skip


@declare("reverse", LIST, returns=_same_list, frame=True, example=(["reverse", ["list", 1, 2]], ["2", "1"]))
def _reverse(frame: Any, values: list[Any]) -> list[Any]:
    """The list from back to front."""
    frame.visit(len(values))
    return values[::-1]


@declare("take", NUMBER, LIST, returns=_same_list, frame=True, example=(["count", ["take", 2, ["list", 1, 2, 3]]], "2"))
def _take(frame: Any, count: Decimal, values: list[Any]) -> list[Any]:
    """The first elements, or fewer where the list is shorter."""
    frame.visit(len(values))
    return values[: _whole(count)]


@declare("slice", NUMBER, NUMBER, LIST, returns=_same_list, frame=True,
         example=(["slice", 1, 3, ["list", "a", "b", "c", "d"]], ["b", "c"]))  # fmt: skip
def _slice(frame: Any, start: Decimal, end: Decimal, values: list[Any]) -> list[Any]:
    """The elements from one place up to, but without, another, both counted from 0; fewer where the list is shorter."""
    frame.visit(len(values))
    return values[_whole(start) : _whole(end)]


@declare(
    "takeLast", NUMBER, LIST, returns=_same_list, frame=True, example=(["head", ["takeLast", 1, ["list", 1, 2]]], "2")
)
def _take_last(frame: Any, count: Decimal, values: list[Any]) -> list[Any]:
    """The last elements, or fewer where the list is shorter."""
    frame.visit(len(values))
    return values[max(0, len(values) - _whole(count)) :]


@declare("oneOf", ANY, LIST, returns=BOOLEAN, frame=True, example=(["oneOf", "a", ["list", "a", "b"]], True))
def _one_of(frame: Any, value: Any, values: list[Any]) -> bool:
    """Whether a value is one of a list."""
    frame.visit(len(values))
    return any(same(value, other) for other in values)


@declare(
    "kv",
    rest="entry",
    returns=MAP,
    example=(["kv", ["paper", "red"], ["ribbons", 2]], {"paper": "red", "ribbons": "2"}),
)
def _kv(*entries: tuple[str, Any]) -> dict[str, Any]:
    """A map of entries, each a name and a value."""
    return {key: value for key, value in entries if key}


def _present(frame: Any, values: list[Any], wanted: list[Any]) -> int:
    """How many of the wanted values are in the list."""
    texts = {value for value in values if isinstance(value, str)}
    others = [value for value in values if not isinstance(value, str)]
    if not others and all(isinstance(one, str) for one in wanted):
        frame.visit(len(values) + len(wanted))
        return sum(one in texts for one in wanted)
    frame.visit((len(values) + 1) * (len(wanted) + 1))
    return sum(any(same(value, one) for value in values) for one in wanted)


_PRESENT: tuple[tuple[str, str, Callable[[int, int], bool]], ...] = (
    ("containsOneOf", "Whether one of the values of the second list is in the first.", lambda n, _: n > 0),
    ("containsNoneOf", "Whether none of the values of the second list is in the first.", lambda n, _: n == 0),
    ("containsAllOf", "Whether all values of the second list are in the first.", lambda n, wanted: n == wanted),
)
for _name, _doc, _test in _PRESENT:
    add(
        _name, LIST, LIST, returns=BOOLEAN, frame=True, doc=_doc,
        run=lambda frame, values, wanted, _test=_test: _test(_present(frame, values, wanted), len(wanted)),
        example=([_name, ["list", "a", "b"], ["list", "b"]], _name != "containsNoneOf"),
    )  # fmt: skip


@declare("containsAtLeast", LIST, LIST, NUMBER, returns=BOOLEAN, frame=True,
         example=(["containsAtLeast", ["list", "a", "b"], ["list", "b", "c"], 1], True))  # fmt: skip
def _contains_at_least(frame: Any, values: list[Any], wanted: list[Any], count: Decimal) -> bool:
    """Whether at least so many values of the second list are in the first."""
    return _present(frame, values, wanted) >= count


@declare("containsExactly", LIST, LIST, NUMBER, returns=BOOLEAN, frame=True,
         example=(["containsExactly", ["list", "a", "b"], ["list", "a", "b"], 1], False))  # fmt: skip
def _contains_exactly(frame: Any, values: list[Any], wanted: list[Any], count: Decimal) -> bool:
    """Whether just so many values of the second list are in the first."""
    return _present(frame, values, wanted) == count
