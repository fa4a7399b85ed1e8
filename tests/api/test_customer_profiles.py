"""PUT /v2/customer_profiles: the bulk update (core.md §9.2)."""

from concurrent.futures import ThreadPoolExecutor

import httpx

import make
from checkout import define, line, new_key, refusal, rows, running, update
from conftest import INTEGRATION_KEY

URL = "/v2/customer_profiles"


def put(shop, *profiles, **options):
    body = {"customerProfiles": [{"integrationId": name, "attributes": attributes} for name, attributes in profiles]}
    return shop.put(URL, json=body, **options)


def shown(answer):
    assert answer.status_code == 200, answer.text
    states = answer.json()["integrationStates"]
    return [(one["customerProfile"]["integrationId"], one["customerProfile"]["attributes"]) for one in states]


def test_profiles_are_created_without_a_word(shop, server):
    for silent in ({}, {"silent": "yes"}):
        answer = put(shop, ("kim", {}), ("lee", {}), params=silent)
        assert (answer.status_code, answer.content) == (204, b"")
    assert [row["integration_id"] for row in server.sql("SELECT integration_id FROM profiles")] == ["kim", "lee"]
    assert server.sql("SELECT id FROM events") == []


def test_what_is_answered_on_request(shop, manager):
    define(manager, "CustomerProfile", "city")
    answer = put(shop, ("zoe", {"city": "Rome"}), ("amy", {}), params={"silent": "no"})
    first, second = answer.json()["integrationStates"]
    profile = first["customerProfile"]
    assert profile == {
        "id": profile["id"],
        "created": profile["lastActivity"],
        "integrationId": "zoe",
        "attributes": {"city": "Rome"},
        "accountId": 1,
        "closedSessions": 0,
        "totalSales": 0,
        "audienceMemberships": [],
        "lastActivity": profile["lastActivity"],
        "sandbox": False,
    }
    assert second["customerProfile"]["integrationId"] == "amy"


def test_attributes_are_merged_and_null_removes_one(shop, manager, server):
    for name, kind in (("city", "string"), ("age", "number"), ("home", "location")):
        define(manager, "CustomerProfile", name, kind)
    params = {"silent": "no"}
    assert shown(put(shop, ("kim", {"city": "Rome", "age": 30.5}), params=params)) == [
        ("kim", {"city": "Rome", "age": 30.5})
    ]
    assert shown(put(shop, ("kim", {"age": 31}), params=params)) == [("kim", {"city": "Rome", "age": 31})]
    changes = [("kim", {"city": None}), ("new", {"city": None, "age": 1})]
    assert shown(put(shop, *changes, params=params)) == [("kim", {"age": 31}), ("new", {"age": 1})]
    body = {"customerProfiles": [{"integrationId": "kim"}, {"integrationId": "new", "attributes": None}]}
    assert shown(shop.put(URL, json=body, params=params)) == [("kim", {"age": 31}), ("new", {"age": 1})]
    stored = server.sql("SELECT attributes FROM profiles ORDER BY id")
    assert [row["attributes"] for row in stored] == ['{"age": 31}', '{"age": 1}']


def test_a_profile_named_twice_is_changed_in_order(shop, manager):
    define(manager, "CustomerProfile", "city")
    define(manager, "CustomerProfile", "tier")
    changes = [("kim", {"city": "Rome", "tier": "x"}), ("lee", {}), ("kim", {"city": "Oslo", "tier": None})]
    assert shown(put(shop, *changes, params={"silent": "no"})) == [("kim", {"city": "Oslo"}), ("lee", {})]


def test_all_or_nothing(shop, server):
    before = rows(server)
    answer = put(shop, ("kim", {}), ("lee", {"nope": 1}))
    assert answer.status_code == 400
    [problem] = answer.json()["errors"]
    assert problem["source"] == {"pointer": "/customerProfiles/1/attributes/nope"}
    assert problem["details"] == 'The attribute "nope" is not defined on CustomerProfile entities.'
    assert rows(server) == before


def test_nothing_to_do(shop, server):
    before = rows(server)
    assert shop.put(URL, json={"customerProfiles": []}).status_code == 204
    assert shop.put(URL, json={}).status_code == 204
    assert shop.put(URL, json={}, params={"silent": "no"}).json() == {"integrationStates": []}
    assert rows(server) == before


def test_a_thousand_at_once(shop, manager, server):
    define(manager, "CustomerProfile", "city")
    many = [(f"p{number}", {"city": "x" * 50}) for number in range(1000)]
    assert put(shop, *many).status_code == 204
    assert [name for name, _ in shown(put(shop, *reversed(many), params={"silent": "no"}))] == [
        name for name, _ in reversed(many)
    ]
    assert server.sql("SELECT count(*) AS n FROM profiles")[0]["n"] == 1000


def test_no_rule_runs_and_the_last_activity_stays(shop, manager, server):
    running(manager, make.rule())
    update(shop, "s1", {"profileId": "kim", "cartItems": [line()]})
    before = server.sql("SELECT last_activity, closed_sessions FROM profiles")
    assert put(shop, ("kim", {})).status_code == 204
    assert server.sql("SELECT last_activity, closed_sessions FROM profiles") == before
    assert len(server.sql("SELECT id FROM events")) == 1


def test_the_attribute_is_there_for_the_next_session(shop, manager):
    define(manager, "CustomerProfile", "tier")
    is_gold = ["=", [".", "Profile", "Attributes", "tier"], "gold"]
    running(manager, make.rule(condition=["and", is_gold]))
    session = {"profileId": "kim", "cartItems": [line()]}
    assert update(shop, "s1", session)["effects"] == []
    assert put(shop, ("kim", {"tier": "gold"})).status_code == 204
    assert len(update(shop, "s1", session)["effects"]) == 1


def test_a_test_key_writes_nothing(shop, manager, server):
    _, headers = new_key(manager, type="staging")
    before = rows(server)
    answer = put(shop, ("kim", {}), headers=headers)
    assert (answer.status_code, answer.json()) == (401, refusal("Invalid API key", status=401))
    assert rows(server) == before


def test_overlapping_updates_at_once(server, shop):
    names = [f"p{number}" for number in range(50)]

    def send(order):
        headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            return [put(client, *[(name, {}) for name in order]).status_code for _ in range(5)]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(send, [names, names[::-1], names, names[::-1]]))
    assert found == [[204] * 5] * 4
    assert server.sql("SELECT count(*) AS n FROM profiles")[0]["n"] == 50
