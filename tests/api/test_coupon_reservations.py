"""POST and DELETE /v1/coupon_reservations/{code}, and who has reserved a coupon (core.md §6.6)."""

from functools import partial
from urllib.parse import quote

import pytest

import make
from checkout import new_key, refusal, refused_request, update
from conftest import MANAGEMENT_KEY

URL = "/v1/coupon_reservations/"
CUSTOMERS = f"{URL}customerprofiles/"
UNKNOWN = refusal("Coupon not found", status=404)


@pytest.fixture(autouse=True)
def campaign(manager):
    return make.new_campaign(manager)


@pytest.fixture
def refused(server, shop):
    """Send a request that must change nothing; its status and body."""
    return partial(refused_request, server, shop)


def coupon(manager, code="TEN", **changes):
    return make.new_coupons(manager, 1, couponPattern=code, **changes)[0]


def ids(*customers):
    return {"integrationIDs": list(customers)}


def reserve(shop, code, *customers):
    answer = shop.post(URL + quote(code, safe=""), json=ids(*customers))
    assert answer.status_code == 201, answer.text
    return answer.json()


def release(shop, code, *customers):
    answer = shop.request("DELETE", URL + quote(code, safe=""), json=ids(*customers))
    assert (answer.status_code, answer.content) == (204, b"")


def reserved(shop, code="TEN"):
    answer = shop.get(CUSTOMERS + quote(code, safe=""))
    assert answer.status_code == 200, answer.text
    assert answer.json()["totalResultSize"] == len(answer.json()["data"])
    return [one["integrationId"] for one in answer.json()["data"]]


def counted(server):
    """The counter of the only coupon, which is the number of its reservations."""
    [row] = server.sql("SELECT reservation_counter, (SELECT count(*) FROM coupon_reservations) AS n FROM coupons")
    assert row["reservation_counter"] == row["n"]
    return row["n"]


def test_a_reservation_is_shown_and_taken_back(shop, manager, server):
    made = coupon(manager)
    assert reserved(shop) == []
    assert reserve(shop, "TEN", "kim", "lee") == made | {"reservationCounter": 2}
    assert reserved(shop) == ["kim", "lee"]
    release(shop, "TEN", "kim")
    assert (reserved(shop), counted(server)) == (["lee"], 1)
    assert manager.get(f"{make.CAMPAIGNS}/1/coupons/1").json() == made | {"reservationCounter": 1}


def test_doing_it_again_changes_nothing(shop, manager, server):
    coupon(manager)
    for customers, most in ((["kim"], 1), (["kim", "kim"], 1), (["lee", "kim"], 2), ([], 2)):
        assert reserve(shop, "TEN", *customers)["reservationCounter"] == most
    assert counted(server) == 2
    for customers, most in ((["kim"], 1), (["kim", "kim"], 1), (["nobody"], 1), ([], 1), (["lee", "kim"], 0)):
        release(shop, "TEN", *customers)
        assert counted(server) == most
    assert [row["integration_id"] for row in server.sql("SELECT integration_id FROM profiles")] == ["kim", "lee"]


def test_the_customers_are_shown_whole(shop, manager):
    coupon(manager)
    reserve(shop, "TEN", "kim")
    [profile] = shop.get(CUSTOMERS + "TEN").json()["data"]
    assert profile.pop("created") == profile.pop("lastActivity")
    assert profile == {
        "id": 1,
        "integrationId": "kim",
        "attributes": {},
        "accountId": 1,
        "closedSessions": 0,
        "totalSales": 0,
        "audienceMemberships": [],
        "sandbox": False,
    }


def test_a_known_customer_is_not_touched(shop, manager, server):
    coupon(manager)
    update(shop, "s1", {"profileId": "kim"})
    before = server.sql("SELECT last_activity, created, closed_sessions, attributes FROM profiles")
    reserve(shop, "TEN", "kim")
    release(shop, "TEN", "kim")
    assert server.sql("SELECT last_activity, created, closed_sessions, attributes FROM profiles") == before


