"""Cart item filters of an Application: named lists of items that any of its rules may use (rules.md §7.6).

A filter has versions of its expression, which never change; one of them is active.
"""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Raw

from guerdon.db import programs
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import encode_text
from guerdon.wire.cart_item_filters import (
    ApplicationCIF,
    ApplicationCIFExpression,
    NewApplicationCIF,
    UpdateApplicationCIF,
)

INSERT = """
INSERT INTO cart_item_filters (application_id, name, description, created_by, created) VALUES ($1, $2, $3, $4, $5)
RETURNING *
"""
SELECT = "SELECT * FROM cart_item_filters WHERE application_id = $1 AND id = $2"
UPDATE = """
UPDATE cart_item_filters SET description = coalesce($3, description),
    active_expression_id = coalesce($4, active_expression_id), modified_by = $5, modified = $6
WHERE application_id = $1 AND id = $2
RETURNING *
"""
DELETE = "DELETE FROM cart_item_filters WHERE application_id = $1 AND id = $2 RETURNING id"
LIST = Listing(
    select="SELECT * FROM cart_item_filters WHERE application_id = $1", filters={"name": "name = ?"}, sorts={}
)
INSERT_EXPRESSION = """
INSERT INTO cart_item_filter_expressions (cart_item_filter_id, expression, created_by, created)
SELECT f.id, $3, $4, $5 FROM cart_item_filters f WHERE f.application_id = $1 AND f.id = $2
RETURNING *
"""
SELECT_EXPRESSION = """
SELECT e.* FROM cart_item_filter_expressions e JOIN cart_item_filters f ON f.id = e.cart_item_filter_id
WHERE f.application_id = $1 AND f.id = $2 AND e.id = $3
"""


def _filter(row: Row) -> ApplicationCIF:
    return ApplicationCIF(**{name: value for name, value in row.items() if value is not None})


def _expression(application_id: int, row: Row) -> ApplicationCIFExpression:
    expression: Any = Raw(row["expression"].encode())  # what was stored goes out as it is, number for number
    return ApplicationCIFExpression(**{**row, "expression": expression}, application_id=application_id)


async def add_filter(
    conn: Connection, application_id: int, user_id: int, new: NewApplicationCIF, now: datetime
) -> ApplicationCIF:
    """Create a filter without an expression. Raises Conflict when the name is taken."""
    if new.active_expression_id is not UNSET:
        raise _no_expression(new.active_expression_id)
    return _filter(await conn.fetchrow(INSERT, application_id, new.name, new.description or "", user_id, now))


async def change_filter(
    conn: Connection, application_id: int, user_id: int, filter_id: int, new: UpdateApplicationCIF, now: datetime
) -> ApplicationCIF:
    """Change description and active expression; what is left out stays. Raises NotFound, and Invalid for an expression
    that is not the filter's."""
    active = None if new.active_expression_id is UNSET else new.active_expression_id
    if active is not None and await conn.fetchrow(SELECT_EXPRESSION, application_id, filter_id, active) is None:
        await get_filter(conn, application_id, filter_id)
        raise _no_expression(active)
    description = None if new.description is UNSET else new.description
    row = await conn.fetchrow(UPDATE, application_id, filter_id, description, active, user_id, now)
    first(row, "Cart item filter")
    if active is not None:
        await programs.record_part(conn, application_id, "cart_item_filter", filter_id)
    return _filter(row)


def _no_expression(expression_id: int) -> Invalid:
    details = f"The filter has no expression {expression_id}"
    return Invalid(errors=[Problem.at("/activeExpressionId", "Unknown", details)])


async def remove_filter(conn: Connection, application_id: int, filter_id: int) -> None:
    """Delete a filter with its expressions. Raises NotFound."""
    first(await conn.fetchval(DELETE, application_id, filter_id), "Cart item filter")
    await programs.record_part(conn, application_id, "cart_item_filter", filter_id)


async def get_filter(conn: Connection, application_id: int, filter_id: int) -> ApplicationCIF:
    """The filter; raises NotFound."""
    return _filter(first(await conn.fetchrow(SELECT, application_id, filter_id), "Cart item filter"))


async def list_filters(
    conn: Connection, application_id: int, name: str | None, page: Page
) -> tuple[list[ApplicationCIF], bool]:
    """One page of the filters, and whether more follow."""
    rows, more = await LIST.fetch(conn, [application_id], {"name": name}, page)
    return [_filter(row) for row in rows], more


async def add_expression(
    conn: Connection, application_id: int, user_id: int, filter_id: int, expression: list[Any], now: datetime
) -> ApplicationCIFExpression:
    """Keep a version of the expression, which is not active yet. Raises NotFound."""
    row = await conn.fetchrow(INSERT_EXPRESSION, application_id, filter_id, encode_text(expression), user_id, now)
    return _expression(application_id, first(row, "Cart item filter"))


async def get_expression(
    conn: Connection, application_id: int, filter_id: int, expression_id: int
) -> ApplicationCIFExpression:
    """A version of the expression; raises NotFound."""
    row = await conn.fetchrow(SELECT_EXPRESSION, application_id, filter_id, expression_id)
    return _expression(application_id, first(row, "Expression"))
