"""Expressions as the text that typed blocks hold: `$Session.Total` for a path, `{{$Session.Total * 0.1}}` for a formula.

Formulas have `+ - * /`, parentheses and function calls (rules.md §2.2); what needs more than that is `Untranslatable`.
`names` says what the variables of the lambdas around an expression are called, e.g. `{"x": "Item"}`.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Names = Mapping[str, str]

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}
_ATOM = 3
_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_LARGEST = 2**53


class Untranslatable(Exception):
    """No typed block can say this."""


def is_number(value: Any) -> bool:
    """Whether this is a literal number."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def whole(value: Any) -> int:
    """A literal whole number, such as an id; anything else is Untranslatable."""
    if not is_number(value) or value != int(value) or abs(value) > _LARGEST:
        raise Untranslatable
    return int(value)


def path(value: Any, names: Names) -> str:
    """`$Session.Total` for `[".", "Session", "Total"]`; a leading `$` and a dotted text are the same path."""
    match value:
        case [".", str(head), *rest] if all(isinstance(part, str) for part in rest):
            head = head.removeprefix("$")
            return ".".join((f"${names.get(head, head)}", *rest))
    raise Untranslatable


def formula(value: Any, names: Names) -> str:
    """A value as it stands between double braces."""
    return _written(value, names)[0]


def braces(value: Any, names: Names) -> str:
    """A formula with its double braces."""
    return "{{" + formula(value, names) + "}}"


def text(value: Any, names: Names) -> str:
    """A value for a member that is a text, such as a title: literals as they are, formulas in double braces."""
    if isinstance(value, str):
        return value if "{{" not in value else braces(value, names)
    if is_number(value):
        return _written(value, names)[0]
    match value:
        case ["+" | "concat", *parts] if any(isinstance(part, str) for part in parts):
            return "".join(text(part, names) for part in parts)
    return braces(value, names)


def number_or_text(value: Any, names: Names) -> Decimal | str:
    """A value for a member that is a number or a formula."""
    return Decimal(value) if is_number(value) else text(value, names)


def plain(value: Any, names: Names) -> Any:
    """A value for a member of any type: literals, lists and maps as JSON, the rest as formulas."""
    if value is None or isinstance(value, bool) or is_number(value):
        return value
    if isinstance(value, str):
        return text(value, names)
    if isinstance(value, dict):
        return {key: plain(one, names) for key, one in value.items()}
    match value:
        case ["list", *values]:
            return [plain(one, names) for one in values]
        case ["kv", *entries] if all(_is_entry(entry) for entry in entries):
            return {key: plain(one, names) for key, one in entries}
    return braces(value, names)


def function(value: Any) -> tuple[str, Any]:
    """The variable and the body of a lambda with one body, `[["Item"], body]`."""
    match value:
        case [[str(name)], body]:
            return name, body
    raise Untranslatable


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)


def _written(value: Any, names: Names) -> tuple[str, int]:
    """The text of a value and how tightly it holds together."""
    if value is None or isinstance(value, bool):
        return json.dumps(value), _ATOM
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False), _ATOM
    if is_number(value):
        return f"{Decimal(value):f}", _ATOM if value >= 0 else 0
    match value:
        case [".", *_]:
            found = path(value, names)
            if all(_WORD.match(part) for part in found[1:].split(".")):
                return found, _ATOM
        case ["+" | "-" | "*" | "/" as sign, first, *others] if others:
            return _infix(sign, first, others, names), _PRECEDENCE[sign]
        case [str(name), *args] if _WORD.match(name):
            return f"{name}({', '.join(formula(arg, names) for arg in args)})", _ATOM
    raise Untranslatable


def _infix(sign: str, first: Any, others: list[Any], names: Names) -> str:
    own = _PRECEDENCE[sign]
    text, tight = _written(first, names)
    parts = [text if tight >= own else f"({text})"]
    for other in others:
        text, tight = _written(other, names)
        parts.append(text if tight > own else f"({text})")
    return f" {sign} ".join(parts)
