"""Text (rules.md §3.8). What makes or searches long texts counts steps, so that no rule runs for minutes."""

from functools import lru_cache
from typing import Any

import re2

from guerdon.engine.talang.kinds import BOOLEAN, LIST, TEXT, WRITTEN, list_of
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.values import LONGEST_TEXT, EvaluationError, shown, text

_CHARACTERS_A_STEP = 64
_MOST_PATTERNS = 512
_MOST_IN_AN_EXPRESSION = 100
_LONGEST_PATTERN = 1000
_PATTERN_MEMORY = 1 << 18
_STEPS_OF_A_PATTERN = 8_000


def _read(frame: Any, *texts: str) -> None:
    """Count the characters that are about to be looked at."""
    length = sum(map(len, texts))
    if length > _CHARACTERS_A_STEP:
        frame.visit(length // _CHARACTERS_A_STEP)


def _written(frame: Any, parts: list[str], between: str = "") -> str:
    """A text of parts, if it is not too long."""
    length = sum(map(len, parts)) + len(between) * (len(parts) - 1)
    if length > LONGEST_TEXT:
        raise EvaluationError(f"a text has at most {LONGEST_TEXT} characters")
    if length > _CHARACTERS_A_STEP:
        frame.visit(length // _CHARACTERS_A_STEP)
    return between.join(parts)


def _concat(frame: Any, *parts: str) -> str:
    """The texts one after the other."""
    return _written(frame, list(parts))


for _name in ("+", "concat"):
    add(
        _name, TEXT, TEXT, rest=TEXT, returns=TEXT, run=_concat, frame=True, doc=_concat.__doc__,
        example=([_name, "SAVE", "10"], "SAVE10"),
    )  # fmt: skip


@declare("contains", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, frame=True,
         example=(["contains", "summer sale", "sale"], True))  # fmt: skip
def _contains(frame: Any, whole: str, *parts: str) -> bool:
    """Whether the first text contains each of the others."""
    _read(frame, whole, *parts)
    return all(part in whole for part in parts)


@declare("notContains", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, frame=True,
         example=(["notContains", "summer", "x"], True))  # fmt: skip
def _not_contains(frame: Any, whole: str, *parts: str) -> bool:
    """Whether the first text contains none of the others."""
    _read(frame, whole, *parts)
    return not any(part in whole for part in parts)


@declare("startsWith", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, example=(["startsWith", "SKU-1", "SKU"], True))
def _starts_with(whole: str, *parts: str) -> bool:
    """Whether the first text starts with each of the others."""
    return all(whole.startswith(part) for part in parts)


@declare("endsWith", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, example=(["endsWith", "SKU-1", "-1"], True))
def _ends_with(whole: str, *parts: str) -> bool:
    """Whether the first text ends with each of the others."""
    return all(whole.endswith(part) for part in parts)


@lru_cache(_MOST_PATTERNS)
def _pattern(written: str) -> Any:
    """A regular expression in the syntax of RE2, which takes linear time; an error says what is wrong with it."""
    if len(written) > _LONGEST_PATTERN:
        raise EvaluationError(f"a regular expression has at most {_LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY
    try:
        return re2.compile(written, options)
    except re2.error as error:
        why = error.args[0].decode(errors="replace")
        raise EvaluationError(f"{shown(written)} is no regular expression: {why}") from None


def _wrong_pattern(args: tuple[Any, ...]) -> str:
    try:
        if isinstance(args[0], str):
            _pattern(args[0])
    except EvaluationError as error:
        return str(error)
    return ""


@declare("~", TEXT, TEXT, rest=TEXT, returns=BOOLEAN, frame=True, verify=_wrong_pattern,
         most=_MOST_IN_AN_EXPRESSION, example=(["~", "^SKU-[0-9]+$", "SKU-17"], True))  # fmt: skip
def _matches(frame: Any, pattern: str, *texts: str) -> bool:
    """Whether the regular expression, in the syntax of RE2, is found in each of the texts."""
    _read(frame, pattern, *texts)
    if pattern not in frame.patterns:
        frame.visit(_STEPS_OF_A_PATTERN)
        frame.patterns.add(pattern)
    found = _pattern(pattern)
    return all(found.search(one) is not None for one in texts)


@declare("firstName", TEXT, returns=TEXT, example=(["firstName", "Ada King Lovelace"], "Ada"))
def _first_name(name: str) -> str:
    """The first word."""
    return next(iter(name.split()), "")


@declare("lastName", TEXT, returns=TEXT, example=(["lastName", "Ada King Lovelace"], "Lovelace"))
def _last_name(name: str) -> str:
    """The last word."""
    return next(iter(name.split()[-1:]), "")


@declare("toString", WRITTEN, returns=TEXT, example=(["toString", 1.5], "1.5"))
def _to_string(value: Any) -> str:
    """The text of a number, boolean or time."""
    if value is None:
        raise EvaluationError("null has no text")
    return text(value)


@declare("split", TEXT, TEXT, returns=list_of(TEXT), frame=True, example=(["split", "a,b", ","], ["a", "b"]))
def _split(frame: Any, whole: str, separator: str) -> list[str]:
    """The parts of a text between separators; with an empty separator its characters."""
    frame.visit(whole.count(separator) + 1)
    _read(frame, whole)
    return whole.split(separator) if separator else list(whole)


@declare("join", LIST, TEXT, returns=TEXT, frame=True, example=(["join", ["list", "a", "b"], ", "], "a, b"))
def _join(frame: Any, values: list[Any], separator: str) -> str:
    """The elements of a list as one text, with a separator between them; the first must be a text."""
    frame.visit(len(values))
    if values and not isinstance(values[0], str):
        raise EvaluationError(f"join takes a list of texts, but the first is {shown(values[0])}")
    return _written(frame, [text(value) for value in values], separator)
