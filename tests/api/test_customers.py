"""Customers as the back office lists, searches and reports on them, and their friends (management.md §17, §7)."""

from functools import partial

import pytest

import make
import people
from checkout import coupon_rule, define, line, new_key, refused_request, running, update
from conftest import INTEGRATION_KEY

APPLICATION = "/v1/applications/1"
CUSTOMERS = f"{APPLICATION}/customers"
SEARCH = f"{APPLICATION}/customer_search"
REPORTS = f"{APPLICATION}/customer_activity_reports"
ALWAYS = {"rangeStart": "2020-01-01", "rangeEnd": "2099-01-01"}
REFER = make.rule(condition=["and", ["referralValid"]], effects=[["setDiscount", "Five", 5]])
MISSING = {"message": "Customer profile not found", "errors": [], "StatusCode": 404}


def put_profiles(shop, *profiles, headers=None):
    """Store customers, each (integration id, attributes), without a session."""
    body = {"customerProfiles": [{"integrationId": one, "attributes": values} for one, values in profiles]}
    assert shop.put("/v2/customer_profiles", json=body, headers=headers).status_code == 204


@pytest.fixture(scope="module")
def world(shared, shared_manager, shared_shop):
    """Ann (1) and Bob (2) by an update, Cem (4) by sessions in which he uses codes; Dot (5) is one of Application 2 only,
    Eve (6) of an Application for tests. Nobody knows Fay (7), for whom a code was reserved."""
    manager, shop = shared_manager, shared_shop
    for name, kind in (("Name", "string"), ("tags", "(list string)"), ("age", "number")):
        define(manager, "CustomerProfile", name, kind)
    put_profiles(
        shop,
        ("ann", {"Name": "Ann Lee", "tags": ["a", "b"], "age": 40}),
        ("bob", {"Name": "Bob", "tags": ["a"], "age": 40.5}),
    )
    running(manager, coupon_rule(), REFER, name="Spring sale", codes=["SPRING"], features=["coupons", "referrals"])
    code = make.new_referral(shop, 1, "ann")["code"]
    cart = {"profileId": "cem", "cartItems": [line()], "couponCodes": ["NOPE"]}
    update(shop, "s1", cart)
    cart["couponCodes"] = ["SPRING"]
    update(shop, "s1", cart | {"referralCode": code})
    update(shop, "s1", {"profileId": "cem", "state": "closed"})
    update(shop, "s2", {"profileId": "cem", "cartItems": [line(price=7)], "couponCodes": [], "state": "closed"})
    update(shop, "s3", {"profileId": "cem", "cartItems": [line(price=9)], "couponCodes": [], "state": "closed"})
    update(shop, "s3", {"state": "cancelled"})
    for place, (sandbox, profile) in enumerate(((False, "dot"), (True, "eve")), 2):
        manager.post("/v1/applications", json=make.application(sandbox=sandbox)).raise_for_status()
        body = {"title": "k", "expires": "2099-01-01T00:00:00Z"}
        key = manager.post(f"/v1/applications/{place}/api_keys", json=body).json()["key"]
        put_profiles(shop, (profile, {}), headers={"Authorization": f"ApiKey-v1 {key}"})
    make.new_coupons(manager, 1, couponPattern="HELD")
    held = shop.post("/v1/coupon_reservations/HELD", json={"integrationIDs": ["fay"]})
    assert held.status_code == 201, held.text
    return code


@pytest.fixture
def manager(world, shared_manager):
    return shared_manager


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["integrationId"] for one in answer.json()["data"]]


def test_customers_of_an_application(manager):
    answer = manager.get(CUSTOMERS).json()
    assert answer["hasMore"] is False
    assert "totalResultSize" not in answer
    ann, _, cem = answer["data"]
    assert {ann.pop(name) == answer["data"][0].get(name) for name in ("created", "lastActivity")} == {False}
    assert ann == {
        "id": 1,
        "integrationId": "ann",
        "attributes": {"Name": "Ann Lee", "tags": ["a", "b"], "age": 40},
        "accountId": 1,
        "closedSessions": 0,
        "totalSales": 0,
        "audienceMemberships": [],
        "sandbox": False,
    }
    assert (cem["advocateIntegrationId"], cem["closedSessions"], cem["totalSales"]) == ("ann", 2, 107)
    assert manager.get(f"{CUSTOMERS}/4").json() == cem


