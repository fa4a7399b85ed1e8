"""Custom attribute definitions (management.md §8)."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.db import programs
from guerdon.db.paging import Listing, Page, substring
from guerdon.db.pool import Connection, Row, first
from guerdon.engine.attributes import Definitions, by_key
from guerdon.engine.facts import AttributeDefinition
from guerdon.wire.attributes import Attribute, NewAttribute

INSERT = """
INSERT INTO attributes (account_id, entity, event_type, name, title, type, description, suggestions,
    has_allowed_list, restricted_by_suggestions, editable, subscribed_applications_ids, subscribed_catalogs_ids,
    allowed_subscriptions, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
RETURNING *
"""

UPDATE = """
UPDATE attributes SET description = $3, suggestions = $4, has_allowed_list = $5, restricted_by_suggestions = $6,
    editable = $7, subscribed_applications_ids = $8, subscribed_catalogs_ids = $9, allowed_subscriptions = $10
WHERE account_id = $1 AND id = $2
RETURNING *
"""

SELECT = "SELECT * FROM attributes WHERE account_id = $1 AND id = $2"

SELECT_DEFINITIONS = """
SELECT entity, name, type, suggestions, restricted_by_suggestions AS restricted, event_type FROM attributes
WHERE account_id = $1 AND (subscribed_applications_ids IS NULL OR $2 = ANY (subscribed_applications_ids))
"""

SELECT_OF_APPLICATION = """
SELECT * FROM attributes
WHERE account_id = $1 AND (subscribed_applications_ids IS NULL OR $2 = ANY (subscribed_applications_ids)) ORDER BY id
"""

LIST = Listing(
    select="SELECT * FROM attributes WHERE account_id = $1",
    filters={
        "entity": "entity = ?",
        "type": "type = ANY(?)",
        "applicationIds": "(subscribed_applications_ids IS NULL OR subscribed_applications_ids && ?)",
        "search": "(name ILIKE ? OR title ILIKE ? OR description ILIKE ?)",
    },
    sorts={"id": "id", "created": "created", "name": "name", "title": "title", "entity": "entity", "type": "type"},
)

OPTIONAL = ("subscribed_applications_ids", "subscribed_catalogs_ids", "allowed_subscriptions")


def _attribute(row: Row) -> Attribute:
    values = {name: value for name, value in row.items() if value is not None or name not in OPTIONAL}
    values.pop("allowed_list_id", None)
    values["event_type"] = values["event_type"] or UNSET
    return Attribute(**values)


def _or_none(value: Any | UnsetType) -> Any:
    return None if value is UNSET else value


def _flags(attribute: NewAttribute) -> tuple[Any, ...]:
    return (
        attribute.description,
        attribute.suggestions,
        attribute.has_allowed_list is True,
        attribute.restricted_by_suggestions is True,
        attribute.editable,
        _or_none(attribute.subscribed_applications_ids),
        _or_none(attribute.subscribed_catalogs_ids),
        _or_none(attribute.allowed_subscriptions),
    )


async def add_attribute(conn: Connection, account_id: int, new: NewAttribute, now: datetime) -> Attribute:
    """Create the definition; raises Conflict when its name or title is taken for the entity."""
    event_type = "" if new.event_type is UNSET else new.event_type
    row = await conn.fetchrow(
        INSERT, account_id, new.entity, event_type, new.name, new.title, new.type, *_flags(new), now
    )
    await programs.record_attribute(conn, account_id, row["id"])
    return _attribute(row)


async def change_attribute(conn: Connection, account_id: int, attribute_id: int, new: NewAttribute) -> Attribute:
    """Change what may change: description, suggestions, flags and subscriptions."""
    row = first(await conn.fetchrow(UPDATE, account_id, attribute_id, *_flags(new)), "Attribute")
    await programs.record_attribute(conn, account_id, attribute_id)
    return _attribute(row)


async def get_attribute(conn: Connection, account_id: int, attribute_id: int) -> Attribute:
    """The definition; raises NotFound."""
    return _attribute(first(await conn.fetchrow(SELECT, account_id, attribute_id), "Attribute"))


async def list_attributes(
    conn: Connection, account_id: int, wanted: dict[str, Any], page: Page
) -> tuple[list[Attribute], int]:
    """One page of the account's definitions and how many match in all."""
    wanted = {**wanted, "search": substring(wanted.get("search"))}
    rows, _ = await LIST.fetch(conn, [account_id], wanted, page)
    return [_attribute(row) for row in rows], await LIST.count(conn, [account_id], wanted)


async def definitions(conn: Connection, account_id: int, application_id: int) -> Definitions:
    """The attributes that exist in an Application, as the engine checks values against them."""
    rows = await conn.fetch(SELECT_DEFINITIONS, account_id, application_id)
    found = [AttributeDefinition(**{**row, "suggestions": tuple(row["suggestions"])}) for row in rows]
    return by_key(found)


async def of_application(conn: Connection, account_id: int, application_id: int) -> list[Attribute]:
    """The attributes that exist in an Application, in full."""
    return [_attribute(row) for row in await conn.fetch(SELECT_OF_APPLICATION, account_id, application_id)]
