"""PUT and GET /v2/customer_sessions/{id}: what an update keeps, replaces and merges (core.md §3.3, §3.4, §3.10)."""

from datetime import datetime

import pytest

from checkout import CART, cost, define, line, put, refusal, rows, session_of, update

FULL = {
    "profileId": "kim",
    "storeIntegrationId": "berlin",
    "couponCodes": ["A1", "B2"],
    "referralCode": "friend",
    "loyaltyCards": ["card-1"],
    "cartItems": CART,
    "additionalCosts": {"shipping": {"price": 4.9}},
    "identifiers": ["1.2.3.4"],
    "experimentVariantAllocations": [{"experimentID": 1, "variantID": 2}],
}


@pytest.fixture(autouse=True)
def costs(manager):
    cost(manager, "shipping", "wrapping")


def test_a_first_update_creates_the_session_and_its_customer(shop, server):
    body = update(shop, "s1", {"profileId": "kim", "cartItems": CART}, content=["customerSession", "customerProfile"])
    session = body.pop("customerSession")
    created = session.pop("created")
    assert session.pop("updated") == created
    assert datetime.fromisoformat(created).tzinfo is not None
    assert created.endswith("Z")
    assert session == {
        "id": 1,
        "integrationId": "s1",
        "applicationId": 1,
        "profileId": "kim",
        "referralCode": "",
        "state": "open",
        "cartItems": [
            CART[0] | {"position": 0, "returnedQuantity": 0, "remainingQuantity": 2},
            CART[1] | {"position": 1, "returnedQuantity": 0, "remainingQuantity": 1},
        ],
        "attributes": {},
        "firstSession": True,
        "updateCount": 1,
        "total": 25,
        "cartItemTotal": 25,
        "additionalCostTotal": 0,
        "cartItemAdditionalCostTotal": 0,
    }
    profile = body.pop("customerProfile")
    assert profile == {
        "id": 1,
        "created": created,
        "integrationId": "kim",
        "attributes": {},
        "accountId": 1,
        "closedSessions": 0,
        "totalSales": 0,
        "audienceMemberships": [],
        "lastActivity": created,
        "sandbox": False,
    }
    assert body == {"effects": [], "createdCoupons": [], "createdReferrals": []}
    assert [row["type"] for row in server.sql("SELECT type FROM events")] == ["talon_session_created"]
    read = shop.get("/v2/customer_sessions/s1").json()
    assert read == {"customerSession": session | {"created": created, "updated": created}, "effects": []}


def test_only_three_keys_are_answered_by_default(shop):
    assert put(shop, "s1", {}).content == b'{"effects":[],"createdCoupons":[],"createdReferrals":[]}'


def test_what_an_update_leaves_out_is_kept(shop):
    first = session_of(shop, "s1", FULL)
    second = session_of(shop, "s1", {})
    changed = {"updateCount": 2, "updated": second["updated"]}
    assert second == first | changed
    assert second["updated"] > first["updated"]
    assert {name: second[name] for name in FULL if name != "cartItems"} == {
        name: value for name, value in FULL.items() if name != "cartItems"
    }


def test_null_is_the_same_as_left_out(shop):
    first = session_of(shop, "s1", FULL)
    second = session_of(shop, "s1", dict.fromkeys([*FULL, "state", "attributes", "evaluableCampaignIds"]))
    assert second == first | {"updateCount": 2, "updated": second["updated"]}
    nulls = {"name": None, "category": None, "product": None, "additionalCosts": None, "attributes": None}
    kept = session_of(shop, "s1", {"cartItems": [line() | nulls]})
    assert kept["cartItems"] == [line(position=0, returnedQuantity=0, remainingQuantity=1)]


