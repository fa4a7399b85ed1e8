"""Roles and who has them (management.md §18)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import UNSET

from guerdon.db.pool import Connection, Row, changed, first
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.roles import NewRoleV2, Role, RoleV2, RoleV2Base, RoleV2Permissions

SELECT_ALL = """
SELECT r.*, ARRAY(SELECT m.user_id FROM role_members m WHERE m.role_id = r.id ORDER BY m.user_id) AS members
FROM roles r WHERE r.account_id = $1 ORDER BY r.id
"""
SELECT = """
SELECT r.*, ARRAY(SELECT m.user_id FROM role_members m WHERE m.role_id = r.id ORDER BY m.user_id) AS members
FROM roles r WHERE r.account_id = $1 AND r.id = $2
"""
LOCK = "SELECT id FROM roles WHERE account_id = $1 AND id = $2 FOR UPDATE"
INSERT = """
INSERT INTO roles (account_id, name, description, permissions, created, modified) VALUES ($1, $2, $3, $4, $5, $5)
RETURNING id
"""
UPDATE = """
UPDATE roles SET name = COALESCE($3, name), description = COALESCE($4, description),
    permissions = permissions || COALESCE($5::jsonb, '{}'), modified = $6
WHERE account_id = $1 AND id = $2
"""
DELETE = "DELETE FROM roles WHERE account_id = $1 AND id = $2"
DELETE_MEMBERS = """
DELETE FROM role_members m USING roles r
WHERE r.id = m.role_id AND r.account_id = $1 AND r.id = $2 AND m.user_id <> ALL ($3::bigint[])
"""
INSERT_MEMBERS = """
INSERT INTO role_members (user_id, role_id)
SELECT u.id, $2 FROM users u WHERE u.account_id = $1 AND u.deleted IS NULL AND u.id = ANY ($3::bigint[])
ON CONFLICT DO NOTHING
"""
COUNT_USERS = "SELECT count(*) FROM users WHERE account_id = $1 AND deleted IS NULL AND id = ANY ($2::bigint[])"
DELETE_ROLES_OF = """
DELETE FROM role_members m USING users u
WHERE u.id = m.user_id AND u.account_id = $1 AND m.user_id = $2 AND m.role_id <> ALL ($3::bigint[])
"""
INSERT_ROLES_OF = """
INSERT INTO role_members (user_id, role_id)
SELECT $2, r.id FROM roles r WHERE r.account_id = $1 AND r.id = ANY ($3::bigint[])
ON CONFLICT DO NOTHING
"""
COUNT_ROLES = "SELECT count(*) FROM roles WHERE account_id = $1 AND id = ANY ($2::bigint[])"
SELECT_NAMED = "SELECT id FROM roles WHERE account_id = $1 AND name = ANY ($2::text[]) ORDER BY id"
CAMPAIGN_KIND = """
SELECT c.state NOT IN ('enabled', 'archived') AS draft, c.campaign_groups AS groups
FROM campaigns c JOIN applications a ON a.id = c.application_id
WHERE a.account_id = $1 AND c.application_id = $2 AND c.id = $3
"""


class Kind(NamedTuple):
    """What roles tell campaigns apart by: whether it is a draft, and the ids of its campaign access groups."""

    draft: bool
    groups: Collection[int]


async def campaign_kind(conn: Connection, account_id: int, application_id: int, campaign_id: int) -> Kind | None:
    """What a campaign is to roles; None where there is none."""
    row = await conn.fetchrow(CAMPAIGN_KIND, account_id, application_id, campaign_id)
    return None if row is None else Kind(row["draft"], row["groups"])


def _role(row: Row) -> RoleV2:
    values = dict(row) | {"permissions": decoder(RoleV2Permissions).decode(row["permissions"])}
    return RoleV2(**values, is_readonly=False)


def first_generation(role: RoleV2) -> Role:
    """A role as clients of the first generation read it."""
    shared: dict[str, Any] = {
        name: getattr(role, name) for name in ("id", "created", "modified", "account_id", "description", "members")
    }
    return Role(**shared, name=role.name or "", acl={})


async def list_roles(conn: Connection, account_id: int) -> list[RoleV2]:
    """All roles of the account."""
    return [_role(row) for row in await conn.fetch(SELECT_ALL, account_id)]


async def get_role(conn: Connection, account_id: int, role_id: int) -> RoleV2:
    """The role; raises NotFound."""
    return _role(first(await conn.fetchrow(SELECT, account_id, role_id), "Role"))


async def add_role(conn: Connection, account_id: int, new: NewRoleV2, now: datetime) -> RoleV2:
    """Create a role. Raises Invalid for members who are no users of the account."""
    permissions = encode_text(new.permissions if new.permissions is not UNSET else RoleV2Permissions())
    role_id: int = await conn.fetchval(INSERT, account_id, new.name, new.description, permissions, now)
    if new.members is not UNSET:
        await _set_members(conn, account_id, role_id, new.members)
    return await get_role(conn, account_id, role_id)


async def change_role(conn: Connection, account_id: int, role_id: int, new: RoleV2Base, now: datetime) -> RoleV2:
    """Change what is given, of `permissions` too. Raises NotFound, and Invalid as when it is created."""
    first(await conn.fetchrow(LOCK, account_id, role_id), "Role")
    texts = [None if value is UNSET else value for value in (new.name, new.description)]
    permissions = None if new.permissions is UNSET else encode_text(new.permissions)
    await conn.execute(UPDATE, account_id, role_id, *texts, permissions, now)
    if new.members is not UNSET:
        await _set_members(conn, account_id, role_id, new.members)
    return await get_role(conn, account_id, role_id)


async def _set_members(conn: Connection, account_id: int, role_id: int, members: list[int]) -> None:
    wanted = sorted(set(members))
    if await conn.fetchval(COUNT_USERS, account_id, wanted) != len(wanted):
        raise Invalid(errors=[Problem.at("/members", "Unknown", "The account has no user of one of these ids")])
    await conn.execute(DELETE_MEMBERS, account_id, role_id, wanted)
    await conn.execute(INSERT_MEMBERS, account_id, role_id, wanted)


async def set_roles(conn: Connection, account_id: int, user_id: int, roles: list[int]) -> None:
    """Give a user these roles and no others. Raises Invalid for one that is not the account's."""
    wanted = sorted(set(roles))
    if await conn.fetchval(COUNT_ROLES, account_id, wanted) != len(wanted):
        raise Invalid(errors=[Problem.at("/roles", "Unknown", "The account has no role of one of these ids")])
    await conn.execute(DELETE_ROLES_OF, account_id, user_id, wanted)
    await conn.execute(INSERT_ROLES_OF, account_id, user_id, wanted)


async def named(conn: Connection, account_id: int, names: list[str]) -> list[int]:
    """The ids of the roles that have these names."""
    return [row["id"] for row in await conn.fetch(SELECT_NAMED, account_id, names)]


async def remove_role(conn: Connection, account_id: int, role_id: int) -> None:
    """Delete a role; whoever had it has it no more. Raises NotFound."""
    first(changed(await conn.execute(DELETE, account_id, role_id)) or None, "Role")
