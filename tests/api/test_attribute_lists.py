"""Allowed lists, suggestions, built-in and mandatory attributes, and deleting attributes (management.md §8)."""

import pytest

import make
from checkout import CART, cost, define, effects, line, put, refused_request, rules_of, running, update
from make import CAMPAIGNS
from rerun import assert_same_again

URL = "/v1/attributes"


def import_list(manager, attribute_id, text):
    return manager.post(f"{URL}/{attribute_id}/allowed_list/import", files={"upFile": ("x.csv", text, "text/csv")})


def allowed(manager, entity, kind, items, **changes):
    """An attribute `a` that is restricted to these items."""
    made = define(manager, entity, "a", kind, restrictedBySuggestions=True, **changes)
    answer = import_list(manager, made["id"], "item\n" + "\n".join(items))
    assert answer.status_code == 200, answer.text
    return made["id"]


def status(shop, **session):
    return put(shop, "s1", {"cartItems": CART} | session).status_code


def test_an_allowed_list_is_imported_as_a_whole(server, manager):
    made = define(manager, "CustomerSession", "city")
    assert made["hasAllowedList"] is False
    before = make.revision(server)
    answer = import_list(manager, made["id"], "item\nRom\nUlm\nRom\n").json()
    assert answer.pop("created")
    assert answer == {"id": 1, "accountId": 1, "userId": 1, "entity": "AttributeAllowedList", "amount": 2}
    assert manager.get(f"{URL}/{made['id']}").json() == made | {"hasAllowedList": True}
    assert make.revision(server) == before + 1
    assert import_list(manager, made["id"], "item\nRom\nUlm\n").json()["amount"] == 2
    assert make.revision(server) == before + 1, "nothing changed"
    kept = manager.put(f"{URL}/{made['id']}", json=make.attribute("CustomerSession", "city")).json()
    assert kept["hasAllowedList"] is True, "what is left out stays"


def test_restricted_values_are_in_the_allowed_list(server, manager, shop):
    attribute = allowed(manager, "CustomerSession", "(list string)", ["Rom", "Ulm"], suggestions=["Köln"])
    assert status(shop, attributes={"a": ["Ulm", "Köln"]}) == 200
    refused = put(shop, "s1", {"cartItems": CART, "attributes": {"a": ["Ulm", "ulm"]}})
    assert (refused.status_code, refused.json()["errors"][0]["title"]) == (400, "enum")
    import_list(manager, attribute, "item\nulm\n").raise_for_status()
    assert status(shop, attributes={"a": ["ulm"]}) == 200
    assert status(shop, attributes={"a": ["Ulm"]}) == 400
    for flags, expected in (
        ({"restrictedBySuggestions": False}, 200),
        ({"restrictedBySuggestions": True, "hasAllowedList": False}, 400),
    ):
        body = make.attribute("CustomerSession", "a", "(list string)", suggestions=["Köln"]) | flags
        manager.put(f"{URL}/{attribute}", json=body).raise_for_status()
        assert status(shop, attributes={"a": ["ulm", "Köln"]}) == expected
    assert_same_again(server)


@pytest.mark.parametrize(
    ("entity", "send"),
    [
        ("CartItem", lambda shop, value: put(shop, "s1", {"cartItems": [line(attributes={"a": value})]})),
        ("CustomerProfile", lambda shop, value: shop.put("/v2/customer_profiles/kim", json={"attributes": {"a": value}})),
        ("Campaign", None),
        ("Coupon", None),
    ],
)  # fmt: skip
def test_every_entity_is_held_to_its_list(server, manager, shop, entity, send):
    allowed(manager, entity, "number", ["1.50", "20"])
    if entity == "Campaign":
        send = lambda _, value: manager.post(CAMPAIGNS, json=make.campaign(attributes={"a": value}))  # noqa: E731
    elif entity == "Coupon":
        make.new_campaign(manager)
        send = lambda _, value: manager.post(  # noqa: E731
            f"{CAMPAIGNS}/1/coupons", json=make.coupons(attributes={"a": value}, couponPattern="C-####")
        )
    for value, good in ((1.5, True), (20, True), (2, False), (1.51, False)):
        assert send(shop, value).is_success is good, value


def test_times_are_compared_whatever_their_offset(manager, shop):
    allowed(manager, "CustomerSession", "time", ["2026-01-01T12:00:00+02:00"])
    assert status(shop, attributes={"a": "2026-01-01T10:00:00Z"}) == 200
    assert status(shop, attributes={"a": "2026-01-01T12:00:00Z"}) == 400
    assert status(shop, attributes={"a": "0001-01-01T00:00:00+14:00"}) == 400


def test_numbers_may_be_restricted_to_suggestions(manager, shop):
    define(manager, "CustomerSession", "a", "number", suggestions=["1.50", "3"], restrictedBySuggestions=True)
    assert status(shop, attributes={"a": 1.5}) == 200
    refused = put(shop, "s1", {"cartItems": CART, "attributes": {"a": 4}}).json()
    assert refused["errors"][0]["details"] == 'a must be one of the following: "1.50", "3"'


