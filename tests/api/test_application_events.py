"""The log as the back office reads it (management.md §17)."""

import pytest

import make
from checkout import coupon_rule, define, line, refused_request, running, update
from conftest import INTEGRATION_KEY

URL = "/v1/applications/1/events/no_total"
OLDER = "/v1/applications/1/events"


@pytest.fixture(scope="module")
def world(shared, shared_manager, shared_shop):
    """Events 1 to 5: Ann tries a wrong code, uses a right one, closes; an event of hers; a session of nobody."""
    manager, shop = shared_manager, shared_shop
    for name in ("Name", "Email"):
        define(manager, "CustomerProfile", name)
    manager.post("/v1/event_types", json={"title": "Rated", "name": "rated", "description": ""}).raise_for_status()
    define(manager, "Event", "stars", "number", eventType="rated")
    running(manager, coupon_rule(title="Ten percent"), name="Spring sale", codes=["SPRING"])
    running(manager, make.rule(title="Two off", effects=[["setDiscount", "Two", 2]]), name="Everybody")
    make.new_store(manager)
    body = {"attributes": {"Name": "Ann Lee", "Email": "ann@example.com"}}
    shop.put("/v2/customer_profiles/ann", json=body).raise_for_status()
    ann = {"profileId": "ann", "cartItems": [line()], "storeIntegrationId": "B-1"}
    update(shop, "s1", ann | {"couponCodes": ["NOPE"]})
    update(shop, "s1", ann | {"couponCodes": ["SPRING"]})
    update(shop, "s1", {"state": "closed"})
    event = {"profileId": "ann", "type": "rated", "integrationId": "E-1", "attributes": {"stars": 5}}
    event |= {"connectedSessionId": "s1"}
    shop.post("/v3/events", json=event).raise_for_status()
    update(shop, "s2", {"cartItems": [line(price=9)]})


@pytest.fixture
def manager(world, shared_manager):
    return shared_manager


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


def test_events_in_full(manager):
    answer = manager.get(URL).json()
    assert (answer["hasMore"], len(answer["data"])) == (False, 5)
    first, second, third, rated, last = answer["data"]
    assert {name: value for name, value in first.items() if name not in ("created", "effects")} == {
        "id": 1,
        "applicationId": 1,
        "profileId": 1,
        "storeId": 1,
        "storeIntegrationId": "B-1",
        "sessionId": 1,
        "type": "talon_session_created",
        "attributes": {},
    }
    assert [one["effectType"] for one in first["effects"]] == ["rejectCoupon", "setDiscount"]
    assert [(one["effectType"], one["ruleName"]) for one in second["effects"]] == [
        ("acceptCoupon", "Ten percent"),
        ("setDiscount", "Ten percent"),
        ("setDiscount", "Two off"),
    ]
    assert second["effects"][1]["props"] == {"name": "10% off", "value": 10}
    assert (second["type"], third["type"]) == ("talon_session_updated", "talon_session_closed")
    assert (rated["type"], rated["attributes"], rated["integrationId"]) == ("rated", {"stars": 5}, "E-1")
    assert (rated["profileId"], rated["sessionId"]) == (1, 1)
    assert (last["sessionId"], "profileId" in last, "storeId" in last, "integrationId" in last) == (2, *[False] * 3)


FILTERS = [
    ({"type": "rated"}, [4]),
    ({"type": "rated,talon_session_closed"}, [3, 4]),
    ({"type": "nothing"}, []),
    ({"createdBefore": "2020-01-01"}, []),
    ({"createdAfter": "2020-01-01"}, [1, 2, 3, 4, 5]),
    ({"session": "s1"}, [1, 2, 3, 4]),
    ({"session": "s"}, []),
    ({"profile": "ann"}, [1, 2, 3, 4]),
    ({"profile": "Ann"}, []),
    ({"customerName": "LEE"}, [1, 2, 3, 4]),
    ({"customerName": "__"}, []),
    ({"customerEmail": "@example"}, [1, 2, 3, 4]),
    ({"couponCode": "NOPE"}, [1]),
    ({"couponCode": "SPRING"}, [2, 3]),
    ({"couponCode": ""}, []),
    ({"referralCode": "X"}, []),
    ({"referralCode": ""}, []),
    ({"ruleQuery": "ten"}, [2, 3]),
    ({"ruleQuery": "two OFF"}, [1, 2, 3, 5]),
    ({"campaignQuery": "spring"}, [2, 3]),
    ({"campaignQuery": "spring", "profile": "bob"}, []),
    ({"sort": "-id", "pageSize": 2}, [5, 4]),
    ({"sort": "type", "pageSize": 2}, [4, 3]),
    ({"pageSize": 2, "skip": 1}, [2, 3]),
]


@pytest.mark.parametrize(("wanted", "found"), FILTERS)
def test_filters_and_sorts(manager, wanted, found):
    assert ids(manager.get(URL, params=wanted)) == found
    assert ids(manager.get(OLDER, params=wanted)) == found


def test_one_filter_that_older_clients_do_not_have(manager):
    assert ids(manager.get(URL, params={"effectType": "rejectCoupon"})) == [1]
    assert ids(manager.get(URL, params={"effectType": "reject"})) == []


def test_the_number_of_all(manager):
    assert manager.get(OLDER, params={"pageSize": 1}).json()["totalResultSize"] == 5
    assert manager.get(OLDER, params={"type": "rated"}).json()["totalResultSize"] == 1
    assert manager.get(URL, params={"pageSize": 4}).json()["hasMore"] is True


def test_names_of_rules_are_those_of_the_time(manager, shared_shop):
    """And effects too: a new ruleset changes nothing that was logged."""
    url = f"{make.CAMPAIGNS}/1/rulesets"
    body = make.ruleset(coupon_rule(title="Renamed")) | {"activate": True}
    assert manager.post(url, json=body).status_code == 201
    assert ids(manager.get(URL, params={"ruleQuery": "ten percent"})) == [2, 3]
    assert ids(manager.get(URL, params={"ruleQuery": "renamed"})) == []


REFUSED = [
    ({"customerName": "a"}, "customerName"),
    ({"customerEmail": "a"}, "customerEmail"),
    ({"createdBefore": "x"}, "createdBefore"),
    ({"sort": "effects"}, "sort"),
    ({"pageSize": 0}, "pageSize"),
]


@pytest.mark.parametrize(("wrong", "parameter"), REFUSED)
def test_bad_parameters(shared, manager, wrong, parameter):
    for url in (URL, OLDER):
        status, body = refused_request(shared, manager, "GET", url, params=wrong)
        assert (status, body["errors"][0]["source"]) == (400, {"parameter": parameter})


def test_other_applications_and_keys(shared, manager):
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    for url in (URL, OLDER):
        assert ids(manager.get(url.replace("/1/", "/2/"))) == []
        assert refused_request(shared, manager, "GET", url.replace("/1/", "/9/"))[0] == 404
        for header in ("", f"ApiKey-v1 {INTEGRATION_KEY}", "ManagementKey-v1 x"):
            assert refused_request(shared, manager, "GET", url, headers={"Authorization": header})[0] == 401
    assert refused_request(shared, manager, "GET", URL, params={"couponCode": "\0"})[0] == 400
