"""Custom attributes through the Management API (management.md §8)."""

NEW = {
    "entity": "CustomerSession",
    "name": "channel",
    "title": "Channel",
    "type": "string",
    "description": "Where the order came from",
    "suggestions": ["web", "app"],
    "editable": True,
}


def test_create_read_list_update(manager):
    created = manager.post("/v1/attributes", json=NEW)
    assert created.status_code == 201, created.text
    attribute = created.json()
    assert attribute["accountId"] == 1
    assert {name: attribute[name] for name in NEW} == NEW
    assert manager.get(f"/v1/attributes/{attribute['id']}").json() == attribute
    listed = manager.get("/v1/attributes", params={"entity": "CustomerSession", "search": "chan"}).json()
    assert listed == {"totalResultSize": 1, "data": [attribute]}
    changed = manager.put(f"/v1/attributes/{attribute['id']}", json=NEW | {"description": "Channel of sale"})
    assert changed.status_code == 200
    assert changed.json() == attribute | {"description": "Channel of sale"}


def test_name_is_unique_per_entity(manager):
    manager.post("/v1/attributes", json=NEW)
    again = manager.post("/v1/attributes", json=NEW | {"title": "Other"})
    assert (again.status_code, again.json()["StatusCode"]) == (409, 409)
    assert manager.post("/v1/attributes", json=NEW | {"entity": "Coupon"}).status_code == 201


def test_type_cannot_change(manager):
    attribute = manager.post("/v1/attributes", json=NEW).json()
    refused = manager.put(f"/v1/attributes/{attribute['id']}", json=NEW | {"type": "number"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["source"] == {"pointer": "/type"}
    assert manager.get(f"/v1/attributes/{attribute['id']}").json() == attribute


def test_wrong_key_is_refused_before_anything_else(server, shop, manager):
    expected = {"message": "Invalid API key", "errors": [], "StatusCode": 401}
    for header in ("", "ManagementKey-v1 nope", "ManagementKey-v1", "Bearer nope", "ApiKey-v1 " + "11" * 32):
        refused = manager.post("/v1/attributes", content=b"{", headers={"Authorization": header})
        assert (refused.status_code, refused.json()) == (401, expected)
