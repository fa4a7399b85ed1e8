"""Names and kinds, before anything runs: a tree becomes a typed tree, or problems that say what to write instead."""

from collections.abc import Mapping

from guerdon.engine.talang import functions as _declares_all  # noqa: F401
from guerdon.engine.talang.kinds import (
    ANY,
    BOOLEAN,
    BUNDLE,
    EFFECT,
    EFFECTS,
    FILTER,
    ITEM,
    LAMBDA,
    LAMBDAS,
    MAP,
    NULL,
    NUMBER,
    SLOT,
    TEXT,
    TIME,
    a,
    element,
    fits,
    is_list,
    list_of,
    of_literal,
)
from guerdon.engine.talang.known import KINDS, NOTHING, TARGET, Known, objections
from guerdon.engine.talang.lookups import Lookups, path_form, suggest
from guerdon.engine.talang.registry import Function, all_functions, names, overloads
from guerdon.engine.talang.syntax import Block, Call, Lambda, Literal, Node, Options, Path, escaped
from guerdon.engine.talang.typed import Apply, Binding, Bodies, Body, Coerce, Const, Entry, Sequence, Several, Typed
from guerdon.engine.talang.values import EvaluationError, to_time

__all__ = ["Apply", "Binding", "Checker", "Const"]

_LAMBDAS = (LAMBDA, LAMBDAS)


