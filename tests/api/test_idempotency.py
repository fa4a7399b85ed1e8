"""Requests with an `Idempotency-Key`: done once, answered as often as they come (core.md §1.3)."""

import pytest

import make
from checkout import coupon_rule, define, effects, invalid, line, new_key, put, refusal, refused_request, rows, running
from conftest import INTEGRATION_KEY

ANOTHER = refusal("This Idempotency-Key was used for another request", status=409)


def kept(server):
    return server.sql("SELECT count(*) FROM idempotency_keys")[0][0]


@pytest.fixture
def send(shop):
    """Update a session under a key; the HTTP answer."""

    def send(session_id, session, key="k1", **request):
        headers = {"Idempotency-Key": key} | request.pop("headers", {})
        body = {"customerSession": session, "responseContent": ["customerSession", "event", "coupons"]}
        return shop.put(f"/v2/customer_sessions/{session_id}", json=body, headers=headers, params=request or None)

    return send


def same(*answers):
    assert len({(one.status_code, one.content, one.headers.get("content-type")) for one in answers}) == 1
    return answers[0]


def test_an_update_is_done_once(send, server):
    first = send("s1", {"profileId": "kim", "cartItems": [line()]})
    assert first.json()["customerSession"]["updateCount"] == 1
    before = rows(server)
    again = send("s1", {"profileId": "kim", "cartItems": [line()]})
    assert same(first, again).status_code == 200
    assert rows(server) == before
    other = send("s1", {"profileId": "kim", "cartItems": [line()]}, key="k2")
    assert other.json()["customerSession"]["updateCount"] == 2


def test_a_closing_that_comes_again_is_answered_as_before(send, shop, manager, server):
    """Without the key it would be refused: the session is closed."""
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "TEN", "usageLimit": 5}])
    session = {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()], "state": "closed"}
    first = send("s1", session)
    assert effects(first.json()) == [("acceptCoupon", {"value": "TEN"}), ("setDiscount", {"name": "Ten", "value": 10})]
    before = rows(server)
    assert same(first, send("s1", session), send("s1", session)).status_code == 200
    assert rows(server) == before
    assert server.sql("SELECT usage_counter FROM coupons")[0][0] == 1
    assert send("s1", session, key="k2").status_code == 400
    cancelled = send("s1", {"state": "cancelled"}, key="k3")
    assert same(cancelled, send("s1", {"state": "cancelled"}, key="k3")).status_code == 200
    assert server.sql("SELECT usage_counter FROM coupons")[0][0] == 0
    # Even now, when the session has gone on, the first request is answered as it was.
    assert same(first, send("s1", session)).status_code == 200
    assert put(shop, "s1", {}).status_code == 400


def test_a_refusal_is_answered_again_too(send, manager, server):
    before = rows(server)
    first = send("s1", {"attributes": {"tier": "gold"}})
    assert first.status_code == 400
    after = rows(server)
    assert {name for name in after if after[name] != before[name]} == {"idempotency_keys"}
    define(manager, "CustomerSession", "tier")
    assert same(first, send("s1", {"attributes": {"tier": "gold"}})).status_code == 400
    assert send("s1", {"attributes": {"tier": "gold"}}, key="k2").status_code == 200


def test_a_broken_body_is_refused_again(shop, server):
    request = {"content": b'{"customerSession": {', "headers": {"Idempotency-Key": "k1"}}
    first = shop.put("/v2/customer_sessions/s1", **request)
    assert same(first, shop.put("/v2/customer_sessions/s1", **request)).status_code == 400
    assert server.sql("SELECT id FROM customer_sessions") == []


def test_another_request_under_the_same_key(send, shop, server):
    send("s1", {"cartItems": [line()]})
    before = rows(server)
    assert send("s1", {"cartItems": [line(price=7)]}).json() == ANOTHER
    assert send("s1", {"cartItems": [line()]}, unknown="1").json() == ANOTHER
    assert rows(server) == before


