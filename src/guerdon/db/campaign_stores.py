"""The stores that a campaign is linked to, as they come from and go to files (management.md §12, rules.md §7.7)."""

from collections.abc import Collection
from datetime import datetime

from guerdon.db import imports, programs
from guerdon.db.pool import Connection
from guerdon.wire.imports import Import

SELECT_IDS = "SELECT id, integration_id FROM stores WHERE application_id = $1 AND integration_id = ANY ($2)"
SELECT_EXISTING = "SELECT id FROM stores WHERE application_id = $1 AND id = ANY ($2)"
SELECT_LINKED = """
SELECT s.integration_id FROM campaigns c
CROSS JOIN LATERAL unnest(c.linked_store_ids) WITH ORDINALITY AS linked (id, place)
JOIN stores s ON s.id = linked.id
WHERE c.application_id = $1 AND c.id = $2 ORDER BY linked.place
"""
UPDATE = """
UPDATE campaigns SET linked_store_ids = $3, stores_imported = $4, updated_by = $5, updated = $6
WHERE application_id = $1 AND id = $2
"""

Place = tuple[int, int]
"""Application id and campaign id."""


async def ids_of(conn: Connection, application_id: int, integration_ids: Collection[str]) -> dict[str, int]:
    """The ids of stores by integration id; what is no store of the Application is left out."""
    rows = await conn.fetch(SELECT_IDS, application_id, list(integration_ids))
    return {row["integration_id"]: row["id"] for row in rows}


async def existing(conn: Connection, application_id: int, store_ids: Collection[int]) -> set[int]:
    """Those of the ids that are stores of the Application."""
    return {row["id"] for row in await conn.fetch(SELECT_EXISTING, application_id, store_ids)}


async def import_links(
    conn: Connection, caller: tuple[int, int], place: Place, store_ids: Collection[int], now: datetime
) -> Import:
    """Link a campaign that exists to these stores and no others; `caller` = (account id, user id)."""
    await conn.execute(UPDATE, *place, store_ids, True, caller[1], now)
    await programs.record_campaign(conn, *place)
    return await imports.add_import(conn, caller, "CampaignStore", len(store_ids), now)


async def remove_links(conn: Connection, user_id: int, place: Place, now: datetime) -> None:
    """Link a campaign that exists to no store, so that it runs everywhere."""
    await conn.execute(UPDATE, *place, [], False, user_id, now)
    await programs.record_campaign(conn, *place)


async def list_links(conn: Connection, place: Place) -> list[str]:
    """The integration ids of the stores, in the order they were linked in."""
    return [row["integration_id"] for row in await conn.fetch(SELECT_LINKED, *place)]
