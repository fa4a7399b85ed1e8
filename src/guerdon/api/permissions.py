"""What a caller may do, for every Management operation (management.md §1, §18): by the limits of a Management key, and
by roles.

What an operation needs follows from its method and its tag: `GET` of a coupon is `getCouponOperations`, `PUT` is
`editCouponOperations`. So a new operation needs nothing but the tag that the contract gives it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from msgspec import UNSET
from msgspec.structs import replace

from guerdon.db import pool, roles
from guerdon.db.keys import Caller
from guerdon.db.roles import Kind
from guerdon.errors import ClientError, Forbidden
from guerdon.wire.base import decode, decoder
from guerdon.wire.roles import RoleV2ApplicationDetails, RoleV2Permissions, RoleV2RolesGroup

ENTITIES = {
    "Accounts and users": "User",
    "Achievements": "Achievement",
    "Additional costs": "AdditionalCost",
    "Analytics": "Analytics",
    "Applications": "Application",
    "Attributes": "Attribute",
    "Audiences": "Audience",
    "Campaign access groups": "CampaignGroup",
    "Campaign templates": "CampaignTemplate",
    "Campaigns": "Campaign",
    "Catalogs": "Catalog",
    "Collections": "Collection",
    "Coupons": "Coupon",
    "Custom effects": "CustomEffect",
    "Customer data": "Customer",
    "Events": "EventType",
    "Experiments": "Experiment",
    "Giveaways": "Giveaway",
    "Logs": "Log",
    "Loyalty": "LoyaltyProgram",
    "Loyalty cards": "LoyaltyCard",
    "Management keys": "ManagementKey",
    "Referrals": "Referral",
    "Roles": "Role",
    "Store budgets": "StoreBudget",
    "Stores": "Store",
    "Value maps": "ValueMap",
    "Webhooks": "Webhook",
}
VERBS = {"GET": "get", "POST": "create", "PUT": "edit", "PATCH": "edit", "DELETE": "delete"}
# Operations that do something else than their method or tag says: (verb, entity).
EXCEPTIONS = {
    "bulkOperationOnCampaigns": ("delete", "Campaign"),  # which is one of the things it does
    "copyCampaignToApplications": ("create", "Campaign"),
    "createCampaignFromTemplate": ("create", "Campaign"),
    "createCampaignEvaluationGroup": ("edit", "Application"),
    "createCouponsDeletionJob": ("delete", "Coupon"),
    "createCouponsDeletionJobApplicationWide": ("delete", "Coupon"),
    "deleteCampaignEvaluationGroup": ("edit", "Application"),
    "disconnectCampaignStores": ("edit", "Campaign"),
    "getAccount": ("get", "Account"),
    "getAccountAnalytics": ("get", "Account"),
    "importAccountCollection": ("edit", "Collection"),
    "importAllowedList": ("edit", "Attribute"),
    "importCampaignStores": ("edit", "Campaign"),
    "importCampaignValueMap": ("edit", "ValueMap"),
    "importCollection": ("edit", "Collection"),
    "importPoolGiveaways": ("edit", "Giveaway"),
    "updateAccount": ("edit", "Account"),
    "updateCampaignEvaluationGroup": ("edit", "Application"),
    "updateCampaignSet": ("edit", "Application"),
}
# What belongs to one of these and has no entity of its own (keys, evaluation groups, rulesets) is part of it: whoever
# writes it edits that. The mark is where the path goes beyond it.
PARTS = {"Application": "/{application_id}/", "Campaign": "/{campaign_id}/"}
# Operations of everybody who is logged in, or holds a key; of their own user only, where the path names one.
PERSONAL = frozenset({"destroySession", "getUser", "changeProfilePassword"})
# Whoever could write these could give themselves everything, so only administrators may.
OF_ADMINISTRATORS = frozenset({"Account", "ManagementKey", "Role", "User"})
# Those are not for keys of certain Applications either, nor are logs of all of them (the query may name one), but for
# these lists, which leave out what the key may not see (`Caller.allowed_application_ids`).
LEAVING_OUT = frozenset({"getApplications", "getExports"})
# What the permission sets `campaign` and `draftCampaign` of an Application are about; the others are for `application`.
OF_CAMPAIGNS = frozenset(
    {"Achievement", "Campaign", "CampaignTemplate", "Coupon", "Experiment", "Referral", "StoreBudget", "ValueMap"}
)
# Members of bodies and parameters of queries that name Applications.
APPLICATIONS = (
    "allowed_application_ids",
    "application_id",
    "application_ids",
    "applications_ids",
    "subscribed_applications",
    "subscribed_applications_ids",
    "target_application_id",
)
IN_QUERIES = ("applicationId", "applicationIds")

LOGICAL_OPERATIONS = frozenset(
    f"{verb}{entity}Operations" for verb in VERBS.values() for entity in (*ENTITIES.values(), "Account")
)


class Need(NamedTuple):
    """What an operation needs; the entity is empty where the tag is unknown, which only administrators may use."""

    operation: str
    verb: str
    entity: str

    @property
    def name(self) -> str:
        """The name as permission sets have it."""
        return f"{self.verb}{self.entity}Operations"


def reads(handler: BaseRouteHandler) -> bool:
    """Whether an operation changes nothing: searches are posted, and one more question."""
    return isinstance(handler, HTTPRouteHandler) and (
        "GET" in handler.http_methods or any("_search" in path or "price_history" in path for path in handler.paths)
    )


@lru_cache(maxsize=1000)
def needed(handler: BaseRouteHandler, path: str) -> Need:
    """What an operation of the Management API needs; `path` is its template."""
    operation = str(getattr(handler, "operation_id", ""))
    if operation in EXCEPTIONS:
        return Need(operation, *EXCEPTIONS[operation])
    entity = ENTITIES.get(next(iter(getattr(handler, "tags", None) or ()), ""), "")
    verb = "get" if reads(handler) else VERBS[next(iter(getattr(handler, "http_methods", ())))]
    if verb != "get" and PARTS.get(entity, "?") in path:
        verb = "edit"
    return Need(operation, verb, entity)


async def require(caller: Caller, handler: BaseRouteHandler, request: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """The caller, as the handler may know it, if it may call this; raises Forbidden with the reason."""
    if getattr(handler, "http_methods", None) == {"OPTIONS"}:  # which methods there are
        return caller
    need = needed(handler, request.scope["path_template"])
    named = await _named_applications(handler, request) if caller.limited else set()
    _within_key(caller, need, request, named)
    if caller.is_admin or _personal(caller, need, request.path_params):
        return caller
    if need.verb != "get" and need.entity in OF_ADMINISTRATORS:
        raise Forbidden("Only an administrator may do this")
    granted = _granted(caller.permissions)
    if need.operation == "getApplications":
        return replace(caller, allowed_application_ids=_visible(caller, need, granted))
    kind = await _kind(caller, need, handler, request, granted)
    if not _may(granted, need, request.path_params, kind):
        raise Forbidden(f"Your roles do not include {need.name} here")
    for application_id in named if "application_id" in request.path_params else ():
        if not _may(granted, need, {"application_id": application_id}, None):
            raise Forbidden(f"Your roles do not include {need.name} in the Application {application_id}")
    return caller


def _within_key(caller: Caller, need: Need, request: ASGIConnection[Any, Any, Any, Any], named: Iterable[int]) -> None:
    """A key is limited to path patterns and Applications; no pattern or Application named means all."""
    route = request.scope["path_template"]
    if caller.endpoints and not any(_same_names(pattern) in _same_names(route) for pattern in caller.endpoints):
        raise Forbidden("This key has no access to this endpoint")
    if need.entity == "ManagementKey" and need.verb != "get" and (caller.endpoints or caller.allowed_application_ids):
        raise Forbidden("A limited key makes and deletes no keys")
    allowed = caller.allowed_application_ids
    if not allowed:
        return
    about = {*named, *([request.path_params["application_id"]] if "application_id" in request.path_params else [])}
    if not about <= set(allowed):
        raise Forbidden("This key has no access to this Application")
    above = need.entity in OF_ADMINISTRATORS or need.operation == "createApplication"
    if above or (not about and need.entity == "Log" and need.operation not in LEAVING_OUT):
        raise Forbidden("This key has access to certain Applications only")


def _same_names(path: str) -> str:
    """A path without the names of its parameters, which are written in more than one way."""
    parts = path.split("/")
    return "/".join("{}" if part.startswith("{") and part.endswith("}") else part for part in parts)


def _personal(caller: Caller, need: Need, path_params: Mapping[str, Any]) -> bool:
    return need.operation in PERSONAL and path_params.get("user_id", caller.user_id) == caller.user_id


@lru_cache(maxsize=1000)
def _fields(handler: BaseRouteHandler) -> tuple[Any, frozenset[str]]:
    """The struct that a handler reads its body into, and which members of it the guard looks at."""
    field = getattr(handler, "parsed_data_field", None)
    struct = field.annotation if field else None
    return struct, frozenset(getattr(struct, "__struct_fields__", ())) & {*APPLICATIONS, "state"}


async def _body(handler: BaseRouteHandler, request: ASGIConnection[Any, Any, Any, Any]) -> dict[str, Any]:
    """What the body says about that; a body that is wrong says nothing, and the handler will refuse it."""
    struct, names = _fields(handler)
    if not names:
        return {}
    try:
        found = decode(await request.body(), struct)  # type: ignore[attr-defined]
    except ClientError:
        return {}
    return {name: value for name in names if (value := getattr(found, name)) is not UNSET and value is not None}


async def _named_applications(handler: BaseRouteHandler, request: ASGIConnection[Any, Any, Any, Any]) -> set[int]:
    """The Applications that a request names elsewhere than in its path."""
    found: set[int] = set()
    for name, value in (await _body(handler, request)).items():
        if name in APPLICATIONS:
            found |= set(value if isinstance(value, list) else [value])
    for name in IN_QUERIES:
        for text in request.query_params.getall(name, []):
            try:
                found |= {int(part) for part in text.split(",")}
            except ValueError:
                continue  # refused by the handler
    return found


class Grant(NamedTuple):
    """One role: what its permission sets hold, and what they are for."""

    sets: Mapping[str, frozenset[str]]
    applications: Mapping[str, RoleV2ApplicationDetails]
    programs: Mapping[str, str]
    groups: Mapping[str, str]
    account: str


@lru_cache(maxsize=100)
def _granted(permissions: str) -> tuple[Grant, ...]:
    """The roles of a caller, from the JSON list of their permissions."""
    found: list[RoleV2Permissions] = decoder(list[RoleV2Permissions]).decode(permissions)
    return tuple(_grant(one) for one in found)


def _grant(role: RoleV2Permissions) -> Grant:
    sets = {one.name: frozenset(one.logical_operations) for one in role.permission_sets or ()}
    given = role.roles or RoleV2RolesGroup()
    return Grant(
        sets, given.applications or {}, given.loyalty_programs or {}, given.campaign_access_groups or {},
        given.account or "",
    )  # fmt: skip


def _may(granted: tuple[Grant, ...], need: Need, path_params: Mapping[str, Any], kind: Kind | None) -> bool:
    """Whether one of the roles has what is needed, where it is needed."""
    if not need.entity:
        return False
    return any(
        need.name in grant.sets.get(name, ()) for grant in granted for name in _sets(grant, need, path_params, kind)
    )


def _sets(grant: Grant, need: Need, path_params: Mapping[str, Any], kind: Kind | None) -> list[str]:
    """The names of the permission sets of a role that are about this request."""
    if "loyalty_program_id" in path_params:
        return [grant.programs.get(str(path_params["loyalty_program_id"]), "")]
    if "application_id" not in path_params:
        return [grant.account]
    given = grant.applications.get(str(path_params["application_id"])) or RoleV2ApplicationDetails()
    if need.entity not in OF_CAMPAIGNS and "campaign_id" not in path_params:
        return [given.application or ""]
    drafts = kind.draft if kind is not None else False
    own = given.draft_campaign if drafts and given.draft_campaign else given.campaign
    return [own or "", *(grant.groups.get(str(group), "") for group in (kind.groups if kind is not None else ()))]


def _visible(caller: Caller, need: Need, granted: tuple[Grant, ...]) -> list[int] | None:
    """The Applications that a list of them shows: those in which they may be read. None for all."""
    if _may(granted, need, {}, None):
        return caller.allowed_application_ids
    own = {int(one) for grant in granted for one in grant.applications if one.isdigit()}
    found = sorted(one for one in own if _may(granted, need, {"application_id": one}, None))
    found = [one for one in found if not caller.allowed_application_ids or one in caller.allowed_application_ids]
    if not found:
        raise Forbidden(f"Your roles do not include {need.name} in any Application")
    return found


async def _kind(
    caller: Caller,
    need: Need,
    handler: BaseRouteHandler,
    request: ASGIConnection[Any, Any, Any, Any],
    granted: tuple[Grant, ...],
) -> Kind | None:
    """What the campaign of the request is, where roles tell campaigns apart; read only then."""
    path = request.path_params
    if "application_id" not in path:
        return None
    details = [grant.applications.get(str(path["application_id"])) for grant in granted]
    if not any(grant.groups for grant in granted) and not any(one and one.draft_campaign for one in details):
        return None
    if "campaign_id" not in path:
        return Kind(need.operation == "createCampaign" and await _stays_a_draft(handler, request), ())
    async with pool.connection(request.app.state.pool) as conn:
        kind = await roles.campaign_kind(conn, caller.account_id, path["application_id"], path["campaign_id"])
    # Whoever switches a draft on makes a campaign of it.
    return kind._replace(draft=kind.draft and await _stays_a_draft(handler, request)) if kind else None


async def _stays_a_draft(handler: BaseRouteHandler, request: ASGIConnection[Any, Any, Any, Any]) -> bool:
    return (await _body(handler, request)).get("state") != "enabled"
