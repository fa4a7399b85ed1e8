"""Profiles and custom events of clients of the first generation (V1); both run the rules (core.md §2.4, §9)."""

import pytest

import make
from checkout import coupon_rule, define, invalid, line, new_key, refusal, refused_request, rows, running, update
from conftest import MANAGEMENT_KEY

PROFILE, EVENTS = "/v1/customer_profiles/kim", "/v1/events"
HELLO = ["showNotification", "Info", "Hello", "there"]
OF_EVENT = ["=", [".", "Event", "Type"], "viewed"]


def answer_of(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def put(shop):
    """Update Kim as a V1 client does; the body of the answer."""
    return lambda _params=None, **profile: answer_of(shop.put(PROFILE, json=profile, params=_params))


@pytest.fixture
def track(shop):
    """Track a `viewed` event of session s1 as a V1 client does; the body of the answer."""

    def track(_params=None, **event):
        body = {"type": "viewed", "attributes": {}, "sessionId": "s1"} | event
        return answer_of(shop.post(EVENTS, json=body, params=_params))

    return track


@pytest.fixture
def viewed(manager):
    """A kind of events, with an attribute."""
    define(manager, "Event", "url", eventType="viewed")


def test_a_profile(put, manager, server):
    define(manager, "CustomerProfile", "city")
    at_home = ["=", [".", "Profile", "Attributes", "city"], "Oslo"]
    running(manager, make.rule(condition=["and", at_home], effects=[HELLO]), attributes={})
    state = put(attributes={"city": "Oslo"})
    created = state["profile"]["created"]
    assert state["profile"] == {
        "id": 1, "created": created, "integrationId": "kim", "attributes": {"city": "Oslo"}, "accountId": 1,
        "closedSessions": 0, "totalSales": 0, "audienceMemberships": [], "lastActivity": created, "sandbox": False,
    }  # fmt: skip
    assert state["session"] == {
        "integrationId": "", "created": created, "applicationId": 1, "profileId": "kim", "coupon": "", "referral": "",
        "state": "open", "cartItems": [], "total": 0, "attributes": {}, "firstSession": False, "updateCount": 0,
        "discounts": {}, "updated": created,
    }  # fmt: skip
    assert state["event"] == {
        "id": 1, "created": created, "applicationId": 1, "profileId": "kim", "type": "talon_profile_created",
        "attributes": {}, "effects": [[1, 1, 0, HELLO]], "ledgerEntries": [],
        "meta": {"campaigns": {"1": {"attributes": {}}}, "coupons": {}, "warnings": {}},
    }  # fmt: skip
    assert state["loyalty"] == {"programs": {}}
    assert "coupon" not in state
    again = put()
    assert (again["event"]["type"], again["event"]["effects"]) == ("talon_profile_updated", [[1, 1, 0, HELLO]])
    assert put(attributes={"city": None})["event"]["effects"] == []
    assert server.sql("SELECT id FROM customer_sessions") == []
    assert len(server.sql("SELECT id FROM events")) == 3


def test_a_profile_dry(put, shop, manager, server):
    define(manager, "CustomerProfile", "city")
    _, headers = new_key(manager, type="staging")
    before = rows(server)
    state = put({"dry": "true"}, attributes={"city": "Oslo"})
    assert (state["profile"]["id"], state["profile"]["attributes"], state["event"]["id"]) == (0, {"city": "Oslo"}, 0)
    assert answer_of(shop.put(PROFILE, json={}, headers=headers))["profile"]["id"] == 0
    assert rows(server) == before


@pytest.mark.parametrize(
    ("body", "pointer", "title"),
    [
        ({"attributes": {"nope": 1}}, "/attributes/nope", "Unknown"),
        ({"attributes": 7}, "/attributes", "Invalid type"),
        ([], "/", "Invalid type"),
    ],
)
def test_bad_profiles(shared, shared_shop, body, pointer, title):
    status, refused = refused_request(shared, shared_shop, "PUT", PROFILE, json=body)
    assert (status, [(one["source"]["pointer"], one["title"]) for one in refused["errors"]]) == (
        400,
        [(pointer, title)],
    )


@pytest.mark.parametrize(
    ("path", "name"), [("a%2Fb", "a/b"), ("%2F", "/"), ("%C3%A4%20", "ä "), ("x" * 1000, "x" * 1000)]
)
def test_odd_names_of_customers(shared_shop, path, name):
    state = answer_of(shared_shop.put(f"/v1/customer_profiles/{path}", json={}))
    assert (state["profile"]["integrationId"], state["session"]["profileId"]) == (name, name)


@pytest.mark.parametrize(("path", "status"), [("a/b", 404), ("", 404), ("%FF", 400), ("x" * 1001, 400), ("%00", 400)])
def test_bad_names_of_customers(shared, shared_shop, path, status):
    assert refused_request(shared, shared_shop, "PUT", f"/v1/customer_profiles/{path}", json={})[0] == status


def test_an_event_in_a_session(track, shop, manager, server, viewed):
    """Rules read the event and its session, which stays as it is."""
    rich = [">", [".", "Session", "Total"], 50]
    by_url = ["=", [".", "Event", "Attributes", "url"], "/tea"]
    update(shop, "s1", {"profileId": "kim", "cartItems": [line()], "couponCodes": ["TEN"], "referralCode": "F"})
    running(manager, make.rule(condition=["and", OF_EVENT, rich, by_url], effects=[HELLO]))
    before = rows(server)
    state = track(attributes={"url": "/tea"}, profileId="kim")
    after = rows(server)
    assert {name for name in after if after[name] != before[name]} == {"events", "profiles"}
    session, event = state["session"], state["event"]
    assert (session["integrationId"], session["profileId"], session["updateCount"]) == ("s1", "kim", 1)
    assert (session["coupon"], session["referral"], session["total"], session["discounts"]) == ("TEN", "F", 100, {})
    assert (event["type"], event["attributes"], event["sessionId"]) == ("viewed", {"url": "/tea"}, "s1")
    assert event["effects"] == [[1, 1, 0, HELLO]]
    assert state["profile"]["integrationId"] == "kim"
    assert track(attributes={"url": "/"})["event"]["effects"] == []


def test_an_event_of_a_new_session_and_a_new_customer(track, server, viewed):
    state = track(profileId="lee")
    assert (state["session"]["integrationId"], state["session"]["updateCount"]) == ("s1", 1)
    assert (state["session"]["state"], state["session"]["firstSession"]) == ("open", True)
    assert (state["profile"]["integrationId"], state["event"]["type"]) == ("lee", "viewed")
    types = [row["type"] for row in server.sql("SELECT type FROM events ORDER BY id")]
    assert types == ["talon_session_created", "viewed"]
    assert server.sql("SELECT profile_integration_id FROM customer_sessions")[0][0] == "lee"
    assert track()["profile"]["integrationId"] == "lee"


def test_an_event_shows_what_v1_said_of_the_session(track, shop, manager, viewed):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=["TEN"])
    session = {"profileId": "kim", "coupon": "TEN", "cartItems": [line()], "total": 12.5}
    answer_of(shop.put("/v1/customer_sessions/s1", json=session))
    shown = track()["session"]
    assert (shown["total"], shown["discounts"], shown["coupon"]) == (12.5, {"Ten": 10}, "TEN")
    update(shop, "s1", {"state": "closed"})
    shown = track()["session"]
    assert (shown["total"], shown["discounts"], shown["state"]) == (100, {"Ten": 10}, "closed")


