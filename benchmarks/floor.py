"""The floor: the least that any session update must do, by a bare asyncpg client on the same PostgreSQL.

One transaction: select the session for update, select the profile, select the coupon for update, upsert the
session with 2 KB of JSON, update the profile. Run as a process of its own, it obeys the same orders as `loadgen`.
"""

import asyncio
import json
import sys
import time
from typing import Any

import asyncpg
from benchmarks.loadgen import obey

DATABASE = "bench_floor"
SESSIONS = 200

TABLES = """
CREATE TABLE profiles (
    id bigint PRIMARY KEY, attributes jsonb NOT NULL, sales numeric NOT NULL, active timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE TABLE coupons (id bigint PRIMARY KEY, value text UNIQUE NOT NULL, used bigint NOT NULL);
CREATE TABLE sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, integration_id text UNIQUE NOT NULL,
    profile_id bigint NOT NULL, state text NOT NULL, content jsonb NOT NULL, updates bigint NOT NULL,
    updated timestamptz NOT NULL
) WITH (fillfactor = 80);
"""
PROFILES = "INSERT INTO profiles SELECT n, '{}', 0, now() FROM generate_series(0, $1::int - 1) n"
COUPONS = "INSERT INTO coupons SELECT n, 'CODE-' || n, 0 FROM generate_series(0, $1::int - 1) n"

SESSION = "SELECT id, profile_id, state, content, updates FROM sessions WHERE integration_id = $1 FOR UPDATE"
PROFILE = "SELECT id, attributes, sales FROM profiles WHERE id = $1"
COUPON = "SELECT id, used FROM coupons WHERE value = $1 FOR UPDATE"
UPSERT = """
INSERT INTO sessions (integration_id, profile_id, state, content, updates, updated)
VALUES ($1, $2, 'open', $3, 1, now())
ON CONFLICT (integration_id) DO UPDATE
SET content = excluded.content, updates = sessions.updates + 1, updated = excluded.updated
"""
TOUCH = "UPDATE profiles SET active = now() WHERE id = $1"


def content(lines: int) -> str:
    """About 2 KB of JSON for five cart lines, in proportion for more."""
    line = {"sku": "SKU-000", "name": "A thing to buy", "quantity": 2, "price": 19.99, "category": "category"}
    padding = {"attributes": {"note": "x" * 280}}
    text = json.dumps({"cartItems": [{**line, **padding, "position": n} for n in range(lines)]})
    assert 380 <= len(text) / lines <= 440, len(text)
    return text


async def prepare(url: str) -> str:
    """Create the floor's own database beside the server's; its URL."""
    conn = await asyncpg.connect(url)
    await conn.execute(f"CREATE DATABASE {DATABASE}")
    await conn.close()
    own: str = url.replace("/postgres?", f"/{DATABASE}?")
    conn = await asyncpg.connect(own)
    await conn.execute(TABLES)
    await conn.execute(PROFILES, SESSIONS)
    await conn.execute(COUPONS, SESSIONS)
    await conn.close()
    return own


async def durable(url: str) -> bool:
    """Whether a commit waits for the disk."""
    conn = await asyncpg.connect(url)
    found = [await conn.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    await conn.close()
    return found == ["on", "on"]


async def update(conn: Any, number: int, text: str) -> None:
    """One session update."""
    async with conn.transaction():
        await conn.fetchrow(SESSION, f"session-{number}")
        await conn.fetchrow(PROFILE, number)
        await conn.fetchrow(COUPON, f"CODE-{number}")
        await conn.execute(UPSERT, f"session-{number}", number, text)
        await conn.execute(TOUCH, number)


async def main() -> None:
    """Connect as often as asked and obey."""
    url, connections, lines = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    conns = [await asyncpg.connect(url) for _ in range(connections)]
    text = content(lines)

    async def run(number: int, until: float, times: list[float], bad: list[bytes]) -> None:
        own = range(number, SESSIONS, connections)
        turn = 0
        started = time.perf_counter()
        while started < until:
            await update(conns[number], own[turn % len(own)], text)
            ended = time.perf_counter()
            times.append(ended - started)
            started = ended
            turn += 1

    await obey(run)
    await asyncio.gather(*(conn.close() for conn in conns))


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
