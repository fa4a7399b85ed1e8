"""What a rule builder needs to know: the functions, effects and paths of the rule language, the Application's custom
attributes among them. An operation of ours, at a path that the contract does not use."""

import re
from collections.abc import Iterator

from litestar import get
from msgspec import UNSET

from guerdon.db import applications, attributes
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.attributes import types_of
from guerdon.engine.facts import AttributeDefinition
from guerdon.engine.talang.catalogue import built_in_paths, result
from guerdon.engine.talang.check import Checker
from guerdon.engine.talang.kinds import ATTRIBUTE_KINDS, TEXT, element, is_list
from guerdon.engine.talang.known import CHOICES
from guerdon.engine.talang.paths import ATTRIBUTES
from guerdon.engine.talang.registry import Function, all_functions
from guerdon.engine.talang.syntax import Path
from guerdon.wire.attributes import Attribute
from guerdon.wire.rule_environment import FuncArgDef, FunctionDef, OptionDef, RuleEnvironment, SlotDef

_TYPES = {kind: name for name, kind in ATTRIBUTE_KINDS.items() if "location" not in name}


@get("/v1/applications/{application_id:int}/rule_environment", operation_id="getRuleEnvironment", tags=["Applications"])
async def get_rule_environment(application_id: int, caller: Caller, conn: Connection) -> RuleEnvironment:
    """What rules of the Application may look up and call; an operation of Guerdon's own."""
    await applications.get_application(conn, caller.account_id, application_id)
    known = await attributes.of_application(conn, caller.account_id, application_id)
    return RuleEnvironment(
        application_id=application_id,
        slots=[*_built_in(), *_custom(known)],
        functions=[_function(function) for function in all_functions()],
    )


def _built_in() -> Iterator[SlotDef]:
    for path, entry, note in built_in_paths():
        title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", path.replace(".", " "))
        yield SlotDef(name=path, type=_type(entry.kind), title=title, description=note or UNSET, writable=False)


def _custom(known: list[Attribute]) -> Iterator[SlotDef]:
    """The attributes by the paths that rules read them at: those of customers also stand under whoever advertised."""
    types = types_of(AttributeDefinition(one.entity, one.name, one.type) for one in known)
    # Several types of events may have one of the same name.
    first: dict[tuple[str, str], Attribute] = {(one.entity, one.name): one for one in reversed(known)}
    checker = Checker({}, types)
    for entity, (owner, _) in ATTRIBUTES.items():
        for (of, name), declared in types.items():
            if of == owner:
                attribute = first[of, name]
                path = Path((entity, "Attributes", name), "")
                yield SlotDef(
                    name=f"{entity}.Attributes.{name}",
                    type=declared,
                    title=attribute.title,
                    description=attribute.description or UNSET,
                    writable=checker.target(path).kind == "path",
                )


def _function(function: Function) -> FunctionDef:
    return FunctionDef(
        name=function.name,
        type=_type(result(function)),
        description=" ".join(function.doc.split()),
        help=function.hint or UNSET,
        args=_arguments(function),
        options=[_option(name, takes) for name, takes in function.options.items()],
        signature=function.signature(),
        example=list(function.example) if function.example else UNSET,
        feature=function.feature or UNSET,
        per_item=function.per_item,
        failure=function.failure,
    )


def _arguments(function: Function) -> list[FuncArgDef]:
    required, fixed = len(function.params) - function.optional, len(function.params)
    return [
        FuncArgDef(
            name=name,
            type=_type(function.param(index)),
            optional=index >= required,
            repeated=index >= fixed,
            choices=list(CHOICES.get(function.param(index), ())) or UNSET,
        )
        for index, name in enumerate(function.arguments)
    ]


def _option(name: str, takes: str | tuple[str, ...]) -> OptionDef:
    if isinstance(takes, tuple):
        return OptionDef(name=name, type=_type(TEXT), choices=list(takes))
    return OptionDef(name=name, type=_type(takes))


def _type(kind: str) -> str:
    """The contract's word for a kind, or ours where it has none."""
    if is_list(kind) and kind not in _TYPES:
        return f"(list {_type(element(kind))})"
    return _TYPES.get(kind, kind)


handlers = [get_rule_environment]
