"""Names and kinds, before anything runs: a tree becomes a typed tree, or problems that say what to write instead."""

from collections import Counter
from collections.abc import Callable, Mapping

from guerdon.engine.talang import functions as _declares_all  # noqa: F401
from guerdon.engine.talang.arguments import (
    accepts,
    as_written,
    bindings_of_lambdas,
    fitting,
    items_of,
    settled,
    split_options,
    undecided,
    walked,
)
from guerdon.engine.talang.blocks import Blocks
from guerdon.engine.talang.kinds import (
    ANY,
    BOOLEAN,
    EFFECT,
    EFFECTS,
    FILTER,
    ITEM,
    LAMBDA,
    LAMBDAS,
    NULL,
    NUMBER,
    SLOT,
    TEXT,
    a,
    fits,
    kind_of,
    list_of,
)
from guerdon.engine.talang.known import KINDS, NOTHING, TARGET, Known, objections
from guerdon.engine.talang.lookups import Names, path_form, suggest
from guerdon.engine.talang.registry import COMPUTED, Function, all_functions, is_function, names, overloads
from guerdon.engine.talang.syntax import (
    DEEPEST,
    Block,
    Call,
    Lambda,
    Literal,
    Malformed,
    Node,
    Options,
    Path,
    SyntaxProblem,
    escaped,
)
from guerdon.engine.talang.typed import (
    Apply,
    Binding,
    Bodies,
    Body,
    Const,
    Dispatch,
    Entry,
    Fails,
    Scoped,
    Sequence,
    Several,
    Typed,
)

__all__ = ["Apply", "Binding", "Checker", "Const", "Names"]

MOST_EXPANDED = 10_000


