"""Access logs: requests of the Integration API as they came and were answered (management.md §16)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from guerdon.db import pool
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row
from guerdon.errors import Invalid, Problem
from guerdon.wire.access_logs import AccessLogEntry, ApplicationApiHealth

# The log need not wait for the disk; and it is not written while somebody's rows are taken out of it.
BEGIN = "SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock_shared($1, $2)"
STOP_WRITERS = "SELECT pg_advisory_xact_lock($1, $2)"
LINE = (0x6775, 0x6C6F67)
# Asked first, and with the time of the oldest row: a plan that was made while the table was empty reads all of it.
ARE_ERASURES = "SELECT EXISTS (SELECT FROM access_log_erasures)"
LEAVE_OUT_ERASED = """
DELETE FROM access_logs l USING access_log_erasures e
WHERE l.time >= $1 AND l.mentions && e.mentions AND l.time <= e.erased
    AND l.application_id IN (SELECT id FROM applications a WHERE a.account_id = e.account_id AND a.sandbox = e.sandbox)
"""
ERASE = """
WITH noted AS (
    INSERT INTO access_log_erasures (account_id, sandbox, mentions, erased) VALUES ($1, $2, $3, $4)
)
DELETE FROM access_logs WHERE mentions && $3
    AND application_id IN (SELECT id FROM applications WHERE account_id = $1 AND sandbox = $2)
"""
# How long a worker may have rows in memory, at the very most.
FORGET_ERASURES = "DELETE FROM access_log_erasures WHERE erased < $1"
STRAGGLING = timedelta(days=1)
REMOVE_OLD = """
DELETE FROM access_logs WHERE (time, id) IN (
    SELECT time, id FROM access_logs WHERE time < $1 ORDER BY time LIMIT 5000 FOR UPDATE SKIP LOCKED)
"""
COLUMNS = "SELECT id, status, method, request_uri, time, request_payload, response_payload FROM access_logs"
FILTERS = {
    "path": "split_part(request_uri, '?', 1) ~ ?",
    "method": "method = upper(?)",
    "successful": "(status < 400) = ?",
}
OF_APPLICATION = COLUMNS + " WHERE application_id = $1 AND time >= $2 AND time <= $3"
OF_ACCOUNT = (
    COLUMNS
    + """ WHERE application_id IN (SELECT a.id FROM applications a WHERE a.account_id = $1)
    AND time >= $2 AND time <= $3"""
)
NEWEST = "time DESC, id DESC"
LIST = Listing(select=OF_APPLICATION, filters=FILTERS, sorts={"time": "time"}, order=NEWEST)
LIST_ALL = Listing(select=OF_ACCOUNT, filters=FILTERS, sorts={"time": "time"}, order=NEWEST)
# A pattern may be as slow as it likes, for so long.
LIMIT_TIME = "SELECT set_config('statement_timeout', '5000', true)"
HEALTH = """
SELECT count(*) AS requests, count(*) FILTER (WHERE status >= 400) AS errors,
    (SELECT max(l.time) FROM access_logs l WHERE l.application_id = $1) AS last_used,
    (SELECT created FROM applications WHERE id = $1) AS created
FROM (
    SELECT status FROM access_logs WHERE application_id = $1 AND time > $2 ORDER BY time DESC LIMIT 10000) latest
"""


class NewEntry(Struct):
    """A request and its answer, in the order of the columns; `mentions` are `digests` of customers and sessions."""

    application_id: int
    status: int
    method: str
    request_uri: str
    request_payload: str
    response_payload: str
    mentions: list[int]
    time: datetime


def digests(ids: Iterable[str]) -> list[int]:
    """What stands for these ids: short, of one length, and nobody's name."""
    return [int.from_bytes(blake2b(one.encode(), digest_size=8).digest(), signed=True) for one in ids]


async def add_entries(conn: Connection, entries: Sequence[NewEntry]) -> None:
    """Write them, in the transaction of the caller; those of customers that were erased since are left out."""
    await conn.fetchrow(BEGIN, *LINE)
    names = NewEntry.__struct_fields__
    await conn.copy_records_to_table("access_logs", columns=names, records=[astuple(one) for one in entries])
    if await conn.fetchval(ARE_ERASURES):
        await conn.execute(LEAVE_OUT_ERASED, min(one.time for one in entries))


async def erase(conn: Connection, place: tuple[int, bool], ids: Iterable[str], now: datetime) -> None:
    """Delete all that mentions any of these ids, in all Applications of `place` = (account, sandbox); also of what is
    about to be written."""
    await conn.execute(STOP_WRITERS, *LINE)
    await conn.execute(ERASE, *place, digests(ids), now)


async def remove_old(conn: Connection, before: datetime, now: datetime) -> bool:
    """Delete some of the oldest rows; whether there may be more of them."""
    await conn.execute(FORGET_ERASURES, now - STRAGGLING)
    return pool.changed(await conn.execute(REMOVE_OLD, before)) > 0


async def list_entries(
    conn: Connection, listing: Listing, scope: Sequence[Any], wanted: Mapping[str, Any], page: Page
) -> tuple[list[AccessLogEntry], bool]:
    """One page, newest first; raises Invalid for a path that is no regular expression, or too slow a one."""
    try:
        await conn.execute(LIMIT_TIME)
        rows, more = await listing.fetch(conn, scope, wanted, page)
    except pool.DatabaseError as error:
        raise _refusal(error) from error
    return [_entry(row) for row in rows], more


async def count_entries(conn: Connection, listing: Listing, scope: Sequence[Any], wanted: Mapping[str, Any]) -> int:
    """How many match; raises Invalid as list_entries does."""
    try:
        return await listing.count(conn, scope, wanted)
    except pool.DatabaseError as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> Exception:
    if not pool.bad_pattern(error):
        return error
    return Invalid(errors=[Problem.in_query("path", "pattern", "path is not a regular expression that can be used")])


def _entry(row: Row) -> AccessLogEntry:
    values: dict[str, Any] = dict(row)
    return AccessLogEntry(uuid=str(values.pop("id")), **values)


async def health(conn: Connection, application_id: int, now: datetime) -> ApplicationApiHealth:
    """What the last hour says of the Application's requests, or the last 10,000 of them (management.md §4)."""
    row = await conn.fetchrow(HEALTH, application_id, now - timedelta(hours=1))
    if row["last_used"] is None:
        return ApplicationApiHealth(summary="NONE", last_used=row["created"])
    return ApplicationApiHealth(summary=_summary(row["requests"], row["errors"]), last_used=row["last_used"])


def _summary(requests: int, errors: int) -> Any:
    if errors == 0:
        return "OK"
    return "CRITICAL" if errors * 2 > requests else "ERROR" if errors * 10 > requests else "WARNING"
