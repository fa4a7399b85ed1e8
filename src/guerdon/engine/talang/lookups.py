"""Paths, before anything runs: variables of lambdas, bindings, built-in paths and custom attributes."""

import difflib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from guerdon.engine.talang.kinds import ANY, ATTRIBUTE_KINDS, ITEM, LIST, MAP, NULL, NUMBER, TEXT, a, is_list
from guerdon.engine.talang.known import FILTER, ITEM_ATTRIBUTE, KINDS, TARGET, Known, Unknown
from guerdon.engine.talang.paths import ATTRIBUTES, NAME, PATHS, WRITABLE, Entry
from guerdon.engine.talang.syntax import Call, Literal, Node, Path, Problem
from guerdon.engine.talang.templates import Template
from guerdon.engine.talang.typed import (
    Apply,
    Binding,
    Bound,
    Const,
    Fails,
    Local,
    Lookup,
    Read,
    ReadAttribute,
    Typed,
    Walk,
)


def suggest(name: str, known: list[str]) -> str:
    """The end of a message about an unknown name: the one that was probably meant."""
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean `{close[0]}`?" if close else ""


class Names:
    """What the expressions of a rule set, in order: the kinds of variables, and templates; a scope within another."""

    def __init__(self, outer: "Names | None" = None) -> None:
        self.outer = outer
        self.variables: dict[str, str] = dict(outer.variables) if outer else {}
        self.templates: list[Template] = []

    def all_templates(self) -> Iterator[Template]:
        """The templates, innermost scope first."""
        yield from self.templates
        if self.outer:
            yield from self.outer.all_templates()


