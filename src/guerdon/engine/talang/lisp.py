"""The text form of expressions (rules.md §3.2): `(+ 1 (. Session Total))`, read into the same tree as JSON arrays."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from guerdon.engine.talang.syntax import DEEPEST, Node, Reader, SyntaxProblem, Word
from guerdon.engine.talang.values import LONGEST_TEXT, is_unicode

LONGEST = 1_000_000
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})")
# Every character begins one of these, so reading takes one step per token.
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)|(?P<open>\()|(?P<close>\))|(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<unclosed>["'])|(?P<word>[^ \t\r\n()]+)""",
    re.S,
)


def parse(source: str, *, deepest: int = DEEPEST) -> Node:
    """The tree of a Lisp text; raises SyntaxProblem. Pointers are those of the same expression as JSON arrays.

    >>> parse("+ 1 2") == parse("(+ 1 2)")
    True
    """
    if not is_unicode(source):
        raise SyntaxProblem("", "a text with half a surrogate pair is no Unicode")
    if len(source) > LONGEST:
        raise SyntaxProblem("", f"the expression is too large: at most {LONGEST} characters")
    reader = Reader(deepest=deepest, rules=False)
    return reader.read(_arrays(source, reader), "")


def _arrays(source: str, reader: Reader) -> Any:
    """The arrays that the text stands for; an outer pair of parentheses may be left out."""
    top: list[Any] = []
    open_blocks = [top]
    for count, token in enumerate(_TOKEN.finditer(source)):
        if count > 4 * reader.most or len(open_blocks) > reader.deepest + 2:
            raise reader.too_large("")
        here = open_blocks[-1]
        match token.lastgroup:
            case "open":
                here.append([])
                open_blocks.append(here[-1])
            case "close":
                if len(open_blocks) == 1:
                    raise _wrong(source, token.start(), "this parenthesis closes nothing")
                open_blocks.pop()
            case "quoted":
                here.append(_unquoted(token.group()))
            case "unclosed":
                raise _wrong(source, token.start(), "this quotation mark is not closed")
            case "word":
                here.append(_word(token.group(), name=not here and len(open_blocks) > 1))
    if len(open_blocks) > 1:
        raise _wrong(source, len(source), f"{len(open_blocks) - 1} parentheses are not closed")
    if len(top) == 1:
        return top[0]
    if top and isinstance(top[0], Word):
        top[0] = top[0].text
    return top


def _wrong(source: str, place: int, message: str) -> SyntaxProblem:
    line = source.count("\n", 0, place) + 1
    column = place - (source.rfind("\n", 0, place) + 1) + 1
    return SyntaxProblem("", f"line {line}, character {column}: {message}")


def _unquoted(quoted: str) -> str:
    mark = quoted[0]
    return quoted[1:-1].replace(f"\\{mark}", mark)


def _word(word: str, *, name: bool) -> Any:
    """What a bare word is: the name of a block if it begins one, else a boolean, number, time or text."""
    if name:
        return word
    if word.lower() in ("true", "false"):
        return Word(word.lower() == "true", word)
    if len(word) <= LONGEST_TEXT and _DECIMAL.fullmatch(word):
        return Word(Decimal(word), word)
    if _TIME.fullmatch(word):
        try:
            return Word(datetime.fromisoformat(word), word)
        except ValueError:
            return word
    return word
