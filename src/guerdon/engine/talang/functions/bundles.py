"""Bundles, filters of the Application and value maps (rules.md §6.4, §7.5, §7.6)."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from guerdon.engine.talang import bundles
from guerdon.engine.talang.kinds import BUNDLE, FILTER, ITEM, LAMBDA, NUMBER, SELECTOR, SLOT, list_of
from guerdon.engine.talang.known import VALUE_MAP
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import expect


@declare("bundle", SLOT, rest=SLOT, returns=list_of(BUNDLE), frame=True)
def _bundle(frame: Any, *slots: tuple[list[Any], Decimal]) -> list[bundles.Bundle]:
    """As many bundles as the cart has units for; a slot is a list of items and how many of them a bundle takes:
    `["bundle", [[".", "Bikes"], 1], [[".", "Helmets"], 2]]`. It is the expression of a binding, which names them."""
    return bundles.form(frame, slots)


@declare("byIndex", NUMBER, returns=SELECTOR)
def _by_index(index: Decimal) -> bundles.Selector:
    """Of a bundle, the item at a place that counts from 0; none there is an error."""
    return bundles.by_index(index)


@declare("lowest", LAMBDA, returns=SELECTOR, over=ITEM)
def _lowest(worth: Callable[[Any], Any]) -> bundles.Selector:
    """Of a bundle, the item of which the body makes the lowest number; the first of equal ones."""
    return bundles.by_worth(lambda item: expect(Decimal, worth(item), NUMBER), highest=False)


@declare("highest", LAMBDA, returns=SELECTOR, over=ITEM)
def _highest(worth: Callable[[Any], Any]) -> bundles.Selector:
    """Of a bundle, the item of which the body makes the highest number; the first of equal ones."""
    return bundles.by_worth(lambda item: expect(Decimal, worth(item), NUMBER), highest=True)


@declare("globalFilter", FILTER, returns=list_of(ITEM))
def _global_filter(items: list[Any]) -> list[Any]:
    """The items that a cart item filter of the Application keeps, by its name: `["globalFilter", "Premium"]`."""
    return items


@declare("valueMapItems", VALUE_MAP, list_of(ITEM), returns=list_of(ITEM), frame=True)
def _value_map_items(frame: Any, values: Mapping[str, Decimal], items: list[Any]) -> list[Any]:
    """The items whose SKU is in a value map, by the id of the map; inside a lambda, `Item.MappedValue` is the value."""
    units = [unit for _, several in bundles.groups(frame, items) for unit in several]
    return [unit.with_value(values[unit.line.sku]) for unit in units if unit.line.sku in values]
