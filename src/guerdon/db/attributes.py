"""Custom attribute definitions (management.md §8)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.db import applications, imports, list_contents, programs
from guerdon.db.paging import Listing, Page, substring
from guerdon.db.pool import Connection, Row, first
from guerdon.engine.attributes import Definitions, by_key
from guerdon.engine.facts import AttributeDefinition
from guerdon.errors import Invalid
from guerdon.wire.attributes import Attribute, NewAttribute
from guerdon.wire.imports import Import

INSERT = """
INSERT INTO attributes (account_id, entity, event_type, name, title, type, description, suggestions,
    has_allowed_list, restricted_by_suggestions, editable, subscribed_applications_ids, subscribed_catalogs_ids,
    allowed_subscriptions, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, false), $10, $11, $12, $13, $14, $15)
RETURNING *
"""

UPDATE = """
UPDATE attributes SET description = $3, suggestions = $4, has_allowed_list = coalesce($5, has_allowed_list),
    restricted_by_suggestions = $6,
    editable = $7, subscribed_applications_ids = $8, subscribed_catalogs_ids = $9, allowed_subscriptions = $10
WHERE account_id = $1 AND id = $2
RETURNING *
"""

SELECT = """
SELECT t.*, e.id AS event_type_id
FROM attributes t LEFT JOIN event_types e ON e.account_id = t.account_id AND e.name = t.event_type
WHERE t.account_id = $1 AND t.id = $2
"""

SELECT_TO_CHANGE = "SELECT * FROM attributes WHERE account_id = $1 AND id = $2 FOR UPDATE"
SET_ALLOWED = """
UPDATE attributes SET has_allowed_list = true, allowed_list_id = coalesce($3, allowed_list_id)
WHERE account_id = $1 AND id = $2
"""
DELETE = "DELETE FROM attributes WHERE account_id = $1 AND id = $2"
# Applications in which campaigns or coupons must have an attribute of this name.
SELECT_MANDATORY_IN = """
SELECT id FROM applications
WHERE account_id = $1 AND attributes_settings #> ARRAY['mandatory', $2] @> to_jsonb($3::text) ORDER BY id
"""

# What shops send is checked by programs; the lists of the other entities are needed here.
SELECT_DEFINITIONS = """
SELECT t.entity, t.name, t.type, t.suggestions, t.restricted_by_suggestions AS restricted, t.event_type,
    coalesce(l.items, '{}') AS allowed
FROM attributes t
LEFT JOIN list_contents l ON l.account_id = t.account_id AND l.id = t.allowed_list_id AND t.restricted_by_suggestions
    AND t.has_allowed_list AND t.entity <> ALL ('{CustomerProfile,CustomerSession,CartItem,Event}')
