"""An Outcome becomes rows: the only place. The caller decides whether that happens in a transaction of its own."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from guerdon.db import counters, customer_sessions
from guerdon.db.customer_sessions import Read, Write, Written
from guerdon.db.pool import Connection
from guerdon.engine.effects import Effect
from guerdon.engine.facts import Facts
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program
from guerdon.engine.uses import DISCOUNTS
from guerdon.flows.merge import CANCELLED, CLOSED, REVOKED, Merged
from guerdon.wire.base import encode_text


async def commit(
    conn: Connection,
    decided: tuple[Program, Merged, Facts, Outcome],
    around: Read,
    *,
    holding: Sequence[Effect],
    now: datetime,
    judged_at: datetime,
    response_content: list[str],
) -> Written:
    """Write what was decided: customer, session and log entry, and for a session that closes or is taken back
    the counters. `holding` are the effects that hold from now on; the outcome's own, but for a cancellation.
    Raises Conflict when the session changed since it was read."""
    program, merged, facts, outcome = decided
    application_id = program.settings.id
    stored = around.session
    total = stored.total if stored and facts.event in (CANCELLED, REVOKED) else facts.session.total
    effects = encode_text(outcome.effects)
    written = await customer_sessions.write(
        conn,
        Write(
            application_id=application_id,
            session_id=stored.id if stored else None,
            integration_id=facts.session.integration_id,
            profile_id=around.profile.id if around.profile and merged.profile_id else None,
            profile_integration_id=merged.profile_id,
            profile_changes=encode_text(changes(outcome, "Profile")),
            closed_sessions=SESSIONS_CLOSED.get(facts.event, 0),
            sales=total * SESSIONS_CLOSED.get(facts.event, 0),
            now=now,
            store_integration_id=merged.store_integration_id,
            state=merged.state,
            first_session=facts.session.first_session,
            coupon_codes=merged.coupon_codes,
            coupon_keys=program.needs("", merged.coupon_codes).coupon_keys,
            referral_code=merged.referral_code,
            content=encode_text(merged.content),
            effects=effects if holding is outcome.effects else encode_text(holding),
            total=total,
            total_discounts=discounted(outcome),
            update_count=stored.update_count if stored else 0,
            event=facts.event,
            revision=program.revision,
            judged_at=judged_at,
            facts=encode_text(facts),
            event_effects=effects,
            response_content=response_content,
        ),
    )
    if facts.event in SESSIONS_CLOSED:
        await _count(conn, application_id, outcome, written, now)
    return written


# What an event does to the customer's closed sessions and, times the session's total, to their sales.
SESSIONS_CLOSED = {CLOSED: 1, REVOKED: -1}


async def _count(conn: Connection, application_id: int, outcome: Outcome, written: Written, now: datetime) -> None:
    redeemed = [use for use in outcome.coupon_uses if use.redemptions > 0]
    if redeemed:
        owner = (application_id, written.session_id, written.profile_id)
        await counters.add_redemptions(conn, owner, redeemed, now)
    elif outcome.coupon_uses:
        await counters.roll_back_redemptions(conn, application_id, written.session_id, now)
    if outcome.coupon_uses:
        await counters.count_coupons(conn, application_id, outcome.coupon_uses)
    if outcome.campaign_uses:
        await counters.count_campaigns(conn, application_id, outcome.campaign_uses, now)


def changes(outcome: Outcome, entity: str) -> dict[str, Any]:
    """The new values of the session's or the profile's custom attributes."""
    return {change.name: change.value for change in outcome.attribute_changes if change.entity == entity}


def discounted(outcome: Outcome) -> Decimal:
    """The sum of all discounts."""
    return sum((one.props.value for one in outcome.effects if one.effect_type in DISCOUNTS), Decimal(0))
