"""Connections: what every one of them has, and what there is when there is no database."""

import asyncio
import socket

import pytest

from guerdon.db import pool


def test_connections_keep_utc_whatever_the_database_is_set_to(database):
    """Times in JSON that PostgreSQL writes would have its own offset otherwise."""

    async def run():
        conn = await pool.connect(database)
        name = await conn.fetchval("SELECT current_database()")
        await conn.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'")
        await conn.close()
        connections = await pool.open_pool(database, 1)
        try:
            async with pool.connection(connections) as conn:
                shown = await conn.fetchval("SELECT to_json('2026-01-01T00:00:00Z'::timestamptz)")
                return shown, await conn.fetchval("SHOW lock_timeout")
        finally:
            await connections.close()

    assert asyncio.run(run()) == ('"2026-01-01T00:00:00+00:00"', "3s")


def test_a_failed_transaction_leaves_nothing_and_gives_its_connection_back(database):
    async def fail(connections):
        async with pool.transaction(connections) as conn:
            await conn.execute("INSERT INTO accounts (name, created) VALUES ('x', now())")
            raise RuntimeError

    async def run():
        connections = await pool.open_pool(database, 1)
        try:
            for _ in range(3):
                with pytest.raises(RuntimeError):
                    await fail(connections)
            async with pool.connection(connections) as conn:
                return await conn.fetchval("SELECT count(*) FROM accounts")
        finally:
            await connections.close()

    assert asyncio.run(run()) == 1


PID = "SELECT pg_backend_pid()"


def with_pool(database, size, use):
    async def run():
        connections = await pool.open_pool(database, size)
        try:
            return await use(connections)
        finally:
            await connections.close()

    return asyncio.run(run())


async def pid(connections):
    async with pool.connection(connections) as conn:
        return await conn.fetchval(PID)


def test_a_connection_that_breaks_while_nobody_has_it_is_not_handed_out(database):
    async def use(connections):
        before = await pid(connections)
        conn = await pool.connect(database)
        await conn.execute("SELECT pg_terminate_backend($1)", before)
        await conn.close()
        await asyncio.sleep(0.2)  # until its end is noticed
        return before, await pid(connections), await pid(connections)

    before, after, again = with_pool(database, 1, use)
    assert before != after == again


def test_who_waits_gets_the_connection_that_comes_back(database):
    async def hold(connections, until):
        async with pool.connection(connections) as conn:
            await until.wait()
            return await conn.fetchval(PID)

    async def use(connections):
        until = asyncio.Event()
        holding = [asyncio.create_task(hold(connections, until)) for _ in range(2)]
        await asyncio.sleep(0.1)
        waiting = [asyncio.create_task(pid(connections)) for _ in range(5)]
        await asyncio.sleep(0.1)
        assert not any(task.done() for task in waiting)
        until.set()
        held, waited = await asyncio.gather(*holding), await asyncio.gather(*waiting)
        return set(held), set(waited)

    held, waited = with_pool(database, 2, use)
    assert len(held) == 2
    assert waited <= held


def test_closing_waits_for_the_connections_in_use(database):
    async def run():
        connections = await pool.open_pool(database, 2)
        await pid(connections)
        async with pool.connection(connections) as conn:
            closing = asyncio.create_task(connections.close())
            await asyncio.sleep(0.1)
            assert not closing.done()
            shown = await conn.fetchval("SELECT 1")
        await asyncio.wait_for(closing, 5)
        return shown

    assert asyncio.run(run()) == 1


def test_connections_go_back_to_the_library_after_a_rest(database, monkeypatch):
    monkeypatch.setattr(pool, "REST", 0.05)

    async def use(connections):
        before = await pid(connections)
        kept = connections._pool.get_idle_size()
        await asyncio.sleep(0.2)
        return kept, connections._pool.get_idle_size(), before == await pid(connections)

    assert with_pool(database, 1, use) == (0, 1, True)


def test_who_gives_up_leaves_a_connection_that_can_be_used(database):
    async def slow(connections):
        async with pool.connection(connections) as conn:
            await conn.execute("SELECT pg_sleep(30)")

    async def use(connections):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow(connections), 0.2)
        async with pool.connection(connections) as conn:
            return await conn.fetchval("SELECT 1")

    assert with_pool(database, 1, use) == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://u@localhost/x", 'invalid DSN: scheme is expected to be either "postgresql" or "postgres", got'),
        ("postgresql://u@127.0.0.1:PORT/x", "[Errno 111] Connect call failed"),
        ("postgresql://u@127.0.0.1:99999/x", "connect(): port must be 0-65535."),
        ("postgresql://u@127.0.0.1:port/x", "invalid literal for int()"),
        ("postgresql://u@/x?host=/no/such/folder", "[Errno 2] No such file or directory"),
        ("DATABASE", 'database "no_such_database" does not exist'),
    ],
)
def test_why_there_is_no_database(postgres, url, why):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = url.replace("PORT", str(nobody.getsockname()[1]))
        url = url.replace("DATABASE", postgres.replace("/postgres?", "/no_such_database?"))
        with pytest.raises(pool.Unreachable) as refused:
            asyncio.run(pool.connect(url))
    assert str(refused.value).startswith(why)


def test_a_database_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(pool, "CONNECT_TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(pool.Unreachable) as refused:
            asyncio.run(pool.connect(f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/x"))
    assert str(refused.value) == "no answer within 0.2 seconds"
