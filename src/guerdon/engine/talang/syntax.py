"""JSON arrays to a tree: every node knows the JSON pointer it came from (rules.md §2.1, §9).

An array is a call `[name, argument…]`; an array that starts with an array is a block: a sequence of expressions, or,
where a function takes one, a lambda `[["Item"], body]`. Scalars are literals; an object is the options of an effect.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from guerdon.engine.talang.values import LONGEST_TEXT, TalangError, is_unicode

DEEPEST = 100
LARGEST_NUMBER = Decimal(10) ** 15
MOST_DECIMALS = 30
MOST_NODES = 100_000
MOST_NODES_ALONE = 25_000


class Word(Struct, frozen=True):
    """A number, boolean or time with the text it was written as, which Lisp keeps."""

    value: Any
    text: str


class Literal(Struct, frozen=True):
    """A number (Decimal), text, boolean, time (aware datetime, only in Lisp) or null. `text` is how it was written,
    where that is not the text of the value."""

    value: Any
    pointer: str
    text: str = ""


class Call(Struct, frozen=True):
    """A function with its arguments."""

    name: str
    args: "tuple[Node, ...]"
    pointer: str


class Path(Struct, frozen=True):
    """A lookup such as `[".", "Session", "Total"]`; parts are names, or nodes to compute."""

    parts: "tuple[str | Node, ...]"
    pointer: str


class Lambda(Struct, frozen=True):
    """Bodies with the name they bind, such as `[["Item"], body]`; where no function takes one, a block that begins
    with a call without arguments."""

    parameter: str
    bodies: "tuple[Node, ...]"
    pointer: str


class Block(Struct, frozen=True):
    """Expressions one after the other, such as `[["set", "n", 1], [".", "n"]]`; the value is that of the last."""

    items: "tuple[Node, ...]"
    pointer: str


class Malformed(Struct, frozen=True):
    """No expression, and why."""

    message: str
    pointer: str


class Options(Struct, frozen=True):
    """The trailing object of an effect, e.g. `{"partial": true}`."""

    values: "Mapping[str, Node]"
    pointer: str


Node = Literal | Call | Path | Lambda | Block | Options | Malformed


def children(node: Node) -> "tuple[Node, ...]":
    """The nodes directly inside a node."""
    match node:
        case Call(args=inside) | Lambda(bodies=inside) | Block(items=inside):
            return inside
        case Path(parts=parts):
            return tuple(part for part in parts if not isinstance(part, str))
        case Options(values=values):
            return tuple(values.values())
    return ()


class Problem(Struct, frozen=True):
    """What is wrong with an expression, where, and what to write instead."""

    pointer: str
    message: str


class SyntaxProblem(TalangError):
    """What was given is no expression, or one out of proportion."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(pointer, message)