def test_a_key_is_of_one_path_and_one_application(send, shop, manager, server):
    send("s1", {})
    assert send("s2", {}).json()["customerSession"]["integrationId"] == "s2"
    assert send("S1", {}).json()["customerSession"]["integrationId"] == "S1"
    made = manager.post("/v1/applications", json=make.application()).json()
    key = manager.post(
        f"/v1/applications/{made['id']}/api_keys", json={"title": "x", "expires": "2099-01-01T00:00:00Z"}
    ).json()["key"]
    other = send("s1", {}, headers={"Authorization": f"ApiKey-v1 {key}"})
    assert other.json()["customerSession"]["applicationId"] == made["id"]
    profiles = {"customerProfiles": [{"integrationId": "kim"}]}
    assert shop.put("/v2/customer_profiles", json=profiles, headers={"Idempotency-Key": "k1"}).status_code == 204
    kept = server.sql("SELECT application_id FROM idempotency_keys ORDER BY 1")
    assert [row["application_id"] for row in kept] == [1, 1, 1, 1, made["id"]]
    # Another key of the same Application is the same shop.
    _, headers = new_key(manager)
    assert same(send("s1", {}), send("s1", {}, headers=headers)).json()["customerSession"]["updateCount"] == 1


def test_answers_are_kept_for_24_hours(send, server):
    first = send("s1", {})
    server.clock.travel(hours=23, minutes=59)
    assert same(first, send("s1", {})).status_code == 200
    server.clock.travel(minutes=2)
    assert send("s1", {}).json()["customerSession"]["updateCount"] == 2
    assert kept(server) == 1
    assert send("s1", {}).json()["customerSession"]["updateCount"] == 2


def test_what_expired_is_removed_in_passing(send, server):
    for number in range(13):
        send("s1", {}, key=f"old-{number}")
    server.clock.travel(hours=25)
    send("s1", {}, key="new-1")
    assert kept(server) == 13 - 10 + 1
    send("s1", {}, key="new-2")
    assert kept(server) == 2


def test_dry_requests_are_judged_each_time(send, server):
    for _ in range(2):
        assert send("s1", {"state": "closed"}, dry="true").json()["customerSession"]["id"] == 0
    assert kept(server) == 0
    assert send("s1", {"state": "closed"}).json()["customerSession"]["id"] == 1
    assert send("s1", {"state": "closed"}, dry="true").json()["customerSession"]["id"] == 1
    assert kept(server) == 1


def test_a_test_key_keeps_nothing(send, manager, server):
    _, headers = new_key(manager, type="staging")
    before = rows(server)
    assert send("s1", {}, headers=headers).status_code == 200
    assert rows(server) == before


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_bad_key(shop, server, key):
    problem = {
        "title": "maxLength",
        "source": {"parameter": "Idempotency-Key"},
        "details": "one Idempotency-Key of 1 to 255 characters",
    }
    expected = {"message": "The submitted data was invalid", "errors": [problem], "StatusCode": 400}
    for url, body in (
        ("/v2/customer_sessions/s1", {"customerSession": {}}),
        ("/v2/customer_profiles", {"customerProfiles": [{"integrationId": "kim"}]}),
    ):
        request = {"json": body, "headers": {"Idempotency-Key": key}}
        assert refused_request(server, shop, "PUT", url, **request) == (400, expected)
        assert refused_request(server, shop, "PUT", url, **request, params={"dry": "true"}) == (400, expected)


def test_two_keys(shop, server):
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    body = {"customerSession": {}}
    status, _ = refused_request(server, shop, "PUT", "/v2/customer_sessions/s1", json=body, headers=headers)
    assert status == 400


@pytest.mark.parametrize("key", ["x" * 255, "a b\tc", "'; DROP TABLE idempotency_keys; --", "\xe4\xf6\xfc"])
def test_an_odd_key(send, server, key):
    key = key.encode("latin-1")
    assert same(send("s1", {}, key=key), send("s1", {}, key=key)).json()["customerSession"]["updateCount"] == 1
    assert send("s1", {}, key=key.upper() + b".").status_code in (200, 400)


def test_odd_and_long_paths(send):
    for session_id in ("a%2Fb", "%F0%9F%90%99" * 900, "a%20b"):
        assert same(send(session_id, {}), send(session_id, {})).json()["customerSession"]["updateCount"] == 1
    assert same(send("%FF", {}), send("%FF", {})).status_code == 400


