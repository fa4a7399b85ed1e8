"""Sessions of clients of the first generation (V1), and of both generations on one session (core.md §2.4, §2.5)."""

import pytest

import make
from checkout import (
    coupon_rule,
    define,
    invalid,
    line,
    new_key,
    percent,
    refusal,
    refused_request,
    rows,
    running,
    session_of,
    update,
)
from conftest import MANAGEMENT_KEY

URL = "/v1/customer_sessions"
TEN = [1, 1, 0, ["setDiscount", "Ten", 10]]


@pytest.fixture
def v1(shop):
    """Update a session as a V1 client does; the body of the answer."""

    def put(session_id, _client=shop, _params=None, **session):
        answer = _client.put(f"{URL}/{session_id}", json=session, params=_params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return put


@pytest.fixture
def code(manager):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "TEN", "usageLimit": 0}, "OTHER"])


def sessions(manager):
    return manager.get("/v1/applications/1/sessions").json()["data"]


def test_the_whole_answer(v1, manager, code):
    define(manager, "CustomerSession", "tier")
    state = v1(
        "s1", profileId="kim", coupon="TEN", referral="FRIEND", cartItems=[line(price=40.5)], total=99.95,
        identifiers=["10.0.0.1"], attributes={"tier": "gold"},
    )  # fmt: skip
    created = state["event"].pop("created")
    assert state["session"].pop("created") == state["session"].pop("updated") == created
    assert state["session"] == {
        "integrationId": "s1",
        "applicationId": 1,
        "profileId": "kim",
        "coupon": "TEN",
        "referral": "FRIEND",
        "state": "open",
        "cartItems": [line(price=40.5, position=0, returnedQuantity=0, remainingQuantity=1)],
        "identifiers": ["10.0.0.1"],
        "total": 99.95,
        "attributes": {"tier": "gold"},
        "firstSession": True,
        "updateCount": 1,
        "discounts": {"Ten": 10},
    }
    assert (state["profile"]["id"], state["profile"]["integrationId"]) == (1, "kim")
    effects = [one for one in state["event"].pop("effects") if one[3][0] != "rejectReferral"]
    assert effects == [[1, 1, 0, ["acceptCoupon", "TEN"]], TEN]
    meta = state["event"].pop("meta")
    assert meta["campaigns"] == {"1": {"attributes": {}}}
    assert meta["coupons"] == {"TEN": {"attributes": {}}}
    assert state["event"] == {
        "id": 1,
        "applicationId": 1,
        "profileId": "kim",
        "type": "talon_session_created",
        "attributes": {},
        "sessionId": "s1",
        "ledgerEntries": [],
    }
    assert state["loyalty"] == {"programs": {}}
    assert (state["coupon"]["value"], state["coupon"]["usageLimit"]) == ("TEN", 0)
    assert "profileRedemptionCount" not in state["coupon"]


def test_from_open_to_cancelled(v1, server, code):
    v1("s1", profileId="kim", coupon="TEN", cartItems=[line()])
    closed = v1("s1", state="closed")
    assert (closed["session"]["state"], closed["session"]["discounts"]) == ("closed", {"Ten": 10})
    assert (closed["profile"]["closedSessions"], closed["profile"]["totalSales"]) == (1, 100)
    assert closed["coupon"]["usageCounter"] == 1
    cancelled = v1("s1", state="cancelled", coupon="OTHER")
    assert [one[3] for one in cancelled["event"]["effects"]] == [
        ["rollbackCoupon", "TEN"],
        ["rollbackDiscount", "Ten", 10],
    ]
    assert (cancelled["session"]["coupon"], cancelled["session"]["discounts"]) == ("TEN", {})
    assert server.sql("SELECT usage_counter FROM coupons WHERE value = 'TEN'")[0][0] == 0
    types = server.sql("SELECT type FROM events ORDER BY id")
    assert [row["type"] for row in types] == ["talon_session_created", "talon_session_closed", "talon_session_revoked"]


