"""What a changed campaign does to its rules, searches by attributes, and many campaigns at once (management.md §5)."""

import pytest

import make
from checkout import CART, coupon_rule, define, effects, invalid, percent, refused_request, rules_of, update
from make import CAMPAIGNS

SEARCH = "/v1/applications/1/campaigns_search"
BULK = "/v1/applications/1/campaigns_bulk"


def put(manager, campaign_id=1, **changes):
    return manager.put(f"{CAMPAIGNS}/{campaign_id}", json=make.campaign(**changes))


def test_features_cannot_be_taken_from_rules_that_need_them(server, manager, shop):
    campaign = make.new_campaign(manager)
    ruleset = rules_of(manager, campaign, make.rule(), coupon_rule())
    active = {"activeRulesetId": ruleset["id"]}
    url = f"{CAMPAIGNS}/1"
    body = make.campaign(features=["loyalty"], **active)
    status, refusal = refused_request(server, manager, "PUT", url, json=body)
    [problem] = refusal["errors"]
    assert (status, problem["source"]) == (400, {"pointer": "/rules/1/condition/1/0"})
    assert "coupons" in problem["details"]
    assert put(manager, features=["loyalty", "coupons"], **active).status_code == 200
    # Without its ruleset it may become anything.
    assert put(manager, features=["loyalty"]).status_code == 200
    status, refusal = refused_request(server, manager, "PUT", url, json=body)
    assert (status, refusal["errors"][0]["source"]) == (400, {"pointer": "/rules/1/condition/1/0"})


def test_a_campaign_for_items_has_no_rules_for_carts(server, manager):
    campaign = make.new_campaign(manager)
    ruleset = rules_of(manager, campaign, make.rule())
    body = make.campaign(type="cartItem", activeRulesetId=ruleset["id"])
    status, refusal = refused_request(server, manager, "PUT", f"{CAMPAIGNS}/1", json=body)
    assert (status, [one["source"] for one in refusal["errors"]]) == (400, [{"pointer": "/rules/0/effects/0/0"}])


def test_rules_that_broke_later_do_not_stand_in_the_way(server, manager):
    """What rules name may have gone since they were saved: other things can still be changed."""
    campaign = make.new_campaign(manager)
    ruleset = rules_of(manager, campaign, coupon_rule())
    server.sql('UPDATE rulesets SET rules = \'[{"title": "x", "condition": ["nope"], "effects": []}]\'')
    assert put(manager, name="Other", activeRulesetId=ruleset["id"]).json()["name"] == "Other"
    again = make.campaign(features=["coupons", "loyalty"], activeRulesetId=ruleset["id"])
    assert refused_request(server, manager, "PUT", f"{CAMPAIGNS}/1", json=again)[0] == 400


def test_a_ruleset_of_another_campaign_cannot_become_active(server, manager):
    make.new_campaign(manager)
    other = make.new_campaign(manager)
    ruleset = rules_of(manager, other, make.rule())
    body = make.campaign(activeRulesetId=ruleset["id"])
    refused = refused_request(server, manager, "PUT", f"{CAMPAIGNS}/1", json=body)
    details = f"The campaign has no ruleset {ruleset['id']}"
    assert refused == (400, invalid(("/activeRulesetId", "Unknown", details)))