class Checker(Lookups):
    """Checks one expression; `problems` and `inputs` hold what was found.

    `features` are those of the campaign, None where they do not matter; `item_only` is set for campaigns of type
    cartItem, which have effects on single items only. `known` holds what rules may name, `filters` the Application's
    cart item filters.
    """

    def __init__(
        self,
        bindings: Mapping[str, Binding],
        attributes: Mapping[tuple[str, str], str],
        *,
        features: frozenset[str] | None = None,
        item_only: bool = False,
        known: Known = NOTHING,
        filters: Mapping[str, Binding] | None = None,
    ) -> None:
        super().__init__(bindings, attributes, known, filters or {})
        self.features = features
        self.item_only = item_only
        self._after_failure = False

    def check(self, node: Node) -> Typed:
        """The typed form of a node."""
        self.depth = max(self.depth, node.pointer.count("/"))
        match node:
            case Literal(value=value, pointer=pointer):
                return Const(kind=of_literal(value), value=value, pointer=pointer)
            case Path():
                return self.look_up(node)
            case Call():
                return self._call(node)
            case Lambda(parameter=name, pointer=pointer) if not overloads(name):
                return self.problem(pointer, 'a lambda such as [["Item"], body] stands only where a function takes one')
            case Lambda() | Block():
                return self._sequence(node)
        return self.problem(node.pointer, "an object stands only as the last argument of an effect")

    def expect(self, node: Node, kind: str, what: str) -> Typed:
        """The typed form of a node that must be of a kind."""
        found = len(self.problems)
        typed = self.check(node)
        if typed.kind == NULL and kind == EFFECT:
            return typed
        if not fits(typed.kind, kind) and not self.problems[found:]:
            self.problem(node.pointer, f"{what} must be {a(kind)}, but this is {a(typed.kind)}")
        return self._settle(typed, kind, node.pointer)

    def value(self, node: Node) -> Typed:
        """Something that is part of a value, so not an effect: those stand in a rule's effects only."""
        typed = self.check(node)
        return self.problem(node.pointer, "this must be a value, not an effect") if typed.kind == EFFECT else typed

    # --- calls

    def _call(self, node: Call) -> Typed:
        known = overloads(node.name)
        if not known:
            hint = suggest(node.name, names())
            return self.problem(f"{node.pointer}/0", f"there is no function or effect `{node.name}`{hint}")
        walks = any(function.params[1:] == (LAMBDA,) for function in known)
        nodes, options = _split_options(_lambda_form(node.args) if walks else node.args)
        counted = [function for function in known if function.takes(len(nodes))]
        if not counted:
            written = " or ".join(dict.fromkeys(function.signature() for function in known))
            return self.problem(node.pointer, f"`{node.name}` cannot take {len(nodes)} arguments: write {written}")
        before = len(self.problems)
        typed = [self._argument(sub, [one.param(index) for one in counted]) for index, sub in enumerate(nodes)]
        if self.problems[before:]:
            return Const(kind=ANY, value=None, pointer=node.pointer)
        for function in counted:
            if all(_accepts(function.param(i), sub, typed[i]) for i, sub in enumerate(nodes)):
                return self._apply(function, node, nodes, typed, options)
        return self._no_overload(node, nodes, typed, counted)

    def _argument(self, node: Node, params: list[str]) -> Typed | None:
        """An argument that can be checked alone; a lambda waits until the list it walks over is known."""
        if isinstance(node, Lambda) and any(param in _LAMBDAS for param in params):
            return None
        if KINDS.intersection(params):
            return self.named(node, params)
        if params[0] == "entry":
            return self._entry(node)
        if params[0] == TARGET:
            return self.target(node)
        if params[0] == "attribute":
            return self.check(path_form(node))
        if params[0] == SLOT:
            return self._slot(node)
        if params[0] == FILTER:
            return self.global_filter(node)
        return self._effects(node) if params[0] == EFFECTS else self.check(node)

    def _apply(
        self,
        function: Function,
        node: Call,
        nodes: tuple[Node, ...],
        typed: list[Typed | None],
        options: Options | None,
    ) -> Typed:
        args: list[Typed] = []
        over = function.over or _walked(function, typed)
        for index, sub in enumerate(nodes):
            given = typed[index]
            if given is None and isinstance(sub, Lambda):
                args.append(self._lambda(sub, over, function.param(index)))
            elif given is not None:
                args.append(self._settle(given, function.param(index), sub.pointer))
        for where, message in objections(function.name, tuple(args)):
            self.problem(where, message)
        self._allowed(function, node.pointer)
        self.inputs |= function.inputs
        chosen = self._options(function, options)
        kinds = tuple(arg.body.kind if isinstance(arg, Body) else arg.kind for arg in args)
        return Apply(
            kind=function.returned(kinds), function=function, args=tuple(args), options=chosen, pointer=node.pointer
        )

    def _allowed(self, function: Function, pointer: str) -> None:
        """Whether a function may stand in this campaign, and an effect at this place."""
        name, feature = function.name, function.feature
        if feature and self.features is not None and feature not in self.features:
            self.problem(f"{pointer}/0", f"`{name}` needs `{feature}` among the features of the campaign")
        if not function.is_effect or function.wraps:
            return
        if self.item_only and not function.per_item:
            known = ", ".join(dict.fromkeys(one.name for one in all_functions() if one.per_item))
            self.problem(f"{pointer}/0", f"a campaign of type cartItem cannot have `{name}`: write one of {known}")
        if self._after_failure and not function.failure:
            known = " or ".join(dict.fromkeys(one.name for one in all_functions() if one.failure))
            self.problem(f"{pointer}/0", f"`{name}` cannot stand where a condition failed: write {known}")

    def _slot(self, node: Node) -> Typed:
        """A slot of a bundle: `[list, number]`."""
        if not isinstance(node, Lambda | Block) or len(_items(node)) != 2:
            return self.problem(node.pointer, 'a slot is written [list, number], e.g. [[".", "Shoes"], 2]')
        listed, count = _items(node)
        items = (
            self.expect(listed, list_of(ITEM), "the first part of a slot"),
            self.expect(count, NUMBER, "the second part of a slot"),
        )
        return Several(kind=SLOT, items=items, pointer=node.pointer)

    def _no_overload(
        self, node: Call, nodes: tuple[Node, ...], typed: list[Typed | None], counted: list[Function]
    ) -> Typed:
        kinds = [LAMBDA if sub is None else sub.kind for sub in typed]
        if len(counted) == 1:
            for index, sub in enumerate(nodes):
                wanted = counted[0].param(index)
                if not _accepts(wanted, sub, typed[index]):
                    message = f"`{node.name}` takes {a(wanted)} here, but this is {a(kinds[index])}"
                    return self.problem(sub.pointer, message)
        written = " or ".join(dict.fromkeys(function.signature() for function in counted))
        return self.problem(node.pointer, f"`{node.name}` cannot take ({', '.join(kinds)}): write {written}")

    def _lambda(self, node: Lambda, kind: str, param: str) -> Typed:
        shadowed = self.locals.get(node.parameter)
        self.locals[node.parameter] = kind
        bodies = tuple(self.value(body) for body in node.bodies)
        if shadowed is None:
            del self.locals[node.parameter]
        else:
            self.locals[node.parameter] = shadowed
        if param == LAMBDAS:
            return Bodies(kind=LAMBDAS, parameter=node.parameter, bodies=bodies, pointer=node.pointer)
        body = bodies[-1] if len(bodies) == 1 else Sequence(kind=bodies[-1].kind, items=bodies, pointer=node.pointer)
        return Body(kind=LAMBDA, parameter=node.parameter, body=body, pointer=node.pointer)

    def _sequence(self, node: Lambda | Block) -> Typed:
        """Expressions one after the other; effects among them make the whole an effect."""
        items = tuple(self.check(item) for item in _items(node))
        last = items[-1].kind
        if any(item.kind == EFFECT for item in items):
            if last not in (EFFECT, NULL):
                return self.problem(items[-1].pointer, "after an effect stands another effect, not a value")
            last = EFFECT
        return Sequence(kind=last, items=items, pointer=node.pointer)

    def _effects(self, node: Node) -> Typed:
        """A list of effects for a condition that failed."""
        outer, self._after_failure = self._after_failure, True
        listed = _items(node) if isinstance(node, Lambda | Block) else (node,)
        items = tuple(self.expect(item, EFFECT, "what happens here") for item in listed)
        self._after_failure = outer
        return Sequence(kind=EFFECTS, items=items, pointer=node.pointer)

    def _entry(self, node: Node) -> Typed:
        if not isinstance(node, Call) or len(node.args) != 1:
            return self.problem(node.pointer, 'a map entry is written ["key", value]')
        return Entry(kind="entry", key=node.name, value=self.value(node.args[0]), pointer=node.pointer)

    def _options(self, function: Function, options: Options | None) -> Mapping[str, Typed]:
        chosen: dict[str, Typed] = {}
        for name, node in options.values.items() if options else ():
            takes = function.options.get(name)
            if takes is None:
                known = ", ".join(function.options) or "none"
                where = f"{options.pointer}/{escaped(name)}" if options else node.pointer
                self.problem(where, f"`{function.name}` has no option `{name}`; it has {known}")
            else:
                chosen[name] = self._option(name, node, takes)
        return chosen

    def _option(self, name: str, node: Node, takes: str | tuple[str, ...]) -> Typed:
        literal = node.value if isinstance(node, Literal) else None
        if isinstance(takes, tuple):
            if not isinstance(literal, str) or literal not in takes:
                return self.problem(node.pointer, f"`{name}` must be one of {', '.join(takes)}")
            return Const(kind=TEXT, value=literal, pointer=node.pointer)
        if takes == BOOLEAN:
            if not isinstance(literal, bool):
                return self.problem(node.pointer, f"`{name}` must be true or false")
            return Const(kind=BOOLEAN, value=literal, pointer=node.pointer)
        found = len(self.problems)
        typed = self.value(node)
        if not self.problems[found:] and not _accepts(takes, node, typed):
            return self.problem(node.pointer, f"`{name}` must be {a(takes)}, but this is {a(typed.kind)}")
        return self._settle(typed, takes, node.pointer)

    def _settle(self, typed: Typed, wanted: str, pointer: str) -> Typed:
        """A value for a parameter: texts become times, values of unknown kind are looked at when the rule runs."""
        if wanted == TIME and typed.kind == TEXT:
            if isinstance(typed, Const):
                try:
                    return Const(kind=TIME, value=to_time(typed.value), pointer=pointer)
                except EvaluationError as error:
                    return self.problem(pointer, str(error))
            return Coerce(kind=TIME, value=typed, pointer=pointer)
        if typed.kind == ANY and (wanted in (NUMBER, TEXT, BOOLEAN, TIME, MAP) or is_list(wanted)):
            return Coerce(kind=wanted, value=typed, pointer=pointer)
        return typed


