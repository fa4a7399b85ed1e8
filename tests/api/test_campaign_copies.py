"""Copies of campaigns in one Application or several (management.md §5, rules.md §8.4)."""

import pytest

import make
from checkout import CART, coupon_rule, define, effects, refused_request, rules_of, update
from make import CAMPAIGNS

COPY = f"{CAMPAIGNS}/1/copy"
ITEMS = [".", "Session", "CartItems"]
MAPPED = ["valueMapItems", 1, ITEMS]


def copy(manager, *application_ids, campaign_id=1, **changes):
    answer = manager.post(f"{CAMPAIGNS}/{campaign_id}/copy", json={"applicationIds": list(application_ids)} | changes)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["totalResultSize"] == len(body["data"])
    return body["data"]


def application(manager, **changes):
    answer = manager.post("/v1/applications", json=make.application(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def file(text):
    return {"upFile": ("x.csv", text, "text/csv")}


def stocked(manager):
    """A campaign with everything that can belong to one; its id is 1."""
    define(manager, "Campaign", "season")
    group = make.new_campaign_group(manager)["id"]
    store = make.new_store(manager)["id"]
    campaign = make.new_campaign(
        manager,
        description="All of it",
        startTime="2020-01-01T00:00:00Z",
        attributes={"season": "summer"},
        tags=["hot"],
        reevaluateOnReturn=True,
        couponSettings={"validCharacters": ["A"], "couponPattern": "S-####"},
        limits=[{"action": "setDiscount", "limit": 99.5, "entities": []}],
        campaignGroups=[group],
        linkedStoreIds=[store],
    )
    url = f"{CAMPAIGNS}/1"
    manager.post(f"{url}/collections", json={"name": "Fruit"}).raise_for_status()
    manager.post(f"{url}/collections/1/import", files=file("item\nA\nB\n")).raise_for_status()
    manager.post(f"{url}/value_maps", json={}).raise_for_status()
    manager.post(f"{url}/value_maps/1/import", files=file("identifier,value\nA,2.5\n")).raise_for_status()
    per_item = ["setDiscountPerItem", "Mapped", MAPPED, [["Item"], [".", "Item", "MappedValue"]]]
    rules_of(
        manager,
        campaign,
        make.rule(title="Mapped", effects=[per_item]),
        bindings=[{"name": "ten", "expression": ["identity", 10.50]}],
    )
    make.new_coupons(manager, 1, couponPattern="ONE")
    return campaign


def test_a_copy_has_what_belongs_to_the_original(server, manager, shop):
    original = stocked(manager)
    other = application(manager)
    here, there = copy(manager, 1, other)
    assert (here["id"], here["applicationId"], there["id"], there["applicationId"]) == (2, 1, 3, other)
    for made in (here, there):
        same = ("description", "startTime", "attributes", "tags", "reevaluateOnReturn", "features", "couponSettings",
                "limits", "type", "campaignGroups")  # fmt: skip
        assert {name: made[name] for name in same} == {name: original[name] for name in same}
        assert (made["name"], made["state"], made["frontendState"]) == ("Copy of Summer sale", "disabled", "disabled")
        assert (made["linkedStoreIds"], made["couponCreationCount"]) == ([], 0)
        assert made["budgets"] == [{"action": "setDiscount", "limit": 99.5, "counter": 0}]
        campaigns = f"/v1/applications/{made['applicationId']}/campaigns/{made['id']}"
        [ruleset] = manager.get(f"{campaigns}/rulesets").json()["data"]
        assert made["activeRulesetId"] == ruleset["id"]
        [rule] = ruleset["rules"]
        [source] = manager.get(f"{CAMPAIGNS}/1/rulesets").json()["data"][0]["rules"]
        assert rule["parentId"] == source["id"] != rule["id"]
        assert rule["effects"][0][2] == ["valueMapItems", made["valueMapsIds"][0], ITEMS]
        assert ruleset["bindings"] == [{"name": "ten", "expression": ["identity", 10.5]}]
        [collection] = manager.get(f"{campaigns}/collections").json()["data"]
        assert collection["name"] == "Fruit"
        assert manager.get(f"{campaigns}/collections/{collection['id']}/export").text == "item\nA\nB\n"
    assert here["valueMapsIds"] == [2]
    assert server.sql("SELECT count(*) FROM coupons")[0][0] == 1
    manager.delete(f"{CAMPAIGNS}/1").raise_for_status()
    assert effects(update(shop, "s1", {"cartItems": CART})) == []
    body = make.campaign(activeRulesetId=here["activeRulesetId"], name="Copy")
    manager.put(f"{CAMPAIGNS}/2", json=body).raise_for_status()
    given = effects(update(shop, "s1", {"cartItems": CART}))
    assert [(kind, props["value"]) for kind, props in given] == [("setDiscountPerItem", 2.5)] * 2


def test_a_copy_may_differ(server, manager):
    make.new_campaign(manager, tags=["a"], startTime="2030-01-01", endTime="2031-01-01")
    group = make.new_group(manager)["id"]
    changes = {"name": "Mine", "description": "d", "startTime": "2030-02-01", "endTime": "2030-03-01", "tags": []}
    [made] = copy(manager, 1, evaluationGroupId=group, **changes)
    assert (made["name"], made["description"], made["tags"]) == ("Mine", "d", [])
    assert (made["startTime"], made["endTime"]) == ("2030-02-01T00:00:00Z", "2030-03-01T00:00:00Z")
    assert "activeRulesetId" not in made
    assert server.sql("SELECT evaluation_group_id FROM campaigns WHERE id = 2")[0][0] == group
    [again] = copy(manager, 1, 1, campaign_id=2)
    assert again["name"] == "Copy of Mine"
    assert copy(manager) == []


def test_without_an_active_ruleset_the_newest_is_copied(manager):
    make.new_campaign(manager)
    for title in ("Old", "New"):
        manager.post(f"{CAMPAIGNS}/1/rulesets", json=make.ruleset(make.rule(title=title))).raise_for_status()
    [made] = copy(manager, 1)
    assert "activeRulesetId" not in made
    [ruleset] = manager.get(f"{CAMPAIGNS}/2/rulesets").json()["data"]
    assert ruleset["rules"][0]["title"] == "New"


def test_what_the_application_lacks_is_said(server, manager):
    other = application(manager)
    define(manager, "Campaign", "season", subscribedApplicationsIds=[1])
    make.new_campaign(manager, attributes={"season": "summer"})
    manager.post("/v1/applications/1/cart_item_filters", json={"name": "Premium"}).raise_for_status()
    expression = {"expression": ITEMS}
    manager.post("/v1/applications/1/cart_item_filters/1/expressions", json=expression).raise_for_status()
    manager.put("/v1/applications/1/cart_item_filters/1", json={"activeExpressionId": 1}).raise_for_status()
    per_item = ["setDiscountPerItem", "Premium", [".", "Premium"], [["Item"], 1]]
    rules_of(manager, {"id": 1}, make.rule(effects=[per_item]))
    status, body = refused_request(server, manager, "POST", COPY, json={"applicationIds": [1, other]})
    assert status == 400
    assert {one["source"]["pointer"] for one in body["errors"]} == {"/applicationIds/1"}
    said = [one["details"] for one in body["errors"]]
    assert said[0] == '/attributes/season: The attribute "season" is not defined on Campaign entities.'
    assert said[1].startswith("/rules/0/effects/0/")
    assert len(said) == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/applicationIds"),
        ({"applicationIds": [9]}, "/applicationIds/0"),
        ({"applicationIds": [1, 9, 8]}, "/applicationIds/1"),
        ({"applicationIds": ["1"]}, "/applicationIds/0"),
        ({"applicationIds": [1], "name": ""}, "/name"),
        ({"applicationIds": [1], "name": 5}, "/name"),
        ({"applicationIds": [1], "tags": [""]}, "/tags/0"),
        ({"applicationIds": [1], "tags": ["x"] * 51}, "/tags"),
        ({"applicationIds": [1], "endTime": "2019-01-01"}, "/endTime"),
        ({"applicationIds": [1], "evaluationGroupId": 99}, "/evaluationGroupId"),
    ],
)
def test_impossible_copies_are_refused(shared, shared_manager, body, pointer):
    if not shared_manager.get(CAMPAIGNS).json()["totalResultSize"]:
        make.new_campaign(shared_manager, startTime="2020-01-01")
    status, refusal = refused_request(shared, shared_manager, "POST", COPY, json=body)
    assert status == 400
    assert refusal["errors"][0]["source"] == {"pointer": pointer}


def test_only_campaigns_of_the_application_are_copied(server, manager, shop):
    make.new_campaign(manager)
    other = application(manager)
    for url in (f"{CAMPAIGNS}/9/copy", f"/v1/applications/{other}/campaigns/1/copy"):
        assert refused_request(server, manager, "POST", url, json={"applicationIds": [1]})[0] == 404, url
    assert refused_request(server, shop, "POST", COPY, json={"applicationIds": [1]})[0] == 401
    server.sql("UPDATE management_keys SET allowed_application_ids = '{1}'")
    assert refused_request(server, manager, "POST", COPY, json={"applicationIds": [1, other]})[0] == 403
    assert len(copy(manager, 1)) == 1


def test_a_copy_goes_to_the_groups_that_its_application_has(manager):
    other = application(manager)
    everywhere = make.new_campaign_group(manager)["id"]
    here = make.new_campaign_group(manager, name="Here", subscribedApplicationsIds=[1])["id"]
    make.new_campaign(manager, campaignGroups=[here, everywhere])
    rules_of(manager, {"id": 1}, coupon_rule())
    assert [one["campaignGroups"] for one in copy(manager, 1, other)] == [[here, everywhere], [everywhere]]
