"""The tree of evaluation groups through the Management API, and what it does to carts (rules.md §5.7)."""

import pytest

import make
from checkout import effects, invalid, line, refused_request, running, update
from make import CAMPAIGNS
from rerun import assert_same_again

URL = "/v1/applications/1/evaluation_groups"
SET = "/v1/applications/1/campaign_set"
BASE = {"name": "Base group", "parentId": 1, "evaluationMode": "stackable", "evaluationScope": "session",
        "locked": False}  # fmt: skip


def off(name, value):
    return make.rule(title=name, effects=[["setDiscount", name, value]])


def names(shop, **session):
    """The names of the discounts that a cart gets."""
    given = update(shop, "s1", {"cartItems": [line()]} | session)
    return [props["name"] for _, props in effects(given)]


def put(manager, group_id, **changes):
    return manager.put(f"{URL}/{group_id}", json=make.group(**changes))


def tree(manager):
    """The elements of the base group, short: group ids with what is in them, and campaign ids as negative numbers."""

    def short(node):
        if node["type"] == "CAMPAIGN":
            return -node["campaignId"]
        return (node["groupId"], [short(one) for one in node["elements"]])

    return short(manager.get(SET).json()["set"])[1]


def test_groups_are_created_changed_and_deleted(server, manager):
    assert manager.get(f"{URL}/1").json() == BASE | {"id": 1, "applicationId": 1, "description": ""}
    before = make.revision(server)
    made = make.new_group(manager, description="d", evaluationMode="listOrder", evaluationScope="cartItem")
    assert made == {
        "id": 2,
        "applicationId": 1,
        "name": "Sales",
        "parentId": 1,
        "description": "d",
        "evaluationMode": "listOrder",
        "evaluationScope": "cartItem",
        "locked": False,
    }
    assert make.revision(server) == before + 1
    inner = make.new_group(manager, parentId=2)
    assert manager.get(URL).json()["totalResultSize"] == 3
    assert [one["id"] for one in manager.get(URL, params={"sort": "-id", "pageSize": 1}).json()["data"]] == [3]
    changed = put(manager, 2, name="Other", evaluationMode="highestDiscount", locked=True).json()
    assert changed == made | {
        "name": "Other",
        "evaluationMode": "highestDiscount",
        "evaluationScope": "session",
        "locked": True,
    }
    assert make.revision(server) == before + 3
    put(manager, 2, name="Other", evaluationMode="highestDiscount").raise_for_status()
    assert make.revision(server) == before + 3, "rules do not see whether it is locked"
    for group_id in (inner["id"], 2):
        deleted = manager.delete(f"{URL}/{group_id}")
        assert (deleted.status_code, deleted.content) == (204, b"")
    assert [one["id"] for one in manager.get(URL).json()["data"]] == [1]
    assert make.revision(server) == before + 5


def test_the_mode_of_a_group_decides_who_gets_a_turn(manager, shop):
    group = make.new_group(manager)["id"]
    for name, value in (("Five", 5), ("Nine", 9), ("Two", 2)):
        running(manager, off(name, value), name=name, evaluationGroupId=group)
    running(manager, off("Always", 1))
    for mode, expected in (
        ("stackable", ["Five", "Nine", "Two", "Always"]),
        ("listOrder", ["Five", "Always"]),
        ("highestDiscount", ["Nine", "Always"]),
        ("lowestDiscount", ["Two", "Always"]),
    ):
        put(manager, group, evaluationMode=mode).raise_for_status()
        given = update(shop, "s1", {"cartItems": [line()]})
        assert [props["name"] for _, props in effects(given)] == expected
        assert {one["evaluationGroupMode"] for one in given["effects"][:-1]} == {mode}
        assert {one["evaluationGroupID"] for one in given["effects"][:-1]} == {group}


def test_units_of_a_cart_go_to_different_campaigns(manager, shop):
    """The worked example of rules.md §5.7."""
    group = make.new_group(manager, evaluationMode="highestDiscount", evaluationScope="cartItem")["id"]
    items = [".", "Session", "CartItems"]
    ten = ["setDiscountPerItem", "Ten", items, [["Item"], 10]]
    share = ["setDiscountPerItem", "Share", items, [["Item"], ["*", [".", "Item", "Price"], 0.15]]]
    for effect in (ten, share):
        running(manager, make.rule(effects=[effect]), evaluationGroupId=group)
    given = update(shop, "s1", {"cartItems": [line("A", price=100), line("B", price=50)]})
    found = {(props["name"].split("#")[0], props["position"], props["value"]) for _, props in effects(given)}
    assert found == {("Share", 0, 15), ("Ten", 1, 10)}


