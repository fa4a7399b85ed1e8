"""The append-only log, and what a request about a customer without a session writes: the customer and a log entry.
db/customer_sessions writes the entries of sessions."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from guerdon.db.pool import Connection, first
from guerdon.errors import Retry
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.events import EventV3

SELECT = """
SELECT id, application_id, type, session_id, revision, judged_at, facts, effects
FROM events WHERE application_id = $1 AND id = $2
"""

# The profile first, which is the lock order. One that changed since it was read, or came to be, gives no row; nor does
# a session whose data was erased since (ADR 0016), nor an Application that was deleted since. The facts are looked at
# as jsonb, too, which refuses texts that no other column could hold.
WRITE = """
WITH new_profile AS (
    INSERT INTO profiles (account_id, sandbox, integration_id, attributes, last_activity, created)
    SELECT a.account_id, a.sandbox, $4, jsonb_strip_nulls($5::jsonb), $6, $6 FROM applications a
    WHERE a.id = $1 AND $4 <> '' AND $2::bigint IS NULL
    ON CONFLICT ON CONSTRAINT profiles_integration_id_key DO NOTHING
    RETURNING id
), old_profile AS (
    UPDATE profiles SET last_activity = $6, version = version + 1,
        attributes = CASE WHEN $5 = '{}' THEN attributes ELSE jsonb_strip_nulls(attributes || $5) END
    WHERE id = $2 AND version = $3
    RETURNING id
), profile AS (
    SELECT id FROM new_profile UNION ALL SELECT id FROM old_profile UNION ALL SELECT NULL WHERE $4 = ''
), application AS (
    SELECT id FROM applications WHERE id = $1 AND EXISTS (SELECT FROM profile) FOR KEY SHARE
), customer AS (
    INSERT INTO application_customers (application_id, profile_id)
    SELECT application.id, profile.id FROM application, profile WHERE profile.id IS NOT NULL ON CONFLICT DO NOTHING
), session AS (
    SELECT id FROM customer_sessions WHERE application_id = $1 AND id = $8 AND erasures = $14 FOR KEY SHARE
), event AS (
    INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects,
        response_content, created)
    SELECT application.id, $7, $8, profile.id, $9, $10, $11::json, $12, $13, $6 FROM application, profile
    WHERE $11::json::jsonb IS NOT NULL AND ($8::bigint IS NULL OR EXISTS (SELECT FROM session))
    RETURNING id, profile_id
)
SELECT id AS event_id, profile_id FROM event
"""

INSERT_ADVANCED = """
INSERT INTO advanced_events (application_id, integration_id, event_id, type, profile_id, store_integration_id,
    connected_session_id, previous_event_id, attributes, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

SELECT_ADVANCED = """
SELECT e.*, p.integration_id AS profile_integration_id FROM advanced_events e JOIN profiles p ON p.id = e.profile_id
WHERE e.application_id = $1 AND e.integration_id = $2
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


class NewEntry(Struct, kw_only=True):
    """What a request about a customer writes; JSON members are text already. `profile_id` is None for a new one, and
    for nobody, whose `profile_integration_id` is empty; `profile_version` is what it must still have. `session_id` is
    that of a session that the event is about, `session_erasures` what it must still have."""

    application_id: int
    profile_id: int | None
    profile_version: int
    profile_integration_id: str
    profile_changes: str
    now: datetime
    type: str
    session_id: int | None
    revision: int
    judged_at: datetime
    facts: str
    effects: str
    response_content: list[str]
    session_erasures: int


class Written(Struct):
    """The ids of what was written."""

    event_id: int
    profile_id: int | None


async def get_record(conn: Connection, application_id: int, event_id: int) -> Record:
    """One entry of the log; raises NotFound."""
    return Record(**first(await conn.fetchrow(SELECT, application_id, event_id), "Event"))


async def write(conn: Connection, new: NewEntry) -> Written:
    """Store the customer and the log entry; raises Retry when the customer changed since they were read."""
    row = await conn.fetchrow(
        WRITE,
        new.application_id,
        new.profile_id,
        new.profile_version,
        new.profile_integration_id,
        new.profile_changes,
        new.now,
        new.type,
        new.session_id,
        new.revision,
        new.judged_at,
        new.facts,
        new.effects,
        new.response_content,
        new.session_erasures,
    )
    if row is None:
        raise Retry
    return Written(**row)


async def add_advanced(conn: Connection, event: EventV3, profile_id: int | None) -> None:
    """Keep an event under the id that the shop gave it; raises Conflict when that was used before."""
    await conn.execute(
        INSERT_ADVANCED,
        event.application_id,
        event.integration_id,
        event.id,
        event.type,
        profile_id,
        _or_none(event.store_integration_id),
        _or_none(event.connected_session_id),
        _or_none(event.previous_event_id),
        encode_text(event.attributes),
        event.created,
    )


async def get_advanced(conn: Connection, application_id: int, integration_id: str) -> EventV3:
    """The event that the shop told of under this id; raises NotFound."""
    row = first(await conn.fetchrow(SELECT_ADVANCED, application_id, integration_id), "Event")
    session_id = row["connected_session_id"] or UNSET
    return EventV3(
        connected_session_id=session_id,
        connected_session_id_of_25=session_id,
        id=row["event_id"],
        created=row["created"],
        application_id=row["application_id"],
        profile_id=row["profile_integration_id"],
        store_integration_id=row["store_integration_id"] or UNSET,
        type=row["type"],
        attributes=decoder(dict[str, Any]).decode(row["attributes"]),
        integration_id=row["integration_id"],
        effects=[],
        previous_event_id=row["previous_event_id"] or UNSET,
    )


def _or_none(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value
