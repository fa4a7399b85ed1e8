"""Access logs of the Integration API: what is kept of a request, how it is found, and when it goes; health reports."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import asyncpg
import httpx
import pytest

import checkout
import make
from conftest import INTEGRATION_KEY
from guerdon.api import access_log
from guerdon.db import access_logs
from guerdon.db.access_logs import NewEntry

LOGS = "/v1/applications/1/access_logs/no_total"
WITH_TOTAL = "/v1/applications/1/access_logs"
ALL = "/v1/access_logs"
HEALTH = "/v1/applications/1/health_report"
EVER = {"rangeStart": "2000-01-01T00:00:00Z", "rangeEnd": "2100-01-01T00:00:00Z"}


@pytest.fixture
def server(logging_server):
    return logging_server


def logs(manager, url=LOGS, **params):
    answer = manager.get(url, params=EVER | params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def uris(manager, url=LOGS, **params):
    return [one["requestUri"] for one in logs(manager, url, **params)]


def test_a_session_update(server, shop, manager):
    answer = checkout.put(shop, "s1", {"profileId": "ann", "cartItems": checkout.CART}, dry="false")
    (entry,) = logs(manager)
    sent = answer.request.content.decode()
    assert entry == {
        "uuid": entry["uuid"],
        "status": 200,
        "method": "PUT",
        "requestUri": "/v2/customer_sessions/s1?dry=false",
        "time": entry["time"],
        "requestPayload": sent,
        "responsePayload": answer.text,
    }
    assert UUID(entry["uuid"]).version == 4
    assert abs(datetime.fromisoformat(entry["time"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_every_way_in(server, shop, manager):
    checkout.update(shop, "s1", {})
    assert shop.get("/v2/customer_sessions/s1").status_code == 200
    assert shop.get("/v2/customer_sessions/none").status_code == 404
    assert shop.put("/v2/customer_sessions/s2", content=b"{broken").status_code == 400
    once = {"Idempotency-Key": "one"}
    for _ in range(2):
        assert shop.put("/v2/customer_sessions/s3", json={"customerSession": {}}, headers=once).status_code == 200
    broken = {"Idempotency-Key": "x" * 300}
    assert shop.put("/v2/customer_sessions/s4", json={"customerSession": {}}, headers=broken).status_code == 400
    assert shop.put("/v2/customer_profiles/ann", json={}, params={"dry": "true"}).status_code == 200
    assert shop.post("/v2/events", json={"profileId": "ann", "type": "seen"}).status_code in (200, 204, 400)
    assert shop.post("/v2/customer_sessions/none/returns", json={"return": {"returnedCartItems": []}}).status_code
    found = [(one["method"], one["requestUri"], one["status"]) for one in reversed(logs(manager))]
    assert found[:8] == [
        ("PUT", "/v2/customer_sessions/s1", 200),
        ("GET", "/v2/customer_sessions/s1", 200),
        ("GET", "/v2/customer_sessions/none", 404),
        ("PUT", "/v2/customer_sessions/s2", 400),
        ("PUT", "/v2/customer_sessions/s3", 200),
        ("PUT", "/v2/customer_sessions/s3", 200),
        ("PUT", "/v2/customer_sessions/s4", 400),
        ("PUT", "/v2/customer_profiles/ann?dry=true", 200),
    ]
    assert [one[:2] for one in found[8:]] == [("POST", "/v2/events"), ("POST", "/v2/customer_sessions/none/returns")]
    assert logs(manager, method="get", status="error")[0]["responsePayload"].startswith('{"message":')


def test_what_is_no_request_of_an_application(server, manager, shop):
    with httpx.Client(base_url=server.url) as nobody:
        assert checkout.put(nobody, "s1", {}).status_code == 401
        assert nobody.get("/healthz").status_code == 200
    wrong = httpx.put(f"{server.url}/v2/customer_profiles/ann", json={}, headers={"Authorization": "ApiKey-v1 no"})
    assert wrong.status_code == 401
    make.new_campaign(manager)
    assert logs(manager) == []


def test_keys_are_masked_and_long_bodies_cut(server, shop, manager):
    checkout.put(shop, "s1", {"attributes": {"key": INTEGRATION_KEY}}, key=INTEGRATION_KEY)
    (entry,) = logs(manager)
    assert INTEGRATION_KEY not in str(entry)
    assert entry["requestUri"] == "/v2/customer_sessions/s1?key=***"
    assert '"key":"***"' in entry["requestPayload"]
    body = b'{"customerSession": {"attributes": {"x": "' + "ä\0".encode() * 20_000 + b'"}}}'
    shop.put("/v2/customer_sessions/s2", content=body)
    long = logs(manager)[0]["requestPayload"]
    assert len(long.encode()) <= 16 * 1024 + 3 * 8192
    assert long.startswith('{"customerSession": {"attributes": {"x": "ä\ufffdä')


def test_filters(server, shop, manager):
    for number in range(3):
        checkout.update(shop, f"s{number}", {})
        server.clock.travel(minutes=10)
    shop.get("/v2/customer_sessions/none")
    shop.put(f"/v2/customer_profiles/{quote('Zoë/1', safe='')}", json={})
    newest_first = ["/v2/customer_profiles/Zo%C3%AB%2F1", "/v2/customer_sessions/none"]
    newest_first += [f"/v2/customer_sessions/s{number}" for number in (2, 1, 0)]
    times = [one["time"] for one in logs(manager)]
    cases = [
        ({}, newest_first),
        ({"sort": "-time"}, newest_first),
        ({"sort": "time"}, newest_first[::-1]),
        ({"method": "get"}, newest_first[1:2]),
        ({"status": "error"}, newest_first[1:2]),
        ({"status": "success", "method": "get"}, []),
        ({"path": "sessions/s[12]$"}, newest_first[2:4]),
        ({"path": "(?i)SESSIONS/S1"}, newest_first[3:4]),
        ({"path": "^/v1"}, []),
        ({"rangeStart": times[3]}, newest_first[:4]),
        ({"rangeStart": times[3], "rangeEnd": times[2]}, newest_first[2:4]),
        ({"pageSize": 2, "skip": 1}, newest_first[1:3]),
    ]
    for params, wanted in cases:
        for url in (LOGS, WITH_TOTAL, ALL):
            assert uris(manager, url, **params) == wanted, (url, params)
    page = manager.get(LOGS, params=EVER | {"pageSize": 4}).json()
    assert (page["hasMore"], len(page["data"])) == (True, 4)
    for url in (WITH_TOTAL, ALL):
        counted = manager.get(url, params=EVER | {"pageSize": 1, "method": "put"}).json()
        assert (counted["totalResultSize"], len(counted["data"])) == (4, 1)


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"path": "("}, "path"),
        ({"path": r"(a)\1"}, "path"),
        ({"path": "(?=a)"}, "path"),
        ({"path": "(((a{1,90}){1,90}){1,90}){1,90}"}, "path"),
        ({"path": r"\pL"}, "path"),
        ({"method": "PUT"}, "method"),
        ({"status": "200"}, "status"),
        ({"sort": "status"}, "sort"),
        ({"rangeStart": "yesterday"}, "rangeStart"),
        ({"rangeEnd": ""}, "rangeEnd"),
        ({"pageSize": 1001}, "pageSize"),
    ],
)
def test_bad_questions(shared_manager, params, parameter):
    for url in (LOGS, WITH_TOTAL, ALL):
        answer = shared_manager.get(url, params=EVER | params)
        assert answer.status_code == 400, (url, answer.text)
        assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


def test_the_range_must_be_there(shared_manager):
    for url in (LOGS, WITH_TOTAL, ALL):
        assert shared_manager.get(url, params={"rangeStart": EVER["rangeStart"]}).status_code == 400


def test_each_application_has_its_own(server, shop, manager):
    checkout.update(shop, "s1", {})
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    made = manager.post(
        f"/v1/applications/{other}/api_keys", json={"title": "K", "expires": "2099-01-01T00:00:00Z"}
    ).json()
    checkout.update(httpx.Client(base_url=server.url, headers={"Authorization": f"ApiKey-v1 {made['key']}"}), "s2", {})
    one, two = ["/v2/customer_sessions/s1"], ["/v2/customer_sessions/s2"]
    assert uris(manager) == one
    assert uris(manager, f"/v1/applications/{other}/access_logs/no_total") == two
    assert uris(manager, ALL) == two + one
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql(f"UPDATE applications SET account_id = 2 WHERE id = {other}")
    assert uris(manager, ALL) == one
    for url in ("access_logs/no_total", "access_logs", "health_report"):
        params = {} if url == "health_report" else EVER
        for client, status in ((manager, 404), (shop, 401)):
            assert client.get(f"/v1/applications/{other}/{url}", params=params).status_code == status


def test_erasing_a_customer_takes_their_rows(server, shop, manager):
    checkout.update(shop, "hers", {"profileId": "ann"})
    checkout.update(shop, "hers", {"cartItems": []})  # does not say whose it is
    checkout.update(shop, "bobs", {"profileId": "bob"})
    shop.put("/v2/customer_profiles/ann", json={"attributes": {}})
    shop.put(f"/v2/customer_profiles/{quote('annabel')}", json={})
    shop.post("/v2/events", json={"profileId": "ann", "type": "seen"})
    shop.post("/v2/events", json={"profileId": "bob", "type": "seen"})
    assert len(logs(manager)) == 7
    assert shop.delete("/v1/customer_data/ann").status_code == 204
    left = logs(manager)
    assert [one["requestUri"] for one in left] == [
        "/v2/events", "/v2/customer_profiles/annabel", "/v2/customer_sessions/bobs",
    ]  # fmt: skip
    assert all('"ann"' not in one["requestPayload"] + one["responsePayload"] for one in left)
    checkout.update(shop, "new", {"profileId": "ann"})  # they may come again
    assert uris(manager)[0] == "/v2/customer_sessions/new"


def test_what_waited_in_another_worker_is_not_written_any_more(server, shop, manager):
    checkout.update(shop, "hers", {"profileId": "ann"})
    before = datetime.now(UTC)
    assert shop.delete("/v1/customer_data/ann").status_code == 204

    def entry(mentions, time):
        return NewEntry(
            1, 200, "PUT", f"/v2/customer_sessions/{mentions[0]}", "", "", access_logs.digests(mentions), time
        )

    async def write():
        conn = await asyncpg.connect(server.database)
        late = [entry(["hers"], before), entry(["x", "ann"], before), entry(["bobs"], before)]
        async with conn.transaction():
            await access_logs.add_entries(conn, [*late, entry(["after", "ann"], datetime.now(UTC))])
        await conn.close()

    asyncio.run(write())
    assert sorted(uris(manager)) == ["/v2/customer_sessions/after", "/v2/customer_sessions/bobs"]


def test_the_friends_of_an_advocate_mention_them(server, shop, manager):
    campaign, _ = checkout.running(
        manager,
        make.rule(condition=["and", ["referralValid"]], effects=[["setDiscount", "Hello", 1]]),
        features=["referrals"],
    )
    code = make.new_referral(shop, campaign["id"], "ann")["code"]
    checkout.update(shop, "friend", {"profileId": "bob", "referralCode": code})
    checkout.update(shop, "bobs", {"profileId": "bob"})
    assert shop.delete("/v1/customer_data/ann").status_code == 204
    assert uris(manager) == ["/v2/customer_sessions/bobs"]


def test_old_rows_go(server, shop, manager):
    checkout.update(shop, "old", {})
    server.clock.travel(days=6)
    checkout.update(shop, "young", {})
    assert len(logs(manager)) == 2
    server.clock.travel(days=2)

    async def remove():
        conn = await asyncpg.connect(server.database)
        now = server.clock()
        found = [await access_logs.remove_old(conn, now - timedelta(days=7), now) for _ in range(2)]
        await conn.close()
        return found

    assert asyncio.run(remove()) == [True, False]
    assert uris(manager) == ["/v2/customer_sessions/young"]


def test_health(server, shop, manager):
    created = manager.get("/v1/applications/1").json()["created"]
    assert manager.get(HEALTH).json() == {"summary": "NONE", "lastUsed": created}

    def health(good, bad):
        for _ in range(good):
            checkout.update(shop, "s1", {})
        for _ in range(bad):
            shop.get("/v2/customer_sessions/none")
        report = manager.get(HEALTH).json()
        assert report["lastUsed"] == logs(manager)[0]["time"]
        return report["summary"]

    assert health(9, 0) == "OK"
    assert health(0, 1) == "WARNING"
    assert health(0, 1) == "ERROR"
    assert health(0, 6) == "ERROR"  # 8 of 17
    assert health(0, 2) == "CRITICAL"
    server.clock.travel(minutes=61)
    assert health(0, 0) == "OK"


def test_without_an_access_log(shared, shared_shop, shared_manager):
    checkout.update(shared_shop, "s1", {})
    assert logs(shared_manager) == []
    assert shared_manager.get(HEALTH).json()["summary"] == "NONE"


def test_what_cannot_be_written_waits(server, shop, manager):
    server.sql("ALTER TABLE access_logs RENAME TO away")
    checkout.update(shop, "s1", {})
    assert manager.get(LOGS, params=EVER).status_code == 500
    server.sql("ALTER TABLE away RENAME TO access_logs")
    checkout.update(shop, "s2", {})
    assert uris(manager) == ["/v2/customer_sessions/s2", "/v2/customer_sessions/s1"]


def test_only_so_much_waits(server, shop, manager, monkeypatch, caplog):
    monkeypatch.setattr(access_log, "MOST_WAITING", 5000)
    server.sql("ALTER TABLE access_logs RENAME TO away")
    for number in range(10):
        checkout.update(shop, f"s{number}", {})
    server.sql("ALTER TABLE away RENAME TO access_logs")
    found = uris(manager)
    assert 1 <= len(found) < 5
    assert found[-1] == "/v2/customer_sessions/s0"
    assert f"the access log lost {10 - len(found)} requests" in caplog.text
    checkout.update(shop, "again", {})
    assert uris(manager)[0] == "/v2/customer_sessions/again"
