"""Text (rules.md §3.8)."""

from typing import Any

from guerdon.engine.talang.kinds import ANY, BOOLEAN, TEXT
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.values import LONGEST_TEXT, EvaluationError, text


def _concat(*parts: str) -> str:
    """The texts one after the other."""
    if sum(map(len, parts)) > LONGEST_TEXT:
        raise EvaluationError(f"a text has at most {LONGEST_TEXT} characters")
    return "".join(parts)


for _name in ("+", "concat"):
    add(
        _name, TEXT, TEXT, rest=TEXT, returns=TEXT, run=_concat, doc=_concat.__doc__,
        example=([_name, "SAVE", "10"], "SAVE10"),
    )  # fmt: skip


@declare("contains", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, example=(["contains", "summer sale", "sale"], True))
def _contains(whole: str, *parts: str) -> bool:
    """Whether the first text contains each of the others."""
    return all(part in whole for part in parts)


@declare("notContains", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, example=(["notContains", "summer", "x"], True))
def _not_contains(whole: str, *parts: str) -> bool:
    """Whether the first text contains none of the others."""
    return not any(part in whole for part in parts)


@declare("startsWith", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, example=(["startsWith", "SKU-1", "SKU"], True))
def _starts_with(whole: str, *parts: str) -> bool:
    """Whether the first text starts with each of the others."""
    return all(whole.startswith(part) for part in parts)


@declare("endsWith", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, example=(["endsWith", "SKU-1", "-1"], True))
def _ends_with(whole: str, *parts: str) -> bool:
    """Whether the first text ends with each of the others."""
    return all(whole.endswith(part) for part in parts)


@declare("toString", ANY, returns=TEXT, example=(["toString", 1.5], "1.5"))
def _to_string(value: Any) -> str:
    """The text of a value."""
    return text(value)
