"""Customer sessions as the back office sees them (core.md §2.5)."""

import json
from datetime import UTC, datetime

import pytest

import make

SESSIONS = "/v1/applications/1/sessions"

INSERT = """
INSERT INTO customer_sessions (application_id, integration_id, profile_id, profile_integration_id,
    store_integration_id, state, first_session, coupon_codes, referral_code, content, effects, total, total_discounts,
    update_count, created, updated)
VALUES (1, $1, $2, $3, $4, $5, true, $6, $7, $8, '[]', $9, $10, 1, $11, $11)
"""
ITEM = {"name": "Shirt", "sku": "S1", "quantity": 2, "price": 10.5, "position": 0, "attributes": {}}


@pytest.fixture
def sessions(server):
    """An open session of Ann with everything, and a closed one of nobody."""
    server.sql(
        "INSERT INTO profiles (account_id, sandbox, integration_id, last_activity, created)"
        " VALUES (1, false, 'Ann-1', now(), now())"
    )
    content = json.dumps({"cartItems": [ITEM], "attributes": {"channel": "web"}, "identifiers": ["10.0.0.1"]})
    first = ("Order-1", 1, "Ann-1", "Berlin", "open", ["SUMMER", "WINTER"], "REF-1", content)
    second = ("Order-2", None, "", "", "closed", [], "", json.dumps({"cartItems": []}))
    server.sql(INSERT, *first, 21, 2.50, datetime(2020, 1, 1, tzinfo=UTC))
    server.sql(INSERT, *second, 0, 1, datetime(2021, 1, 1, tzinfo=UTC))


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


def test_a_session_is_shown_in_full(manager, sessions):
    shown = manager.get(f"{SESSIONS}/1")
    assert shown.status_code == 200, shown.text
    assert shown.json() == {
        "id": 1,
        "created": "2020-01-01T00:00:00Z",
        "integrationId": "Order-1",
        "storeIntegrationId": "Berlin",
        "applicationId": 1,
        "profileId": 1,
        "profileintegrationid": "Ann-1",
        "coupon": "SUMMER",
        "referral": "REF-1",
        "state": "open",
        "cartItems": [ITEM],
        "discounts": {},
        "totalDiscounts": 2.5,
        "total": 21,
        "attributes": {"channel": "web"},
        "effects": [],
    }


def test_what_a_session_does_not_have_is_left_out_or_empty(manager, sessions):
    assert manager.get(f"{SESSIONS}/2").json() == {
        "id": 2,
        "created": "2021-01-01T00:00:00Z",
        "integrationId": "Order-2",
        "applicationId": 1,
        "coupon": "",
        "referral": "",
        "state": "closed",
        "cartItems": [],
        "discounts": {},
        "totalDiscounts": 1,
        "total": 0,
        "attributes": {},
        "effects": [],
    }


def test_a_list_of_several_sessions_hides_their_discounts(manager, sessions):
    both = manager.get(SESSIONS).json()
    assert both["hasMore"] is False
    assert [(one["id"], one["totalDiscounts"], one["total"]) for one in both["data"]] == [(1, 0, 21), (2, 0, 0)]
    one = manager.get(SESSIONS, params={"pageSize": 1, "sort": "-created"}).json()
    assert (one["hasMore"], one["data"][0]["id"], one["data"][0]["totalDiscounts"]) == (True, 2, 1)
    assert manager.get(SESSIONS, params={"pageSize": 1, "skip": 1}).json()["hasMore"] is False


def test_sessions_are_filtered(manager, sessions):
    for wanted, expected in (
        ({"state": "open"}, [1]),
        ({"state": "partially_returned"}, []),
        ({"profile": "Ann-1"}, [1]),
        ({"profile": "ann-1"}, []),
        ({"coupon": "WINTER"}, [1]),
        ({"coupon": "WINT"}, []),
        ({"referral": "REF-1"}, [1]),
        ({"integrationId": "Order-2"}, [2]),
        ({"integrationId": "Order"}, []),
        ({"storeIntegrationId": "Berlin"}, [1]),
        ({"createdBefore": "2020-06-01"}, [1]),
        ({"createdAfter": "2020-06-01T00:00:00+02:00"}, [2]),
        ({"createdAfter": "2020-01-01T00:00:00Z"}, [2]),
        ({"partialMatch": True, "integrationId": "order"}, [1, 2]),
        ({"partialMatch": True, "integrationId": "order", "state": "closed"}, [2]),
        ({"partialMatch": True, "profile": "NN-"}, [1]),
        ({"partialMatch": True, "coupon": "inter"}, [1]),
        ({"partialMatch": True, "referral": "ef-"}, [1]),
        ({"partialMatch": True, "storeIntegrationId": "ber"}, [1]),
        ({"partialMatch": True, "storeIntegrationId": "be"}, []),
        ({"partialMatch": True, "integrationId": "%%%"}, []),
    ):
        assert ids(manager.get(SESSIONS, params=wanted)) == expected, wanted
    for wrong in ({"state": "lost"}, {"createdBefore": "x"}, {"partialMatch": "perhaps"}, {"sort": "content"}):
        refused = manager.get(SESSIONS, params=wrong)
        assert refused.status_code == 400, wrong
        assert refused.json()["errors"][0]["source"] == {"parameter": next(iter(wrong))}


def test_sessions_of_other_applications_are_not_found(server, manager, sessions):
    manager.post("/v1/applications", json=make.application())
    assert manager.get("/v1/applications/2/sessions").json() == {"hasMore": False, "data": []}
    missing = {"message": "Session not found", "errors": [], "StatusCode": 404}
    assert manager.get("/v1/applications/2/sessions/1").json() == missing
    assert manager.get(f"{SESSIONS}/9").json() == missing
    assert manager.get("/v1/applications/9/sessions").status_code == 404
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE applications SET account_id = 2")
    assert manager.get(SESSIONS).status_code == 404
    assert manager.get(f"{SESSIONS}/1").status_code == 404
