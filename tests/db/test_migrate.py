"""Migrations are applied once, by one server at a time, and give what migrations/schema.sql shows."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from guerdon.db import pool
from guerdon.db.migrate import migrate, migrations

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PARTITIONS = "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1"


@pytest.fixture
def empty(postgres):
    """URL of a database in which there is nothing."""
    name = f"empty_{os.getpid()}"

    async def execute(statement):
        conn = await asyncpg.connect(postgres)
        await conn.execute(statement)
        await conn.close()

    asyncio.run(execute(f"CREATE DATABASE {name} TEMPLATE template0"))
    yield postgres.replace("/postgres?", f"/{name}?")
    asyncio.run(execute(f"DROP DATABASE {name} WITH (FORCE)"))


def apply(url, *times):
    """Migrate once for each time, one after the other; the names applied each time."""

    async def run():
        conn = await pool.connect(url)
        try:
            return [await migrate(conn, now) for now in times]
        finally:
            await conn.close()

    return asyncio.run(run())


def fetch(url, statement):
    async def run():
        conn = await pool.connect(url)
        try:
            return [tuple(row) for row in await conn.fetch(statement)]
        finally:
            await conn.close()

    return asyncio.run(run())


def snapshot(url):
    tool = [sys.executable, str(ROOT / "tools" / "schema_snapshot.py")]
    return subprocess.run([*tool, url], capture_output=True, text=True, check=True).stdout


def test_twice_is_once(empty):
    names = [name for name, _ in migrations()]
    assert apply(empty, NOW, NOW) == [names, []]
    assert fetch(empty, "SELECT name FROM schema_migrations ORDER BY name") == [(name,) for name in names]


def test_two_servers_that_start_at_once(empty):
    async def one():
        conn = await pool.connect(empty)
        try:
            return await migrate(conn, NOW)
        finally:
            await conn.close()

    async def both():
        return await asyncio.gather(one(), one(), one())

    names = [name for name, _ in migrations()]
    assert sorted(asyncio.run(both()), key=len) == [[], [], names]


def test_the_months_ahead_have_a_partition(empty):
    apply(empty, NOW)
    months = [f"events_2026_{month:02}" for month in (11, 12)] + [f"events_2027_{month:02}" for month in range(1, 12)]
    assert fetch(empty, PARTITIONS) == [(name,) for name in [*months, "events_default"]]
    apply(empty, NOW + timedelta(days=40))
    assert fetch(empty, PARTITIONS) == [(name,) for name in [*months, "events_2027_12", "events_default"]]


def test_events_land_in_their_month_and_after_a_year_in_the_default(empty):
    """A server that ran for more than a year must still start, with what it wrote where it is."""
    apply(empty, NOW)
    insert = """
        INSERT INTO events (application_id, type, session_id, revision, judged_at, facts, effects, created)
        VALUES (1, 'talon_session_created', 1, 1, now(), '{}', '[]', '%s')
    """
    for created in ("2026-11-30T23:59:59.999999Z", "2026-12-01T00:00:00Z", "2028-03-05T00:00:00Z"):
        fetch(empty, insert % created)
    assert apply(empty, datetime(2028, 3, 6, tzinfo=UTC)) == [[]]
    where = fetch(empty, "SELECT tableoid::regclass::text FROM events ORDER BY created")
    assert where == [("events_2026_11",), ("events_2026_12",), ("events_default",)]
    names = fetch(empty, PARTITIONS)
    assert ("events_2028_03",) not in names
    assert ("events_2028_04",) in names
    fetch(empty, insert % "2028-04-05T00:00:00Z")
    assert fetch(empty, "SELECT count(*) FROM events_2028_04") == [(1,)]


def test_the_snapshot_is_what_the_migrations_give(database):
    written = (ROOT / "migrations" / "schema.sql").read_text()
    assert snapshot(database) == written, "write it anew: .venv/bin/python tools/schema_snapshot.py"


def test_the_snapshot_gives_what_the_migrations_give(empty):
    written = (ROOT / "migrations" / "schema.sql").read_text()

    async def load():
        conn = await asyncpg.connect(empty)
        await conn.execute(written)
        await conn.close()

    asyncio.run(load())
    assert snapshot(empty) == written
