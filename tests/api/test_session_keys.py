"""Integration keys on sessions: who is let in, until when, and with which clock (core.md §1.1)."""

from datetime import timedelta

import pytest

import make
from checkout import effects, line, new_key, refusal, rows, running
from conftest import INTEGRATION_KEY, MANAGEMENT_KEY

REFUSED = refusal("Invalid API key", status=401)
BODY = {"customerSession": {"profileId": "kim", "cartItems": [line()]}}
URL = "/v2/customer_sessions/s1"


def hours(number):
    return int(timedelta(hours=number).total_seconds()) * 10**9


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "ApiKey-v1",
        INTEGRATION_KEY,
        "ApiKey-v1 " + "00" * 32,
        f"ApiKey-v1 {INTEGRATION_KEY} more",
        f"ApiKey-v2 {INTEGRATION_KEY}",
        f"Bearer {INTEGRATION_KEY}",
        f"ManagementKey-v1 {INTEGRATION_KEY}",
        f"ManagementKey-v1 {MANAGEMENT_KEY}",
        f"ApiKey-v1 {MANAGEMENT_KEY}",
        "ApiKey-v1 " + "x" * 5000,
    ],
)
def test_who_is_not_let_in(shared, shared_shop, header):
    before = rows(shared)
    shared_shop.put(URL, json=BODY, params={"dry": "true"}).raise_for_status()  # a key that is known already
    headers = {} if header is None else {"Authorization": header}
    with_none = shared_shop.build_request("PUT", URL, json=BODY)
    del with_none.headers["Authorization"]
    with_none.headers.update(headers)
    for method in ("PUT", "GET"):
        with_none.method = method
        answer = shared_shop.send(with_none)
        assert (answer.status_code, answer.json()) == (401, REFUSED), method
    assert rows(shared) == before


def test_the_scheme_is_written_in_any_case(shared_shop):
    for scheme in ("ApiKey-v1", "apikey-v1", "APIKEY-V1"):
        headers = {"Authorization": f"{scheme} {INTEGRATION_KEY}"}
        assert shared_shop.put(URL, json=BODY, headers=headers).status_code == 200


def test_a_deleted_key_stops_at_once(shop, manager, server):
    key_id, headers = new_key(manager)
    assert shop.put(URL, json=BODY, headers=headers).status_code == 200
    assert manager.delete(f"/v1/applications/1/api_keys/{key_id}").status_code == 204
    before = rows(server)
    for params in ({}, {"dry": "true"}):
        for body in (BODY, {"customerSession": {"state": "closed"}}):
            answer = shop.put(URL, json=body, headers=headers, params=params)
            assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert shop.get(URL, headers=headers).json() == REFUSED
    assert shop.put("/v2/customer_profiles", json={"customerProfiles": []}, headers=headers).json() == REFUSED
    assert rows(server) == before
    assert shop.put(URL, json=BODY).status_code == 200


def test_an_expired_key_stops_at_once(shop, manager, server):
    _, headers = new_key(manager, expires=(server.clock() + timedelta(hours=1)).isoformat())
    assert shop.put(URL, json=BODY, headers=headers).status_code == 200
    server.clock.travel(minutes=59)
    assert shop.put(URL, json=BODY, headers=headers).status_code == 200
    server.clock.travel(minutes=1, seconds=1)
    before = rows(server)
    answer = shop.put(URL, json=BODY, headers=headers)
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert shop.get(URL, headers=headers).status_code == 401
    assert rows(server) == before


def test_the_key_of_a_deactivated_user_still_works(shop, server):
    server.sql("UPDATE users SET state = 'deactivated'")
    assert shop.put(URL, json=BODY).status_code == 200


def test_the_offset_of_a_key_moves_its_clock(shop, manager, server):
    """The campaign starts in two hours; the key's clock is what schedules are judged by, not what is stored."""
    running(manager, make.rule(), startTime=(server.clock() + timedelta(hours=2)).isoformat())
    granted = [("setDiscount", {"name": "Ten off", "value": 10})]
    key_id, headers = new_key(manager, timeOffset=hours(3))

    def ask(headers=None):
        return effects(shop.put(URL, json=BODY, headers=headers).raise_for_status().json())

    assert (ask(), ask(headers)) == ([], granted)
    offset = f"/v1/applications/1/api_keys/{key_id}"
    assert manager.put(offset, json={"timeOffset": hours(1)}).status_code == 200
    assert ask(headers) == []  # at once, although the server knew the key
    assert manager.put(offset, json={"timeOffset": hours(2) + hours(1) // 60}).status_code == 200
    assert ask(headers) == granted
    stored = server.sql("SELECT judged_at - created AS by FROM events ORDER BY id")
    assert [row["by"] for row in stored] == [timedelta(hours=h, minutes=m) for h, m in ((0, 0), (3, 0), (1, 0), (2, 1))]
    updated = server.sql("SELECT updated FROM customer_sessions")[0]["updated"]
    assert updated < server.clock()


def test_a_negative_offset(shop, manager, server):
    running(manager, make.rule(), endTime=(server.clock() + timedelta(hours=1)).isoformat())
    _, headers = new_key(manager, timeOffset=-hours(24 * 365 * 200))
    server.clock.travel(hours=2)
    assert shop.put(URL, json=BODY).json()["effects"] == []
    assert len(shop.put(URL, json=BODY, headers=headers).json()["effects"]) == 1
