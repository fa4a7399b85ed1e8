"""Judge a customer without a session: profile updates and custom events (core.md §9). Reads top to bottom."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, structs

from guerdon.db import counters, events, pool, profiles
from guerdon.db.customer_sessions import Read
from guerdon.db.events import NewEntry
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.attributes import check_attributes
from guerdon.engine.facts import Facts
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program
from guerdon.errors import Invalid, Problem
from guerdon.flows.answer import state_of
from guerdon.flows.commit import Decided, Kept, changes, commit_codes, uses_of
from guerdon.flows.decide import decide
from guerdon.flows.eligibility import wants_reasons
from guerdon.flows.load import load
from guerdon.flows.merge import Merged, as_stored, customer, merged_attributes, session_facts
from guerdon.flows.programs import Programs
from guerdon.flows.trying import trying
from guerdon.wire.base import encode_text
from guerdon.wire.customer_sessions import IntegrationStateV2, SessionContent
from guerdon.wire.events import EventV3

CREATED, UPDATED = "talon_profile_created", "talon_profile_updated"
RESERVED = "talon_"


class Occasion(Struct, frozen=True, kw_only=True):
    """A request about a customer.

    `profile_id` is empty for an event of nobody. `type` is that of the event; it is empty for an update of the profile,
    which is talon_profile_created or _updated.
    `integration_id` is that of an advanced event. `session_id` names a session that rules may read, in one of
    `session_states`; it stays as it is. `campaign_ids` and `complete` (forceCompleteEvaluation) are for dry requests.
    `wanted` is what the answer is to hold, by the names of responseContent. Times as in apply_session.Update.
    """

    key: IntegrationKey
    profile_id: str
    type: str = ""
    profile_attributes: dict[str, Any] = {}
    event_attributes: dict[str, Any] = {}
    integration_id: str = ""
    session_id: str = ""
    session_states: tuple[str, ...] = ("closed",)
    previous_event_id: str = ""
    store_integration_id: str = ""
    loyalty_cards: tuple[str, ...] = ()
    audience_ids: dict[str, list[int]] = {}
    campaign_ids: tuple[int, ...] | None = None
    complete: bool = False
    wanted: tuple[str, ...] = ()
    dry: bool
    now: datetime
    judged_at: datetime


class Applied(Struct, frozen=True):
    """What came of it: `kept` is None when the request was dry; `state` is the answer."""

    decided: Decided
    kept: Kept | None
    state: IntegrationStateV2


async def apply_event(connections: Any, programs: Programs, occasion: Occasion) -> Applied:
    """Judge the customer and, unless the request is dry, store what comes of it: all of it at once, for nothing closes
    later. As in a session, nothing is locked until it is written (ADR 0015). Raises Invalid, Unauthorized or Conflict.
    """
    return await trying(
        connections, occasion.key.application_id, lambda conn: _apply(conn, programs, occasion), pool.PROFILE_BUSY
    )


async def put_profile(connections: Any, programs: Programs, occasion: Occasion) -> IntegrationStateV2:
    """Store the attributes of a customer without running rules: there is no event, and no effect. Raises as
    apply_event does."""
    return await trying(
        connections, occasion.key.application_id, lambda conn: _put(conn, programs, occasion), pool.PROFILE_BUSY
    )


async def _put(conn: Connection, programs: Programs, occasion: Occasion) -> IntegrationStateV2:
    program, around = await _load(conn, programs, occasion)
    wanted = [name for name in occasion.wanted if name == "customerProfile"]
    if occasion.dry:
        decided = _decided(occasion, program, around, _facts(occasion, program, around), Outcome(effects=()))
        return await state_of(conn, decided, None, wanted)
    changed = {occasion.profile_id: occasion.profile_attributes}
    [stored] = await profiles.put_profiles(conn, program.settings.id, changed, occasion.now)
    profile = stored if wanted else UNSET
    return IntegrationStateV2(customer_profile=profile, effects=[], created_coupons=[], created_referrals=[])


async def _apply(conn: Connection, programs: Programs, occasion: Occasion) -> Applied:
    explain = wants_reasons(occasion.wanted, dry=occasion.dry)
    program, around = await _load(conn, programs, occasion)
    facts = structs.replace(_facts(occasion, program, around), explain=explain)
    facts, outcome = await decide(conn, program, facts, occasion.judged_at)
    decided = _decided(occasion, program, around, facts, outcome)
    kept = None if occasion.dry else await _commit(conn, occasion, decided)
    state = await state_of(conn, decided, kept, occasion.wanted)
    if state.event:
        state.event.integration_id = occasion.integration_id or UNSET
    if "advancedEvent" in occasion.wanted:
        state.advanced_event = _advanced(occasion, decided, kept.event_id if kept else 0)
    return Applied(decided, kept, state)


async def _load(conn: Connection, programs: Programs, occasion: Occasion) -> tuple[Program, Read]:
    """The program and what is stored, once the request is known to make sense."""
    named = (occasion.profile_id, ())
    program, around = await load(conn, programs, occasion.key, occasion.session_id, named, occasion.now)
    problems = _of_type(occasion, program)
    for values, entity in ((occasion.profile_attributes, "CustomerProfile"), (occasion.event_attributes, "Event")):
        found = check_attributes(values, entity, program.definitions, event_type=occasion.type)
        problems += [Problem.at(one.pointer, one.title, one.details) for one in found]
    for name, ids in occasion.audience_ids.items():
        for place, one in enumerate(ids):
            if one not in program.library.audiences:
                details = f"there is no audience {one}"
                problems.append(Problem.at(f"/audiencesChanges/{name}/{place}", "Unknown", details))
    if occasion.session_id and (around.session is None or around.session.state not in occasion.session_states):
        details = f"the connected session must be there and {' or '.join(occasion.session_states)}"
        problems.append(Problem.at("/connectedSessionId", "Invalid value", details))
    if problems:
        raise Invalid(errors=problems)
    return program, around


def _of_type(occasion: Occasion, program: Program) -> list[Problem]:
    if not occasion.type:
        return []
    if occasion.type.startswith(RESERVED):
        details = f"types that begin with {RESERVED} are those of built-in events"
        return [Problem.at("/type", "Invalid value", details)]
    if occasion.type not in program.library.event_types:
        return [Problem.at("/type", "Unknown", f'The event type "{occasion.type}" is not defined.')]
    return []


def _facts(occasion: Occasion, program: Program, around: Read) -> Facts:
    """What the rules may look at: the customer, the event, and the session that it is connected with."""
    now, stored = occasion.now, around.session
    profile = customer(occasion.profile_id, around.profile, now) if occasion.profile_id else None
    session = session_facts(occasion.session_id, _session(occasion, around), around, now)
    if stored:
        session = structs.replace(session, updated=stored.updated)
    if profile:
        attributes = merged_attributes(profile.attributes, occasion.profile_attributes)
        profile = structs.replace(profile, attributes=attributes)
    return Facts(
        event=occasion.type or (UPDATED if around.profile else CREATED),
        session=session,
        profile=profile,
        coupons=(),
        campaign_ids=occasion.campaign_ids if occasion.dry else None,
        complete=occasion.complete,
        event_attributes=merged_attributes({}, occasion.event_attributes),
        event_created=now,
        store=program.library.stores.get(session.store_integration_id),
    )


def _session(occasion: Occasion, around: Read) -> Merged:
    """The session as it is, or one that has nothing but what the event says by itself; its store goes first."""
    if around.session:
        merged = as_stored(around.session, around.session.state)
        store = occasion.store_integration_id or merged.store_integration_id
        return structs.replace(merged, store_integration_id=store)
    return Merged(
        state="",
        profile_id=occasion.profile_id,
        store_integration_id=occasion.store_integration_id,
        coupon_codes=(),
        referral_code="",
        content=SessionContent(loyalty_cards=list(occasion.loyalty_cards)),
    )


def _decided(occasion: Occasion, program: Program, around: Read, facts: Facts, outcome: Outcome) -> Decided:
    return Decided(program, _session(occasion, around), facts, outcome, around, occasion.now, occasion.judged_at)


async def _commit(conn: Connection, occasion: Occasion, decided: Decided) -> Kept:
    """Write the customer and the log entry, then what others share. Raises Retry when anything changed that the
    decision depends on, and Conflict when there is an event of this integration id."""
    application_id, facts, outcome = decided.program.settings.id, decided.facts, decided.outcome
    uses = uses_of(facts, outcome)
    async with conn.transaction():
        written = await events.write(conn, _entry(occasion, decided))
        if occasion.integration_id:
            advanced = _advanced(occasion, decided, written.event_id)
            await events.add_advanced(conn, advanced, written.profile_id)
        coupons, referrals = await commit_codes(conn, decided.program, facts, outcome, occasion.now)
        if uses:
            await counters.count(conn, application_id, uses, occasion.now)
    return Kept(0, written.profile_id, written.event_id, coupons, referrals)


def _entry(occasion: Occasion, decided: Decided) -> NewEntry:
    facts, outcome, around = decided.facts, decided.outcome, decided.around
    return NewEntry(
        application_id=decided.program.settings.id,
        profile_id=around.profile.id if around.profile else None,
        profile_version=around.profile.version if around.profile else 0,
        profile_integration_id=occasion.profile_id,
        profile_changes=encode_text({**occasion.profile_attributes, **changes(outcome, "Profile")}),
        now=occasion.now,
        type=facts.event,
        session_id=around.session.id if around.session else None,
        revision=decided.program.revision,
        judged_at=occasion.judged_at,
        facts=encode_text(facts),
        effects=encode_text(outcome.effects),
        response_content=list(occasion.wanted),
        session_erasures=around.session.erasures if around.session else 0,
    )


def _advanced(occasion: Occasion, decided: Decided, event_id: int) -> EventV3:
    session_id = occasion.session_id or UNSET
    return EventV3(
        connected_session_id=session_id,
        connected_session_id_of_25=session_id,
        id=event_id,
        created=occasion.now,
        application_id=decided.program.settings.id,
        profile_id=occasion.profile_id,
        store_integration_id=occasion.store_integration_id or UNSET,
        type=occasion.type,
        attributes=decided.facts.event_attributes,
        integration_id=occasion.integration_id,
        effects=[],
        previous_event_id=occasion.previous_event_id or UNSET,
    )
