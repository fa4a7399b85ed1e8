"""What compiled rules do with values at run time: the one declared error, reading, comparing, exact division."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

# Sums and products of anything the wire accepts stay exact in so many digits; quotients have sixteen
# significant ones (rules.md §3.7).
ARITHMETIC = Context(prec=64, rounding=ROUND_HALF_EVEN, Emin=-999, Emax=999)
QUOTIENT = Context(prec=16, rounding=ROUND_HALF_EVEN, Emin=-999, Emax=999)


class EvaluationError(Exception):
    """An expression has no value: a missing attribute, a division by zero, an index out of range."""


def missing(path: str) -> Any:
    """Raise for a path that has no value in these facts."""
    raise EvaluationError(f"{path} is not set")


def attribute(values: Mapping[str, Any], name: str, path: str) -> Any:
    """A custom attribute's value; a missing or null one is an error."""
    value = values.get(name)
    if value is None:
        raise EvaluationError(f"{path} is not set")
    return Decimal(value) if type(value) is int else value


def attribute_time(values: Mapping[str, Any], name: str, path: str) -> datetime:
    """A custom attribute of type time."""
    return to_time(attribute(values, name, path))


def to_time(value: Any) -> datetime:
    """A time from an RFC 3339 text."""
    if isinstance(value, datetime):
        return value
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise EvaluationError(f"{text(value)!r} is not an RFC 3339 time") from None
    if parsed.tzinfo is None:
        raise EvaluationError(f"{value!r} has no offset from UTC")
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
    """The text of a value, as `toString` shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    return "" if value is None else str(value)


def same(first: Any, second: Any) -> bool:
    """Equality: numbers by value, times by instant, anything else by its text (rules.md §3.7)."""
    if type(first) is type(second):
        return bool(first == second)
    return text(first) == text(second)


def expect(kind: type, value: Any, name: str) -> Any:
    """Settle at run time what the checker could not: a value of unknown kind where `name` is wanted."""
    if type(value) is int and kind is Decimal:
        return Decimal(value)
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise EvaluationError(f"expected {name}, got {text(value)!r}")


def walk(value: Any, *keys: Any) -> Any:
    """Follow keys through maps; a missing key is an error."""
    for key in keys:
        if not isinstance(value, Mapping) or value.get(text(key)) is None:
            raise EvaluationError(f"{text(key)!r} is not in the map")
        value = value[text(key)]
    return value
