"""Secrets and who they belong to: Integration keys, Management keys and login tokens, all stored hashed."""

import hashlib
from datetime import datetime, timedelta

from msgspec import Struct

from guerdon.db.pool import Connection

SELECT_APPLICATION_KEY = """
SELECT k.id, k.application_id, a.account_id, k.type, k.time_offset, k.expires
FROM application_keys k JOIN applications a ON a.id = k.application_id
WHERE k.key_hash = $1 AND k.expires > $2
"""

# What the roles of a user permit, as a JSON list; nothing is looked up for administrators, who may do everything.
PERMISSIONS = """
CASE WHEN u.is_admin THEN '[]' ELSE (
    SELECT COALESCE(jsonb_agg(r.permissions ORDER BY r.id), '[]')
    FROM role_members m JOIN roles r ON r.id = m.role_id WHERE m.user_id = u.id
)::text END AS permissions
"""

# A Management key stops working with the account of the user who made it (management.md §1).
SELECT_MANAGEMENT_KEY = (
    """
SELECT k.id AS key_id, k.account_id, k.created_by AS user_id, u.is_admin, k.endpoints, k.allowed_application_ids,
    uses.last_used,"""
    + PERMISSIONS
    + """
FROM management_keys k JOIN users u ON u.id = k.created_by LEFT JOIN management_key_uses uses ON uses.key_id = k.id
WHERE k.key_hash = $1 AND k.expires > $2 AND u.state = 'active'
"""
)

SELECT_LOGIN = (
    """
SELECT NULL::bigint AS key_id, u.account_id, u.id AS user_id, u.is_admin, NULL::text[] AS endpoints,
    NULL::bigint[] AS allowed_application_ids, v.last_accessed AS last_used,"""
    + PERMISSIONS
    + """
FROM logins l JOIN users u ON u.id = l.user_id LEFT JOIN user_visits v ON v.user_id = u.id
WHERE l.token_hash = $1 AND l.expires > $2 AND u.state = 'active'
"""
)

# Once a minute: whoever comes second finds it done.
TOUCH_KEY = """
INSERT INTO management_key_uses (key_id, last_used)
SELECT id, $2 FROM management_keys WHERE id = $1 FOR KEY SHARE
ON CONFLICT (key_id) DO UPDATE SET last_used = $2
WHERE management_key_uses.last_used <= $3
"""

TOUCH_USER = """
INSERT INTO user_visits (user_id, last_accessed)
SELECT id, $2 FROM users WHERE id = $1 FOR KEY SHARE
ON CONFLICT (user_id) DO UPDATE SET last_accessed = $2
WHERE user_visits.last_accessed <= $3
"""

# Only while the password is the one that was right, and the user is active.
INSERT_LOGIN = """
WITH signed_in AS (
    UPDATE users SET last_signed_in = $3 WHERE id = $2 AND state = 'active' AND password_hash = $5 RETURNING id
), over AS (
    DELETE FROM logins WHERE user_id = $2 AND expires <= $3
)
INSERT INTO logins (token_hash, user_id, created, expires) SELECT $1, id, $3, $4 FROM signed_in RETURNING user_id
"""
DELETE_LOGIN = "DELETE FROM logins WHERE token_hash = $1"
SELECT_USER = """
SELECT id, password_hash FROM users
WHERE lower(email) = lower($1) AND deleted IS NULL AND state = 'active' AND password_hash <> ''
"""


MINUTE = timedelta(minutes=1)


class IntegrationKey(Struct, frozen=True, kw_only=True):
    """Who calls the Integration API; `type` is `staging` for keys whose requests are all dry."""

    id: int
    application_id: int
    account_id: int
    type: str | None
    time_offset: int | None
    expires: datetime

    def clock(self, now: datetime) -> datetime:
        """The time that its requests are judged by: the server's, plus the offset of the key."""
        return now + timedelta(microseconds=(self.time_offset or 0) / 1000)


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls the Management API: a user with a token, or a Management key made by one. `last_used` is when the key
    was, or the user was last seen."""

    account_id: int
    user_id: int
    is_admin: bool
    key_id: int | None
    endpoints: list[str] | None
    allowed_application_ids: list[int] | None
    last_used: datetime | None
    permissions: str

    @property
    def limited(self) -> bool:
        """Whether it matters which Applications a request is about."""
        return bool(self.allowed_application_ids) or not self.is_admin


def digest(secret: str) -> bytes:
    """What is stored of a key or token. They are long and random, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


async def find_integration_key(conn: Connection, secret: str, now: datetime) -> IntegrationKey | None:
    """The unexpired Integration key, if the secret is one."""
    row = await conn.fetchrow(SELECT_APPLICATION_KEY, digest(secret), now)
    return None if row is None else IntegrationKey(**row)


async def find_management_key(conn: Connection, secret: str, now: datetime) -> Caller | None:
    """The caller behind an unexpired Management key, if the secret is one."""
    row = await conn.fetchrow(SELECT_MANAGEMENT_KEY, digest(secret), now)
    return None if row is None else Caller(**row)


async def touch(conn: Connection, caller: Caller, now: datetime) -> None:
    """Keep when a Management key was used, or a user was last seen: to the minute, so that not every request writes."""
    if caller.last_used is None or caller.last_used <= now - MINUTE:
        key = caller.key_id
        await conn.execute(TOUCH_KEY if key else TOUCH_USER, key or caller.user_id, now, now - MINUTE)


async def find_login(conn: Connection, token: str, now: datetime) -> Caller | None:
    """The caller behind an unexpired login token, if it is one."""
    row = await conn.fetchrow(SELECT_LOGIN, digest(token), now)
    return None if row is None else Caller(**row)


async def add_login(conn: Connection, user: tuple[int, str], token: str, now: datetime, expires: datetime) -> bool:
    """Remember a login token of `user` = (id, password hash); False when that is not so any more."""
    user_id, stored = user
    return await conn.fetchval(INSERT_LOGIN, digest(token), user_id, now, expires, stored) is not None


async def remove_login(conn: Connection, token: str) -> None:
    """Forget a login token; a token that is unknown is already forgotten."""
    await conn.execute(DELETE_LOGIN, digest(token))


async def find_user_password(conn: Connection, email: str) -> tuple[int, str] | None:
    """The id and the password hash of an active user."""
    row = await conn.fetchrow(SELECT_USER, email)
    return None if row is None else (row["id"], row["password_hash"])