def test_pages_of_customers(manager):
    first = manager.get(CUSTOMERS, params={"pageSize": 2, "withTotalResultSize": True}).json()
    assert (first["hasMore"], first["totalResultSize"], [one["id"] for one in first["data"]]) == (True, 3, [1, 2])
    second = manager.get(CUSTOMERS, params={"pageSize": 2, "skip": 2}).json()
    assert (second["hasMore"], [one["id"] for one in second["data"]]) == (False, [4])
    assert ids(manager.get(CUSTOMERS, params={"integrationId": "bob"})) == ["bob"]
    assert ids(manager.get(CUSTOMERS, params={"integrationId": "BOB"})) == []
    assert ids(manager.get("/v1/applications/2/customers")) == ["dot"]
    assert ids(manager.get("/v1/applications/3/customers")) == ["eve"]


def test_customers_of_the_account(manager):
    page = manager.get("/v1/customers/no_total", params={"pageSize": 4})
    assert (ids(page), page.json()["hasMore"]) == (["ann", "bob", "cem", "dot"], True)
    assert ids(manager.get("/v1/customers/no_total", params={"sandbox": True})) == ["eve"]
    assert manager.get("/v1/customers/5").json()["integrationId"] == "dot"
    assert manager.get("/v1/customers/6").json()["sandbox"] is True
    assert "advocateIntegrationId" not in manager.get("/v1/customers/4").json()


SEARCHES = [
    ({}, ["ann", "bob", "cem"]),
    ({"attributes": {}}, ["ann", "bob", "cem"]),
    ({"attributes": {"Name": "Bob"}}, ["bob"]),
    ({"attributes": {"Name": "bob"}}, []),
    ({"attributes": {"age": 40}}, ["ann"]),
    ({"attributes": {"age": 40.0}}, ["ann"]),
    ({"attributes": {"tags": ["a"]}}, ["bob"]),
    ({"attributes": {"tags": ["a", "b"]}}, ["ann"]),
    ({"attributes": {"tags": ["b", "a"]}}, []),
    ({"attributes": {"tags": ["a"], "age": 40}}, []),
    ({"attributes": {"tags": ["a"], "age": 40.5}}, ["bob"]),
    ({"attributes": {"unknown": "x"}}, []),
    ({"attributes": {"Name": None}}, ["cem"]),
    ({"attributes": {"Name": None, "age": 40}}, []),
    ({"integrationIDs": ["cem", "ann", "nobody"]}, ["ann", "cem"]),
    ({"integrationIDs": []}, []),
    ({"profileIDs": [2, 4]}, ["bob", "cem"]),
    ({"profileIDs": [1, 2], "integrationIDs": ["bob", "cem"]}, ["bob"]),
    ({"profileIDs": [1], "attributes": {"Name": "Bob"}}, []),
    ({"integrationIDs": ["dot"]}, []),
    ({"somethingElse": 1, "integrationIDs": ["👋"]}, []),
]


@pytest.mark.parametrize(("query", "found"), SEARCHES)
def test_a_search_finds_those_who_have_all_of_it(manager, shared_shop, query, found):
    answer = manager.post(SEARCH, json=query, params={"withTotalResultSize": True})
    assert ids(answer) == found
    assert (answer.json()["totalResultSize"], answer.json()["hasMore"]) == (len(found), False)
    older = shared_shop.post("/v1/application_customer_search", json=query)
    assert older.json() == {"totalResultSize": len(found), "data": answer.json()["data"]}
    account = ids(manager.post("/v1/customer_search/no_total", json=query))
    assert [one for one in account if one not in ("dot", "fay")] == found


def test_pages_of_a_search(manager):
    page = manager.post(SEARCH, json={}, params={"pageSize": 1, "skip": 1})
    assert (ids(page), page.json()["hasMore"]) == (["bob"], True)
    page = manager.post("/v1/customer_search/no_total", json={}, params={"pageSize": 1, "sandbox": "true"})
    assert (ids(page), page.json()) == (["eve"], {"hasMore": False, "data": page.json()["data"]})


