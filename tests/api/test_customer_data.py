"""DELETE /v1/customer_data/{id}: what is known of a customer is gone, also from the log (core.md §9.3)."""

from functools import partial
from urllib.parse import quote

import pytest

import make
from books import assert_books_balance
from checkout import coupon_rule, define, line, new_key, put, refusal, refused_request, running, session_of, update
from conftest import MANAGEMENT_KEY
from dump import dump
from guerdon.engine.facts import Facts
from guerdon.wire.base import decoder

URL = "/v1/customer_data/"
CONTENT = ["customerSession", "customerProfile", "event", "coupons"]


@pytest.fixture(autouse=True)
def _attributes(manager):
    for entity in ("CustomerProfile", "CustomerSession", "CartItem", "Referral", "Coupon"):
        define(manager, entity, "note")
        define(manager, entity, "number", "number")
        define(manager, entity, "notes", "(list string)")


@pytest.fixture
def refused(server, shop):
    """Send a request that must change nothing; its status and body."""
    return partial(refused_request, server, shop)


def notes(word):
    """Attributes of each kind in which this word can be found."""
    return {"note": word, "notes": [f"{word} 1", f'"{word}" ü'], "number": 47114711.25}


def secret(word="SECRET"):
    """A session that tells everything about its customer."""
    return {
        "attributes": notes(word),
        "identifiers": [f"{word}@shop.test"],
        "cartItems": [line(attributes=notes(word)), line("B", 2, 0.5, name="Bun")],
    }


def tell(shop, customer, word="SECRET"):
    body = {"customerProfiles": [{"integrationId": customer, "attributes": notes(word)}]}
    assert shop.put("/v2/customer_profiles", json=body).status_code == 204


def erase(shop, customer="kim", **options):
    answer = shop.delete(URL + quote(customer, safe=""), **options)
    assert (answer.status_code, answer.content) == (204, b"")


def found(server, *words):
    """Which of the words are anywhere in the database."""
    text = dump(server)
    return [word for word in words if word in text]


def everything(server):
    """What must stay: all columns that hold no attributes."""
    return [
        server.sql(statement)
        for statement in (
            "SELECT id, integration_id, closed_sessions, total_sales, last_activity, created FROM profiles ORDER BY id",
            """SELECT id, integration_id, profile_id, profile_integration_id, state, first_session, coupon_codes, total,
                total_discounts, update_count, created, updated, closed_at, charged::text, kept_codes::text
                FROM customer_sessions ORDER BY id""",
            """SELECT id, type, session_id, profile_id, revision, judged_at, response_content, created
                FROM events ORDER BY id""",
            "SELECT * FROM coupons ORDER BY id",
            "SELECT * FROM coupon_redemptions ORDER BY coupon_id",
            "SELECT * FROM campaigns ORDER BY id",
        )
    ]


def test_nothing_of_it_is_left_anywhere(shop, manager, server):
    running(manager, coupon_rule(), codes=[{"code": "TEN", "usageLimit": 0}])
    tell(shop, "kim")
    update(shop, "open", {"profileId": "kim"} | secret())
    update(shop, "closed", {"profileId": "kim", "couponCodes": ["TEN"]} | secret())
    update(shop, "closed", {"state": "closed"})
    update(shop, "cancelled", {"profileId": "kim", "couponCodes": ["TEN"], "state": "closed"} | secret())
    update(shop, "cancelled", {"state": "cancelled"})
    assert found(server, "SECRET", "47114711.25") == ["SECRET", "47114711.25"]
    before, log = everything(server), server.sql("SELECT effects::text FROM events ORDER BY id")
    erase(shop)
    assert found(server, "SECRET", "47114711.25", "shop.test", "ü") == []
    assert everything(server) == before
    assert server.sql("SELECT effects::text FROM events ORDER BY id") == log
    assert_books_balance(server.sql)


def test_it_can_be_done_again_and_the_customer_goes_on(shop, manager, server):
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim"} | secret())
    for _ in range(2):
        erase(shop)
        session = shop.get("/v2/customer_sessions/s1").json()["customerSession"]
        assert (session["attributes"], session["identifiers"]) == ({}, [])
        assert [item.get("attributes") for item in session["cartItems"]] == [{}, None]
        assert [item["sku"] for item in session["cartItems"]] == ["A", "B"]
    profile = shop.get("/v1/customer_profiles/kim/inventory", params={"profile": True}).json()["profile"]
    assert profile["attributes"] == {}
    session = session_of(shop, "s1", {"attributes": {"note": "new"}, "state": "closed"})
    assert (session["attributes"], session["state"], session["total"]) == ({"note": "new"}, "closed", 101)
    tell(shop, "kim", "anew")
    assert found(server, "SECRET", "anew") == ["anew"]
    assert_books_balance(server.sql)


