"""Who may call what: every operation that is served, with every kind of caller. New operations are covered by being
served (management.md §1, §18)."""

import inspect
import json
import re
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx
import pytest
from litestar.routes import HTTPRoute

import make
import people
from checkout import new_key
from conftest import INTEGRATION_KEY, MANAGEMENT_KEY
from guerdon.api import permissions
from guerdon.api.app import MANAGEMENT, build_framework
from guerdon.api.document import openapi_document
from guerdon.wire.base import encode

FRAMEWORK = build_framework({})
DOCUMENT = json.loads(encode(openapi_document(FRAMEWORK)))
NEEDS = {
    handler.operation_id: permissions.needed(handler, route.path_format)
    for route in FRAMEWORK.routes
    if isinstance(route, HTTPRoute)
    for handler in route.route_handlers
    if handler.operation_id
}
NOWHERE = 999_999
WITHOUT_A_KEY = {"createSession", "createUser", "createPasswordRecoveryEmail", "resetPassword"}
TAKE_TEST_KEYS = {
    "returnCartItems",
    "trackEvent",
    "trackEventV2",
    "trackEventV3",
    "updateCustomerProfile",
    "updateCustomerProfileV2",
    "updateCustomerSession",
    "updateCustomerSessionV2",
}
# Bodies that get as far as where an operation refuses a test key.
BODIES = {
    "createCouponReservation": {"integrationIDs": []},
    "createReferral": {"campaignId": 1, "advocateProfileIntegrationId": "a"},
    "createReferralsForMultipleAdvocates": {"campaignId": 1, "advocateProfileIntegrationIds": ["a"], "usageLimit": 1},
    "deleteCouponReservation": {"integrationIDs": []},
}


def operations(scheme):
    """(operation id, method, path) of those that ask for this kind of key; None for none."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if scheme in ([None] if "security" not in operation else list(operation["security"][0])):
                yield operation["operationId"], method.upper(), path


# What is asked for in a query that cannot be left out.
ASKED = {"rangeStart": "2020-01-01", "rangeEnd": "2021-01-01"}
QUERIES = {
    operation["operationId"]: {
        one["name"]: ASKED.get(one["name"], "1")
        for one in operation.get("parameters", ())
        if one["in"] == "query" and one.get("required")
    }
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
}
OF_MANAGERS = sorted(operations("manager_auth"))
OF_SHOPS = sorted(operations("api_key_v1"))


def url_of(operation, path, application=1, **ids):
    """About an Application that is there, and else about what is not there: nothing is changed by it."""
    known = {"applicationId": application, **ids}
    query = f"?{urlencode(QUERIES[operation])}" if QUERIES[operation] else ""
    return re.sub(r"\{(\w+)\}", lambda found: str(known.get(found[1], NOWHERE)), path) + query


def ask(client, method, url, headers=None, json=None):
    body = json if json is not None else ({} if method in {"POST", "PUT"} else None)
    return client.request(method, url, headers=headers, json=body)


@pytest.fixture(scope="module")
def cast(shared, shared_manager):
    """Everybody who calls: (client, worker with a role, headers by kind)."""
    shared_manager.post("/v1/applications", json=make.application()).raise_for_status()
    worker = people.new_user(shared)
    role = people.new_role(shared_manager, ("everything",), members=[worker])
    shared.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    other = people.log_in(shared, people.new_user(shared, admin=True, account=2))
    with httpx.Client(base_url=shared.url) as client:
        yield SimpleNamespace(
            client=client,
            role=role["id"],
            worker=people.log_in(shared, worker),
            nobody=people.log_in(shared, people.new_user(shared)),
            admin=people.log_in(shared, people.new_user(shared, admin=True)),
            other_account=other,
            other_application=people.new_key(shared_manager, allowedApplicationIds=[2]),
            other_endpoint=people.new_key(shared_manager, "/no/such/path"),
            integration={"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"},
            manager=shared_manager,
        )


def give(cast, *names, application="1"):
    """The worker's role gives these logical operations, everywhere in an Application and the account."""
    everywhere = dict.fromkeys(("application", "campaign", "draftCampaign"), "set")
    given = {
        "permissionSets": [{"name": "set", "logicalOperations": sorted(names)}],
        "roles": {"applications": {application: everywhere}, "account": "set"},
    }
    cast.manager.put(f"/v2/roles/{cast.role}", json={"permissions": given}).raise_for_status()


def test_the_operations_without_a_key_are_known():
    assert {operation for operation, *_ in operations(None)} == WITHOUT_A_KEY


def test_every_operation_has_a_tag_that_says_what_it_is_about():
    unknown = {operation: need for operation, *_ in OF_MANAGERS if not (need := NEEDS[operation]).entity}
    assert set(unknown) == {"destroySession"}


def test_exceptions_and_personal_operations_are_of_entities_that_are_known():
    assert {need.name for need in NEEDS.values() if need.entity} <= permissions.LOGICAL_OPERATIONS
    for verb, entity in permissions.EXCEPTIONS.values():
        assert f"{verb}{entity}Operations" in permissions.LOGICAL_OPERATIONS


