"""The account: read and changed (management.md §18)."""

import pytest

import make
import people
from checkout import refusal, refused_request

URL = "/v1/accounts/1"
CHANGE = {"companyName": "Café Größe", "billingEmail": "bills@example.com"}


def test_the_account(server, manager):
    first = manager.get(URL)
    assert first.status_code == 200
    assert first.json() == {
        "id": 1, "created": first.json()["created"], "modified": first.json()["created"], "companyName": "My shop",
        "domainName": "", "state": "active", "billingEmail": "", "applicationCount": 1, "userCount": 1,
        "campaignsActiveCount": 0, "campaignsInactiveCount": 0, "attributes": {},
    }  # fmt: skip
    make.new_campaign(manager)
    make.new_campaign(manager, state="disabled")
    make.new_campaign(manager, endTime="2020-01-01")
    make.new_campaign(manager, startTime="2099-01-01")
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    people.new_user(server)
    manager.post("/v2/invites", json={"email": "kim@example.com"}).raise_for_status()
    found = manager.get(URL).json()
    counts = ("applicationCount", "userCount", "campaignsActiveCount", "campaignsInactiveCount")
    assert [found[name] for name in counts] == [2, 3, 1, 3]
    assert manager.delete("/v1/users/2").status_code == 204
    assert manager.get(URL).json()["userCount"] == 2


def test_changing_it(shared, shared_manager):
    more = {"attributes": {"vat": "DE1", "n": 1.5}, "planExpires": "2030-01-01", "state": "active"}
    changed = shared_manager.put(URL, json=CHANGE | more)
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in (*CHANGE, *more)} == CHANGE | more | {
        "planExpires": "2030-01-01T00:00:00Z"
    }
    assert changed.json()["modified"] > changed.json()["created"]
    assert shared_manager.put(URL, json=CHANGE).json()["attributes"] == more["attributes"]
    assert shared_manager.get(URL).json()["companyName"] == "Café Größe"


def test_it_cannot_be_deactivated(shared, shared_manager):
    status, body = refused_request(shared, shared_manager, "PUT", URL, json=CHANGE | {"state": "deactivated"})
    assert (status, body["errors"][0]["source"]) == (400, {"pointer": "/state"})


def test_other_accounts_are_not_there(shared, shared_manager):
    shared.sql("INSERT INTO accounts (id, name, created) OVERRIDING SYSTEM VALUE VALUES (7, 'Other', now())")
    for method in ("GET", "PUT"):
        for account in (7, 8, 2**62):
            refused = refused_request(shared, shared_manager, method, f"/v1/accounts/{account}", json=CHANGE)
            assert refused == (404, refusal("Account not found", status=404))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/companyName"),
        (CHANGE | {"companyName": ""}, "/companyName"),
        (CHANGE | {"billingEmail": "nobody"}, "/billingEmail"),
        (CHANGE | {"state": "sleeping"}, "/state"),
        (CHANGE | {"attributes": []}, "/attributes"),
        (CHANGE | {"planExpires": 7}, "/planExpires"),
    ],
)
def test_bad_changes(shared, shared_manager, body, pointer):
    status, answer = refused_request(shared, shared_manager, "PUT", URL, json=body)
    assert (status, answer["errors"][0]["source"]) == (400, {"pointer": pointer})
    assert refused_request(shared, shared_manager, "PUT", URL, json=CHANGE | {"companyName": "\0"})[0] == 400