def test_what_a_customer_did(manager):
    answer = manager.get(f"{REPORTS}/no_total", params=ALWAYS)
    assert ids(answer) == ["ann", "bob", "cem"]
    report = manager.get(f"{REPORTS}/4", params=ALWAYS).json()
    assert report == answer.json()["data"][2]
    assert {name: value for name, value in report.items() if name not in ("created", "lastActivity")} == {
        "integrationId": "cem",
        "name": "",
        "customerId": 4,
        "couponRedemptions": 1,
        "couponUseAttempts": 2,
        "couponFailedAttempts": 1,
        "accruedDiscounts": 15,
        "accruedRevenue": 107,
        "totalOrders": 2,
        "totalOrdersNoCoupon": 1,
        "campaignName": "Spring sale",
    }
    nothing = manager.get(f"{REPORTS}/4", params={"rangeStart": "2020-01-01", "rangeEnd": "2020-01-02"}).json()
    assert (nothing["totalOrders"], nothing["accruedRevenue"], nothing["campaignName"]) == (0, 0, "")
    assert (nothing["couponUseAttempts"], nothing["couponRedemptions"]) == (0, 0)
    older = manager.get(REPORTS, params=ALWAYS).json()
    assert older == {"totalResultSize": 3, "data": answer.json()["data"]}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "LEE"}, ["ann"]),
        ({"name": "%"}, []),
        ({"integrationId": "bob"}, ["bob"]),
        ({"campaignName": "spring"}, ["cem"]),
        ({"campaignName": "winter"}, []),
        ({"campaignName": "spring", "rangeEnd": "2020-02-01"}, []),
        ({"advocateName": "ann l"}, ["cem"]),
        ({"sort": "-integrationId"}, ["cem", "bob", "ann"]),
        ({"sort": "name", "pageSize": 2}, ["cem", "ann"]),
        ({"skip": 1, "pageSize": 1}, ["bob"]),
    ],
)
def test_reports_are_filtered_and_sorted(manager, wanted, found):
    assert ids(manager.get(f"{REPORTS}/no_total", params=ALWAYS | wanted)) == found


def test_friends(manager, world):
    url = f"{APPLICATION}/profile/ann/friends"
    answer = manager.get(url, params={"withTotalResultSize": True}).json()
    created = answer["data"][0].pop("created")
    assert created.startswith("20")
    friend = {
        "applicationId": 1,
        "sessionId": "s1",
        "advocateIntegrationId": "ann",
        "friendIntegrationId": "cem",
        "code": world,
    }
    assert answer == {"hasMore": False, "totalResultSize": 1, "data": [friend]}
    for sort in ("created", "-sessionId", "friendIntegrationId", "code"):
        assert len(manager.get(url, params={"sort": sort}).json()["data"]) == 1
    assert manager.get(f"{APPLICATION}/profile/bob/friends").json() == {"hasMore": False, "data": []}
    assert manager.get("/v1/applications/2/profile/ann/friends").json() == {"hasMore": False, "data": []}
    assert manager.get("/v1/applications/3/profile/ann/friends").json() == MISSING


def test_odd_ids_of_advocates(manager, shared_shop):
    update(shared_shop, "s9", {"profileId": "a/b c%👋"})
    assert manager.get(f"{APPLICATION}/profile/a%2Fb%20c%25%F0%9F%91%8B/friends").json()["data"] == []
    assert manager.get(f"{APPLICATION}/profile/a%2Fb/friends").json() == MISSING


