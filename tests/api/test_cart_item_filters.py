"""Cart item filters of an Application through the Management API (management.md §19, §20)."""

import pytest

import make
from checkout import refused_request

URL = "/v1/applications/1/cart_item_filters"
ITEMS = [".", "Session", "CartItems"]
DEAR = ["filter", ITEMS, [["Item"], [">", [".", "Item", "Price"], 10.50]]]


def create(manager, **changes):
    answer = manager.post(URL, json={"name": "Premium"} | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def expression(manager, value, filter_id=1):
    answer = manager.post(f"{URL}/{filter_id}/expressions", json={"expression": value})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_filter_is_kept_with_its_versions(server, manager):
    before = make.revision(server)
    made = create(manager, description="d", createdBy=77, modifiedBy=77, modified="2020-01-01T00:00:00Z")
    assert made.pop("created")
    assert made == {"id": 1, "name": "Premium", "description": "d", "createdBy": 1, "applicationId": 1}
    first = expression(manager, DEAR)
    assert first.pop("created")
    assert first == {"id": 1, "cartItemFilterId": 1, "createdBy": 1, "expression": DEAR, "applicationId": 1}
    raw = manager.get(f"{URL}/1/expressions/1")
    assert b"10.5" in raw.content
    assert raw.json()["expression"] == DEAR
    expression(manager, ["take", 1, ITEMS])
    assert make.revision(server) == before, "nothing is active yet"
    changed = manager.put(f"{URL}/1", json={"activeExpressionId": 2, "description": "e"}).json()
    assert (changed["activeExpressionId"], changed["description"], changed["modifiedBy"]) == (2, "e", 1)
    assert changed["modified"] > changed["created"]
    assert make.revision(server) == before + 1
    kept = manager.put(f"{URL}/1", json={"name": "Other"}).json()
    assert (kept["name"], kept["activeExpressionId"], kept["description"]) == ("Premium", 2, "e")
    assert make.revision(server) == before + 1
    assert manager.get(URL).json() == {"hasMore": False, "data": [kept]}
    manager.put("/v1/applications/1", json=make.application(defaultCartItemFilterId=1)).raise_for_status()
    deleted = manager.delete(f"{URL}/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "defaultCartItemFilterId" not in manager.get("/v1/applications/1").json()
    assert manager.get(URL).json() == {"hasMore": False, "data": []}
    for method, url, more in (
        ("PUT", f"{URL}/1", {"json": {}}),
        ("DELETE", f"{URL}/1", {}),
        ("POST", f"{URL}/1/expressions", {"json": {"expression": DEAR}}),
        ("GET", f"{URL}/1/expressions/1", {}),
    ):
        assert refused_request(server, manager, method, url, **more)[0] == 404


def test_filters_are_listed_by_fifty(manager):
    for number in range(51):
        create(manager, name=f"Filter {number}")
    listed = manager.get(URL).json()
    assert (listed["hasMore"], len(listed["data"])) == (True, 50)
    assert [one["id"] for one in manager.get(URL, params={"skip": 50}).json()["data"]] == [51]
    for params in ({"name": "Filter 7"}, {"title": "Filter 7"}):
        assert [one["id"] for one in manager.get(URL, params=params).json()["data"]] == [8]
    assert manager.get(URL, params={"pageSize": 51}).status_code == 400


@pytest.mark.parametrize(
    ("_case", "body", "pointer", "title"),
    [
        ("no name", {}, "/name", "required"),
        ("an entity", {"name": "Session"}, "/name", "Invalid value"),
        ("an odd name", {"name": "a.b"}, "/name", "pattern"),
        ("an expression of nobody", {"name": "a", "activeExpressionId": 1}, "/activeExpressionId", "Unknown"),
        ("wrong type", {"name": "a", "description": 1}, "/description", "Invalid type"),
    ],
)
def test_impossible_filters_are_refused(server, manager, _case, body, pointer, title):
    status, answer = refused_request(server, manager, "POST", URL, json=body)
    problem = answer["errors"][0]
    assert (status, problem["source"]["pointer"], problem["title"]) == (400, pointer, title)


@pytest.mark.parametrize(
    ("_case", "value", "pointer"),
    [
        ("unknown function", ["sieve", ITEMS], "/expression"),
        ("unknown attribute", ["filter", ITEMS, [["Item"], [".", "Item", "Attributes", "x"]]], "/expression/2/1"),
        ("a number", ["count", ITEMS], "/expression"),
        ("another filter", [".", "Premium"], "/expression/1"),
        ("empty", [], "/expression"),
    ],
)
def test_expressions_that_are_no_filters_are_refused(server, manager, _case, value, pointer):
    create(manager)
    expression(manager, DEAR)
    manager.put(f"{URL}/1", json={"activeExpressionId": 1}).raise_for_status()
    status, body = refused_request(server, manager, "POST", f"{URL}/1/expressions", json={"expression": value})
    problem = body["errors"][0]
    assert (status, problem["title"]) == (400, "Invalid expression")
    assert problem["source"]["pointer"].startswith(pointer)


def test_names_are_unique_and_expressions_stay_with_their_filter(server, manager, shop):
    create(manager)
    create(manager, name="Second")
    expression(manager, DEAR, filter_id=2)
    status, body = refused_request(server, manager, "POST", URL, json={"name": "Premium"})
    assert (status, body["message"]) == (409, "The Application has a cart item filter of this name already")
    status, body = refused_request(server, manager, "PUT", f"{URL}/1", json={"activeExpressionId": 1})
    assert (status, body["errors"][0]["source"]) == (400, {"pointer": "/activeExpressionId"})
    assert refused_request(server, manager, "GET", f"{URL}/1/expressions/1")[0] == 404
    status, body = refused_request(
        server, manager, "PUT", "/v1/applications/1", json=make.application(defaultCartItemFilterId=9)
    )
    assert (status, body["errors"][0]["source"]) == (400, {"pointer": "/defaultCartItemFilterId"})
    assert refused_request(server, manager, "POST", f"{URL}/1/expressions", json={"expression": "x"})[0] == 400
    assert refused_request(server, shop, "GET", URL)[0] == 401


def test_filters_of_others_are_not_found(server, manager):
    create(manager)
    expression(manager, DEAR)
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    for base in ("/v1/applications/2/cart_item_filters", "/v1/applications/9/cart_item_filters"):
        for method, end, more in (
            ("PUT", "/1", {"json": {}}),
            ("DELETE", "/1", {}),
            ("POST", "/1/expressions", {"json": {"expression": DEAR}}),
            ("GET", "/1/expressions/1", {}),
        ):
            assert refused_request(server, manager, method, base + end, **more)[0] == 404, (method, base + end)
    assert refused_request(server, manager, "GET", "/v1/applications/9/cart_item_filters")[0] == 404
    status, body = refused_request(
        server, manager, "PUT", "/v1/applications/2", json=make.application(defaultCartItemFilterId=1)
    )
    assert (status, body["errors"][0]["title"]) == (400, "Unknown")
