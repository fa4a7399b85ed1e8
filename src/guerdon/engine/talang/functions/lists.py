"""Lists: filter, map, sum and the rest (rules.md §3.8, §4.7). A list may hold cart items, numbers or texts.

Whatever walks over a list tells the frame how far first, so that no rule runs for minutes.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from guerdon.engine.talang.kinds import ANY, BOOLEAN, LAMBDA, LIST, MAP, NUMBER, TEXT, element, list_of
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import EvaluationError, expect, same, text

Body = Callable[[Any], Any]


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


@declare("filter", LIST, LAMBDA, returns=_same_list, frame=True,
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


@declare("sum", LIST, LAMBDA, returns=NUMBER, frame=True,
         example=(["sum", ["list", 1, 2], [["x"], ["*", [".", "x"], 10]]], "30"))  # fmt: skip
def _sum(frame: Any, values: list[Any], body: Body) -> Decimal:
    """The sum of the numbers the body makes of each element."""
    frame.visit(len(values))
    return sum((expect(Decimal, body(value), NUMBER) for value in values), Decimal(0))


@declare("sum", list_of(NUMBER), returns=NUMBER, frame=True, example=(["sum", ["list", 1, 2.5]], "3.5"))
def _plain_sum(frame: Any, values: list[Decimal]) -> Decimal:
    """The sum of a list of numbers."""
    frame.visit(len(values))
    return sum((expect(Decimal, value, NUMBER) for value in values), Decimal(0))


@declare("exists", LIST, LAMBDA, returns=BOOLEAN, frame=True,
         example=(["exists", ["list", 1, 5], [["x"], [">", [".", "x"], 4]]], True))  # fmt: skip
def _exists(frame: Any, values: list[Any], body: Body) -> bool:
    """Whether the body holds for one element."""
    frame.visit(len(values))
    return any(expect(bool, body(value), BOOLEAN) for value in values)


@declare("every", LIST, LAMBDA, returns=BOOLEAN, frame=True,
         example=(["every", ["list", 1, 5], [["x"], [">", [".", "x"], 4]]], False))  # fmt: skip
def _every(frame: Any, values: list[Any], body: Body) -> bool:
    """Whether the body holds for all elements."""
    frame.visit(len(values))
    return all(expect(bool, body(value), BOOLEAN) for value in values)


@declare("count", LIST, returns=NUMBER, example=(["count", ["list", 1, 2, 3]], "3"))
def _count(values: list[Any]) -> Decimal:
    """How many elements there are."""
    return Decimal(len(values))


@declare("isEmpty", LIST, returns=BOOLEAN, example=(["isEmpty", ["list"]], True))
@declare("isEmpty", TEXT, returns=BOOLEAN)
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


@declare("reverse", LIST, returns=_same_list, frame=True, example=(["head", ["reverse", ["list", 1, 2]]], "2"))
def _reverse(frame: Any, values: list[Any]) -> list[Any]:
    """The list from back to front."""
    frame.visit(len(values))
    return values[::-1]


def _whole(count: Decimal) -> int:
    if count != count.to_integral_value() or count < 0:
        raise EvaluationError(f"expected a whole number of elements, got {text(count)}")
    return min(int(count), 10_000_000)


@declare("take", NUMBER, LIST, returns=_same_list, frame=True, example=(["count", ["take", 2, ["list", 1, 2, 3]]], "2"))
def _take(frame: Any, count: Decimal, values: list[Any]) -> list[Any]:
    """The first elements, or fewer where the list is shorter."""
    frame.visit(len(values))
    return values[: _whole(count)]


@declare(
    "takeLast", NUMBER, LIST, returns=_same_list, frame=True, example=(["head", ["takeLast", 1, ["list", 1, 2]]], "2")
)
def _take_last(frame: Any, count: Decimal, values: list[Any]) -> list[Any]:
    """The last elements, or fewer where the list is shorter."""
    frame.visit(len(values))
    return values[max(0, len(values) - _whole(count)) :]


@declare("sortByNumber", LIST, LAMBDA, BOOLEAN, returns=_same_list, frame=True,
         example=(["head", ["sortByNumber", ["list", 1, 3, 2], [["x"], [".", "x"]], True]], "3"))  # fmt: skip
def _sort_by_number(frame: Any, values: list[Any], body: Body, descending: bool) -> list[Any]:
    """Sorted by the number the body makes of each element; equal ones keep their order."""
    frame.visit(len(values))
    return sorted(values, key=lambda value: expect(Decimal, body(value), NUMBER), reverse=descending)


@declare("sortByString", LIST, LAMBDA, BOOLEAN, returns=_same_list, frame=True,
         example=(["head", ["sortByString", ["list", "b", "a"], [["x"], [".", "x"]], False]], "a"))  # fmt: skip
def _sort_by_string(frame: Any, values: list[Any], body: Body, descending: bool) -> list[Any]:
    """Sorted by the text the body makes of each element; equal ones keep their order."""
    frame.visit(len(values))
    return sorted(values, key=lambda value: expect(str, body(value), TEXT), reverse=descending)


@declare("oneOf", ANY, LIST, returns=BOOLEAN, frame=True, example=(["oneOf", "a", ["list", "a", "b"]], True))
def _one_of(frame: Any, value: Any, values: list[Any]) -> bool:
    """Whether a value is one of a list."""
    frame.visit(len(values))
    return any(same(value, other) for other in values)


@declare("kv", rest="entry", returns=MAP)
def _kv(*entries: tuple[str, Any]) -> dict[str, Any]:
    """A map of entries, each a name and a value; it is what `customEffect` takes as its payload."""
    return dict(entries)