def test_what_an_update_names_replaces_the_whole_member(shop):
    for name, value, shown in [
        ("profileId", "lee", "lee"),
        ("profileId", "", ""),
        ("storeIntegrationId", "paris", "paris"),
        ("couponCodes", ["C3"], ["C3"]),
        ("couponCodes", [], None),
        ("referralCode", "other", "other"),
        ("referralCode", "", ""),
        ("loyaltyCards", ["card-2"], ["card-2"]),
        ("loyaltyCards", [], []),
        ("additionalCosts", {"wrapping": {"price": 1}}, {"wrapping": {"price": 1}}),
        ("additionalCosts", {}, {}),
        ("identifiers", ["2", "3"], ["2", "3"]),
        ("identifiers", [], []),
        ("experimentVariantAllocations", [], []),
    ]:
        session_of(shop, "s1", FULL)
        changed = session_of(shop, "s1", {name: value})
        assert changed.get(name) == shown, name
        assert shop.get("/v2/customer_sessions/s1").json()["customerSession"] == changed, name
        others = set(FULL) - {name, "cartItems"}
        assert {other: changed[other] for other in others} == {other: FULL[other] for other in others}, name


def test_the_cart_is_replaced_as_a_whole_and_numbered_anew(shop, manager):
    define(manager, "CartItem", "colour")
    define(manager, "CartItem", "size")
    session_of(shop, "s1", {"cartItems": [line("A", attributes={"colour": "red", "size": "L"}), line("B")]})
    kept = session_of(shop, "s1", {"cartItems": [line("B"), line("A", attributes={"size": "M", "colour": None})]})
    assert [(item["sku"], item["position"]) for item in kept["cartItems"]] == [("B", 0), ("A", 1)]
    assert "attributes" not in kept["cartItems"][0]
    assert kept["cartItems"][1]["attributes"] == {"size": "M"}
    assert session_of(shop, "s1", {"cartItems": []})["cartItems"] == []


def test_session_attributes_are_merged_key_by_key_and_null_removes_one(shop, manager):
    for name, kind in (("a", "string"), ("b", "number"), ("c", "boolean")):
        define(manager, "CustomerSession", name, kind)
    assert session_of(shop, "s1", {"attributes": {"a": "x", "b": 1.5}})["attributes"] == {"a": "x", "b": 1.5}
    assert session_of(shop, "s1", {"attributes": {"c": False}})["attributes"] == {"a": "x", "b": 1.5, "c": False}
    assert session_of(shop, "s1", {"attributes": {"a": None, "b": 2}})["attributes"] == {"b": 2, "c": False}
    assert session_of(shop, "s1", {"attributes": None})["attributes"] == {"b": 2, "c": False}
    assert shop.get("/v2/customer_sessions/s1").json()["customerSession"]["attributes"] == {"b": 2, "c": False}


def test_read_only_and_unknown_members_are_ignored(shop):
    item = line("A", position=7, returnedQuantity=3, remainingQuantity=99, catalogItemID=5, selectedPriceType="x")
    session = {
        "cartItems": [item | {"masterId": "m", "uuId": "u", "prices": {"base": {"price": 1}}}],
        "id": 99,
        "integrationId": "other",
        "created": "1999-01-01T00:00:00Z",
        "updateCount": 50,
        "total": 1,
        "firstSession": False,
        "somethingNew": {"a": [1]},
    }
    kept = session_of(shop, "s1", session)
    assert kept["cartItems"] == [line("A", position=0, returnedQuantity=0, remainingQuantity=1)]
    wanted = {"id": 1, "integrationId": "s1", "updateCount": 1, "total": 100, "firstSession": True}
    assert {name: kept[name] for name in wanted} == wanted
    assert "somethingNew" not in kept
    assert kept["created"] > "2020"


def test_a_code_given_twice_is_one_code(shop):
    assert session_of(shop, "s1", {"couponCodes": ["A", "B", "A"]})["couponCodes"] == ["A", "B"]


def test_an_anonymous_session_has_no_customer(shop, server):
    body = update(shop, "s1", {"cartItems": CART}, content=["customerSession", "customerProfile"])
    assert (body["customerSession"]["profileId"], body["customerSession"]["firstSession"]) == ("", True)
    assert "customerProfile" not in body
    assert session_of(shop, "s2", {"profileId": ""})["firstSession"] is True
    assert server.sql("SELECT id FROM profiles") == []


