"""An Outcome becomes rows: the only place. Nearly always that is one statement, its own transaction; codes, returns and
the attributes of others are further ones, then in a transaction around it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field, structs

from guerdon.db import customer_sessions, returns, session_codes
from guerdon.db.counters import Uses
from guerdon.db.customer_sessions import Read, Write, Written
from guerdon.db.pool import Connection
from guerdon.db.session_codes import AttributesOf
from guerdon.engine.effects import Effect
from guerdon.engine.facts import Facts, KeptCode
from guerdon.engine.limits import IMMEDIATE
from guerdon.engine.outcome import CampaignUse, Outcome
from guerdon.engine.program import Program
from guerdon.engine.uses import DISCOUNTS
from guerdon.flows.merge import CLOSED, REOPENED, RETURNED, REVOKED, Merged
from guerdon.wire.base import encode_text
from guerdon.wire.coupons import Coupon
from guerdon.wire.customer_sessions import ReturnedCartItem
from guerdon.wire.referrals import Referral

# What an event does to the customer's closed sessions; what it does to the counters of codes and campaigns is settled.
SESSIONS_CLOSED = {CLOSED: 1, REVOKED: -1, REOPENED: -1, RETURNED: 0}
OF_OTHERS = ("AdvocateProfile", "Coupon", "Referral")


class Decided(Struct, frozen=True):
    """A judged request: what it was judged from, and what came of it."""

    program: Program
    merged: Merged
    facts: Facts
    outcome: Outcome
    around: Read
    now: datetime
    judged_at: datetime


class Kept(Struct, frozen=True):
    """What was kept of a request: ids, and the codes that came to be with it."""

    session_id: int = 0
    profile_id: int | None = None
    event_id: int = 0
    coupons: list[Coupon] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    return_id: int = 0


async def commit(conn: Connection, decided: Decided, response_content: list[str]) -> Kept:
    """Write what was decided: customer, session and log entry, codes and counters. Raises Conflict when an open session
    changed since it was read, and Retry when anything did that a request which counts depends on."""
    program, facts, outcome = decided.program, decided.facts, decided.outcome
    known = _known(decided)
    if not shares(facts, outcome):
        return _kept(await customer_sessions.write(conn, _write(decided, response_content, None), known))
    profile = decided.around.profile
    new = _write(decided, response_content, profile.version if profile else 0)
    uses = uses_of(facts, outcome)
    if not leaves_more(facts, outcome):
        return _kept(await customer_sessions.settle(conn, new, known, uses))
    async with conn.transaction():
        # Before the counters, which others wait for: rows of codes and of the advocate are rarely anybody else's.
        made = await commit_codes(conn, program, facts, outcome, decided.now)
        written = await customer_sessions.settle(conn, new, known, uses)
        owner = (program.settings.id, written.session_id, written.profile_id)
        if uses.reserved and written.profile_id is not None:
            await session_codes.reserve(conn, program.settings.id, list(uses.reserved), written.profile_id, decided.now)
        return_id = 0
        if facts.event == RETURNED:
            items = returned_items(facts)
            return_id = await returns.add_return(conn, owner, written.event_id, items, decided.now)
    return Kept(written.session_id, written.profile_id, written.event_id, *made, return_id)


def _known(decided: Decided) -> bool:
    """Whether session and customer are stored already, as each other's, and there is no advocate."""
    stored, profile = decided.around.session, decided.around.profile
    same = stored is not None and profile is not None and stored.profile_integration_id == profile.integration_id
    return same and decided.merged.profile_id != "" and decided.facts.advocate is None


def leaves_more(facts: Facts, outcome: Outcome) -> bool:
    """Whether rows are written beside those of the session, the customer and the counters."""
    return (
        facts.event == RETURNED
        or bool(outcome.created_codes or outcome.immediate_uses)
        or any(change.entity in OF_OTHERS for change in outcome.attribute_changes)
    )


def _kept(written: Written) -> Kept:
    return Kept(written.session_id, written.profile_id, written.event_id)