def test_campaigns_move_between_groups(manager, shop, server):
    first = make.new_group(manager, evaluationMode="listOrder")["id"]
    for name in ("One", "Two"):
        running(manager, off(name, 1), name=name)
    running(manager, off("Three", 3), evaluationGroupId=first)
    assert names(shop) == ["Three", "One", "Two"]
    ruleset = manager.get(f"{CAMPAIGNS}/1").json()["activeRulesetId"]
    body = make.campaign(activeRulesetId=ruleset, evaluationGroupId=first)
    manager.put(f"{CAMPAIGNS}/1", json=body).raise_for_status()
    assert tree(manager) == [(2, [-3, -1]), -2]
    assert names(shop) == ["Three", "Two"]
    manager.put(f"{CAMPAIGNS}/1", json=make.campaign(activeRulesetId=ruleset)).raise_for_status()
    assert tree(manager) == [(2, [-3, -1]), -2], "who names no group stays"
    manager.put(f"{CAMPAIGNS}/1", json=body | {"evaluationGroupId": 1}).raise_for_status()
    assert tree(manager) == [(2, [-3]), -2, -1]
    assert names(shop) == ["Three", "Two", "One"]


def test_new_campaigns_come_into_the_default_group(manager):
    group = make.new_group(manager)["id"]
    manager.put("/v1/applications/1", json=make.application(defaultEvaluationGroupId=group)).raise_for_status()
    make.new_campaign(manager)
    make.new_campaign(manager, evaluationGroupId=1)
    assert tree(manager) == [(2, [-1]), -2]


@pytest.fixture(scope="module")
def grown(shared, shared_manager):
    """Base 1 with groups 2 (locked; campaign 1; group 3 in it with group-less place), 4 with 5, and campaign 2."""
    make.new_group(shared_manager, name="Locked")
    make.new_group(shared_manager, name="In locked", parentId=2)
    make.new_group(shared_manager, name="Open")
    make.new_group(shared_manager, name="In open", parentId=4)
    make.new_campaign(shared_manager, evaluationGroupId=2)
    make.new_campaign(shared_manager)
    shared_manager.put(f"{URL}/2", json=make.group(name="Locked", locked=True)).raise_for_status()
    answer = shared_manager.post("/v1/applications", json=make.application())
    assert answer.json()["defaultEvaluationGroupId"] == 6
    return shared


@pytest.mark.parametrize(
    ("method", "url", "changes", "status", "pointer"),
    [
        ("POST", URL, {"parentId": 99}, 400, "/parentId"),
        ("POST", URL, {"parentId": 0}, 400, "/parentId"),
        ("POST", URL, {"parentId": 6}, 400, "/parentId"),
        ("POST", URL, {"parentId": 5}, 400, "/parentId"),
        ("POST", URL, {"parentId": 2}, 403, None),
        ("POST", URL, {"name": ""}, 400, "/name"),
        ("POST", URL, {"evaluationMode": "all"}, 400, "/evaluationMode"),
        ("POST", URL, {"evaluationScope": "cart"}, 400, "/evaluationScope"),
        ("POST", URL, {"locked": "no"}, 400, "/locked"),
        ("POST", URL, {"description": 5}, 400, "/description"),
        ("POST", "/v1/applications/9/evaluation_groups", {}, 404, None),
        ("PUT", f"{URL}/1", {"parentId": 4}, 400, "/parentId"),
        ("PUT", f"{URL}/4", {"parentId": 4}, 400, "/parentId"),
        ("PUT", f"{URL}/4", {"parentId": 5}, 400, "/parentId"),
        ("PUT", f"{URL}/4", {"parentId": 3}, 400, "/parentId"),
        ("PUT", f"{URL}/4", {"parentId": 2}, 400, "/parentId"),
        ("PUT", f"{URL}/5", {"parentId": 2}, 403, None),
        ("PUT", f"{URL}/3", {"parentId": 1}, 403, None),
        ("PUT", f"{URL}/2", {"parentId": 4}, 400, "/parentId"),
        ("PUT", f"{URL}/6", {}, 404, None),
        ("PUT", "/v1/applications/9/evaluation_groups/1", {}, 404, None),
        ("DELETE", f"{URL}/1", None, 400, None),
        ("DELETE", f"{URL}/2", None, 403, None),
        ("DELETE", f"{URL}/3", None, 403, None),
        ("DELETE", f"{URL}/4", None, 400, None),
        ("DELETE", f"{URL}/6", None, 404, None),
        ("GET", f"{URL}/6", None, 404, None),
        ("GET", "/v1/applications/9/evaluation_groups", None, 404, None),
        ("GET", f"{URL}?sort=mode", None, 400, None),
    ],
)
def test_impossible_changes_of_groups_are_refused(grown, shared_manager, method, url, changes, status, pointer):
    more = {} if changes is None else {"json": make.group(**changes)}
    found, body = refused_request(grown, shared_manager, method, url, **more)
    assert found == status, body
    if pointer:
        assert [one["source"] for one in body["errors"]] == [{"pointer": pointer}]


