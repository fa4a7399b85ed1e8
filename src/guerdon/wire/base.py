"""What every wire struct shares: naming, absent values, exact numbers, decoding and encoding.

Answers derive from `Wire`, request bodies from `Input`. An optional member is `X | UnsetType`, so that
absent and present stay two things; JSON `null` in a request means absent (core.md §3.3), except inside
`attributes`, where it clears a value.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from guerdon.errors import Invalid, Problem

LARGEST_NUMBER = Decimal(10) ** 15
MOST_DECIMALS = 30


class Wire(Struct, kw_only=True, rename="camel", omit_defaults=False):
    """A shape the server answers with; members are camelCase on the wire."""


class Input(Struct, kw_only=True, rename="camel"):
    """A shape the server reads; members it does not know are ignored (ruling 5)."""


if TYPE_CHECKING:
    Number = Decimal
    Moment = datetime
    Effects = list[list[Any]]
else:

    class _NumberMeta(type):
        """Lets msgspec accept a plain `Decimal` where `Number` is declared."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, Decimal)

    class Number(metaclass=_NumberMeta):
        """A JSON number, held as an exact `Decimal`. Strings are refused, and so is what no shop can mean:
        more than 10^15 in size or more than 30 decimals (ADR 0007)."""

    class _MomentMeta(type):
        """Lets msgspec accept a plain `datetime` where `Moment` is declared."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class Moment(metaclass=_MomentMeta):
        """A point in time that a request names: any offset; a date alone means midnight UTC. Always aware."""

    class _EffectsMeta(type):
        """Lets msgspec accept a plain list where `Effects` is declared."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, list)

    class Effects(metaclass=_EffectsMeta):
        """The effects of a rule, each a list. One effect given directly is wrapped (rules.md §2.1, quirk a)."""


def number(value: Any) -> Decimal:
    """The exact `Decimal` of a decoded JSON number; raises ValueError with a sentence for the author."""
    kind = type(value)
    if kind is not Decimal and kind is not int:
        raise ValueError(f"Expected `number`, got `{_json_kind(value)}`")
    exact: Decimal = value if kind is Decimal else Decimal(value)
    if abs(exact) > LARGEST_NUMBER:
        raise ValueError("Expected `number` of at most 1000000000000000 in size")
    if kind is Decimal and _has_many_digits(exact) and exact.as_tuple().exponent < -MOST_DECIMALS:  # type: ignore[operator]
        raise ValueError(f"Expected `number` of at most {MOST_DECIMALS} decimals")
    return exact


def _has_many_digits(value: Decimal) -> bool:
    """Whether its decimals are worth counting: numbers of carts are short, and an exponent takes long to get."""
    written = str(value)
    return len(written) > MOST_DECIMALS or "E" in written


def moment(value: Any) -> datetime:
    """The aware time of an RFC 3339 timestamp or date; raises ValueError with a sentence for the author."""
    if not isinstance(value, str):
        raise ValueError(f"Expected `str`, got `{_json_kind(value)}`")
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Expected an RFC 3339 timestamp") from None


def effects(value: Any) -> list[list[Any]]:
    """The list of effects, each a list that begins with its name; raises ValueError otherwise."""
    if not isinstance(value, list):
        raise ValueError(f"Expected `array`, got `{_json_kind(value)}`")
    several = [value] if value and isinstance(value[0], str) else value
    for effect in several:
        if not isinstance(effect, list) or not effect:
            raise ValueError("Expected `array` of effects, each an `array` that begins with the effect's name")
    return several


def _json_kind(value: Any) -> str:
    kinds = {bool: "bool", str: "str", list: "array", dict: "object", type(None): "null"}
    return kinds.get(type(value), type(value).__name__)


def _dec_hook(kind: type, value: Any) -> Any:
    if kind is Number:
        return number(value)
    if kind is Moment:
        return moment(value)
    if kind is Effects:
        return effects(value)
    raise NotImplementedError(kind)


def _exact(text: str) -> Decimal:
    """A number with a fraction or an exponent inside free-form JSON, kept exact."""
    value = Decimal(text)
    if value and abs(value.adjusted()) > 4 * MOST_DECIMALS:
        raise ValueError("Expected `number` of a reasonable size")
    return value


def camel(name: str) -> str:
    """A name on the wire: `pageSize` for `page_size`."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


@cache
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """The one JSON decoder of a type."""
    return msgspec.json.Decoder(kind, dec_hook=_dec_hook, float_hook=_exact)


_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """JSON bytes of any struct or plain value; decimals are written as the exact numbers they are."""
    return _encoder.encode(value)


def encode_text(value: Any) -> str:
    """The same as text, for a JSON column."""
    return _encoder.encode(value).decode()


_WHERE = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_TITLES = (
    ("missing required field", "required"),
    ("Invalid enum value", "enum"),
    ("of length >=", "minLength"),
    ("of length <=", "maxLength"),
    ("matching regex", "pattern"),
    (">=", "minimum"),
    ("<=", "maximum"),
    ("at most", "maximum"),
)


def decode(body: bytes, kind: Any, *, envelope: str = "") -> Any:
    """Decode a request body into `kind` or raise `Invalid` with a pointer to the first wrong value.

    `envelope` names a leading path that pointers leave out: they are relative to the entity (core.md §1.2).
    """
    try:
        try:
            return decoder(kind).decode(body)
        except msgspec.ValidationError as error:
            if "got `null`" not in str(error):
                raise
            return decoder(kind).decode(encode(_without_nulls(decoder(Any).decode(body))))
    except msgspec.ValidationError as error:
        raise _invalid(str(error), envelope) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError, ArithmeticError) as error:
        raise Invalid("The request body is not valid JSON", details=str(error)) from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: sub if key == "attributes" else _without_nulls(sub) for key, sub in value.items() if sub is not None
        }
    return [_without_nulls(sub) for sub in value] if isinstance(value, list) else value


def _invalid(message: str, envelope: str) -> Invalid:
    where = _WHERE.search(message)
    steps = [name or index for name, index in _STEP.findall(where.group(1))] if where else []
    text = _WHERE.sub("", message)
    missing = re.search(r"missing required field `([^`]+)`", text)
    if missing:
        steps.append(missing.group(1))
    pointer = "".join(f"/{step}" for step in steps)
    title = next((title for mark, title in _TITLES if mark in text), "Invalid type")
    if title in {"minLength", "maxLength"} and "`array`" in text:
        title = title.replace("Length", "Items")
    pointer = pointer.removeprefix(envelope) or pointer or "/"
    return Invalid(errors=[Problem.at(pointer, title, text)])


def rfc3339(moment: datetime) -> str:
    """A UTC timestamp as the contract writes it, e.g. `2020-06-10T09:05:27.993483Z`."""
    return moment.isoformat().replace("+00:00", "Z")


T = TypeVar("T")


class TotalPage(Wire, Generic[T], kw_only=True):
    """The list envelope that counts: `totalResultSize` over all pages."""

    total_result_size: int
    data: list[T]


class MorePage(Wire, Generic[T], kw_only=True):
    """The list envelope that does not count: `hasMore` tells whether a page follows."""

    has_more: bool
    data: list[T]


class EitherPage(Wire, Generic[T], kw_only=True):
    """The list envelope that counts only where it is asked to (`withTotalResultSize`)."""

    has_more: bool
    total_result_size: int | UnsetType = UNSET
    data: list[T]