def test_the_one_coupon(v1, shop, code):
    assert v1("s1", coupon="TEN")["session"]["coupon"] == "TEN"
    assert v1("s1", attributes={})["session"]["coupon"] == "TEN"
    assert v1("s1", coupon=None)["session"]["coupon"] == "TEN"
    assert v1("s1", coupon="OTHER")["session"]["coupon"] == "OTHER"
    assert shop.get("/v2/customer_sessions/s1").json()["customerSession"]["couponCodes"] == ["OTHER"]
    emptied = v1("s1", coupon="")
    assert emptied["session"]["coupon"] == ""
    assert "coupon" not in emptied
    assert "couponCodes" not in shop.get("/v2/customer_sessions/s1").json()["customerSession"]


def test_both_generations_on_one_session(v1, shop, code):
    v1("s1", profileId="kim", coupon="TEN", cartItems=[line()], identifiers=["x"])
    body = update(shop, "s1", {"couponCodes": ["OTHER", "TEN"]}, content=["customerSession"])
    session = body["customerSession"]
    assert (session["profileId"], session["referralCode"], session["identifiers"]) == ("kim", "", ["x"])
    assert (session["total"], session["updateCount"], session["firstSession"]) == (100, 2, True)
    # V1 shows the first code and keeps both.
    state = v1("s1", cartItems=[line(price=50)])
    assert (state["session"]["coupon"], state["session"]["updateCount"]) == ("OTHER", 3)
    assert state["coupon"]["value"] == "OTHER"
    assert set(state["event"]["meta"]["coupons"]) == {"OTHER", "TEN"}
    assert [one[3][:2] for one in state["event"]["effects"]] == [
        ["acceptCoupon", "OTHER"], ["setDiscount", "Ten"], ["acceptCoupon", "TEN"], ["setDiscount", "Ten"],
    ]  # fmt: skip
    read = shop.get("/v2/customer_sessions/s1").json()
    assert read["customerSession"]["couponCodes"] == ["OTHER", "TEN"]
    assert [one["effectType"] for one in read["effects"]] == ["acceptCoupon", "setDiscount"] * 2
    update(shop, "s1", {"state": "closed"})
    assert v1("s1", state="cancelled")["session"]["state"] == "cancelled"


def test_the_total_of_the_client(v1, shop):
    assert v1("s1", total=12.345)["session"]["total"] == 12.345
    assert v1("s1", profileId="kim")["session"]["total"] == 12.345
    assert shop.get("/v2/customer_sessions/s1").json()["customerSession"]["total"] == 0
    assert v1("s1", cartItems=[line()])["session"]["total"] == 100
    assert v1("s1", total=90, cartItems=[line()])["session"]["total"] == 90
    # What a V2 client wrote in between, the total did not know of.
    session_of(shop, "s1", {"cartItems": [line(price=70)]})
    assert v1("s1")["session"]["total"] == 70
    assert v1("s1", total=0)["session"]["total"] == 0
    assert v1("s1", state="closed")["session"]["total"] == 0
    assert v1("s1", state="cancelled")["session"]["total"] == 0


def test_the_last_discount_of_a_label_counts(v1, manager):
    first = make.rule(effects=[["setDiscount", "Deal", 10], ["setDiscount", "Deal", percent(2)]])
    items = make.rule(effects=[["setDiscountPerItem", "Item", [".", "Session", "CartItems"], [["Item"], 0.5]]])
    running(manager, first, items)
    state = v1("s1", cartItems=[line(), line("B")])
    assert state["session"]["discounts"] == {"Deal": 4, "Item#0": 0.5, "Item#1": 0.5}
    shown = sessions(manager)[0]
    assert shown["discounts"] == {"Deal": 4, "Item#0": 0.5, "Item#1": 0.5}
    assert shown["totalDiscounts"] == 15