async def commit_codes(
    conn: Connection, program: Program, facts: Facts, outcome: Outcome, now: datetime
) -> tuple[list[Coupon], list[Referral]]:
    """Codes that rules made, which are returned, and attributes of codes and of the advocate."""
    application_id = program.settings.id
    made: tuple[list[Coupon], list[Referral]] = ([], [])
    if outcome.created_codes:
        made = await session_codes.add_created(conn, application_id, outcome.created_codes, now)
    for one in _changes_of_others(facts, outcome):
        await session_codes.update_attributes(conn, application_id, one)
    return made


def returned_items(facts: Facts) -> list[ReturnedCartItem]:
    """The units that the request returns, line by line."""
    return [ReturnedCartItem(position=one.position, quantity=one.count) for one in facts.returned]


def shares(facts: Facts, outcome: Outcome) -> bool:
    """Whether anything is written that other sessions depend on."""
    return (
        facts.event in SESSIONS_CLOSED
        or bool(outcome.created_codes or outcome.immediate_uses)
        or any(change.entity not in ("Session", "Item") for change in outcome.attribute_changes)
        or any(use.action in IMMEDIATE for use in outcome.limit_uses)
    )


def uses_of(facts: Facts, outcome: Outcome) -> Uses:
    """What the request counts: all of it where the session settles, else what counts at once."""
    settles = facts.event in SESSIONS_CLOSED or facts.final
    limits = outcome.limit_uses
    return Uses(
        coupons=outcome.coupon_uses if settles else (),
        referrals=outcome.referral_uses if settles else (),
        limits=limits if settles else tuple(use for use in limits if use.action in IMMEDIATE),
        campaigns=_added(outcome.campaign_uses, outcome.immediate_uses) if settles else outcome.immediate_uses,
        reserved=_reserved(outcome),
    )


def _added(*several: Sequence[CampaignUse]) -> tuple[CampaignUse, ...]:
    """The uses of each campaign in one, in the order of the locks."""
    sums: dict[int, dict[str, Any]] = {}
    for use in (use for uses in several for use in uses):
        counted = sums.setdefault(use.campaign_id, {})
        for name, value in structs.asdict(use).items():
            if name != "campaign_id":
                counted[name] = counted.get(name, 0) + value
    return tuple(CampaignUse(campaign_id=of, **counted) for of, counted in sorted(sums.items()))


def _reserved(outcome: Outcome) -> dict[int, int]:
    """The coupons that are newly reserved, with how often."""
    found: dict[int, int] = {}
    for effect in outcome.effects:
        if effect.effect_type == "reserveCoupon" and effect.props.is_new_reservation:
            coupon_id = effect.triggered_by_coupon
            if isinstance(coupon_id, int):
                found[coupon_id] = found.get(coupon_id, 0) + 1
    return found


def _changes_of_others(facts: Facts, outcome: Outcome) -> list[AttributesOf]:
    """New attributes of coupons, the referral and the advocate."""
    known: dict[tuple[str, int | None], tuple[int | str, dict[str, Any]]] = {
        ("Coupon", one.id): (one.id, one.attributes) for one in facts.coupons
    }
    if facts.referral is not None:
        known["Referral", None] = (facts.referral.id, facts.referral.attributes)
    if facts.advocate is not None:
        known["AdvocateProfile", None] = (facts.advocate.integration_id, facts.advocate.attributes)
    found: dict[tuple[str, int | None], dict[str, Any]] = {}
    for change in outcome.attribute_changes:
        place = (change.entity, None if change.id is UNSET else change.id)
        if place in known:
            found.setdefault(place, {})[change.name] = change.value
    return [
        AttributesOf(entity=place[0], key=known[place][0], seen=known[place][1], changes=changes)
        for place, changes in found.items()
    ]