class Reader:
    """Reads one expression, and counts, so that no input makes a tree out of proportion.

    In `rules` a path may be one dotted text and begin with a dollar sign, and numbers are bounded so that sums and
    products of them are exact. An expression by itself is smaller, for it is compiled whenever it is evaluated.
    """

    def __init__(self, *, deepest: int = DEEPEST, rules: bool = True) -> None:
        self.deepest = deepest
        self.rules = rules
        self.most = MOST_NODES if rules else MOST_NODES_ALONE
        self.nodes = 0

    def read(self, value: Any, pointer: str, depth: int = 0) -> Node:
        """The node of a JSON value."""
        self.nodes += 1
        if depth > self.deepest or self.nodes > self.most:
            raise self.too_large(pointer)
        if isinstance(value, str) and not is_unicode(value):
            return Malformed("a text with half a surrogate pair is no Unicode", pointer)
        if isinstance(value, list):
            return self._array(value, pointer, depth)
        if isinstance(value, dict):
            return self._options(value, pointer, depth)
        return self._literal(value, pointer)

    def too_large(self, pointer: str) -> SyntaxProblem:
        """What to raise for an expression out of proportion."""
        return SyntaxProblem(pointer, f"the expression is too large: at most {self.deepest} levels, {self.most} nodes")

    def _options(self, value: dict[Any, Any], pointer: str, depth: int) -> Node:
        if not all(isinstance(name, str) and is_unicode(name) for name in value):
            return Malformed("the names of options are texts", pointer)
        return Options(
            {name: self.read(sub, f"{pointer}/{escaped(name)}", depth + 1) for name, sub in value.items()}, pointer
        )

    def _literal(self, value: Any, pointer: str) -> Node:
        text = ""
        if isinstance(value, Word):
            value, text = value.value, value.text
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            return Malformed(f"a text has at most {LONGEST_TEXT} characters", pointer)
        if value is None or isinstance(value, bool | str):
            return Literal(value, pointer, text)
        if isinstance(value, int | Decimal) or (isinstance(value, float) and not self.rules):
            return self._number(value, pointer, text)
        if isinstance(value, datetime) and value.tzinfo is not None and not self.rules:
            return Literal(value, pointer, text)
        return Malformed(f"{type(value).__name__} is not a JSON value", pointer)

    def _number(self, value: int | float | Decimal, pointer: str, text: str) -> Node:
        """A number that sums and products can be exact about (ADR 0007)."""
        exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        largest = LARGEST_NUMBER if self.rules else LARGEST_NUMBER**4
        fine = exact.is_finite() and exact.copy_abs() <= largest and int(exact.as_tuple().exponent) >= -MOST_DECIMALS
        if not fine:
            return Malformed(f"a number is at most {largest:f} in size, with {MOST_DECIMALS} decimals", pointer)
        return Literal(exact, pointer, text)

    def _array(self, value: list[Any], pointer: str, depth: int) -> Node:
        if not value:
            return Malformed("an empty array is no expression: write [function, argument, …]", pointer)
        head = value[0]
        if isinstance(head, list):
            return self._block(value, pointer, depth)
        if not isinstance(head, str) or not is_unicode(head):
            return Malformed("the first element of an expression is the name of a function", f"{pointer}/0")
        if head == ".":
            return self._path(value, pointer, depth)
        args = tuple(self.read(sub, f"{pointer}/{index}", depth + 1) for index, sub in enumerate(value) if index)
        return Call(head, args, pointer)

    def _block(self, value: list[Any], pointer: str, depth: int) -> Node:
        """A lambda, a sequence, or the one expression that is in it."""
        if len(value) == 1:
            return self.read(value[0], f"{pointer}/0", depth + 1)
        head = value[0]
        if len(head) == 1 and isinstance(head[0], str) and is_unicode(head[0]):
            bodies = tuple(self.read(sub, f"{pointer}/{index}", depth + 1) for index, sub in enumerate(value) if index)
            return Lambda(head[0], bodies, pointer)
        return Block(tuple(self.read(sub, f"{pointer}/{index}", depth + 1) for index, sub in enumerate(value)), pointer)

    def _path(self, value: list[Any], pointer: str, depth: int) -> Node:
        parts: list[str | Node] = []
        for index, part in enumerate(value[1:], 1):
            if not isinstance(part, str) or not is_unicode(part):
                parts.append(self.read(part, f"{pointer}/{index}", depth + 1))
            elif self.rules and index == 1:
                parts.extend(part.removeprefix("$").split("."))
            else:
                parts.append(part)
        named = parts and (isinstance(parts[0], str) or (isinstance(parts[0], Call) and parts[0].name == "#"))
        if not parts or (self.rules and not named):
            return Malformed('a path starts with a name, e.g. [".", "Session", "Total"]', pointer)
        return Path(tuple(parts), pointer)


def escaped(name: str) -> str:
    """A member's name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def read(value: Any, pointer: str) -> Node:
    """The tree of a JSON expression in a rule; raises SyntaxProblem when it is too large.

    What is no expression in it becomes Malformed, so that the checker finds all problems at once.

    >>> read([">", [".", "Session", "Total"], 100], "/rules/0/condition").args[0].parts
    ('Session', 'Total')
    """
    return Reader().read(value, pointer)
