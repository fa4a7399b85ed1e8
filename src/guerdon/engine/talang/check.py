"""Names and kinds, before anything runs: a tree becomes a typed tree, or problems that say what to write instead."""

import difflib
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from guerdon.engine.talang import functions as _declares_all  # noqa: F401
from guerdon.engine.talang.kinds import (
    ANY,
    ATTRIBUTE_KINDS,
    BOOLEAN,
    EFFECT,
    ITEM,
    LAMBDA,
    MAP,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    a,
    element,
    fits,
    is_list,
    of_literal,
)
from guerdon.engine.talang.paths import ATTRIBUTES, PATHS
from guerdon.engine.talang.registry import Function, names, overloads
from guerdon.engine.talang.syntax import Call, Lambda, Literal, Node, Options, Path, Problem
from guerdon.engine.talang.values import EvaluationError, to_time


class Typed(Struct, frozen=True, kw_only=True):
    """A checked expression: one of the forms below, and the kind of its value."""

    kind: str


class Const(Typed, frozen=True, kw_only=True):
    """A literal."""

    value: Any


class Apply(Typed, frozen=True, kw_only=True):
    """A function or effect with its arguments and options."""

    function: Function
    args: tuple[Typed, ...]
    options: Mapping[str, Any] = {}


class Read(Typed, frozen=True, kw_only=True):
    """A built-in path: Python source over `f` and, inside a lambda over items, `it`."""

    source: str
    path: str
    optional: bool
    item: str


class ReadAttribute(Typed, frozen=True, kw_only=True):
    """A custom attribute."""

    source: str
    name: str
    path: str
    item: str


class Bound(Typed, frozen=True, kw_only=True):
    """A binding of the rule or ruleset, by its index."""

    index: int


class Local(Typed, frozen=True, kw_only=True):
    """A variable of an enclosing lambda."""

    name: str


class Walk(Typed, frozen=True, kw_only=True):
    """Keys followed through a map."""

    base: Typed
    keys: tuple[Typed, ...]


class Body(Typed, frozen=True, kw_only=True):
    """A lambda."""

    parameter: str
    body: Typed


class Entry(Typed, frozen=True, kw_only=True):
    """An entry of a map."""

    key: str
    value: Typed


class Coerce(Typed, frozen=True, kw_only=True):
    """A value whose kind is settled when the rule runs."""

    value: Typed


class Binding(Struct, frozen=True):
    """What a name stands for: its index among the campaign's bindings, kind, the entities it looks at, how many
    levels it has, and which kinds of `couponValid` are in it (true for those that redeem)."""

    index: int
    kind: str
    inputs: frozenset[str]
    depth: int = 0
    asks_for_coupon: frozenset[bool] = frozenset()