def test_nothing_leaves_or_joins_a_locked_group(grown, shared_manager):
    into = make.campaign(evaluationGroupId=2)
    for method, url, body in (
        ("POST", CAMPAIGNS, into),
        ("PUT", f"{CAMPAIGNS}/2", into),
        ("PUT", f"{CAMPAIGNS}/1", make.campaign(evaluationGroupId=1)),
        ("POST", f"{CAMPAIGNS}/2/copy", {"applicationIds": [1], "evaluationGroupId": 2}),
    ):
        status, refusal = refused_request(grown, shared_manager, method, url, json=body)
        assert (status, refusal["message"]) == (403, 'The evaluation group "Locked" is locked'), url
    assert shared_manager.put(f"{CAMPAIGNS}/1", json=into | {"name": "Stays"}).status_code == 200


def test_the_default_group_and_one_with_campaigns_stay(server, manager):
    group = make.new_group(manager)["id"]
    make.new_campaign(manager, evaluationGroupId=group)
    status, body = refused_request(server, manager, "DELETE", f"{URL}/{group}")
    assert (status, body["message"]) == (400, "The evaluation group still has campaigns or groups in it")
    manager.delete(f"{CAMPAIGNS}/1").raise_for_status()
    manager.put("/v1/applications/1", json=make.application(defaultEvaluationGroupId=group)).raise_for_status()
    status, body = refused_request(server, manager, "DELETE", f"{URL}/{group}")
    assert (status, body["message"]) == (400, "The default evaluation group of the Application cannot be deleted")


def test_the_tree_is_read_and_replaced_as_a_whole(server, manager, shop):
    group = make.new_group(manager, evaluationMode="listOrder")["id"]
    for name in ("One", "Two", "Three"):
        running(manager, off(name, 1), name=name, evaluationGroupId=group if name == "Three" else 1)
    found = manager.get(SET).json()
    assert found == {
        "applicationId": 1,
        "id": 1,
        "version": 1,
        "set": {
            "type": "SET",
            "name": "Base group",
            "operator": "ALL",
            "groupId": 1,
            "locked": False,
            "description": "",
            "evaluationMode": "stackable",
            "evaluationScope": "session",
            "elements": [
                {
                    "type": "SET",
                    "name": "Sales",
                    "operator": "FIRST",
                    "groupId": 2,
                    "locked": False,
                    "description": "",
                    "evaluationMode": "listOrder",
                    "evaluationScope": "session",
                    "elements": [{"type": "CAMPAIGN", "campaignId": 3}],
                },
                {"type": "CAMPAIGN", "campaignId": 1},
                {"type": "CAMPAIGN", "campaignId": 2},
            ],
        },
    }
    assert names(shop) == ["Three", "One", "Two"]
    before = make.revision(server)
    sales, one, two = found["set"]["elements"]
    [three] = sales["elements"]
    wanted = found["set"] | {"elements": [two, sales | {"elements": [one, three], "name": "Best"}]}
    answer = manager.put(SET, json={"applicationId": 1, "version": 2, "set": wanted})
    assert answer.status_code == 200, answer.text
    assert answer.json() == found | {"version": 2, "set": wanted, "updatedBy": "admin@example.com"}
    assert manager.get(SET).json() == answer.json()
    assert make.revision(server) > before
    assert names(shop) == ["Two", "One"]
    assert manager.get(f"{URL}/2").json()["name"] == "Best"
    moved = make.revision(server)
    manager.put(SET, json={"applicationId": 1, "version": 3, "set": wanted}).raise_for_status()
    assert make.revision(server) == moved, "nothing changed for rules"
    for stale in (3, 5):
        body = {"applicationId": 1, "version": stale, "set": wanted}
        assert refused_request(server, manager, "PUT", SET, json=body)[0] == 409


