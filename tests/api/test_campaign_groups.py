"""Campaign groups through the Management API (management.md §19)."""

import pytest

import make
from checkout import refused_request
from make import CAMPAIGNS

URL = "/v1/campaign_groups"


def groups_of(manager, campaign_id):
    return manager.get(f"{CAMPAIGNS}/{campaign_id}").json()["campaignGroups"]


def test_groups_and_their_campaigns(server, manager):
    for _ in range(3):
        make.new_campaign(manager)
    before = make.revision(server)
    made = make.new_campaign_group(manager, description="d", campaignIds=[2, 1, 2])
    assert made.pop("created") == made.pop("modified")
    assert made == {"id": 1, "accountId": 1, "name": "Germany", "description": "d", "campaignIds": [1, 2]}
    other = make.new_campaign_group(manager, name="Here", subscribedApplicationsIds=[1])
    assert (other["subscribedApplicationsIds"], other["campaignIds"]) == ([1], [])
    assert [groups_of(manager, one) for one in (1, 2, 3)] == [[1], [1], []]
    manager.put(f"{CAMPAIGNS}/3", json=make.campaign(campaignGroups=[2, 1])).raise_for_status()
    assert manager.get(f"{URL}/1").json()["campaignIds"] == [1, 2, 3]
    assert manager.get(f"{URL}/2").json()["campaignIds"] == [3]
    kept = manager.put(f"{URL}/1", json={"name": "Germania"}).json()
    assert (kept["name"], kept["description"], kept["campaignIds"]) == ("Germania", "d", [1, 2, 3])
    assert kept["modified"] > kept["created"]
    changed = manager.put(f"{URL}/1", json={"name": "G", "campaignIds": [2], "description": ""}).json()
    assert (changed["description"], changed["campaignIds"]) == ("", [2])
    assert [groups_of(manager, one) for one in (1, 2, 3)] == [[], [1], [2]]
    listed = manager.get(URL, params={"sort": "-name"}).json()
    assert (listed["totalResultSize"], [one["id"] for one in listed["data"]]) == (2, [2, 1])
    assert [one["id"] for one in manager.get(CAMPAIGNS, params={"campaignGroupId": 2}).json()["data"]] == [3]
    deleted = manager.delete(f"{URL}/2")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert groups_of(manager, 3) == []
    manager.delete(f"{CAMPAIGNS}/2").raise_for_status()
    assert manager.get(f"{URL}/1").json()["campaignIds"] == []
    assert make.revision(server) == before + 2, "groups mean nothing to rules: only the campaigns changed"


@pytest.mark.parametrize(
    ("method", "url", "body", "status", "pointer"),
    [
        ("POST", URL, {}, 400, "/name"),
        ("POST", URL, {"name": ""}, 400, "/name"),
        ("POST", URL, {"name": 5}, 400, "/name"),
        ("POST", URL, {"name": "x", "campaignIds": [9]}, 400, "/campaignIds/0"),
        ("POST", URL, {"name": "x", "campaignIds": "1"}, 400, "/campaignIds"),
        ("POST", URL, {"name": "x", "subscribedApplicationsIds": [9]}, 400, "/subscribedApplicationsIds"),
        ("POST", URL, {"name": "x", "subscribedApplicationsIds": [], "campaignIds": [1]}, 400, "/campaignIds/0"),
        ("PUT", f"{URL}/9", {"name": "x"}, 404, None),
        ("PUT", f"{URL}/1", {"name": "x", "subscribedApplicationsIds": []}, 400, "/campaignIds/0"),
        ("DELETE", f"{URL}/9", None, 404, None),
        ("GET", f"{URL}/9", None, 404, None),
        ("GET", f"{URL}?sort=campaignIds", None, 400, None),
        ("POST", CAMPAIGNS, make.campaign(campaignGroups=[1, 9]), 400, "/campaignGroups/1"),
    ],
)
def test_impossible_groups_are_refused(shared, shared_manager, method, url, body, status, pointer):
    if not shared_manager.get(URL).json()["totalResultSize"]:
        make.new_campaign(shared_manager)
        make.new_campaign_group(shared_manager, campaignIds=[1])
    more = {} if body is None else {"json": body}
    found, refusal = refused_request(shared, shared_manager, method, url, **more)
    assert found == status, refusal
    if pointer:
        assert [one["source"] for one in refusal["errors"]] == [{"pointer": pointer}]


def test_groups_of_other_accounts_are_not_found(server, manager, shop):
    make.new_campaign_group(manager)
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE campaign_groups SET account_id = 2")
    for method in ("GET", "PUT", "DELETE"):
        more = {"json": {"name": "x"}} if method == "PUT" else {}
        assert refused_request(server, manager, method, f"{URL}/1", **more)[0] == 404
    assert manager.get(URL).json() == {"totalResultSize": 0, "data": []}
    assert refused_request(server, manager, "POST", CAMPAIGNS, json=make.campaign(campaignGroups=[1]))[0] == 400
    assert refused_request(server, shop, "GET", URL)[0] == 401
