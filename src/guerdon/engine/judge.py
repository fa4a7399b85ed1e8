"""judge(program, facts, now) → Outcome: the one way in, whatever happened to the session."""

from datetime import datetime
from decimal import localcontext

from guerdon.engine.evaluate import evaluate
from guerdon.engine.facts import Facts
from guerdon.engine.generators import Generators
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program
from guerdon.engine.returns import return_items
from guerdon.engine.rollback import take_back
from guerdon.engine.standing import Standing
from guerdon.engine.talang.values import ARITHMETIC

CANCELLED, REVOKED, REOPENED = "talon_session_cancelled", "talon_session_revoked", "talon_session_reopened"
RETURNED = "talon_session_partially_returned"


def judge(program: Program, facts: Facts, now: datetime, generators: Generators | None = None) -> Outcome:
    """What comes of a request (core.md §3.2): a session that was open and is cancelled gets nothing; one that was
    closed and is cancelled or opened again loses what `facts.standing` says it has; one of which items are returned
    loses what it has for those; everything else is for the rules. The same program, facts and time always give the same
    Outcome; see `evaluate` for the rest."""
    if facts.event == CANCELLED:
        return Outcome(effects=())
    with localcontext(ARITHMETIC):
        if facts.event in (REVOKED, REOPENED):
            return take_back(facts.standing or Standing())
        if facts.event == RETURNED:
            return return_items(program, facts, now, generators)
        return evaluate(program, facts, now, generators)
