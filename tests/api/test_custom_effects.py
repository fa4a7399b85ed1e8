"""Custom effects through the Management API, and the rules that use them (rules.md §1.6, §4.3)."""

import pytest

import make
from checkout import CART, TOTAL, effects, line, refused_request, rules_of, running, update

URL = "/v1/custom_effects"
NAME = {"type": "string", "title": "Name of the guest", "ui": {"rows": 1}, "key": "guest"}
AMOUNT = {"type": "number", "title": "Amount", "ui": {}}
ITEMS = [".", "Session", "CartItems"]


def effect(**changes):
    required = {"applicationIds": [1], "name": "wrap", "title": "Wrap it", "enabled": True}
    return required | {"payload": '{"for": "${guest}", "points": ${1}}', "params": [NAME, AMOUNT]} | changes


def create(manager, **changes):
    answer = manager.post(URL, json=effect(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def given(shop, **session):
    return effects(update(shop, "s1", {"cartItems": CART} | session))


def using(*args, **campaign):
    return make.rule(effects=[["customEffect", *args]])


def test_effects_are_created_listed_changed_and_deleted(server, manager):
    before = make.revision(server)
    made = create(manager, description="d", isPerItem=False)
    assert made.pop("created") == made.pop("modified")
    assert made == effect(description="d", isPerItem=False) | {"id": 1, "accountId": 1, "createdBy": 1}
    assert make.revision(server) == before + 1
    other = create(manager, name="ring", params=[], payload="{}")
    assert (other["description"], other["isPerItem"], other["params"]) == ("", False, [])
    listed = manager.get(URL, params={"sort": "name"}).json()
    assert (listed["totalResultSize"], [one["id"] for one in listed["data"]]) == (2, [2, 1])
    changed = manager.put(f"{URL}/1", json=effect(title="New", payload="{}", params=[])).json()
    assert (changed["title"], changed["params"], changed["modifiedBy"]) == ("New", [], 1)
    assert changed["modified"] > changed["created"]
    deleted = manager.delete(f"{URL}/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [one["id"] for one in manager.get(URL).json()["data"]] == [2]
    assert make.revision(server) == before + 4


def test_rules_give_defined_effects_by_id_and_by_name(manager, shop):
    create(manager)
    running(manager, using(1, "Kim", TOTAL), using("wrap", "Lee", 7.5))
    found = given(shop)
    assert found == [
        ("customEffect", {"effectId": 1, "name": "wrap", "payload": {"for": "Kim", "points": 25}}),
        ("customEffect", {"effectId": 1, "name": "wrap", "payload": {"for": "Lee", "points": 7.5}}),
    ]
    assert manager.get(f"{make.CAMPAIGNS}/1").json()["customEffectCount"] == 0
    given(shop, state="closed")
    assert manager.get(f"{make.CAMPAIGNS}/1").json()["customEffectCount"] == 2


def test_effects_for_items_say_which(manager, shop):
    create(manager, isPerItem=True, params=[NAME])
    lambda_ = [["Item"], [".", "Item", "SKU"]]
    running(manager, make.rule(effects=[["customEffectPerItem", 1, ITEMS, lambda_]]))
    found = effects(update(shop, "s1", {"cartItems": [line("A"), line("B")]}))
    assert [(props["cartItemPosition"], props["payload"]["for"]) for _, props in found] == [(0, "A"), (1, "B")]


def test_the_payload_may_change_under_rules(manager, shop):
    create(manager)
    running(manager, using("wrap", "Kim", 1))
    assert given(shop)[0][1]["payload"] == {"for": "Kim", "points": 1}
    manager.put(f"{URL}/1", json=effect(payload='{"guest": "{{guest}}"}')).raise_for_status()
    assert given(shop)[0][1]["payload"] == {"guest": "Kim"}


def test_effects_of_no_definition_go_on(manager, shop):
    create(manager)
    running(manager, using(77, "own", ["kv", ["paper", "red"]]))
    assert given(shop) == [("customEffect", {"effectId": 77, "name": "own", "payload": {"paper": "red"}})]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((1, "Kim"), "`wrap` takes 2 parameters (Name of the guest, Amount), not 1"),
        ((1, "Kim", "a lot"), "`Amount` of `wrap` must be a number"),
        (("wrapp", "Kim", 1), "did you mean `wrap`?"),
        (("off", "Kim", 1), "there is no custom effect `off`"),
    ],
)
def test_rules_that_use_effects_wrongly_are_refused(shared, shared_manager, args, said):
    if not shared_manager.get(URL).json()["totalResultSize"]:
        create(shared_manager)
        create(shared_manager, name="off", enabled=False)
        make.new_campaign(shared_manager)
    status, body = refused_request(
        shared, shared_manager, "POST", f"{make.CAMPAIGNS}/1/rulesets", json=make.ruleset(using(*args))
    )
    assert status == 400
    assert said in body["errors"][0]["details"]


def test_what_rules_use_stays(server, manager, shop):
    create(manager)
    campaign, _ = running(manager, using("wrap", "Kim", 1))
    for body in (
        effect(name="Other"),
        effect(enabled=False),
        effect(isPerItem=True),
        effect(params=[NAME]),
        effect(params=[AMOUNT, NAME]),
        effect(applicationIds=[manager.post("/v1/applications", json=make.application()).json()["id"]]),
    ):
        status, refusal = refused_request(server, manager, "PUT", f"{URL}/1", json=body)
        assert (status, refusal["message"]) == (400, "The custom effect is used by the rules of campaign 1"), body
    assert refused_request(server, manager, "DELETE", f"{URL}/1")[0] == 400
    rules_of(manager, campaign, using(1, "Kim", 1))
    assert refused_request(server, manager, "DELETE", f"{URL}/1")[0] == 400
    rules_of(manager, campaign, make.rule())
    manager.put(f"{URL}/1", json=effect(enabled=False)).raise_for_status()
    assert manager.delete(f"{URL}/1").status_code == 204
    assert given(shop)[0][0] == "setDiscount"


def test_parameters_may_be_chosen_from_a_picklist(server, manager):
    made = manager.post("/v1/picklists", json={"type": "number", "values": ["1", "2.5"]})
    assert made.status_code == 201
    assert made.json().pop("created")
    assert {name: value for name, value in made.json().items() if name != "created"} == {
        "id": 1, "type": "number", "values": ["1", "2.5"], "createdBy": 1, "accountId": 1, "imported": False,
    }  # fmt: skip
    chosen = AMOUNT | {"picklistID": 1, "restrictedByPicklist": True}
    assert create(manager, params=[NAME, chosen])["params"][1] == chosen
    for wrong in (NAME | {"picklistID": 1}, AMOUNT | {"picklistID": 9}):
        body = effect(name="other", params=[wrong])
        status, refusal = refused_request(server, manager, "POST", URL, json=body)
        assert (status, refusal["errors"][0]["source"]) == (400, {"pointer": "/params/0/picklistID"})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"type": "number", "values": ["1", "x"]}, "/values/1"),
        ({"type": "number", "values": ["NaN"]}, "/values/0"),
        ({"type": "boolean", "values": ["yes"]}, "/values/0"),
        ({"type": "time", "values": ["today"]}, "/values/0"),
        ({"type": "string", "values": ["x"] * 51}, "/values"),
        ({"type": "string", "values": [1]}, "/values/0"),
        ({"type": "location", "values": []}, "/type"),
        ({"type": "string"}, "/values"),
    ],
)
def test_impossible_picklists_are_refused(shared, shared_manager, body, pointer):
    status, refusal = refused_request(shared, shared_manager, "POST", "/v1/picklists", json=body)
    assert (status, refusal["errors"][0]["source"]) == (400, {"pointer": pointer})


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"applicationIds": []}, "/applicationIds"),
        ({"applicationIds": [9]}, "/applicationIds"),
        ({"name": "9lives"}, "/name"),
        ({"name": "a-b"}, "/name"),
        ({"title": " x"}, "/title"),
        ({"title": "x\ny"}, "/title"),
        ({"payload": "nothing"}, "/payload"),
        ({"payload": "[1]"}, "/payload"),
        ({"payload": '{"a": }'}, "/payload"),
        ({"payload": {}}, "/payload"),
        ({"params": [{"type": "location", "title": "x", "ui": {}}]}, "/params/0/type"),
        ({"params": [{"type": "string", "title": "", "ui": {}}]}, "/params/0/title"),
        ({"params": [{"type": "string", "title": "x"}]}, "/params/0/ui"),
        ({"enabled": 1}, "/enabled"),
    ],
)
def test_impossible_effects_are_refused(shared, shared_manager, changes, pointer):
    status, refusal = refused_request(shared, shared_manager, "POST", URL, json=effect(name="fresh") | changes)
    assert (status, refusal["errors"][0]["source"]) == (400, {"pointer": pointer})


def test_effects_of_others_are_not_found(server, manager, shop):
    create(manager)
    assert refused_request(server, manager, "POST", URL, json=effect())[0] == 409
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE custom_effects SET account_id = 2")
    for method, more in (("PUT", {"json": effect()}), ("DELETE", {})):
        assert refused_request(server, manager, method, f"{URL}/1", **more)[0] == 404
    assert manager.get(URL).json() == {"totalResultSize": 0, "data": []}
    assert refused_request(server, shop, "GET", URL)[0] == 401