def _walked(function: Function, typed: list[Typed | None]) -> str:
    """The kind of what a lambda is called with: the elements of the first list; where items are meant, those of its
    bundles."""
    for index, sub in enumerate(typed):
        if sub is not None and is_list(sub.kind):
            inside = element(sub.kind)
            return ITEM if inside == BUNDLE and function.param(index) == list_of(ITEM) else inside
    return ANY


def _items(node: Lambda | Block) -> tuple[Node, ...]:
    """The expressions of a block; what looks like a lambda begins with a call without arguments."""
    if isinstance(node, Block):
        return node.items
    return (Call(node.parameter, (), f"{node.pointer}/0"), *node.bodies)


def _split_options(nodes: tuple[Node, ...]) -> tuple[tuple[Node, ...], Options | None]:
    if nodes and isinstance(nodes[-1], Options):
        return nodes[:-1], nodes[-1]
    return nodes, None


def _lambda_form(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """`list "x" (body)` is the older way to write `list [["x"], body]`."""
    if len(nodes) == 3 and isinstance(nodes[1], Literal) and isinstance(nodes[1].value, str):
        return (nodes[0], Lambda(nodes[1].value, (nodes[2],), nodes[1].pointer))
    return nodes


def _accepts(param: str, node: Node, typed: Typed | None) -> bool:
    if typed is None:
        return param in _LAMBDAS
    if param == TIME and typed.kind == TEXT:
        return True
    if param == EFFECT and typed.kind == NULL:
        return True
    return fits(typed.kind, ANY if param in ("attribute", FILTER) else param)