WHERE t.account_id = $1 AND (t.subscribed_applications_ids IS NULL OR $2 = ANY (t.subscribed_applications_ids))
"""

SELECT_OF_APPLICATION = """
SELECT * FROM attributes
WHERE account_id = $1 AND (subscribed_applications_ids IS NULL OR $2 = ANY (subscribed_applications_ids)) ORDER BY id
"""

# Those that are built in ($2 to $6) come after the others: the numbers they have here are no ids.
LIST = Listing(
    select="""
    SELECT * FROM (
        SELECT t.*, e.id AS event_type_id, false AS is_built_in
        FROM attributes t LEFT JOIN event_types e ON e.account_id = t.account_id AND e.name = t.event_type
        WHERE t.account_id = $1
        UNION ALL
        SELECT 4611686018427387904 + b.place, $1, b.entity, '', b.name, b.title, b.type, b.description, '{}', false,
            false, false, NULL, NULL, NULL, a.created, NULL, NULL, true
        FROM accounts a CROSS JOIN LATERAL unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            WITH ORDINALITY AS b (entity, name, title, type, description, place)
        WHERE a.id = $1) AS attribute
    WHERE true
    """,
    filters={
        "builtIn": "is_built_in = ?",
        "entity": "entity = ?",
        "type": "type = ANY(?)",
        "applicationIds": "(subscribed_applications_ids IS NULL OR subscribed_applications_ids && ?)",
        "search": "(name ILIKE ? OR title ILIKE ? OR description ILIKE ?)",
    },
    sorts={"id": "id", "created": "created", "name": "name", "title": "title", "entity": "entity", "type": "type"},
)

OPTIONAL = ("subscribed_applications_ids", "subscribed_catalogs_ids", "allowed_subscriptions", "event_type_id")
BUILT_IN = ("entity", "name", "title", "type", "description")
MANDATORY = {"Campaign": "campaigns", "Coupon": "coupons"}


def _attribute(row: Row) -> Attribute:
    values = {name: value for name, value in row.items() if value is not None or name not in OPTIONAL}
    for name in ("allowed_list_id", "is_built_in"):
        values.pop(name, None)
    values["event_type"] = values["event_type"] or UNSET
    if row.get("is_built_in"):
        values["id"] = 0
    return Attribute(**values)


def _or_none(value: Any | UnsetType) -> Any:
    return None if value is UNSET else value


async def _flags(conn: Connection, account_id: int, attribute: NewAttribute) -> tuple[Any, ...]:
    subscribed = await applications.subscription(conn, account_id, attribute.subscribed_applications_ids)
    return (
        attribute.description,
        attribute.suggestions,
        None if attribute.has_allowed_list is UNSET else attribute.has_allowed_list,
        attribute.restricted_by_suggestions is True,
        attribute.editable,
        subscribed,
        _or_none(attribute.subscribed_catalogs_ids),
        _or_none(attribute.allowed_subscriptions),
    )


async def add_attribute(conn: Connection, account_id: int, new: NewAttribute, now: datetime) -> Attribute:
    """Create the definition; raises Conflict when its name or title is taken for the entity, Invalid for Applications
    of others."""
    event_type = "" if new.event_type is UNSET else new.event_type
    identity = (new.entity, event_type, new.name, new.title, new.type)
    flags = await _flags(conn, account_id, new)
    attribute_id = await conn.fetchval(INSERT, account_id, *identity, *flags, now)
    await programs.record_attribute(conn, account_id, attribute_id)
    return await get_attribute(conn, account_id, attribute_id)


async def change_attribute(conn: Connection, account_id: int, attribute_id: int, new: NewAttribute) -> Attribute:
    """Change what may change: description, suggestions, flags and subscriptions. Raises NotFound and Invalid."""
    flags = await _flags(conn, account_id, new)
    first(await conn.fetchrow(UPDATE, account_id, attribute_id, *flags), "Attribute")
    await programs.record_attribute(conn, account_id, attribute_id)
    return await get_attribute(conn, account_id, attribute_id)


async def import_allowed(
    conn: Connection, caller: tuple[int, int], attribute_id: int, items: Sequence[str], now: datetime
) -> Import:
    """Replace the allowed list, as `caller` = (account id, user id). Raises NotFound."""
    account_id = caller[0]
    old = first(await conn.fetchrow(SELECT_TO_CHANGE, account_id, attribute_id), "Attribute")
    content_id = await list_contents.add_content(conn, account_id, old["allowed_list_id"], items)
    if content_id is not None or not old["has_allowed_list"]:
        await conn.execute(SET_ALLOWED, account_id, attribute_id, content_id)
        await programs.record_attribute(conn, account_id, attribute_id)
    return await imports.add_import(conn, caller, "AttributeAllowedList", len(items), now)


async def remove_attribute(conn: Connection, account_id: int, attribute_id: int) -> None:
    """Delete a definition; the values that entities have of it stay. Raises NotFound, and Invalid when campaigns or
    coupons of an Application must have it."""
    old = first(await conn.fetchrow(SELECT_TO_CHANGE, account_id, attribute_id), "Attribute")
    kind = MANDATORY.get(old["entity"], "")
    if found := await conn.fetch(SELECT_MANDATORY_IN, account_id, kind, old["name"]):
        raise Invalid(f"The attribute is mandatory for {kind} of Application {found[0]['id']}")
    await conn.execute(DELETE, account_id, attribute_id)
    await programs.record_end_of_attribute(conn, account_id, attribute_id)


async def get_attribute(conn: Connection, account_id: int, attribute_id: int) -> Attribute:
    """The definition; raises NotFound."""
    return _attribute(first(await conn.fetchrow(SELECT, account_id, attribute_id), "Attribute"))


async def list_attributes(
    conn: Connection, account_id: int, built_in: Sequence[Sequence[str]], wanted: dict[str, Any], page: Page
) -> tuple[list[Attribute], int]:
    """One page of the account's definitions and of those that are built in, given as BUILT_IN, and how many match in
    all."""
    wanted = {**wanted, "search": substring(wanted.get("search"))}
    scope = [account_id, *(list(column) for column in zip(*built_in, strict=True))]
    rows, _ = await LIST.fetch(conn, scope, wanted, page)
    return [_attribute(row) for row in rows], await LIST.count(conn, scope, wanted)


async def definitions(conn: Connection, account_id: int, application_id: int) -> Definitions:
    """The attributes that exist in an Application, as the engine checks values against them."""
    rows = await conn.fetch(SELECT_DEFINITIONS, account_id, application_id)
    texts = ({"suggestions": tuple(row["suggestions"]), "allowed": frozenset(row["allowed"])} for row in rows)
    found = [AttributeDefinition(**{**row, **text}) for row, text in zip(rows, texts, strict=True)]
    return by_key(found)


async def of_application(conn: Connection, account_id: int, application_id: int) -> list[Attribute]:
    """The attributes that exist in an Application, in full."""
    return [_attribute(row) for row in await conn.fetch(SELECT_OF_APPLICATION, account_id, application_id)]
