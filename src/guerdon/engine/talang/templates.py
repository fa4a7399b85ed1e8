"""Templates: bodies with places for arguments, expanded before anything runs (rules.md §3.6)."""

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from guerdon.engine.talang.kinds import ATTRIBUTE_KINDS, BOOLEAN, LIST, MAP, NULL, NUMBER, TEXT, TIME, kind_of
from guerdon.engine.talang.syntax import Block, Call, Lambda, Literal, Node, Options, Path, SyntaxProblem, read
from guerdon.engine.talang.values import EvaluationError, to_time

_TOKEN = "token"
_ATOM = frozenset({NUMBER, TEXT, BOOLEAN, TIME, NULL})
_KINDS: dict[str, frozenset[str]] = {
    "decimal": frozenset({NUMBER}),
    "string": frozenset({TEXT}),
    "boolean": frozenset({BOOLEAN}),
    "time": frozenset({TIME}),
    "null": frozenset({NULL}),
    "list": frozenset({LIST}),
    "map": frozenset({MAP}),
    "token": frozenset({_TOKEN}),
    "atom": _ATOM,
    "collection": frozenset({LIST, MAP}),
    "any": _ATOM | {LIST, MAP, _TOKEN},
}
_SIGNATURE = re.compile(r"\s*([^\s()]+)\s*\(([^()]*)\)\s*([^\s()]*)\s*")
SIGNATURE = "Name(Kind, Kind|Kind, Kind...)Kind, of the kinds Decimal, String, Boolean, Time, Null, List, Map, Token, "
SIGNATURE += "Atom, Collection and Any"


class Template(Struct, frozen=True):
    """A template: its name in lower case, the kinds of each argument, and whether the last stands for any number."""

    name: str
    params: tuple[frozenset[str], ...]
    variadic: bool
    body: Node

    def takes(self, args: tuple[Node, ...]) -> bool:
        """Whether it fits these arguments, which are not evaluated: those that would have to be are tokens."""
        least = len(self.params) - self.variadic
        if len(args) < least or (len(args) > least and not self.variadic):
            return False
        return all(_fits(arg, self.params[min(place, len(self.params) - 1)]) for place, arg in enumerate(args))

    def expand(self, args: tuple[Node, ...]) -> Node:
        """The body with every `["#", i]` replaced by argument i; arguments themselves are left as they are."""
        return _substitute(self.body, args)


def template(signature: str, body: Node) -> Template | None:
    """The template that a signature such as `plus(Decimal, Decimal)Decimal` declares; None where it is none."""
    found = _SIGNATURE.fullmatch(signature)
    if found is None:
        return None
    name, inside, returned = found.groups()
    variadic = inside.rstrip().endswith("...")
    written = inside.rstrip().removesuffix("...").split(",") if inside.strip() else []
    params = [_kinds(one) for one in written]
    if returned and not _kinds(returned):
        return None
    return Template(name.lower(), tuple(params), variadic, body) if all(params) else None


def of_account(name: str, types: Iterable[str], expression: Any) -> Template | None:
    """A template that the account defines, with the types of its parameters (rules.md §1.6); None where its
    expression cannot be read. Arguments may be written out or be calls and lookups."""
    try:
        body = read(expression, f"/templates/{name}")
    except SyntaxProblem:
        return None
    params = tuple(frozenset({ATTRIBUTE_KINDS[one], _TOKEN}) for one in types)
    return Template(name.lower(), params, variadic=False, body=body)


def _kinds(written: str) -> frozenset[str]:
    """The kinds of `String|Token`; none where one of the names is no kind."""
    named = [_KINDS.get(one.strip().lower(), frozenset[str]()) for one in written.split("|")]
    return frozenset[str]().union(*named) if all(named) else frozenset()


def _fits(arg: Node, wanted: frozenset[str]) -> bool:
    if not isinstance(arg, Literal):
        return _TOKEN in wanted
    kind = kind_of(arg.value)
    return kind in wanted or (TIME in wanted and kind == TEXT and _is_time(arg.value))


def _is_time(text: str) -> bool:
    try:
        to_time(text)
    except EvaluationError:
        return False
    return True


def _substitute(node: Node, args: tuple[Node, ...]) -> Node:
    if (place := _place(node)) is not None and place < len(args):
        return args[place]
    match node:
        case Call(name=name, args=inside, pointer=pointer):
            return Call(name, tuple(_substitute(sub, args) for sub in inside), pointer)
        case Block(items=inside, pointer=pointer):
            return Block(tuple(_substitute(sub, args) for sub in inside), pointer)
        case Lambda(parameter=name, bodies=inside, pointer=pointer):
            return Lambda(name, tuple(_substitute(sub, args) for sub in inside), pointer)
        case Options(values=values, pointer=pointer):
            return Options({name: _substitute(sub, args) for name, sub in values.items()}, pointer)
        case Path(parts=parts, pointer=pointer):
            return Path(tuple(_part(part, args) for part in parts), pointer)
    return node


def _place(node: Node) -> int | None:
    """The number i of `["#", i]`."""
    if isinstance(node, Call) and node.name == "#" and len(node.args) == 1 and isinstance(node.args[0], Literal):
        value = node.args[0].value
        if kind_of(value) == NUMBER and value == value.to_integral_value() and value >= 0:
            return int(value)
    return None


def _part(part: str | Node, args: tuple[Node, ...]) -> str | Node:
    if isinstance(part, str):
        return part
    found = _substitute(part, args)
    return found.value if isinstance(found, Literal) and isinstance(found.value, str) else found
