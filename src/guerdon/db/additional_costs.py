"""Kinds of additional costs (management.md §9)."""

from datetime import datetime

from msgspec import UNSET

from guerdon.db import applications, programs
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.wire.additional_costs import AccountAdditionalCost, NewAdditionalCost

INSERT = """
INSERT INTO additional_costs (account_id, name, title, description, subscribed_applications_ids, type, created)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING *
"""
SELECT = "SELECT * FROM additional_costs WHERE account_id = $1 AND id = $2"
SELECT_TO_CHANGE = "SELECT * FROM additional_costs WHERE account_id = $1 AND id = $2 FOR UPDATE"
UPDATE = """
UPDATE additional_costs SET title = $3, description = $4, subscribed_applications_ids = $5, type = $6
WHERE account_id = $1 AND id = $2
RETURNING *
"""
DELETE = "DELETE FROM additional_costs WHERE account_id = $1 AND id = $2"
LIST = Listing(
    select="SELECT * FROM additional_costs WHERE account_id = $1",
    filters={},
    sorts={"id": "id", "created": "created", "name": "name", "title": "title", "type": "type"},
)


def _cost(row: Row) -> AccountAdditionalCost:
    return AccountAdditionalCost(**{name: value for name, value in row.items() if value is not None})


async def add_cost(conn: Connection, account_id: int, new: NewAdditionalCost, now: datetime) -> AccountAdditionalCost:
    """Define a kind of cost. Raises Conflict when the name is taken, Invalid for Applications of others."""
    subscribed = await applications.subscription(conn, account_id, new.subscribed_applications_ids)
    row = await conn.fetchrow(INSERT, account_id, new.name, new.title, new.description, subscribed, new.type, now)
    await programs.record_shared_part(conn, account_id, "additional_cost", row["id"], [subscribed])
    return _cost(row)


async def change_cost(conn: Connection, account_id: int, cost_id: int, new: NewAdditionalCost) -> AccountAdditionalCost:
    """Change all but the name. A subscription that is left out stays. Raises NotFound and Invalid."""
    old = first(await conn.fetchrow(SELECT_TO_CHANGE, account_id, cost_id), "Additional cost")
    before = after = old["subscribed_applications_ids"]
    if new.subscribed_applications_ids is not UNSET:
        after = await applications.subscription(conn, account_id, new.subscribed_applications_ids)
    row = await conn.fetchrow(UPDATE, account_id, cost_id, new.title, new.description, after, new.type)
    if (before, old["type"]) != (after, new.type):
        await programs.record_shared_part(conn, account_id, "additional_cost", cost_id, [before, after])
    return _cost(row)


async def remove_cost(conn: Connection, account_id: int, cost_id: int) -> None:
    """Delete a kind of cost; what sessions have of it stays. Raises NotFound."""
    old = first(await conn.fetchrow(SELECT_TO_CHANGE, account_id, cost_id), "Additional cost")
    await conn.execute(DELETE, account_id, cost_id)
    subscribed = old["subscribed_applications_ids"]
    await programs.record_shared_part(conn, account_id, "additional_cost", cost_id, [subscribed])


async def get_cost(conn: Connection, account_id: int, cost_id: int) -> AccountAdditionalCost:
    """The kind of cost; raises NotFound."""
    return _cost(first(await conn.fetchrow(SELECT, account_id, cost_id), "Additional cost"))


async def list_costs(conn: Connection, account_id: int, page: Page) -> tuple[list[AccountAdditionalCost], int]:
    """One page of the account's kinds of costs, and how many there are."""
    rows, _ = await LIST.fetch(conn, [account_id], {}, page)
    return [_cost(row) for row in rows], await LIST.count(conn, [account_id], {})
