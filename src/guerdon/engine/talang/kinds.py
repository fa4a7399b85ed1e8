"""The static kinds of values in rules, and how they are named to an author."""

NUMBER = "number"
TEXT = "text"
BOOLEAN = "boolean"
TIME = "time"
NULL = "null"
ITEM = "item"
MAP = "map"
ANY = "any"
EFFECT = "effect"
LAMBDA = "lambda"
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
    return kind.startswith("list of ")


def element(kind: str) -> str:
    """The kind of a list's elements."""
    return kind.removeprefix("list of ") if is_list(kind) else ANY


def fits(given: str, wanted: str) -> bool:
    """Whether a value of kind `given` may stand where `wanted` is expected. `any` is settled when the rule runs."""
    if ANY in (given, wanted) or given == wanted:
        return given not in (EFFECT, LAMBDA) or given == wanted
    if is_list(given) and is_list(wanted):
        return fits(element(given), element(wanted))
    return False
