"""What was imported from files, by whom (management.md §15)."""

from datetime import datetime

from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection
from guerdon.wire.imports import Import

INSERT = """
INSERT INTO imports (account_id, user_id, entity, amount, created) VALUES ($1, $2, $3, $4, $5) RETURNING *
"""
UPDATE_AMOUNT = "UPDATE imports SET amount = $3 WHERE account_id = $1 AND id = $2 RETURNING *"
LIST = Listing(
    select="SELECT * FROM imports WHERE account_id = $1",
    filters={},
    sorts={"id": "id", "created": "created", "entity": "entity", "amount": "amount"},
)


async def add_import(conn: Connection, caller: tuple[int, int], entity: str, amount: int, now: datetime) -> Import:
    """Note an import of so many rows by `caller` = (account id, user id)."""
    return Import(**await conn.fetchrow(INSERT, *caller, entity, amount, now))


async def list_imports(conn: Connection, account_id: int, page: Page) -> tuple[list[Import], int]:
    """One page of the account's imports, and how many there are."""
    rows, _ = await LIST.fetch(conn, [account_id], {}, page)
    return [Import(**row) for row in rows], await LIST.count(conn, [account_id], {})


async def set_amount(conn: Connection, account_id: int, import_id: int, amount: int) -> Import:
    """Note how many rows it was after all."""
    return Import(**await conn.fetchrow(UPDATE_AMOUNT, account_id, import_id, amount))
