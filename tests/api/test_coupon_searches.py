"""Searches for coupons, of all generations, and what serves them (management.md §6, §20)."""

import pytest

import make
from checkout import define, new_key, refusal, refused_request
from conftest import INTEGRATION_KEY
from make import CAMPAIGNS

APPLICATION = "/v1/applications/1"
WAYS = (
    ("coupons_search_advanced/no_total", False, False),
    ("coupons_search_advanced", False, True),
    ("coupons_search", True, True),
)


@pytest.fixture(scope="module")
def server(shared):
    return shared


@pytest.fixture(scope="module")
def manager(shared_manager):
    return shared_manager


@pytest.fixture(scope="module", autouse=True)
def stock(server, manager):
    """Two campaigns of Application 1, one of them disabled, and one of another Application."""
    define(manager, "Coupon", "channel")
    define(manager, "Coupon", "venueId", "number")
    define(manager, "Coupon", "tags", "(list string)")
    define(manager, "Campaign", "season")
    make.new_campaign(manager)
    make.new_campaign(manager, state="disabled")
    for campaign, code, attributes, more in (
        (1, "Summer-2020", {"channel": "web", "venueId": 12}, {"expiryDate": "2020-09-01T00:00:00Z"}),
        (1, "summer_2030", {"channel": "web"}, {"startDate": "2090-06-01T00:00:00Z", "usageLimit": 0}),
        (2, "WINTER", {"channel": "shop", "venueId": 12, "tags": ["a", "b"]}, {"recipientIntegrationId": "ann"}),
        (2, "PLAIN", {}, {}),
    ):
        make.new_coupons(manager, campaign, couponPattern=code, attributes=attributes, **more)
    server.sql("UPDATE coupons SET usage_counter = 1, referral_id = 9 WHERE value = 'WINTER'")
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    manager.post(f"/v1/applications/{other}/campaigns", json=make.campaign()).raise_for_status()
    url = f"/v1/applications/{other}/campaigns/3/coupons"
    manager.post(url, json=make.coupons(couponPattern="FOREIGN")).raise_for_status()


def search(manager, where, asked, way, **params):
    """The codes that are found, and the rest of the answer."""
    path, wrapped, counted = way
    body = {"attributes": asked} if wrapped else asked
    answer = manager.post(f"{where}/{path}", json=body, params=params)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    found = [one["value"] for one in body.pop("data")]
    assert list(body) == ["totalResultSize" if counted else "hasMore"]
    return found, body.popitem()[1]


def everywhere(manager, asked, expected, **params):
    """The codes of campaigns 1 and 2 that each kind of search must find."""
    for way in WAYS:
        found, more = search(manager, APPLICATION, asked, way, **params)
        assert (found, more) == (expected[0] + expected[1], len(found) if way[2] else False)
        if "campaignState" not in params:
            for number in (1, 2):
                found, more = search(manager, f"{CAMPAIGNS}/{number}", asked, way, **params)
                assert (found, more) == (expected[number - 1], len(found) if way[2] else False)


FIRST, SECOND = ["Summer-2020", "summer_2030"], ["WINTER", "PLAIN"]


@pytest.mark.parametrize(
    ("asked", "params", "expected"),
    [
        ({}, {}, (FIRST, SECOND)),
        ({"channel": "web"}, {}, (FIRST, [])),
        ({"venueId": 12}, {}, (["Summer-2020"], ["WINTER"])),
        ({"venueId": 12.0, "channel": "shop"}, {}, ([], ["WINTER"])),
        ({"venueId": 13}, {}, ([], [])),
        ({"tags": ["a", "b"]}, {}, ([], ["WINTER"])),
        ({"tags": ["a"]}, {}, ([], [])),
        ({"tags": ["b", "a"]}, {}, ([], [])),
        ({"venueId": None}, {}, (["summer_2030"], ["PLAIN"])),
        ({"channel": "web", "venueId": None}, {}, (["summer_2030"], [])),
        ({}, {"value": "MER20"}, (FIRST, [])),
        ({}, {"value": "summer-2020", "exactMatch": "true"}, (["Summer-2020"], [])),
        ({}, {"value": "foreign", "exactMatch": "true"}, ([], [])),
        ({}, {"valid": "expired"}, (["Summer-2020"], [])),
        ({}, {"valid": "validFuture"}, (["summer_2030"], [])),
        ({}, {"valid": "validNow"}, ([], SECOND)),
        ({}, {"usable": "false"}, ([], ["WINTER"])),
        ({"channel": "web"}, {"usable": "true"}, (FIRST, [])),
        ({}, {"referralId": 9}, ([], ["WINTER"])),
        ({}, {"recipientIntegrationId": "ann"}, ([], ["WINTER"])),
        ({}, {"batchId": "nobatch"}, ([], [])),
        ({}, {"createdBefore": "2020-01-01"}, ([], [])),
        ({}, {"createdAfter": "2020-01-01T00:00:00+02:00"}, (FIRST, SECOND)),
        ({}, {"campaignState": "running"}, (FIRST, [])),
        ({}, {"campaignState": "disabled"}, ([], SECOND)),
        ({"channel": "shop"}, {"campaignState": "running"}, ([], [])),
        ({}, {"campaignState": "archived"}, ([], [])),
    ],
)
def test_what_is_found(manager, asked, params, expected):
    everywhere(manager, asked, expected, **params)


