"""Attempt a request until what was decided holds (ADR 0015)."""

from collections.abc import Awaitable, Callable
from decimal import localcontext
from typing import Any, TypeVar

from guerdon.db import pool
from guerdon.db.pool import Connection
from guerdon.engine.talang.values import ARITHMETIC
from guerdon.errors import Conflict, Retry

# Each time a decision does not hold, another request got through; so many of them in a row mean a crowd.
MOST_TRIES = 20
T = TypeVar("T")


async def trying(connections: Any, attempt: Callable[[Connection], Awaitable[T]], busy: str = pool.SESSION_BUSY) -> T:
    """Attempt it until what was decided holds; Conflict with the sentence `busy` when others are always faster, or
    hold on to what it needs for too long."""
    for _ in range(MOST_TRIES):
        try:
            with localcontext(ARITHMETIC):  # amounts are exact to the last digit
                async with pool.connection(connections, busy) as conn:
                    return await attempt(conn)
        except Retry:
            continue
    raise Conflict(busy)
