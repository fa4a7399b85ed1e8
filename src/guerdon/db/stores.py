"""Stores of an Application (management.md §12). Which campaigns are linked to them, campaign_stores.py has."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.db import programs, store_budgets
from guerdon.db.paging import Listing, Page, substring
from guerdon.db.pool import Connection, Row, first
from guerdon.errors import Invalid
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.stores import NewStore, Store

# $1 account, $2 Application.
STORES = """
SELECT * FROM (
    SELECT s.*, ARRAY(
        SELECT c.id FROM campaigns c
        WHERE c.application_id = s.application_id AND c.linked_store_ids @> ARRAY[s.id] ORDER BY c.id
    ) AS linked_campaign_ids
    FROM stores s JOIN applications a ON a.id = s.application_id
    WHERE a.account_id = $1 AND s.application_id = $2) AS store
WHERE true
"""
SELECT = STORES + " AND id = $3"
LIST = Listing(
    select=STORES,
    filters={
        "campaignId": "id = ANY (SELECT unnest(linked_store_ids) FROM campaigns WHERE id = ?)",
        "name": "name = ?",
        "integrationId": "integration_id = ?",
        "query": "(name ILIKE ? OR integration_id ILIKE ?)",
    },
    sorts={
        "id": "id",
        "created": "created",
        "updated": "updated",
        "name": "name",
        "integrationId": "integration_id",
    },
)
INSERT = """
INSERT INTO stores (application_id, name, description, integration_id, attributes, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id
"""
UPDATE = """
UPDATE stores SET name = $3, description = $4, attributes = coalesce($5, attributes), updated = $6
WHERE application_id = $1 AND id = $2
"""
DELETE = "DELETE FROM stores WHERE application_id = $1 AND id = $2"

Place = tuple[int, int]
"""Account id and Application id."""


def _store(row: Row) -> Store:
    return Store(**{**row, "attributes": decoder(Any).decode(row["attributes"])})


def _attributes(given: dict[str, Any] | UnsetType) -> str | None:
    if given is UNSET:
        return None
    return encode_text({name: value for name, value in given.items() if value is not None})


async def add_store(conn: Connection, place: Place, new: NewStore, now: datetime) -> Store:
    """Create a store of an Application that exists. Raises Conflict when its integrationId is taken."""
    content = (new.name, new.description, new.integration_id, _attributes(new.attributes) or "{}")
    store_id = await conn.fetchval(INSERT, place[1], *content, now)
    await programs.record_part(conn, place[1], "store", store_id)
    return await get_store(conn, place, store_id)


async def change_store(conn: Connection, place: Place, store_id: int, new: NewStore, now: datetime) -> Store:
    """Change a store that exists; attributes that are left out stay."""
    await conn.execute(UPDATE, place[1], store_id, new.name, new.description, _attributes(new.attributes), now)
    await programs.record_part(conn, place[1], "store", store_id)
    return await get_store(conn, place, store_id)


async def remove_store(conn: Connection, place: Place, store_id: int) -> None:
    """Delete a store and its budgets. Raises NotFound, and Invalid while a campaign is linked to it: without the
    link, that campaign would run in every store."""
    store = await get_store(conn, place, store_id)
    if store.linked_campaign_ids:
        raise Invalid(f"The store is linked to campaign {store.linked_campaign_ids[0]}")
    campaign_ids = await store_budgets.forget_store(conn, place[1], store_id)
    await conn.execute(DELETE, place[1], store_id)
    await programs.record_part(conn, place[1], "store", store_id)
    for campaign_id in campaign_ids:
        await programs.record_campaign(conn, place[1], campaign_id)


async def get_store(conn: Connection, place: Place, store_id: int) -> Store:
    """The store; raises NotFound."""
    return _store(first(await conn.fetchrow(SELECT, *place, store_id), "Store"))


async def list_stores(
    conn: Connection, place: Place, wanted: dict[str, Any], page: Page, *, total: bool
) -> tuple[list[Store], bool, int | None]:
    """One page of the stores, whether more follow and, where `total` is asked for, how many match."""
    wanted = {**wanted, "query": substring(wanted.get("query"))}
    rows, more = await LIST.fetch(conn, place, wanted, page)
    count = await LIST.count(conn, place, wanted) if total else None
    return [_store(row) for row in rows], more, count
