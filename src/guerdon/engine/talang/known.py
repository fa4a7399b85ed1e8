"""What the account has that rules name: programs, achievements, audiences and the like (rules.md §4.1, §4.2).

A parameter of such a kind is written as an id or a name as it stands; the function gets the thing itself. What is not
in the library is a problem before anything runs, and so is a word that is none of a choice.
"""

import difflib
from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct

from guerdon.engine.facts import LIMITED
from guerdon.engine.library import EMPTY, CustomEffectDefinition, Library, LoyaltyProgram
from guerdon.engine.talang.kinds import ATTRIBUTE_KINDS, NULL, TEXT, TIME, a, fits
from guerdon.engine.talang.typed import Bodies, Body, Const, Typed
from guerdon.engine.talang.values import text

PROGRAM = "loyalty program"
ACHIEVEMENT = "achievement"
AUDIENCE = "audience"
POOL = "giveaway pool"
WEBHOOK = "webhook"
CUSTOM_EFFECT = "custom effect"
COST = "additional cost"
COLLECTION = "collection"
FILTER = "cart item filter"
VALUE_MAP = "value map"
ANY_NAME = "name"
TARGET = "path"
ITEM_ATTRIBUTE = "attribute of items"

WHOSE = "whose profile"
BALANCE = "kind of balance"
PROGRESS = "state of an achievement"
ACTION = "action that can be limited"
CHOICES: dict[str, tuple[str, ...]] = {
    ACTION: LIMITED,
    WHOSE: ("Current", "Advocate"),
    BALANCE: ("current", "pending", "negative", "tentativeCurrent", "expired", "spent"),
    PROGRESS: (
        "justCompleted", "started", "not(started)", "inProgress", "not(inProgress)", "completed", "not(completed)",
    ),
}  # fmt: skip
_MEMBERS = {
    PROGRAM: "loyalty_programs",
    ACHIEVEMENT: "achievements",
    AUDIENCE: "audiences",
    POOL: "giveaway_pools",
    WEBHOOK: "webhooks",
    CUSTOM_EFFECT: "custom_effects",
    COST: "additional_costs",
    VALUE_MAP: "value_maps",
}
KINDS = frozenset({*_MEMBERS, *CHOICES, COLLECTION, ITEM_ATTRIBUTE})
_MOST_SHOWN = 5


class Unknown(Exception):
    """Nothing of that name; the message says what there is."""


