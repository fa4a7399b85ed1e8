"""Bundles: units of the cart that belong together (rules.md §6.4)."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from guerdon.engine.talang.values import EvaluationError, shown, text

Marks = dict[str, Any]


class Bundle:
    """The units of one bundle, slot by slot. `index` counts the bundles of a definition from 0; `name` is that of the
    binding that defines them, empty where there is none."""

    __slots__ = ("index", "items", "name")

    def __init__(self, name: str, index: int, items: list[Any]) -> None:
        self.name, self.index, self.items = name, index, items

    @property
    def marks(self) -> Marks:
        """What effects on its units say about it."""
        return {"bundle_index": self.index, **({"bundle_name": self.name} if self.name else {})}

    def target(self, item: Any) -> Marks:
        """The same, and which unit the discount was computed from."""
        marks = {**self.marks, "targeted_item_position": item.line.position}
        return marks if item.sub_position is None else {**marks, "targeted_item_sub_position": item.sub_position}


def form(frame: Any, slots: Sequence[tuple[list[Any], Decimal]]) -> list[Bundle]:
    """As many bundles as there are units for. Every bundle takes, slot by slot, the next units of the slot's list
    that no bundle has yet; where a slot lacks units there are no more bundles."""
    counts = [_whole(count) for _, count in slots]
    lists = []
    for values, _ in slots:
        frame.visit(len(values))
        lists.append(iter([frame.unit(value) for value in values]))
    used: set[Any] = set()
    found: list[Bundle] = []
    while True:
        items: list[Any] = []
        for units, count in zip(lists, counts, strict=True):
            wanted = len(items) + count
            for unit in units:
                if unit.unit not in used:
                    used.add(unit.unit)
                    items.append(unit)
                    if len(items) == wanted:
                        break
            else:
                return found
        found.append(Bundle("", len(found), items))


def _whole(count: Decimal) -> int:
    if count != count.to_integral_value() or count < 1:
        raise EvaluationError(f"a bundle takes a whole number of items from 1, not {text(count)}")
    return min(int(count), 10_000_000)


def named(name: str, bundles: list[Bundle]) -> list[Bundle]:
    """The bundles, named after their binding."""
    return [Bundle(name, bundle.index, bundle.items) for bundle in bundles]


def groups(frame: Any, values: list[Any]) -> list[tuple[Bundle | None, list[Any]]]:
    """The units that an effect per item goes over: those of a plain list together, those of each bundle by
    themselves. Anything else in the list is an error."""
    frame.visit(len(values))
    found: list[tuple[Bundle | None, list[Any]]] = []
    single: list[Any] = []
    for value in values:
        if type(value) is Bundle:
            frame.visit(len(value.items))
            if single:
                found.append((None, single))
                single = []
            found.append((value, value.items))
        else:
            single.append(frame.unit(value))
    return [*found, (None, single)] if single else found


def units(frame: Any, values: list[Any]) -> list[tuple[Any, Marks]]:
    """The same one by one, each with what its effect says about its bundle."""
    return [(unit, {} if of is None else of.marks) for of, several in groups(frame, values) for unit in several]


class Selector:
    """Picks the item of a bundle that a discount is computed from."""

    __slots__ = ("pick",)

    def __init__(self, pick: Callable[[list[Any]], Any]) -> None:
        self.pick = pick


def by_index(index: Decimal) -> Selector:
    """The item at a place, counted from 0; none there is an error."""

    def pick(items: list[Any]) -> Any:
        if index != index.to_integral_value() or not 0 <= index < len(items):
            raise EvaluationError(f"the bundle has no item {text(index)}")
        return items[int(index)]

    return Selector(pick)


def by_worth(worth: Callable[[Any], Decimal], *, highest: bool) -> Selector:
    """The item of which the body makes the highest or the lowest number; the first of equal ones."""
    return Selector(lambda items: (max if highest else min)(items, key=worth))


def targets(frame: Any, bundles: list[Any], selector: Any) -> list[tuple[Bundle, Any]]:
    """The bundles, each with the item that is picked."""
    if type(selector) is not Selector:
        raise EvaluationError(f"expected a selector of an item, got {shown(selector)}")
    frame.visit(len(bundles))
    found = []
    for value in bundles:
        if type(value) is not Bundle:
            raise EvaluationError(f"expected a bundle, got {shown(value)}")
        frame.visit(len(value.items))
        found.append((value, selector.pick(value.items)))
    return found
