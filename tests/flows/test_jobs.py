"""Jobs that go wrong, in a database without a server: tried again for a while, then given up with the reason."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg

from guerdon.db import pool
from guerdon.flows import jobs

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INSERT = """
INSERT INTO jobs (account_id, application_id, campaign_id, kind, request, created_by, created, due)
VALUES (1, 1, 1, $1, $2, 1, $3, $3) RETURNING id
"""


def run(database, body):
    """What `body(connections, conn)` gives."""

    async def inside():
        connections, conn = await pool.open_pool(database, 2), await asyncpg.connect(database)
        try:
            return await body(connections, conn)
        finally:
            await conn.close()
            await connections.close()

    return asyncio.run(inside())


def test_a_bug_is_tried_again_later_and_given_up_in_the_end(database, caplog):
    async def body(connections, conn):
        job = await conn.fetchval(INSERT, "no such kind", "{}", NOW)
        now, waited = NOW, []
        while await jobs.work(connections, now):
            assert not await jobs.work(connections, now), "it is not due"
            row = await conn.fetchrow("SELECT * FROM jobs WHERE id = $1", job)
            waited.append((row["due"] - now).total_seconds())
            now = row["due"]
        return row, waited

    row, waited = run(database, body)
    assert waited == [1, 2, 4, 8, 16, 32, *[60] * 14]
    assert (row["status"], row["failures"], row["turns"], row["done"]) == ("failed", 20, 20, 0)
    assert row["errors"] == ["Internal server error"] * 20
    assert caplog.messages == [f"job {row['id']} failed"] * 20


def test_jobs_take_turns(database):
    async def body(connections, conn):
        request = '{"campaign_ids": [1, 2, 3], "filters": {}, "last_id": 0}'
        ids = [await conn.fetchval(INSERT, jobs.DELETE, request, NOW) for _ in range(2)]
        turns = []
        for second in range(1, 7):
            await jobs.work(connections, NOW + timedelta(seconds=second))
            turns.append([await conn.fetchval("SELECT turns FROM jobs WHERE id = $1", job) for job in ids])
        return turns

    assert run(database, body) == [[1, 0], [1, 1], [2, 1], [2, 2], [3, 2], [3, 3]]
