"""The append-only log, read back so that a request can be run again (invariant 10). db/customer_sessions writes it."""

from datetime import datetime

from msgspec import Struct

from guerdon.db.pool import Connection, first

SELECT = """
SELECT id, application_id, type, session_id, revision, judged_at, facts, effects
FROM events WHERE application_id = $1 AND id = $2
"""


class Record(Struct, kw_only=True):
    """What went in (`facts`, JSON), the revision and time it was judged at, what came out (`effects`, JSON)."""

    id: int
    application_id: int
    type: str
    session_id: int | None
    revision: int
    judged_at: datetime
    facts: str
    effects: str


async def get_record(conn: Connection, application_id: int, event_id: int) -> Record:
    """One entry of the log; raises NotFound."""
    return Record(**first(await conn.fetchrow(SELECT, application_id, event_id), "Event"))
