"""One side of a race, held still while the other runs into it."""

import asyncio
import time
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def holding(server, statement, *values):
    """A transaction that has run this statement, committed at the end of the block."""
    conn = await asyncpg.connect(server.database)
    try:
        async with conn.transaction():
            await conn.execute(statement, *values)
            yield conn
    finally:
        await conn.close()


async def waits(conn, many=1):
    """Until so many requests wait for a lock that somebody holds."""
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        await conn.execute("SELECT pg_stat_clear_snapshot()")
        if await conn.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") >= many:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"fewer than {many} wait")