def test_a_list_of_half_a_million_is_taken(manager, shop):
    manager.timeout = shop.timeout = 60
    attribute = allowed(manager, "CustomerSession", "string", [f"SKU-{number}" for number in range(500_000)])
    assert status(shop, attributes={"a": "SKU-499999"}) == 200
    assert status(shop, attributes={"a": "SKU-500000"}) == 400
    answer = import_list(manager, attribute, "item\n" + "x\n" * 500_001)
    assert answer.status_code == 400


@pytest.fixture(scope="module")
def defined(shared, shared_manager):
    """Attributes 1 to 3 of sessions: text, number and location."""
    define(shared_manager, "CustomerSession", "text")
    define(shared_manager, "CustomerSession", "amount", "number")
    define(shared_manager, "CustomerSession", "place", "location")
    return shared


@pytest.mark.parametrize(
    ("attribute_id", "text", "expected", "source"),
    [
        (1, "name\nRom\n", 400, {"line": "1"}),
        (1, "item\nRom\n\"\n", 400, {"line": "4"}),
        (1, "item\nRom\n\"\"\n", 400, {"line": "3"}),
        (1, "item\nRom,Ulm\n", 400, {"line": "2"}),
        (2, "item\n1\nx\n", 400, {"line": "3"}),
        (2, "item\n1e400\n", 400, {"line": "2"}),
        (3, "item\n1,2\n", 400, None),
        (9, "item\nRom\n", 404, None),
    ],
)  # fmt: skip
def test_files_that_are_no_lists_are_refused(defined, shared_manager, attribute_id, text, expected, source):
    url = f"{URL}/{attribute_id}/allowed_list/import"
    found, body = refused_request(defined, shared_manager, "POST", url, files={"upFile": ("x.csv", text, "text/csv")})
    assert found == expected
    if source:
        assert body["errors"][0]["source"] in (source, {"line": "3"}), body


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"type": "number", "suggestions": ["1", "many"]}, "/suggestions/1"),
        ({"type": "boolean", "suggestions": ["perhaps"]}, "/suggestions/0"),
        ({"type": "(list time)", "suggestions": ["today"]}, "/suggestions/0"),
        ({"suggestions": ["x"] * 51}, "/suggestions"),
        ({"suggestions": [""]}, "/suggestions/0"),
        ({"eventType": "survey"}, "/eventType"),
        ({"allowedSubscriptions": ["catalog"]}, "/allowedSubscriptions"),
        ({"type": "boolean", "hasAllowedList": True}, "/hasAllowedList"),
        ({"subscribedApplicationsIds": [9]}, "/subscribedApplicationsIds"),
        ({"name": "9"}, "/name"),
        ({"title": "Ü"}, "/title"),
        ({"entity": "Cart"}, "/entity"),
        ({"type": "text"}, "/type"),
    ],
)
def test_impossible_attributes_are_refused(defined, shared_manager, changes, pointer):
    body = make.attribute("CustomerSession", "fresh") | changes
    found, refusal = refused_request(defined, shared_manager, "POST", URL, json=body)
    assert (found, refusal["errors"][0]["source"]) == (400, {"pointer": pointer})


def listed(manager, **wanted):
    answer = manager.get(URL, params=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_built_in_attributes_are_listed_after_the_others(defined, shared_manager):
    everything = listed(shared_manager)
    ids = [one["id"] for one in everything["data"]]
    assert ids[:4] == [1, 2, 3, 0]
    assert set(ids[3:]) == {0}
    assert len(ids) == everything["totalResultSize"]
    [total] = [one for one in everything["data"] if (one["entity"], one["name"]) == ("CustomerSession", "Total")]
    assert total.pop("created")
    assert total == {
        "id": 0,
        "accountId": 1,
        "entity": "CustomerSession",
        "name": "Total",
        "title": "Total",
        "type": "number",
        "description": "items, their additional costs and those of the session, before discounts",
        "suggestions": [],
        "hasAllowedList": False,
        "restrictedBySuggestions": False,
        "editable": False,
    }
    built_in = listed(shared_manager, kind="builtin")
    assert built_in["totalResultSize"] == len(ids) - 3
    assert [one["id"] for one in listed(shared_manager, kind="custom")["data"]] == [1, 2, 3]
    pages = [listed(shared_manager, pageSize=20, skip=skip)["data"] for skip in range(0, len(ids), 20)]
    again = [one for page in pages for one in page]
    assert [(one["entity"], one["name"]) for one in again if one.pop("created")] == [
        (one["entity"], one["name"]) for one in everything["data"]
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"entity": "Store"}, ["IntegrationId", "Name"]),
        ({"kind": "builtin", "entity": "Event"}, ["Type", "Created"]),
        ({"kind": "custom", "type": "number,location"}, ["amount", "place"]),
        ({"search": "AMOUNT"}, ["amount"]),
        ({"entity": "CustomerSession", "type": "location"}, ["place"]),
        ({"kind": "custom", "applicationIds": "1,9"}, ["text", "amount", "place"]),
        ({"kind": "custom", "sort": "-name", "pageSize": 1}, ["text"]),
        ({"entity": "Nothing"}, []),
        ({"kind": "custom", "loyaltyProgramIds": "1"}, ["text", "amount", "place"]),
    ],
)
def test_attributes_are_filtered(defined, shared_manager, wanted, expected):
    assert [one["name"] for one in listed(shared_manager, **wanted)["data"]] == expected


