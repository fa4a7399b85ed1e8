"""Collections: named sets of texts of the account or of a campaign, which rules ask for members (management.md §10)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET

from guerdon.db import applications, imports, list_contents, programs
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.wire.collections import (
    Collection,
    CollectionWithoutPayload,
    NewCampaignCollection,
    NewCollection,
    UpdateCampaignCollection,
    UpdateCollection,
)
from guerdon.wire.imports import Import

INSERT = """
INSERT INTO collections (account_id, application_id, campaign_id, name, description, subscribed_applications_ids,
    created_by, created, modified)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
RETURNING *
"""
# $1 account, $2 campaign or, for the collections of the account, null.
SELECT = """
SELECT * FROM collections WHERE account_id = $1 AND campaign_id IS NOT DISTINCT FROM $2 AND id = $3 FOR UPDATE
"""
SELECT_ANY = "SELECT * FROM collections WHERE account_id = $1 AND id = $2"
UPDATE = """
UPDATE collections SET description = $3, subscribed_applications_ids = $4, content_id = $5, modified_by = $6,
    modified = $7
WHERE account_id = $1 AND id = $2
RETURNING *
"""
DELETE = "DELETE FROM collections WHERE account_id = $1 AND id = $2"
FILTERS = {"name": "name = ?"}
SORTS = {"id": "id", "created": "created", "modified": "modified", "name": "name"}
OF_ACCOUNT = Listing(
    select="SELECT * FROM collections WHERE account_id = $1 AND campaign_id IS NULL", filters=FILTERS, sorts=SORTS
)
OF_APPLICATION = Listing(
    select="SELECT * FROM collections WHERE account_id = $1 AND application_id = $2", filters=FILTERS, sorts=SORTS
)
OF_CAMPAIGN = Listing(
    select="SELECT * FROM collections WHERE account_id = $1 AND application_id = $2 AND campaign_id = $3",
    filters=FILTERS,
    sorts=SORTS,
)

Owner = tuple[int, int | None, int | None]
"""Whose a collection is: account id, and Application id and campaign id or None for both."""
SHOWN = 50


def _values(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "content_id" and value is not None}


async def _collection(conn: Connection, row: Row) -> Collection:
    payload = await list_contents.get_items(conn, row["account_id"], row["content_id"], 0, SHOWN)
    return Collection(**_values(row), payload=payload)


async def add_collection(
    conn: Connection, owner: Owner, user_id: int, new: NewCollection | NewCampaignCollection, now: datetime
) -> Collection:
    """Create an empty collection of the account or of a campaign that exists. Raises Conflict when the name is taken,
    Invalid for Applications of others."""
    given = new.subscribed_applications_ids if isinstance(new, NewCollection) else UNSET
    subscribed = await applications.subscription(conn, owner[0], given)
    row = await conn.fetchrow(INSERT, *owner, new.name, new.description or "", subscribed, user_id, now)
    await _record(conn, row, subscribed)
    return await _collection(conn, row)


async def change_collection(
    conn: Connection,
    owner: Owner,
    user_id: int,
    collection_id: int,
    new: UpdateCollection | UpdateCampaignCollection,
    now: datetime,
) -> Collection:
    """Change description and subscription; what is left out keeps its value. Raises NotFound and Invalid."""
    old = await _held(conn, owner, collection_id)
    before = old["subscribed_applications_ids"]
    after = before
    if isinstance(new, UpdateCollection) and new.subscribed_applications_ids is not UNSET:
        after = await applications.subscription(conn, owner[0], new.subscribed_applications_ids)
    description = old["description"] if new.description is UNSET else new.description
    row = await conn.fetchrow(UPDATE, owner[0], collection_id, description, after, old["content_id"], user_id, now)
    if before != after:
        await _record(conn, row, before, after)
    return await _collection(conn, row)


async def remove_collection(conn: Connection, owner: Owner, collection_id: int) -> None:
    """Delete a collection. Raises NotFound."""
    old = await _held(conn, owner, collection_id)
    await conn.execute(DELETE, owner[0], collection_id)
    await _record(conn, old, old["subscribed_applications_ids"])


async def import_items(
    conn: Connection, owner: Owner, user_id: int, collection_id: int, items: Iterable[str], now: datetime
) -> Import:
    """Replace all items. Raises NotFound."""
    old, items = await _held(conn, owner, collection_id), list(items)
    content_id = await list_contents.add_content(conn, owner[0], old["content_id"], items)
    if content_id is not None:
        subscribed = old["subscribed_applications_ids"]
        row = await conn.fetchrow(
            UPDATE, owner[0], collection_id, old["description"], subscribed, content_id, user_id, now
        )
        await _record(conn, row, subscribed)
    return await imports.add_import(conn, (owner[0], user_id), "Collection", len(items), now)


async def _held(conn: Connection, owner: Owner, collection_id: int) -> Row:
    """The row, locked."""
    account_id, _, campaign_id = owner
    return first(await conn.fetchrow(SELECT, account_id, campaign_id, collection_id), "Collection")


async def _record(conn: Connection, row: Row, *subscriptions: list[int] | None) -> None:
    if row["campaign_id"] is None:
        await programs.record_shared_part(conn, row["account_id"], "collection", row["id"], subscriptions)
    else:
        await programs.record_part(conn, row["application_id"], "collection", row["id"])


async def get_collection(conn: Connection, owner: Owner, collection_id: int) -> Collection:
    """The collection with its first items. Raises NotFound."""
    return await _collection(conn, await _held(conn, owner, collection_id))


async def get_items(conn: Connection, account_id: int, collection_id: int, page: Page) -> tuple[list[str], bool]:
    """One page of the items of any collection of the account, and whether more follow. Raises NotFound."""
    row = first(await conn.fetchrow(SELECT_ANY, account_id, collection_id), "Collection")
    items = await list_contents.get_items(conn, account_id, row["content_id"], page.skip, page.page_size + 1)
    return items[: page.page_size], len(items) > page.page_size


async def get_all_items(conn: Connection, owner: Owner, collection_id: int) -> list[str]:
    """All items. Raises NotFound."""
    row = await _held(conn, owner, collection_id)
    items, _ = await list_contents.get_content(conn, owner[0], row["content_id"])
    return items


async def list_collections(
    conn: Connection, listing: Listing, scope: Sequence[int], name: str | None, page: Page, *, total: bool
) -> tuple[list[CollectionWithoutPayload], bool, int | None]:
    """One page of OF_ACCOUNT, OF_APPLICATION or OF_CAMPAIGN, whether more follow and, where `total` is asked for, how
    many there are."""
    wanted = {"name": name}
    rows, more = await listing.fetch(conn, scope, wanted, page)
    count = await listing.count(conn, scope, wanted) if total else None
    return [CollectionWithoutPayload(**_values(row)) for row in rows], more, count
