"""Run a request of the past again: the same program, facts and time, so the same bytes (invariant 9)."""

from guerdon.db import events
from guerdon.db.pool import Connection
from guerdon.engine import Outcome, judge
from guerdon.engine.explain import explain
from guerdon.engine.facts import Facts
from guerdon.engine.tell import tell
from guerdon.flows.merge import CANCELLED, REOPENED, REVOKED
from guerdon.flows.programs import Programs
from guerdon.wire.base import decoder


async def run_again(
    conn: Connection, programs: Programs, application_id: int, event_id: int
) -> tuple[events.Record, Outcome]:
    """The log entry and what judging it once more gives, at the revision and time it was judged at:
    `encode(outcome.effects)` is the entry's `effects` again. Raises NotFound."""
    record = await events.get_record(conn, application_id, event_id)
    facts = decoder(Facts).decode(record.facts)
    program = await programs.at(conn, application_id, record.revision)
    return record, judge(program, facts, record.judged_at)


async def explain_again(conn: Connection, programs: Programs, application_id: int, event_id: int) -> list[str]:
    """How the effects of a log entry came about, as lines; a session that was cancelled or opened again ran no rules.
    Raises NotFound."""
    record = await events.get_record(conn, application_id, event_id)
    facts = decoder(Facts).decode(record.facts)
    if facts.event in (CANCELLED, REVOKED, REOPENED):
        return ["No rules ran: what the session had been given was taken back."]
    program = await programs.at(conn, application_id, record.revision)
    return list(tell(program, explain(program, facts, record.judged_at)))
