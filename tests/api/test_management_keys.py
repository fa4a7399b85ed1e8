"""Management keys: made, listed, deleted; limited to paths and Applications; and when they were used (management.md §1)."""

import re

import httpx
import pytest

import make
import people
from checkout import invalid, refusal, refused_request
from conftest import MANAGEMENT_KEY

ALL = "/v1/management_keys"
NO_ENDPOINT = refusal("This key has no access to this endpoint", status=403)
NO_APPLICATION = refusal("This key has no access to this Application", status=403)
SOME_APPLICATIONS = refusal("This key has access to certain Applications only", status=403)


@pytest.fixture(scope="module", autouse=True)
def _two_applications(shared_manager):
    shared_manager.post("/v1/applications", json=make.application()).raise_for_status()


def body(**changes):
    return {"name": "Key", "expiryDate": "2099-01-01", "endpoints": []} | changes


def test_the_key_is_shown_once(shared, shared_manager):
    made = shared_manager.post(ALL, json=body(endpoints=[{"path": "/coupons"}], allowedApplicationIds=[2, 1, 2]))
    assert made.status_code == 201
    key = made.json()
    assert re.fullmatch("[0-9a-f]{64}", key.pop("key"))
    assert {name: key[name] for name in key if name not in ("id", "created")} == {
        "name": "Key", "expiryDate": "2099-01-01T00:00:00Z", "endpoints": [{"path": "/coupons"}],
        "allowedApplicationIds": [1, 2], "createdBy": 1, "accountID": 1, "disabled": False,
    }  # fmt: skip
    listed = shared_manager.get(ALL, params={"sort": "-id"}).json()
    assert listed["data"][0] == key
    assert listed["totalResultSize"] == len(listed["data"]) == key["id"]
    assert made.json()["key"] not in str([dict(row) for row in shared.sql("SELECT * FROM management_keys")])


def test_a_deleted_key_and_an_expired_one_work_no_more(shared, shared_manager):
    for end in ("delete", "expire"):
        made = shared_manager.post(ALL, json=body(expiryDate="2030-01-01")).json()
        headers = {"Authorization": f"ManagementKey-v1 {made['key']}"}
        assert httpx.get(f"{shared.url}/v1/applications", headers=headers).status_code == 200
        if end == "delete":
            gone = shared_manager.delete(f"{ALL}/{made['id']}")
            assert (gone.status_code, gone.content) == (204, b"")
            assert shared_manager.delete(f"{ALL}/{made['id']}").json() == refusal(
                "Management key not found", status=404
            )
        else:
            shared.sql("UPDATE management_keys SET expires = now() WHERE id = $1", made["id"])
        assert httpx.get(f"{shared.url}/v1/applications", headers=headers).status_code == 401


def test_keys_of_another_account_are_not_there(shared, shared_manager):
    account = shared.sql("INSERT INTO accounts (name, created) VALUES ('Other', now()) RETURNING id")[0]["id"]
    with people.as_user(shared, people.log_in(shared, people.new_user(shared, admin=True, account=account))) as other:
        assert other.get(ALL).json() == {"totalResultSize": 0, "data": []}
        assert refused_request(shared, other, "DELETE", f"{ALL}/1")[0] == 404
        unknown = invalid(("/allowedApplicationIds", "Unknown", "The account has no Application of one of these ids"))
        assert refused_request(shared, other, "POST", ALL, json=body(allowedApplicationIds=[1])) == (400, unknown)


@pytest.mark.parametrize(
    ("pattern", "url", "allowed"),
    [
        ("/coupons", "/v1/applications/1/campaigns/9/coupons/no_total", True),
        ("/coupons", "/v1/applications/1/campaigns", False),
        ("/v1/applications/{applicationId}/campaigns", "/v1/applications/1/campaigns", True),
        ("/v1/applications/{id}/campaigns/{x}/coupons", "/v1/applications/1/campaigns/9/coupons", True),
        ("/v1/applications/{applicationId}/campaigns", "/v1/applications", False),
        (
            "/applications/1/",
            "/v1/applications/1/campaigns",
            False,
        ),  # a pattern is about paths, not about what is in them
        ("/v1/attributes", "/v1/attributes", True),
        ("{", "/v1/attributes", False),
    ],
)
def test_endpoints(shared, shared_manager, pattern, url, allowed):
    headers = people.new_key(shared_manager, "/nowhere", pattern)
    answer = httpx.get(shared.url + url, headers=headers)
    assert answer.status_code in ({200, 404} if allowed else {403})
    assert allowed or answer.json() == NO_ENDPOINT


@pytest.fixture(scope="module")
def only_second(shared, shared_manager):
    """A client with a key of Application 2."""
    with people.as_user(shared, people.new_key(shared_manager, allowedApplicationIds=[2])) as client:
        yield client


def test_a_key_of_an_application(shared, only_second):
    assert [one["id"] for one in only_second.get("/v1/applications").json()["data"]] == [2]
    assert only_second.get("/v1/applications/2").status_code == 200
    assert only_second.get("/v1/attributes").status_code == 200
    for request in (
        ("GET", "/v1/applications/1"),
        ("PUT", "/v1/applications/1"),
        ("GET", "/v1/applications/1/campaigns"),
        ("GET", "/v1/applications/9/campaigns"),
    ):
        assert refused_request(shared, only_second, *request, json={}) == (403, NO_APPLICATION)


