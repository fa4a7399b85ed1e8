"""Applications and their Integration keys through the Management API (management.md §4)."""

import json

import httpx

import make
from checkout import CART, coupon_rule, define, effects, line, put, refused_request, rows, running, update


def test_a_new_application_has_every_default(manager):
    made = manager.post("/v1/applications", json=make.application())
    assert made.status_code == 201, made.text
    application = made.json()
    assert {name: application.pop(name) for name in ("created", "modified")}
    assert application == {
        "id": 2,
        "accountId": 1,
        "name": "Second shop",
        "description": "",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "caseSensitivity": "sensitive",
        "attributes": {},
        "limits": [],
        "defaultDiscountScope": "sessionTotal",
        "enableCascadingDiscounts": False,
        "enableFlattenedCartItems": False,
        "attributesSettings": {},
        "sandbox": False,
        "enablePartialDiscounts": False,
        "defaultDiscountAdditionalCostPerItemScope": "price",
        "defaultEvaluationGroupId": 2,
        "enableCampaignStateManagement": False,
        "loyaltyPrograms": [],
    }
    assert manager.get("/v1/applications/2").json() == made.json()


def test_applications_are_listed_in_pages(manager):
    for name in ("B", "A"):
        manager.post("/v1/applications", json=make.application(name=name))
    listed = manager.get("/v1/applications", params={"sort": "name", "pageSize": 2}).json()
    assert (listed["totalResultSize"], [one["name"] for one in listed["data"]]) == (3, ["A", "B"])
    second = manager.get("/v1/applications", params={"pageSize": 2, "skip": 2}).json()
    assert (second["totalResultSize"], [one["name"] for one in second["data"]]) == (3, ["A"])
    assert manager.get("/v1/applications", params={"sort": "currency"}).status_code == 400


def test_an_update_changes_what_it_names_and_keeps_the_rest(server, manager):
    manager.post("/v1/attributes", json=make.attribute("Campaign", "season")).raise_for_status()
    settings = {
        "caseSensitivity": "insensitive-uppercase",
        "limits": [{"action": "setDiscount", "limit": 12.50, "entities": []}],
        "attributesSettings": {"mandatory": {"campaigns": ["season"]}},
        "enablePartialDiscounts": True,
        "sandbox": True,
    }
    old = manager.post("/v1/applications", json=make.application(**settings)).json()
    assert old["limits"] == [{"action": "setDiscount", "limit": 12.5, "entities": []}]
    before = server.sql("SELECT revision FROM applications WHERE id = 2")[0]["revision"]
    server.clock.travel(hours=1)
    changed = manager.put("/v1/applications/2", json=make.application(name="New", sandbox=False, timezone="UTC"))
    assert changed.status_code == 200, changed.text
    new = changed.json()
    assert new["modified"] > old["modified"]
    assert new == old | {"name": "New", "timezone": "UTC", "modified": new["modified"]}
    assert server.sql("SELECT revision FROM applications WHERE id = 2")[0]["revision"] == before + 1


def test_the_time_zone_is_a_real_one(server, manager):
    before = manager.get("/v1/applications/1").json()
    for zone in ("Europe/Atlantis", "localtime", "../etc/passwd"):
        for refused in (
            manager.post("/v1/applications", json=make.application(timezone=zone)),
            manager.put("/v1/applications/1", json=make.application(timezone=zone)),
        ):
            assert refused.status_code == 400
            assert refused.json()["errors"] == [
                {
                    "title": "Unknown",
                    "details": f'"{zone}" is not an IANA time zone',
                    "source": {"pointer": "/timezone"},
                }
            ]
    assert manager.get("/v1/applications").json() == {"totalResultSize": 1, "data": [before]}
    assert make.revision(server) == 1


def test_campaign_state_management_goes_on_but_never_off(manager):
    on = make.application(enableCampaignStateManagement=True)
    assert manager.put("/v1/applications/1", json=on).json()["enableCampaignStateManagement"] is True
    off = manager.put("/v1/applications/1", json=on | {"enableCampaignStateManagement": False})
    assert off.status_code == 400
    assert off.json()["errors"][0]["source"] == {"pointer": "/enableCampaignStateManagement"}
    kept = manager.put("/v1/applications/1", json=make.application())
    assert kept.json()["enableCampaignStateManagement"] is True


def test_impossible_settings_are_refused(server, manager):
    before = manager.get("/v1/applications/1").json()
    for _case, change, pointer in (
        ("evaluation group of nobody", {"defaultEvaluationGroupId": 99}, "/defaultEvaluationGroupId"),
        ("unknown attribute", {"attributes": {"floor": 3}}, "/attributes/floor"),
        ("negative limit", {"limits": [{"action": "setDiscount", "limit": -1, "entities": []}]}, "/limits/0/limit"),
        ("unknown action", {"limits": [{"action": "sing", "limit": 1, "entities": []}]}, "/limits/0/action"),
        ("unknown scope", {"defaultDiscountScope": "everything"}, "/defaultDiscountScope"),
        ("empty name", {"name": ""}, "/name"),
    ):
        refused = manager.put("/v1/applications/1", json=make.application(**change))
        assert (refused.status_code, refused.json()["errors"][0]["source"]) == (400, {"pointer": pointer}), _case
    assert manager.get("/v1/applications/1").json() == before


