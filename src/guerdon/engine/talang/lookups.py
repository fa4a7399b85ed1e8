"""Paths, before anything runs: variables of lambdas, bindings, built-in paths and custom attributes."""

import difflib
from collections.abc import Mapping
from typing import Any

from guerdon.engine.talang.kinds import ANY, ATTRIBUTE_KINDS, ITEM, MAP, TEXT, a
from guerdon.engine.talang.paths import ATTRIBUTES, PATHS
from guerdon.engine.talang.syntax import Call, Literal, Node, Path, Problem
from guerdon.engine.talang.typed import Binding, Bound, Const, Local, Read, ReadAttribute, Typed, Walk


def suggest(name: str, known: list[str]) -> str:
    """The end of a message about an unknown name: the one that was probably meant."""
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean `{close[0]}`?" if close else ""


class Lookups:
    """What names stand for in an expression, and the problems found. `value` checks what a path computes."""

    def __init__(
        self,
        bindings: Mapping[str, Binding],
        attributes: Mapping[tuple[str, str], str],
        filters: Mapping[str, Binding],
    ) -> None:
        self.bindings = bindings
        self.filters = filters
        self.attributes = attributes
        self.locals: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.inputs: set[str] = set()
        self.depth = 0

    def value(self, node: Node) -> Typed:
        """The typed form of a value."""
        raise NotImplementedError

    def problem(self, pointer: str, message: str) -> Typed:
        """Note a problem; the value goes on as one of unknown kind, so that all problems are found at once."""
        self.problems.append(Problem(pointer, message))
        return Const(kind=ANY, value=None, pointer=pointer)

    def look_up(self, node: Path) -> Typed:
        """What a path stands for."""
        head, rest = str(node.parts[0]), node.parts[1:]
        if head in self.locals:
            return self._local(node, head, rest)
        if head in self.bindings:
            return self._inside(node, self._bound(self.bindings[head], node), rest)
        if head in self.filters and head not in PATHS:
            return self._inside(node, self._bound(self.filters[head], node), rest)
        if head == "Item":
            return self.problem(node.pointer, 'Item is known only inside a lambda such as [["Item"], …]')
        if head not in PATHS:
            known = [*PATHS, *self.bindings, *self.filters, *self.locals]
            return self.problem(f"{node.pointer}/1", f"there is no `{head}`{suggest(head, known)}")
        self.inputs.add(head)
        return self._entity(node, head, rest, "")

    def global_filter(self, node: Node) -> Typed:
        """The items of one of the Application's cart item filters, by its name."""
        if not isinstance(node, Literal) or not isinstance(node.value, str):
            return self.problem(node.pointer, "write the name of a cart item filter of the Application")
        binding = self.filters.get(node.value)
        if binding is None:
            hint = suggest(node.value, list(self.filters))
            return self.problem(node.pointer, f"there is no cart item filter `{node.value}`{hint}")
        return self._bound(binding, node)

    def _bound(self, binding: Binding, node: Node) -> Typed:
        self.inputs |= binding.inputs
        self.depth = max(self.depth, node.pointer.count("/") + binding.depth)
        return Bound(kind=binding.kind, index=binding.index, pointer=node.pointer)

    def _local(self, node: Path, name: str, rest: tuple[Any, ...]) -> Typed:
        kind = self.locals[name]
        if kind == ITEM and rest:
            return self._entity(node, "Item", rest, name)
        return self._inside(node, Local(kind=kind, name=name, pointer=node.pointer), rest)

    def _inside(self, node: Path, base: Typed, rest: tuple[Any, ...]) -> Typed:
        if not rest:
            return base
        if base.kind not in (MAP, ANY):
            return self.problem(node.pointer, f"`{node.parts[0]}` is {a(base.kind)}, so nothing can be looked up in it")
        keys = tuple(Const(kind=TEXT, value=part) if isinstance(part, str) else self.value(part) for part in rest)
        return Walk(kind=ANY, base=base, keys=keys, pointer=node.pointer)

    def _entity(self, node: Path, entity: str, rest: tuple[Any, ...], item: str) -> Typed:
        if any(not isinstance(part, str) for part in rest):
            return self.problem(node.pointer, "parts of a built-in path are names, not expressions")
        path = ".".join((entity, *rest))
        if entity in ATTRIBUTES and len(rest) == 2 and rest[0] == "Attributes":
            return self._attribute(node, entity, rest[1], item)
        entry = PATHS[entity].get(".".join(rest))
        if entry is None:
            owner = ATTRIBUTES.get(entity, ("?", ""))[0]
            known = [f"{entity}.{name}" for name in PATHS[entity]]
            known += [f"{entity}.Attributes.{name}" for of, name in self.attributes if of == owner]
            return self.problem(node.pointer, f"there is no `{path}`{suggest(path, known)}")
        return Read(
            kind=entry.kind, source=entry.source, path=path, optional=entry.optional, item=item, pointer=node.pointer
        )

    def _attribute(self, node: Path, entity: str, name: str, item: str) -> Typed:
        owner, source = ATTRIBUTES[entity]
        declared = self.attributes.get((owner, name))
        if declared is None:
            known = [other for of, other in self.attributes if of == owner]
            message = f"the attribute `{name}` is not defined on {owner} entities{suggest(name, known)}"
            return self.problem(node.pointer, message)
        path = f"{entity}.Attributes.{name}"
        return ReadAttribute(
            kind=ATTRIBUTE_KINDS[declared], source=source, name=name, path=path, item=item, pointer=node.pointer
        )

    def target(self, node: Node) -> Typed:
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
        owner = ATTRIBUTES[parts[0]][0]
        declared = self.attributes.get((owner, parts[2]))
        if declared is None:
            known = [other for of, other in self.attributes if of == owner]
            message = f"the attribute `{parts[2]}` is not defined on {owner} entities{suggest(str(parts[2]), known)}"
            return self.problem(node.pointer, message)
        return Const(kind="path", value=(parts[0], parts[2], declared), pointer=node.pointer)


def path_form(node: Node) -> Node:
    """`["Profile", "Attributes", name]` is another way to name an attribute."""
    if isinstance(node, Call) and node.name in ATTRIBUTES:
        return Path(
            (node.name, *(str(arg.value) if isinstance(arg, Literal) else arg for arg in node.args)), node.pointer
        )
    return node