def test_an_event_gives_no_discounts(track, shop, manager, viewed):
    """They would be off a session that the event does not change."""
    update(shop, "s1", {"profileId": "kim", "cartItems": [line()]})
    running(manager, make.rule(condition=["and", OF_EVENT]), make.rule(condition=["and", OF_EVENT], effects=[HELLO]))
    assert track()["event"]["effects"] == [[1, 1, 1, HELLO]]


def test_an_event_dry(track, shop, manager, server, viewed):
    running(manager, make.rule(condition=["and", OF_EVENT], effects=[HELLO]))
    before = rows(server)
    state = track({"dry": "true"}, profileId="kim")
    assert rows(server) == before
    assert state["event"]["effects"] == [[1, 1, 0, HELLO]]
    assert (state["session"]["integrationId"], state["session"]["profileId"]) == ("s1", "kim")
    assert (state["session"]["updateCount"], state["event"]["id"]) == (0, 0)
    _, headers = new_key(manager, type="staging")
    before = rows(server)
    body = {"type": "viewed", "attributes": {}, "sessionId": "s1", "profileId": "kim"}
    assert answer_of(shop.post(EVENTS, json=body, headers=headers))["event"]["id"] == 0
    assert rows(server) == before


def test_the_customer_of_an_event(shop, server, viewed):
    update(shop, "s1", {"profileId": "kim"})
    body = {"type": "viewed", "attributes": {}, "sessionId": "s1"}
    other = invalid(("/profileId", "Invalid value", "the session belongs to another customer"))
    for name in ("lee", ""):
        assert refused_request(server, shop, "POST", EVENTS, json=body | {"profileId": name}) == (400, other)
    update(shop, "s1", {"profileId": ""})
    assert refused_request(server, shop, "POST", EVENTS, json=body | {"profileId": "kim"}) == (400, other)