def test_attributes_of_an_application_are_checked_and_kept(manager):
    manager.post("/v1/attributes", json=make.attribute("Application", "floor", "number"))
    exact = "3.12345678901234567890"  # more than a float can hold
    body = json.dumps(make.application(attributes={"floor": 0})).replace('"floor": 0', f'"floor": {exact}')
    changed = manager.put("/v1/applications/1", content=body)
    assert changed.status_code == 200
    assert f'"attributes":{{"floor":{exact}}}' in changed.text


def test_unknown_applications_are_not_found(server, manager):
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE applications SET account_id = 2")
    for path in ("/v1/applications/1", "/v1/applications/99", f"/v1/applications/{2**63 - 1}"):
        assert manager.get(path).json() == {"message": "Application not found", "errors": [], "StatusCode": 404}
        assert manager.put(path, json=make.application()).status_code == 404
        assert manager.get(f"{path}/api_keys").status_code == 404
        key = {"title": "k", "expires": "2099-01-01T00:00:00Z"}
        assert manager.post(f"{path}/api_keys", json=key).status_code == 404
    assert manager.get("/v1/applications").json() == {"totalResultSize": 0, "data": []}
    assert manager.get(f"/v1/applications/{2**64}").status_code == 400


def test_a_key_for_one_application_sees_no_other(server, manager):
    manager.post("/v1/applications", json=make.application())
    server.sql("UPDATE management_keys SET allowed_application_ids = '{2}'")
    assert [one["id"] for one in manager.get("/v1/applications").json()["data"]] == [2]
    assert manager.get("/v1/applications/2").status_code == 200
    assert manager.get("/v1/applications/1").status_code == 403
    assert manager.get(make.CAMPAIGNS).status_code == 403
    assert manager.post("/v1/applications", json=make.application()).status_code == 403
    assert server.sql("SELECT count(*) FROM applications")[0]["count"] == 2


def test_an_integration_key_is_shown_once_and_works_until_it_is_deleted(server, manager):
    request = {"title": "Web shop", "expires": "2099-08-24T14:00:00+02:00", "platform": "none", "timeOffset": 100000}
    made = manager.post("/v1/applications/1/api_keys", json=request)
    assert made.status_code == 201, made.text
    key = made.json()
    assert len(key["key"]) == 64
    shown = {name: value for name, value in key.items() if name not in ("key", "created")}
    assert shown == {
        "id": 2,
        "title": "Web shop",
        "expires": "2099-08-24T12:00:00Z",
        "platform": "none",
        "timeOffset": 100000,
        "createdBy": 1,
        "accountID": 1,
        "applicationID": 1,
    }
    listed = manager.get("/v1/applications/1/api_keys").json()
    assert listed["totalResultSize"] == 2
    assert listed["data"][1] == shown | {"created": key["created"]}
    assert "key" not in listed["data"][0]
    changed = manager.put("/v1/applications/1/api_keys/2", json={"timeOffset": -5})
    assert changed.json() == listed["data"][1] | {"timeOffset": -5}
    assert (
        server.sql("SELECT count(*) FROM application_keys WHERE key_hash = sha256($1)", key["key"].encode())[0][0] == 1
    )
    deleted = manager.delete("/v1/applications/1/api_keys/2")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [one["id"] for one in manager.get("/v1/applications/1/api_keys").json()["data"]] == [1]


def test_keys_of_another_application_are_not_found(manager):
    manager.post("/v1/applications", json=make.application())
    for path in ("/v1/applications/2/api_keys/1", "/v1/applications/1/api_keys/9"):
        assert manager.delete(path).json()["message"] == "API key not found"
        assert manager.put(path, json={"timeOffset": 1}).status_code == 404
    assert manager.get("/v1/applications/1/api_keys").json()["totalResultSize"] == 1


def test_every_operation_needs_a_management_key(server, shop):
    for method, path in (
        ("GET", "/v1/applications"),
        ("POST", "/v1/applications"),
        ("GET", "/v1/applications/1"),
        ("PUT", "/v1/applications/1"),
        ("GET", "/v1/applications/1/api_keys"),
        ("POST", "/v1/applications/1/api_keys"),
        ("PUT", "/v1/applications/1/api_keys/1"),
        ("DELETE", "/v1/applications/1/api_keys/1"),
    ):
        assert shop.request(method, path, json={}).status_code == 401
        assert httpx.request(method, server.url + path, json={}).status_code == 401