class Lookups:
    """What names stand for in an expression, and the problems found. `value` checks what a path computes; `at` is
    the level of the node at hand, counted from the root of the ruleset; `sets` is how often something was set."""

    def __init__(
        self,
        bindings: Mapping[str, Binding],
        attributes: Mapping[tuple[str, str], str],
        known: Known,
        filters: Mapping[str, Binding],
        names: Names | None = None,
    ) -> None:
        self.bindings = bindings
        self.filters = filters
        self.attributes = attributes
        self.known = known
        self.locals: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.inputs: set[str] = set()
        self.asks: set[tuple[str, bool]] = set()
        self.withheld: frozenset[str] = frozenset()
        self.depth = 0
        self.at = 0
        self.sets = 0
        self.names = names or Names()

    def value(self, node: Node) -> Typed:
        """The typed form of a value."""
        raise NotImplementedError

    def problem(self, pointer: str, message: str) -> Typed:
        """Note a problem; the value goes on as one of unknown kind, so that all problems are found at once."""
        self.problems.append(Problem(pointer, message))
        return Fails(kind=ANY, message=message, pointer=pointer)

    def check(self, node: Node) -> Typed:
        """The typed form of a node."""
        raise NotImplementedError

    def named(self, node: Node, params: list[str]) -> Typed:
        """Something of the library, where one of the `params` asks for it. Other overloads may take an expression in
        its place, or an id that the library does not have."""
        kind = next(param for param in params if param in KINDS)
        if kind == ITEM_ATTRIBUTE:
            return self._item_attribute(node)
        others = [param for param in params if param not in KINDS]
        if not isinstance(node, Literal):
            return (
                self.check(node)
                if others
                else self.problem(node.pointer, f"the {kind} is written as it stands, no expression")
            )
        try:
            return Const(kind=kind, value=self.known.find(kind, node.value), pointer=node.pointer)
        except Unknown as unknown:
            if NUMBER in others and isinstance(node.value, Decimal):
                return self.check(node)
            return self.problem(node.pointer, str(unknown))

    def look_up(self, node: Path) -> Typed:
        """What a path stands for."""
        head, rest = node.parts[0], node.parts[1:]
        if not isinstance(head, str):
            return self.problem(node.pointer, 'a path starts with a name, e.g. [".", "Session", "Total"]')
        if head in self.locals:
            return self._local(node, head, rest)
        if head in self.names.variables:
            return self._variable(node, head, rest)
        if head in self.bindings:
            bound = self._bound(self.bindings[head], node)
            return (
                self._entity(node, "Item", rest, bound)
                if bound.kind == ITEM and rest
                else self._inside(node, bound, rest)
            )
        if head in self.filters and head not in PATHS:
            return self._inside(node, self._bound(self.filters[head], node), rest)
        if head == "Item":
            return self.problem(node.pointer, 'Item is known only inside a lambda such as [["Item"], …]')
        if head not in PATHS:
            self._asked_filter(head)
            known = [*PATHS, *self.bindings, *self.filters, *self.locals, *self.names.variables]
            return self.problem(f"{node.pointer}/1", f"there is no `{head}`{suggest(head, known)}")
        self.inputs.add(head)
        return self._entity(node, head, rest)

    def global_filter(self, node: Node) -> Typed:
        """The items of one of the Application's cart item filters, by its name."""
        if not isinstance(node, Literal) or not isinstance(node.value, str):
            return self.problem(node.pointer, "write the name of a cart item filter of the Application")
        binding = self.filters.get(node.value)
        if binding is None:
            self._asked_filter(node.value)
            hint = suggest(node.value, list(self.filters))
            return self.problem(node.pointer, f"there is no cart item filter `{node.value}`{hint}")
        return self._bound(binding, node)

    def _asked_filter(self, name: str) -> None:
        """Note that there may one day be a filter of this name."""
        if self.known.asked is not None:
            self.known.asked.add((FILTER, name))

    def _bound(self, binding: Binding, node: Node) -> Typed:
        self.inputs |= binding.inputs
        self.asks |= binding.asks
        self.depth = max(self.depth, self.at + binding.depth)
        return Bound(kind=binding.kind, index=binding.index, pointer=node.pointer)

    def _local(self, node: Path, name: str, rest: tuple[Any, ...]) -> Typed:
        local = Local(kind=self.locals[name], name=name, pointer=node.pointer)
        if local.kind == ITEM and rest:
            return self._entity(node, "Item", rest, local)
        return self._inside(node, local, rest)

    def _variable(self, node: Path, name: str, rest: tuple[Any, ...]) -> Typed:
        kind = self.names.variables[name]
        if rest and kind == ITEM:
            whole = Lookup(kind=ITEM, keys=self.keys(node.parts[:1]), pointer=node.pointer)
            return self._entity(node, "Item", rest, whole)
        if rest and kind not in (MAP, ANY):
            return self.problem(node.pointer, f"`{name}` is {a(kind)}, so nothing can be looked up in it")
        return Lookup(kind=ANY if rest else kind, keys=self.keys(node.parts), pointer=node.pointer)

    def keys(self, parts: tuple[Any, ...]) -> tuple[Typed, ...]:
        """The parts of a path as values."""
        return tuple(Const(kind=TEXT, value=part) if isinstance(part, str) else self.value(part) for part in parts)

    def remember(self, call: Apply) -> Typed:
        """Take note of a variable that `set` writes."""
        name, value = call.args[0], call.args[-1]
        if not isinstance(name, Const):
            return self.problem(name.pointer, "the name of a variable is written as it stands, not computed")
        if name.value in self.locals:
            return self.problem(name.pointer, f"`{name.value}` is the variable of a lambda: set another name")
        if name.value in self.bindings or name.value in self.filters or name.value in PATHS:
            return self.problem(name.pointer, f"`{name.value}` is there already: set another name")
        kind = MAP if len(call.args) > 2 else ANY if value.kind == NULL else value.kind
        old = self.names.variables.get(name.value, kind)
        self.names.variables[name.value] = kind if old == kind else LIST if is_list(old) and is_list(kind) else ANY
        self.sets += 1
        return call

    def _inside(self, node: Path, base: Typed, rest: tuple[Any, ...]) -> Typed:
        if not rest:
            return base
        if base.kind not in (MAP, ANY):
            return self.problem(node.pointer, f"`{node.parts[0]}` is {a(base.kind)}, so nothing can be looked up in it")
        return Walk(kind=ANY, base=base, keys=self.keys(rest), pointer=node.pointer)

    def _entity(self, node: Path, entity: str, rest: tuple[Any, ...], base: Typed | None = None) -> Typed:
        if any(not isinstance(part, str) for part in rest):
            return self.problem(node.pointer, "parts of a built-in path are names, not expressions")
        path = ".".join((entity, *rest))
        if entity in ATTRIBUTES and len(rest) == 2 and rest[0] == "Attributes":
            return self._attribute(node, entity, rest[1], base)
        entry, name = _entry(entity, rest)
        if entry is None:
            return self.problem(node.pointer, f"there is no `{path}`{suggest(path, self._paths(entity))}")
        try:
            key = self.known.key(entry.named, name) if entry.named else ""
        except Unknown as unknown:
            return self.problem(node.pointer, str(unknown))
        item, base = (base.name, None) if isinstance(base, Local) else ("", base)
        return Read(
            kind=entry.kind, source=entry.source, path=path, optional=entry.optional, item=item, base=base, name=key,
            pointer=node.pointer,
        )  # fmt: skip

    def _paths(self, entity: str) -> list[str]:
        """All paths of an entity, for suggestions."""
        owner = ATTRIBUTES.get(entity, ("?", ""))[0]
        found = [f"{entity}.Attributes.{name}" for of, name in self.attributes if of == owner]
        for path, entry in PATHS[entity].items():
            names = self.known.names(entry.named) if entry.named else [""]
            found += [f"{entity}.{path.replace(NAME, name)}" for name in names]
        return found

    def _attribute(self, node: Path, entity: str, name: str, base: Typed | None) -> Typed:
        owner, source = ATTRIBUTES[entity]
        declared = self._declared(owner, name, node.pointer)
        path = f"{entity}.Attributes.{name}"
        item, base = (base.name, None) if isinstance(base, Local) else ("", base)
        return ReadAttribute(
            kind=ATTRIBUTE_KINDS.get(declared, ANY), source=source, name=name, path=path, item=item, base=base,
            pointer=node.pointer,
        )  # fmt: skip

    def _item_attribute(self, node: Node) -> Typed:
        """The attribute of cart items that an effect writes, by its name."""
        name = node.value if isinstance(node, Literal) else None
        if not isinstance(name, str):
            return self.problem(node.pointer, f"the {ITEM_ATTRIBUTE} is written as it stands, no expression")
        declared = self._declared("CartItem", name, node.pointer)
        return Const(kind=ITEM_ATTRIBUTE if declared else ANY, value=("Item", name, declared), pointer=node.pointer)

    def _declared(self, owner: str, name: str, pointer: str) -> str:
        """The type of a custom attribute; "" and a problem where it is not defined."""
        declared = self.attributes.get((owner, name), "")
        if not declared:
            known = [other for of, other in self.attributes if of == owner]
            self.problem(pointer, f"the attribute `{name}` is not defined on {owner} entities{suggest(name, known)}")
        return declared

    def target(self, node: Node) -> Typed:
        """The attribute that an effect writes: `["Session", "Attributes", name]`, with or without a leading dot."""
        parts: list[Any] = []
        if isinstance(node, Path):
            parts = list(node.parts)
        elif isinstance(node, Call):
            parts = [node.name, *(arg.value if isinstance(arg, Literal) else None for arg in node.args)]
        if len(parts) != 3 or parts[0] not in WRITABLE or parts[1] != "Attributes":
            written = f'write ["Session", "Attributes", name]; it can be of {", ".join(WRITABLE)}'
            return self.problem(node.pointer, written)
        if f"{parts[0]}.Attributes" in self.withheld:
            return self.problem(node.pointer, f"attributes of {parts[0]} cannot be written here yet")
        self.inputs.add(parts[0])
        declared = self._declared(ATTRIBUTES[parts[0]][0], str(parts[2]), node.pointer)
        return Const(kind=TARGET if declared else ANY, value=(parts[0], parts[2], declared), pointer=node.pointer)


def _entry(entity: str, rest: tuple[str, ...]) -> tuple[Entry | None, str]:
    """The built-in path, with the name in it where it can have any."""
    found = PATHS[entity].get(".".join(rest))
    if found is not None:
        return found, ""
    for path, entry in PATHS[entity].items():
        if entry.named:
            head, _, tail = path.partition(NAME)
            before = tuple(part for part in head.split(".") if part)
            after = tuple(part for part in tail.split(".") if part)
            if len(rest) == len(before) + 1 + len(after) and rest == (*before, rest[len(before)], *after):
                return entry, rest[len(before)]
    return None, ""


def path_form(node: Node) -> Node:
    """`["Profile", "Attributes", name]` is another way to name an attribute."""
    if isinstance(node, Call) and node.name in ATTRIBUTES:
        return Path(
            (node.name, *(str(arg.value) if isinstance(arg, Literal) else arg for arg in node.args)), node.pointer
        )
    return node
