"""A customer's data is erased while requests that read it before are under way: whichever is done first, none of it is
left when both are."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

import make
from books import assert_books_balance
from checkout import coupon_rule, define, line, put, refusal, running, update
from conftest import INTEGRATION_KEY
from dump import dump
from guerdon.db import pool
from racing import holding, waits

BUSY = refusal(pool.SESSION_BUSY, status=409)
HOLD_SESSION = "SELECT FROM customer_sessions WHERE integration_id = 's1' FOR UPDATE"
HEADERS = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}


@pytest.fixture(autouse=True)
def _attributes(manager):
    for entity in ("CustomerProfile", "CustomerSession", "CartItem"):
        define(manager, entity, "note")


SECRET = {"note": "SECRET"}
TOLD = {"attributes": SECRET, "identifiers": ["SECRET"], "cartItems": [line(attributes=SECRET)]}


def tell(shop, customer):
    body = {"customerProfiles": [{"integrationId": customer, "attributes": SECRET}]}
    assert shop.put("/v2/customer_profiles", json=body).status_code == 204


def erase(client, customer="kim"):
    return client.delete(f"/v1/customer_data/{customer}")


def meanwhile(server, send):
    """Send a request in another thread, with a client of its own."""

    def call():
        with httpx.Client(base_url=server.url, headers=HEADERS, timeout=30) as client:
            return send(client)

    return asyncio.get_running_loop().run_in_executor(None, call)


def during_an_erasure(server, send, customer="kim"):
    """Send a request while an erasure has the customer and waits for session s1; the answers of the two."""

    async def race():
        async with holding(server, HOLD_SESSION) as conn:
            erasing = meanwhile(server, lambda client: erase(client, customer))
            await waits(conn)
            sent = meanwhile(server, send)
            await waits(conn, 2)  # it has read what is erased, and wants to write
        return await erasing, await sent

    erased, answer = asyncio.run(race())
    assert erased.status_code == 204
    return answer


def nothing_is_left(server):
    assert [row for row in dump(server).split("\n") if "SECRET" in row] == []
    assert_books_balance(server.sql)


def test_a_session_that_closes_after_it(shop, manager, server):
    """The close is judged again, with what is left."""
    gold = make.rule(condition=["and", ["startsWith", [".", "Profile", "Attributes", "note"], "SEC"]])
    running(manager, gold)
    tell(shop, "kim")
    assert len(update(shop, "s1", {"profileId": "kim"} | TOLD)["effects"]) == 1
    answer = during_an_erasure(server, lambda client: put(client, "s1", {"state": "closed"}))
    assert (answer.status_code, answer.json()["effects"]) == (200, [])
    assert [row["state"] for row in server.sql("SELECT state FROM customer_sessions")] == ["closed"]
    nothing_is_left(server)


def test_a_session_that_closes_before_it(shop, manager, server):
    """The erasure waits for the close, and finds all that it wrote."""
    running(manager, coupon_rule(), codes=["TEN"])
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim", "couponCodes": ["TEN"]} | TOLD)

    async def race():
        async with holding(server, "SELECT FROM coupons FOR UPDATE") as conn:
            closing = meanwhile(server, lambda client: put(client, "s1", {"state": "closed"}))
            await waits(conn)
            erasing = meanwhile(server, erase)
            await waits(conn, 2)
        return await closing, await erasing

    closed, erased = asyncio.run(race())
    assert (closed.status_code, erased.status_code) == (200, 204)
    assert len(server.sql("SELECT id FROM events")) == 2
    nothing_is_left(server)


def test_a_session_that_is_new_and_closed_at_once(shop, server):
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim"} | TOLD)
    answer = during_an_erasure(server, lambda client: put(client, "s2", {"profileId": "kim", "state": "closed"}))
    assert answer.status_code == 200
    nothing_is_left(server)


@pytest.mark.parametrize("session_id", ["s1", "s2"])
def test_an_open_session_old_or_new(shop, server, session_id):
    """An update of an open session that was overtaken is refused, as always."""
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim"} | TOLD)
    answer = during_an_erasure(server, lambda client: put(client, session_id, {"profileId": "kim"}))
    assert (answer.status_code, answer.json()) == (409, BUSY)
    nothing_is_left(server)
    assert put(shop, session_id, {"profileId": "kim"}).status_code == 200


@pytest.mark.parametrize("customer", ["lee", ""])
def test_a_session_that_goes_to_somebody_else(shop, server, customer):
    """It would take along what it held."""
    update(shop, "s1", {"profileId": "kim"} | TOLD)
    answer = during_an_erasure(server, lambda client: put(client, "s1", {"profileId": customer}))
    assert (answer.status_code, answer.json()) == (409, BUSY)
    nothing_is_left(server)
    answer = put(shop, "s1", {"profileId": customer, "state": "closed"})
    assert answer.status_code == 200
    nothing_is_left(server)


def test_a_session_that_comes_from_somebody_else(shop, server):
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim"} | TOLD)
    update(shop, "s2", {"profileId": "lee"})
    answer = during_an_erasure(server, lambda client: put(client, "s2", {"profileId": "kim", "state": "closed"}))
    assert answer.status_code == 200
    nothing_is_left(server)


@pytest.mark.parametrize(("state", "status"), [("open", 409), ("closed", 200)])
def test_a_session_that_the_customer_is_the_advocate_of(shop, manager, server, state, status):
    campaign, _ = running(manager, make.rule(condition=["and", ["referralValid"]]), features=["referrals"])
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim"})
    code = make.new_referral(shop, campaign["id"], "kim")["code"]
    session = {"profileId": "lee", "referralCode": code, "state": state}
    answer = during_an_erasure(server, lambda client: put(client, "s2", session))
    assert answer.status_code == status
    nothing_is_left(server)


def test_cancelling_reopening_and_returning(shop, manager, server):
    """What takes back a closed session has read it as well."""
    requests = {
        "cancel": lambda client: put(client, "s1", {"state": "cancelled"}),
        "reopen": lambda client: client.put("/v2/customer_sessions/s1/reopen"),
        "return": lambda client: client.post(
            "/v2/customer_sessions/s1/returns",
            json={"return": {"returnedCartItems": [{"position": 0, "quantity": 1}]}},
        ),
    }
    for name, send in requests.items():
        server.sql("DELETE FROM returns")
        server.sql("DELETE FROM customer_sessions")
        server.sql("DELETE FROM events")
        server.sql("UPDATE profiles SET closed_sessions = 0, total_sales = 0")
        tell(shop, "kim")
        update(shop, "s1", {"profileId": "kim", "state": "closed"} | TOLD)
        answer = during_an_erasure(server, send)
        assert answer.status_code in (200, 201), (name, answer.text)
        nothing_is_left(server)


@pytest.mark.parametrize("customer", ["kim", "lee"])
def test_an_event_about_a_session(shop, manager, server, customer):
    """The customer's own, and somebody else's that is connected with a session of theirs."""
    define(manager, "Event", "remark", eventType="review")
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim", "state": "closed"} | TOLD)
    event = {"profileId": customer, "type": "review", "integrationId": "e1", "connectedSessionId": "s1"}
    answer = during_an_erasure(server, lambda client: client.post("/v3/events", json=event))
    assert answer.status_code == 204
    assert len(server.sql("SELECT event_id FROM advanced_events")) == 1
    nothing_is_left(server)


def test_an_update_of_the_profile(shop, manager, server):
    """It counts as told after it."""
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim"} | TOLD)
    new = {"attributes": {"note": "mild"}, "responseContent": ["customerProfile"]}
    params = {"runRuleEngine": True}
    answer = during_an_erasure(
        server, partial(httpx.Client.put, url="/v2/customer_profiles/kim", json=new, params=params)
    )
    assert answer.json()["customerProfile"]["attributes"] == {"note": "mild"}
    nothing_is_left(server)


def test_all_at_once(shop, manager, server):
    """Shoppers, and erasures between them; the last word has an erasure that nobody comes after."""
    running(manager, coupon_rule(), codes=[{"code": "TEN", "usageLimit": 0}])
    customers = ["kim", "lee"]
    for customer in customers:
        tell(shop, customer)

    def visit(number):
        chance = random.Random(number)
        found = []
        with httpx.Client(base_url=server.url, headers=HEADERS, timeout=30) as client:
            for step in range(12):
                customer = chance.choice(customers)
                session_id = f"s{chance.randrange(4)}"
                session = {"profileId": customer, "couponCodes": ["TEN"]}
                if chance.random() < 0.5:
                    session["cartItems"] = [line(attributes={"note": "mild"})]
                if chance.random() < 0.3:
                    session["state"] = chance.choice(["closed", "cancelled"])
                found.append(put(client, session_id, session).status_code)
                if step % 4 == number % 4:
                    found.append(erase(client, customer).status_code)
        return found

    with ThreadPoolExecutor(4) as threads:
        statuses = {status for found in threads.map(visit, range(4)) for status in found}
    assert statuses <= {200, 204, 400, 409}
    assert {200, 204} <= statuses
    nothing_is_left(server)
    for customer in customers:
        assert erase(shop, customer).status_code == 204
    assert "mild" not in dump(server)
    assert_books_balance(server.sql)