def test_handlers_call_the_application_of_a_path_the_same():
    for handler in MANAGEMENT:
        for path in handler.paths:
            assert "/applications/{" not in path or "/applications/{application_id:int}" in path
            assert "/campaigns/{" not in path or "/campaigns/{campaign_id:int}" in path


def test_members_of_bodies_and_parameters_that_name_applications_are_known():
    schemas, looked_at = DOCUMENT["components"]["schemas"], {camel(name) for name in permissions.APPLICATIONS}
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            named = set(schemas.get(body.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", ()))
            assert {name for name in named if is_application(name)} <= looked_at, operation["operationId"]
            queried = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            assert {name for name in queried if is_application(name)} <= set(permissions.IN_QUERIES)


def test_lists_that_leave_out_what_a_key_may_not_see_do_so():
    for handler in MANAGEMENT:
        if handler.operation_id in permissions.LEAVING_OUT:
            assert "allowed_application_ids" in inspect.getsource(handler.fn)


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def is_application(name):
    return re.search(r"applications?_?ids?$|^subscribedApplications$", name, re.I) is not None


@pytest.mark.parametrize(("operation", "method", "path"), OF_MANAGERS)
def test_management_operations(cast, operation, method, path):
    need, url = NEEDS[operation], url_of(operation, path)
    per_application, has_body = "{applicationId}" in path, method in {"POST", "PUT"}

    assert ask(cast.client, method, url).status_code == 401
    assert ask(cast.client, method, url, cast.integration).status_code == 401
    if operation in {"destroySession", "changeProfilePassword"}:  # of everybody; see test_logins.py, test_passwords.py
        return

    assert ask(cast.client, method, url, cast.other_endpoint).status_code == 403
    assert ask(cast.client, method, url, cast.nobody).status_code == 403
    if per_application:
        assert ask(cast.client, method, url, cast.other_application).status_code == 403
        refused = ask(cast.client, method, url, cast.other_account).status_code
        assert refused in ({400, 404} if has_body else {404})
    elif need.entity in permissions.OF_ADMINISTRATORS or operation == "createApplication":
        named = url + ("&" if "?" in url else "?") + "applicationId=2"  # as if that were what it is about
        for one in (url, named):
            assert ask(cast.client, method, one, cast.other_application).status_code == 403
    elif need.entity == "Log" and operation not in permissions.LEAVING_OUT:
        assert ask(cast.client, method, url, cast.other_application).status_code == 403

    of_administrators = need.verb != "get" and need.entity in permissions.OF_ADMINISTRATORS
    give(cast, *permissions.LOGICAL_OPERATIONS - {need.name})
    refused = ask(cast.client, method, url, cast.worker)
    reason = "Only an administrator may do this" if of_administrators else f"Your roles do not include {need.name} "
    assert (refused.status_code, refused.json()["message"].startswith(reason)) == (403, True)
    give(cast, need.name)
    if per_application:
        assert ask(cast.client, method, url_of(operation, path, application=2), cast.worker).status_code == 403
    if operation == "deleteApplication":  # of another one: the other operations need it
        new = {"name": "Short-lived", "timezone": "UTC", "currency": "EUR"}
        made = ask(cast.client, "POST", "/v1/applications", cast.admin, new).json()["id"]
        give(cast, need.name, application=str(made))
        url = url_of(operation, path, application=made)
    allowed = ask(cast.client, method, url, cast.admin if of_administrators else cast.worker)
    assert allowed.status_code not in {401, 403, 500}, allowed.text


def test_everybody_with_a_key_may_ask_for_the_methods(cast):
    for headers, status in ((cast.admin, 204), (cast.nobody, 204), (cast.other_endpoint, 204), (cast.integration, 401)):
        assert cast.client.options("/v1/applications", headers=headers).status_code == status


@pytest.fixture(scope="module")
def keys(shared, shared_manager):
    """Headers of Integration keys: `live`, `staging`, `expired`."""
    _, staging = new_key(shared_manager, type="staging")
    _, expired = new_key(shared_manager, expires="2020-01-01")
    return SimpleNamespace(live={"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}, staging=staging, expired=expired)


@pytest.mark.parametrize(("operation", "method", "path"), OF_SHOPS)
def test_integration_operations(cast, keys, operation, method, path):
    url, body = url_of(operation, path, customerSessionId="s1"), BODIES.get(operation)
    assert ask(cast.client, method, url).status_code == 401
    assert ask(cast.client, method, url, {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}).status_code == 401
    assert ask(cast.client, method, url, cast.admin).status_code == 401
    assert ask(cast.client, method, url, keys.expired).status_code == 401
    tested = ask(cast.client, method, url, keys.staging, body).status_code
    assert tested not in {401, 403, 500} if operation in TAKE_TEST_KEYS else tested == 401
    assert ask(cast.client, method, url, keys.live, body).status_code not in {401, 403, 500}
