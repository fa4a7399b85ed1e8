"""Campaign templates and the campaigns that are made of them (management.md §19, rules.md §7.3)."""

import pytest

import make
from checkout import CART, define, effects, refused_request, update
from make import CAMPAIGNS

URL = "/v1/campaign_templates"
CREATE = "/v1/applications/1/create_campaign_from_template"
PARAMETER = {"name": "value", "type": "percent", "description": "How much off"}
PLACEHOLDER = {"name": "value", "type": "templateParameter", "expression": ["identity", 0], "valueType": "number",
               "minValue": 1, "maxValue": 50}  # fmt: skip
PERCENT_OFF = ["setDiscount", "Off", ["*", [".", "Session", "Total"], ["/", [".", "value"], 100]]]


def template(**changes):
    return {"name": "Percent off", "description": "d", "instructions": "i", "state": "enabled"} | {
        "campaignType": "advanced",
        **changes,
    }


def create(manager, **changes):
    answer = manager.post(URL, json=template(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def rules(manager, template_id=1, *given, **changes):
    body = make.ruleset(*(given or (make.rule(effects=[PERCENT_OFF]),)), **{"bindings": [PLACEHOLDER], **changes})
    answer = manager.post(f"{URL}/{template_id}/rulesets", json=body | {"activate": True})
    assert answer.status_code == 201, answer.text
    return answer.json()


def usable(manager, *given, **changes):
    """A template with rules that Application 1 may use."""
    changes = {"templateParams": [PARAMETER], **changes}
    made = create(manager, **changes)
    rules(manager, made["id"], *given)
    answer = manager.put(f"{URL}/{made['id']}", json=template(applicationsIds=[1], **changes))
    assert answer.status_code == 200, answer.text
    return answer.json()


def value(expression=("identity", 10), name="value"):
    return {"name": name, "expression": list(expression)}


def body(*values, template_id=1, **changes):
    return {"name": "Ten off", "templateId": template_id, "templateParamValues": list(values or (value(),))} | changes


def test_templates_are_created_listed_and_changed(server, manager):
    group = make.new_campaign_group(manager)["id"]
    content = template(
        tags=["hot"],
        features=["coupons"],
        reevaluateOnReturn=True,
        limits=[{"action": "setDiscount", "limit": 10.5, "entities": []}],
        couponSettings={"validCharacters": ["A"], "couponPattern": "A-###"},
        referralSettings={"validCharacters": ["A"], "couponPattern": "R-###"},
        couponReservationSettings={"reservationLimit": 5, "isReservationMandatory": True},
        templateParams=[PARAMETER],
        campaignCollections=[{"name": "Fruit", "description": "d"}],
        defaultCampaignGroupId=group,
        campaignAttributes={"season": "summer"},
        couponAttributes={},
    )
    made = create(manager, **content)
    assert made.pop("created")
    expected = content | {"id": 1, "accountId": 1, "userId": 1, "applicationsIds": [], "validApplicationIds": []}
    assert made == expected | {"campaignsCount": 0, "isUserFavorite": False}
    bare = create(manager, name="Bare", state="draft")
    assert (bare["tags"], bare["features"], bare["limits"], bare["templateParams"]) == ([], [], [], [])
    ruleset = rules(manager)
    assert (ruleset["templateId"], ruleset["activate"], "campaignId" in ruleset) == (1, True, False)
    assert ruleset["rules"][0]["id"]
    changed = manager.put(f"{URL}/1", json=template(applicationsIds=[1], name="New")).json()
    assert (changed["name"], changed["tags"], changed["activeRulesetId"]) == ("New", [], ruleset["id"])
    assert (changed["applicationsIds"], changed["validApplicationIds"]) == ([1], [1])
    assert (changed["updatedBy"], changed["updated"] > changed["created"]) == ("admin@example.com", True)
    assert "defaultCampaignGroupId" not in changed
    second = rules(manager)
    back = manager.put(f"{URL}/1", json=template(applicationsIds=[1], activeRulesetId=ruleset["id"])).json()
    assert back["activeRulesetId"] == ruleset["id"] != second["id"]


@pytest.fixture(scope="module")
def listed(shared, shared_manager):
    """Templates 1 to 3: one for sale, a draft with tags, a disabled one."""
    usable(shared_manager)
    create(shared_manager, name="Buy two", state="draft", tags=["Hot", "new"])
    create(shared_manager, name="Old", state="disabled")
    return shared


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [1, 2, 3]),
        ({"state": "draft"}, [2]),
        ({"name": "O"}, [1, 2, 3]),
        ({"name": "two"}, [2]),
        ({"tags": "hot"}, [2]),
        ({"tags": "cold,new"}, [2]),
        ({"userId": 1}, [1, 2, 3]),
        ({"userId": 9}, []),
        ({"sort": "-name", "pageSize": 2}, [1, 3]),
    ],
)
def test_templates_are_filtered(listed, shared_manager, wanted, expected):
    answer = shared_manager.get(URL, params=wanted).json()
    assert [one["id"] for one in answer["data"]] == expected
    assert answer["hasMore"] is ("pageSize" in wanted)


