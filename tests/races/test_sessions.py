"""Sessions updated at once over real parallel connections: no update is lost, no use is counted twice, nobody hangs."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import make
from checkout import coupon_rule, effects, line, refusal, rules_of, running, update
from conftest import INTEGRATION_KEY

BUSY = refusal("Too many requests are updating this session at the same time", status=409)


@pytest.fixture
def at_once(server):
    """Run (session id, session) updates at the same moment, each on its own connection; the answers in order."""
    headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}

    def run(*updates, content=(), times=1):
        start = threading.Barrier(len(updates))

        def one(entry):
            session_id, session = entry
            body = {"customerSession": session, "responseContent": list(content)}
            with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
                client.get("/healthz")
                start.wait()
                url = f"/v2/customer_sessions/{session_id}"
                return [client.put(url, json=body) for _ in range(times)]

        with ThreadPoolExecutor(len(updates)) as threads:
            found = [answer for answers in threads.map(one, updates) for answer in answers]
        assert all(answer.status_code < 500 for answer in found), [answer.text for answer in found]
        return found

    return run


def statuses(answers):
    return Counter(answer.status_code for answer in answers)


def refused(answers):
    return [answer.json() for answer in answers if answer.status_code != 200]


def test_updates_of_one_session_are_never_lost(shop, server, at_once):
    update(shop, "s1", {"profileId": "kim"})
    won = 0
    for _ in range(5):
        answers = at_once(*[("s1", {"cartItems": [line(price=price)]}) for price in range(1, 7)], times=3)
        assert all(body == BUSY for body in refused(answers))
        won += statuses(answers)[200]
        assert won >= 1
    [session] = server.sql("SELECT update_count, total FROM customer_sessions")
    assert session["update_count"] == won + 1
    events = server.sql("SELECT type, count(*) AS n FROM events GROUP BY type ORDER BY type")
    assert [tuple(row) for row in events] == [("talon_session_created", 1), ("talon_session_updated", won)]
    # Each accepted update saw the one before it: what the log has last is what is stored.
    [last] = server.sql(
        "SELECT (facts -> 'session' ->> 'total')::numeric AS total FROM events ORDER BY id DESC LIMIT 1"
    )
    assert last["total"] == session["total"]


def test_attributes_set_at_once_are_all_there_or_refused(shop, manager, server, at_once):
    """Merged members are where a lost update would show."""
    for name in "abcdef":
        manager.post("/v1/attributes", json=make.attribute("CustomerSession", name, "number")).raise_for_status()
    update(shop, "s1", {})
    answers = at_once(*[("s1", {"attributes": {name: 1}}) for name in "abcdef"])
    accepted = {name for name, answer in zip("abcdef", answers, strict=True) if answer.status_code == 200}
    stored = shop.get("/v2/customer_sessions/s1").json()["customerSession"]["attributes"]
    assert set(stored) == accepted != set()


def test_one_new_session_is_created_once(server, at_once):
    for number in range(4):
        answers = at_once(*[(f"s{number}", {"profileId": "kim"})] * 6)
        assert all(body == BUSY for body in refused(answers))
        [row] = server.sql("SELECT update_count FROM customer_sessions WHERE integration_id = $1", f"s{number}")
        assert row["update_count"] == statuses(answers)[200] >= 1
    kinds = server.sql("SELECT count(*) AS n FROM events WHERE type = 'talon_session_created'")
    assert kinds[0]["n"] == 4


def test_the_first_sessions_of_a_new_customer(server, at_once):
    for number in range(4):
        answers = at_once(*[(f"{number}-{n}", {"profileId": f"new-{number}"}) for n in range(6)])
        assert statuses(answers) == {200: 6}
    profiles = server.sql("SELECT integration_id FROM profiles")
    assert sorted(row["integration_id"] for row in profiles) == [f"new-{number}" for number in range(4)]
    linked = server.sql("SELECT count(DISTINCT profile_id) AS n, count(*) AS all FROM customer_sessions")
    assert tuple(linked[0]) == (4, 24)


def test_a_double_close_counts_once(shop, manager, server, at_once):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "CODE", "usageLimit": 0}])
    for number in range(4):
        update(shop, f"s{number}", {"profileId": "kim", "couponCodes": ["CODE"], "cartItems": [line()]})
        answers = at_once(*[(f"s{number}", {"state": "closed"})] * 4)
        assert statuses(answers) == {200: 1, 400: 3}
        assert refused(answers) == [refusal('Cannot move session to state "closed" from state "closed"')] * 3
    assert [tuple(row) for row in server.sql("SELECT closed_sessions, total_sales FROM profiles")] == [(4, 400)]
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == 4


def test_a_double_cancel_takes_back_once(shop, manager, server, at_once):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "CODE", "usageLimit": 0}])
    for number in range(4):
        session = {"profileId": "kim", "couponCodes": ["CODE"], "cartItems": [line()], "state": "closed"}
        update(shop, f"s{number}", session)
        answers = at_once(*[(f"s{number}", {"state": "cancelled"})] * 4)
        assert statuses(answers) == {200: 1, 400: 3}
    assert [tuple(row) for row in server.sql("SELECT closed_sessions, total_sales FROM profiles")] == [(0, 0)]
    assert [tuple(row) for row in server.sql("SELECT usage_counter, discount_counter FROM coupons")] == [(0, 0)]
    assert server.sql("SELECT coupon_redemption_count AS n FROM campaigns")[0]["n"] == 0


def test_update_close_and_cancel_of_one_session_racing(shop, manager, server, at_once):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "CODE", "usageLimit": 0}])
    for number in range(6):
        session = {"profileId": "kim", "couponCodes": ["CODE"], "cartItems": [line()]}
        update(shop, f"s{number}", session)
        moves = [{"state": "closed"}, {"state": "cancelled"}, {"cartItems": [line(price=50)]}, {"state": "closed"}]
        answers = at_once(*[(f"s{number}", move) for move in moves])
        assert set(statuses(answers)) <= {200, 400, 409}
        [stored] = server.sql(
            "SELECT state, update_count FROM customer_sessions WHERE integration_id = $1", f"s{number}"
        )
        assert stored["state"] == ("cancelled" if answers[1].status_code == 200 else "closed")
        assert stored["update_count"] == 1 + statuses(answers)[200]
    closed = server.sql(
        "SELECT count(*) AS n, coalesce(sum(total), 0) AS total FROM customer_sessions WHERE state = 'closed'"
    )
    [profile] = server.sql("SELECT closed_sessions, total_sales FROM profiles")
    assert tuple(profile) == tuple(closed[0])
    assert server.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == closed[0]["n"]
    assert server.sql("SELECT coupon_redemption_count AS n FROM campaigns")[0]["n"] == closed[0]["n"]


def test_an_edit_shows_in_the_very_next_answer(shop, manager, server, at_once):
    """Sessions run all the while; after the 200 of an edit no answer is from before it."""
    campaign, _ = running(manager, make.rule(effects=[["setDiscount", "v", 1]]))
    stop = threading.Event()
    seen, failed = [], []

    def customer(number):
        headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            while not stop.is_set():
                body = {"customerSession": {"cartItems": [line()]}}
                answer = client.put(f"/v2/customer_sessions/c{number}", json=body)
                if answer.status_code == 200:
                    seen.append(answer.json()["effects"][0]["props"]["value"])
                else:
                    failed.append(answer.text)

    threads = [threading.Thread(target=customer, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for version in range(2, 12):
            rules_of(manager, campaign, make.rule(effects=[["setDiscount", "v", version]]))
            for session_id in ("s1", "s2"):
                body = update(shop, session_id, {"cartItems": [line()]}, dry="true" if session_id == "s2" else "false")
                assert body["effects"][0]["props"]["value"] == version
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert set(seen) <= set(range(1, 12))
    assert len(set(seen)) > 1


def test_edits_at_once_do_not_lose_a_revision(manager, server, shop):
    campaigns = [running(manager, make.rule(effects=[["setDiscount", f"c{n}", 1]]))[0] for n in range(4)]
    headers = dict(manager.headers)

    def edit(campaign):
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            for version in range(2, 7):
                ruleset = make.ruleset(make.rule(effects=[["setDiscount", f"c{campaign['id']}", version]]))
                url = f"{make.CAMPAIGNS}/{campaign['id']}/rulesets"
                client.post(url, json=ruleset | {"activate": True}).raise_for_status()

    before = make.revision(server)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(edit, campaigns))
    assert make.revision(server) == before + 20
    body = update(shop, "s1", {"cartItems": [line()]})
    assert [props["value"] for _, props in effects(body)] == [6] * 4
