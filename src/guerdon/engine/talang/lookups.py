"""Paths, before anything runs: variables of lambdas, bindings, built-in paths and custom attributes."""

import difflib
from typing import TYPE_CHECKING, Any

from guerdon.engine.talang.kinds import ANY, ATTRIBUTE_KINDS, ITEM, MAP, TEXT, a
from guerdon.engine.talang.paths import ATTRIBUTES, PATHS
from guerdon.engine.talang.syntax import Call, Literal, Node, Path
from guerdon.engine.talang.typed import Bound, Const, Local, Read, ReadAttribute, Typed, Walk

if TYPE_CHECKING:
    from guerdon.engine.talang.check import Checker


def suggest(name: str, known: list[str]) -> str:
    """The end of a message about an unknown name: the one that was probably meant."""
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean `{close[0]}`?" if close else ""


def look_up(checker: "Checker", node: Path) -> Typed:
    """What a path stands for."""
    head, rest = str(node.parts[0]), node.parts[1:]
    if head in checker.locals:
        return _local(checker, node, head, rest)
    if head in checker.bindings:
        binding = checker.bindings[head]
        checker.inputs |= binding.inputs
        checker.depth = max(checker.depth, node.pointer.count("/") + binding.depth)
        return _inside(checker, node, Bound(kind=binding.kind, index=binding.index, pointer=node.pointer), rest)
    if head == "Item":
        return checker.problem(node.pointer, 'Item is known only inside a lambda such as [["Item"], …]')
    if head not in PATHS:
        known = [*PATHS, *checker.bindings, *checker.locals]
        return checker.problem(f"{node.pointer}/1", f"there is no `{head}`{suggest(head, known)}")
    checker.inputs.add(head)
    return _entity(checker, node, head, rest, "")


def _local(checker: "Checker", node: Path, name: str, rest: tuple[Any, ...]) -> Typed:
    kind = checker.locals[name]
    if kind == ITEM and rest:
        return _entity(checker, node, "Item", rest, name)
    return _inside(checker, node, Local(kind=kind, name=name, pointer=node.pointer), rest)


def _inside(checker: "Checker", node: Path, base: Typed, rest: tuple[Any, ...]) -> Typed:
    if not rest:
        return base
    if base.kind not in (MAP, ANY):
        return checker.problem(node.pointer, f"`{node.parts[0]}` is {a(base.kind)}, so nothing can be looked up in it")
    keys = tuple(Const(kind=TEXT, value=part) if isinstance(part, str) else checker.value(part) for part in rest)
    return Walk(kind=ANY, base=base, keys=keys, pointer=node.pointer)


def _entity(checker: "Checker", node: Path, entity: str, rest: tuple[Any, ...], item: str) -> Typed:
    if any(not isinstance(part, str) for part in rest):
        return checker.problem(node.pointer, "parts of a built-in path are names, not expressions")
    path = ".".join((entity, *rest))
    if entity in ATTRIBUTES and len(rest) == 2 and rest[0] == "Attributes":
        return _attribute(checker, node, entity, rest[1], item)
    entry = PATHS[entity].get(".".join(rest))
    if entry is None:
        owner = ATTRIBUTES.get(entity, ("?", ""))[0]
        known = [f"{entity}.{name}" for name in PATHS[entity]]
        known += [f"{entity}.Attributes.{name}" for of, name in checker.attributes if of == owner]
        return checker.problem(node.pointer, f"there is no `{path}`{suggest(path, known)}")
    return Read(
        kind=entry.kind, source=entry.source, path=path, optional=entry.optional, item=item, pointer=node.pointer
    )


def _attribute(checker: "Checker", node: Path, entity: str, name: str, item: str) -> Typed:
    owner, source = ATTRIBUTES[entity]
    declared = checker.attributes.get((owner, name))
    if declared is None:
        known = [other for of, other in checker.attributes if of == owner]
        message = f"the attribute `{name}` is not defined on {owner} entities{suggest(name, known)}"
        return checker.problem(node.pointer, message)
    path = f"{entity}.Attributes.{name}"
    return ReadAttribute(
        kind=ATTRIBUTE_KINDS[declared], source=source, name=name, path=path, item=item, pointer=node.pointer
    )


def target(checker: "Checker", node: Node) -> Typed:
    """The attribute an effect writes: `["Session", "Attributes", name]`, with or without a leading dot."""
    parts: list[Any] = []
    if isinstance(node, Path):
        parts = list(node.parts)
    elif isinstance(node, Call):
        parts = [node.name, *(arg.value if isinstance(arg, Literal) else None for arg in node.args)]
    if len(parts) != 3 or parts[0] not in ("Session", "Profile") or parts[1] != "Attributes":
        return checker.problem(node.pointer, 'write ["Session", "Attributes", name] or ["Profile", "Attributes", name]')
    owner = ATTRIBUTES[parts[0]][0]
    declared = checker.attributes.get((owner, parts[2]))
    if declared is None:
        known = [other for of, other in checker.attributes if of == owner]
        message = f"the attribute `{parts[2]}` is not defined on {owner} entities{suggest(str(parts[2]), known)}"
        return checker.problem(node.pointer, message)
    return Const(kind="path", value=(parts[0], parts[2], declared), pointer=node.pointer)


def path_form(node: Node) -> Node:
    """`["Profile", "Attributes", name]` is another way to name an attribute."""
    if isinstance(node, Call) and node.name in ATTRIBUTES:
        return Path(
            (node.name, *(str(arg.value) if isinstance(arg, Literal) else arg for arg in node.args)), node.pointer
        )
    return node
