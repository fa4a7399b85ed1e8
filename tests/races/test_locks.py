"""What a counting request waits for, with the other side of the race held still."""

import asyncio

import httpx
import pytest

from checkout import coupon_rule, effects, line, put, refusal, rows, running, update
from conftest import INTEGRATION_KEY
from guerdon.db import pool
from racing import holding, waits

BUSY = refusal("Too many requests are updating this session at the same time", status=409)


@pytest.fixture
def impatient(monkeypatch):
    """A server that waits for locks only shortly; to be named before `server`."""
    monkeypatch.setattr(pool, "LOCK_TIMEOUT", "300ms")


def closing(server, session_id):
    """Close a session in another thread."""
    headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}

    def close():
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            return put(client, session_id, {"state": "closed"})

    return asyncio.get_running_loop().run_in_executor(None, close)


def test_codes_that_come_while_a_close_waits_are_judged(shop, manager, server):
    codes = [{"code": "LAST-A", "usageLimit": 1}, {"code": "LAST-B", "usageLimit": 1}]
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=codes)
    update(shop, "s1", {"profileId": "kim", "couponCodes": ["LAST-A"], "cartItems": [line()]})
    takes_b = "UPDATE coupons SET usage_counter = 1 WHERE value = 'LAST-B'"
    swaps = """
        UPDATE customer_sessions SET coupon_codes = '{LAST-B}', coupon_keys = '{LAST-B}',
        update_count = update_count + 1
    """

    async def race():
        async with holding(server, takes_b) as other:
            async with holding(server, swaps) as conn:
                close = closing(server, "s1")
                await waits(conn)
            await waits(other)
            assert not close.done()
        return await close

    answer = asyncio.run(race())
    assert effects(answer.json()) == [("rejectCoupon", {"value": "LAST-B", "rejectionReason": "CouponLimitReached"})]
    counted = server.sql("SELECT value, usage_counter FROM coupons ORDER BY value")
    assert [tuple(row) for row in counted] == [("LAST-A", 0), ("LAST-B", 1)]


def test_a_customer_that_comes_while_a_close_waits_gets_the_sale(shop, server):
    update(shop, "s1", {"profileId": "kim", "cartItems": [line()]})
    update(shop, "s2", {"profileId": "lee"})
    relinks = (
        "UPDATE customer_sessions SET profile_id = 2, profile_integration_id = 'lee', update_count = 2 WHERE id = 1"
    )

    async def race():
        async with holding(server, relinks) as conn:
            close = closing(server, "s1")
            await waits(conn)
        return await close

    assert asyncio.run(race()).status_code == 200
    customers = server.sql("SELECT integration_id, closed_sessions, total_sales FROM profiles ORDER BY id")
    assert [tuple(row) for row in customers] == [("kim", 0, 0), ("lee", 1, 100)]


@pytest.mark.parametrize("table", ["profiles", "customer_sessions", "coupons", "campaigns"])
def test_waiting_too_long_is_a_409_and_changes_nothing(impatient, shop, manager, server, table):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=["TEN"])
    update(shop, "s1", {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()]})
    before = rows(server)

    async def race():
        async with holding(server, f"SELECT FROM {table} FOR UPDATE"):
            return await closing(server, "s1")

    answer = asyncio.run(race())
    assert (answer.status_code, answer.json()) == (409, BUSY)
    assert rows(server) == before
    assert effects(update(shop, "s1", {"state": "closed"}))[0] == ("acceptCoupon", {"value": "TEN"})


def test_an_open_update_waits_for_nothing_that_others_share(impatient, shop, manager, server):
    """Somebody closes with the same code and campaign: an open session does not notice."""
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=["TEN"])
    update(shop, "s1", {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()]})

    async def race():
        async with (
            holding(server, "SELECT FROM coupons FOR UPDATE"),
            holding(server, "SELECT FROM campaigns FOR UPDATE"),
        ):
            return await asyncio.to_thread(update, shop, "s1", {"cartItems": [line(price=50)]})

    assert effects(asyncio.run(race()))[0] == ("acceptCoupon", {"value": "TEN"})


def test_a_deadlock_is_tried_again(shop, manager, server):
    """PostgreSQL ends one of two transactions that wait for each other; when it is ours, the shop does not notice."""
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=["TEN"])
    update(shop, "s1", {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()]})

    async def race():
        async with holding(server, "SET LOCAL deadlock_timeout = '10s'; SELECT FROM coupons FOR UPDATE") as conn:
            close = closing(server, "s1")
            await waits(conn)
            await conn.execute("SELECT FROM profiles FOR UPDATE")  # gets it when the close gives up
        return await close

    assert effects(asyncio.run(race()).json())[0] == ("acceptCoupon", {"value": "TEN"})
    assert [tuple(row) for row in server.sql("SELECT closed_sessions, total_sales FROM profiles")] == [(1, 100)]


def test_a_connection_that_breaks_is_a_503_without_a_stack(shop, server, caplog):
    update(shop, "s1", {"profileId": "kim", "cartItems": [line()]})

    async def race():
        async with holding(server, "SELECT FROM profiles FOR UPDATE") as conn:
            close = closing(server, "s1")
            await waits(conn)
            await conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return await close

    answer = asyncio.run(race())
    body = {"message": "The database cannot be reached at the moment", "errors": [], "StatusCode": 503}
    assert (answer.status_code, answer.json()) == (503, body)
    [logged] = [record for record in caplog.records if record.name == "guerdon"]
    assert (logged.levelname, logged.exc_info) == ("WARNING", None)
    assert update(shop, "s1", {"state": "closed"})["effects"] == []