def test_a_campaign_is_made_of_a_template(server, manager, shop):
    define(manager, "Campaign", "season")
    define(manager, "Campaign", "city")
    group = make.new_campaign_group(manager)["id"]
    store = make.new_store(manager)["id"]
    usable(
        manager,
        make.rule(effects=[PERCENT_OFF]),
        tags=["hot"],
        features=["coupons"],
        reevaluateOnReturn=True,
        campaignAttributes={"season": "summer", "city": "Rom"},
        limits=[{"action": "setDiscount", "limit": 100, "entities": []}],
        campaignCollections=[{"name": "Fruit", "description": "d"}, {"name": "Veg"}],
        defaultCampaignGroupId=group,
        couponSettings={"validCharacters": ["A"], "couponPattern": "A-###"},
    )
    answer = manager.post(CREATE, json=body(campaignAttributesOverrides={"city": "Ulm"}))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    campaign = made["campaign"]
    assert campaign == manager.get(f"{CAMPAIGNS}/1").json()
    shown = {name: campaign[name] for name in ("name", "state", "tags", "features", "templateId", "campaignGroups")}
    assert shown == {
        "name": "Ten off",
        "state": "disabled",
        "tags": ["hot"],
        "features": ["coupons"],
        "templateId": 1,
        "campaignGroups": [group],
    }
    assert campaign["attributes"] == {"season": "summer", "city": "Ulm"}
    assert campaign["budgets"] == [{"action": "setDiscount", "limit": 100, "counter": 0}]
    assert campaign["couponSettings"]["couponPattern"] == "A-###"
    assert made["ruleset"]["id"] == campaign["activeRulesetId"]
    bound = PLACEHOLDER | {"expression": ["identity", 10]}
    assert (made["ruleset"]["campaignId"], made["ruleset"]["bindings"]) == (1, [bound])
    assert [(one["name"], one["payload"]) for one in made["collections"]] == [("Fruit", []), ("Veg", [])]
    assert manager.get(URL).json()["data"][0]["campaignsCount"] == 1
    active = make.campaign(activeRulesetId=campaign["activeRulesetId"])
    manager.put(f"{CAMPAIGNS}/1", json=active).raise_for_status()
    assert effects(update(shop, "s1", {"cartItems": CART})) == [("setDiscount", {"name": "Off", "value": 2.5})]
    overridden = body(
        tags=[], limitOverrides=[], campaignGroups=[], linkedStoreIds=[store], evaluationGroupId=1, description="Mine"
    )
    second = manager.post(CREATE, json=overridden).json()["campaign"]
    assert (second["tags"], second["limits"], second["campaignGroups"]) == ([], [], [])
    assert (second["linkedStoreIds"], second["description"]) == ([store], "Mine")
    assert [one["id"] for one in manager.get(CAMPAIGNS, params={"templateId": 1}).json()["data"]] == [1, 2]


def test_values_may_be_lists_and_rules_may_name_collections(manager, shop):
    skus = {"name": "skus", "type": "(list string)", "description": ""}
    condition = ["and", ["containsOneOf", ["map", [".", "Session", "CartItems"], [["x"], [".", "x", "SKU"]]],
                         [".", "skus"]]]  # fmt: skip
    usable(manager, make.rule(condition=condition), templateParams=[skus])
    bindings = {"bindings": []}
    rules(manager, 1, make.rule(condition=condition), **bindings)
    answer = manager.post(CREATE, json=body(value(("list", "A", "Z"), "skus")))
    assert answer.status_code == 201, answer.text
    [bound] = answer.json()["ruleset"]["bindings"]
    assert bound == {
        "name": "skus", "type": "templateParameter", "expression": ["list", "A", "Z"], "valueType": "string",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"templateParamValues": []}, "/templateParamValues"),
        ({"templateParamValues": [value(), value(name="other")]}, "/templateParamValues/1/name"),
        ({"templateParamValues": [value(), value()]}, "/templateParamValues/1/name"),
        ({"templateParamValues": [value(("identity", "ten"))]}, "/templateParamValues/0/expression"),
        ({"templateParamValues": [value(("identity", 51))]}, "/templateParamValues/0/expression"),
        ({"templateParamValues": [value(("identity", 0.5))]}, "/templateParamValues/0/expression"),
        ({"templateParamValues": [value(("nope", 1))]}, "/templateParamValues/0/expression/0"),
        ({"templateParamValues": [value(())]}, "/templateParamValues/0/expression"),
        ({"templateParamValues": [{"name": "value"}]}, "/templateParamValues/0/expression"),
        ({"templateId": 99}, "/templateId"),
        ({"templateId": 2}, "/templateId"),
        ({"templateId": 3}, "/templateId"),
        ({"name": ""}, "/name"),
        ({"campaignAttributesOverrides": {"nope": 1}}, "/campaignAttributesOverrides/nope"),
        ({"limitOverrides": [{"action": "nope", "limit": 1, "entities": []}]}, "/limitOverrides/0/action"),
        ({"campaignGroups": [9]}, "/campaignGroups/0"),
        ({"evaluationGroupId": 99}, "/evaluationGroupId"),
        ({"linkedStoreIds": [9]}, "/linkedStoreIds"),
        ({"linkedStoreIds": [1] * 51}, "/linkedStoreIds"),
        ({"tags": ["x"] * 51}, "/tags"),
    ],
)
def test_campaigns_that_cannot_be_made_are_refused(listed, shared_manager, changes, pointer):
    status, refusal = refused_request(listed, shared_manager, "POST", CREATE, json=body() | changes)
    assert (status, refusal["errors"][0]["source"]) == (400, {"pointer": pointer})


