"""Roles V2: created, read, changed, deleted, and what they permit where (management.md §18)."""

import pytest

import make
import people
from checkout import refusal, refused_request

ALL = "/v2/roles"


@pytest.fixture(scope="module", autouse=True)
def _two_applications(shared_manager):
    shared_manager.post("/v1/applications", json=make.application()).raise_for_status()


@pytest.fixture
def worker(shared):
    """A client of a new user without roles."""
    user_id = people.new_user(shared)
    with people.as_user(shared, people.log_in(shared, user_id)) as client:
        client.user_id = user_id
        yield client


def sets(**each):
    return [{"name": name, "logicalOperations": operations} for name, operations in each.items()]


def denied(operation):
    return refusal(f"Your roles do not include {operation} here", status=403)


FULL = {
    "permissionSets": sets(
        read=["getCampaignOperations", "getApplicationOperations"], write=["editCampaignOperations"]
    ),
    "roles": {
        "applications": {"1": {"application": "read", "campaign": "write", "draftCampaign": "write", "tools": "read"}},
        "loyaltyPrograms": {"3": "read"},
        "campaignAccessGroups": {"4": "write"},
        "account": "read",
    },
    "thresholds": [{"loyaltyProgramId": 3, "loyaltyPointsLimit": 100}],
}


def test_the_life_of_a_role(shared, shared_manager, worker):
    made = shared_manager.post(
        ALL, json={"name": "Life", "description": "d", "permissions": FULL, "members": [worker.user_id]}
    )
    assert made.status_code == 201
    role = made.json()
    assert role == {
        "id": role["id"], "created": role["created"], "modified": role["created"], "accountId": 1, "name": "Life",
        "description": "d", "permissions": FULL, "members": [worker.user_id], "isReadonly": False,
    }  # fmt: skip
    url = f"{ALL}/{role['id']}"
    assert shared_manager.get(url).json() == role
    listed = shared_manager.get(ALL).json()
    assert (listed["totalResultSize"], role in listed["data"]) == (len(listed["data"]), True)
    first = shared_manager.get(f"/v1/roles/{role['id']}").json()
    assert (first["acl"], first["members"], first["name"]) == ({}, [worker.user_id], "Life")
    assert first in shared_manager.get("/v1/roles").json()["data"]

    changed = shared_manager.put(url, json={"description": "new", "permissions": {"thresholds": []}}).json()
    assert (changed["name"], changed["description"], changed["members"]) == ("Life", "new", [worker.user_id])
    assert changed["permissions"] == FULL | {"thresholds": []}
    assert changed["modified"] > role["modified"]
    assert shared_manager.put(url, json={"members": [1]}).json()["members"] == [1]
    assert shared_manager.get(f"/v1/users/{worker.user_id}").json()["roles"] == []
    gone = shared_manager.delete(url)
    assert (gone.status_code, gone.content) == (204, b"")
    for request in (("GET", url), ("PUT", url), ("DELETE", url), ("GET", f"/v1/roles/{role['id']}")):
        assert refused_request(shared, shared_manager, *request, json={}) == (
            404,
            refusal("Role not found", status=404),
        )


def test_roles_of_another_account_are_not_there(shared, shared_manager):
    role = people.new_role(shared_manager)
    account = shared.sql("INSERT INTO accounts (name, created) VALUES ('Other', now()) RETURNING id")[0]["id"]
    with people.as_user(shared, people.log_in(shared, people.new_user(shared, admin=True, account=account))) as other:
        assert other.get(ALL).json() == {"totalResultSize": 0, "data": []}
        for request in (
            ("GET", f"{ALL}/{role['id']}"),
            ("PUT", f"{ALL}/{role['id']}"),
            ("DELETE", f"{ALL}/{role['id']}"),
        ):
            assert refused_request(shared, other, *request, json={"name": "x"})[0] == 404
        new = {"name": "x", "description": "", "permissions": {"roles": {"applications": {"1": {}}}}}
        assert refused_request(shared, other, "POST", ALL, json=new)[0] == 400


def test_a_name_is_taken_once(shared, shared_manager):
    people.new_role(shared_manager, name="Taken")
    expected = (409, refusal("A role of this name already exists", status=409))
    assert refused_request(shared, shared_manager, "POST", ALL, json={"name": "Taken", "description": ""}) == expected
    other = people.new_role(shared_manager)["id"]
    assert refused_request(shared, shared_manager, "PUT", f"{ALL}/{other}", json={"name": "Taken"}) == expected