class Known(Struct, frozen=True):
    """The library and the campaign's own collections. What is looked up, found or not, is noted in `asked` as kind
    and name: when that changes, so does what the rules come to."""

    library: Library = EMPTY
    collections: Mapping[str, Collection[str]] = {}
    asked: set[tuple[str, Any]] | None = None

    def find(self, kind: str, name: Any) -> Any:
        """The thing of an id (Decimal) or name (text); raises Unknown."""
        if kind in CHOICES:
            if name in CHOICES[kind]:
                return name
            close = difflib.get_close_matches(str(name), CHOICES[kind], 1)
            instead = f"did you mean `{close[0]}`?" if close else f"write one of {', '.join(CHOICES[kind])}"
            raise Unknown(f"there is no {_shown(name)} here; {instead}")
        if kind == ANY_NAME:
            return name
        if self.asked is not None:
            self.asked.add((kind, name))
        by_key = self._by_key(kind)
        if name in by_key and not isinstance(name, bool):
            return by_key[name]
        there = self._things(kind)
        found = [thing for key, title, thing in there if name in (key, title) and not isinstance(name, bool)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Unknown(f"there are {len(found)} of the name `{name}`: write the id of the {kind}")
        raise Unknown(f"there is no {kind} {_shown(name)}{_instead(name, there)}")

    def key(self, kind: str, name: Any) -> str | int:
        """What a thing is known by when the rule runs: its name, or the id of what may change its name."""
        thing = self.find(kind, name)
        return thing.id if kind in (PROGRAM, ACHIEVEMENT) else str(name)

    def names(self, kind: str) -> list[str]:
        """The names of a kind, for suggestions; of what can have any name, none."""
        return [] if kind == ANY_NAME else [str(title or key) for key, title, _ in self._things(kind)]

    def _things(self, kind: str) -> list[tuple[Any, str, Any]]:
        """All of a kind: id, name and the thing itself."""
        by_key = self._by_key(kind)
        if kind == COLLECTION:
            return [(name, name, members) for name, members in by_key.items()]
        if kind == VALUE_MAP:
            return [(key, "", values) for key, values in by_key.items()]
        return [(key, thing.name, thing) for key, thing in by_key.items()]

    def _by_key(self, kind: str) -> Mapping[Any, Any]:
        """All of a kind by id or, where rules only know a name, by that."""
        if kind == COLLECTION:
            return ChainMap(self.collections, self.library.collections)  # type: ignore[arg-type]
        members: Mapping[Any, Any] = getattr(self.library, _MEMBERS[kind])
        return members


NOTHING = Known()


def objections(name: str, args: tuple[Typed, ...]) -> Iterable[tuple[str, str]]:
    """What is wrong with arguments that are right by themselves but do not go together: pointer and message."""
    if name in ("couponValid", "referralValid"):
        for arg in args:
            if not isinstance(arg, Const):
                yield arg.pointer, f"`{name}` takes true or false as it stands, no expression"
    for place, arg in enumerate(args):
        if isinstance(arg, Const) and arg.kind in (TARGET, ITEM_ATTRIBUTE):
            yield from _written(arg.value, args[place + 1])
    first = args[0].value if args and isinstance(args[0], Const) else None
    if isinstance(first, CustomEffectDefinition):
        yield from _custom_effect(name, first, args)
    programs = [arg.value for arg in args if isinstance(arg, Const) and isinstance(arg.value, LoyaltyProgram)]
    if programs and name == "tierIs":
        yield from _tier(programs[0], args[2])


def _custom_effect(name: str, effect: CustomEffectDefinition, args: tuple[Typed, ...]) -> Iterable[tuple[str, str]]:
    """Whether a custom effect gets what its definition says."""
    wanted = "customEffectPerItem" if effect.per_item else "customEffect"
    if name != wanted:
        yield args[0].pointer, f"write `{wanted}` for `{effect.name}`"
        return
    given = args[1:]
    if effect.per_item:
        given = args[2].bodies if len(args) > 2 and isinstance(args[2], Bodies) else ()
    if len(given) != len(effect.parameters):
        titles = ", ".join(one.title or one.key or one.type for one in effect.parameters) or "none"
        yield args[0].pointer, f"`{effect.name}` takes {len(effect.parameters)} parameters ({titles}), not {len(given)}"
        return
    for parameter, arg in zip(effect.parameters, given, strict=True):
        kind = ATTRIBUTE_KINDS.get(parameter.type, "any")
        if not fits(arg.kind, kind) and not (kind == TIME and arg.kind == TEXT):
            what = parameter.title or parameter.key or "the parameter"
            yield arg.pointer, f"`{what}` of `{effect.name}` must be {a(kind)}, but this is {a(arg.kind)}"


def _written(target: tuple[str, str, str], value: Typed) -> Iterable[tuple[str, str]]:
    """Whether a value is of the type of the attribute that it is written to; null clears any."""
    entity, name, declared = target
    value = value.body if isinstance(value, Body) else value
    kind = ATTRIBUTE_KINDS[declared]
    if not fits(value.kind, kind) and value.kind != NULL and not (kind == TIME and value.kind == TEXT):
        yield value.pointer, f"`{entity}.Attributes.{name}` must be {a(kind)}, but this is {a(value.kind)}"


def _tier(program: LoyaltyProgram, tier: Typed) -> Iterable[tuple[str, str]]:
    names = [one.name for one in program.tiers]
    if isinstance(tier, Const) and tier.kind == TEXT and tier.value not in names:
        known = ", ".join(names) or "none"
        yield tier.pointer, f"`{program.name}` has no tier {_shown(tier.value)}; it has {known}"


def _shown(name: Any) -> str:
    return f"`{text(name)}`"


def _instead(name: Any, there: list[tuple[Any, str, Any]]) -> str:
    close = difflib.get_close_matches(str(name), [title for _, title, _ in there if title], 1)
    if close:
        return f"; did you mean `{close[0]}`?"
    shown = [f"{key} `{title}`" if title and key != title else f"`{key}`" for key, title, _ in there[:_MOST_SHOWN]]
    more = ", …" if len(there) > _MOST_SHOWN else ""
    return f"; there {'is' if len(shown) == 1 else 'are'} {', '.join(shown)}{more}" if shown else "; none is defined"