def test_a_program_of_the_past_has_the_tree_of_the_past(server, manager, shop):
    """What a session was judged by can be told from the log, though the tree is another one now."""
    for name in ("One", "Two"):
        running(manager, off(name, 1), name=name)
    assert names(shop) == ["One", "Two"]
    found = manager.get(SET).json()
    turned = found["set"] | {"elements": found["set"]["elements"][::-1]}
    manager.put(SET, json={"applicationId": 1, "version": 2, "set": turned}).raise_for_status()
    assert names(shop) == ["Two", "One"]
    assert_same_again(server)


def branch(group_id, *elements, **changes):
    shown = make.group(groupId=group_id, elements=list(elements), operator="ALL", type="SET", **changes)
    del shown["parentId"]
    return shown


def leaf(campaign_id):
    return {"type": "CAMPAIGN", "campaignId": campaign_id}


IN_LOCKED = [branch(3), leaf(1)]
LOCKED = branch(2, *IN_LOCKED, locked=True)
OPEN = branch(4, branch(5))


@pytest.mark.parametrize(
    ("top", "status", "pointer"),
    [
        (branch(1, LOCKED, OPEN), 400, "/set"),
        (branch(1, LOCKED, leaf(2)), 400, "/set"),
        (branch(1, LOCKED, OPEN, leaf(2), leaf(2)), 400, "/set/elements/3/campaignId"),
        (branch(1, LOCKED, OPEN, leaf(2), OPEN), 400, "/set/elements/3/groupId"),
        (branch(1, LOCKED, OPEN, leaf(99)), 400, "/set/elements/2/campaignId"),
        (branch(1, LOCKED, branch(6), leaf(2)), 400, "/set/elements/1/groupId"),
        (branch(4, LOCKED, branch(1, branch(5)), leaf(2)), 400, "/set/groupId"),
        (branch(1, branch(4, branch(5, branch(3)))), 400, "/set/elements/0/elements/0/elements/0"),
        (leaf(1), 400, "/set/type"),
        (branch(1, LOCKED, OPEN, {"type": "CAMPAIGN"}), 400, "/set/elements/2/campaignId"),
        (branch(1, LOCKED, OPEN, {"type": "SET", "groupId": 4}), 400, "/set/elements/2/name"),
        (branch(1, LOCKED, OPEN, {"type": "OTHER"}), 400, "/set/elements/2/type"),
        (branch(1, branch(2, *IN_LOCKED, leaf(2), locked=True), OPEN), 403, None),
        (branch(1, branch(2, branch(3), locked=False), OPEN, leaf(2), leaf(1)), 403, None),
        (branch(1, branch(2, leaf(1), locked=True), branch(4, branch(5), branch(3)), leaf(2)), 403, None),
        (branch(1, branch(4, branch(5), branch(2, leaf(1))), branch(3), leaf(2)), 403, None),
    ],
)
def test_impossible_trees_are_refused(grown, shared_manager, top, status, pointer):
    body = {"applicationId": 1, "version": 2, "set": top}
    found, refusal = refused_request(grown, shared_manager, "PUT", SET, json=body)
    assert found == status, refusal
    if pointer:
        assert refusal["errors"][0]["source"] == {"pointer": pointer}


def test_the_tree_of_another_application_is_not_touched(grown, shared_manager):
    whole = branch(1, LOCKED, OPEN, leaf(2))
    for url, body, status in (
        (SET, {"applicationId": 2, "version": 2, "set": whole}, 400),
        ("/v1/applications/2/campaign_set", {"applicationId": 2, "version": 2, "set": whole}, 400),
        ("/v1/applications/9/campaign_set", {"applicationId": 9, "version": 2, "set": whole}, 404),
        (SET, {"applicationId": 1, "version": 0, "set": whole}, 400),
        (SET, {"applicationId": 1, "set": whole}, 400),
        (SET, {"applicationId": 1, "version": 2}, 400),
        (SET, {"applicationId": 1, "version": 2, "set": []}, 400),
    ):
        assert refused_request(grown, shared_manager, "PUT", url, json=body)[0] == status, body
    assert refused_request(grown, shared_manager, "GET", "/v1/applications/9/campaign_set")[0] == 404
    nothing = refused_request(grown, shared_manager, "PUT", SET, json={"applicationId": 2, "version": 2, "set": whole})
    assert nothing[1] == invalid(("/applicationId", "Invalid value", "It is not that of the path"))