OPERATION = "Expected get, create, edit or delete, an entity, and Operations: getCampaignOperations"
NO_SET, NO_APPLICATION = 'There is no permission set "x"', "The account has no Application of this id"
WRONG = [
    ({"permissionSets": sets(a=["getMoonOperations"])}, "/permissionSets/0/logicalOperations/0", OPERATION),
    ({"permissionSets": sets(a=[]) * 2}, "/permissionSets/1/name", "There is a permission set of this name"),
    ({"roles": {"account": "x"}}, "/roles/account", NO_SET),
    ({"roles": {"loyaltyPrograms": {"1": "x"}}}, "/roles/loyaltyPrograms/1", NO_SET),
    ({"roles": {"campaignAccessGroups": {"1": "x"}}}, "/roles/campaignAccessGroups/1", NO_SET),
    ({"roles": {"applications": {"1": {"campaign": "x"}}}}, "/roles/applications/1/campaign", NO_SET),
    ({"roles": {"applications": {"999": {}}}}, "/roles/applications/999", NO_APPLICATION),
    ({"roles": {"applications": {"all": {}}}}, "/roles/applications/all", NO_APPLICATION),
]


@pytest.mark.parametrize(("permissions", "pointer", "details"), WRONG)
def test_permissions_that_mean_nothing(shared, shared_manager, permissions, pointer, details):
    body = {"name": "Wrong", "description": "", "permissions": permissions}
    status, answer = refused_request(shared, shared_manager, "POST", ALL, json=body)
    error = answer["errors"][0]
    assert (status, error["source"]["pointer"], error["details"]) == (400, f"/permissions{pointer}", details)


def test_permission_sets_that_are_used_stay(shared, shared_manager):
    role = people.new_role(shared_manager, ("a", "getCampaignOperations"), account="a")
    url = f"{ALL}/{role['id']}"
    status, answer = refused_request(shared, shared_manager, "PUT", url, json={"permissions": {"permissionSets": []}})
    assert (status, answer["errors"][0]["details"]) == (400, 'There is no permission set "a"')
    both = {"permissionSets": [], "roles": {}}
    assert shared_manager.put(url, json={"permissions": both}).json()["permissions"] == both


BAD = [
    ({"description": ""}, "/name"),
    ({"name": "", "description": ""}, "/name"),
    ({"name": "n"}, "/description"),
    ({"name": "n", "description": "", "permissions": []}, "/permissions"),
    ({"name": "n", "description": "", "permissions": {"permissionSets": [{"name": "a"}]}}, "/permissions/permissionSets/0/logicalOperations"),
    ({"name": "n", "description": "", "permissions": {"permissionSets": sets(a=[]) * 501}}, "/permissions/permissionSets"),
    ({"name": "n", "description": "", "members": ["1"]}, "/members/0"),
    ({"name": "n", "description": "", "members": [999999]}, "/members"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "pointer"), BAD)
def test_bad_roles(shared, shared_manager, body, pointer):
    status, answer = refused_request(shared, shared_manager, "POST", ALL, json=body)
    assert (status, answer["errors"][0]["source"]) == (400, {"pointer": pointer})
    for odd in ({"name": "\0", "description": ""}, {"name": "n", "description": "", "members": [2**70]}):
        assert refused_request(shared, shared_manager, "POST", ALL, json=odd)[0] == 400


def test_without_roles_there_is_only_oneself(shared, worker):
    shown = worker.get(f"/v1/users/{worker.user_id}")
    assert (shown.status_code, shown.json()["id"]) == (200, worker.user_id)
    assert worker.get("/v1/users/1").json() == denied("getUserOperations")
    assert worker.put(f"/v1/users/{worker.user_id}", json={"isAdmin": True}).json() == refusal(
        "Only an administrator may do this", status=403
    )
    assert worker.get("/v1/applications").json() == refusal(
        "Your roles do not include getApplicationOperations in any Application", status=403
    )
    assert worker.delete("/v1/sessions").status_code == 204


