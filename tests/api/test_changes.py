"""Change history: one row for each write through the Management API, in its transaction, without secrets."""

import json
from datetime import datetime, timedelta

import httpx
import pytest

import checkout
import make
from conftest import EMAIL, MANAGEMENT_KEY, PASSWORD

CHANGES = "/v1/changes"


def changes(manager, **params):
    answer = manager.get(CHANGES, params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_thing_is_made_changed_and_deleted(server, manager):
    made = make.new_store(manager)
    url = f"/v1/applications/1/stores/{made['id']}"
    changed = manager.put(url, json=make.store(name="Hamburg")).json()
    assert manager.delete(url).status_code == 204
    deleted, updated, created = changes(manager)
    assert created == {
        "id": 1,
        "created": created["created"],
        "userId": 1,
        "applicationId": 1,
        "managementKeyId": 1,
        "entity": url,
        "new": made,
    }
    assert (updated["entity"], updated["old"], updated["new"]) == (url, made, changed)
    assert (deleted["entity"], deleted["old"], "new" in deleted) == (url, changed, False)
    assert [one["id"] for one in (deleted, updated, created)] == [3, 2, 1]
    assert all("old" not in one for one in changes(manager, includeOld="false"))


def test_what_is_answered_without_a_body_is_known_by_its_request(manager):
    campaign = make.new_campaign(manager)
    body = make.coupons(numberOfCoupons=3, couponPattern="A-####")
    url = f"{make.CAMPAIGNS}/{campaign['id']}/coupons"
    assert manager.post(url, json=body, params={"silent": "yes"}).status_code == 204
    latest = changes(manager)[0]
    assert (latest["entity"], latest["new"]) == (url, body)
    assert manager.delete(url, params={"valid": "expired"}).status_code == 204
    latest = changes(manager)[0]
    assert latest["entity"] == f"{url}?valid=expired"
    assert not {"old", "new"} & set(latest)


def test_an_upload_is_named_by_its_import(manager):
    campaign = make.new_campaign(manager)
    make.new_store(manager)
    url = f"{make.CAMPAIGNS}/{campaign['id']}/stores/import"
    answer = manager.post(url, files={"upFile": ("s.csv", b"store_integration_id\nB-1\n")})
    assert answer.status_code == 200, answer.text
    latest = changes(manager)[0]
    assert (latest["entity"], latest["new"]) == (url, answer.json())
    listed = manager.get("/v1/imports").json()
    assert listed == {"totalResultSize": 1, "data": [answer.json()]}
    assert manager.get("/v1/imports", params={"sort": "user"}).status_code == 400


def test_reads_refusals_and_dry_things_leave_nothing(server, manager):
    assert manager.get("/v1/applications").status_code == 200
    make.new_campaign(manager)
    before = changes(manager)
    search = {"attributes": {}}
    assert manager.post("/v1/applications/1/campaigns_search", json=search).status_code == 200
    for method, url, body in (
        ("POST", "/v1/applications/1/stores", {"name": ""}),
        ("PUT", "/v1/applications/1/stores/99", make.store()),
        ("PUT", "/v1/applications/1/stores/99999999999999999999", make.store()),
        ("DELETE", "/v1/applications/1/stores/99", None),
        ("PUT", "/v1/applications/99999999999999999999", make.application()),
        ("POST", "/v1/applications/1/stores", "{broken"),
    ):
        sent = {"content": body} if isinstance(body, str) else {"json": body}
        status, _ = checkout.refused_request(server, manager, method, url, **sent)
        assert status in (400, 404), (method, url)
    assert changes(manager) == before
    with httpx.Client(base_url=server.url) as nobody:
        checkout.refused_request(server, nobody, "POST", "/v1/applications/1/stores", json=make.store())
    assert changes(manager) == before


def test_what_conflicts_is_not_noted(server, manager):
    make.new_store(manager)
    before = changes(manager)
    status, _ = checkout.refused_request(server, manager, "POST", "/v1/applications/1/stores", json=make.store())
    assert status == 409
    assert changes(manager) == before


def test_secrets_are_left_out(server, manager):
    key = {"title": "Till", "expires": "2099-01-01T00:00:00Z"}
    made = manager.post("/v1/applications/1/api_keys", json=key).json()
    noted = changes(manager)[0]
    assert noted["new"] == made | {"key": "***"}
    kept = json.dumps([dict(row) for row in server.sql("SELECT * FROM changes")], default=str)
    assert made["key"] not in kept
    assert MANAGEMENT_KEY not in kept


def test_a_long_body_is_cut(manager):
    description = "ä" * 40_000
    make.new_campaign(manager, description=description)
    new = changes(manager)[0]["new"]
    assert set(new) == {"cut"}
    assert len(new["cut"]) == 32 * 1024
    assert new["cut"].startswith('{"id":1')


def test_a_new_application_is_found_by_its_id(manager):
    made = manager.post("/v1/applications", json=make.application()).json()
    (noted,) = changes(manager, applicationId=made["id"])
    assert (noted["entity"], noted["applicationId"]) == (f"/v1/applications/{made['id']}", made["id"])


def test_filters_and_paging(server, manager):
    login = httpx.post(f"{server.url}/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json()
    user = {"Authorization": f"Bearer {login['token']}"}
    first = manager.post("/v1/attributes", json=make.attribute()).json()
    server.clock.travel(hours=1)
    httpx.post(f"{server.url}/v1/applications/1/stores", json=make.store(), headers=user)
    server.clock.travel(hours=1)
    make.new_campaign(manager)
    campaign, store, attribute = changes(manager)
    assert "managementKeyId" not in store
    one_hour = datetime.fromisoformat(store["created"])
    cases = [
        ({"applicationId": 1}, [campaign, store]),
        ({"applicationId": 2}, []),
        ({"entityPath": "STORES"}, [store]),
        ({"entityPath": "st%"}, []),
        ({"entityPath": f"attributes/{first['id']}"}, [attribute]),
        ({"userId": 1}, [campaign, store, attribute]),
        ({"userId": 2}, []),
        ({"managementKeyId": 1}, [campaign, attribute]),
        ({"createdBefore": one_hour.isoformat()}, [store, attribute]),
        ({"createdAfter": (one_hour + timedelta(seconds=1)).isoformat()}, [campaign]),
        ({"sort": "created"}, [attribute, store, campaign]),
        ({"sort": "-id", "pageSize": 1, "skip": 1}, [store]),
    ]
    for params, wanted in cases:
        assert changes(manager, **params) == wanted, params
    page = manager.get(CHANGES, params={"pageSize": 2}).json()
    assert (page["hasMore"], len(page["data"]), "totalResultSize" in page) == (True, 2, False)
    counted = manager.get(CHANGES, params={"pageSize": 1, "withTotalResultSize": "true", "applicationId": 1}).json()
    assert (counted["hasMore"], counted["totalResultSize"]) == (True, 2)


@pytest.mark.parametrize(
    "params",
    [
        {"sort": "entity"},
        {"pageSize": 0},
        {"pageSize": 1001},
        {"skip": -1},
        {"applicationId": "one"},
        {"applicationId": "9" * 30},
        {"createdBefore": "yesterday"},
        {"includeOld": "perhaps"},
        {"entityPath": "\0"},
    ],
)
def test_bad_questions(shared_manager, params):
    assert shared_manager.get(CHANGES, params=params).status_code == 400


def test_others_see_nothing_of_it(server, manager, shop):
    make.new_store(manager)
    assert shop.get(CHANGES).status_code == 401
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE changes SET account_id = 2")
    assert changes(manager) == []


def test_a_ruleset_and_the_change_of_an_application(manager):
    before = manager.get("/v1/applications/1").json()
    after = manager.put("/v1/applications/1", json=make.application(name="New name")).json()
    (noted,) = changes(manager)
    assert (noted["old"], noted["new"]) == (before, after)
    campaign = make.new_campaign(manager)
    made = checkout.rules_of(manager, campaign, make.rule())
    latest = changes(manager)[0]
    assert latest["entity"] == f"{make.CAMPAIGNS}/{campaign['id']}/rulesets/{made['id']}"
    assert latest["new"] == made
