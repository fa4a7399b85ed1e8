"""The contents of collections and value maps. They never change: an import adds new ones (migrations/0004)."""

from collections.abc import Sequence
from decimal import Decimal

from guerdon.db.pool import Connection

# Nothing where $2 is a content with just these items.
INSERT = """
INSERT INTO list_contents (account_id, items, amounts)
SELECT $1, $3, $4
WHERE NOT EXISTS (
    SELECT FROM list_contents
    WHERE account_id = $1 AND id = $2 AND items = $3 AND amounts IS NOT DISTINCT FROM $4::numeric[])
RETURNING id
"""
SELECT = "SELECT items, amounts FROM list_contents WHERE account_id = $1 AND id = $2"
SELECT_ITEMS = "SELECT items[$3 : $4] FROM list_contents WHERE account_id = $1 AND id = $2"


async def add_content(
    conn: Connection,
    account_id: int,
    old_id: int | None,
    items: Sequence[str],
    amounts: Sequence[Decimal] | None = None,
) -> int | None:
    """Keep new contents and return their id, or None where the old ones are the same."""
    found: int | None = await conn.fetchval(INSERT, account_id, old_id, items, amounts)
    return found


async def get_content(conn: Connection, account_id: int, content_id: int | None) -> tuple[list[str], list[Decimal]]:
    """All items, and for value maps their amounts."""
    row = None if content_id is None else await conn.fetchrow(SELECT, account_id, content_id)
    return ([], []) if row is None else (row["items"], row["amounts"] or [])


async def get_items(conn: Connection, account_id: int, content_id: int | None, skip: int, count: int) -> list[str]:
    """Some items, in the order of the file they came in."""
    if content_id is None:
        return []
    found: list[str] = await conn.fetchval(SELECT_ITEMS, account_id, content_id, skip + 1, skip + count)
    return found