def test_what_rules_see_of_a_customer_has_a_new_version(shop, manager, server):
    coupon(manager)
    seen = []
    for change in (lambda: reserve(shop, "TEN", "kim"), lambda: release(shop, "TEN", "kim")):
        change()
        seen.append(server.sql("SELECT version FROM profiles")[0]["version"])
    assert seen == [1, 2]


def test_the_limit_of_reservations_is_for_rules(shop, manager):
    coupon(manager, reservationLimit=1, isReservationMandatory=True)
    assert reserve(shop, "TEN", "kim", "lee")["reservationCounter"] == 2
    assert reserved(shop) == ["kim", "lee"]


def test_a_personal_coupon(manager, refused):
    coupon(manager, recipientIntegrationId="kim")
    for customer in ("kim", "lee"):
        answer = refused("POST", URL + "TEN", json=ids(customer))
        assert answer == (400, refusal("A personal coupon cannot be reserved"))


@pytest.mark.parametrize("code", ["nope", "ten", "TEN ", " TEN", "%", "TEN/", "/", "²", "\N{BELL}", "x" * 2000])
def test_an_unknown_code(manager, refused, code):
    coupon(manager)
    path = quote(code, safe="")
    assert refused("POST", URL + path, json=ids("new")) == (404, UNKNOWN)
    assert refused("DELETE", URL + path, json=ids("new")) == (404, UNKNOWN)
    assert refused("GET", CUSTOMERS + path) == (404, UNKNOWN)


@pytest.mark.parametrize(
    "code",
    ["SUMMER25%OFF", "A/B", "/A//B/", "%2F", "A%2FB", "a b+c", "Größe €", "🙂🙂🙂", "A/../B", "?x=1&y", "A%00/B"],
)
def test_codes_that_have_to_be_encoded(shop, manager, server, code):
    coupon(manager, code, usageLimit=1)
    assert reserve(shop, code, "kim")["value"] == code
    assert reserved(shop, code) == ["kim"]
    release(shop, code, "kim")
    assert counted(server) == 0


def test_a_slash_that_is_no_part_of_the_code(shop, manager, refused):
    coupon(manager, "A/B")
    assert refused("POST", URL + "A/B", json=ids("kim"))[0] == 404
    assert refused("POST", URL + "A%2FB%2FC", json=ids("kim")) == (404, UNKNOWN)
    # A text with a NUL is nobody's code, with a slash beside it or without.
    assert refused("POST", URL + "A%00B", json=ids("kim"))[0] == 400
    assert refused("POST", URL + "A%00B%2F", json=ids("kim"))[0] == 400


@pytest.mark.parametrize(
    ("case_sensitivity", "sent"), [("insensitive-uppercase", "tEn"), ("insensitive-lowercase", "TeN")]
)
def test_codes_are_folded_as_the_application_compares_them(shop, manager, case_sensitivity, sent):
    application = manager.get("/v1/applications/1").json()
    manager.put("/v1/applications/1", json=application | {"caseSensitivity": case_sensitivity})
    made = coupon(manager, "Ten")
    assert reserve(shop, sent, "kim")["value"] == made["value"]
    assert reserved(shop, sent) == ["kim"]
    release(shop, sent, "kim")
    assert reserved(shop, sent) == []


def test_a_coupon_of_another_application(manager, refused):
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    campaign = manager.post(f"/v1/applications/{other}/campaigns", json=make.campaign()).json()["id"]
    url = f"/v1/applications/{other}/campaigns/{campaign}/coupons"
    assert manager.post(url, json=make.coupons(couponPattern="THEIRS")).status_code == 204
    assert refused("POST", URL + "THEIRS", json=ids("kim")) == (404, UNKNOWN)
    assert refused("DELETE", URL + "THEIRS", json=ids("kim")) == (404, UNKNOWN)
    assert refused("GET", CUSTOMERS + "THEIRS") == (404, UNKNOWN)


