"""The append-only log, read back so that a request can be run again (invariant 10). db/customer_sessions writes it."""

from datetime import datetime

from msgspec import Struct

from guerdon.db.pool import Connection, first
from guerdon.engine.effects import Effect
from guerdon.engine.rollback import Redemption
from guerdon.wire.base import decoder

SELECT = """
SELECT id, application_id, type, session_id, revision, judged_at, facts, effects
FROM events WHERE application_id = $1 AND id = $2
"""

# What a cancelled session had been given: the effects of its last closing before, and the coupons redeemed then.
SELECT_CLOSING = """
SELECT c.effects, ARRAY(
    SELECT json_build_array(r.coupon_id, r.campaign_id)::text FROM coupon_redemptions r
    WHERE r.session_id = c.session_id AND r.redeemed_at = c.created ORDER BY r.coupon_id) AS redemptions
FROM events c
WHERE c.application_id = $1 AND c.session_id = $2 AND c.id < $3 AND c.type = 'talon_session_closed'
ORDER BY c.id DESC LIMIT 1
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


async def closing_of(conn: Connection, record: Record) -> tuple[list[Effect], list[Redemption]]:
    """The effects and redemptions that a cancellation in the log took back."""
    row = first(await conn.fetchrow(SELECT_CLOSING, record.application_id, record.session_id, record.id), "Event")
    redemptions = [Redemption(*decoder(list[int]).decode(pair)) for pair in row["redemptions"]]
    return decoder(list[Effect]).decode(row["effects"]), redemptions