def test_the_back_office_shows_labels_of_what_v1_wrote_last(v1, shop, manager, code):
    update(shop, "v2", {"couponCodes": ["TEN"], "cartItems": [line()]})
    v1("v1", coupon="TEN", cartItems=[line()], total=7)
    shown = {one["integrationId"]: one for one in sessions(manager)}
    assert (shown["v2"]["discounts"], shown["v1"]["discounts"]) == ({}, {"Ten": 10})
    assert (shown["v1"]["coupon"], shown["v1"]["total"], shown["v1"]["state"]) == ("TEN", 100, "open")
    update(shop, "v1", {"state": "closed"})
    v1("v2")
    one = manager.get(f"/v1/applications/1/sessions/{shown['v1']['id']}").json()
    two = manager.get(f"/v1/applications/1/sessions/{shown['v2']['id']}").json()
    assert (one["discounts"], one["totalDiscounts"]) == ({}, 10)
    assert (two["discounts"], two["totalDiscounts"]) == ({"Ten": 10}, 10)


def test_effects_as_lists(v1, manager):
    define(manager, "CustomerSession", "tier")
    running(
        manager,
        make.rule(title="Not yet", condition=["and", False]),
        make.rule(
            effects=[
                ["addFreeItem", "Mug", "MUG"],
                ["showNotification", "Info", "Hello", "there"],
                ["customEffect", 7, "wrap", ["kv", ["paper", "red"]]],
                ["updateAttribute", ["Session", "Attributes", "tier"], "gold"],
            ]
        ),
    )
    state = v1("s1", cartItems=[line()])
    assert state["event"]["effects"] == [
        [1, 1, 1, ["addFreeItem", "MUG", "Mug"]],
        [1, 1, 1, ["showNotification", "Info", "Hello", "there"]],
        [1, 1, 1, ["customEffect", 7, "wrap", {"paper": "red"}]],
        [1, 1, 1, ["updateAttribute", "Session.Attributes.tier", "gold"]],
    ]
    assert state["session"]["attributes"] == {"tier": "gold"}


def test_why_a_code_was_not_accepted(v1, manager):
    running(manager, coupon_rule(), codes=[{"code": "LATER", "startDate": "2099-01-01T00:00:00Z"}])
    unknown = v1("s1", coupon="NOPE")["event"]
    assert unknown["effects"] == [[-1, -1, 0, ["rejectCoupon", "NOPE", "CouponNotFound"]]]
    assert unknown["meta"]["couponRejectionReason"] == {"campaignId": -1, "couponId": 0, "reason": "CouponNotFound"}
    later = v1("s1", coupon="LATER")["event"]["meta"]
    assert later["couponRejectionReason"] == {"campaignId": 1, "couponId": 1, "reason": "CouponStartDateInFuture"}
    assert "couponRejectionReason" not in v1("s1", coupon="")["event"]["meta"]


def test_the_one_referral(v1, shop):
    event = v1("s1", referral="NOPE")["event"]
    assert event["effects"] == [[-1, -1, 0, ["rejectReferral", "NOPE", "ReferralNotFound"]]]
    assert event["meta"]["referralRejectionReason"] == {"campaignId": -1, "referralId": 0, "reason": "ReferralNotFound"}
    assert v1("s1")["session"]["referral"] == "NOPE"
    assert shop.get("/v2/customer_sessions/s1").json()["customerSession"]["referralCode"] == "NOPE"
    assert v1("s1", referral="")["event"]["effects"] == []


def test_attributes_of_campaigns_and_coupons_in_the_event(v1, manager):
    define(manager, "Campaign", "brand")
    define(manager, "Coupon", "channel")
    codes = [{"code": "TEN", "attributes": {"channel": "web"}}]
    running(manager, coupon_rule(), codes=codes, attributes={"brand": "Acme"})
    meta = v1("s1", coupon="TEN", cartItems=[line()])["event"]["meta"]
    assert meta["campaigns"] == {"1": {"attributes": {"brand": "Acme"}}}
    assert meta["coupons"] == {"TEN": {"attributes": {"channel": "web"}}}


