"""Returned cart items: one row for each request that returned some (core.md §2.3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from guerdon.db.pool import Connection, Row
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.customer_sessions import Return, ReturnedCartItem

INSERT = """
INSERT INTO returns (application_id, session_id, event_id, profile_id, returned_cart_items, created)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
LIST = """
SELECT r.*, s.integration_id AS session_integration_id, p.integration_id AS profile_integration_id
FROM returns r JOIN customer_sessions s ON s.id = r.session_id LEFT JOIN profiles p ON p.id = r.profile_id
WHERE r.application_id = $1 AND r.session_id = $2 ORDER BY r.id
"""


async def add_return(
    conn: Connection,
    owner: tuple[int, int, int | None],
    event_id: int,
    items: Sequence[ReturnedCartItem],
    now: datetime,
) -> int:
    """Remember what was returned; the id. `owner` is (application id, session id, profile id)."""
    application_id, session_id, profile_id = owner
    values = (application_id, session_id, event_id, profile_id, encode_text(items), now)
    number: int = await conn.fetchval(INSERT, *values)
    return number


async def list_returns(conn: Connection, scope: tuple[int, int], session_id: int) -> list[Return]:
    """All returns of a session, oldest first; `scope` is (account id, application id)."""
    account_id, application_id = scope
    return [_return(row, account_id) for row in await conn.fetch(LIST, application_id, session_id)]


def _return(row: Row, account_id: int) -> Return:
    known: dict[str, Any] = {
        name: row[name] for name in ("profile_id", "profile_integration_id", "created_by") if row[name] is not None
    }
    return Return(
        id=row["id"],
        created=row["created"],
        application_id=row["application_id"],
        account_id=account_id,
        returned_cart_items=decoder(list[ReturnedCartItem]).decode(row["returned_cart_items"]),
        event_id=row["event_id"],
        session_id=row["session_id"],
        session_integration_id=row["session_integration_id"],
        **known,
    )
