"""Types of custom events through the Management API (management.md §14)."""

import pytest

import make
from checkout import refused_request, update

URL = "/v1/event_types"
NEW = {"name": "surveyCompleted", "title": "Survey completed"}


def test_a_type_is_kept(server, manager):
    before = make.revision(server)
    made = manager.post(URL, json=NEW)
    assert made.status_code == 201, made.text
    kept = made.json()
    assert {name: kept[name] for name in kept if name != "created"} == NEW | {"id": 1, "description": ""}
    assert make.revision(server) == before + 1
    changed = manager.put(f"{URL}/1", json=NEW | {"title": "Survey", "description": "d"}).json()
    assert changed == kept | {"title": "Survey", "description": "d"}
    assert make.revision(server) == before + 1, "rules cannot see the title"
    assert manager.get(f"{URL}/1").json() == changed
    deleted = manager.delete(f"{URL}/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert make.revision(server) == before + 2
    for method in ("GET", "DELETE"):
        assert refused_request(server, manager, method, f"{URL}/1")[0] == 404
    assert refused_request(server, manager, "PUT", f"{URL}/1", json=NEW)[0] == 404


def test_types_are_listed(manager):
    for name in ("b", "a", "Ä €"):
        manager.post(URL, json=NEW | {"name": name}).raise_for_status()
    listed = manager.get(URL, params={"sort": "name", "pageSize": 1, "includeOldVersions": "true"}).json()
    assert (listed["totalResultSize"], [one["name"] for one in listed["data"]]) == (3, ["a"])
    found = manager.get(URL, params={"name": "Ä €"}).json()
    assert (found["totalResultSize"], found["data"][0]["id"]) == (1, 3)
    assert manager.get(URL, params={"sort": "version"}).status_code == 400


@pytest.mark.parametrize(
    ("_case", "body", "pointer", "title"),
    [
        ("no name", {"title": "t"}, "/name", "required"),
        ("empty name", NEW | {"name": ""}, "/name", "minLength"),
        ("built in", NEW | {"name": "talon_session_closed"}, "/name", "Invalid value"),
        ("no title", {"name": "n"}, "/title", "required"),
        ("empty title", NEW | {"title": ""}, "/title", "minLength"),
        ("wrong type", NEW | {"description": []}, "/description", "Invalid type"),
    ],
)
def test_impossible_types_are_refused(server, manager, _case, body, pointer, title):
    status, answer = refused_request(server, manager, "POST", URL, json=body)
    problem = answer["errors"][0]
    assert (status, problem["source"]["pointer"], problem["title"]) == (400, pointer, title)


def test_names_stay_and_are_unique(server, manager, shop):
    manager.post(URL, json=NEW).raise_for_status()
    status, body = refused_request(server, manager, "POST", URL, json=NEW)
    assert (status, body["message"]) == (409, "An event type with this name already exists")
    status, body = refused_request(server, manager, "PUT", f"{URL}/1", json=NEW | {"name": "other"})
    assert (status, body["errors"][0]["source"]) == (400, {"pointer": "/name"})
    assert refused_request(server, shop, "GET", URL)[0] == 401
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE event_types SET account_id = 2")
    assert manager.get(URL).json() == {"totalResultSize": 0, "data": []}
    assert refused_request(server, manager, "GET", f"{URL}/1")[0] == 404


def test_the_types_that_were_seen(server, manager, shop):
    url = "/v1/applications/1/event_types"
    assert manager.get(url).json() == {"totalResultSize": 0, "data": []}
    update(shop, "s1", {"state": "closed"})
    update(shop, "s2", {})
    update(shop, "s2", {})
    server.sql("""
        INSERT INTO events (application_id, type, revision, judged_at, facts, effects, created)
        SELECT 1 + number % 2, 'custom ' || number % 4, 1, now(), '{}', '[]', now() - number * interval '1 day'
        FROM generate_series(1, 100) AS number
    """)
    seen = ["custom 0", "custom 2", "talon_session_closed", "talon_session_created", "talon_session_updated"]
    assert manager.get(url).json() == {"totalResultSize": 5, "data": seen}
    page = manager.get(url, params={"sort": "-name", "pageSize": 1, "skip": 1}).json()
    assert page == {"totalResultSize": 5, "data": ["talon_session_created"]}
    assert refused_request(server, manager, "GET", "/v1/applications/2/event_types")[0] == 404
