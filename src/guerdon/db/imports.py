"""What was imported from files, by whom (management.md §15)."""

from datetime import datetime

from guerdon.db.pool import Connection
from guerdon.wire.imports import Import

INSERT = """
INSERT INTO imports (account_id, user_id, entity, amount, created) VALUES ($1, $2, $3, $4, $5) RETURNING *
"""


async def add_import(conn: Connection, caller: tuple[int, int], entity: str, amount: int, now: datetime) -> Import:
    """Note an import of so many rows by `caller` = (account id, user id)."""
    return Import(**await conn.fetchrow(INSERT, *caller, entity, amount, now))