class Checker(Blocks):
    """Checks one expression; `problems` and `inputs` hold what was found, `asks` the `couponValid` and
    `referralValid` that it calls, with true for those that redeem.

    `features` are those of the campaign, None where they do not matter; `item_only` is set for campaigns of type
    cartItem, which have effects on single items only. `known` holds what rules may name, `filters` the Application's
    cart item filters. `names` is what the expressions of a rule share: the variables and templates that those before
    it have set.
    """

    scopes_lambdas = False

    def __init__(
        self,
        bindings: Mapping[str, Binding],
        attributes: Mapping[tuple[str, str], str],
        *,
        features: frozenset[str] | None = None,
        item_only: bool = False,
        known: Known = NOTHING,
        filters: Mapping[str, Binding] | None = None,
        names: Names | None = None,
    ) -> None:
        super().__init__(bindings, attributes, known, filters or {}, names)
        self.features = features
        self.item_only = item_only
        self.deepest = DEEPEST
        self._after_failure = False
        self._level = 0
        self._root = 0
        self._expanded = 0
        self._dear: Counter[str] = Counter()
        self._forms: dict[str, Callable[[Node], Typed]] = {
            "entry": self._entry,
            "attribute": self._attribute_path,
            TARGET: self.target,
            SLOT: self._slot,
            FILTER: self.global_filter,
            EFFECTS: self._effects,
        }

    def check(self, node: Node) -> Typed:
        """The typed form of a node."""
        if self._level == 0:
            self._root = node.pointer.count("/")
        if self.expansions:
            self._expanded += 1
        if self._level > self.deepest or self._expanded > MOST_EXPANDED:
            message = f"the expression is too large: at most {self.deepest} levels, {MOST_EXPANDED} nodes of templates"
            raise SyntaxProblem(node.pointer, message)
        self.at = max(node.pointer.count("/"), self._root + self._level)
        self.depth = max(self.depth, self.at)
        self._level += 1
        typed = self._form(node)
        self._level -= 1
        return typed

    def _form(self, node: Node) -> Typed:
        match node:
            case Literal(value=value, pointer=pointer, text=text):
                return Const(kind=kind_of(value), value=value, pointer=pointer, text=text)
            case Path():
                return self.look_up(node)
            case Call():
                return self._call(node)
            case Lambda(parameter=name, pointer=pointer) if not is_function(name):
                return self.problem(pointer, 'a lambda such as [["Item"], body] stands only where a function takes one')
            case Lambda() | Block():
                return self._sequence(node)
            case Malformed(message=message, pointer=pointer):
                return self.problem(pointer, message)
        return self.problem(node.pointer, "an object stands only as the last argument of an effect")

    def standalone(self, node: Node) -> Typed:
        """The typed form of an expression that shares no variables, such as a binding."""
        before = self.sets
        typed = self.check(node)
        if self.sets == before:
            return typed
        return Scoped(kind=typed.kind, body=typed, alone=True, pointer=node.pointer)

    def expect(self, node: Node, kind: str, what: str) -> Typed:
        """The typed form of a node that must be of a kind."""
        found = len(self.problems)
        typed = self.check(node)
        if typed.kind == NULL and kind == EFFECT:
            return typed
        if not fits(typed.kind, kind) and not self.problems[found:]:
            self.problem(node.pointer, f"{what} must be {a(kind)}, but this is {a(typed.kind)}")
        return settled(self, typed, kind, node.pointer)

    def value(self, node: Node) -> Typed:
        """Something that is part of a value, so not an effect: those stand in a rule's effects only."""
        typed = self.check(node)
        return self.problem(node.pointer, "this must be a value, not an effect") if typed.kind == EFFECT else typed

    # --- calls

    def _call(self, node: Call) -> Typed:
        name = node.name.lower()
        if name == "!":
            return self.expand(node)
        if name == "#":
            return self.problem(node.pointer, '["#", i] stands only in a template, for its argument i')
        if name == "settemplate":
            return self.set_template(node)
        known = overloads(node.name)
        if not known:
            hint = suggest(node.name, names())
            return self.problem(f"{node.pointer}/0", f"there is no function or effect `{node.name}`{hint}")
        nodes, options = split_options(bindings_of_lambdas(node.args, known))
        counted = [function for function in known if function.takes(len(nodes))]
        if not counted:
            written = " or ".join(dict.fromkeys(function.signature() for function in known))
            return self.problem(node.pointer, f"`{node.name}` cannot take {len(nodes)} arguments: write {written}")
        before = len(self.problems)
        typed = [self._argument(sub, index, counted) for index, sub in enumerate(nodes)]
        if self.problems[before:]:
            return Fails(kind=ANY, message=self.problems[-1].message, pointer=node.pointer)
        chosen = fitting(counted, typed)
        if not chosen:
            return self._no_overload(node, nodes, typed, counted)
        if undecided(chosen, typed) and options is None:
            return self._dispatch(chosen, node, typed)
        called = self._apply(chosen[0], node, nodes, typed, options)
        return self.remember(called) if name == "set" and isinstance(called, Apply) else called

    def _argument(self, node: Node, index: int, counted: list[Function]) -> Typed | None:
        """An argument that can be checked alone; a lambda waits until the list it walks over is known."""
        if isinstance(node, Lambda) and any(one.param(index) in (LAMBDA, LAMBDAS) for one in counted):
            return None
        params = [one.param(index) for one in counted]
        if not KINDS.isdisjoint(params):
            return self.named(node, params)
        form = self._forms.get(params[0])
        if form is not None:
            return form(node)
        return self._child(node) if index in counted[0].child else self.check(node)

    def _attribute_path(self, node: Node) -> Typed:
        return self.check(path_form(node))

    def _slot(self, node: Node) -> Typed:
        """A slot of a bundle: `[list, number]`."""
        if not isinstance(node, Lambda | Block) or len(items_of(node)) != 2:
            return self.problem(node.pointer, 'a slot is written [list, number], e.g. [[".", "Shoes"], 2]')
        listed, count = items_of(node)
        items = (
            self.expect(listed, list_of(ITEM), "the first part of a slot"),
            self.expect(count, NUMBER, "the second part of a slot"),
        )
        return Several(kind=SLOT, items=items, pointer=node.pointer)

    def _child(self, node: Node) -> Typed:
        """An argument that runs in a scope of its own, which matters only where it sets something."""
        before, outer = self.sets, self.names
        self.names = Names(outer)
        typed = self.check(node)
        self.names = outer
        return typed if self.sets == before else Scoped(kind=typed.kind, body=typed, pointer=node.pointer)

    def _apply(
        self,
        function: Function,
        node: Call,
        nodes: tuple[Node, ...],
        typed: list[Typed | None],
        options: Options | None,
    ) -> Typed:
        args: list[Typed] = []
        over = typed[0].kind if function.name == "do" and typed[0] else function.over or walked(function, typed)
        for index, sub in enumerate(nodes):
            given = typed[index]
            if given is None and isinstance(sub, Lambda):
                args.append(self._lambda(sub, over, function, index))
            elif given is not None:
                args.append(settled(self, given, function.param(index), sub.pointer))
        args = as_written(function, args)
        for where, message in objections(function.name, tuple(args)):
            self.problem(where, message)
        self._allowed(function, args, node.pointer)
        self.inputs |= function.inputs
        if function.name in ("couponValid", "referralValid"):
            self.asks.add((function.name, not (args and isinstance(args[0], Const) and args[0].value is False)))
        chosen = self._options(function, options)
        kinds = tuple(arg.body.kind if isinstance(arg, Body) else arg.kind for arg in args)
        return Apply(
            kind=function.returned(kinds), function=function, args=tuple(args), options=chosen, pointer=node.pointer
        )

    def _dispatch(self, choices: list[Function], node: Call, typed: list[Typed | None]) -> Typed:
        """A call of which only the evaluated arguments say which overload it is."""
        args = tuple(arg for arg in typed if arg is not None)
        for function in choices:
            self._allowed(function, list(args), node.pointer)
            self.inputs |= function.inputs
        kinds = {function.returned(tuple(arg.kind for arg in args)) for function in choices}
        kind = kinds.pop() if len(kinds) == 1 else ANY
        return Dispatch(kind=kind, name=node.name, choices=tuple(choices), args=args, pointer=node.pointer)

    def _allowed(self, function: Function, args: list[Typed], pointer: str) -> None:
        """Whether a function may stand in this campaign, an effect at this place, and what is written out is fine."""
        name, feature = function.name, function.feature
        if function.most:
            self._dear[name] += 1
            if self._dear[name] > function.most:
                self.problem(f"{pointer}/0", f"`{name}` stands at most {function.most} times in one expression")
                return
        if function.verify is not None:
            written = tuple(arg.value if isinstance(arg, Const) else COMPUTED for arg in args)
            if wrong := function.verify(written):
                self.problem(pointer, wrong)
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

    def _no_overload(
        self, node: Call, nodes: tuple[Node, ...], typed: list[Typed | None], counted: list[Function]
    ) -> Typed:
        if failed := next((sub for sub in typed if isinstance(sub, Fails)), None):
            return failed
        kinds = [LAMBDA if sub is None else sub.kind for sub in typed]
        if len(counted) == 1:
            for index, sub in enumerate(nodes):
                wanted = counted[0].param(index)
                if not accepts(wanted, typed[index]):
                    message = f"`{node.name}` takes {a(wanted)} here, but this is {a(kinds[index])}"
                    return self.problem(sub.pointer, message)
        written = " or ".join(dict.fromkeys(function.signature() for function in counted))
        return self.problem(node.pointer, f"`{node.name}` cannot take ({', '.join(kinds)}): write {written}")

    def _lambda(self, node: Lambda, kind: str, function: Function, index: int) -> Typed:
        before, outer = self.sets, self.names
        shadowed = self.locals.get(node.parameter)
        self.locals[node.parameter] = kind
        self.names = Names(outer)
        bodies = tuple(self.check(body) if function.effects else self.value(body) for body in node.bodies)
        self.names = outer
        if shadowed is None:
            del self.locals[node.parameter]
        else:
            self.locals[node.parameter] = shadowed
        scoped = self.scopes_lambdas or self.sets != before
        if function.param(index) == LAMBDAS:
            return Bodies(kind=LAMBDAS, parameter=node.parameter, bodies=bodies, scoped=scoped, pointer=node.pointer)
        body = bodies[-1] if len(bodies) == 1 else self.one_after_the_other(bodies, node.pointer)
        if function.body and not fits(body.kind, function.body):
            message = f"`{function.name}` takes a lambda that makes {a(function.body)}, but this makes {a(body.kind)}"
            self.wrong_body(body.pointer, message)
        return Body(kind=LAMBDA, parameter=node.parameter, body=body, scoped=scoped, pointer=node.pointer)

    def wrong_body(self, pointer: str, message: str) -> None:
        """A lambda makes something else than the function counts on."""
        self.problem(pointer, message)

    # --- blocks, and what stands in effects

    def _sequence(self, node: Lambda | Block) -> Typed:
        return self.one_after_the_other(tuple(self.check(item) for item in items_of(node)), node.pointer)

    def _effects(self, node: Node) -> Typed:
        """A list of effects for a condition that failed."""
        outer, self._after_failure = self._after_failure, True
        listed = items_of(node) if isinstance(node, Lambda | Block) else (node,)
        items = tuple(self.expect(item, EFFECT, "what happens here") for item in listed)
        self._after_failure = outer
        return Sequence(kind=EFFECTS, items=items, pointer=node.pointer)

    def _entry(self, node: Node) -> Typed:
        if isinstance(node, Block | Lambda):
            return Entry(kind="entry", key="", value=Const(kind=NULL, value=None), pointer=node.pointer)
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
        if not self.problems[found:] and not accepts(takes, typed):
            return self.problem(node.pointer, f"`{name}` must be {a(takes)}, but this is {a(typed.kind)}")
        return settled(self, typed, takes, node.pointer)
