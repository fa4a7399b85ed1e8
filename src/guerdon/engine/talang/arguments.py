"""Which overload the arguments of a call fit, and what becomes of them for its parameters (rules.md §3.4)."""

from collections.abc import Sequence
from typing import Any, Protocol

from guerdon.engine.talang.kinds import (
    ANY,
    BOOLEAN,
    BUNDLE,
    EFFECT,
    FILTER,
    ITEM,
    LAMBDA,
    LAMBDAS,
    MAP,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    element,
    fits,
    is_list,
    is_of,
    kind_of,
    list_of,
    surely_fits,
)
from guerdon.engine.talang.registry import Function, is_function
from guerdon.engine.talang.syntax import Block, Call, Lambda, Literal, Node, Options
from guerdon.engine.talang.typed import Coerce, Const, Typed
from guerdon.engine.talang.values import EvaluationError, exact, to_time

_SETTLED = frozenset({NUMBER, TEXT, BOOLEAN, TIME, MAP})


class Problems(Protocol):
    """Who takes note of problems."""

    def problem(self, pointer: str, message: str) -> Typed:
        """Note one."""


# --- before anything runs


def items_of(node: Lambda | Block) -> tuple[Node, ...]:
    """The expressions of a block; what looks like a lambda begins with a call without arguments."""
    if isinstance(node, Block):
        return node.items
    return (Call(node.parameter, (), f"{node.pointer}/0"), *node.bodies)


def split_options(nodes: tuple[Node, ...]) -> tuple[tuple[Node, ...], Options | None]:
    """The arguments, and the options that stand after them."""
    if nodes and isinstance(nodes[-1], Options):
        return nodes[:-1], nodes[-1]
    return nodes, None


def bindings_of_lambdas(nodes: tuple[Node, ...], known: Sequence[Function]) -> tuple[Node, ...]:
    """The arguments with the other spellings of a lambda made into it: `list "x" body`, and `list ["x", body]`."""
    if not any(LAMBDA in function.params or LAMBDAS in function.params for function in known):
        return nodes
    walks = any(function.params[1:] == (LAMBDA,) for function in known)
    if walks and len(nodes) == 3 and isinstance(nodes[1], Literal) and isinstance(nodes[1].value, str):
        return (nodes[0], Lambda(nodes[1].value, (nodes[2],), nodes[1].pointer))
    return tuple(_lambda(node, [one.param(index) for one in known]) for index, node in enumerate(nodes))


def _lambda(node: Node, params: list[str]) -> Node:
    """`["x", body]` where a lambda is taken, unless that calls a function."""
    if not isinstance(node, Call) or not (LAMBDAS in params or (LAMBDA in params and len(node.args) == 1)):
        return node
    return node if not node.args or is_function(node.name) else Lambda(node.name, node.args, node.pointer)


def accepts(param: str, typed: Typed | None) -> bool:
    """Whether an argument may stand for a parameter; None is a lambda."""
    if typed is None:
        return param in (LAMBDA, LAMBDAS)
    if (param == TIME and typed.kind == TEXT) or (param == EFFECT and typed.kind == NULL):
        return True
    return fits(typed.kind, ANY if param in ("attribute", FILTER) else param)


def fitting(counted: Sequence[Function], typed: Sequence[Typed | None]) -> list[Function]:
    """The overloads that the arguments may fit, in order of declaration, up to the first that they surely fit."""
    found: list[Function] = []
    for function in counted:
        if all(accepts(function.param(index), sub) for index, sub in enumerate(typed)):
            found.append(function)
            if all(sub is None or surely_fits(sub.kind, function.param(i)) for i, sub in enumerate(typed)):
                break
    return found


def walked(function: Function, typed: Sequence[Typed | None]) -> str:
    """The kind of what a lambda is called with: the elements of the first list; where items are meant, those of its
    bundles."""
    for index, sub in enumerate(typed):
        if sub is not None and is_list(sub.kind):
            inside = element(sub.kind)
            return ITEM if inside == BUNDLE and function.param(index) == list_of(ITEM) else inside
    return ANY


def undecided(chosen: Sequence[Function], typed: Sequence[Typed | None]) -> bool:
    """Whether the values of arguments of unknown kind are needed to choose among the overloads."""
    first = chosen[0]
    if len(chosen) == 1 or first.lazy or any(sub is None for sub in typed):
        return False
    return any(
        sub is not None and sub.kind == ANY and other.param(index) != first.param(index)
        for other in chosen[1:]
        for index, sub in enumerate(typed)
    )


def settled(checker: Problems, typed: Typed, wanted: str, pointer: str) -> Typed:
    """A value for a parameter: texts become times, values of unknown kind are looked at when the rule runs."""
    if wanted == TIME and typed.kind == TEXT:
        if not isinstance(typed, Const):
            return Coerce(kind=TIME, value=typed, pointer=pointer)
        try:
            return Const(kind=TIME, value=to_time(typed.value), pointer=pointer)
        except EvaluationError as error:
            return checker.problem(pointer, str(error))
    if typed.kind == ANY and (wanted in _SETTLED or is_list(wanted)):
        return Coerce(kind=wanted, value=typed, pointer=pointer)
    return typed


def as_written(function: Function, args: list[Typed]) -> list[Typed]:
    """Literals as the text they were written as, where it is their text that counts (rules.md §3.7)."""
    if function.name == "toString" or (function.name in ("=", "!=") and len({arg.kind for arg in args}) > 1):
        return [
            Const(kind=TEXT, value=arg.text, pointer=arg.pointer) if isinstance(arg, Const) and arg.text else arg
            for arg in args
        ]
    return args


# --- while it runs


def dispatch(frame: Any, name: str, choices: tuple[tuple[Function, Any], ...], *args: Any) -> Any:
    """Call the first overload that the evaluated arguments fit."""
    values = [exact(arg) for arg in args]
    for function, run in choices:
        try:
            fit = [_value_for(value, function.param(index)) for index, value in enumerate(values)]
        except EvaluationError:
            continue
        return run(frame, *fit) if function.frame else run(*fit)
    written = " or ".join(dict.fromkeys(function.signature() for function, _ in choices))
    raise EvaluationError(f"`{name}` cannot take ({', '.join(map(kind_of, values))}): write {written}")


def _value_for(value: Any, param: str) -> Any:
    if param == TIME and isinstance(value, str):
        return to_time(value)
    if not is_of(value, param):
        raise EvaluationError(f"not {param}")
    return value
