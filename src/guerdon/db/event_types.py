"""Types of custom events, and the types of events that were seen (management.md §14)."""

from datetime import datetime
from typing import Any

from guerdon.db import programs
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.wire.event_types import EventType, NewEventType

INSERT = """
INSERT INTO event_types (account_id, title, name, description, created) VALUES ($1, $2, $3, $4, $5) RETURNING *
"""
SELECT = "SELECT * FROM event_types WHERE account_id = $1 AND id = $2"
UPDATE = """
UPDATE event_types SET title = $3, description = $4 WHERE account_id = $1 AND id = $2 RETURNING *
"""
DELETE = "DELETE FROM event_types WHERE account_id = $1 AND id = $2 RETURNING id"
LIST = Listing(
    select="SELECT * FROM event_types WHERE account_id = $1",
    filters={"name": "name = ?"},
    sorts={"id": "id", "created": "created", "name": "name", "title": "title"},
)
# From one type to the next: as many looks into the index as there are types, however many events there are.
SEEN = Listing(
    select="""
    WITH RECURSIVE seen (name) AS (
        SELECT min(type) FROM events WHERE application_id = $1
        UNION ALL
        SELECT (SELECT min(e.type) FROM events e WHERE e.application_id = $1 AND e.type > seen.name)
        FROM seen WHERE seen.name IS NOT NULL)
    SELECT name, name AS id FROM seen WHERE name IS NOT NULL
    """,
    filters={},
    sorts={"name": "name"},
)


def _event_type(row: Row) -> EventType:
    values: dict[str, Any] = dict(row)
    del values["account_id"]
    return EventType(**values)


async def add_event_type(conn: Connection, account_id: int, new: NewEventType, now: datetime) -> EventType:
    """Define a type of events for all Applications. Raises Conflict when the name is taken."""
    row = await conn.fetchrow(INSERT, account_id, new.title, new.name, new.description or "", now)
    await programs.record_shared_part(conn, account_id, "event_type", row["id"], [None])
    return _event_type(row)


async def change_event_type(conn: Connection, account_id: int, event_type_id: int, new: NewEventType) -> EventType:
    """Change title and description, which rules cannot see. Raises NotFound."""
    row = await conn.fetchrow(UPDATE, account_id, event_type_id, new.title, new.description or "")
    return _event_type(first(row, "Event type"))


async def remove_event_type(conn: Connection, account_id: int, event_type_id: int) -> None:
    """Delete the definition; events of the type stay. Raises NotFound."""
    first(await conn.fetchval(DELETE, account_id, event_type_id), "Event type")
    await programs.record_shared_part(conn, account_id, "event_type", event_type_id, [None])


async def get_event_type(conn: Connection, account_id: int, event_type_id: int) -> EventType:
    """The definition; raises NotFound."""
    return _event_type(first(await conn.fetchrow(SELECT, account_id, event_type_id), "Event type"))


async def list_event_types(
    conn: Connection, account_id: int, name: str | None, page: Page
) -> tuple[list[EventType], int]:
    """One page of the account's definitions, and how many match in all."""
    wanted = {"name": name}
    rows, _ = await LIST.fetch(conn, [account_id], wanted, page)
    return [_event_type(row) for row in rows], await LIST.count(conn, [account_id], wanted)


async def list_seen(conn: Connection, application_id: int, page: Page) -> tuple[list[str], int]:
    """One page of the types of the Application's events, built-in ones among them, and how many there are."""
    rows, _ = await SEEN.fetch(conn, [application_id], {}, page)
    return [row["name"] for row in rows], await SEEN.count(conn, [application_id], {})
