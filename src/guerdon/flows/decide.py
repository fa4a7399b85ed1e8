"""The engine decides; what it asks for that was not read yet is read, and it decides again.

Counters of limits are read only for the limits that a request comes to, which the engine alone knows. New codes need
a secret to be made from, and must not exist. All of it ends up in the facts, so that the log can judge them again.
"""

import secrets
from datetime import datetime

from msgspec import structs

from guerdon.db import counters, session_codes
from guerdon.db.pool import Connection
from guerdon.engine import judge
from guerdon.engine.facts import Facts
from guerdon.engine.outcome import CounterKey, Outcome
from guerdon.engine.program import Program

MOST_ROUNDS = 50


async def decide(conn: Connection, program: Program, facts: Facts, judged_at: datetime) -> tuple[Facts, Outcome]:
    """The outcome, and the facts it came from."""
    known: set[CounterKey] = set()
    for _ in range(MOST_ROUNDS):
        outcome = judge(program, facts, judged_at)
        if not outcome.asked and not outcome.created_codes:
            break
        missing = [key for key in outcome.asked if key not in known]
        if missing:
            known.update(missing)
            found = await counters.read_counters(conn, program.settings.id, missing)
            if found:
                facts = structs.replace(facts, counters=(*facts.counters, *found))
                continue
        if not outcome.created_codes:
            break
        if not facts.seed:
            facts = structs.replace(facts, seed=secrets.token_hex(16))
            continue
        taken = await session_codes.find_taken(conn, program.settings.id, outcome.created_codes)
        if not taken:
            break
        facts = structs.replace(facts, taken_codes=(*facts.taken_codes, *taken))
    else:
        raise RuntimeError("the engine asks for more at each round")
    return facts, outcome
