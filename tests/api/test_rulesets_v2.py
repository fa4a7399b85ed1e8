"""GET /v2/applications/{a}/campaigns/{c}/rulesets/{r}: a ruleset as typed blocks (rules.md §2.2)."""

import pytest

import make

ONE = "/applications/1/campaigns/1/rulesets/1"
SHOES = {
    "name": "Shoes",
    "type": "cartItemFilter",
    "expression": ["filter", [".", "Session", "CartItems"], [["Item"], ["=", [".", "Item", "Category"], "shoes"]]],
}


@pytest.fixture
def campaign(manager):
    return make.new_campaign(manager)


def test_a_ruleset_as_typed_blocks(manager, campaign):
    manager.post("/v1/attributes", json=make.attribute("CustomerProfile", "tier", title="The tier"))
    rule = make.rule(
        title="Shoes",
        condition=["and", ["couponValid"], [">=", [".", "Session", "Total"], 99.9]],
        effects=[
            ["setDiscountPerItem", "15% off", [".", "Shoes"], [["Item"], ["*", [".", "Item", "Price"], 0.15]]],
            ["updateAttribute", ["Profile", "Attributes", "tier"], "gold"],
        ],
    )
    made = manager.post("/v1" + ONE[:-2], json=make.ruleset(rule, bindings=[SHOES], activate=True)).json()
    answer = manager.get("/v2" + ONE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    [shown] = found.pop("promotionRules")
    ids = [block.pop("id") for block in shown["blocks"]]
    assert len(set(ids)) == 4
    assert [block["id"] for block in manager.get("/v2" + ONE).json()["promotionRules"][0]["blocks"]] == ids
    target = {"type": "selector", "name": "Shoes"}
    tier = {"id": 1, "entity": "profile", "name": "tier", "title": "The tier", "type": "string"}
    assert shown == {
        "id": made["rules"][0]["id"],
        "title": "Shoes",
        "blocks": [
            {"type": "checkCoupon", "redeem": True},
            {
                "type": "checkAttribute",
                "operator": "greaterThanOrEqual",
                "attribute": "$Session.Total",
                "value": 99.9,
            },
            {"type": "awardDiscount", "name": "15% off", "value": "{{$Item.Price * 0.15}}", "partial": False, "target": target},
            {"type": "updateAttributeValue", "operator": "setTo", "attribute": tier, "value": "gold", "target": {"type": "profile"}},
        ],
    }  # fmt: skip
    assert found.pop("selectors")[0]["steps"][0]["predicate"].pop("id")
    assert found == {
        "id": 1, "created": made["created"], "userId": 1, "campaignId": 1, "activatedAt": made["created"],
        "strikethroughRules": [], "bundles": [], "parameters": [],
    }  # fmt: skip


def test_strikethrough_rules_are_shown(manager):
    make.new_campaign(manager, features=["strikethrough"])
    effect = ["setDiscountPerItem", "One off", [".", "Session", "CartItems"], [["Item"], 1]]
    rule = make.rule(title="Shelf", effects=[effect])
    made = manager.post("/v1" + ONE[:-2], json=make.ruleset(strikethroughRules=[rule]))
    assert made.status_code == 201, made.text
    [shown] = manager.get("/v2" + ONE).json()["strikethroughRules"]
    assert (shown["title"], [block["type"] for block in shown["blocks"]]) == ("Shelf", ["awardDiscount"])


@pytest.mark.parametrize(
    "path",
    [
        "/applications/1/campaigns/1/rulesets/9",
        "/applications/1/campaigns/2/rulesets/1",
        "/applications/9/campaigns/1/rulesets/1",
    ],
)
def test_what_the_first_version_does_not_find_is_not_found(manager, campaign, path):
    manager.post("/v1" + ONE[:-2], json=make.ruleset())
    missing = manager.get("/v2" + path)
    assert (missing.status_code, missing.json()) == (404, manager.get("/v1" + path).json())


def test_it_is_read_only_and_needs_a_key(server, manager, campaign):
    manager.post("/v1" + ONE[:-2], json=make.ruleset())
    assert manager.put("/v2" + ONE, json=make.ruleset()).status_code == 405
    assert manager.get("/v2" + ONE, headers={"Authorization": "Bearer x"}).status_code == 401
