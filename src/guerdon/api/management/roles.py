"""Roles: create, list, read, change, delete, and the lists of the first generation (management.md §18).

Names of logical operations are ours: `get`, `create`, `edit` or `delete`, an entity, `Operations` (api/permissions.py).
"""

from datetime import datetime

from litestar import delete, get, post, put
from msgspec import UNSET, UnsetType

from guerdon.api import checks, permissions
from guerdon.db import applications, roles
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Problem
from guerdon.wire.base import TotalPage
from guerdon.wire.roles import NewRoleV2, Role, RoleV2, RoleV2Base, RoleV2Permissions, RoleV2RolesGroup

TAGS = ["Roles"]
ONE = "/v2/roles/{role_id:int}"
AT = "/permissions"


async def _check(
    conn: Connection, caller: Caller, given: RoleV2Permissions | UnsetType, old: RoleV2Permissions | UnsetType = UNSET
) -> None:
    """Every logical operation is known, every permission set is named once, and every name and id that roles use is
    there: among what is given, or what the role has already."""
    if given is UNSET:
        return
    problems, names = [], set()
    for index, one in enumerate(given.permission_sets or ()):
        pointer = f"{AT}/permissionSets/{index}"
        if one.name in names:
            problems.append(Problem.at(f"{pointer}/name", "uniqueItems", "There is a permission set of this name"))
        names.add(one.name)
        for place, operation in enumerate(one.logical_operations):
            if operation not in permissions.LOGICAL_OPERATIONS:
                details = "Expected get, create, edit or delete, an entity, and Operations: getCampaignOperations"
                problems.append(Problem.at(f"{pointer}/logicalOperations/{place}", "Unknown", details))
    if given.permission_sets is UNSET and old is not UNSET:
        names = {one.name for one in old.permission_sets or ()}
    group = given.roles if given.roles is not UNSET else (old.roles if old is not UNSET else UNSET)
    if group is not UNSET:
        problems += _unnamed(group, names)
    if given.roles is not UNSET:
        known = {str(one) for one in await applications.subscribed(conn, caller.account_id, UNSET)}
        problems += [
            Problem.at(f"{AT}/roles/applications/{key}", "Unknown", "The account has no Application of this id")
            for key in given.roles.applications or ()
            if key not in known
        ]
    checks.refuse(problems)


def _unnamed(group: RoleV2RolesGroup, names: set[str]) -> list[Problem]:
    """Where a role uses a permission set that is not there."""
    used: list[tuple[str, str | UnsetType]] = [("account", group.account)]
    for key, one in (group.applications or {}).items():
        where = f"applications/{key}"
        used += [(f"{where}/application", one.application), (f"{where}/campaign", one.campaign)]
        used += [(f"{where}/draftCampaign", one.draft_campaign), (f"{where}/tools", one.tools)]
    used += [(f"loyaltyPrograms/{key}", name) for key, name in (group.loyalty_programs or {}).items()]
    used += [(f"campaignAccessGroups/{key}", name) for key, name in (group.campaign_access_groups or {}).items()]
    return [
        Problem.at(f"{AT}/roles/{where}", "Unknown", f'There is no permission set "{name}"')
        for where, name in used
        if name and name not in names
    ]


@post("/v2/roles", operation_id="createRoleV2", tags=TAGS)
async def create_role_v2(data: NewRoleV2, caller: Caller, conn: Connection, now: datetime) -> RoleV2:
    await _check(conn, caller, data.permissions)
    return await roles.add_role(conn, caller.account_id, data, now)


@get("/v2/roles", operation_id="listAllRolesV2", tags=TAGS)
async def list_all_roles_v2(caller: Caller, conn: Connection) -> TotalPage[RoleV2]:
    found = await roles.list_roles(conn, caller.account_id)
    return TotalPage(total_result_size=len(found), data=found)


@get(ONE, operation_id="getRoleV2", tags=TAGS)
async def get_role_v2(role_id: int, caller: Caller, conn: Connection) -> RoleV2:
    return await roles.get_role(conn, caller.account_id, role_id)


@put(ONE, operation_id="updateRoleV2", tags=TAGS)
async def update_role_v2(role_id: int, data: RoleV2Base, caller: Caller, conn: Connection, now: datetime) -> RoleV2:
    """What is left out stays, in `permissions` too; `members` are replaced."""
    old = await roles.get_role(conn, caller.account_id, role_id)
    await _check(conn, caller, data.permissions, old.permissions)
    return await roles.change_role(conn, caller.account_id, role_id, data, now)


@delete(ONE, operation_id="deleteRoleV2", tags=TAGS)
async def delete_role_v2(role_id: int, caller: Caller, conn: Connection) -> None:
    await roles.remove_role(conn, caller.account_id, role_id)


@get("/v1/roles", operation_id="getAllRoles", tags=TAGS)
async def get_all_roles(caller: Caller, conn: Connection) -> TotalPage[Role]:
    found = [roles.first_generation(one) for one in await roles.list_roles(conn, caller.account_id)]
    return TotalPage(total_result_size=len(found), data=found)


@get("/v1/roles/{role_id:int}", operation_id="getRole", tags=TAGS)
async def get_role(role_id: int, caller: Caller, conn: Connection) -> Role:
    return roles.first_generation(await roles.get_role(conn, caller.account_id, role_id))


handlers = [
    create_role_v2,
    list_all_roles_v2,
    get_role_v2,
    update_role_v2,
    delete_role_v2,
    get_all_roles,
    get_role,
]
