"""The typed tree: what the checker makes of a rule and the compiler reads."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from guerdon.engine.talang.registry import Function


class Typed(Struct, frozen=True, kw_only=True):
    """A checked expression: one of the forms below, the kind of its value, and where it stands in the ruleset."""

    kind: str
    pointer: str = ""


class Const(Typed, frozen=True, kw_only=True):
    """A literal. `text` is how it was written, where that is not the text of the value."""

    value: Any
    text: str = ""


class Fails(Typed, frozen=True, kw_only=True):
    """Something wrong: an error when it is reached."""

    message: str


class Apply(Typed, frozen=True, kw_only=True):
    """A function or effect with its arguments and options."""

    function: Function
    args: tuple[Typed, ...]
    options: Mapping[str, Typed] = {}


class Dispatch(Typed, frozen=True, kw_only=True):
    """A call of which the evaluated arguments decide which overload it is."""

    name: str
    choices: tuple[Function, ...]
    args: tuple[Typed, ...]


class Read(Typed, frozen=True, kw_only=True):
    """A built-in path: Python source over `f`, over `it` where it is of a cart item, and over `name` where a part of
    the path can be any name. `item` is the variable of the lambda that holds the item, or `base` what gives it."""

    source: str
    path: str
    optional: bool = False
    item: str = ""
    base: Typed | None = None
    name: str | int = ""


class ReadAttribute(Typed, frozen=True, kw_only=True):
    """A custom attribute; `item` and `base` are those of `Read`."""

    source: str
    name: str
    path: str
    item: str = ""
    base: Typed | None = None


class Bound(Typed, frozen=True, kw_only=True):
    """A binding of the rule or ruleset, by its index."""

    index: int


class Local(Typed, frozen=True, kw_only=True):
    """A variable of an enclosing lambda."""

    name: str


class Lookup(Typed, frozen=True, kw_only=True):
    """A name that was set while the rule ran, and keys followed through its maps."""

    keys: tuple[Typed, ...]


class Walk(Typed, frozen=True, kw_only=True):
    """Keys followed through a map."""

    base: Typed
    keys: tuple[Typed, ...]


class Body(Typed, frozen=True, kw_only=True):
    """A lambda. One that is `scoped` has its variable in a scope of its own, as `set` writes it."""

    parameter: str
    body: Typed
    scoped: bool = False


class Bodies(Typed, frozen=True, kw_only=True):
    """A lambda that makes several values of each element."""

    parameter: str
    bodies: tuple[Typed, ...]
    scoped: bool = False


class Scoped(Typed, frozen=True, kw_only=True):
    """An expression that runs in a scope of its own, within the one around it or, `alone`, within none."""

    body: Typed
    alone: bool = False


class Several(Typed, frozen=True, kw_only=True):
    """The list of several values."""

    items: tuple[Typed, ...]


class Sequence(Typed, frozen=True, kw_only=True):
    """Expressions evaluated one after the other; its value is that of the last. Of kind EFFECTS it is not run
    where it stands, but handed to the function as something to call."""

    items: tuple[Typed, ...]


class Entry(Typed, frozen=True, kw_only=True):
    """An entry of a map."""

    key: str
    value: Typed


class Coerce(Typed, frozen=True, kw_only=True):
    """A value whose kind is settled when the rule runs."""

    value: Typed


class Binding(Struct, frozen=True):
    """What a name stands for: its index among the campaign's bindings, kind, the entities it looks at, how many
    levels it has, and which of `couponValid` and `referralValid` are in it (with true for those that redeem)."""

    index: int
    kind: str
    inputs: frozenset[str]
    depth: int = 0
    asks: frozenset[tuple[str, bool]] = frozenset()
