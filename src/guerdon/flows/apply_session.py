"""PUT a customer session: load, decide, write, answer. The central call of a shop; reads top to bottom."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, structs

from guerdon.db import counters, customer_sessions, locks, pool
from guerdon.db.customer_sessions import Read
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine import evaluate
from guerdon.engine.facts import Facts
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program
from guerdon.engine.rollback import take_back
from guerdon.errors import Conflict, Retry, Unauthorized
from guerdon.flows.answer import Decided, answer
from guerdon.flows.commit import changes, commit
from guerdon.flows.merge import CANCELLED, REVOKED, check, event_of, facts_of, merge
from guerdon.flows.programs import Programs
from guerdon.wire.customer_sessions import IntegrationRequest, NewCustomerSessionV2

MOST_TRIES = 3


class Update(Struct, frozen=True, kw_only=True):
    """A request on a session. `now` is the time of the request and `judged_at`
    the one that schedules and coupon dates are judged by, the same but for test keys and dry requests."""

    key: IntegrationKey
    integration_id: str
    body: IntegrationRequest
    dry: bool
    now: datetime
    judged_at: datetime


async def apply_session(connections: Any, programs: Programs, update: Update) -> bytes:
    """Judge the session and, unless the request is dry, store it; the JSON of IntegrationStateV2.

    An open session takes no locks on what others share: it is judged against what was read and written in one
    statement that fails when the session changed meanwhile (ADR 0010). One that closes or is cancelled runs in
    a transaction: locks once, reads again, judges, writes. Raises Invalid, Unauthorized or Conflict.
    """
    state = update.body.customer_session.state
    counts = state in ("closed", "cancelled") and not update.dry
    opened = pool.transaction if counts else pool.connection
    for _ in range(MOST_TRIES):
        try:
            async with opened(connections) as conn:
                return await _apply(conn, programs, update, counts=counts)
        except Retry:
            continue
    raise Conflict(pool.SESSION_BUSY)


async def _apply(conn: Connection, programs: Programs, update: Update, *, counts: bool) -> bytes:
    new = update.body.customer_session
    program, around = await _load(conn, programs, update)
    if counts:
        session_id = around.session.id if around.session else None
        profile_id = around.profile.id if around.profile else None
        await locks.take(conn, profile_id, session_id, [coupon.id for coupon in around.coupons])
        program, around = await _load(conn, programs, update)
    check(new, program)
    event = _event(update, around)
    merged = merge(None if update.dry and event != REVOKED else around.session, _only_state(new, event))
    merged = structs.replace(merged, state=new.state if new.state is not UNSET else "open")
    facts = facts_of(event, update.integration_id, merged, around, program, update.now)
    outcome = await _decide(conn, program, _asked(facts, update), around, update)
    if updated := changes(outcome, "Session"):
        content = structs.replace(merged.content, attributes={**merged.content.attributes, **updated})
        merged = structs.replace(merged, content=content)
    wanted = [] if update.body.response_content is UNSET else list(dict.fromkeys(update.body.response_content))
    written = None
    if not update.dry:
        written = await commit(
            conn,
            (program, merged, _asked(facts, update), outcome),
            around,
            now=update.now,
            judged_at=update.judged_at,
            response_content=list(wanted),
        )
    return await answer(conn, Decided(program, merged, facts, outcome, around, written, update.now), wanted)


async def _load(conn: Connection, programs: Programs, update: Update) -> tuple[Program, Read]:
    """The program at the newest revision and all that is stored around the session, in one read; a second one
    only where the first was made with codes folded by an older program, or with none at hand."""
    new = update.body.customer_session
    profile = None if new.profile_id is UNSET else new.profile_id
    codes = None if new.coupon_codes is UNSET else new.coupon_codes
    known = programs.newest(update.key.application_id)
    while True:
        keys = known.needs("", codes).coupon_keys if known and codes is not None else None
        if known is None and codes is not None:
            keys = ()
        around = await customer_sessions.read(conn, update.key, update.integration_id, (profile, keys), update.now)
        if not around.key_alive:
            raise Unauthorized
        if known is not None and around.revision == known.revision:
            return known, around
        program = await programs.at(conn, update.key.application_id, around.revision)
        if codes is None or (keys and keys == program.needs("", codes).coupon_keys):
            return program, around
        known = program


def _event(update: Update, around: Read) -> str:
    """The event of the transition; a dry request is judged by itself, except that a cancellation previews."""
    state = update.body.customer_session.state
    wanted = "open" if state is UNSET else state
    if update.dry and wanted != "cancelled":
        return event_of(structs.replace(around.session, state="open") if around.session else None, wanted)
    return event_of(around.session, wanted)


def _only_state(new: NewCustomerSessionV2, event: str) -> NewCustomerSessionV2:
    """A cancellation looks at the state alone (core.md §3.3)."""
    return NewCustomerSessionV2() if event in (CANCELLED, REVOKED) else new


def _asked(facts: Facts, update: Update) -> Facts:
    """What the request itself asks of the evaluation: other campaigns (dry only), and reasons for every failure."""
    body = update.body
    ids = body.customer_session.evaluable_campaign_ids
    explain = body.response_content is not UNSET and "ruleFailureReasons" in body.response_content
    campaign_ids = tuple(ids) if update.dry and ids is not UNSET else None
    if not explain and campaign_ids is None:
        return facts
    return structs.replace(facts, campaign_ids=campaign_ids, explain=explain)


async def _decide(conn: Connection, program: Program, facts: Facts, around: Read, update: Update) -> Outcome:
    """The rules decide, except that a cancellation only takes back (core.md §3.7)."""
    if facts.event == CANCELLED or around.session is None:
        return Outcome(effects=()) if facts.event == CANCELLED else evaluate(program, facts, update.judged_at)
    if facts.event == REVOKED:
        given = await customer_sessions.get_effects(conn, update.key.application_id, around.session.id)
        return take_back(given, await counters.list_redemptions(conn, update.key.application_id, around.session.id))
    return evaluate(program, facts, update.judged_at)
