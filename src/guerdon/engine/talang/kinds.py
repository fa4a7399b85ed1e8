"""The static kinds of values in rules, and how they are named to an author."""

from datetime import datetime
from decimal import Decimal
from typing import Any

NUMBER = "number"
TEXT = "text"
BOOLEAN = "boolean"
TIME = "time"
NULL = "null"
ITEM = "item"
BUNDLE = "bundle"
SELECTOR = "selector of a bundle's item"
SLOT = "slot"
FILTER = "name of a filter"
MAP = "map"
ANY = "any"
EFFECT = "effect"
LAMBDA = "lambda"
LAMBDAS = "lambda of several values"
EFFECTS = "list of effects to run"
LIST = "list of any"

# What a parameter takes that takes values of several kinds.
ATOM = "single value"
TRUTH = "boolean or list"
WRITTEN = "number, text, boolean or time"
_UNIONS = {
    ATOM: frozenset({NUMBER, TEXT, BOOLEAN, TIME, NULL}),
    TRUTH: frozenset({BOOLEAN, MAP, LIST}),
    WRITTEN: frozenset({NUMBER, TEXT, BOOLEAN, TIME}),
}
_VALUES = frozenset({NUMBER, TEXT, BOOLEAN, TIME, NULL, ITEM, BUNDLE, SELECTOR, MAP, ANY, *_UNIONS})

ATTRIBUTE_KINDS = {
    "string": TEXT,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "time": TIME,
    "(list string)": "list of text",
    "(list number)": "list of number",
    "(list time)": "list of time",
    "location": ANY,
    "(list location)": LIST,
}


def list_of(kind: str) -> str:
    """The kind of a list whose elements are of `kind`; lists in lists in lists are not told apart further."""
    return LIST if kind.startswith("list of list of ") else f"list of {kind}"


def is_list(kind: str) -> bool:
    """Whether the kind is a list."""
    return kind.startswith("list of ") and kind != EFFECTS


def element(kind: str) -> str:
    """The kind of a list's elements."""
    return kind.removeprefix("list of ") if is_list(kind) else ANY


def fits(given: str, wanted: str) -> bool:
    """Whether a value of kind `given` may stand where `wanted` is expected. `any` is settled when the rule runs; a
    bundle stands for its items."""
    if given == wanted or (given, wanted) == (BUNDLE, ITEM):
        return True
    if ANY in (given, wanted):
        return all(kind in _VALUES or is_list(kind) for kind in (given, wanted))
    if wanted in _UNIONS:
        return given in _UNIONS[wanted] or (is_list(given) and LIST in _UNIONS[wanted])
    if is_list(given) and is_list(wanted):
        return fits(element(given), element(wanted))
    return False


def surely_fits(given: str, wanted: str) -> bool:
    """Whether every value of kind `given` is of kind `wanted`, as far as that matters in choosing an overload."""
    return fits(given, wanted) and (given != ANY or wanted == ANY)


def is_of(value: Any, kind: str) -> bool:
    """Whether an evaluated value is of a kind; of lists, their elements are not looked at."""
    found = kind_of(value)
    return found == kind or kind == ANY or (found == LIST and is_list(kind)) or found in _UNIONS.get(kind, ())


def kind_of(value: Any) -> str:
    """The kind of an evaluated value."""
    return _KINDS.get(type(value), ITEM)


_KINDS: dict[type, str] = {
    bool: BOOLEAN, Decimal: NUMBER, int: NUMBER, str: TEXT, datetime: TIME, list: LIST, dict: MAP, type(None): NULL,
}  # fmt: skip


def a(kind: str) -> str:
    """A kind with its article, for messages."""
    return kind if kind in (TEXT, NULL, ANY, WRITTEN) else f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
