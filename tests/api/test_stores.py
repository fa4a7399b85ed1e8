"""Stores through the Management API (management.md §12)."""

import pytest

import make
from checkout import define, refused_request

URL = "/v1/applications/1/stores"


def test_a_store_is_kept(server, manager):
    define(manager, "Store", "country")
    before = make.revision(server)
    made = make.new_store(manager, attributes={"country": "DE"})
    assert made.pop("created") == made.pop("updated")
    assert made == make.store() | {
        "id": 1,
        "applicationId": 1,
        "attributes": {"country": "DE"},
        "linkedCampaignIds": [],
    }
    assert make.revision(server) == before + 1
    campaign = make.new_campaign(manager, linkedStoreIds=[1])
    changed = manager.put(f"{URL}/1", json=make.store(name="Mitte", description="d")).json()
    assert changed.pop("updated") > changed.pop("created")
    expected = {"name": "Mitte", "description": "d", "linkedCampaignIds": [campaign["id"]]}
    assert changed == made | expected
    assert manager.put(f"{URL}/1", json=make.store(attributes={"country": None})).json()["attributes"] == {}
    assert make.revision(server) == before + 4
    manager.delete(f"{make.CAMPAIGNS}/1").raise_for_status()
    deleted = manager.delete(f"{URL}/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "DELETE"):
        assert refused_request(server, manager, method, f"{URL}/1")[0] == 404
    assert refused_request(server, manager, "PUT", f"{URL}/1", json=make.store())[0] == 404


def test_a_store_that_campaigns_are_linked_to_stays(server, manager):
    make.new_store(manager)
    make.new_campaign(manager, linkedStoreIds=[1], state="archived")
    status, body = refused_request(server, manager, "DELETE", f"{URL}/1")
    assert (status, body["message"]) == (400, "The store is linked to campaign 1")


def test_stores_are_listed(manager):
    for number, name in enumerate(("Berlin", "Bern", "100% Köln"), 1):
        make.new_store(manager, name=name, integrationId=f"S_{number}")
    make.new_campaign(manager, linkedStoreIds=[3, 1])

    def ids(**params):
        answer = manager.get(URL, params=params)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["data"]]

    assert ids() == [1, 2, 3]
    assert ids(sort="name") == [3, 1, 2]
    assert ids(campaignId=1) == [1, 3]
    assert ids(campaignId=2) == []
    assert ids(name="Bern") == [2]
    assert ids(integrationId="S_3") == [3]
    assert ids(query="ber") == [1, 2]
    assert ids(query="s_2") == [2]
    assert ids(query="%") == [3]
    page = manager.get(URL, params={"pageSize": 2, "withTotalResultSize": "true"}).json()
    assert (page["hasMore"], page["totalResultSize"], len(page["data"])) == (True, 3, 2)
    assert "totalResultSize" not in manager.get(URL).json()
    for params in ({"sort": "attributes"}, {"campaignId": "x"}, {"withTotalResultSize": "maybe"}):
        assert manager.get(URL, params=params).status_code == 400


@pytest.mark.parametrize(
    ("_case", "change", "pointer", "title"),
    [
        ("no name", {"name": ""}, "/name", "minLength"),
        ("long name", {"name": "n" * 201}, "/name", "maxLength"),
        ("no integrationId", {"integrationId": ""}, "/integrationId", "minLength"),
        ("long integrationId", {"integrationId": "i" * 1001}, "/integrationId", "maxLength"),
        ("no text", {"description": None}, "/description", "required"),
        ("unknown attribute", {"attributes": {"mood": 1}}, "/attributes/mood", "Unknown"),
        ("wrong type", {"attributes": {"size": "large"}}, "/attributes/size", "Invalid type"),
        ("no attributes", {"attributes": []}, "/attributes", "Invalid type"),
    ],
)
def test_impossible_stores_are_refused(server, manager, _case, change, pointer, title):
    define(manager, "Store", "size", "number")
    make.new_store(manager)
    expected = {(pointer, title), ("/integrationId", "Immutable")}
    for method, url in (("POST", URL), ("PUT", f"{URL}/1")):
        status, body = refused_request(server, manager, method, url, json=make.store(**change))
        problem = body["errors"][0]
        assert status == 400
        assert (problem["source"]["pointer"], problem["title"]) in expected


def test_the_integration_id_stays_and_is_unique(server, manager):
    make.new_store(manager, integrationId="Ä/€ 1")
    status, body = refused_request(server, manager, "POST", URL, json=make.store(integrationId="Ä/€ 1"))
    assert (status, body["message"]) == (409, "A store with this integrationId already exists in this Application")
    status, body = refused_request(server, manager, "PUT", f"{URL}/1", json=make.store(integrationId="other"))
    assert (status, body["errors"][0]["source"]) == (400, {"pointer": "/integrationId"})
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    assert manager.post("/v1/applications/2/stores", json=make.store(integrationId="Ä/€ 1")).status_code == 201


def test_stores_of_others_are_not_found(server, manager, shop):
    make.new_store(manager)
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    for url in (
        "/v1/applications/2/stores/1",
        "/v1/applications/9/stores/1",
        f"{URL}/B-1",
        f"{URL}/{10**30}",
        f"{URL}/²",
    ):
        for method, more in (("GET", {}), ("PUT", {"json": make.store()}), ("DELETE", {})):
            assert refused_request(server, manager, method, url, **more)[0] == 404, (method, url)
    for method, more in (("GET", {}), ("POST", {"json": make.store()})):
        assert refused_request(server, manager, method, "/v1/applications/9/stores", **more)[0] == 404
    assert refused_request(server, shop, "GET", URL)[0] == 401
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE applications SET account_id = 2 WHERE id = 1")
    for method, url, more in (
        ("GET", URL, {}),
        ("POST", URL, {"json": make.store()}),
        ("GET", f"{URL}/1", {}),
        ("PUT", f"{URL}/1", {"json": make.store()}),
        ("DELETE", f"{URL}/1", {}),
    ):
        assert refused_request(server, manager, method, url, **more)[0] == 404
