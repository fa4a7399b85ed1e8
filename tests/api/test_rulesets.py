"""Rulesets through the Management API (management.md §5, rules.md §1.2-1.4)."""

import json
from uuid import UUID

import pytest

import make
from make import ALWAYS, CAMPAIGNS

RULESETS = f"{CAMPAIGNS}/1/rulesets"


@pytest.fixture
def campaign(manager):
    return make.new_campaign(manager)


def test_a_ruleset_is_saved_and_read(server, manager, campaign):
    before = make.revision(server)
    made = manager.post(RULESETS, json=make.ruleset())
    assert made.status_code == 201, made.text
    ruleset = made.json()
    assert ruleset.pop("created")
    assert UUID(ruleset["rules"][0].pop("id")).version == 4
    assert ruleset == {
        "id": 1,
        "userId": 1,
        "campaignId": 1,
        "rules": [make.rule(bindings=[])],
        "bindings": [],
        "rbVersion": "v2",
        "activate": False,
    }
    assert manager.get(f"{RULESETS}/1").content == made.content
    assert "activeRulesetId" not in manager.get(f"{CAMPAIGNS}/1").json()
    assert make.revision(server) == before  # nothing that a rule can see has changed


def test_an_activated_ruleset_is_the_campaigns(server, manager, campaign):
    before = make.revision(server)
    ruleset = manager.post(RULESETS, json=make.ruleset(activate=True)).json()
    assert (ruleset["activate"], ruleset["activatedAt"]) == (True, ruleset["created"])
    assert manager.get(f"{CAMPAIGNS}/1").json()["activeRulesetId"] == ruleset["id"]
    assert make.revision(server) == before + 1
    part = server.sql("SELECT data FROM program_parts WHERE kind = 'campaign' ORDER BY revision DESC LIMIT 1")[0]
    assert json.loads(part["data"])["ruleset_id"] == ruleset["id"]


def test_a_save_is_a_new_revision(manager, campaign):
    first = manager.post(RULESETS, json=make.ruleset()).json()
    second = manager.put(f"{RULESETS}/1", json=make.ruleset(make.rule(title="Changed")))
    assert second.status_code == 200, second.text
    assert (second.json()["id"], second.json()["rules"][0]["title"]) == (2, "Changed")
    assert manager.get(RULESETS).json() == {"totalResultSize": 2, "data": [first, second.json()]}
    assert "activeRulesetId" not in manager.get(f"{CAMPAIGNS}/1").json()
    assert "activatedAt" not in second.json()


def test_a_save_over_the_active_ruleset_becomes_active(server, manager, campaign):
    manager.post(RULESETS, json=make.ruleset(activate=True))
    manager.post(RULESETS, json=make.ruleset())
    before = make.revision(server)
    assert manager.put(f"{RULESETS}/2", json=make.ruleset()).json()["id"] == 3
    assert manager.get(f"{CAMPAIGNS}/1").json()["activeRulesetId"] == 1
    assert make.revision(server) == before
    replaced = manager.put(f"{RULESETS}/1", json=make.ruleset()).json()
    assert (replaced["id"], replaced["activate"], "activatedAt" in replaced) == (4, True, True)
    assert manager.get(f"{CAMPAIGNS}/1").json()["activeRulesetId"] == 4
    assert manager.put(f"{RULESETS}/2", json=make.ruleset(activate=True)).json()["id"] == 5
    assert manager.get(f"{CAMPAIGNS}/1").json()["activeRulesetId"] == 5
    assert make.revision(server) == before + 2


def test_rules_come_back_number_for_number(manager, campaign):
    rules = (
        '[{"id":"7fa800a8-ac8d-4792-85dc-c4650dcc8f23","parentId":"8fa800a8-ac8d-4792-85dc-c4650dcc8f23",'
        '"title":"Teuer","description":"ü","bindings":[{"name":"x","expression":["identity",0.30]}],'
        '"condition":["and",[">",[".","Session","Total"],100.00]],'
        '"effects":[["setDiscount","10%",["*",[".","Session","Total"],0.1000000000000000055]]]}]'
    )
    made = manager.post(RULESETS, content=f'{{"rules":{rules},"bindings":[{{"name":"y","expression":["+",2,0]}}]}}')
    assert made.status_code == 201, made.text
    assert f'"rules":{rules}' in made.text
    assert f'"rules":{rules}' in manager.get(f"{RULESETS}/1").text
    assert '"bindings":[{"name":"y","expression":["+",2,0]}]' in manager.get(RULESETS).text


PER_ITEM = ["setDiscountPerItem", "One off", [".", "Session", "CartItems"], [["Item"], 1]]


def test_strikethrough_rules_are_kept(manager):
    make.new_campaign(manager, features=["strikethrough"])
    rule = make.rule(id="7fa800a8-ac8d-4792-85dc-c4650dcc8f23", effects=[PER_ITEM])
    made = manager.post(RULESETS, json=make.ruleset(strikethroughRules=[rule], rbVersion="v3")).json()
    assert (made["strikethroughRules"], made["rbVersion"]) == ([rule], "v3")


def refused(answer):
    assert answer.status_code == 400, answer.text
    return [(error["source"]["pointer"], error["details"]) for error in answer.json()["errors"]]


def test_strikethrough_rules_have_effects_on_items_and_no_conditions(server, manager, campaign):
    rules = [make.rule(condition=["and", False], effects=[PER_ITEM]), make.rule()]
    found = refused(manager.post(RULESETS, json=make.ruleset(strikethroughRules=rules)))
    assert [pointer for pointer, _ in found] == [
        "/strikethroughRules",
        "/strikethroughRules/0/condition",
        "/strikethroughRules/1/effects/0/0",
    ]
    assert "needs" not in found[1][1]
    assert "features" in found[0][1]
    assert server.sql("SELECT count(*) AS count FROM rulesets")[0]["count"] == 0


