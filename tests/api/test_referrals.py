"""Referrals through the Management API (management.md §7)."""

from functools import partial

import pytest

import make
from checkout import define, invalid, new_key, refusal, refused_request
from conftest import INTEGRATION_KEY
from make import CAMPAIGNS

REFERRALS = f"{CAMPAIGNS}/1/referrals"
MANY = "/v1/referrals_for_multiple_advocates"


@pytest.fixture(autouse=True)
def campaign(manager):
    return make.new_campaign(manager, features=["referrals"])


@pytest.fixture
def refused(server, manager):
    """Send a request that must change nothing; its status and body."""
    return partial(refused_request, server, manager)


def fixed(shop, code, advocate="ann", campaign_id=1, **changes):
    """A referral with this code."""
    body = {"campaignId": campaign_id, "advocateProfileIntegrationIds": [advocate], "usageLimit": 1}
    answer = shop.post(MANY, json=body | {"referralPattern": code} | changes, params={"silent": "no"})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"][0]


def codes(answer):
    assert answer.status_code == 200, answer.text
    return [one["code"] for one in answer.json()["data"]]


def stored(manager):
    return manager.get(REFERRALS).json()["data"]


def test_the_list_shows_what_was_made(shop, manager):
    made = make.new_referral(shop, 1, "zoe", friendProfileIntegrationId="fred", startDate="2020-01-01T00:00:00Z")
    assert manager.get(REFERRALS).json() == {"totalResultSize": 1, "data": [made]}
    assert manager.get(f"{REFERRALS}/no_total").json() == {"hasMore": False, "data": [made]}


def test_the_filters(shop, manager, server):
    make.new_campaign(manager)
    fixed(shop, "ELSEWHERE", campaign_id=2)
    fixed(shop, "Friend-2020", expiryDate="2020-09-01")
    fixed(shop, "friend_2030", startDate="2030-06-01", usageLimit=0)
    fixed(shop, "WINTER", "bob", startDate="2020-01-01", expiryDate="2090-01-01")
    fixed(shop, "%%%")
    server.sql("UPDATE referrals SET usage_counter = 1 WHERE value IN ('WINTER', 'friend_2030')")
    filters = (
        ({}, ["Friend-2020", "friend_2030", "WINTER", "%%%"]),
        ({"code": "FRIEND 20"}, ["Friend-2020", "friend_2030"]),
        ({"code": "end2"}, ["Friend-2020", "friend_2030"]),
        ({"code": "%%"}, ["%%%"]),
        ({"valid": "expired"}, ["Friend-2020"]),
        ({"valid": "validNow"}, ["WINTER", "%%%"]),
        ({"valid": "validFuture"}, ["friend_2030"]),
        ({"usable": "true"}, ["Friend-2020", "friend_2030", "%%%"]),
        ({"usable": "false"}, ["WINTER"]),
        ({"advocate": "bob"}, ["WINTER"]),
        ({"advocate": "bo"}, []),
        ({"createdBefore": "2020-01-01"}, []),
        ({"createdAfter": "2020-01-01", "code": "inter"}, ["WINTER"]),
        ({"code": "inter", "valid": "expired"}, []),
    )
    for wanted, expected in filters:
        assert codes(manager.get(REFERRALS, params=wanted)) == expected, wanted
        assert codes(manager.get(f"{REFERRALS}/no_total", params=wanted)) == expected, wanted
        assert manager.get(REFERRALS, params=wanted).json()["totalResultSize"] == len(expected)


@pytest.mark.parametrize(
    ("wanted", "parameter"),
    [
        ({"code": ""}, "code"),
        ({"valid": "never"}, "valid"),
        ({"usable": "yes"}, "usable"),
        ({"createdBefore": "soon"}, "createdBefore"),
        ({"createdAfter": "0"}, "createdAfter"),
        ({"sort": "secret"}, "sort"),
        ({"pageSize": 0}, "pageSize"),
        ({"pageSize": 1001}, "pageSize"),
        ({"skip": -1}, "skip"),
    ],
)
def test_bad_filters(refused, wanted, parameter):
    for url in (REFERRALS, f"{REFERRALS}/no_total"):
        status, body = refused("GET", url, params=wanted)
        assert (status, body["errors"][0]["source"]) == (400, {"parameter": parameter})


