"""What the rule language has: each function and effect is declared once, with all that is known of it.

The checker, the compiler and the generated reference page read the same declarations.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from guerdon.engine.talang.kinds import EFFECT
from guerdon.engine.talang.phrases import PHRASES

COMPUTED: Any = object()


def _any_operator(value: Any, *others: Any) -> Any: ...


class Function(Struct, frozen=True, kw_only=True):
    """One overload of a function or effect.

    `params` are the kinds of the arguments; `rest` is the kind of any further ones, `optional` how many of
    `params` may be left out from the right. `returns` is a kind, or computes it from the argument kinds.
    `run` gets the evaluated arguments, and the frame first when `frame` is set; `operator` names an ast
    operator to use instead. With `lazy`, `run` gets the arguments after the first `eager` ones as functions to call.
    `inputs` names the entities the function looks at by itself.

    Besides the kinds of values, a parameter may be LAMBDA, called with an element; LAMBDAS, called with an element
    and giving the list of its values; or EFFECTS, a JSON list of failure effects, called without arguments.

    `options` says what the trailing object may hold and of what kind: BOOLEAN is `true` or `false` as it stands, a
    tuple is a choice of texts, any other kind is an expression. They are keyword arguments of `run`, in snake case.

    `body` is the kind that a lambda must make of each element; with `effects`, a lambda may also hold an effect.
    `child` are the places of arguments that run in a scope of their own. `verify` gets the arguments, with COMPUTED
    for those that are not written out, and says what is wrong with them. `most` is how often it may stand in one
    expression, where that is dear.

    `over` is the kind of what a lambda is called with, where it is not the elements of the list beside it.

    `example` is an expression with its value, `hint` how a rule builder says it in words (phrases.py). `feature` is
    the campaign feature that the function needs; `per_item` marks the effects that a campaign of type
    cartItem may have, `failure` those that may stand among failure effects.
    """

    name: str
    params: tuple[str, ...]
    returns: str | Callable[[tuple[str, ...]], str]
    run: Callable[..., Any] | None = None
    operator: str = ""
    rest: str = ""
    optional: int = 0
    frame: bool = False
    options: Mapping[str, "str | tuple[str, ...]"] = {}
    inputs: frozenset[str] = frozenset()
    lazy: bool = False
    eager: int = 0
    over: str = ""
    body: str = ""
    effects: bool = False
    child: tuple[int, ...] = ()
    verify: Callable[[tuple[Any, ...]], str] | None = None
    most: int = 0
    feature: str = ""
    per_item: bool = False
    failure: bool = False
    doc: str = ""
    hint: str = ""
    example: tuple[Any, Any] | None = None

    @property
    def wraps(self) -> bool:
        """Whether it is an effect around other effects, such as `catch`."""
        return EFFECT in self.params

    @property
    def is_effect(self) -> bool:
        """Whether this is an effect rather than a function."""
        return self.returns == EFFECT

    def returned(self, kinds: tuple[str, ...]) -> str:
        """The kind of the result for arguments of these kinds."""
        return self.returns if isinstance(self.returns, str) else self.returns(kinds)

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        most = len(self.params)
        return most - self.optional <= count and (count <= most or bool(self.rest))

    def param(self, index: int) -> str:
        """The kind of the argument at `index`."""
        return self.params[index] if index < len(self.params) else self.rest

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments, as `run` has them; the last stands for all further ones where `rest` is set."""
        count = len(self.params) + bool(self.rest)
        try:
            own = list(inspect.signature(self.run or _any_operator).parameters.values())
        except ValueError:
            own = list(inspect.signature(_any_operator).parameters.values())
        own = own[1:] if self.frame else own
        named = [one.name.strip("_") for one in own if one.kind is one.POSITIONAL_OR_KEYWORD][:count]
        more = next((one.name.strip("_") for one in own if one.kind is one.VAR_POSITIONAL), "")
        rest = [more] if self.rest and more else []
        return (*named, *[more.removesuffix("s")] * (count - len(named) - len(rest)), *rest)

    def signature(self) -> str:
        """How it is written, for messages and the reference."""
        params = [f"{kind}?" if i >= len(self.params) - self.optional else kind for i, kind in enumerate(self.params)]
        params += [f"{self.rest}…"] if self.rest else []
        return f"{self.name}({', '.join(params)})"


_functions: dict[str, list[Function]] = {}
_spellings: dict[str, str] = {}

Runs = TypeVar("Runs", bound=Callable[..., Any])
Returns = str | Callable[[tuple[str, ...]], str]


def add(name: str, *params: str, returns: Returns, **details: Any) -> None:
    """Declare an overload that is an `operator`, or runs what `run` says; `details` are members of `Function`."""
    details.setdefault("hint", PHRASES.get(name, ""))
    _spellings.setdefault(name.lower(), name)
    _functions.setdefault(name, []).append(Function(name=name, params=params, returns=returns, **details))


def declare(name: str, *params: str, returns: Returns, **details: Any) -> Callable[[Runs], Runs]:
    """Declare the decorated function as an overload; its docstring is the documentation."""

    def decorate(run: Runs) -> Runs:
        add(name, *params, returns=returns, run=run, **{"doc": (run.__doc__ or "").strip(), **details})
        return run

    return decorate


def overloads(name: str) -> list[Function]:
    """All overloads under a name in any case, in order of declaration; empty when there is no such function."""
    found = _functions.get(name)
    return found if found is not None else _functions.get(_spellings.get(name.lower(), ""), [])


def is_function(name: str) -> bool:
    """Whether there is a function or effect of exactly this name."""
    return name in _functions


def names() -> list[str]:
    """All names, for suggestions."""
    return sorted(_functions)


def all_functions() -> Iterator[Function]:
    """Every overload, by name."""
    for name in names():
        yield from _functions[name]