@pytest.mark.parametrize("wrong", [{"kind": "other"}, {"sort": "suggestions"}, {"applicationIds": "x"}])
def test_lists_that_mean_nothing_are_refused(defined, shared_manager, wrong):
    assert refused_request(defined, shared_manager, "GET", URL, params=wrong)[0] == 400


def test_attributes_of_events_know_their_type(manager):
    made = manager.post("/v1/event_types", json={"name": "survey", "title": "Survey"}).json()
    first = define(manager, "Event", "score", "number", eventType="survey")
    assert first["eventTypeId"] == made["id"]
    assert "eventTypeId" not in define(manager, "Event", "score", "number", eventType="other")
    assert listed(manager, entity="Event", kind="custom")["data"][0] == first


def test_an_attribute_that_no_rule_reads_is_deleted(server, manager, shop):
    define(manager, "CustomerSession", "a")
    running(manager, make.rule(effects=[["setDiscount", "a", 1]]))
    update(shop, "s1", {"cartItems": CART, "attributes": {"a": "x"}})
    before = make.revision(server)
    deleted = manager.delete(f"{URL}/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert make.revision(server) == before + 1
    assert listed(manager, kind="custom")["data"] == []
    assert status(shop, attributes={"a": "x"}) == 400
    assert effects(update(shop, "s1", {"cartItems": CART}))[0][1]["name"] == "a", "what is stored does not disturb"
    assert_same_again(server)
    again = define(manager, "CustomerSession", "a", "number")
    assert again["id"] == 2
    assert status(shop, attributes={"a": 5}) == 200


def test_an_attribute_that_rules_read_stays(server, manager):
    define(manager, "CustomerSession", "a")
    campaign, _ = running(manager, make.rule(condition=["and", ["=", [".", "Session", "Attributes", "a"], "x"]]))
    found, body = refused_request(server, manager, "DELETE", f"{URL}/1")
    assert (found, body["message"]) == (400, "The attribute is used by the rules of campaign 1")
    rules_of(manager, campaign, make.rule())
    assert manager.delete(f"{URL}/1").status_code == 204
    assert refused_request(server, manager, "DELETE", f"{URL}/1")[0] == 404


def test_mandatory_attributes(server, manager):
    define(manager, "Campaign", "season")
    define(manager, "Coupon", "channel")
    settings = {"mandatory": {"campaigns": ["season"], "coupons": ["channel"]}}
    made = manager.put("/v1/applications/1", json=make.application(attributesSettings=settings))
    assert made.json()["attributesSettings"] == settings
    found, body = refused_request(server, manager, "POST", CAMPAIGNS, json=make.campaign())
    assert (found, body["errors"][0]["source"]) == (400, {"pointer": "/attributes/season"})
    make.new_campaign(manager, attributes={"season": "summer"})
    url = f"{CAMPAIGNS}/1/coupons"
    found, body = refused_request(server, manager, "POST", url, json=make.coupons(couponPattern="A-####"))
    assert (found, body["errors"][0]["source"]) == (400, {"pointer": "/attributes/channel"})
    for attribute_id, kind in ((1, "campaigns"), (2, "coupons")):
        found, body = refused_request(server, manager, "DELETE", f"{URL}/{attribute_id}")
        assert (found, body["message"]) == (400, f"The attribute is mandatory for {kind} of Application 1")
    for wrong, pointer in (
        ({"campaigns": ["nope"]}, "/attributesSettings/mandatory/campaigns/0"),
        ({"coupons": ["channel", "season"]}, "/attributesSettings/mandatory/coupons/1"),
        ({"coupons": "channel"}, "/attributesSettings/mandatory/coupons"),
    ):
        body = make.application(attributesSettings={"mandatory": wrong})
        found, refusal = refused_request(server, manager, "PUT", "/v1/applications/1", json=body)
        assert (found, refusal["errors"][0]["source"]) == (400, {"pointer": pointer})


def test_attributes_of_others_are_not_found(server, manager, shop):
    define(manager, "CustomerSession", "a")
    cost(manager, "fee")
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE attributes SET account_id = 2")
    for method, url, more in (
        ("GET", f"{URL}/1", {}),
        ("DELETE", f"{URL}/1", {}),
        ("PUT", f"{URL}/1", {"json": make.attribute("CustomerSession", "a")}),
        ("POST", f"{URL}/1/allowed_list/import", {"files": {"upFile": ("x.csv", "item\nx\n", "text/csv")}}),
    ):
        assert refused_request(server, manager, method, url, **more)[0] == 404, method
    assert listed(manager, kind="custom")["data"] == []
    assert refused_request(server, shop, "DELETE", f"{URL}/1")[0] == 401
