"""What a rule needs so that it can fire, read off its checked conditions: the keys under which it is indexed.

A key is a necessary condition that can be looked up. What cannot be read here is no mistake, only a rule that is
looked at more often. A condition that says no more than its key is also tested without making units of the cart.
"""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec import structs

from guerdon.engine.layer import AUDIENCES, CODE, Key, Way
from guerdon.engine.postings import FIELDS
from guerdon.engine.talang import registry
from guerdon.engine.talang.kinds import ANY, BOOLEAN, NUMBER, TEXT
from guerdon.engine.talang.known import COLLECTION, TARGET
from guerdon.engine.talang.typed import Apply, Body, Bound, Const, Local, Read, ReadAttribute, Scoped, Typed

Ways = list[Way]
"""Different ways to say what is needed: each of them holds where the rule fires."""

_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_SAME_PATH = {"Session.CartItemTotal": "Session.CartTotal", "Item.Sku": "Item.SKU"}
_AT_MOST = {"Session.DiscountedTotal": "Session.Total", "Session.DiscountedCartTotal": "Session.CartTotal"}
_OF_UNITS = ("Item.SKU", "Item.Category")
_ATTRIBUTES = ("Session.Attributes.", "Profile.Attributes.")
_PLAIN_SOURCES = ("f.session.", "f.facts.event", "f.now", "f.known_profile().", "Decimal(f.known_profile().")
_PLAIN_FUNCTIONS = ("=", "!=", "<", "<=", ">", ">=", "and", "not")