@pytest.mark.parametrize("event", [{}, {"profileId": ""}])
def test_an_event_of_nobody(track, shop, manager, server, viewed, event):
    of_nobody = ["catch", True, ["=", [".", "Profile", "IntegrationId"], "kim"]]
    running(manager, make.rule(condition=["and", OF_EVENT, of_nobody], effects=[HELLO]))
    state = track(**event)
    assert (state["session"]["profileId"], state["profile"]["id"], state["profile"]["integrationId"]) == ("", 0, "")
    assert state["event"]["effects"] == [[1, 1, 0, HELLO]]
    assert "profileId" not in state["event"]
    assert track({"dry": "true"}, **event)["event"]["effects"] == [[1, 1, 0, HELLO]]
    assert track(sessionId="s1")["session"]["updateCount"] == 1
    assert server.sql("SELECT id FROM profiles") == []
    logged = server.sql("SELECT type, profile_id, session_id FROM events ORDER BY id")
    assert [tuple(row) for row in logged] == [("talon_session_created", None, 1), *[("viewed", None, 1)] * 2]


def test_an_event_that_is_refused_creates_nothing(shop, server, viewed):
    body = {"type": "viewed", "attributes": {"nope": 1}, "sessionId": "new", "profileId": "new"}
    assert refused_request(server, shop, "POST", EVENTS, json=body)[0] == 400


@pytest.mark.parametrize(
    ("change", "pointer", "title"),
    [
        ({"type": "unheard"}, "/type", "Unknown"),
        ({"type": "talon_session_closed"}, "/type", "Invalid value"),
        ({"type": ""}, "/type", "minLength"),
        ({"type": None}, "/type", "required"),
        ({"sessionId": ""}, "/sessionId", "minLength"),
        ({"sessionId": "x" * 1001}, "/sessionId", "maxLength"),
        ({"sessionId": None}, "/sessionId", "required"),
        ({"profileId": "x" * 1001}, "/profileId", "maxLength"),
        ({"attributes": "x"}, "/attributes", "Invalid type"),
        ({"attributes": None}, "/attributes", "required"),
        ({"storeIntegrationId": ""}, "/storeIntegrationId", "minLength"),
        ({"sessionId": "a\x00b"}, None, None),
        ({"profileId": "a\x00b"}, None, None),
    ],
)
def test_bad_events(shared, shared_shop, change, pointer, title):
    body = {"type": "viewed", "attributes": {}, "sessionId": "s1", "profileId": "kim"} | change
    status, refused = refused_request(shared, shared_shop, "POST", EVENTS, json=body)
    assert status == 400
    if pointer:
        assert [(one["source"]["pointer"], one["title"]) for one in refused["errors"]] == [(pointer, title)]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"attributes": {"a": "\xff"}}'])
def test_broken_bodies(shared, shared_shop, content):
    assert refused_request(shared, shared_shop, "POST", EVENTS, content=content)[0] == 400
    assert refused_request(shared, shared_shop, "PUT", PROFILE, content=content)[0] == 400


@pytest.mark.parametrize("key", ["", "ApiKey-v1 " + "0" * 64, f"ManagementKey-v1 {MANAGEMENT_KEY}"])
def test_wrong_keys(shared, shared_shop, key):
    expected = (401, refusal("Invalid API key", status=401))
    request = {"json": {}, "headers": {"Authorization": key}}
    assert refused_request(shared, shared_shop, "PUT", PROFILE, **request) == expected
    assert refused_request(shared, shared_shop, "POST", EVENTS, **request) == expected
