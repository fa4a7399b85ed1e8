"""An expression by itself: names are looked up while it runs, and what is wrong is an error when it is reached."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any

from guerdon.engine.talang.check import Checker
from guerdon.engine.talang.compile import Compiler
from guerdon.engine.talang.kinds import ANY, EFFECT
from guerdon.engine.talang.lisp import parse
from guerdon.engine.talang.scopes import Scope
from guerdon.engine.talang.syntax import DEEPEST, Node, Path, Reader, SyntaxProblem
from guerdon.engine.talang.typed import Apply, Fails, Lookup, Typed
from guerdon.engine.talang.values import (
    ARITHMETIC,
    DEEPEST_VALUE,
    ERRORS,
    EvaluationError,
    is_unicode,
    reason,
    shown,
)

MOST_STEPS = 200_000
Compiled = Callable[[Any], Any]


def evaluate(
    expression: Any,
    bindings: Mapping[str, Any] | None = None,
    *,
    max_depth: int = DEEPEST,
    now: datetime | None = None,
) -> Any:
    """The value of an expression in the rule language, apart from any campaign (rules.md §3).

    `expression` is Lisp text such as `"(+ 1 (. Cart Total))"`, or the same as JSON arrays: lists, texts, booleans,
    None, numbers (int, Decimal, or float by its shortest text) and aware datetimes. `bindings` are the values that
    paths look up: numbers, texts, booleans, None, aware datetimes, and lists and dicts of these; they never change.
    `max_depth` is how many levels of calls there may be. `now` is the aware datetime that `now` and `days` go by;
    without it those are errors.

    Returns a Decimal, text, boolean, aware datetime, None, or lists and dicts of these. Times are taken apart in
    their own offset from UTC. Raises TalangError, also for what is no expression; an unknown function or arguments
    that no overload takes are errors when they are reached, so `catch` sees them.

    >>> evaluate("(+ 1 2)")
    Decimal('3')
    >>> evaluate(["catch", "x", ["nope"]])
    'x'
    """
    try:
        if isinstance(expression, str):
            run = _of_text(expression, max_depth)
        else:
            run = _compiled(Reader(deepest=max_depth, rules=False).read(expression, ""), max_depth)
        frame = _Frame(_known(bindings or {}), now)
        with localcontext(ARITHMETIC):
            return _plain(frame, run(frame))
    except ERRORS as error:
        raise EvaluationError(reason(error)) from None
    except RecursionError:
        raise EvaluationError("the expression has too many levels") from None


@lru_cache(256)
def _of_text(expression: str, max_depth: int) -> Compiled:
    return _compiled(parse(expression, deepest=max_depth), max_depth)


def _compiled(node: Node, max_depth: int) -> Compiled:
    checker = _Interpreter({}, {})
    checker.deepest = max_depth
    typed = checker.check(node)
    compiler = Compiler()
    name = compiler.add(checker.problem("", "an effect has no value") if typed.kind == EFFECT else typed)
    return compiler.build()[name]


class _Interpreter(Checker):
    """The checker where nothing is known beforehand but the expression."""

    scopes_lambdas = True

    def problem(self, pointer: str, message: str) -> Typed:
        """An error when it is reached."""
        return Fails(kind=ANY, message=message, pointer=pointer)

    def wrong_body(self, pointer: str, message: str) -> None:
        """The function sees when it runs."""

    def look_up(self, node: Path) -> Typed:
        """Whatever the name is then."""
        return Lookup(kind=ANY, keys=self.keys(node.parts), pointer=node.pointer)

    def remember(self, call: Apply) -> Typed:
        """Nothing has to be known of what is set, but that something is."""
        self.sets += 1
        return call

    def expansion(self, node: Node) -> Typed:
        """A template that expands without end is an error when it is reached."""
        level = self._level
        try:
            return super().expansion(node)
        except SyntaxProblem as error:
            self._level = level
            self.expansions -= 1
            return self.problem(node.pointer, error.problem.message)


class _Frame:
    """What an expression runs in; whatever else functions ask for is known in the rules of a campaign only."""

    def __init__(self, names: dict[str, Any], now: datetime | None) -> None:
        self.scope = Scope(names)
        self.patterns: set[str] = set()
        self._now = now
        self._steps = 0

    @property
    def now(self) -> datetime:
        """The time that was given."""
        if self._now is None:
            raise EvaluationError("no time was given that could be now")
        return self._now

    def local(self, moment: datetime) -> datetime:
        """A time, to be taken apart: in the offset it has."""
        return moment

    def timezone(self) -> tzinfo:
        """The timezone of times that are written without one."""
        return UTC

    def put(self, where: dict[Any, Any], key: Any, value: Any) -> None:
        """Set a value."""
        where[key] = value

    def visit(self, count: int) -> None:
        """Count steps."""
        self._steps += count
        if self._steps > MOST_STEPS:
            raise EvaluationError("the expression takes too many steps")

    def __getattr__(self, name: str) -> Any:
        raise EvaluationError("this is known only in the rules of a campaign")


def _known(value: Any, depth: int = 0) -> Any:
    """A plain value as the language has it: numbers are exact."""
    if depth > DEEPEST_VALUE:
        raise EvaluationError(f"lists and maps stand at most {DEEPEST_VALUE} deep in each other")
    if value is None or isinstance(value, bool) or (isinstance(value, str) and is_unicode(value)):
        return value
    if isinstance(value, int | float | Decimal):
        exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        if not exact.is_finite() or abs(exact.adjusted()) > 90:
            raise EvaluationError("a number among the bindings is not finite, too large or too fine")
        return exact
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, list | tuple):
        return [_known(part, depth + 1) for part in value]
    if isinstance(value, Mapping):
        return {_known(str(key)): _known(part, depth + 1) for key, part in value.items()}
    raise EvaluationError(f"a {type(value).__name__} is no value of the rule language")


def _plain(frame: _Frame, value: Any, depth: int = 0) -> Any:
    """The value for whoever asked, in lists and dicts of their own."""
    frame.visit(1)
    if depth > DEEPEST_VALUE:
        raise EvaluationError(f"lists and maps stand at most {DEEPEST_VALUE} deep in each other")
    if isinstance(value, list):
        return [_plain(frame, part, depth + 1) for part in value]
    if isinstance(value, dict):
        return {key: _plain(frame, part, depth + 1) for key, part in value.items()}
    if value is None or isinstance(value, bool | str | Decimal | datetime):
        return value
    raise EvaluationError(f"{shown(value)} is no value of the rule language")