class Checker:
    """Checks one expression; `problems` and `inputs` hold what was found."""

    def __init__(self, bindings: Mapping[str, Binding], attributes: Mapping[tuple[str, str], str]) -> None:
        self.bindings = bindings
        self.attributes = attributes
        self.locals: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.inputs: set[str] = set()
        self.depth = 0

    def problem(self, pointer: str, message: str) -> Typed:
        """Note a problem; the value goes on as one of unknown kind, so that all problems are found at once."""
        self.problems.append(Problem(pointer, message))
        return Const(kind=ANY, value=None)

    def check(self, node: Node) -> Typed:
        """The typed form of a node."""
        self.depth = max(self.depth, node.pointer.count("/"))
        if isinstance(node, Literal):
            return Const(kind=of_literal(node.value), value=node.value)
        if isinstance(node, Path):
            return self._path(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Options):
            return self.problem(node.pointer, "an object stands only as the last argument of an effect")
        return self.problem(node.pointer, 'a lambda such as [["Item"], body] stands only where a function takes one')

    def expect(self, node: Node, kind: str, what: str) -> Typed:
        """The typed form of a node that must be of a kind."""
        found = len(self.problems)
        typed = self.check(node)
        if typed.kind == NULL and kind == EFFECT:
            return typed
        if not fits(typed.kind, kind) and not self.problems[found:]:
            self.problem(node.pointer, f"{what} must be {a(kind)}, but this is {a(typed.kind)}")
        return self._settle(typed, kind, node.pointer)

    # --- calls

    def _call(self, node: Call) -> Typed:
        known = overloads(node.name)
        if not known:
            close = difflib.get_close_matches(node.name, names(), 1)
            hint = f"; did you mean `{close[0]}`?" if close else ""
            return self.problem(f"{node.pointer}/0", f"there is no function or effect `{node.name}`{hint}")
        walks = any(function.params[1:] == (LAMBDA,) for function in known)
        nodes, options = _split_options(_lambda_form(node.args) if walks else node.args)
        counted = [function for function in known if function.takes(len(nodes))]
        if not counted:
            written = " or ".join(dict.fromkeys(function.signature() for function in known))
            return self.problem(node.pointer, f"`{node.name}` cannot take {len(nodes)} arguments: write {written}")
        before = len(self.problems)
        typed = [self._argument(sub, counted[0].param(index)) for index, sub in enumerate(nodes)]
        if self.problems[before:]:
            return Const(kind=ANY, value=None)
        for function in counted:
            if all(_accepts(function.param(i), sub, typed[i]) for i, sub in enumerate(nodes)):
                return self._apply(function, node, nodes, typed, options)
        return self._no_overload(node, nodes, typed, counted)

    def _argument(self, node: Node, param: str) -> Typed | None:
        """An argument that can be checked alone; a lambda waits until the list it walks over is known."""
        if isinstance(node, Lambda):
            return None
        if param == "entry":
            return self._entry(node)
        if param == "path":
            return self._target(node)
        if param == "attribute":
            return self.check(_path_form(node))
        return self.check(node)

    def _value(self, node: Node) -> Typed:
        """Something that is part of a value, so not an effect: those stand in a rule's effects only."""
        typed = self.check(node)
        return self.problem(node.pointer, "this must be a value, not an effect") if typed.kind == EFFECT else typed

    def _apply(
        self,
        function: Function,
        node: Call,
        nodes: tuple[Node, ...],
        typed: list[Typed | None],
        options: Options | None,
    ) -> Typed:
        args: list[Typed] = []
        over = next((sub.kind for sub in typed if sub is not None and is_list(sub.kind)), ANY)
        for index, sub in enumerate(nodes):
            given = typed[index]
            if isinstance(sub, Lambda):
                args.append(self._lambda(sub, element(over)))
            elif given is not None:
                args.append(self._settle(given, function.param(index), sub.pointer))
        if function.name == "couponValid" and not all(isinstance(arg, Const) for arg in args):
            self.problem(node.pointer, "`couponValid` takes true or false as it stands, no expression")
        self.inputs |= function.inputs
        chosen = self._options(function, options)
        kinds = tuple(arg.body.kind if isinstance(arg, Body) else arg.kind for arg in args)
        return Apply(kind=function.returned(kinds), function=function, args=tuple(args), options=chosen)

    def _no_overload(
        self, node: Call, nodes: tuple[Node, ...], typed: list[Typed | None], counted: list[Function]
    ) -> Typed:
        if len(counted) == 1:
            for index, sub in enumerate(nodes):
                if not _accepts(counted[0].param(index), sub, typed[index]):
                    given = typed[index].kind if typed[index] is not None else LAMBDA  # type: ignore[union-attr]
                    wanted = counted[0].param(index)
                    return self.problem(sub.pointer, f"`{node.name}` takes {a(wanted)} here, but this is {a(given)}")
        given = ", ".join(sub.kind if sub is not None else LAMBDA for sub in typed)
        written = " or ".join(dict.fromkeys(function.signature() for function in counted))
        return self.problem(node.pointer, f"`{node.name}` cannot take ({given}): write {written}")

    def _lambda(self, node: Lambda, kind: str) -> Typed:
        shadowed = self.locals.get(node.parameter)
        self.locals[node.parameter] = kind
        body = self._value(node.body)
        if shadowed is None:
            del self.locals[node.parameter]
        else:
            self.locals[node.parameter] = shadowed
        return Body(kind=LAMBDA, parameter=node.parameter, body=body)

    def _entry(self, node: Node) -> Typed:
        if not isinstance(node, Call) or len(node.args) != 1:
            return self.problem(node.pointer, 'a map entry is written ["key", value]')
        return Entry(kind="entry", key=node.name, value=self._value(node.args[0]))

    def _options(self, function: Function, options: Options | None) -> Mapping[str, Any]:
        if options is None:
            return {}
        for name, value in options.values.items():
            if name not in function.options:
                known = ", ".join(function.options) or "none"
                self.problem(f"{options.pointer}/{name}", f"`{function.name}` has no option `{name}`; it has {known}")
            elif name == "scope" and value not in SCOPES[function.name]:
                self.problem(f"{options.pointer}/{name}", f"`{name}` must be one of {', '.join(SCOPES[function.name])}")
            elif name != "scope" and not isinstance(value, bool):
                self.problem(f"{options.pointer}/{name}", f"`{name}` must be true or false")
        return dict(options.values)

    def _settle(self, typed: Typed, wanted: str, pointer: str) -> Typed:
        """A value for a parameter: texts become times, values of unknown kind are looked at when the rule runs."""
        if wanted == TIME and typed.kind == TEXT:
            if isinstance(typed, Const):
                try:
                    return Const(kind=TIME, value=to_time(typed.value))
                except EvaluationError as error:
                    return self.problem(pointer, str(error))
            return Coerce(kind=TIME, value=typed)
        if (typed.kind == ANY and wanted in (NUMBER, TEXT, BOOLEAN, TIME, MAP)) or (
            typed.kind == ANY and is_list(wanted)
        ):
            return Coerce(kind=wanted, value=typed)
        return typed

    # --- paths

    def _path(self, node: Path) -> Typed:
        head, rest = str(node.parts[0]), node.parts[1:]
        if head in self.locals:
            return self._local(node, head, rest)
        if head in self.bindings:
            binding = self.bindings[head]
            self.inputs |= binding.inputs
            self.depth = max(self.depth, node.pointer.count("/") + binding.depth)
            return self._inside(node, Bound(kind=binding.kind, index=binding.index), rest)
        if head == "Item":
            return self.problem(node.pointer, 'Item is known only inside a lambda such as [["Item"], …]')
        if head not in PATHS:
            known = [*PATHS, *self.bindings, *self.locals]
            return self.problem(f"{node.pointer}/1", f"there is no `{head}`{_suggest(head, known)}")
        self.inputs.add(head)
        return self._entity(node, head, rest, "")

    def _local(self, node: Path, name: str, rest: tuple[Any, ...]) -> Typed:
        kind = self.locals[name]
        if kind == ITEM and rest:
            return self._entity(node, "Item", rest, name)
        return self._inside(node, Local(kind=kind, name=name), rest)

    def _inside(self, node: Path, base: Typed, rest: tuple[Any, ...]) -> Typed:
        if not rest:
            return base
        if base.kind not in (MAP, ANY):
            return self.problem(node.pointer, f"`{node.parts[0]}` is {a(base.kind)}, so nothing can be looked up in it")
        keys = tuple(Const(kind=TEXT, value=part) if isinstance(part, str) else self._value(part) for part in rest)
        return Walk(kind=ANY, base=base, keys=keys)

    def _entity(self, node: Path, entity: str, rest: tuple[Any, ...], item: str) -> Typed:
        if any(not isinstance(part, str) for part in rest):
            return self.problem(node.pointer, "parts of a built-in path are names, not expressions")
        path = ".".join((entity, *rest))
        if entity in ATTRIBUTES and len(rest) == 2 and rest[0] == "Attributes":
            return self._attribute(node, entity, rest[1], item)
        entry = PATHS[entity].get(".".join(rest))
        if entry is None:
            known = [f"{entity}.{name}" for name in PATHS[entity]]
            known += [
                f"{entity}.Attributes.{name}" for of, name in self.attributes if of == ATTRIBUTES.get(entity, "?")[0]
            ]
            return self.problem(node.pointer, f"there is no `{path}`{_suggest(path, known)}")
        return Read(kind=entry.kind, source=entry.source, path=path, optional=entry.optional, item=item)

    def _attribute(self, node: Path, entity: str, name: str, item: str) -> Typed:
        owner, source = ATTRIBUTES[entity]
        declared = self.attributes.get((owner, name))
        if declared is None:
            known = [other for of, other in self.attributes if of == owner]
            message = f"the attribute `{name}` is not defined on {owner} entities{_suggest(name, known)}"
            return self.problem(node.pointer, message)
        kind = ATTRIBUTE_KINDS[declared]
        return ReadAttribute(kind=kind, source=source, name=name, path=f"{entity}.Attributes.{name}", item=item)

    def _target(self, node: Node) -> Typed:
        """The attribute an effect writes: `["Session", "Attributes", name]`, with or without a leading dot."""
        parts: list[Any] = []
        if isinstance(node, Path):
            parts = list(node.parts)
        elif isinstance(node, Call):
            parts = [node.name, *(arg.value if isinstance(arg, Literal) else None for arg in node.args)]
        if len(parts) != 3 or parts[0] not in ("Session", "Profile") or parts[1] != "Attributes":
            return self.problem(
                node.pointer, 'write ["Session", "Attributes", name] or ["Profile", "Attributes", name]'
            )
        declared = self.attributes.get((ATTRIBUTES[parts[0]][0], parts[2]))
        if declared is None:
            owner = ATTRIBUTES[parts[0]][0]
            return self.problem(node.pointer, f"the attribute `{parts[2]}` is not defined on {owner} entities")
        return Const(kind="path", value=(parts[0], parts[2], declared))


