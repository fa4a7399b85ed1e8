"""Management keys: what lists show of them, and their making and end (management.md §1). Who holds one: keys.py."""

from datetime import datetime

from msgspec import UNSET

from guerdon.db.keys import digest
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, changed, first
from guerdon.errors import Invalid, Problem
from guerdon.wire.management_keys import CreateManagementKey, Endpoint, ManagementKey, NewManagementKey

LIST = Listing(
    select="""
SELECT * FROM (
    SELECT k.*, uses.last_used, u.state <> 'active' AS disabled
    FROM management_keys k JOIN users u ON u.id = k.created_by LEFT JOIN management_key_uses uses ON uses.key_id = k.id
    WHERE k.account_id = $1) AS key
WHERE true
""",
    filters={},
    sorts={"id": "id", "created": "created", "name": "name", "expiryDate": "expires", "lastUsed": "last_used"},
)
INSERT = """
INSERT INTO management_keys (account_id, name, key_hash, endpoints, allowed_application_ids, created_by, created,
    expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *
"""
COUNT_APPLICATIONS = "SELECT count(*) FROM applications WHERE account_id = $1 AND id = ANY ($2::bigint[])"
DELETE = "DELETE FROM management_keys WHERE account_id = $1 AND id = $2"


HIDDEN = {"key_hash", "endpoints", "expires"}


def _shown(row: Row) -> dict[str, object]:
    values = {name: value for name, value in row.items() if name not in HIDDEN and value is not None}
    return values | {"endpoints": [Endpoint(path=path) for path in row["endpoints"]], "expiry_date": row["expires"]}


async def list_keys(conn: Connection, account_id: int, page: Page) -> tuple[list[ManagementKey], int]:
    """One page of the account's Management keys, without their secrets, and how many there are."""
    rows, _ = await LIST.fetch(conn, [account_id], {}, page)
    found = [ManagementKey(**_shown(row)) for row in rows]  # type: ignore[arg-type]
    return found, await LIST.count(conn, [account_id], {})


async def add_key(
    conn: Connection, owner: tuple[int, int], new: CreateManagementKey, *, secret: str, now: datetime
) -> NewManagementKey:
    """Create a Management key for `owner` = (account id, user id). The only answer that shows the secret. Raises
    Invalid for Applications that are not the account's."""
    account_id, user_id = owner
    allowed = [] if new.allowed_application_ids is UNSET else sorted(set(new.allowed_application_ids))
    if await conn.fetchval(COUNT_APPLICATIONS, account_id, allowed) != len(allowed):
        details = "The account has no Application of one of these ids"
        raise Invalid(errors=[Problem.at("/allowedApplicationIds", "Unknown", details)])
    paths = [endpoint.path for endpoint in new.endpoints]
    values = (account_id, new.name, digest(secret), paths, allowed, user_id, now, new.expiry_date)
    row = await conn.fetchrow(INSERT, *values)
    return NewManagementKey(**_shown(row), key=secret, disabled=False)  # type: ignore[arg-type]


async def remove_key(conn: Connection, account_id: int, key_id: int) -> None:
    """Delete a key; it stops working at once. Raises NotFound."""
    first(changed(await conn.execute(DELETE, account_id, key_id)) or None, "Management key")
