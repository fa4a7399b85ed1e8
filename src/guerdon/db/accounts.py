"""The account, its first administrator and keys: what a first run creates. Applications are in applications.py."""

from datetime import datetime

from guerdon.db.keys import digest
from guerdon.db.pool import Connection

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
