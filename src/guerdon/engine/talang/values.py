"""What compiled rules do with values at run time: the one declared error, reading, comparing, exact division."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

# Sums and products of anything the wire accepts stay exact in so many digits; quotients have sixteen
# significant ones (rules.md §3.7). No result is larger than 10^100 or finer than what its JSON can be read back as.
ARITHMETIC = Context(prec=64, rounding=ROUND_HALF_EVEN, Emin=-40, Emax=100)
QUOTIENT = Context(prec=16, rounding=ROUND_HALF_EVEN, Emin=-40, Emax=100)
LONGEST_TEXT = 65_536
MOST_STEPS = 1_000_000  # of a campaign in one request
DEEPEST_VALUE = 100


class TalangError(Exception):
    """What the rule language raises: an expression is malformed, or has no value."""


class EvaluationError(TalangError):
    """An expression has no value: a missing attribute, a division by zero, an index out of range."""


# What `catch` catches and what makes a rule fail; ArithmeticError is a number out of range.
ERRORS = (EvaluationError, ArithmeticError)


def reason(error: Exception) -> str:
    """What an error says to the author of the rule."""
    return str(error) if isinstance(error, EvaluationError) else "a number is out of range"


def fail(message: str) -> Any:
    """Raise: what an expression becomes that does not check any more."""
    raise EvaluationError(message)


def fold(operation: Callable[[Any, Any], Any], first: Any, *others: Any) -> Any:
    """The operation from left to right."""
    for other in others:
        first = operation(first, other)
    return first


def against_each(comparison: Callable[[Any, Any], Any], first: Any, *others: Any) -> bool:
    """Whether the comparison holds between the first and each of the others."""
    return all(comparison(first, other) for other in others)


def missing(path: str) -> Any:
    """Raise for a path that has no value in these facts."""
    raise EvaluationError(f"{path} is not set")


def attribute(values: Mapping[str, Any], name: str, path: str, wanted: type = object, kind: str = "") -> Any:
    """A custom attribute's value; a missing or null one is an error, and so is one that is not of the type `wanted`
    (object takes any), which an author calls `kind`."""
    value = values.get(name)
    given = type(value)
    if given is list and wanted in (list, object):
        return number(value)
    if given is wanted:
        return value
    if value is None:
        raise EvaluationError(f"{path} is not set")
    if given is int and wanted in (Decimal, object):
        return Decimal(value)
    if wanted is not object:
        raise EvaluationError(f"{path} is no {kind}")
    return value


def exact(value: Any) -> Any:
    """A value in which a whole number of decoded JSON is the Decimal that rules count with."""
    return Decimal(value) if type(value) is int else value


def number(value: Any) -> Any:
    """The same for what may be a list; one that begins with a text is a list of texts."""
    if type(value) is not list:
        return exact(value)
    return value if value and type(value[0]) is str else [exact(one) for one in value]


def attribute_times(values: Mapping[str, Any], name: str, path: str) -> list[datetime]:
    """A custom attribute that is a list of times."""
    return [to_time(one) for one in attribute(values, name, path)]


def attribute_time(values: Mapping[str, Any], name: str, path: str) -> datetime:
    """A custom attribute of type time."""
    return to_time(attribute(values, name, path))


def is_unicode(written: str) -> bool:
    """Whether a text is one: half a surrogate pair can be neither written nor searched."""
    if written.isascii():
        return True
    try:
        written.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_time(value: Any) -> datetime:
    """A time from an RFC 3339 text."""
    if isinstance(value, datetime):
        return value
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise EvaluationError(f"{shown(value)} is not an RFC 3339 time") from None
    if parsed.tzinfo is None:
        raise EvaluationError(f"{shown(value)} has no offset from UTC")
    return parsed


def divide(first: Decimal, *others: Decimal) -> Decimal:
    """The quotient, in sixteen significant digits."""
    for other in others:
        if not other:
            raise EvaluationError("division by zero")
        first = QUOTIENT.divide(first, other)
    return first


def remainder(first: Decimal, *others: Decimal) -> Decimal:
    """The remainder, with the sign of the dividend."""
    for other in others:
        if not other:
            raise EvaluationError("division by zero")
        try:
            first = first % other
        except InvalidOperation:
            raise EvaluationError("the quotient of mod has too many digits") from None
    return first


def text(value: Any) -> str:
    """The text of a value, as `toString` shows it; a list, a map or a cart item has none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    if value is None:
        return ""
    raise EvaluationError(f"{shown(value)} has no text and cannot be compared")


def shown(value: Any) -> str:
    """A value in a message for the author, cut where it is long."""
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "a map"
    if value is None or isinstance(value, str | bool | int | Decimal | datetime):
        quoted = "null" if value is None else repr(text(value)[:101])
        return quoted if len(quoted) <= 100 else f"{quoted[:100]}…"
    return "a cart item"


def same(first: Any, second: Any) -> bool:
    """Equality: numbers by value, times by instant, anything else by its text (rules.md §3.7)."""
    if type(first) is type(second) and isinstance(first, str | Decimal | datetime | bool):
        return bool(first == second)
    if isinstance(first, datetime) != isinstance(second, datetime):
        return _same_instant(first, second)
    return text(first) == text(second)


def one_of_texts(value: Any, texts: frozenset[str]) -> bool:
    """`oneOf` over texts that are known beforehand."""
    return value in texts if type(value) is str else any(same(value, one) for one in texts)


def _same_instant(first: Any, second: Any) -> bool:
    try:
        return to_time(first) == to_time(second)
    except EvaluationError:
        return text(first) == text(second)


def expect(kind: type, value: Any, name: str) -> Any:
    """Settle at run time what the checker could not: a value of unknown kind where `name` is wanted."""
    if type(value) is int and kind is Decimal:
        return Decimal(value)
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise EvaluationError(f"expected {name}, got {shown(value)}")


def walk(value: Any, *keys: Any) -> Any:
    """Follow keys through maps; a missing key is an error."""
    for key in keys:
        found = member(value, key)
        if found is None:
            raise EvaluationError(f"{shown(key)} is not in the map")
        value = found
    return exact(value)


def member(value: Any, key: Any) -> Any:
    """What a map holds under a key, or None. Keys are texts; a boolean's may be capitalised as well."""
    if not isinstance(value, Mapping):
        raise EvaluationError(f"{shown(key)} is looked up in {shown(value)}, which is no map")
    found = value.get(text(key))
    return value.get(text(key).capitalize()) if found is None and isinstance(key, bool) else found
