"""Any request of the log is judged again and gives the same bytes (invariant 9)."""

import asyncio

from guerdon.db import pool
from guerdon.flows.programs import Programs
from guerdon.flows.run_again import run_again
from guerdon.wire.base import encode_text


def events(server):
    """The log, oldest first."""
    return server.sql("SELECT id, type, effects FROM events ORDER BY id")


def again(server, ids, programs=None):
    """These log entries judged again, each as (record, outcome); without `programs` from nothing each time."""

    async def run():
        conn = await pool.connect(server.database)
        try:
            return [await run_again(conn, programs or Programs(), 1, one) for one in ids]
        finally:
            await conn.close()

    return asyncio.run(run())


def assert_same_again(server):
    """Fail unless every entry of the log gives its effects once more, to the byte."""
    for record, outcome in again(server, [row["id"] for row in events(server)], Programs()):
        assert encode_text(outcome.effects) == record.effects, (record.id, record.type)
