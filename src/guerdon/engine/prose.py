"""Expressions as a marketer would write them: `Session.Total >= 50` for `[">=", [".", "Session", "Total"], 50]`."""

from decimal import Decimal
from typing import Any

from guerdon.engine.talang.bundles import Bundle
from guerdon.engine.talang.values import shown, text

LONGEST = 160
_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠", "*": "×", "/": "÷"}  # noqa: RUF001 - as they are printed
_INFIX = {
    "and": 1, "or": 1, "=": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4, "*": 5, "/": 5,
}  # fmt: skip
_TIGHTEST = 9


def prose(expression: Any) -> str:
    """One line for a JSON expression, cut where it is long.

    >>> prose(["and", [">=", [".", "Session", "Total"], 50], ["couponValid"]])
    'Session.Total ≥ 50 and couponValid'
    """
    line = _write(expression, 0)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _write(expression: Any, outer: int) -> str:
    if isinstance(expression, str):
        return f'"{expression}"'
    if isinstance(expression, dict):
        return "{" + ", ".join(f"{name}: {_write(value, 0)}" for name, value in expression.items()) + "}"
    if not isinstance(expression, list):
        return "null" if expression is None else text(expression)
    if not expression:
        return "()"
    head, *args = expression
    if isinstance(head, list):
        return _block(head, args)
    if head in ("and", "or") and len(args) == 1:
        return _write(args[0], outer)
    if head == ".":
        return ".".join(part if isinstance(part, str) else f"({_write(part, 0)})" for part in args)
    if head in _INFIX and len(args) > 1:
        return _operation(head, args, outer)
    return _call(str(head), args)


def _block(head: list[Any], args: list[Any]) -> str:
    """A lambda shows its bodies only: their variable says by itself what it goes over."""
    if len(head) == 1 and isinstance(head[0], str) and args:
        return ", ".join(_write(body, 0) for body in args)
    return "; ".join(_write(part, 0) for part in (head, *args))


def _operation(sign: str, args: list[Any], outer: int) -> str:
    tightness = _INFIX[sign]
    line = f" {_SIGNS.get(sign, sign)} ".join(_write(arg, tightness + 1) for arg in args)
    return f"({line})" if tightness < outer else line


def _call(name: str, args: list[Any]) -> str:
    if name == "not" and len(args) == 1:
        return f"not {_write(args[0], _TIGHTEST)}"
    if name == "identity" and len(args) == 1:
        return _write(args[0], 0)
    if name == "catch" and len(args) == 2:
        return (
            _write(args[1], 0)
            if args[0] is False or args[0] == ["noop"]
            else f"{_write(args[1], 0)} or else {_write(args[0], 0)}"
        )
    if name == "onFailure" and args:
        return _write(args[0], 0)
    if name == "list":
        return f"[{', '.join(_write(arg, 0) for arg in args)}]"
    return f"{name}({', '.join(_write(arg, 0) for arg in args)})" if args else name


def value_prose(value: Any) -> str:
    """A value that came of an expression: lists by what is in them, items by their SKU."""
    if isinstance(value, list | tuple):
        few = ", ".join(value_prose(one) for one in value[:5])
        return f"[{few}{', …' if len(value) > 5 else ''}] ({len(value)})" if value else "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, Bundle):
        return "+".join(value_prose(item) for item in value.items)
    line = getattr(value, "line", None)
    if line is not None:
        return f"{line.sku}#{line.position}"
    return shown(value).strip("'") if value is not None else "null"