def test_pages(shop, manager):
    for code in ("AAA1", "BBB2", "CCC3"):
        fixed(shop, code)
    first = manager.get(f"{REFERRALS}/no_total", params={"pageSize": 2, "sort": "-code"})
    assert (first.json()["hasMore"], codes(first)) == (True, ["CCC3", "BBB2"])
    last = manager.get(f"{REFERRALS}/no_total", params={"pageSize": 2, "sort": "-code", "skip": 2})
    assert (last.json()["hasMore"], codes(last)) == (False, ["AAA1"])
    total = manager.get(REFERRALS, params={"pageSize": 1}).json()
    assert (total["totalResultSize"], len(total["data"])) == (3, 1)


def test_an_update_keeps_what_it_leaves_out(shop, manager, server):
    define(manager, "Referral", "channel")
    old = fixed(
        shop, "WINTER", startDate="2020-01-01T00:00:00Z", expiryDate="2030-01-01T00:00:00Z",
        attributes={"channel": "web"},
    )  # fmt: skip
    server.sql("UPDATE referrals SET usage_counter = 3")
    before = make.revision(server)
    url = f"{REFERRALS}/{old['id']}"
    changed = manager.put(url, json={"usageLimit": 2, "friendProfileIntegrationId": "fred"})
    assert changed.status_code == 200, changed.text
    new = old | {"usageCounter": 3, "usageLimit": 2, "friendProfileIntegrationId": "fred"}
    assert changed.json() == new
    new |= {"expiryDate": "2031-01-01T00:00:00Z", "attributes": {}}
    body = {"expiryDate": "2031-01-01", "attributes": {"channel": None}, "startDate": None, "code": "OTHER"}
    assert manager.put(url, json=body).json() == new
    new.pop("friendProfileIntegrationId")
    assert manager.put(url, json={"friendProfileIntegrationId": ""}).json() == new
    assert manager.put(url, json={}).json() == new
    assert stored(manager) == [new]
    assert make.revision(server) == before


def test_a_referral_is_found_by_its_id_or_its_code(shop, manager):
    fixed(shop, "WINTER")
    fixed(shop, "111")
    for referral_id, code in (("1", "WINTER"), ("WINTER", "WINTER"), ("111", "111"), ("2", "111")):
        assert manager.put(f"{REFERRALS}/{referral_id}", json={}).json()["code"] == code
    for unknown in ("9", "winter", "9" * 30, "²", "%20", "-1"):
        answer = manager.put(f"{REFERRALS}/{unknown}", json={"usageLimit": 0})
        assert (answer.status_code, answer.json()["message"]) == (404, "Referral not found")


@pytest.mark.parametrize(
    ("changes", "pointer", "title"),
    [
        ({"usageLimit": -1}, "/usageLimit", "minimum"),
        ({"usageLimit": 1_000_000}, "/usageLimit", "maximum"),
        ({"usageLimit": 1.5}, "/usageLimit", "Invalid type"),
        ({"startDate": "2031-01-01"}, "/expiryDate", "Invalid value"),
        ({"expiryDate": "2019-01-01"}, "/expiryDate", "Invalid value"),
        ({"startDate": 5}, "/startDate", "Invalid type"),
        ({"friendProfileIntegrationId": 5}, "/friendProfileIntegrationId", "Invalid type"),
        ({"friendProfileIntegrationId": "x" * 1001}, "/friendProfileIntegrationId", "maxLength"),
        ({"attributes": {"nope": 1}}, "/attributes/nope", "Unknown"),
        ({"attributes": []}, "/attributes", "Invalid type"),
    ],
)
def test_an_impossible_update(shop, refused, changes, pointer, title):
    fixed(shop, "WINTER", startDate="2020-01-01", expiryDate="2030-01-01")
    status, body = refused("PUT", f"{REFERRALS}/1", json=changes)
    assert status == 400
    assert [(one["source"]["pointer"], one["title"]) for one in body["errors"]] == [(pointer, title)]


