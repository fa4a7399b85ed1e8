"""PUT a customer session: load, decide, write, answer. The central call of a shop; reads top to bottom."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, structs

from guerdon.db.customer_sessions import Read
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.facts import Facts
from guerdon.engine.program import Program
from guerdon.flows.answer import answer
from guerdon.flows.commit import Decided, commit, written_into
from guerdon.flows.complete import with_its_referral, with_standing
from guerdon.flows.decide import decide
from guerdon.flows.eligibility import wants_reasons
from guerdon.flows.load import load
from guerdon.flows.merge import CANCELLED, REVOKED, check, event_of, facts_of, merge
from guerdon.flows.programs import Programs
from guerdon.flows.trying import trying
from guerdon.wire.customer_sessions import IntegrationRequest, NewCustomerSessionV2


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

    Nothing is locked while it is judged. What was decided is written only if it still holds: the session and the
    customer are as they were read, every counter has the room (commit.py); else it is decided anew (ADR 0015).
    Raises Invalid, Unauthorized or Conflict.
    """
    return await trying(connections, update.key.application_id, lambda conn: _apply(conn, programs, update))


async def _apply(conn: Connection, programs: Programs, update: Update) -> bytes:
    new = _asked_of(update.body.customer_session)
    profile = None if new.profile_id is UNSET else new.profile_id
    codes = None if new.coupon_codes is UNSET else new.coupon_codes
    program, around = await load(conn, programs, update.key, update.integration_id, (profile, codes), update.now)
    check(new, program)
    event = _event(update, around)
    building = not update.dry or event in (CANCELLED, REVOKED)  # on what is stored
    merged = merge(around.session if building else None, new, program.settings.fold)
    facts = _asked(facts_of(event, update.integration_id, merged, around, program, update.now), update)
    facts = await _complete(conn, program, facts, around)
    facts, outcome = await decide(conn, program, facts, update.judged_at)
    merged = written_into(merged, outcome)
    decided = Decided(program, merged, facts, outcome, around, update.now, update.judged_at)
    wanted = [] if update.body.response_content is UNSET else list(dict.fromkeys(update.body.response_content))
    if update.dry:
        return await answer(conn, decided, None, wanted)
    return await answer(conn, decided, await commit(conn, decided, list(wanted)), wanted)


async def _complete(conn: Connection, program: Program, facts: Facts, around: Read) -> Facts:
    """What only some requests need: the referral of the session, and what a closed session stands for."""
    if facts.event == REVOKED and around.session is not None:
        return await with_standing(conn, program, facts, around.session)
    return facts if facts.event == CANCELLED else await with_its_referral(conn, program, facts, around)


def _asked_of(new: NewCustomerSessionV2) -> NewCustomerSessionV2:
    """The members that count: a cancellation looks at the state alone (core.md §3.3)."""
    return NewCustomerSessionV2(state=new.state) if new.state == "cancelled" else new


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
    explain = wants_reasons(() if body.response_content is UNSET else body.response_content, dry=update.dry)
    campaign_ids = tuple(ids) if update.dry and ids is not UNSET else None
    if not explain and campaign_ids is None:
        return facts
    return structs.replace(facts, campaign_ids=campaign_ids, explain=explain)