@pytest.mark.parametrize("session", [{}, {"profileId": ""}])
def test_an_anonymous_session_has_an_empty_profile(v1, server, session):
    state = v1("s1", **session)
    created = state["session"]["created"]
    assert state["session"]["profileId"] == ""
    assert state["profile"] == {
        "id": 0, "created": created, "integrationId": "", "attributes": {}, "accountId": 1, "closedSessions": 0,
        "totalSales": 0, "audienceMemberships": [], "lastActivity": created,
    }  # fmt: skip
    assert server.sql("SELECT id FROM profiles") == []


def test_dry(v1, shop, server, code):
    before = rows(server)
    state = v1(
        "s1", _params={"dry": "true"}, profileId="kim", coupon="TEN", cartItems=[line()], total=5, state="closed"
    )
    assert rows(server) == before
    assert (state["session"]["discounts"], state["session"]["total"], state["event"]["id"]) == ({"Ten": 10}, 5, 0)
    assert (state["profile"]["id"], state["session"]["state"]) == (0, "closed")
    v1("s1", cartItems=[line()], total=33)
    before = rows(server)
    # Only what this request says counts.
    assert v1("s1", _params={"dry": "true"})["session"]["total"] == 0
    assert rows(server) == before


def test_a_test_key_is_dry(v1, shop, manager, server):
    _, headers = new_key(manager, type="staging")
    before = rows(server)
    answer = shop.put(f"{URL}/s1", json={"total": 5}, headers=headers)
    assert (answer.status_code, answer.json()["session"]["total"], rows(server)) == (200, 5, before)


def test_a_key_with_a_time_offset(v1, shop, manager):
    running(manager, coupon_rule(), codes=[{"code": "LATER", "startDate": "2099-01-01T00:00:00Z"}])
    _, headers = new_key(manager, timeOffset=100 * 365 * 86400 * 10**9)
    answer = shop.put(f"{URL}/s1", json={"coupon": "LATER"}, headers=headers).json()
    assert answer["event"]["effects"][0][3] == ["acceptCoupon", "LATER"]


def test_moves_that_are_refused(v1, shop, server, code):
    v1("s1", state="closed")
    for state in ("open", "closed"):
        expected = refusal(f'Cannot move session to state "{state}" from state "closed"')
        assert refused_request(server, shop, "PUT", f"{URL}/s1", json={"state": state}) == (400, expected)
    assert refused_request(server, shop, "PUT", f"{URL}/s1", json={})[0] == 400
    listed = 'state must be one of the following: "open", "closed", "cancelled"'
    for state in ("partially_returned", "moon", ""):
        refused = refused_request(server, shop, "PUT", f"{URL}/s2", json={"state": state})
        assert refused == (400, invalid(("/state", "enum", listed)))


@pytest.mark.parametrize(
    ("session", "pointer", "title"),
    [
        ({"coupon": "x" * 101}, "/coupon", "maxLength"),
        ({"referral": "x" * 101}, "/referral", "maxLength"),
        ({"coupon": ["TEN"]}, "/coupon", "Invalid type"),
        ({"total": "12"}, "/total", "Invalid type"),
        ({"total": 10**16}, "/total", "maximum"),
        ({"profileId": 7}, "/profileId", "Invalid type"),
        ({"profileId": "x" * 1001}, "/profileId", "maxLength"),
        ({"identifiers": ["x"] * 6}, "/identifiers", "maxItems"),
        ({"cartItems": {}}, "/cartItems", "Invalid type"),
        ({"cartItems": [{"quantity": 1, "price": 1}]}, "/cartItems/0/sku", "required"),
        ({"cartItems": [line(quantity=0)]}, "/cartItems/0/quantity", "minimum"),
        ({"cartItems": [line(price=-1)]}, "/cartItems/0/price", "minimum"),
        ({"attributes": {"nope": 1}}, "/attributes/nope", "Unknown"),
        ({"attributes": []}, "/attributes", "Invalid type"),
        ({"coupon": "a\x00b"}, None, None),
        ({"profileId": "a\x00b"}, None, None),
    ],
)
def test_bad_sessions(shared_shop, shared, session, pointer, title):
    status, body = refused_request(shared, shared_shop, "PUT", f"{URL}/s1", json=session)
    assert status == 400
    if pointer:
        assert [(one["source"]["pointer"], one["title"]) for one in body["errors"]] == [(pointer, title)]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"x"', b'{"coupon": "\xff"}', b'{"total": 1e999}'])