def test_wrong_keys_learn_nothing_and_are_not_kept(send, shop, manager, server):
    key_id, headers = new_key(manager)
    assert send("s1", {}, headers=headers).status_code == 200
    before = rows(server)
    for wrong in ("ApiKey-v1 " + "0" * 64, f"ManagementKey-v1 {INTEGRATION_KEY}", ""):
        assert send("s1", {}, headers={"Authorization": wrong}).status_code == 401
        assert send("s2", {}, headers={"Authorization": wrong}).status_code == 401
    assert rows(server) == before
    manager.delete(f"/v1/applications/1/api_keys/{key_id}")
    assert send("s1", {}, headers=headers).status_code == 401


FAILS = "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'"
SKIPS = "CREATE FUNCTION skips() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"


def test_a_conflict_is_not_kept(send, server):
    send("s1", {}, key="k0")
    server.sql(SKIPS)
    server.sql("CREATE TRIGGER skips BEFORE UPDATE ON customer_sessions FOR EACH ROW EXECUTE FUNCTION skips()")
    before = rows(server)
    busy = send("s1", {"profileId": "kim"})
    assert busy.json() == refusal("Too many requests are updating this session at the same time", status=409)
    assert rows(server) == before
    server.sql("DROP TRIGGER skips ON customer_sessions")
    assert send("s1", {"profileId": "kim"}).json()["customerSession"]["updateCount"] == 2


def test_an_error_of_ours_is_not_kept(send, server):
    server.sql(FAILS)
    server.sql("CREATE TRIGGER fails BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION fails()")
    before = rows(server)
    assert send("s1", {"profileId": "kim"}).status_code == 500
    assert rows(server) == before
    server.sql("DROP TRIGGER fails ON events")
    assert send("s1", {"profileId": "kim"}).json()["customerSession"]["updateCount"] == 1


@pytest.mark.parametrize("when", ["BEFORE INSERT ON", "AFTER INSERT ON"])
def test_what_is_done_and_its_answer_stay_together(send, shop, manager, server, when):
    """The answer cannot be kept, or the commit fails: nothing was done, so the next try may do it."""
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=[{"code": "TEN", "usageLimit": 5}])
    server.sql(FAILS)
    later = ("CONSTRAINT ", "DEFERRABLE INITIALLY DEFERRED") if when.startswith("AFTER") else ("", "")
    server.sql(
        f"CREATE {later[0]}TRIGGER fails {when} idempotency_keys {later[1]} FOR EACH ROW EXECUTE FUNCTION fails()"
    )
    before = rows(server)
    session = {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()], "state": "closed"}
    profiles = {"json": {"customerProfiles": [{"integrationId": "kim"}]}, "headers": {"Idempotency-Key": "k1"}}
    assert send("s1", session).status_code == 500
    assert shop.put("/v2/customer_profiles", **profiles).status_code == 500
    assert rows(server) == before
    server.sql("DROP TRIGGER fails ON idempotency_keys")
    assert same(send("s1", session), send("s1", session)).status_code == 200
    assert server.sql("SELECT usage_counter FROM coupons")[0][0] == 1


def test_the_bulk_update_of_profiles(shop, manager, server):
    def update(key, *profiles, **params):
        request = {"json": {"customerProfiles": list(profiles)}, "headers": {"Idempotency-Key": key}}
        return shop.put("/v2/customer_profiles", params=params or None, **request)

    quiet = same(*[update("k1", {"integrationId": "kim"}) for _ in range(2)])
    assert (quiet.status_code, quiet.content) == (204, b"")
    assert "content-type" not in quiet.headers
    loud = same(*[update("k2", {"integrationId": "lee"}, silent="no") for _ in range(2)])
    assert loud.json()["integrationStates"][0]["customerProfile"]["id"] == 2
    assert update("k2", {"integrationId": "lee"}, silent="yes").json() == ANOTHER
    bad = same(*[update("k3", {"integrationId": "new"}, {"integrationId": "x", "attributes": {"n": 1}}) for _ in "ab"])
    unknown = 'The attribute "n" is not defined on CustomerProfile entities.'
    assert bad.json() == invalid(("/customerProfiles/1/attributes/n", "Unknown", unknown))
    assert len(server.sql("SELECT id FROM profiles")) == 2
    assert kept(server) == 3