def test_a_batch_is_updated_together(shop, manager):
    define(manager, "Referral", "channel")
    first = fixed(shop, "FIRST", startDate="2020-01-01T00:00:00Z", attributes={"channel": "web"})
    second = fixed(shop, "SECOND")
    body = {"batchID": first["batchId"], "usageLimit": 9, "expiryDate": "2030-01-01T00:00:00Z"}
    answer = manager.put(REFERRALS, json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    first |= {"usageLimit": 9, "expiryDate": "2030-01-01T00:00:00Z"}
    assert stored(manager) == [first, second]
    assert manager.put(REFERRALS, json={"batchID": "unknown", "usageLimit": 1}).status_code == 204
    assert manager.put(REFERRALS, json={"batchID": first["batchId"]}).status_code == 204
    assert stored(manager) == [first, second]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/batchID"),
        ({"batchID": None}, "/batchID"),
        ({"batchID": 5}, "/batchID"),
        ({"batchID": "b", "usageLimit": -1}, "/usageLimit"),
        ({"batchID": "b", "startDate": "2020-01-02", "expiryDate": "2020-01-01"}, "/expiryDate"),
        ({"batchID": "b", "attributes": {"nope": 1}}, "/attributes/nope"),
    ],
)
def test_an_impossible_update_of_a_batch(shop, refused, body, pointer):
    fixed(shop, "FIRST")
    status, answer = refused("PUT", REFERRALS, json=body)
    assert (status, answer["errors"][0]["source"]) == (400, {"pointer": pointer})


def test_a_referral_is_deleted(shop, manager):
    fixed(shop, "FIRST")
    fixed(shop, "SECOND")
    fixed(shop, "A/B %2F")
    for referral_id in ("1", "SECOND", "A%2FB%20%252F"):
        deleted = manager.delete(f"{REFERRALS}/{referral_id}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        again = manager.delete(f"{REFERRALS}/{referral_id}")
        assert (again.status_code, again.json()) == (404, refusal("Referral not found", status=404))
    assert stored(manager) == []


def test_referrals_go_with_their_campaign(shop, manager, server):
    fixed(shop, "FIRST")
    assert manager.delete(f"{CAMPAIGNS}/1").status_code == 204
    assert server.sql("SELECT id FROM referrals") == []


def test_referrals_of_others_are_not_found(shop, manager, server, refused):
    fixed(shop, "FIRST")
    make.new_campaign(manager)
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    missing = refusal("Campaign not found", status=404)
    for url in (f"/v1/applications/{other}/campaigns/1/referrals", f"{CAMPAIGNS}/9/referrals"):
        assert refused("GET", url) == (404, missing)
        assert refused("GET", f"{url}/no_total") == (404, missing)
        assert refused("PUT", url, json={"batchID": "b"}) == (404, missing)
        assert refused("PUT", f"{url}/1", json={}) == (404, missing)
        assert refused("DELETE", f"{url}/1") == (404, missing)
    for method, body in (("PUT", {"json": {}}), ("DELETE", {})):
        answer = refused(method, f"{CAMPAIGNS}/2/referrals/1", **body)
        assert answer == (404, refusal("Referral not found", status=404))
    server.sql("INSERT INTO accounts (id, name, created) OVERRIDING SYSTEM VALUE VALUES (2, 'Other', now())")
    server.sql("UPDATE applications SET account_id = 2")
    assert refused("GET", REFERRALS) == (404, missing)
    assert refused("DELETE", f"{REFERRALS}/1")[0] == 404


def test_wrong_keys(shop, manager, server, refused):
    fixed(shop, "FIRST")
    denied = refusal("Invalid API key", status=401)
    _, test_key = new_key(manager, type="staging")
    for headers in ({"Authorization": ""}, {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}, test_key):
        assert refused("GET", REFERRALS, headers=headers) == (401, denied)
        assert refused("PUT", f"{REFERRALS}/1", json={}, headers=headers) == (401, denied)
        assert refused("DELETE", f"{REFERRALS}/1", headers=headers) == (401, denied)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"\xff", b'{"usageLimit": 1e999}'])
def test_a_broken_body(shop, refused, content):
    fixed(shop, "FIRST")
    for url in (REFERRALS, f"{REFERRALS}/1"):
        assert refused("PUT", url, content=content)[0] == 400
    assert refused("PUT", f"{REFERRALS}/1", json={"startDate": "nope"}) == (
        400, invalid(("/startDate", "Invalid type", "Expected an RFC 3339 timestamp")),
    )  # fmt: skip
