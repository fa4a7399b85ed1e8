"""Users of the back office, their invitations and their new passwords (management.md §18)."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.db import roles
from guerdon.db.keys import digest
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.errors import Conflict, Invalid, Problem
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.users import UpdateUser, User

INVITATION, RECOVERY = "invitation", "recovery"
ONE_DAY, HALF_AN_HOUR, A_MINUTE = timedelta(days=1), timedelta(minutes=30), timedelta(minutes=1)

USERS = """
SELECT u.*, v.last_accessed,
    ARRAY(SELECT m.role_id FROM role_members m WHERE m.user_id = u.id ORDER BY m.role_id) AS roles
FROM users u LEFT JOIN user_visits v ON v.user_id = u.id WHERE u.account_id = $1 AND u.deleted IS NULL
"""
SELECT = USERS + " AND u.id = $2"
LIST = Listing(
    select=USERS,
    filters={},
    sorts={
        "id": "id",
        "created": "created",
        "modified": "COALESCE(modified, created)",
        "email": "email",
        "name": "name",
        "state": "state",
        "lastSignedIn": "last_signed_in",
    },
)
SELECT_ID = "SELECT id FROM users WHERE account_id = $1 AND deleted IS NULL AND lower(email) = lower($2)"
SELECT_KNOWN = "SELECT id, account_id, state FROM users WHERE deleted IS NULL AND lower(email) = lower($1) FOR UPDATE"
INSERT = """
INSERT INTO users (account_id, email, name, password_hash, is_admin, state, created)
VALUES ($1, $2, $3, '', $4, 'invited', $5) RETURNING id
"""
UPDATE = """
UPDATE users SET name = COALESCE($3, name), is_admin = COALESCE($4, is_admin),
    application_notification_subscriptions = COALESCE($5::jsonb, application_notification_subscriptions), modified = $6
WHERE account_id = $1 AND id = $2 AND deleted IS NULL
"""
# Whoever changes who is an administrator waits for the others who do.
LOCK_ACCOUNT = "SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE"
HAS_OTHER_ADMIN = """
SELECT EXISTS (
    SELECT FROM users WHERE account_id = $1 AND id <> $2 AND is_admin AND state = 'active' AND deleted IS NULL)
"""
SET_STATE = "UPDATE users SET state = $3, modified = $4 WHERE account_id = $1 AND id = $2 AND deleted IS NULL"
# What was made by a user keeps its name; nothing can be done with it any more.
DELETE = """
UPDATE users SET state = 'deactivated', deleted = $3, modified = $3, password_hash = '', is_admin = false
WHERE account_id = $1 AND id = $2 AND deleted IS NULL
"""
DELETE_MEMBERSHIPS = """
DELETE FROM role_members m USING users u WHERE u.id = m.user_id AND u.account_id = $1 AND u.id = $2
"""
DELETE_LOGINS = "DELETE FROM logins l USING users u WHERE u.id = l.user_id AND u.account_id = $1 AND u.id = $2"
DELETE_TOKENS = "DELETE FROM user_tokens t USING users u WHERE u.id = t.user_id AND u.account_id = $1 AND u.id = $2"

SET_TOKEN = """
INSERT INTO user_tokens (user_id, kind, token_hash, created, expires) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, kind) DO UPDATE SET token_hash = $3, created = $4, expires = $5
"""
RENEW_INVITATION = """
UPDATE user_tokens t SET created = $4, expires = $5 FROM users u
WHERE u.id = t.user_id AND u.account_id = $1 AND lower(u.email) = lower($2) AND u.state = 'invited'
    AND t.kind = 'invitation' AND t.token_hash = $3
RETURNING u.email, u.name
"""
USE_INVITATION = """
DELETE FROM user_tokens t USING users u
WHERE u.id = t.user_id AND u.state = 'invited' AND lower(u.email) = lower($1)
    AND t.kind = 'invitation' AND t.token_hash = $2 AND t.expires > $3