def test_others_keep_theirs(shop, manager, server):
    for customer in ("kim", "lee", "Kim", "kim "):
        tell(shop, customer, f"<{customer}>")
        update(shop, f"of {customer}", {"profileId": customer} | secret(f"<{customer}>"))
    update(shop, "anonymous", secret("<nobody>"))
    before = dump(server).split("\n")
    erase(shop)
    after = dump(server).split("\n")
    assert found(server, "<kim>", "<lee>", "<Kim>", "<kim >", "<nobody>") == ["<lee>", "<Kim>", "<kim >", "<nobody>"]
    kept = [row for row in before if "<lee>" in row or "<Kim>" in row or "<kim >" in row or "<nobody>" in row]
    assert [row for row in after if row in kept] == kept


def test_all_applications_of_the_environment(shop, manager, server):
    other, sandbox = (manager.post("/v1/applications", json=make.application()).json()["id"] for _ in range(2))
    server.sql("UPDATE applications SET sandbox = true WHERE id = $1", sandbox)
    keys = {}
    for application in (other, sandbox):
        body = {"title": "Key", "expires": "2099-01-01T00:00:00Z"}
        key = manager.post(f"/v1/applications/{application}/api_keys", json=body).json()["key"]
        keys[application] = {"Authorization": f"ApiKey-v1 {key}"}
    update(shop, "s1", {"profileId": "kim"} | secret("HERE"))
    for application, word in ((other, "THERE"), (sandbox, "SANDBOX")):
        body = {"customerSession": {"profileId": "kim"} | secret(word)}
        assert shop.put("/v2/customer_sessions/s1", json=body, headers=keys[application]).status_code == 200
    erase(shop, headers=keys[other])
    assert found(server, "HERE", "THERE", "SANDBOX") == ["SANDBOX"]
    erase(shop, headers=keys[sandbox])
    assert found(server, "HERE", "THERE", "SANDBOX") == []


def test_of_another_account_nothing_is_touched(shop, server):
    server.sql("INSERT INTO accounts (id, name, created) OVERRIDING SYSTEM VALUE VALUES (2, 'Other', now())")
    update(shop, "s1", {"profileId": "kim"} | secret("HERE"))
    server.sql("UPDATE profiles SET account_id = 2")
    assert shop.delete(URL + "kim").status_code == 404
    assert found(server, "HERE") == ["HERE"]


def test_what_was_told_before_the_customer_was_known(shop, server):
    """An anonymous session that becomes the customer's, and one that came from somebody else."""
    update(shop, "s1", secret("FIRST"))
    update(shop, "s1", {"profileId": "kim", "attributes": notes("SECOND"), "cartItems": [line()]})
    tell(shop, "lee", "<lee>")
    update(shop, "s2", {"profileId": "lee"} | secret("THIRD"))
    update(shop, "s2", {"profileId": "kim"})
    erase(shop)
    assert found(server, "FIRST", "SECOND", "THIRD", "<lee>") == ["<lee>"]
    facts = [decoder(Facts).decode(row["facts"]) for row in server.sql("SELECT facts FROM events ORDER BY id")]
    assert [one.profile and one.profile.attributes.get("note") for one in facts] == [None, None, "<lee>", None]


def test_what_was_told_in_a_session_that_is_somebody_elses_now(shop, server):
    """The log of the time is without it; what the session holds now is the other one's."""
    tell(shop, "kim", "PROFILE")
    update(shop, "s1", {"profileId": "kim"} | secret("GONE"))
    update(shop, "s1", {"profileId": "lee"} | secret("<lee>"))
    erase(shop)
    assert found(server, "PROFILE", "GONE", "<lee>") == ["<lee>"]