def test_permission_sets_are_about_their_part_of_an_application(shared, shared_manager, worker):
    everything = [
        f"{verb}{of}Operations"
        for verb in ("get", "create", "edit", "delete")
        for of in ("Application", "Campaign", "Coupon", "Store")
    ]
    people.new_role(
        shared_manager, ("all", *everything), ("read", "getCampaignOperations"), members=[worker.user_id],
        applications={"1": {"application": "all", "campaign": "read"}, "2": {"campaign": "all"}},
    )  # fmt: skip
    campaign = make.new_campaign(shared_manager)["id"]
    assert worker.get(f"{make.CAMPAIGNS}/{campaign}").status_code == 200
    assert worker.delete(f"{make.CAMPAIGNS}/{campaign}").json() == denied("deleteCampaignOperations")
    assert worker.get(f"{make.CAMPAIGNS}/{campaign}/coupons").json() == denied("getCouponOperations")
    assert worker.post("/v1/applications/1/stores", json=make.store(integrationId="S")).status_code == 201
    assert worker.get("/v1/applications/2/stores").json() == denied("getStoreOperations")
    assert worker.post("/v1/applications/2/campaigns", json=make.campaign()).status_code == 201
    assert [one["id"] for one in worker.get("/v1/applications").json()["data"]] == [1]
    assert worker.get("/v1/additional_costs").json() == denied("getAdditionalCostOperations")
    # What belongs to an Application is edited with it.
    key = {"title": "Key", "expires": "2099-01-01"}
    assert worker.post("/v1/applications/1/api_keys", json=key).status_code == 201
    # Rules belong to their campaign.
    refused = worker.post(f"{make.CAMPAIGNS}/{campaign}/rulesets", json=make.ruleset())
    assert refused.json() == denied("editCampaignOperations")


def test_roles_add_up(shared, shared_manager, worker):
    for entity in ("Attribute", "Collection"):
        people.new_role(shared_manager, ("a", f"get{entity}Operations"), members=[worker.user_id], account="a")
    assert worker.get("/v1/attributes").status_code == 200
    assert worker.get("/v1/collections").status_code == 200
    assert worker.post("/v1/attributes", json={}).status_code == 403


def test_whoever_may_only_prepare_drafts_switches_nothing_on(shared, shared_manager, worker):
    verbs = ("get", "create", "edit", "delete")
    people.new_role(
        shared_manager, ("all", *(f"{verb}CampaignOperations" for verb in verbs)), ("read", "getCampaignOperations"),
        members=[worker.user_id], applications={"1": {"campaign": "read", "draftCampaign": "all"}},
    )  # fmt: skip
    assert worker.post(make.CAMPAIGNS, json=make.campaign(state="enabled")).json() == denied("createCampaignOperations")
    draft = worker.post(make.CAMPAIGNS, json=make.campaign(state="disabled"))
    assert draft.status_code == 201
    url = f"{make.CAMPAIGNS}/{draft.json()['id']}"
    assert worker.post(f"{url}/rulesets", json=make.ruleset(activate=True)).status_code == 201
    update = {"name": "Better", "tags": [], "features": [], "limits": []}
    assert worker.put(url, json=update).status_code == 200
    assert worker.put(url, json=update | {"state": "enabled"}).json() == denied("editCampaignOperations")
    shared_manager.put(url, json=update | {"state": "enabled"}).raise_for_status()
    assert worker.get(url).status_code == 200
    for refused in (worker.put(url, json=update), worker.delete(url), worker.post(f"{url}/rulesets", json={})):
        assert refused.status_code == 403
    shared_manager.put(url, json=update | {"state": "disabled"}).raise_for_status()
    assert worker.delete(url).status_code == 204


def test_campaign_access_groups(shared, shared_manager, worker):
    people.new_role(
        shared_manager, ("edit", "getCampaignOperations", "editCampaignOperations"), members=[worker.user_id],
        campaignAccessGroups={"4": "edit"},
    )  # fmt: skip
    inside, outside = (make.new_campaign(shared_manager)["id"] for _ in range(2))
    shared.sql("UPDATE campaigns SET campaign_groups = '{4}' WHERE id = $1", inside)
    assert worker.get(f"{make.CAMPAIGNS}/{inside}").status_code == 200
    assert worker.get(f"{make.CAMPAIGNS}/{outside}").json() == denied("getCampaignOperations")
    assert worker.get(f"{make.CAMPAIGNS}/999999").json() == denied("getCampaignOperations")
    assert worker.get(make.CAMPAIGNS).json() == denied("getCampaignOperations")
    assert worker.delete(f"{make.CAMPAIGNS}/{inside}").json() == denied("deleteCampaignOperations")
    update = {"name": "Better", "tags": [], "features": [], "limits": []}
    assert worker.put(f"{make.CAMPAIGNS}/{inside}", json=update).status_code == 200


def test_a_change_of_a_role_counts_at_once(shared, shared_manager, worker):
    role = people.new_role(shared_manager, ("a", "getAttributeOperations"), members=[worker.user_id], account="a")
    assert worker.get("/v1/attributes").status_code == 200
    change = {"permissionSets": sets(a=["getCollectionOperations"])}
    shared_manager.put(f"{ALL}/{role['id']}", json={"permissions": change}).raise_for_status()
    assert worker.get("/v1/attributes").status_code == 403
    assert worker.get("/v1/collections").status_code == 200
    shared_manager.delete(f"{ALL}/{role['id']}").raise_for_status()
    assert worker.get("/v1/collections").status_code == 403