def _write(decided: Decided, response_content: list[str], profile_version: int | None) -> Write:
    """The row of the session, of its customer and of the log."""
    program, merged, facts, outcome, around = (
        decided.program, decided.merged, decided.facts, decided.outcome, decided.around
    )  # fmt: skip
    stored = around.session
    effects = encode_text(outcome.effects)
    return Write(
        application_id=program.settings.id,
        session_id=stored.id if stored else None,
        integration_id=facts.session.integration_id,
        profile_id=around.profile.id if around.profile and merged.profile_id else None,
        profile_integration_id=merged.profile_id,
        profile_changes=encode_text(changes(outcome, "Profile")),
        closed_sessions=SESSIONS_CLOSED.get(facts.event, 0),
        sales=sales(decided),
        now=decided.now,
        store_integration_id=merged.store_integration_id,
        state=merged.state,
        first_session=facts.session.first_session,
        coupon_codes=merged.coupon_codes,
        coupon_keys=program.needs("", merged.coupon_codes).coupon_keys,
        referral_code=merged.referral_code,
        content=encode_text(merged.content),
        effects=effects if outcome.holding is outcome.effects else encode_text(outcome.holding),
        total=facts.session.total,
        total_discounts=discounted(outcome.holding),
        update_count=stored.update_count if stored else 0,
        event=facts.event,
        revision=program.revision,
        judged_at=decided.judged_at,
        facts=encode_text(facts),
        event_effects=effects,
        response_content=response_content,
        referral_key=program.settings.fold(merged.referral_code),
        kept_codes=encode_text(kept_codes(facts, outcome)),
        charged=encode_text(outcome.charged),
        profile_version=profile_version,
        session_erasures=stored.erasures if stored else 0,
        profile_erasures=around.profile.erasures if around.profile else 0,
        # The row of a customer who is their own advocate is written: it cannot be locked beside that.
        advocate_id=None if facts.advocate is None or facts.own_code else facts.advocate.id,
        advocate_erasures=around.advocate_erasures,
    )


def kept_codes(facts: Facts, outcome: Outcome) -> list[KeptCode]:
    """The codes that the session keeps: those it had, and those just made for it."""
    made = [
        KeptCode(
            kind=one.kind, ruleset_id=one.ruleset_id, rule_index=one.rule_index, code=one.code, recipient=one.recipient
        )
        for one in outcome.created_codes
        if one.in_session
    ]
    return [*facts.kept_codes, *made]


def sales(decided: Decided) -> Decimal:
    """What the request adds to the customer's sales: the totals of closed sessions, without returned items."""
    facts, stored = decided.facts, decided.around.session
    if facts.event == CLOSED:
        return facts.session.total
    if stored is None or facts.event not in SESSIONS_CLOSED:
        return Decimal(0)
    return facts.session.total - stored.total if facts.event == RETURNED else -stored.total


def written_into(merged: Merged, outcome: Outcome) -> Merged:
    """The session with the attributes that effects wrote into it and into its cart items."""
    of_items: dict[int, dict[str, Any]] = {}
    for change in outcome.attribute_changes:
        if change.entity == "Item" and change.id is not UNSET:
            of_items.setdefault(change.id, {})[change.name] = change.value
    of_session = changes(outcome, "Session")
    if not of_session and not of_items:
        return merged
    content = merged.content
    lines = [
        structs.replace(line, attributes=_with({} if line.attributes is UNSET else line.attributes, of_items[place]))
        if place in of_items
        else line
        for place, line in enumerate(content.cart_items)
    ]
    return structs.replace(
        merged,
        content=structs.replace(content, attributes=_with(content.attributes, of_session), cart_items=lines),
    )


def _with(attributes: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**attributes, **changed}.items() if value is not None}


def changes(outcome: Outcome, entity: str, of: int | UnsetType = UNSET) -> dict[str, Any]:
    """The new values of the custom attributes of the session, of the profile, or of the coupon `of` this id."""
    return {one.name: one.value for one in outcome.attribute_changes if one.entity == entity and one.id == of}


def discounted(effects: Sequence[Effect]) -> Decimal:
    """The sum of all discounts that hold; those that were stored have plain properties."""
    found = Decimal(0)
    for one in effects:
        if one.effect_type in DISCOUNTS:
            value = one.props["value"] if isinstance(one.props, dict) else one.props.value
            found += value if isinstance(value, Decimal) else Decimal(value)
    return found
