"""Bindings as selectors, bundles and parameters (rules.md §4.7, §6.4, §7.3)."""

from typing import Any

from msgspec import structs

from guerdon.wire import rulesets_v2 as v2
from guerdon.wire.blocks.conditions import condition_block
from guerdon.wire.blocks.context import SELECTOR, Context
from guerdon.wire.blocks.expressions import Untranslatable, braces, path, plain, whole

REDUCED = {"max": "max", "min": "min", "sum": "sum", "count": "count", "isEmpty": "empty"}
OF_PARAMETERS = ("type", "valueType", "minValue", "maxValue", "attributeId", "description")
Pipeline = tuple[str, list[v2.SelectorStep]]


def binding_type(binding: dict[str, Any]) -> str:
    """The type of a binding, "" for a plain one; a bundle is one whatever it says of itself."""
    is_bundle = binding["expression"][:1] == ["bundle"]
    return "bundle" if is_bundle else binding.get("type", "")


def selector(context: Context, binding: dict[str, Any], pointer: str) -> v2.Selector | None:
    """The selector of a binding: of a cart item filter, and of any other that takes steps over a list."""
    kind = binding_type(binding)
    if kind not in ("", "cartItemFilter"):
        return None
    try:
        source, steps = _pipeline(context, binding["expression"], f"{pointer}/expression")
    except Untranslatable:
        return None
    if not steps and kind != "cartItemFilter":
        return None
    return v2.Selector(name=binding["name"], source=source, steps=steps)


def bundle(context: Context, binding: dict[str, Any]) -> dict[str, Any] | None:
    """`{name, type, items: [{source, count}]}` of a binding of type bundle."""
    match binding["expression"]:
        case ["bundle", *slots] if all(isinstance(slot, list) and len(slot) == 2 for slot in slots):
            try:
                items = [{"source": _source(context, slot[0]), "count": plain(slot[1], {})} for slot in slots]
            except Untranslatable:
                return None
            return {"name": binding["name"], "type": "bundle", "items": items}
    return None


def parameter(context: Context, binding: dict[str, Any]) -> dict[str, Any]:
    """What a binding says of itself, with its `value`, or its `expression` where that is no formula."""
    found = {name: binding[name] for name in ("name", *OF_PARAMETERS) if name in binding}
    expression = binding["expression"]
    try:
        match expression:
            case ["identity", value]:
                return {**found, "value": plain(value, context.names)}
        return {**found, "value": plain(expression, context.names)}
    except Untranslatable:
        return {**found, "expression": expression}


def _source(context: Context, value: Any) -> str:
    match value:
        case [".", *_]:
            return path(value, context.names)
        case ["globalFilter", str(name)]:
            return f"${name}"
    return braces(value, context.names)


def _pipeline(context: Context, value: Any, pointer: str) -> Pipeline:
    """Where the list comes from, and the steps from there on."""
    for take in (_kept, _selected, _reduced):
        try:
            place, steps = take(context, value, pointer)
        except Untranslatable:
            continue
        source, before = _pipeline(context, value[place], f"{pointer}/{place}")
        return source, [*before, *steps]
    return _source(context, value), []


def _kept(context: Context, value: Any, pointer: str) -> tuple[int, list[v2.SelectorStep]]:
    """Steps from items to items: where the list is among the arguments, and the steps."""
    match value:
        case ["filter", _, each]:
            return 1, [_filtered(context, each, pointer)]
        case ["sortBy", _, [[str(name)], *keys], *ways] if len(keys) == len(ways) and _directions(ways):
            inner = context.with_item(name)
            fields = [
                v2.SortSelectorStepField(expression=_source(inner, key), direction=way)
                for key, way in zip(keys, ways, strict=True)
            ]
            return 1, [v2.SortSelectorStep(fields=fields)]
        case ["sortByNumber" | "sortByString", _, each, bool(descending)]:
            inner, body = context.each(each)
            field = v2.SortSelectorStepField(expression=_source(inner, body), direction="desc" if descending else "asc")
            return 1, [v2.SortSelectorStep(fields=[field])]
        case ["reverse", _]:
            return 1, [v2.ReverseSelectorStep()]
        case ["valueMapItems", number, _]:
            return 2, [v2.FilterAndMapValuesSelectorStep(value_map=v2.SelectorValueMapRef(id=whole(number)))]
    raise Untranslatable


def _directions(ways: list[Any]) -> bool:
    return all(way in ("asc", "desc") for way in ways)


def _filtered(context: Context, each: Any, pointer: str) -> v2.FilterSelectorStep:
    inner, body = context.each(each)
    return v2.FilterSelectorStep(predicate=_predicate(structs.replace(inner, shapes=SELECTOR), body, f"{pointer}/2/1"))


def _predicate(context: Context, body: Any, pointer: str) -> Any:
    """What a filter keeps; an item for which it is an error is left out, so `catch false` goes without saying."""
    match body:
        case ["catch", False, inner]:
            return _predicate(context, inner, f"{pointer}/2")
        case ["and", only]:
            return condition_block(context, only, f"{pointer}/1")
    return condition_block(context, body, pointer)


def _selected(_: Context, value: Any, __: str) -> tuple[int, list[v2.SelectorStep]]:
    match value:
        case ["take", count, _]:
            step = v2.SelectSelectorStep(operator="many", from_="start", count=whole(count), partial=True)
            return 2, [step]
        case ["takeLast", count, _]:
            return 2, [v2.SelectSelectorStep(operator="many", from_="end", count=whole(count), partial=True)]
        case ["slice", first, end, _]:
            return 3, [v2.SelectSelectorStep(operator="between", from_=whole(first), to=whole(end), partial=True)]
        case ["item", _, index]:
            return 1, [v2.SelectSelectorStep(operator="one", index=whole(index))]
    raise Untranslatable


def _reduced(context: Context, value: Any, pointer: str) -> tuple[int, list[v2.SelectorStep]]:
    """Steps from items to values, and from a list to one value."""
    match value:
        case ["map", _, each]:
            return 1, [_mapped(context, each)]
        case ["sum" | "min" | "max" as name, _, each]:
            return 1, [_mapped(context, each), v2.ReduceSelectorStep(operator=REDUCED[name])]  # type: ignore[arg-type]
        case ["count", _, each]:
            return 1, [_filtered(context, each, pointer), v2.ReduceSelectorStep(operator="count")]
        case ["max" | "min" | "sum" | "count" | "isEmpty" as name, _]:
            return 1, [v2.ReduceSelectorStep(operator=REDUCED[name])]  # type: ignore[arg-type]
    raise Untranslatable


def _mapped(context: Context, each: Any) -> v2.MapSelectorStep:
    inner, body = context.each(each)
    return v2.MapSelectorStep(expression=_source(inner, body))
