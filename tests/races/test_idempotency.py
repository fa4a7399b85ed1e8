"""The same Idempotency-Key over parallel connections: the request is done once, and nobody waits for the other."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from checkout import coupon_rule, line, refusal, running, update
from conftest import INTEGRATION_KEY
from racing import holding, waits

IN_FLIGHT = refusal("A request with this Idempotency-Key is being processed", status=409)
CLOSING = {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()], "state": "closed"}


@pytest.fixture
def send(server):
    """Update a session under a key over a connection of its own."""

    def send(session_id="s1", session=CLOSING, key="k1"):
        headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}", "Idempotency-Key": key}
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            return client.put(f"/v2/customer_sessions/{session_id}", json={"customerSession": session})

    return send


@pytest.fixture
def code(manager):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "TEN", "usageLimit": 50}])


def test_a_key_in_flight(send, shop, server, code):
    update(shop, "s1", {})

    async def race():
        loop = asyncio.get_running_loop()
        async with holding(server, "SELECT id FROM customer_sessions FOR UPDATE") as conn:
            first = loop.run_in_executor(None, send)
            await waits(conn)
            second = await loop.run_in_executor(None, send)
            assert not first.done()
        return await first, second

    first, second = asyncio.run(race())
    assert (first.status_code, second.json()) == (200, IN_FLIGHT)
    assert send().content == first.content
    assert server.sql("SELECT usage_counter FROM coupons")[0][0] == 1


def test_many_at_once(send, server, code):
    for number in range(4):
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _, n=number: send(f"s{n}"), range(8)))
        done = {answer.content for answer in answers if answer.status_code == 200}
        assert len(done) == 1
        assert all(answer.json() == IN_FLIGHT for answer in answers if answer.status_code != 200)
        assert server.sql("SELECT usage_counter FROM coupons")[0][0] == number + 1


def test_more_requests_with_keys_than_connections(send, server, code):
    """Each needs one connection only, so none of them waits for ever for a second one."""
    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(lambda n: send(f"s{n}", CLOSING | {"profileId": f"p{n}"}), range(24)))
    assert {answer.status_code for answer in answers} == {200}
    assert server.sql("SELECT usage_counter FROM coupons")[0][0] == 24