def test_a_key_of_an_application_names_no_other_in_a_body(shared, only_second):
    new = make.attribute("Campaign", "reach", subscribedApplicationsIds=[1, 2])
    assert refused_request(shared, only_second, "POST", "/v1/attributes", json=new) == (403, NO_APPLICATION)
    new["subscribedApplicationsIds"] = [2]
    assert only_second.post("/v1/attributes", json=new).status_code == 201
    collection = {"name": "Shoes", "subscribedApplicationsIds": [1]}
    assert refused_request(shared, only_second, "POST", "/v1/collections", json=collection) == (403, NO_APPLICATION)
    broken = refused_request(shared, only_second, "POST", "/v1/attributes", content=b'{"subscribedApplicationsIds": [')
    assert broken[0] == 400


def test_a_key_of_an_application_reads_its_logs(shared, shared_manager, only_second):
    shared_manager.put("/v1/accounts/1", json={"companyName": "Shop", "billingEmail": "a@b.c"}).raise_for_status()
    for url in ("/v1/changes", "/v1/message_logs?entityType=CampaignManager", "/v1/imports", "/v1/access_logs"):
        assert only_second.get(url).json() == SOME_APPLICATIONS
    assert only_second.get("/v1/changes", params={"applicationId": 1}).json() == NO_APPLICATION
    changes = only_second.get("/v1/changes", params={"applicationId": 2}).json()["data"]
    assert {one["applicationId"] for one in changes} == {2}
    assert len(shared_manager.get("/v1/changes").json()["data"]) > 0
    assert only_second.get("/v1/exports").json()["data"] == []


@pytest.mark.parametrize(
    ("method", "url", "json"),
    [
        ("GET", "/v1/users", None),
        ("GET", ALL, None),
        ("GET", "/v2/roles", None),
        ("GET", "/v1/accounts/1", None),
        ("PUT", "/v1/users/1", {"name": "Kim"}),
        ("POST", "/v2/invites", {"email": "kim@example.com", "isAdmin": True}),
        ("POST", "/v1/applications", make.application()),
    ],
)
def test_a_key_of_an_application_has_nothing_to_do_with_what_is_above_it(shared, only_second, method, url, json):
    assert refused_request(shared, only_second, method, url, json=json) == (403, SOME_APPLICATIONS)


def test_a_limited_key_makes_no_keys(shared, shared_manager):
    for limits in ({"endpoints": [{"path": "/management_keys"}]}, {"allowedApplicationIds": [1]}):
        with people.as_user(shared, people.new_key(shared_manager, **limits)) as limited:
            refused = refused_request(shared, limited, "POST", ALL, json=body())
            assert refused == (403, refusal("A limited key makes and deletes no keys", status=403))
            assert refused_request(shared, limited, "DELETE", f"{ALL}/1")[0] == 403


def test_a_key_may_do_what_its_creator_may(shared, shared_manager):
    creator = people.new_user(shared, admin=True)
    with people.as_user(shared, people.log_in(shared, creator)) as mine:
        key = people.new_key(mine)
    with people.as_user(shared, key) as client:
        assert client.get("/v1/attributes").status_code == 200
        shared.sql("UPDATE users SET is_admin = false WHERE id = $1", creator)
        assert client.get("/v1/attributes").status_code == 403
        people.new_role(shared_manager, ("all", "getAttributeOperations"), members=[creator], account="all")
        assert client.get("/v1/attributes").status_code == 200
        assert client.get("/v1/collections").status_code == 403


def test_when_a_key_was_used_is_kept_to_the_minute(server, manager):
    def last_used():
        return manager.get(ALL).json()["data"][0]["lastUsed"]

    first = last_used()
    server.clock.travel(seconds=40)
    assert last_used() == first
    server.clock.travel(seconds=30)
    second = last_used()
    assert second > first
    assert server.sql("SELECT count(*) FROM management_key_uses")[0]["count"] == 1


BAD = [
    ({}, "/name", "required"),
    (body(name=""), "/name", "minLength"),
    (body(name=7), "/name", "Invalid type"),
    (body(endpoints=["/coupons"]), "/endpoints/0", "Invalid type"),
    (body(endpoints=[{}]), "/endpoints/0/path", "required"),
    (body(endpoints=[{"path": ""}]), "/endpoints/0/path", "minLength"),
    (body(endpoints=None), "/endpoints", "required"),
    (body(expiryDate="soon"), "/expiryDate", "Invalid type"),
    (body(allowedApplicationIds=["1"]), "/allowedApplicationIds/0", "Invalid type"),
    (body(allowedApplicationIds=[999]), "/allowedApplicationIds", "Unknown"),
]


@pytest.mark.parametrize(("json", "pointer", "title"), BAD)
def test_bad_keys(shared, shared_manager, json, pointer, title):
    status, answer = refused_request(shared, shared_manager, "POST", ALL, json=json)
    error = answer["errors"][0]
    assert (status, error["source"], error["title"]) == (400, {"pointer": pointer}, title)


def test_odd_keys(shared, shared_manager):
    assert refused_request(shared, shared_manager, "POST", ALL, json=body(name="\0"))[0] == 400
    assert refused_request(shared, shared_manager, "POST", ALL, json=body(allowedApplicationIds=[2**63]))[0] == 400
    assert shared_manager.post(ALL, json=body(name="Schlüssel 🔑", unknown=1)).json()["name"] == "Schlüssel 🔑"
    assert shared_manager.get(ALL, params={"sort": "key_hash"}).status_code == 400
    for sort in ("created", "name", "expiryDate", "lastUsed"):
        assert shared_manager.get(ALL, params={"sort": sort}).status_code == 200


def test_an_expired_key_is_made_but_opens_nothing(shared, shared_manager):
    headers = people.new_key(shared_manager, expiryDate="2020-01-01")
    assert httpx.get(f"{shared.url}/v1/applications", headers=headers).status_code == 401
    assert MANAGEMENT_KEY
