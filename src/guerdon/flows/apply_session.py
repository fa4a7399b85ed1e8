"""PUT a customer session: load, decide, write, answer. The central call of a shop; reads top to bottom."""

from collections.abc import Sequence
from datetime import datetime
from decimal import localcontext
from typing import Any

from msgspec import UNSET, Struct, structs

from guerdon.db import counters, customer_sessions, locks, pool
from guerdon.db.customer_sessions import Read
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine import evaluate
from guerdon.engine.effects import Effect
from guerdon.engine.facts import Facts
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program
from guerdon.engine.rollback import take_back
from guerdon.engine.standing import Standing
from guerdon.engine.talang.values import ARITHMETIC
from guerdon.errors import INVALID_DATA, Conflict, Invalid, Problem, Retry, Unauthorized
from guerdon.flows.answer import Decided, answer
from guerdon.flows.commit import changes, commit
from guerdon.flows.merge import CANCELLED, REVOKED, check, event_of, facts_of, merge
from guerdon.flows.programs import Programs
from guerdon.wire.customer_sessions import IntegrationRequest, NewCustomerSessionV2

MOST_TRIES = 3


class Update(Struct, frozen=True, kw_only=True):
    """A request on a session. `now` is the time of the request and `judged_at` the one that schedules and coupon
    dates are judged by: the same, but for keys with a time offset and dry requests of the future."""

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
            with localcontext(ARITHMETIC):  # amounts are exact to the last digit
                async with opened(connections) as conn:
                    return await _apply(conn, programs, update, counts=counts)
        except Retry:
            continue
    raise Conflict(pool.SESSION_BUSY)


async def _apply(conn: Connection, programs: Programs, update: Update, *, counts: bool) -> bytes:
    new = _asked_of(update.body.customer_session)
    program, around = await _load(conn, programs, update, new)
    if counts:
        held = _shared(around)
        await locks.take(conn, *held)
        program, around = await _load(conn, programs, update, new)
        if not _covers(held, _shared(around)):
            raise Retry  # while it waited, the session came to another customer or to other codes
    check(new, program)
    event = _event(update, around)
    building = not update.dry or event in (CANCELLED, REVOKED)  # on what is stored
    merged = merge(around.session if building else None, new, program.settings.fold)
    facts = facts_of(event, update.integration_id, merged, around, program, update.now)
    asked = _asked(facts, update)
    outcome, holding = await _decide(conn, program, asked, around, update)
    if updated := changes(outcome, "Session"):
        content = structs.replace(merged.content, attributes={**merged.content.attributes, **updated})
        merged = structs.replace(merged, content=content)
    wanted = [] if update.body.response_content is UNSET else list(dict.fromkeys(update.body.response_content))
    written = None
    if not update.dry:
        written = await commit(
            conn,
            (program, merged, asked, outcome),
            around,
            holding=holding,
            now=update.now,
            judged_at=update.judged_at,
            response_content=list(wanted),
        )
    return await answer(conn, Decided(program, merged, facts, outcome, around, written, update.now), wanted)


def _asked_of(new: NewCustomerSessionV2) -> NewCustomerSessionV2:
    """The members that count: a cancellation looks at the state alone (core.md §3.3)."""
    return NewCustomerSessionV2(state=new.state) if new.state == "cancelled" else new


def _shared(around: Read) -> tuple[int | None, int | None, frozenset[int]]:
    """What a counting request must hold: the customer, the session, the coupons."""
    return (
        around.profile.id if around.profile else None,
        around.session.id if around.session else None,
        frozenset(coupon.id for coupon in around.coupons),
    )


def _covers(
    held: tuple[int | None, int | None, frozenset[int]], needed: tuple[int | None, int | None, frozenset[int]]
) -> bool:
    return held[:2] == needed[:2] and needed[2] <= held[2]


async def _load(
    conn: Connection, programs: Programs, update: Update, new: NewCustomerSessionV2
) -> tuple[Program, Read]:
    """The program at the newest revision and all that is stored around the session, in one read; a second one
    only where the first was made with codes folded by an older program, or with none at hand."""
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
        if codes is None or keys == program.needs("", codes).coupon_keys:
            return program, around
        known = program


def _event(update: Update, around: Read) -> str:
    """The event of the transition; a dry request is judged by itself, except that a cancellation previews."""
    state = update.body.customer_session.state
    wanted = "open" if state is UNSET else state
    if update.dry and wanted != "cancelled":
        return event_of(structs.replace(around.session, state="open") if around.session else None, wanted)
    return event_of(around.session, wanted)


def _asked(facts: Facts, update: Update) -> Facts:
    """What the request itself asks of the evaluation: other campaigns (dry only), and reasons for every failure."""
    body = update.body
    ids = body.customer_session.evaluable_campaign_ids
    content = () if body.response_content is UNSET else body.response_content
    eligible = update.dry and "campaignEligibility" in content  # without dry it is not looked at (core.md §4.1)
    if eligible and not {"triggeredCampaigns", "ruleFailureReasons"}.isdisjoint(content):
        message = "campaignEligibility cannot be combined with triggeredCampaigns or ruleFailureReasons"
        raise Invalid(INVALID_DATA, [Problem.at("/responseContent", "Invalid combination", message)])
    explain = eligible or "ruleFailureReasons" in content
    campaign_ids = tuple(ids) if update.dry and ids is not UNSET else None
    if not explain and campaign_ids is None:
        return facts
    return structs.replace(facts, campaign_ids=campaign_ids, explain=explain)


async def _decide(
    conn: Connection, program: Program, facts: Facts, around: Read, update: Update
) -> tuple[Outcome, Sequence[Effect]]:
    """The rules decide, except that a cancellation only takes back (core.md §3.7); and the effects that then hold."""
    if facts.event == CANCELLED:
        return Outcome(effects=()), ()
    if facts.event == REVOKED and around.session is not None:
        application_id = update.key.application_id
        given = await customer_sessions.find_effects(conn, application_id, around.session)
        if given is None:
            raise Retry
        redemptions = await counters.list_redemptions(conn, application_id, around.session.id)
        outcome = take_back(Standing(effects=tuple(given), redemptions=tuple(redemptions)))
        return outcome, outcome.holding
    outcome = evaluate(program, facts, update.judged_at)
    return outcome, outcome.effects
