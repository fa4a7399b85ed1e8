"""Names that `set` gives values to while rules run: scopes of maps, each within another (rules.md §3.5)."""

from collections.abc import Callable
from typing import Any

from guerdon.engine.talang.values import EvaluationError, exact, member, shown, text


class Scope:
    """Names with their values, and the scope around it. What is in `names` is written through the frame's `put`."""

    __slots__ = ("names", "outer")

    def __init__(self, names: dict[str, Any] | None = None, outer: "Scope | None" = None) -> None:
        self.names = {} if names is None else names
        self.outer = outer

    def look_up(self, *keys: Any) -> Any:
        """What the keys lead to, in this scope or else in the one around it; null is as good as nothing there."""
        scope: Scope | None = self
        while scope is not None:
            value = _follow(scope.names, keys)
            if value is not None:
                return exact(value)
            scope = scope.outer
        raise EvaluationError(f"{'.'.join(map(text, keys))} is not set")


def _follow(value: Any, keys: tuple[Any, ...]) -> Any:
    for key in keys:
        value = member(value, key)
        if value is None:
            return None
    return value


def assign(frame: Any, *parts: Any) -> None:
    """`set`: the last of `parts` is the value, the others lead to it through maps, which are made where there are
    none. Maps are copied, so nothing that somebody else holds changes."""
    first, *keys, value = parts
    names = frame.scope.names
    old = names.get(text(first))
    frame.put(names, text(first), _within(frame, old, keys, value) if keys else value)


def _within(frame: Any, held: Any, keys: list[Any], value: Any) -> dict[str, Any]:
    if held is not None and not isinstance(held, dict):
        raise EvaluationError(f"{shown(keys[0])} cannot be set in {shown(held)}, which is no map")
    old = held or {}
    frame.visit(1 + len(old))
    inner = _within(frame, old.get(text(keys[0])), keys[1:], value) if keys[1:] else value
    return {**old, text(keys[0]): inner}


def in_scope(frame: Any, body: Callable[[], Any]) -> Any:
    """Run the body in a scope of its own."""
    return _run(frame, Scope(outer=frame.scope), body)


def alone(frame: Any, body: Callable[[], Any]) -> Any:
    """Run the body where nothing is set yet."""
    return _run(frame, Scope(), body)


def scoped(frame: Any, name: str, body: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A lambda with a scope of its own, in which its variable has its name."""
    return lambda value: _run(frame, Scope({name: value}, frame.scope), body, value)


def _run(frame: Any, scope: Scope, body: Callable[..., Any], *args: Any) -> Any:
    around, frame.scope = frame.scope, scope
    try:
        return body(*args)
    finally:
        frame.scope = around
