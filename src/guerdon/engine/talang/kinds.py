"""The static kinds of values in rules, and how they are named to an author."""

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
    """The kind of a list whose elements are of `kind`."""
    return f"list of {kind}"


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
        return not {EFFECT, LAMBDA} & {given, wanted}
    if is_list(given) and is_list(wanted):
        return fits(element(given), element(wanted))
    return False


def of_literal(value: Any) -> str:
    """The kind of a literal."""
    if value is None:
        return NULL
    return BOOLEAN if isinstance(value, bool) else TEXT if isinstance(value, str) else NUMBER


def a(kind: str) -> str:
    """A kind with its article, for messages."""
    return kind if kind in (TEXT, NULL, ANY) else f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
