"""What a failing rule must undo: every change of the running state is noted here with the old value."""

from collections.abc import Mapping
from typing import Any

NOTHING = object()
_MANY = object()


class Undo:
    """The old values of what was changed, newest last. `NOTHING` stands for a key that was not there."""

    __slots__ = ("_log",)

    def __init__(self) -> None:
        self._log: list[tuple[dict[Any, Any], Any, Any]] = []

    def put(self, where: dict[Any, Any], key: Any, value: Any) -> None:
        """Change one value."""
        self._log.append((where, key, where.get(key, NOTHING)))
        where[key] = value

    def put_all(self, where: dict[Any, Any], values: Mapping[Any, Any]) -> None:
        """Change many values of one dict at once."""
        if values:
            self._log.append((where, {key: where.get(key, NOTHING) for key in values}, _MANY))
            where.update(values)

    def mark(self) -> int:
        """Where things stand, for `back_to`."""
        return len(self._log)

    def back_to(self, mark: int) -> None:
        """Everything as it was at the mark."""
        while len(self._log) > mark:
            where, key, old = self._log.pop()
            for one, value in key.items() if old is _MANY else ((key, old),):
                if value is NOTHING:
                    del where[one]
                else:
                    where[one] = value
