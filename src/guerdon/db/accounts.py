"""The account, and its first administrator and keys: what a first run creates. Applications are in applications.py."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from guerdon.db.keys import digest
from guerdon.db.pool import Connection, changed, first
from guerdon.wire.accounts import Account, UpdateAccount
from guerdon.wire.base import decoder, encode_text

HAS_ACCOUNT = "SELECT EXISTS (SELECT FROM accounts)"
INSERT_ACCOUNT = "INSERT INTO accounts (name, created) VALUES ($1, $2) RETURNING id"
INSERT_ADMIN = """
INSERT INTO users (account_id, email, name, password_hash, is_admin, created)
VALUES ($1, $2, $3, $4, true, $5) RETURNING id
"""
INSERT_MANAGEMENT_KEY = """
INSERT INTO management_keys (account_id, name, key_hash, endpoints, created_by, created, expires)
VALUES ($1, $2, $3, '{}', $4, $5, $6)
"""

# $2 is now: a campaign is active while it runs.
SELECT = """
SELECT a.id, a.created, COALESCE(a.modified, a.created) AS modified, a.name AS company_name, a.billing_email,
    a.plan_expires, a.attributes, mine.applications AS application_count,
    (SELECT count(*) FROM users WHERE account_id = a.id AND deleted IS NULL) AS user_count,
    active.campaigns AS campaigns_active_count, mine.campaigns - active.campaigns AS campaigns_inactive_count
FROM accounts a, LATERAL (
    SELECT count(DISTINCT p.id) AS applications, count(c.id) AS campaigns
    FROM applications p LEFT JOIN campaigns c ON c.application_id = p.id WHERE p.account_id = a.id
) AS mine, LATERAL (
    SELECT count(*) AS campaigns FROM applications p JOIN campaigns c ON c.application_id = p.id
    WHERE p.account_id = a.id AND c.state = 'enabled'
        AND (c.start_time IS NULL OR c.start_time <= $2) AND (c.end_time IS NULL OR c.end_time > $2)
) AS active
WHERE a.id = $1
"""
UPDATE = """
UPDATE accounts SET name = $2, billing_email = $3, plan_expires = COALESCE($4, plan_expires),
    attributes = COALESCE($5::jsonb, attributes), modified = $6
WHERE id = $1
"""


async def get_account(conn: Connection, account_id: int, now: datetime) -> Account:
    """The account with what is in it. Raises NotFound."""
    row = first(await conn.fetchrow(SELECT, account_id, now), "Account")
    values: dict[str, Any] = {name: value for name, value in row.items() if value is not None}
    values["attributes"] = decoder(dict[str, Any]).decode(values["attributes"])
    return Account(**values, domain_name="", state="active")


async def change_account(conn: Connection, account_id: int, new: UpdateAccount, now: datetime) -> Account:
    """Change what is given. Raises NotFound."""
    expires = None if new.plan_expires is UNSET else new.plan_expires
    attributes = None if new.attributes is UNSET else encode_text(new.attributes)
    values = (new.company_name, new.billing_email, expires, attributes, now)
    first(changed(await conn.execute(UPDATE, account_id, *values)) or None, "Account")
    return await get_account(conn, account_id, now)


async def has_account(conn: Connection) -> bool:
    """Whether the first run is behind us."""
    found: bool = await conn.fetchval(HAS_ACCOUNT)
    return found


async def add_account(conn: Connection, name: str, now: datetime) -> int:
    """Create the account."""
    account_id: int = await conn.fetchval(INSERT_ACCOUNT, name, now)
    return account_id


async def add_admin(conn: Connection, account_id: int, email: str, password_hash: str, now: datetime) -> int:
    """Create an administrator."""
    user_id: int = await conn.fetchval(INSERT_ADMIN, account_id, email, email, password_hash, now)
    return user_id


async def add_management_key(
    conn: Connection, account_id: int, name: str, secret: str, *, user_id: int, now: datetime, expires: datetime
) -> None:
    """Remember a Management key that may use every endpoint of every Application."""
    await conn.execute(INSERT_MANAGEMENT_KEY, account_id, name, digest(secret), user_id, now, expires)
