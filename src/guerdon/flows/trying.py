"""Attempt a request until what was decided holds (ADR 0015)."""

from collections.abc import Awaitable, Callable
from decimal import localcontext
from typing import Any, TypeVar

from guerdon.db import pool
from guerdon.db.pool import Connection
from guerdon.engine.talang.values import ARITHMETIC
from guerdon.errors import Conflict, Retry

# Each time a decision does not hold, another request got through. Who was overtaken so often gets in line, with the
# others of the Application that were; so many times in a row mean a crowd.
MOST_OVERTAKEN = 3
MOST_TRIES = 20
T = TypeVar("T")


async def trying(
    connections: Any,
    application_id: int,
    attempt: Callable[[Connection], Awaitable[T]],
    busy: str = pool.SESSION_BUSY,
) -> T:
    """Attempt it until what was decided holds; Conflict with the sentence `busy` when others are always faster, or
    hold on to what it needs for too long."""
    for number in range(MOST_TRIES):
        if number < MOST_OVERTAKEN:
            opened = pool.connection(connections, busy)
        else:
            opened = pool.in_line(connections, application_id, busy)
        try:
            with localcontext(ARITHMETIC):  # amounts are exact to the last digit
                async with opened as conn:
                    return await attempt(conn)
        except Retry:
            continue
    raise Conflict(busy)
