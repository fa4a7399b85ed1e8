"""Clients of both generations over parallel connections: what is counted is counted once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from checkout import coupon_rule, line, running, update
from conftest import INTEGRATION_KEY


@pytest.fixture
def at_once(server):
    """Send (path, body) at the same moment, each over a connection of its own; the answers in order."""
    headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}

    def run(*requests):
        start = threading.Barrier(len(requests))

        def one(request):
            with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
                client.get("/healthz")
                start.wait()
                return client.put(request[0], json=request[1])

        with ThreadPoolExecutor(len(requests)) as threads:
            found = list(threads.map(one, requests))
        assert {answer.status_code for answer in found} <= {200, 409}, [answer.text for answer in found]
        return found

    return run


def test_the_last_use_of_a_code(shop, manager, server, at_once):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "LAST", "usageLimit": 1}])
    session = {"couponCodes": ["LAST"], "cartItems": [line()]}
    for number in range(8):
        update(shop, f"s{number}", session | {"profileId": "kim" if number % 4 else f"p{number}"})
    first = [(f"/v1/customer_sessions/s{number}", {"state": "closed"}) for number in range(4)]
    second = [(f"/v2/customer_sessions/s{number}", {"customerSession": {"state": "closed"}}) for number in range(4, 8)]
    answers = at_once(*first, *second)
    assert {answer.status_code for answer in answers} == {200}
    v1 = [answer.json()["event"]["effects"] for answer in answers[:4]]
    v2 = [answer.json()["effects"] for answer in answers[4:]]
    accepted = [one for effects in v1 for one in effects if one[3][0] == "acceptCoupon"]
    accepted += [one for effects in v2 for one in effects if one["effectType"] == "acceptCoupon"]
    assert len(accepted) == 1
    assert server.sql("SELECT usage_counter, discount_counter FROM coupons")[0][:] == (1, 10)


def test_updates_of_one_session_are_never_lost(shop, server, at_once):
    update(shop, "s1", {"profileId": "kim"})
    won = 0
    for _ in range(4):
        first = [("/v1/customer_sessions/s1", {"cartItems": [line(price=price)]}) for price in range(1, 4)]
        second = [
            ("/v2/customer_sessions/s1", {"customerSession": {"cartItems": [line(price=price)]}})
            for price in range(4, 7)
        ]
        won += [answer.status_code for answer in at_once(*first, *second)].count(200)
    [session] = server.sql("SELECT update_count, total FROM customer_sessions")
    assert session["update_count"] == won + 1
    assert len(server.sql("SELECT id FROM events")) == won + 1