def test_only_the_first_session_of_a_customer_is_the_first(shop):
    assert session_of(shop, "s1", {"profileId": "kim"})["firstSession"] is True
    assert session_of(shop, "s2", {"profileId": "kim"})["firstSession"] is False
    assert session_of(shop, "s1", {})["firstSession"] is True
    assert session_of(shop, "s3", {"profileId": "lee"})["firstSession"] is True
    assert session_of(shop, "s2", {"state": "closed"})["firstSession"] is False


def test_linking_to_another_customer_decides_first_session_again(shop, server):
    session_of(shop, "old", {"profileId": "lee"})
    assert session_of(shop, "s1", {"profileId": "kim"})["firstSession"] is True
    assert session_of(shop, "s1", {"profileId": "lee"})["firstSession"] is False
    assert session_of(shop, "s1", {"profileId": "new"})["firstSession"] is True
    assert session_of(shop, "s1", {"profileId": ""})["firstSession"] is True
    linked = server.sql("SELECT profile_id FROM customer_sessions WHERE integration_id = 's1'")
    assert linked[0]["profile_id"] is None
    assert session_of(shop, "s2", {"profileId": "kim"})["firstSession"] is True  # kim lost s1
    profiles = [row["integration_id"] for row in server.sql("SELECT integration_id FROM profiles ORDER BY id")]
    assert profiles == ["lee", "kim", "new"]


def test_a_known_customer_is_used_and_seen_active(shop, server):
    assert shop.put("/v2/customer_profiles", json={"customerProfiles": [{"integrationId": "kim"}]}).status_code == 204
    before = server.sql("SELECT last_activity FROM profiles")[0]["last_activity"]
    profile = update(shop, "s1", {"profileId": "kim"}, content=["customerProfile"])["customerProfile"]
    assert profile["id"] == 1
    after = server.sql("SELECT last_activity FROM profiles")
    assert [row["last_activity"] > before for row in after] == [True]


@pytest.mark.parametrize(("session_id", "path"), [("a/b", "a%2Fb"), ("ä €", "%C3%A4%20%E2%82%AC"), ("100%", "100%25")])
def test_ids_are_url_encoded(shop, session_id, path):
    assert session_of(shop, path, {})["integrationId"] == session_id
    read = shop.get(f"/v2/customer_sessions/{path}")
    assert read.status_code == 200, read.text
    assert read.json()["customerSession"]["integrationId"] == session_id


def test_an_id_of_a_thousand_characters(shop):
    longest = "x" * 1000
    assert session_of(shop, longest, {})["integrationId"] == longest
    assert shop.get(f"/v2/customer_sessions/{longest}").status_code == 200


def test_reading_an_unknown_session(shop, server):
    before = rows(server)
    answer = shop.get("/v2/customer_sessions/nope")
    assert (answer.status_code, answer.json()) == (404, refusal("Session not found", status=404))
    assert rows(server) == before


def test_sessions_of_another_application_are_not_seen(shop, manager, server):
    other = manager.post("/v1/applications", json={"name": "Other", "timezone": "UTC", "currency": "EUR"}).json()["id"]
    key = manager.post(
        f"/v1/applications/{other}/api_keys", json={"title": "k", "expires": "2099-01-01T00:00:00Z"}
    ).json()["key"]
    session_of(shop, "s1", {"profileId": "kim"})
    headers = {"Authorization": f"ApiKey-v1 {key}"}
    assert shop.get("/v2/customer_sessions/s1", headers=headers).status_code == 404
    body = {"customerSession": {"profileId": "kim"}, "responseContent": ["customerSession"]}
    made = shop.put("/v2/customer_sessions/s1", json=body, headers=headers).json()["customerSession"]
    assert (made["id"], made["applicationId"], made["updateCount"]) == (2, other, 1)
    # Customers are shared by the Applications of an environment, so this is not their first session.
    assert made["firstSession"] is False
    assert len(server.sql("SELECT id FROM profiles")) == 1