def test_the_environments_have_customers_of_their_own(shop, manager, server):
    """A sandbox customer of the same id is somebody else."""
    coupon(manager)
    reserve(shop, "TEN", "kim")
    server.sql("UPDATE applications SET sandbox = true")
    release(shop, "TEN", "kim")
    assert counted(server) == 1
    assert reserve(shop, "TEN", "kim")["reservationCounter"] == 2
    assert [row["sandbox"] for row in server.sql("SELECT sandbox FROM profiles ORDER BY id")] == [False, True]


def test_reservations_go_with_their_coupon(shop, manager, server):
    coupon(manager)
    reserve(shop, "TEN", "kim")
    assert manager.delete(f"{make.CAMPAIGNS}/1/coupons/TEN").status_code == 204
    assert server.sql("SELECT * FROM coupon_reservations") == []


@pytest.mark.parametrize("authorization", ["", f"ApiKey-v1 {'0' * 64}", f"ManagementKey-v1 {MANAGEMENT_KEY}"])
def test_a_wrong_key(manager, refused, authorization):
    coupon(manager)
    denied = (401, refusal("Invalid API key", status=401))
    headers = {"Authorization": authorization}
    assert refused("POST", URL + "TEN", json=ids("kim"), headers=headers) == denied
    assert refused("DELETE", URL + "TEN", json=ids("kim"), headers=headers) == denied
    assert refused("GET", CUSTOMERS + "TEN", headers=headers) == denied


def test_a_test_key(manager, refused):
    coupon(manager)
    _, headers = new_key(manager, type="staging")
    denied = (401, refusal("Invalid API key", status=401))
    assert refused("POST", URL + "TEN", json=ids("kim"), headers=headers) == denied
    assert refused("DELETE", URL + "TEN", json=ids("kim"), headers=headers) == denied
    assert refused("GET", CUSTOMERS + "TEN", headers=headers) == denied


@pytest.mark.parametrize(
    ("body", "pointer", "title"),
    [
        ({}, "/integrationIDs", "required"),
        ({"integrationIDs": None}, "/integrationIDs", "required"),
        ({"integrationIds": ["kim"]}, "/integrationIDs", "required"),
        ({"integrationIDs": "kim"}, "/integrationIDs", "Invalid type"),
        ({"integrationIDs": [5]}, "/integrationIDs/0", "Invalid type"),
        ({"integrationIDs": [""]}, "/integrationIDs/0", "minLength"),
        ({"integrationIDs": ["kim", "x" * 1001]}, "/integrationIDs/1", "maxLength"),
        ({"integrationIDs": ["x"] * 1001}, "/integrationIDs", "maxItems"),
    ],
)
def test_bad_members(manager, refused, body, pointer, title):
    coupon(manager)
    for method in ("POST", "DELETE"):
        status, answer = refused(method, URL + "TEN", json=body)
        assert status == 400
        assert [(one["source"]["pointer"], one["title"]) for one in answer["errors"]] == [(pointer, title)]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"integrationIDs": ["\\ud800"]}'])
def test_a_broken_body(manager, refused, content):
    coupon(manager)
    for method in ("POST", "DELETE"):
        assert refused(method, URL + "TEN", content=content)[0] == 400


def test_texts_that_cannot_be_stored(manager, refused):
    coupon(manager)
    status, body = refused("POST", URL + "TEN", json=ids("kim", "a\0b"))
    assert (status, body["message"]) == (400, "The text contains a character that cannot be stored")


def test_odd_names_and_many_of_them(shop, manager, server):
    coupon(manager)
    odd = ["kim/lee", "\u202ekim", "Zoë 🙂", "x" * 1000, "'; DROP TABLE coupons; --", " "]
    reserve(shop, "TEN", *odd)
    assert set(reserved(shop)) == set(odd)
    reserve(shop, "TEN", *[f"p{number}" for number in range(1000)])
    assert counted(server) == 1006
    body = {"integrationIDs": ["kim"], "unknown": {"member": [1]}}
    assert shop.post(URL + "TEN", json=body).status_code == 201
