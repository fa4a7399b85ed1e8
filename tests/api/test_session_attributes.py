"""updateAttribute is kept at once, for the session and the customer (core.md §5.5)."""

import make
from checkout import define, effects, line, rows, running, session_of, update

SESSION, PROFILE = ["Session", "Attributes"], ["Profile", "Attributes"]


def test_new_values_are_kept_with_the_session_and_the_customer(shop, manager, server):
    define(manager, "CustomerSession", "tier")
    define(manager, "CustomerProfile", "visits", "number")
    count = ["+", ["catch", 0, [".", *PROFILE, "visits"]], 1]
    changes = [["updateAttribute", [*SESSION, "tier"], "gold"], ["updateAttribute", [*PROFILE, "visits"], count]]
    campaign, _ = running(manager, make.rule(effects=changes))
    for visit in (1, 2):
        body = update(shop, "s1", {"profileId": "kim"}, content=["customerSession", "customerProfile"])
        assert effects(body) == [
            ("updateAttribute", {"path": "Session.Attributes.tier", "value": "gold"}),
            ("updateAttribute", {"path": "Profile.Attributes.visits", "value": visit}),
        ]
        assert body["customerSession"]["attributes"] == {"tier": "gold"}
        assert body["customerProfile"]["attributes"] == {"visits": visit}
        assert server.sql("SELECT attributes FROM profiles")[0]["attributes"] == f'{{"visits": {visit}}}'
    read = shop.get("/v2/customer_sessions/s1").json()["customerSession"]
    assert read["attributes"] == {"tier": "gold"}
    manager.delete(f"{make.CAMPAIGNS}/{campaign['id']}").raise_for_status()
    body = update(shop, "s2", {"profileId": "kim"}, content=["customerSession", "customerProfile"])
    assert body["customerSession"]["attributes"] == {}
    assert body["customerProfile"]["attributes"] == {"visits": 2}


def test_they_are_not_taken_back(shop, manager):
    define(manager, "CustomerProfile", "vip", "boolean")
    running(manager, make.rule(effects=[["updateAttribute", [*PROFILE, "vip"], True]]))
    update(shop, "s1", {"profileId": "kim", "state": "closed"})
    body = update(shop, "s1", {"state": "cancelled"}, content=["customerProfile"])
    assert (body["effects"], body["customerProfile"]["attributes"]) == ([], {"vip": True})


def test_a_dry_request_shows_them_in_the_session_only(shop, manager, server):
    define(manager, "CustomerSession", "tier")
    define(manager, "CustomerProfile", "tier")
    changes = [["updateAttribute", [*SESSION, "tier"], "a"], ["updateAttribute", [*PROFILE, "tier"], "b"]]
    running(manager, make.rule(effects=changes))
    before = rows(server)
    body = update(shop, "s1", {"profileId": "kim"}, content=["customerSession", "customerProfile"], dry="true")
    assert len(body["effects"]) == 2
    assert rows(server) == before


def test_an_anonymous_session_has_no_customer_to_change(shop, manager, server):
    define(manager, "CustomerProfile", "tier")
    running(manager, make.rule(effects=[["updateAttribute", [*PROFILE, "tier"], "b"], ["setDiscount", "x", 1]]))
    body = update(shop, "s1", {"cartItems": [line()]}, content=["ruleFailureReasons"])
    assert (body["effects"], [one["effectIndex"] for one in body["ruleFailureReasons"]]) == ([], [0])


def test_other_attributes_of_the_customer_stay(shop, manager):
    define(manager, "CustomerProfile", "tier")
    define(manager, "CustomerProfile", "city")
    running(manager, make.rule(effects=[["updateAttribute", [*PROFILE, "tier"], "gold"]]))
    profiles = {"customerProfiles": [{"integrationId": "kim", "attributes": {"city": "Berlin", "tier": "none"}}]}
    assert shop.put("/v2/customer_profiles", json=profiles).status_code == 204
    profile = update(shop, "s1", {"profileId": "kim"}, content=["customerProfile"])["customerProfile"]
    assert profile["attributes"] == {"city": "Berlin", "tier": "gold"}


def test_an_update_from_the_shop_and_one_from_a_rule_both_count(shop, manager):
    define(manager, "CustomerSession", "tier")
    define(manager, "CustomerSession", "note")
    rule = make.rule(condition=["and", ["=", [".", *SESSION, "note"], "go"]])
    rule["effects"] = [["updateAttribute", [*SESSION, "tier"], "gold"]]
    running(manager, rule)
    assert session_of(shop, "s1", {"attributes": {"note": "no", "tier": "tin"}})["attributes"]["tier"] == "tin"
    kept = session_of(shop, "s1", {"attributes": {"note": "go", "tier": "tin"}})
    assert kept["attributes"] == {"note": "go", "tier": "gold"}
    assert session_of(shop, "s1", {"attributes": {"note": "no"}})["attributes"] == {"note": "no", "tier": "gold"}
    assert session_of(shop, "s1", {"cartItems": [line()]})["attributes"] == {"note": "no", "tier": "gold"}


def test_a_value_that_is_cleared_in_the_first_session_leaves_nothing(shop, manager, server):
    """No null is stored: neither of a new customer nor of one that is known."""
    define(manager, "CustomerProfile", "tier")
    running(manager, make.rule(effects=[["updateAttribute", [*PROFILE, "tier"], None]]))
    for session_id in ("s1", "s2"):
        body = update(shop, session_id, {"profileId": "kim"}, content=["customerProfile"])
        assert effects(body) == [("updateAttribute", {"path": "Profile.Attributes.tier", "value": None})]
        assert body["customerProfile"]["attributes"] == {}
        assert server.sql("SELECT attributes FROM profiles")[0]["attributes"] == "{}"