class Reader:
    """Reads conditions of a campaign; `bindings` are its checked bindings by index."""

    def __init__(self, bindings: Sequence[Typed]) -> None:
        self._bindings = bindings

    def ways(self, conditions: Sequence[Typed], *, any_of: bool) -> tuple[Way, ...]:
        """What the rule needs. Conditions from the first with failure effects on tell nothing, for those effects are
        wanted where the rule fails."""
        quiet: list[Typed] = []
        for condition in conditions:
            if any(_is(one, "onFailure") for one in self._everything(condition, set())):
                break
            quiet.append(condition)
        if any_of:
            return tuple(self._one_of(quiet)) if len(quiet) == len(conditions) else ()
        return tuple(
            tuple(structs.replace(key, proves=place) for key in way) if len(way) == 1 and way[0].exact else way
            for place, condition in enumerate(quiet)
            for way in self.needs(condition)
        )

    def needs(self, typed: Typed) -> Ways:
        """What a condition needs so that it holds."""
        typed = self._meant(typed)
        if isinstance(typed, Const):
            return [()] if typed.value is False else []
        if not isinstance(typed, Apply):
            return []
        name, args = typed.function.name, tuple(map(_bare, typed.args))
        match name, args:
            case (("couponValid" | "referralValid"), _):
                return [(Key(CODE),)]
            case "audienceMember", (Const(value="Current"), Const(value=audience)):
                return [(Key(AUDIENCES, kind=NUMBER, values=frozenset({audience.id}), exact=True),)]
            case "and", _:
                return [way for arg in args for way in (self.needs(arg) if len(args) == 1 else _part(self.needs(arg)))]
            case "or", _:
                return self._one_of(args)
            case "catch", (Const(value=False), attempt):
                return self.needs(attempt)
            case (("=" | "oneOf" | "inCollection"), (first, second)):
                return self._equal(name, first, second)
            case ((">" | ">=" | "<" | "<="), (first, second)):
                return self._compared(name, first, second)
        return self._of_lists(name, args)

    def _meant(self, typed: Typed) -> Typed:
        """What a binding stands for, or the expression itself."""
        typed = _bare(typed)
        while isinstance(typed, Bound):
            typed = _bare(self._bindings[typed.index])
        return typed

    def _of_lists(self, name: str, args: tuple[Typed, ...]) -> Ways:
        match name, args:
            case "not", (Apply() as empty,) if _is(empty, "isEmpty"):
                return self._some(empty.args[0])
            case "exists", (values, Body() as body):
                return self._some_of(values, body)
        return []

    def _one_of(self, args: Sequence[Typed]) -> Ways:
        """What is needed so that one of several conditions holds: of each, the way that says most."""
        keys: list[Key] = []
        for arg in args:
            ways = self.needs(arg)
            if not ways:
                return []
            keys += min(ways, key=lambda way: sum(1 if key.least is None else 100 for key in way))
        return [tuple(structs.replace(key, exact=False) for key in keys)]

    def _equal(self, name: str, first: Typed, second: Typed) -> Ways:
        if isinstance(first, Const):
            first, second = second, first
        if name == "=" and _is(first, "count") and isinstance(second, Const) and second.kind == NUMBER:
            return _part(self._at_least(">=", first, second.value))
        path = _path(first)
        if first.kind not in (TEXT, NUMBER, BOOLEAN) or not (path in FIELDS or path.startswith(_ATTRIBUTES)):
            return []
        values = _members(second) if name == "inCollection" else _written_out(second, first.kind)
        if values is None or (name == "=" and not isinstance(second, Const)):
            return []
        return [(Key(path, kind=first.kind, values=values, exact=path not in _OF_UNITS),)]

    def _compared(self, name: str, first: Typed, second: Typed) -> Ways:
        if isinstance(second, Const) and second.kind == NUMBER:
            return self._at_least(name, first, second.value)
        if isinstance(first, Const) and first.kind == NUMBER:
            return self._at_least(_MIRRORED[name], second, first.value)
        return []

    def _at_least(self, name: str, first: Typed, bound: Decimal) -> Ways:
        if name not in (">", ">="):
            return []
        if isinstance(first, Apply):
            if first.function.name != "count" or bound < 0 or (bound == 0 and name == ">="):
                return []
            one = (name == ">" and bound < 1) or (name == ">=" and bound <= 1)
            ways = self._counted(*first.args)
            return ways if one else _part(ways)
        path, exact = _path(first), name == ">="
        if path in _AT_MOST:
            path, exact = _AT_MOST[path], False
        if first.kind == NUMBER and (path in FIELDS or path.startswith(_ATTRIBUTES)) and path not in _OF_UNITS:
            return [(Key(path, kind=NUMBER, least=bound, exact=exact),)]
        return []

    def _counted(self, values: Typed, body: Typed | None = None) -> Ways:
        return self._some_of(values, body) if isinstance(body, Body) else self._some(values)

    def _some(self, values: Typed) -> Ways:
        """What is needed so that a list has an element."""
        values = self._meant(values)
        if not isinstance(values, Apply):
            return []
        match values.function.name, values.args:
            case "filter", (inner, Body() as body):
                return self._some_of(inner, body)
            case (("sortByNumber" | "sortByString" | "reverse"), (inner, *_)):
                return self._some(inner)
            case (("take" | "takeLast"), (_, inner)):
                return _part(self._some(inner))
        return []

    def _some_of(self, values: Typed, body: Body) -> Ways:
        """What is needed so that the body holds for an element of a list."""
        ways = [*_part(self._some(values)), *_part(self.needs(body.body))]
        if _path(values) == "Session.CartItems" and _only_tests(body.parameter, body.body, caught=False):
            return [tuple(structs.replace(key, exact=True) for key in way) for way in ways]
        return ways

    def _everything(self, typed: Typed, seen: set[int]) -> Iterator[Typed]:
        """The expression with all that is in it and in the bindings it looks at."""
        yield typed
        if isinstance(typed, Bound) and typed.index not in seen:
            seen.add(typed.index)
            yield from self._everything(self._bindings[typed.index], seen)
        for part in _inside(typed):
            yield from self._everything(part, seen)

    def shortened(self, condition: Typed) -> Typed:
        """The condition, or what says the same without making units of the cart."""
        for way in self.needs(condition):
            if len(way) == 1 and way[0].exact and way[0].path in _OF_UNITS:
                test = _SKU if way[0].path == "Item.SKU" else _CATEGORY
                members = Const(kind=ANY, value=way[0].values)
                return Apply(kind=BOOLEAN, function=test, args=(members,), pointer=condition.pointer)
        return condition


def writes(effects: Sequence[Typed]) -> frozenset[str]:
    """What effects may write of that which conditions read, as paths."""
    found: set[str] = set()
    for effect in effects:
        if isinstance(effect, Const) and effect.kind == TARGET:
            found.add(f"{effect.value[0]}.Attributes.{effect.value[1]}")
        if _is(effect, "addToAudience") or _is(effect, "removeFromAudience"):
            found.add(AUDIENCES)
        found |= writes(tuple(_inside(effect)))
    return frozenset(found)


