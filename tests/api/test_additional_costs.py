"""Kinds of additional costs through the Management API (management.md §9)."""

import pytest

import make
from checkout import refused_request

URL = "/v1/additional_costs"


def test_a_kind_of_cost_is_kept(server, manager):
    before = make.revision(server)
    body = {"name": "shippingFee", "title": "Shipping fee", "description": "d"}
    made = manager.post(URL, json=body)
    assert made.status_code == 201, made.text
    cost = made.json()
    assert cost.pop("created")
    assert cost == body | {"id": 1, "accountId": 1, "type": "session"}
    assert make.revision(server) == before + 1
    change = body | {"title": "Fee", "description": "e", "type": "item", "subscribedApplicationsIds": [1, 1]}
    changed = manager.put(f"{URL}/1", json=change).json()
    assert changed == made.json() | change | {"subscribedApplicationsIds": [1]}
    assert make.revision(server) == before + 2
    kept = manager.put(f"{URL}/1", json=body | {"type": "item"}).json()
    assert kept == changed | body
    assert make.revision(server) == before + 2, "rules cannot see the title"
    assert manager.get(f"{URL}/1").json() == kept
    deleted = manager.delete(f"{URL}/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert make.revision(server) == before + 3
    for method in ("GET", "DELETE"):
        assert refused_request(server, manager, method, f"{URL}/1")[0] == 404
    assert refused_request(server, manager, "PUT", f"{URL}/1", json=body)[0] == 404


def test_kinds_of_costs_are_listed(manager):
    for name in ("b", "a", "c"):
        make.new_cost(manager, name=name, title=name)
    listed = manager.get(URL, params={"sort": "-name", "pageSize": 2}).json()
    assert (listed["totalResultSize"], [one["name"] for one in listed["data"]]) == (3, ["c", "b"])
    assert [one["name"] for one in manager.get(URL, params={"skip": 2}).json()["data"]] == ["c"]
    assert manager.get(URL, params={"sort": "description"}).status_code == 400


@pytest.mark.parametrize(
    ("_case", "change", "pointer", "title"),
    [
        ("no API name", {"name": "1a"}, "/name", "pattern"),
        ("with a space", {"name": "a b"}, "/name", "pattern"),
        ("empty name", {"name": ""}, "/name", "pattern"),
        ("odd title", {"title": "Ünïcode"}, "/title", "pattern"),
        ("no text", {"description": 4}, "/description", "Invalid type"),
        ("unknown type", {"type": "cart"}, "/type", "enum"),
        (
            "Application of nobody",
            {"subscribedApplicationsIds": [1, 9]},
            "/subscribedApplicationsIds",
            "Unknown",
        ),
    ],
)
def test_impossible_kinds_of_costs_are_refused(server, manager, _case, change, pointer, title):
    make.new_cost(manager)
    for method, url in (("POST", URL), ("PUT", f"{URL}/1")):
        status, body = refused_request(server, manager, method, url, json=make.cost(**change))
        problem = body["errors"][0]
        assert status == 400
        expected = ("/name", "Immutable") if method == "PUT" and problem["title"] == "Immutable" else (pointer, title)
        assert (problem["source"]["pointer"], problem["title"]) == expected
    assert refused_request(server, manager, "POST", URL, content=b"[")[0] == 400


def test_names_stay_and_are_unique(server, manager, shop):
    make.new_cost(manager)
    status, body = refused_request(server, manager, "POST", URL, json=make.cost(title="Other"))
    assert (status, body["message"]) == (409, "An additional cost with this name already exists")
    status, body = refused_request(server, manager, "PUT", f"{URL}/1", json=make.cost(name="other"))
    assert (status, body["errors"][0]["source"]) == (400, {"pointer": "/name"})
    assert refused_request(server, shop, "GET", URL)[0] == 401


def test_costs_of_other_accounts_are_not_found(server, manager):
    make.new_cost(manager)
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE additional_costs SET account_id = 2")
    assert manager.get(URL).json() == {"totalResultSize": 0, "data": []}
    for method in ("GET", "DELETE"):
        assert refused_request(server, manager, method, f"{URL}/1")[0] == 404
    assert refused_request(server, manager, "PUT", f"{URL}/1", json=make.cost())[0] == 404
    make.new_cost(manager)