def test_settings_of_our_own_round_and_uncap_discounts(manager, shop):
    """Rulings 2 and 4 of the design: off by default, and then no client sees them."""
    running(manager, make.rule(effects=[["setDiscount", "Tenth", ["/", [".", "Session", "Total"], 10]]]))
    running(manager, make.rule(effects=[["setDiscount", "A lot", 500]]))
    cart = {"cartItems": [line(price=99.99)]}

    def given(**settings):
        current = manager.get("/v1/applications/1").json()
        changed = manager.put("/v1/applications/1", json=current | settings)
        assert changed.status_code == 200, changed.text
        return [props["value"] for _, props in effects(update(shop, "s1", cart))]

    assert given() == [9.999, 89.991]
    assert given(discountDecimals=2) == [10, 89.99]
    assert given(uncappedDiscounts=True) == [10, 500]
    shown = manager.get("/v1/applications/1").json()
    assert (shown["discountDecimals"], shown["uncappedDiscounts"]) == (2, True)
    assert given(discountDecimals=None, uncappedDiscounts=False) == [9.999, 89.991]
    assert "discountDecimals" not in manager.get("/v1/applications/1").json()
    refused = manager.put("/v1/applications/1", json=make.application(discountDecimals=11))
    assert refused.status_code == 400
    assert [error["source"] for error in refused.json()["errors"]] == [{"pointer": "/discountDecimals"}]


def test_an_application_goes_with_everything_that_is_its_own(server, manager, shop):
    """And with nothing else: what it shared with other Applications is as before."""
    second = manager.post("/v1/applications", json=make.application()).json()["id"]
    for entity in ("CustomerSession", "CustomerProfile"):
        define(manager, entity, "text", subscribedApplicationsIds=[1, second])
    for subscribed in ([1], [second], None):
        changes = {} if subscribed is None else {"subscribedApplicationsIds": subscribed}
        manager.post("/v1/collections", json={"name": f"Of {subscribed}"} | changes).raise_for_status()
    custom = {"name": "wrap", "title": "x", "payload": "{}", "enabled": True, "applicationIds": [1, second]}
    manager.post("/v1/custom_effects", json=custom).raise_for_status()
    make.new_store(manager)
    manager.post("/v1/applications/1/cart_item_filters", json={"name": "Premium"}).raise_for_status()
    make.new_group(manager)
    limits = [{"action": "setDiscount", "limit": 100, "entities": []}]
    campaign, _ = running(manager, coupon_rule(), codes=["TEN"], limits=limits)
    manager.post(f"{make.CAMPAIGNS}/1/value_maps", json={}).raise_for_status()
    manager.post(f"{make.CAMPAIGNS}/1/collections", json={"name": "Own"}).raise_for_status()
    make.new_referral(shop, campaign["id"])
    session = {"profileId": "kim", "cartItems": CART, "couponCodes": ["TEN"], "attributes": {"text": "x"}}
    update(shop, "s1", session | {"state": "closed"})
    update(shop, "s2", session)
    other = make.campaign(name="Elsewhere")
    manager.post(f"/v1/applications/{second}/campaigns", json=other).raise_for_status()
    before = rows(server)
    deleted = manager.delete("/v1/applications/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    after = rows(server)
    gone = {name for name, (count, _) in before.items() if count and not after[name][0]}
    assert gone == {
        "application_keys", "cart_item_filters", "coupons", "customer_sessions", "events", "limit_counters", "referrals",
        "rulesets", "stores", "value_maps", "coupon_redemptions", "application_customers", "limit_charges",
    }  # fmt: skip
    assert (after["applications"][0], after["campaigns"][0], after["evaluation_groups"][0]) == (1, 1, 1)
    assert (after["profiles"], after["attributes"][0], after["collections"][0]) == (before["profiles"], 2, 3)
    assert [one["id"] for one in manager.get("/v1/applications").json()["data"]] == [second]
    assert manager.get("/v1/attributes/1").json()["subscribedApplicationsIds"] == [second]
    assert manager.get("/v1/custom_effects").json()["data"][0]["applicationIds"] == [second]
    subscriptions = [one.get("subscribedApplicationsIds") for one in manager.get("/v1/collections").json()["data"]]
    assert subscriptions == [[], [second], None]
    assert manager.get(make.CAMPAIGNS).status_code == 404
    assert put(shop, "s3", session).status_code == 401
    assert refused_request(server, manager, "DELETE", "/v1/applications/1")[0] == 404


def test_a_key_limited_to_a_deleted_application_has_no_other(server, manager):
    second = manager.post("/v1/applications", json=make.application()).json()["id"]
    server.sql("UPDATE management_keys SET allowed_application_ids = $1", [second])
    assert refused_request(server, manager, "DELETE", "/v1/applications/1")[0] == 403
    assert manager.delete(f"/v1/applications/{second}").status_code == 204
    assert manager.get("/v1/applications").json() == {"totalResultSize": 0, "data": []}