def test_what_rules_wrote_down(shop, manager, server):
    for entity in ("CustomerProfile", "CustomerSession", "CartItem"):
        define(manager, entity, "copy")
    note = [".", "Session", "Attributes", "note"]
    rule = make.rule(
        effects=[
            ["updateAttribute", ["Profile", "Attributes", "copy"], note],
            ["updateAttribute", ["Session", "Attributes", "copy"], note],
            ["updateItemAttribute", [".", "Session", "CartItems"], "copy", [["Item"], note]],
            ["setDiscount", "Ten", 10],
        ]
    )
    running(manager, rule)
    update(shop, "s1", {"profileId": "kim"} | secret())
    update(shop, "s1", {"state": "closed"})
    paths = [
        (effect["effectType"], effect["props"].get("path"))
        for effect in shop.get("/v2/customer_sessions/s1").json()["effects"]
    ]
    assert found(server, '"path"', "SECRET") == ['"path"', "SECRET"]
    erase(shop)
    assert found(server, "SECRET") == []
    effects = shop.get("/v2/customer_sessions/s1").json()["effects"]
    assert [(effect["effectType"], effect["props"].get("path")) for effect in effects] == paths
    assert {effect["props"]["value"] for effect in effects if "path" in effect["props"]} == {None}
    assert update(shop, "s1", {"state": "cancelled"})["effects"][-1]["effectType"] == "rollbackDiscount"
    assert found(server, "SECRET") == []
    assert_books_balance(server.sql)


def test_the_advocate_of_somebody_else(shop, manager, server):
    campaign, _ = running(manager, make.rule(condition=["and", ["referralValid"]]), features=["referrals"])
    tell(shop, "ann", "SECRET")
    tell(shop, "lee", "<lee>")
    code = make.new_referral(shop, campaign["id"], "ann")["code"]
    update(shop, "s1", {"profileId": "lee", "referralCode": code, "cartItems": [line(attributes=notes("<item>"))]})
    update(shop, "s1", {"state": "closed"})
    logged = [decoder(Facts).decode(row["facts"]) for row in server.sql("SELECT facts FROM events ORDER BY id")]
    assert [one.advocate.attributes["note"] for one in logged] == ["SECRET", "SECRET"]
    erase(shop, "ann")
    assert found(server, "SECRET", "<lee>", "<item>") == ["<lee>", "<item>"]
    logged = [decoder(Facts).decode(row["facts"]) for row in server.sql("SELECT facts FROM events ORDER BY id")]
    assert [(one.advocate.integration_id, one.advocate.attributes) for one in logged] == [("ann", {})] * 2
    assert [one.profile.attributes["note"] for one in logged] == ["<lee>"] * 2
    assert_books_balance(server.sql)


