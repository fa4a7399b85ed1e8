"""Value maps: an amount for each of many SKUs, which the rules of a campaign can look up (rules.md §7.5)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from guerdon.db import imports, list_contents, programs
from guerdon.db.pool import Connection, Row, first
from guerdon.wire.imports import Import
from guerdon.wire.value_maps import ValueMap

INSERT = """
INSERT INTO value_maps (account_id, application_id, campaign_id, created_by, created) VALUES ($1, $2, $3, $4, $5)
RETURNING *
"""
SELECT = """
SELECT * FROM value_maps WHERE account_id = $1 AND application_id = $2 AND campaign_id = $3 AND id = $4 FOR UPDATE
"""
UPDATE = "UPDATE value_maps SET content_id = $3 WHERE account_id = $1 AND id = $2"

Place = tuple[int, int, int]
"""Account id, Application id and campaign id."""


def _value_map(row: Row) -> ValueMap:
    return ValueMap(id=row["id"], created=row["created"], created_by=row["created_by"], campaign_id=row["campaign_id"])


async def add_value_map(conn: Connection, place: Place, user_id: int, now: datetime) -> ValueMap:
    """Create an empty value map of a campaign that exists."""
    row = await conn.fetchrow(INSERT, *place, user_id, now)
    await _record(conn, place, row["id"])
    return _value_map(row)


async def import_values(
    conn: Connection, place: Place, user_id: int, value_map_id: int, values: Mapping[str, Decimal], now: datetime
) -> Import:
    """Replace all of it. Raises NotFound."""
    old = first(await conn.fetchrow(SELECT, *place, value_map_id), "Value map")
    items, amounts = list(values), list(values.values())
    content_id = await list_contents.add_content(conn, place[0], old["content_id"], items, amounts)
    if content_id is not None:
        await conn.execute(UPDATE, place[0], value_map_id, content_id)
        await _record(conn, place, value_map_id)
    return await imports.add_import(conn, (place[0], user_id), "ValueMap", len(items), now)


async def _record(conn: Connection, place: Place, value_map_id: int) -> None:
    """The map itself, and which one its campaign goes by."""
    await programs.record_part(conn, place[1], "value_map", value_map_id)
    await programs.record_campaign(conn, place[1], place[2])


async def get_values(conn: Connection, place: Place, value_map_id: int) -> list[tuple[str, Decimal]]:
    """All identifiers with their amounts, in the order of the file. Raises NotFound."""
    row = first(await conn.fetchrow(SELECT, *place, value_map_id), "Value map")
    items, amounts = await list_contents.get_content(conn, place[0], row["content_id"])
    return list(zip(items, amounts, strict=True))