RETURNING u.id, u.account_id
"""
ACCEPT = """
UPDATE users SET password_hash = $3, name = COALESCE($4, name), state = 'active', modified = $5
WHERE account_id = $1 AND id = $2
"""
# At most one mail a minute, whoever asks.
START_RECOVERY = """
WITH made AS (
    INSERT INTO user_tokens AS t (user_id, kind, token_hash, created, expires)
    SELECT id, 'recovery', $2, $3, $4 FROM users
    WHERE lower(email) = lower($1) AND state = 'active' AND deleted IS NULL
    ON CONFLICT (user_id, kind) DO UPDATE SET token_hash = $2, created = $3, expires = $4 WHERE t.created <= $5
    RETURNING user_id
)
SELECT u.email, u.name FROM users u JOIN made ON made.user_id = u.id
"""
USE_RECOVERY = """
DELETE FROM user_tokens t USING users u
WHERE u.id = t.user_id AND u.state = 'active' AND t.kind = 'recovery' AND t.token_hash = $1 AND t.expires > $2
RETURNING u.id, u.account_id, u.email
"""
SET_PASSWORD = "UPDATE users SET password_hash = $3, modified = $4 WHERE account_id = $1 AND id = $2"
CHANGE_PASSWORD = """
WITH changed AS (
    UPDATE users SET password_hash = $3, modified = $5 WHERE account_id = $1 AND id = $2 RETURNING id
), used_up AS (
    DELETE FROM user_tokens t USING changed WHERE t.user_id = changed.id
)
DELETE FROM logins l USING changed WHERE l.user_id = changed.id AND l.token_hash <> $4
"""
SELECT_PASSWORD = """
SELECT email, password_hash FROM users WHERE account_id = $1 AND id = $2 AND state = 'active' AND password_hash <> ''
"""

HIDDEN = {"password_hash", "deleted", "modified"}


def _user(row: Row, invite_token: str = "") -> User:
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in HIDDEN and value is not None}
    subscriptions = "application_notification_subscriptions"
    values[subscriptions] = decoder(dict[str, Any]).decode(values[subscriptions])
    modified = row["modified"] or row["created"]
    return User(**values, modified=modified, invite_token=invite_token, policy={}, auth_method="basic_auth")


async def list_users(conn: Connection, account_id: int, page: Page) -> tuple[list[User], int]:
    """One page of the account's users and how many there are."""
    rows, _ = await LIST.fetch(conn, [account_id], {}, page)
    return [_user(row) for row in rows], await LIST.count(conn, [account_id], {})


async def get_user(conn: Connection, account_id: int, user_id: int, invite_token: str = "") -> User:
    """The user; raises NotFound."""
    return _user(first(await conn.fetchrow(SELECT, account_id, user_id), "User"), invite_token)


async def find(conn: Connection, account_id: int, email: str) -> int:
    """The id of the user with this address, in any case. Raises NotFound."""
    user_id: int = first(await conn.fetchval(SELECT_ID, account_id, email), "User")
    return user_id


class Invitation(UpdateUser, kw_only=True):
    """Who is invited, and as what."""

    email: str


async def invite(conn: Connection, account_id: int, new: Invitation, token: str, now: datetime) -> User:
    """Create a user who is invited. One who is already gets a new invitation in the place of the old one; raises
    Conflict for one who has accepted."""
    known = await conn.fetchrow(SELECT_KNOWN, new.email)
    if known is None:
        name = "" if new.name is UNSET else new.name
        user_id: int = await conn.fetchval(INSERT, account_id, new.email, name, new.is_admin is True, now)
    elif known["account_id"] == account_id and known["state"] == "invited":
        user_id = known["id"]
    else:
        raise Conflict("A user with this email already exists")
    await conn.execute(SET_TOKEN, user_id, INVITATION, digest(token), now, now + ONE_DAY)
    await _write(conn, account_id, user_id, new, now)
    return await get_user(conn, account_id, user_id, token)


async def _write(conn: Connection, account_id: int, user_id: int, new: UpdateUser, now: datetime) -> None:
    values = [None if value is UNSET else value for value in (new.name, new.is_admin)]
    subscriptions = new.application_notification_subscriptions
    text = None if subscriptions is UNSET else encode_text(subscriptions)
    await conn.execute(UPDATE, account_id, user_id, *values, text, now)
    if new.roles is not UNSET:
        await roles.set_roles(conn, account_id, user_id, new.roles)


async def change_user(
    conn: Connection, account_id: int, user_id: int, new: UpdateUser, *, by: int, now: datetime
) -> User:
    """Change what is given. Raises NotFound, and Invalid where nobody would be left to administer the account."""
    await conn.fetchval(LOCK_ACCOUNT, account_id)
    await get_user(conn, account_id, user_id)
    if new.is_admin is False:
        await _keep_an_admin(conn, account_id, user_id)
    await _write(conn, account_id, user_id, new, now)
    if new.state is not UNSET:
        await set_state(conn, account_id, user_id, new.state, by=by, now=now)
    return await get_user(conn, account_id, user_id)


async def _keep_an_admin(conn: Connection, account_id: int, user_id: int) -> None:
    if not await conn.fetchval(HAS_OTHER_ADMIN, account_id, user_id):
        raise Invalid("The account needs an administrator besides this user")