def test_a_batch_is_found_in_all_of_the_application(manager):
    batch = manager.get(f"{CAMPAIGNS}/2/coupons/WINTER").json()["batchId"]
    everywhere(manager, {}, ([], ["WINTER"]), batchId=batch)


def test_pages(manager):
    for way in WAYS:
        options = {"pageSize": 2, "sort": "-value"}
        assert search(manager, APPLICATION, {}, way, **options)[0] == ["summer_2030", "WINTER"]
        assert search(manager, APPLICATION, {}, way, skip=2, **options)[0] == ["Summer-2020", "PLAIN"]
    assert search(manager, APPLICATION, {}, WAYS[0], pageSize=2)[1] is True
    assert search(manager, APPLICATION, {}, WAYS[0], pageSize=2, skip=2)[1] is False
    assert search(manager, APPLICATION, {}, WAYS[1], pageSize=1)[1] == 4


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"valid": "never"}, "valid"),
        ({"usable": "yes"}, "usable"),
        ({"value": ""}, "value"),
        ({"createdBefore": "soon"}, "createdBefore"),
        ({"referralId": "x"}, "referralId"),
        ({"exactMatch": "perhaps"}, "exactMatch"),
        ({"pageSize": 0}, "pageSize"),
        ({"pageSize": 1001}, "pageSize"),
        ({"skip": -1}, "skip"),
        ({"sort": "secret"}, "sort"),
        ({"campaignState": "sleeping"}, "campaignState"),
    ],
)
def test_wrong_parameters(server, manager, params, parameter):
    for path, wrapped, _ in WAYS:
        for where in (APPLICATION, f"{CAMPAIGNS}/1"):
            if parameter == "campaignState" and where != APPLICATION:
                continue
            body = {"attributes": {}} if wrapped else {}
            status, answer = refused_request(server, manager, "POST", f"{where}/{path}", json=body, params=params)
            assert (status, answer["errors"][0]["source"]) == (400, {"parameter": parameter})


def test_wrong_attributes(server, manager):
    for asked, name, title in (
        ({"mood": 1}, "mood", "Unknown"),
        ({"season": "x"}, "season", "Unknown"),
        ({"channel": 1}, "channel", "Invalid type"),
        ({"venueId": "12"}, "venueId", "Invalid type"),
    ):
        for path, wrapped, _ in WAYS:
            body = {"attributes": asked} if wrapped else asked
            for where in (APPLICATION, f"{CAMPAIGNS}/1"):
                status, answer = refused_request(server, manager, "POST", f"{where}/{path}", json=body)
                pointer = f"/attributes/{name}" if wrapped else f"/{name}"
                assert (status, answer["errors"][0]["source"]["pointer"]) == (400, pointer)
                assert answer["errors"][0]["title"] == title


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"1", b'{"attributes": []}'])
def test_broken_bodies(server, manager, body):
    for path, wrapped, _ in WAYS:
        if body.startswith(b'{"') and not wrapped:
            continue
        for where in (APPLICATION, f"{CAMPAIGNS}/1"):
            assert refused_request(server, manager, "POST", f"{where}/{path}", content=body)[0] == 400


def test_others_and_wrong_keys(server, manager):
    _, test_key = new_key(manager, type="staging")
    for path, wrapped, _ in WAYS:
        body = {"attributes": {}} if wrapped else {}
        for where, noun in (
            ("/v1/applications/99", "Application"),
            ("/v1/applications/99/campaigns/1", "Application"),
            ("/v1/applications/2/campaigns/1", "Campaign"),
            (f"{CAMPAIGNS}/3", "Campaign"),
        ):
            answer = refused_request(server, manager, "POST", f"{where}/{path}", json=body)
            assert answer == (404, refusal(f"{noun} not found", status=404))
        for headers in ({"Authorization": ""}, {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}, test_key):
            answer = refused_request(server, manager, "POST", f"{APPLICATION}/{path}", json=body, headers=headers)
            assert answer == (401, refusal("Invalid API key", status=401))