SCOPES: dict[str, tuple[Any, ...]] = {
    "setDiscount": ("sessionTotal", "cartItems", "additionalCosts"),
    "setDiscountPerItem": ("price", "additionalCosts", "itemTotal"),
}


def _suggest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean `{close[0]}`?" if close else ""


def _split_options(nodes: tuple[Node, ...]) -> tuple[tuple[Node, ...], Options | None]:
    if nodes and isinstance(nodes[-1], Options):
        return nodes[:-1], nodes[-1]
    return nodes, None


def _lambda_form(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """`list "x" (body)` is the older way to write `list [["x"], body]`."""
    if len(nodes) == 3 and isinstance(nodes[1], Literal) and isinstance(nodes[1].value, str):
        return (nodes[0], Lambda(nodes[1].value, nodes[2], nodes[1].pointer))
    return nodes


def _path_form(node: Node) -> Node:
    """`["Profile", "Attributes", name]` is another way to name an attribute."""
    if isinstance(node, Call) and node.name in ATTRIBUTES:
        return Path(
            (node.name, *(str(arg.value) if isinstance(arg, Literal) else arg for arg in node.args)), node.pointer
        )
    return node


def _accepts(param: str, node: Node, typed: Typed | None) -> bool:
    if isinstance(node, Lambda) or typed is None:
        return param == LAMBDA
    if param == TIME and typed.kind == TEXT:
        return True
    if param == EFFECT and typed.kind == NULL:
        return True
    return fits(typed.kind, ANY if param == "attribute" else param)