async def set_state(conn: Connection, account_id: int, user_id: int, state: str, *, by: int, now: datetime) -> None:
    """Activate or deactivate a user; the latter ends its logins and disables its Management keys, until it is active
    again. Raises NotFound, and Invalid for oneself, the last administrator, and who has not accepted an invitation."""
    await conn.fetchval(LOCK_ACCOUNT, account_id)
    user = await get_user(conn, account_id, user_id)
    if state == user.state:
        return
    if state == "active" and user.state == "invited":
        problem = Problem.at("/state", "Immutable", "The user has not accepted the invitation yet")
        raise Invalid(errors=[problem])
    if state == "deactivated":
        await _may_lose(conn, account_id, user, by)
        await conn.execute(DELETE_LOGINS, account_id, user_id)
        await conn.execute(DELETE_TOKENS, account_id, user_id)
    await conn.execute(SET_STATE, account_id, user_id, state, now)


async def _may_lose(conn: Connection, account_id: int, user: User, by: int) -> None:
    if user.id == by:
        raise Invalid("You cannot deactivate or delete yourself")
    if user.is_admin is True:
        await _keep_an_admin(conn, account_id, user.id)


async def remove_user(conn: Connection, account_id: int, user_id: int, *, by: int, now: datetime) -> None:
    """Delete a user with its logins; its Management keys stay, disabled, and what it made keeps its name. Raises
    NotFound, and Invalid for oneself and for the last administrator."""
    await conn.fetchval(LOCK_ACCOUNT, account_id)
    await _may_lose(conn, account_id, await get_user(conn, account_id, user_id), by)
    for statement in (DELETE_LOGINS, DELETE_TOKENS, DELETE_MEMBERSHIPS):
        await conn.execute(statement, account_id, user_id)
    await conn.execute(DELETE, account_id, user_id, now)


async def renew_invitation(conn: Connection, account_id: int, email: str, token: str, now: datetime) -> tuple[str, str]:
    """Have an invitation last for another day; address and name of whom it is for. Raises Invalid if there is none."""
    row = await conn.fetchrow(RENEW_INVITATION, account_id, email, digest(token), now, now + ONE_DAY)
    if row is None:
        raise Invalid(errors=[Problem.at("/token", "Unknown", "There is no invitation of this email and token")])
    return row["email"], row["name"]


async def accept(
    conn: Connection, email: str, token: str, password_hash: str, *, name: str | UnsetType, now: datetime
) -> User:
    """Turn an invitation into a user; it is used up. Raises Invalid when there is none, or it has expired."""
    row = await conn.fetchrow(USE_INVITATION, email, digest(token), now)
    if row is None:
        raise Invalid("The invitation is not valid, or has expired")
    values = (password_hash, None if name is UNSET else name, now)
    await conn.execute(ACCEPT, row["account_id"], row["id"], *values)
    return await get_user(conn, row["account_id"], row["id"])


async def start_recovery(conn: Connection, email: str, token: str, now: datetime) -> tuple[str, str] | None:
    """Let an active user choose a new password; its address and name. None when there is no such user, or a token was
    made within the last minute."""
    values = (digest(token), now, now + HALF_AN_HOUR, now - A_MINUTE)
    row = await conn.fetchrow(START_RECOVERY, email, *values)
    return None if row is None else (row["email"], row["name"])


async def reset_password(conn: Connection, token: str, password_hash: str, now: datetime) -> str:
    """Set the password that a recovery token is for, and end all logins; the address of the user. Raises Invalid when
    there is no such token, or it has expired."""
    row = await conn.fetchrow(USE_RECOVERY, digest(token), now)
    if row is None:
        raise Invalid("The token is not valid, or has expired")
    await conn.execute(SET_PASSWORD, row["account_id"], row["id"], password_hash, now)
    await conn.execute(DELETE_LOGINS, row["account_id"], row["id"])
    email: str = row["email"]
    return email


async def password_of(conn: Connection, account_id: int, user_id: int) -> tuple[str, str]:
    """Address and password hash of an active user. Raises NotFound."""
    row = first(await conn.fetchrow(SELECT_PASSWORD, account_id, user_id), "User")
    return row["email"], row["password_hash"]


async def change_password(
    conn: Connection, owner: tuple[int, int], password_hash: str, *, login: str, now: datetime
) -> None:
    """Set the password of `owner` = (account id, user id), and end all logins but this one and its tokens."""
    await conn.execute(CHANGE_PASSWORD, *owner, password_hash, digest(login), now)
