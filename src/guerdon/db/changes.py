"""Change history: one row for each write through the Management API (management.md §16)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from guerdon.db.keys import Caller
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row
from guerdon.wire.base import decoder
from guerdon.wire.changes import Change

INSERT = """
INSERT INTO changes (account_id, application_id, user_id, management_key_id, entity, old, new, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
LIST = Listing(
    select="""
    SELECT id, application_id, user_id, management_key_id, entity, new, created, CASE WHEN $2 THEN old END AS old
    FROM changes WHERE account_id = $1
    """,
    filters={
        "applicationId": "application_id = ?",
        "entityPath": "entity ILIKE ?",
        "userId": "user_id = ?",
        "createdBefore": "created <= ?",
        "createdAfter": "created >= ?",
        "managementKeyId": "management_key_id = ?",
    },
    sorts={"id": "id", "created": "created"},
    order="created DESC, id DESC",
)


class NewChange(Struct, kw_only=True):
    """What is written of a change; `old` and `new` are JSON objects as text, None where there is none."""

    application_id: int | None
    entity: str
    old: str | None
    new: str | None


async def add_change(conn: Connection, caller: Caller, change: NewChange, now: datetime) -> None:
    """Remember a change by the caller."""
    await conn.execute(
        INSERT,
        caller.account_id,
        change.application_id,
        caller.user_id,
        caller.key_id,
        change.entity,
        change.old,
        change.new,
        now,
    )


async def list_changes(
    conn: Connection, scope: tuple[int, bool], wanted: Mapping[str, Any], page: Page, *, total: bool
) -> tuple[list[Change], bool, int | None]:
    """One page of the account's history, newest first; whether more follows; how many there are, where that is asked.
    `scope` is the account and whether to show how things were before."""
    rows, more = await LIST.fetch(conn, scope, wanted, page)
    count = await LIST.count(conn, scope, wanted) if total else None
    return [_change(row) for row in rows], more, count


def _change(row: Row) -> Change:
    given = {name: UNSET if value is None else value for name, value in row.items()}
    return Change(**given | {"old": _object(row["old"]), "new": _object(row["new"])})


def _object(text: str | None) -> dict[str, Any] | UnsetType:
    return UNSET if text is None else decoder(dict[str, Any]).decode(text)
