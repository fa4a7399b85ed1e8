"""What a worker process does beside its requests, such as jobs and counting."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from guerdon.db.pool import client_error
from guerdon.errors import Unavailable

log = logging.getLogger("guerdon")


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have it go on while the block does, and end it with the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def note_failure(what: str, error: Exception) -> None:
    """It goes to the log, unless the database is only away: that comes right by itself."""
    if not isinstance(error, Unavailable) and not isinstance(client_error(error), Unavailable):
        log.error("%s failed", what, exc_info=error)