REFUSED = [
    ("GET", f"{CUSTOMERS}/5", {}, 404),  # of another Application
    ("GET", f"{CUSTOMERS}/6", {}, 404),
    ("GET", f"{CUSTOMERS}/7", {}, 404),  # not active here
    ("GET", f"{CUSTOMERS}/99", {}, 404),
    ("GET", f"{CUSTOMERS}/99999999999999999999", {}, 400),
    ("GET", CUSTOMERS, {"params": {"pageSize": 1001}}, 400),
    ("GET", CUSTOMERS, {"params": {"skip": -1}}, 400),
    ("GET", CUSTOMERS, {"params": {"integrationId": "\0"}}, 400),
    ("GET", "/v1/applications/99/customers", {}, 404),
    ("GET", "/v1/customers/99", {}, 404),
    ("GET", "/v1/customers/no_total", {"params": {"sandbox": "perhaps"}}, 400),
    ("POST", SEARCH, {"content": b"{"}, 400),
    ("POST", SEARCH, {"json": []}, 400),
    ("POST", SEARCH, {"json": {"attributes": []}}, 400),
    ("POST", SEARCH, {"json": {"attributes": {"Name": "\0"}}}, 400),
    ("POST", SEARCH, {"json": {"integrationIDs": [1]}}, 400),
    ("POST", SEARCH, {"json": {"integrationIDs": ["\0"]}}, 400),
    ("POST", SEARCH, {"json": {"profileIDs": ["1"]}}, 400),
    ("POST", SEARCH, {"json": {"profileIDs": [2**70]}}, 400),
    ("POST", "/v1/applications/99/customer_search", {"json": {}}, 404),
    ("POST", "/v1/customer_search/no_total", {"json": {"profileIDs": 1}}, 400),
    ("GET", f"{REPORTS}/no_total", {"params": {"rangeStart": "2020-01-01"}}, 400),
    ("GET", f"{REPORTS}/no_total", {"params": {"rangeStart": "x", "rangeEnd": "2020-01-01"}}, 400),
    ("GET", f"{REPORTS}/no_total", {"params": {"rangeStart": "2020-01-02", "rangeEnd": "2020-01-01"}}, 400),
    ("GET", f"{REPORTS}/no_total", {"params": ALWAYS | {"sort": "totalOrders"}}, 400),
    ("GET", "/v1/applications/99/customer_activity_reports/no_total", {"params": ALWAYS}, 404),
    ("GET", f"{REPORTS}/5", {"params": ALWAYS}, 404),
    ("GET", f"{REPORTS}/4", {}, 400),
    ("GET", REPORTS, {}, 400),
    ("GET", f"{APPLICATION}/profile/nobody/friends", {}, 404),
    ("GET", f"{APPLICATION}/profile/ann/friends", {"params": {"sort": "id"}}, 400),
    ("GET", "/v1/applications/99/profile/ann/friends", {}, 404),
]


@pytest.mark.parametrize(("method", "url", "request_", "status"), REFUSED)
def test_bad_requests(shared, manager, method, url, request_, status):
    assert refused_request(shared, manager, method, url, **request_)[0] == status


def test_a_key_of_some_applications_sees_their_customers(manager):
    limited = people.new_key(manager, allowedApplicationIds=[2, 3])
    assert ids(manager.get("/v1/customers/no_total", headers=limited)) == ["dot"]
    assert ids(manager.get("/v1/customers/no_total", headers=limited, params={"sandbox": True})) == ["eve"]
    assert ids(manager.post("/v1/customer_search/no_total", json={"profileIDs": [1, 5]}, headers=limited)) == ["dot"]
    assert manager.get("/v1/customers/1", headers=limited).json() == MISSING
    assert manager.get("/v1/customers/5", headers=limited).json()["integrationId"] == "dot"


def test_other_keys_and_other_accounts(shared, manager, shared_shop):
    wrong = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
    refused = partial(refused_request, shared, manager)
    urls = [CUSTOMERS, f"{CUSTOMERS}/1", "/v1/customers/no_total", "/v1/customers/1", f"{REPORTS}/1"]
    for url in (*urls, f"{APPLICATION}/profile/ann/friends"):
        assert refused("GET", url, headers=wrong)[0] == 401
        assert refused("GET", url, headers={"Authorization": ""})[0] == 401
    search = "/v1/application_customer_search"
    assert refused("POST", search, json={})[0] == 401
    _, staging = new_key(manager, type="staging")
    assert refused_request(shared, shared_shop, "POST", search, json={}, headers=staging)[0] == 401
    shared.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    shared.sql("UPDATE profiles SET account_id = 2")
    try:
        assert ids(manager.get(CUSTOMERS)) == []
        assert ids(manager.get("/v1/customers/no_total")) == []
        assert manager.get("/v1/customers/1").json() == MISSING
        assert manager.get(f"{CUSTOMERS}/1").json() == MISSING
    finally:
        shared.sql("UPDATE profiles SET account_id = 1")