def test_a_ruleset_is_deleted_unless_it_is_active(server, manager, shop):
    campaign = make.new_campaign(manager)
    old = rules_of(manager, campaign, make.rule())
    new = rules_of(manager, campaign, make.rule(effects=[["setDiscount", "New", percent(50)]]))
    url = f"{CAMPAIGNS}/1/rulesets"
    status, refusal = refused_request(server, manager, "DELETE", f"{url}/{new['id']}")
    assert (status, refusal["message"]) == (400, "The active ruleset of a campaign cannot be deleted")
    deleted = manager.delete(f"{url}/{old['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [one["id"] for one in manager.get(url).json()["data"]] == [new["id"]]
    assert effects(update(shop, "s1", {"cartItems": CART}))[0][1]["name"] == "New"
    make.new_campaign(manager)
    for wrong in (
        f"{url}/{old['id']}",
        f"{url}/99",
        f"{CAMPAIGNS}/2/rulesets/{new['id']}",
        f"{CAMPAIGNS}/9/rulesets/1",
    ):
        assert refused_request(server, manager, "DELETE", wrong)[0] == 404, wrong


@pytest.fixture(scope="module")
def seasons(shared_manager):
    """Campaigns with attributes: 1 summer of 2026, 2 summer of 2027 (disabled), 3 without any."""
    define(shared_manager, "Campaign", "season")
    define(shared_manager, "Campaign", "year", "number")
    define(shared_manager, "Campaign", "cities", "(list string)")
    make.new_campaign(shared_manager, attributes={"season": "summer", "year": 2026, "cities": ["Rom", "Ulm"]})
    make.new_campaign(shared_manager, attributes={"season": "summer", "year": 2027}, state="disabled")
    make.new_campaign(shared_manager)


@pytest.mark.usefixtures("seasons")
@pytest.mark.parametrize(
    ("attributes", "query", "expected"),
    [
        ({"season": "summer"}, {}, [1, 2]),
        ({"season": "summer", "year": 2026}, {}, [1]),
        ({"year": 2026.0}, {}, [1]),
        ({"season": "Summer"}, {}, []),
        ({"season": ""}, {}, []),
        ({"cities": ["Rom", "Ulm"]}, {}, [1]),
        ({"cities": ["Rom"]}, {}, []),
        ({}, {}, [1, 2, 3]),
        ({"season": "summer"}, {"campaignState": "disabled"}, [2]),
        ({"season": "summer"}, {"sort": "-id", "pageSize": 1}, [2]),
    ],
)
def test_campaigns_are_searched_by_attributes(shared_manager, attributes, query, expected):
    answer = shared_manager.post(SEARCH, json={"attributes": attributes}, params=query)
    assert answer.status_code == 200, answer.text
    assert [one["id"] for one in answer.json()["data"]] == expected
    if not query:
        assert answer.json()["totalResultSize"] == len(expected)


@pytest.mark.usefixtures("seasons")
@pytest.mark.parametrize(
    ("url", "body", "status", "pointer"),
    [
        (SEARCH, {"attributes": {"nope": 1}}, 400, "/attributes/nope"),
        (SEARCH, {"attributes": {"year": "2026"}}, 400, "/attributes/year"),
        (SEARCH, {"attributes": []}, 400, "/attributes"),
        (SEARCH, {}, 400, "/attributes"),
        (SEARCH.replace("/1/", "/9/"), {"attributes": {}}, 404, None),
    ],
)
def test_searches_that_mean_nothing_are_refused(shared, shared_manager, url, body, status, pointer):
    found, refusal = refused_request(shared, shared_manager, "POST", url, json=body)
    assert found == status
    assert [one["source"] for one in refusal["errors"]] == ([{"pointer": pointer}] if pointer else [])


def bulk(manager, operation, *ids, **more):
    return manager.post(BULK, json={"operation": operation, "campaignIds": list(ids)} | more)


def test_campaigns_are_disabled_and_deleted_together(server, manager, shop):
    for name in ("One", "Two", "Three"):
        rules_of(manager, make.new_campaign(manager, name=name), make.rule(effects=[["setDiscount", name, 1]]))
    make.new_coupons(manager, 2, couponPattern="TWO")
    given = update(shop, "s1", {"cartItems": CART})
    assert [props["name"] for _, props in effects(given)] == ["One", "Two", "Three"]
    answer = bulk(manager, "disable", 3, 1, 3)
    assert (answer.status_code, answer.content) == (204, b"")
    states = [one["state"] for one in manager.get(CAMPAIGNS).json()["data"]]
    assert states == ["disabled", "enabled", "disabled"]
    assert manager.get(f"{CAMPAIGNS}/1").json()["updatedBy"] == "admin@example.com"
    assert [props["name"] for _, props in effects(update(shop, "s1", {"cartItems": CART}))] == ["Two"]
    assert bulk(manager, "delete", 1, 2).status_code == 204
    assert [one["id"] for one in manager.get(CAMPAIGNS).json()["data"]] == [3]
    assert server.sql("SELECT count(*) FROM coupons")[0][0] == 0
    assert effects(update(shop, "s1", {"cartItems": CART})) == []


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"operation": "disable", "campaignIds": [1, 99]}, 404, None),
        ({"operation": "delete", "campaignIds": [1, 99]}, 404, None),
        ({"operation": "enable", "campaignIds": [1]}, 400, "/operation"),
        ({"operation": "activate_revision", "campaignIds": [1]}, 400, "/operation"),
        ({"operation": "delete", "campaignIds": [1] * 51}, 400, "/campaignIds"),
        ({"operation": "delete", "campaignIds": ["1"]}, 400, "/campaignIds/0"),
        ({"operation": "delete", "campaignIds": [10**30]}, 400, None),
        ({"operation": "delete"}, 400, "/campaignIds"),
    ],
)
@pytest.mark.usefixtures("seasons")
def test_bulk_operations_happen_as_a_whole_or_not_at_all(shared, shared_manager, body, status, pointer):
    found, refusal = refused_request(shared, shared_manager, "POST", BULK, json=body)
    assert found == status
    assert [one["source"] for one in refusal["errors"]] == ([{"pointer": pointer}] if pointer else [])
