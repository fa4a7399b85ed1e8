"""The server is killed with a request under way; the request comes again under its Idempotency-Key and is done once."""

import random
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import httpx

from checkout import coupon_rule, line, running
from processes import look_at
from serving import INTEGRATION_KEY, MANAGEMENT_KEY, PATIENCE

KILLS = 6


def closing(server, number):
    """Close a session; the HTTP answer."""
    headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}", "Idempotency-Key": f"order-{number}"}
    session = {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()], "state": "closed"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE) as client:
        return client.put(f"/v2/customer_sessions/s{number}", json={"customerSession": session})


def insisting(server, number):
    """The same, as often as it takes; while PostgreSQL has not noticed that the server is gone, the key is in use."""
    ends = time.monotonic() + PATIENCE
    while (answer := closing(server, number)).status_code == 409:
        assert time.monotonic() < ends, answer.text
    assert answer.status_code == 200, answer.text
    return answer


def test_requests_that_are_cut_off_are_done_once(servers, database):
    chance, sql = random.Random(), look_at(database)
    server = servers("only", GUERDON_DATABASE_URL=database)
    headers = {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}
    with httpx.Client(base_url=server.url, headers=headers) as manager:
        running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "TEN", "usageLimit": 0}])
    with ThreadPoolExecutor(1) as threads:
        for number in range(KILLS):
            first = threads.submit(closing, server, number)
            wait([first], chance.random() * 0.04)  # somewhere between before the request and after the answer
            server.kill()
            server.start().ready()
            with suppress(httpx.TransportError):
                assert first.result().content == insisting(server, number).content
            assert insisting(server, number).content == insisting(server, number).content
    assert sql("SELECT usage_counter, discount_counter FROM coupons")[0][:] == (KILLS, 10 * KILLS)
    closed = sql("SELECT session_id FROM events WHERE type = 'talon_session_closed'")
    assert len({row["session_id"] for row in closed}) == len(closed) == KILLS