def test_events_and_updates_of_the_profile(shop, manager, server):
    define(manager, "Event", "remark", eventType="review")
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim", "state": "closed"} | secret())
    body = {"profileId": "kim", "type": "review", "attributes": {"remark": "SECRET"}, "responseContent": ["event"]}
    assert shop.post("/v2/events", json=body, headers={"Idempotency-Key": "k"}).status_code == 204
    about = {"integrationId": "e1", "connectedSessionId": "s1"}
    assert shop.post("/v3/events", json=body | about).status_code == 204
    others = {"integrationId": "e2", "connectedSessionId": "s1", "profileId": "lee", "attributes": {"remark": "<lee>"}}
    assert shop.post("/v3/events", json=body | others).status_code == 204
    profile = {"attributes": notes("SECRET"), "responseContent": ["customerProfile"]}
    params = {"runRuleEngine": True}
    answer = shop.put("/v2/customer_profiles/kim", json=profile, params=params, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200, answer.text
    assert found(server, "SECRET", "<lee>") == ["SECRET", "<lee>"]
    before = len(server.sql("SELECT id FROM events"))
    erase(shop)
    assert found(server, "SECRET", "<lee>") == ["<lee>"]
    assert shop.get("/v3/events/e1").json()["attributes"] == {}
    assert shop.get("/v3/events/e2").json()["attributes"] == {"remark": "<lee>"}
    assert len(server.sql("SELECT id FROM events")) == before


def test_answers_kept_for_idempotency_keys(shop, manager, server):
    tell(shop, "kim")
    body = {"customerSession": secret(), "responseContent": CONTENT}
    named = {"customerSession": {"profileId": "kim"}, "responseContent": CONTENT}
    lee = {"customerSession": {"profileId": "lee"} | secret("<lee>"), "responseContent": CONTENT}
    requests = [("s1", "first", body), ("s1", "second", named), ("s2", "third", lee)]
    sent = {}
    for session_id, key, request in requests:
        url = f"/v2/customer_sessions/{session_id}"
        sent[key] = shop.put(url, json=request, headers={"Idempotency-Key": key})
        assert sent[key].status_code == 200, sent[key].text
    assert found(server, "SECRET") == ["SECRET"]
    erase(shop)
    assert found(server, "SECRET", "<lee>") == ["<lee>"]
    again = [
        shop.put(f"/v2/customer_sessions/{session_id}", json=request, headers={"Idempotency-Key": key}).json()
        for session_id, key, request in requests
    ]
    assert again[2] == sent["third"].json()
    first = sent["first"].json()
    first["customerSession"]["cartItems"][0]["attributes"] = {}
    assert again[0] == first | {"customerSession": first["customerSession"] | {"attributes": {}, "identifiers": []}}
    assert (again[1]["customerProfile"]["attributes"], again[1]["customerProfile"]["id"]) == ({}, 1)


def test_the_log_can_still_be_read(shop, manager, server):
    tell(shop, "kim")
    for number in range(3):
        update(shop, f"s{number}", {"profileId": "kim", "state": "closed"} | secret())
    before = [decoder(Facts).decode(row["facts"]) for row in server.sql("SELECT facts FROM events ORDER BY id")]
    erase(shop)
    after = [decoder(Facts).decode(row["facts"]) for row in server.sql("SELECT facts FROM events ORDER BY id")]
    assert [one.session.total for one in after] == [one.session.total for one in before]
    assert [one.profile.closed_sessions for one in after] == [0, 1, 2]
    assert {str(one.session.attributes) + str(one.profile.attributes) for one in after} == {"{}{}"}


def test_a_customer_with_a_long_history(shop, manager, server):
    """More entries than are erased at a time."""
    tell(shop, "kim")
    update(shop, "s1", {"profileId": "kim"} | secret())
    server.sql("""
        INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects, created)
        SELECT application_id, type, session_id, profile_id, revision, judged_at, facts, effects,
            created - interval '1 minute' * n
        FROM events, generate_series(1, 1200) n
    """)
    erase(shop)
    assert found(server, "SECRET") == []
    assert server.sql("SELECT count(*) AS n FROM events")[0]["n"] == 1201


def test_rules_see_that_it_is_gone(shop, manager, server):
    """Also those of a session that is open, and the version says so to one that closes."""
    is_gold = ["=", [".", "Profile", "Attributes", "note"], "gold"]
    running(manager, make.rule(condition=["and", is_gold]))
    body = {"customerProfiles": [{"integrationId": "kim", "attributes": {"note": "gold"}}]}
    shop.put("/v2/customer_profiles", json=body)
    assert len(update(shop, "s1", {"profileId": "kim", "cartItems": [line()]})["effects"]) == 1
    version = server.sql("SELECT version FROM profiles")[0]["version"]
    erase(shop)
    assert server.sql("SELECT version FROM profiles")[0]["version"] == version + 1
    assert update(shop, "s1", {"state": "closed"})["effects"] == []


@pytest.mark.parametrize("customer", ["nobody", "KIM", "kim ", "/", "kim/", "x" * 2000, "²", "🙂", "*", "%"])
def test_an_unknown_customer(shop, refused, customer):
    update(shop, "s1", {"profileId": "kim"} | secret())
    missing = refusal("Customer profile not found", status=404)
    assert refused("DELETE", URL + quote(customer, safe="")) == (404, missing)


@pytest.mark.parametrize("customer", ["kim/lee", "a b+c", "%2F", "Zoë 🙂", '"kim"', "../kim", "a\\b"])
def test_ids_that_have_to_be_encoded(shop, server, customer):
    headers = {"Idempotency-Key": "k"}
    assert put(shop, "s1", {"profileId": customer} | secret()).status_code == 200
    body = {"customerSession": {}, "responseContent": CONTENT}
    assert shop.put("/v2/customer_sessions/s1", json=body, headers=headers).status_code == 200
    erase(shop, customer)
    assert found(server, "SECRET") == []


def test_wrong_keys(shop, manager, refused):
    update(shop, "s1", {"profileId": "kim"} | secret())
    _, test_key = new_key(manager, type="staging")
    for headers in ({"Authorization": ""}, {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}, test_key):
        assert refused("DELETE", URL + "kim", headers=headers) == (401, refusal("Invalid API key", status=401))


def test_other_methods_and_paths(shop, refused):
    update(shop, "s1", {"profileId": "kim"} | secret())
    for method in ("GET", "POST", "PUT"):
        assert refused(method, URL + "kim", json={})[0] == 405
    assert refused("DELETE", URL.rstrip("/"))[0] == 404
    assert refused("DELETE", URL + "a%00b")[0] == 400