def test_templates_are_for_their_applications_and_need_rules(server, manager):
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    usable(manager)
    create(manager, name="No rules")
    manager.put(f"{URL}/2", json=template(applicationsIds=[1])).raise_for_status()
    for url, template_id, details in (
        (CREATE.replace("/1/", f"/{other}/"), 1, "The template is not for this Application"),
        (CREATE, 2, "The template has no rules"),
    ):
        status, refusal = refused_request(server, manager, "POST", url, json=body(template_id=template_id))
        assert (status, refusal["errors"][0]["details"]) == (400, details)
    rules(manager, 1, make.rule(effects=[["nope"]]))
    status, refusal = refused_request(server, manager, "POST", CREATE, json=body())
    [problem] = refusal["errors"]
    assert (status, problem["source"]) == (400, {"pointer": "/templateId"})
    assert problem["details"].startswith("/rules/0/effects/0/0: ")


@pytest.mark.parametrize(
    ("method", "url", "changes", "status", "pointer"),
    [
        ("POST", URL, {"name": ""}, 400, "/name"),
        ("POST", URL, {"state": "on"}, 400, "/state"),
        ("POST", URL, {"campaignType": "items"}, 400, "/campaignType"),
        ("POST", URL, {"features": ["x"]}, 400, "/features/0"),
        ("POST", URL, {"limits": [{"action": "x", "limit": 1, "entities": []}]}, 400, "/limits/0/action"),
        ("POST", URL, {"templateParams": [PARAMETER, PARAMETER]}, 400, "/templateParams/1/name"),
        ("POST", URL, {"templateParams": [PARAMETER | {"type": "x"}]}, 400, "/templateParams/0/type"),
        ("POST", URL, {"campaignCollections": [{"name": "A"}, {"name": "A"}]}, 400, "/campaignCollections/1/name"),
        ("POST", URL, {"campaignCollections": [{"name": "9"}]}, 400, "/campaignCollections/0/name"),
        ("POST", URL, {"defaultCampaignGroupId": 9}, 400, "/defaultCampaignGroupId"),
        ("PUT", f"{URL}/1", {}, 400, "/applicationsIds"),
        ("PUT", f"{URL}/1", {"applicationsIds": [9]}, 400, "/applicationsIds"),
        ("PUT", f"{URL}/1", {"applicationsIds": [1], "activeRulesetId": 99}, 400, "/activeRulesetId"),
        ("PUT", f"{URL}/99", {"applicationsIds": [1]}, 404, None),
    ],
)
def test_impossible_templates_are_refused(listed, shared_manager, method, url, changes, status, pointer):
    found, refusal = refused_request(listed, shared_manager, method, url, json=template(**changes))
    assert found == status, refusal
    if pointer:
        assert refusal["errors"][0]["source"] == {"pointer": pointer}


def test_templates_of_others_are_not_found(server, manager, shop):
    usable(manager)
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE campaign_templates SET account_id = 2")
    assert refused_request(server, manager, "PUT", f"{URL}/1", json=template(applicationsIds=[1]))[0] == 404
    assert refused_request(server, manager, "POST", f"{URL}/1/rulesets", json=make.ruleset())[0] == 404
    assert refused_request(server, manager, "POST", CREATE, json=body())[0] == 400
    assert manager.get(URL).json() == {"hasMore": False, "data": []}
    assert refused_request(server, shop, "GET", URL)[0] == 401