def test_broken_bodies(shared_shop, shared, content):
    assert refused_request(shared, shared_shop, "PUT", f"{URL}/s1", content=content)[0] == 400


@pytest.mark.parametrize("params", [{"dry": "perhaps"}, {"dry": ""}])
def test_bad_parameters(shared_shop, shared, params):
    status, body = refused_request(shared, shared_shop, "PUT", f"{URL}/s1", json={}, params=params)
    assert (status, body["errors"][0]["source"]) == (400, {"parameter": "dry"})


def test_unknown_members_are_ignored(v1):
    state = v1("s1", couponCodes=["X"], integrationId="other", discounts={"a": 1}, additionalCosts={"a": {"price": 1}})
    assert (state["session"]["integrationId"], state["session"]["coupon"]) == ("s1", "")


@pytest.mark.parametrize(
    ("path", "session_id"),
    [
        ("a%2Fb", "a/b"),
        ("%2Fx", "/x"),
        ("x%2F", "x/"),
        ("a%20b+c", "a b+c"),
        ("%C3%A4%F0%9F%90%99", "ä\N{OCTOPUS}"),
        ("x" * 1000, "x" * 1000),
        ("%25", "%"),
    ],
)
def test_odd_ids(shared_shop, path, session_id):
    answer = shared_shop.put(f"{URL}/{path}", json={})
    assert answer.json()["session"]["integrationId"] == session_id
    assert shared_shop.get(f"/v2/customer_sessions/{path}").status_code == 200


@pytest.mark.parametrize(("path", "status"), [("a/b", 404), ("", 404), ("%FF", 400), ("x" * 1001, 400), ("%00", 400)])
def test_bad_ids(shared, shared_shop, path, status):
    assert refused_request(shared, shared_shop, "PUT", f"{URL}/{path}", json={})[0] == status


@pytest.mark.parametrize("key", ["", "ApiKey-v1 " + "0" * 64, f"ManagementKey-v1 {MANAGEMENT_KEY}"])
def test_wrong_keys(server, shop, key):
    request = {"json": {}, "headers": {"Authorization": key}}
    assert refused_request(server, shop, "PUT", f"{URL}/s1", **request) == (401, refusal("Invalid API key", status=401))


def test_a_session_of_another_application_is_another_session(v1, shop, manager, server):
    v1("s1", total=5)
    made = manager.post("/v1/applications", json=make.application()).json()
    keys = f"/v1/applications/{made['id']}/api_keys"
    key = manager.post(keys, json={"title": "x", "expires": "2099-01-01T00:00:00Z"}).json()["key"]
    other = shop.put(f"{URL}/s1", json={}, headers={"Authorization": f"ApiKey-v1 {key}"}).json()["session"]
    assert (other["applicationId"], other["total"], other["updateCount"]) == (made["id"], 0, 1)
    assert v1("s1")["session"]["total"] == 5


def test_a_conflict(v1, shop, server):
    v1("s1", total=5)
    server.sql("CREATE FUNCTION skips() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    server.sql("CREATE TRIGGER skips BEFORE UPDATE ON customer_sessions FOR EACH ROW EXECUTE FUNCTION skips()")
    busy = refusal("Too many requests are updating this session at the same time", status=409)
    assert refused_request(server, shop, "PUT", f"{URL}/s1", json={"profileId": "kim"}) == (409, busy)


def test_an_idempotency_key_is_not_looked_at(shop):
    counts = [
        shop.put(f"{URL}/s1", json={}, headers={"Idempotency-Key": "k"}).json()["session"]["updateCount"] for _ in "ab"
    ]
    assert counts == [1, 2]