def is_plain(typed: Typed) -> bool:
    """Whether the expression only compares what the request says: it needs no bindings, no units of the cart, no
    codes, no exact arithmetic and nothing that effects change."""
    typed = _bare(typed)
    if isinstance(typed, Apply):
        if typed.function in (_SKU, _CATEGORY):
            return True
        if typed.function.name == "oneOf":
            return is_plain(typed.args[0]) and _written_out(typed.args[1], TEXT) is not None
        return typed.function.name in _PLAIN_FUNCTIONS and all(map(is_plain, typed.args))
    if isinstance(typed, Read):
        return not _of_unit(typed) and typed.source.startswith(_PLAIN_SOURCES)
    return isinstance(typed, Const) or (isinstance(typed, ReadAttribute) and _path(typed).startswith(_ATTRIBUTES))


def _bare(typed: Typed) -> Typed:
    """What stands in a scope of its own, which is nothing to these questions."""
    while isinstance(typed, Scoped):
        typed = typed.body
    return typed


def _is(typed: Typed, name: str) -> bool:
    return isinstance(typed, Apply) and typed.function.name == name


def _path(typed: Typed) -> str:
    """What an expression reads from the request; empty for anything else."""
    if not isinstance(typed, Read | ReadAttribute):
        return ""
    return _SAME_PATH.get(typed.path, typed.path)


def _of_unit(typed: Read) -> bool:
    return typed.path.startswith("Item.")


def _part(ways: Ways) -> Ways:
    """The same needs where they are not all that is asked for."""
    return [tuple(structs.replace(key, exact=False) for key in way) for way in ways]


def _members(typed: Typed) -> Collection[str] | None:
    """The members of a collection that is named."""
    return typed.value if isinstance(typed, Const) and typed.kind == COLLECTION else None


def _written_out(typed: Typed, kind: str) -> frozenset[Any] | None:
    """The values of a literal or of a list of literals of a kind."""
    found = typed.args if isinstance(typed, Apply) and _is(typed, "list") else (typed,)
    values = frozenset(one.value for one in found if isinstance(one, Const) and one.kind == kind)
    return values if all(isinstance(one, Const) and one.kind == kind for one in found) else None


def _only_tests(parameter: str, body: Typed, *, caught: bool) -> bool:
    """Whether the body of a lambda over cart items says nothing but what SKU or category an item has, and cannot be
    an error for one item that hides another."""
    body = _bare(body)
    if not isinstance(body, Apply):
        return False
    name, args = body.function.name, tuple(map(_bare, body.args))
    if name == "catch" and isinstance(args[0], Const) and args[0].value is False:
        return _only_tests(parameter, args[1], caught=True)
    if name not in ("=", "oneOf", "inCollection") or len(args) != 2:
        return False
    reads = [arg for arg in args if isinstance(arg, Read) and arg.base is None]
    return len(reads) == 1 and reads[0].item == parameter and (caught or not reads[0].optional)


def _inside(typed: Typed) -> Iterator[Typed]:
    if isinstance(typed, Apply):
        yield from typed.args
        yield from typed.options.values()
        return
    if isinstance(typed, Const | Local):
        return
    for value in map(partial(getattr, typed), typed.__struct_fields__):
        if isinstance(value, Typed):
            yield value
        elif isinstance(value, tuple):
            yield from (one for one in value if isinstance(one, Typed))


def _some_sku(frame: Any, values: Collection[str]) -> bool:
    """Whether the cart has an item whose SKU is one of a set."""
    return _share(frame.session.skus, values)


def _some_category(frame: Any, values: Collection[str]) -> bool:
    """The same for its category."""
    return _share(frame.session.categories, values)


def _share(few: frozenset[Any], values: Collection[str]) -> bool:
    return not few.isdisjoint(values) if isinstance(values, frozenset) else any(one in values for one in few)


_SKU = registry.Function(name="someSku", params=(ANY,), returns=BOOLEAN, run=_some_sku, frame=True)
_CATEGORY = registry.Function(name="someCategory", params=(ANY,), returns=BOOLEAN, run=_some_category, frame=True)