def test_returns_and_reopening(shop, manager, server):
    """Repeated without a key, the return would take the next unit and the reopening be refused."""
    rule = make.rule(effects=[["setDiscountPerItem", "Off", [".", "Session", "CartItems"], [["Item"], 1]]])
    running(manager, rule)
    put(shop, "s1", {"cartItems": [line(quantity=3)], "state": "closed"}).raise_for_status()
    body = {"return": {"returnedCartItems": [{"position": 0, "quantity": 1}]}, "responseContent": ["customerSession"]}

    def back(key, **params):
        headers = {"Idempotency-Key": key}
        return shop.post("/v2/customer_sessions/s1/returns", json=body, headers=headers, params=params or None)

    assert back("k1", dry="true").json()["customerSession"]["cartItems"][0]["remainingQuantity"] == 2
    first = back("k1")
    before = rows(server)
    assert same(first, back("k1")).json()["customerSession"]["cartItems"][0]["remainingQuantity"] == 2
    assert rows(server) == before
    assert back("k2").json()["customerSession"]["cartItems"][0]["remainingQuantity"] == 1
    assert len(server.sql("SELECT id FROM returns")) == 2

    put(shop, "s2", {"cartItems": [line()], "state": "closed"}).raise_for_status()
    request = {"headers": {"Idempotency-Key": "k1"}}
    opened = shop.put("/v2/customer_sessions/s2/reopen", **request)
    before = rows(server)
    assert same(opened, shop.put("/v2/customer_sessions/s2/reopen", **request)).json()["effects"] != []
    assert rows(server) == before
    refused = [shop.put("/v2/customer_sessions/s2/reopen", headers={"Idempotency-Key": "k2"}) for _ in "ab"]
    assert same(*refused).status_code == 400
    missing = [shop.put("/v2/customer_sessions/s3/reopen", **request) for _ in "ab"]
    assert same(*missing).status_code == 404


def test_profiles_and_events(shop, manager, server):
    define(manager, "Event", "url", eventType="viewed")
    running(manager, make.rule(effects=[["createCoupon", {"pattern": "NEW-####"}]]), features=["coupons"])
    headers, body = {"Idempotency-Key": "k1"}, {"profileId": "kim", "type": "viewed"}
    for params in ({"silent": "no"}, {"silent": "yes"}):
        headers = {"Idempotency-Key": f"of-{params['silent']}"}
        first = shop.post("/v2/events", json=body, headers=headers, params=params)
        before = rows(server)
        again = shop.post("/v2/events", json=body, headers=headers, params=params)
        assert same(first, again).status_code == (200 if params["silent"] == "no" else 204)
        assert rows(server) == before
    assert len(server.sql("SELECT id FROM coupons")) == 2

    def update(**params):
        return shop.put("/v2/customer_profiles/kim", json={}, headers={"Idempotency-Key": "k1"}, params=params)

    made = [update(runRuleEngine="true") for _ in "ab"]
    assert len(same(*made).json()["createdCoupons"]) == 1
    assert update().json() == ANOTHER
    assert len(server.sql("SELECT id FROM coupons")) == 3
    refused = [shop.post("/v2/events", json={"type": "unheard"}, headers={"Idempotency-Key": "k9"}) for _ in "ab"]
    assert same(*refused).status_code == 400


def test_operations_without_keys_do_not_look_at_them(manager, shop, server):
    headers = {"Idempotency-Key": "k1"}
    for _ in range(2):
        made = manager.post(make.CAMPAIGNS, json=make.campaign(), headers=headers)
        assert made.status_code == 201
    assert len(server.sql("SELECT id FROM campaigns")) == 2
    shop.put("/v2/customer_sessions/s1", json={"customerSession": {}}).raise_for_status()
    assert shop.get("/v2/customer_sessions/s1", headers=headers).status_code == 200
    assert shop.put("/v2/nothing", headers=headers).status_code == 404
    assert kept(server) == 0


def test_the_header_is_in_the_document(shop):
    document = shop.get("/openapi.json").json()
    having = {
        (method, path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    }
    assert having == {
        ("put", "/v2/customer_sessions/{customerSessionId}"),
        ("post", "/v2/customer_sessions/{customerSessionId}/returns"),
        ("put", "/v2/customer_sessions/{customerSessionId}/reopen"),
        ("put", "/v2/customer_profiles/{integrationId}"),
        ("put", "/v2/customer_profiles"),
        ("post", "/v2/events"),
    }
