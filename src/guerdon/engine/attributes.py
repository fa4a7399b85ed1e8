"""Are custom attribute values of the kind their definitions say (core.md §1.2, management.md §8)?"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from guerdon.engine.facts import AttributeDefinition

Definitions = Mapping[tuple[str, str, str], AttributeDefinition]

LARGEST = Decimal(10) ** 15
MOST_DECIMALS = 30
LONGEST_TEXT = 65_536


class AttributeProblem(Struct, frozen=True):
    """A value that is refused: pointer, title and details as the contract words them."""

    pointer: str
    title: str
    details: str


def types_of(definitions: Iterable[AttributeDefinition]) -> dict[tuple[str, str], str]:
    """The types of custom attributes by entity and name, as rulesets are checked against them. An event attribute
    that is of another type for another type of event is of type "any": rules look at it when they run."""
    found: dict[tuple[str, str], str] = {}
    for one in definitions:
        known = found.setdefault((one.entity, one.name), one.type)
        if known != one.type:
            found[one.entity, one.name] = "any"
    return found


def by_key(definitions: Iterable[AttributeDefinition]) -> dict[tuple[str, str, str], AttributeDefinition]:
    """The definitions as values are checked against them: two types of events may have attributes of the same name."""
    return {one.key: one for one in definitions}


def check_attributes(
    values: Mapping[str, Any],
    entity: str,
    definitions: Definitions,
    pointer: str = "/attributes",
    *,
    event_type: str = "",
) -> list[AttributeProblem]:
    """Everything that is wrong with the custom attributes of an `entity`; null clears a value and is fine. Those of an
    Event are the ones of its type, and those that were defined for no type in particular."""
    problems = []
    for name, value in values.items():
        definition = definitions.get((entity, event_type, name)) or definitions.get((entity, "", name))
        where = f"{pointer}/{escaped(name)}"
        if definition is None:
            details = f'The attribute "{name}" is not defined on {entity} entities.'
            problems.append(AttributeProblem(where, "Unknown", details))
        elif value is not None:
            problems += _check_value(value, definition, where)
    return problems


def escaped(name: str) -> str:
    """A member's name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _check_value(value: Any, definition: AttributeDefinition, pointer: str) -> list[AttributeProblem]:
    wanted = wrong_kind(value, definition.type)
    if wanted:
        details = f'Value of "{definition.name}" attribute ({_shown(value)}) is not a {wanted}'
        return [AttributeProblem(pointer, "Invalid type", details)]
    if any(isinstance(part, str) and len(part) > LONGEST_TEXT for part in _parts(value)):
        details = f"{definition.name} must have at most {LONGEST_TEXT} characters"
        return [AttributeProblem(pointer, "maxLength", details)]
    if definition.restricted and not _is_allowed(value, definition):
        known = ", ".join(f'"{suggestion}"' for suggestion in definition.suggestions)
        which = f"one of the following: {known}" if known or not definition.allowed else "in its allowed list"
        return [AttributeProblem(pointer, "enum", f"{definition.name} must be {which}")]
    return []


def _is_allowed(value: Any, definition: AttributeDefinition) -> bool:
    kind = element_of(definition.type)
    suggested = {canonical(kind, one) for one in definition.suggestions}
    texts = [_text(part, kind) for part in _parts(value)]
    return all(text in suggested or text in definition.allowed for text in texts)


def element_of(kind: str) -> str:
    """The type of the parts of a list, or the type itself."""
    return kind.removeprefix("(list ").removesuffix(")")


def canonical(kind: str, written: str) -> str:
    """A value of an attribute that is no list, written out, in the one way that it is compared in: `1.50` is `1.5`, and
    times are in UTC. What is no such value stays as it is."""
    if kind == "string" or not is_written(kind, written):
        return written
    return _text(Decimal(written) if kind == "number" else written, kind)


def is_written(kind: str, text: str) -> bool:
    """Whether a text is a value of this type, written out."""
    if kind == "boolean":
        return text in ("true", "false")
    if kind != "number":
        return not wrong_kind(text, kind)
    try:
        return _is_number(Decimal(text))
    except ArithmeticError:
        return False


def _text(value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return format(Decimal(value).normalize(), "f")
    if isinstance(value, dict):
        return ",".join(_text(part, "number") for part in value.values())
    try:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat() if kind == "time" else str(value)
    except OverflowError:  # at the ends of the calendar
        return str(value)


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def wrong_kind(value: Any, kind: str) -> str:
    """The name of the kind that was wanted, or nothing when the value is of it."""
    if kind.startswith("(list "):
        inner = element_of(kind)
        if not isinstance(value, list):
            return f"list of {inner}"
        return next((f"list of {inner}" for part in value if wrong_kind(part, inner)), "")
    return "" if _KINDS[kind](value) else kind


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    exact = Decimal(value)
    return abs(exact) <= LARGEST and int(exact.as_tuple().exponent) >= -MOST_DECIMALS


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or "T" not in value.upper():
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_location(value: Any) -> bool:
    if isinstance(value, str):
        return len(value.split(",")) == 2
    return isinstance(value, dict) and len(value) == 2 and all(_is_number(part) for part in value.values())


_KINDS = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "time": _is_time,
    "location": _is_location,
}


def _shown(value: Any) -> str:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return shown if len(shown) <= 100 else f"{shown[:100]}…"