def test_a_rule_needs_the_features_of_its_campaign(server, manager):
    make.new_campaign(manager, features=[])
    [(pointer, details)] = refused(
        manager.post(RULESETS, json=make.ruleset(make.rule(condition=["and", ["couponValid"]])))
    )
    assert (pointer, "`coupons` among the features" in details) == ("/rules/0/condition/1/0", True)
    assert server.sql("SELECT count(*) AS count FROM rulesets")[0]["count"] == 0


def test_a_campaign_of_type_cart_item_has_effects_on_items_only(server, manager):
    make.new_campaign(manager, type="cartItem")
    [(pointer, _)] = refused(manager.post(RULESETS, json=make.ruleset(make.rule())))
    assert pointer == "/rules/0/effects/0/0"
    assert server.sql("SELECT count(*) AS count FROM rulesets")[0]["count"] == 0
    assert manager.post(RULESETS, json=make.ruleset(make.rule(effects=[PER_ITEM]))).status_code == 201


def test_one_effect_given_directly_is_wrapped_and_bindings_may_be_missing(manager, campaign):
    effect = ["catch", ["noop"], ["setDiscount", "Ten off", 10]]
    made = manager.post(RULESETS, json={"rules": [make.rule(effects=effect)]})
    assert made.status_code == 201, made.text
    assert made.json()["rules"][0]["effects"] == [effect]
    assert made.json()["bindings"] == []


def test_a_ruleset_may_be_empty(manager, campaign):
    assert manager.post(RULESETS, json={"rules": [], "bindings": []}).json()["rules"] == []
    assert manager.post(RULESETS, json=make.ruleset(make.rule(effects=[]))).status_code == 201


@pytest.mark.parametrize(
    ("_case", "rule", "pointer"),
    [
        ("unknown function", {"condition": ["and", ["sing", 1]]}, "/rules/0/condition/1"),
        ("unknown attribute", {"condition": ["and", [".", "Session", "Attributes", "mood"]]}, "/rules/0/condition/1"),
        ("unknown effect", {"effects": [["setDiscount", "x", 1], ["explode"]]}, "/rules/0/effects/1"),
    ],
)
def test_rules_that_make_no_sense_are_refused_where_they_are_wrong(server, manager, campaign, _case, rule, pointer):
    manager.post(RULESETS, json=make.ruleset(activate=True))
    before = (make.revision(server), manager.get(RULESETS).json(), manager.get(f"{CAMPAIGNS}/1").json())
    body = make.ruleset(make.rule(**rule), activate=True)
    for refused in (manager.post(RULESETS, json=body), manager.put(f"{RULESETS}/1", json=body)):
        assert refused.status_code == 400, refused.text
        problem = refused.json()["errors"][0]
        assert problem["title"] == "Invalid expression"
        assert problem["source"]["pointer"].startswith(pointer)
        assert problem["details"]
    assert (make.revision(server), manager.get(RULESETS).json(), manager.get(f"{CAMPAIGNS}/1").json()) == before


@pytest.mark.parametrize(
    ("_case", "rule", "pointer"),
    [
        ("no condition", {"condition": []}, "/rules/0/condition"),
        ("condition is text", {"condition": "true"}, "/rules/0/condition"),
        ("effect is text", {"effects": [["setDiscount", "x", 1], "y"]}, "/rules/0/effects"),
        ("effect is empty", {"effects": [[]]}, "/rules/0/effects"),
    ],
)
def test_rules_of_the_wrong_shape_are_refused(manager, campaign, _case, rule, pointer):
    refused = manager.post(RULESETS, json=make.ruleset(make.rule(**rule)))
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["source"]["pointer"].startswith(pointer)
    assert manager.get(RULESETS).json()["totalResultSize"] == 0


def test_custom_attributes_can_be_used_in_rules(manager, campaign):
    rule = make.rule(condition=["and", ["=", [".", "Session", "Attributes", "channel"], "web"]])
    assert manager.post(RULESETS, json=make.ruleset(rule)).status_code == 400
    manager.post("/v1/attributes", json=make.attribute("CustomerSession", "channel"))
    assert manager.post(RULESETS, json=make.ruleset(rule)).status_code == 201


def test_rulesets_are_listed_in_pages(manager, campaign):
    for _ in range(3):
        manager.post(RULESETS, json=make.ruleset())
    listed = manager.get(RULESETS, params={"sort": "-created", "pageSize": 1, "skip": 1}).json()
    assert (listed["totalResultSize"], [one["id"] for one in listed["data"]]) == (3, [2])


def test_rulesets_of_other_campaigns_are_not_found(server, manager, campaign):
    make.new_campaign(manager)
    manager.post(RULESETS, json=make.ruleset())
    missing = {"message": "Ruleset not found", "errors": [], "StatusCode": 404}
    for path in (f"{CAMPAIGNS}/2/rulesets/1", f"{RULESETS}/9"):
        assert manager.get(path).json() == missing
        assert manager.put(path, json=make.ruleset()).json() == missing
    missing["message"] = "Campaign not found"
    for path in (f"{CAMPAIGNS}/9/rulesets", "/v1/applications/9/campaigns/1/rulesets"):
        assert manager.get(path).json() == missing
        assert manager.post(path, json=make.ruleset()).json() == missing
    assert server.sql("SELECT count(*) FROM rulesets")[0][0] == 1


def test_a_condition_that_always_holds_is_fine(manager, campaign):
    assert manager.post(RULESETS, json=make.ruleset(make.rule(condition=ALWAYS))).status_code == 201
