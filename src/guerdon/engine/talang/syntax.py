"""JSON arrays to a tree: every node knows the JSON pointer it came from (rules.md §2.1, §9).

An array is a call `[name, argument…]`; an array that starts with an array is a block: a sequence of expressions, or,
where a function takes one, a lambda `[["Item"], body]`. Scalars are literals; an object is the options of an effect.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

DEEPEST = 100
LARGEST_NUMBER = Decimal(10) ** 15
MOST_DECIMALS = 30
MOST_NODES = 100_000


class Literal(Struct, frozen=True):
    """A number (Decimal), text, boolean or null."""

    value: Any
    pointer: str


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


class Options(Struct, frozen=True):
    """The trailing object of an effect, e.g. `{"partial": true}`."""

    values: "Mapping[str, Node]"
    pointer: str


Node = Literal | Call | Path | Lambda | Block | Options


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


class SyntaxProblem(Exception):
    """The JSON is not an expression."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(pointer, message)


class _Reader:
    """Counts what it reads, so that no input makes a tree out of proportion."""

    def __init__(self) -> None:
        self.nodes = 0

    def read(self, value: Any, pointer: str, depth: int) -> Node:
        self.nodes += 1
        if depth > DEEPEST or self.nodes > MOST_NODES:
            raise SyntaxProblem(pointer, f"the expression is too large: at most {DEEPEST} levels, {MOST_NODES} nodes")
        if isinstance(value, list):
            return self._array(value, pointer, depth)
        if isinstance(value, dict):
            return self._options(value, pointer, depth)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Literal(_number(Decimal(value), pointer), pointer)
        if value is None or isinstance(value, bool | str):
            return Literal(value, pointer)
        raise SyntaxProblem(pointer, f"{type(value).__name__} is not a JSON value")

    def _array(self, value: list[Any], pointer: str, depth: int) -> Node:
        if not value:
            raise SyntaxProblem(pointer, "an empty array is no expression: write [function, argument, …]")
        head = value[0]
        if isinstance(head, list):
            return self._block(value, pointer, depth)
        if not isinstance(head, str):
            raise SyntaxProblem(f"{pointer}/0", "the first element of an expression is the name of a function")
        if head == ".":
            return self._path(value, pointer, depth)
        args = tuple(self.read(sub, f"{pointer}/{index}", depth + 1) for index, sub in enumerate(value) if index)
        return Call(head, args, pointer)

    def _block(self, value: list[Any], pointer: str, depth: int) -> Node:
        """A lambda, a sequence, or the one expression that is in it."""
        if len(value) == 1:
            return self.read(value[0], f"{pointer}/0", depth + 1)
        head = value[0]
        if len(head) == 1 and isinstance(head[0], str):
            bodies = tuple(self.read(sub, f"{pointer}/{index}", depth + 1) for index, sub in enumerate(value) if index)
            return Lambda(head[0], bodies, pointer)
        return Block(tuple(self.read(sub, f"{pointer}/{index}", depth + 1) for index, sub in enumerate(value)), pointer)

    def _options(self, value: dict[str, Any], pointer: str, depth: int) -> Options:
        return Options(
            {name: self.read(sub, f"{pointer}/{escaped(name)}", depth + 1) for name, sub in value.items()}, pointer
        )

    def _path(self, value: list[Any], pointer: str, depth: int) -> Path:
        parts: list[str | Node] = []
        for index, part in enumerate(value[1:], 1):
            if isinstance(part, str):
                parts.extend(part.removeprefix("$").split(".") if index == 1 else [part])
            else:
                parts.append(self.read(part, f"{pointer}/{index}", depth + 1))
        if not parts or not isinstance(parts[0], str):
            raise SyntaxProblem(pointer, 'a path starts with a name, e.g. [".", "Session", "Total"]')
        return Path(tuple(parts), pointer)


def escaped(name: str) -> str:
    """A member's name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _number(value: Decimal, pointer: str) -> Decimal:
    """A number that sums and products can be exact about (ADR 0007)."""
    if not value.is_finite() or value.copy_abs() > LARGEST_NUMBER or int(value.as_tuple().exponent) < -MOST_DECIMALS:
        raise SyntaxProblem(pointer, f"a number is at most {LARGEST_NUMBER:f} in size, with {MOST_DECIMALS} decimals")
    return value


def read(value: Any, pointer: str) -> Node:
    """The tree of a JSON expression; raises SyntaxProblem.

    >>> read([">", [".", "Session", "Total"], 100], "/rules/0/condition").args[0].parts
    ('Session', 'Total')
    """
    return _Reader().read(value, pointer, 0)
