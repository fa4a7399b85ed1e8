"""What the shop reads back: the effects, and whatever else `responseContent` asks for (core.md §4.1)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import UNSET, Struct, UnsetType

from guerdon.db import campaigns, counters
from guerdon.db.customer_sessions import CouponRow, Read, StoredSession, Written
from guerdon.db.paging import Page
from guerdon.db.pool import Connection
from guerdon.engine import money
from guerdon.engine.facts import Facts
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program, Settings
from guerdon.flows.commit import SESSIONS_CLOSED, changes
from guerdon.flows.eligibility import eligibility_of
from guerdon.flows.merge import Merged
from guerdon.wire.base import encode
from guerdon.wire.coupons import IntegrationCoupon
from guerdon.wire.customer_sessions import CustomerSessionV2, IntegrationStateV2, SessionContent
from guerdon.wire.customers import CustomerProfile
from guerdon.wire.events import Event
from guerdon.wire.loyalty import Loyalty


class Decided(Struct, frozen=True):
    """A judged request: `written` is None when it was dry."""

    program: Program
    merged: Merged
    facts: Facts
    outcome: Outcome
    around: Read
    written: Written | None
    now: datetime

    @property
    def dry(self) -> bool:
        """Whether nothing of it was kept."""
        return self.written is None


async def answer(conn: Connection, decided: Decided, wanted: Sequence[str]) -> bytes:
    """The JSON of the answer."""
    outcome = decided.outcome
    state = IntegrationStateV2(effects=list(outcome.effects), created_coupons=[], created_referrals=[])
    for name in wanted:
        if name == "customerSession":
            state.customer_session = _session(decided)
        elif name == "customerProfile":
            state.customer_profile = _profile(decided)
        elif name == "coupons":
            state.coupons = await _coupons(conn, decided)
        elif name == "triggeredCampaigns":
            settings = decided.program.settings
            scope = (settings.account_id, settings.id, decided.now)
            wanted_ids = {"ids": list(outcome.triggered_campaign_ids)}
            state.triggered_campaigns, _ = await campaigns.list_campaigns(conn, scope, wanted_ids, Page())
        elif name == "event":
            state.event = _event(decided)
        elif name == "ruleFailureReasons":
            state.rule_failure_reasons = list(outcome.failures)
        elif name == "campaignEligibility" and decided.dry:
            state.campaign_eligibility = eligibility_of(decided.program, outcome)
        elif name == "loyalty":
            state.loyalty = Loyalty(programs={})
        elif name in ("awardedGiveaways", "previousReturns", "achievements"):
            setattr(state, EMPTY[name], [])
    return encode(state)


# What these hold is not there yet; asked for, they are answered empty.
EMPTY = {
    "awardedGiveaways": "awarded_giveaways",
    "previousReturns": "previous_returns",
    "achievements": "achievements",
}


def _session(decided: Decided) -> CustomerSessionV2:
    merged, facts, around = decided.merged, decided.facts, decided.around
    session, stored = facts.session, around.session
    count = stored.update_count if stored else 0
    known = Known(
        id=decided.written.session_id if decided.written else stored.id if stored else 0,
        application_id=decided.program.settings.id,
        integration_id=session.integration_id,
        created=session.created,
        updated=session.updated,
        first_session=session.first_session,
        update_count=count + 1 if decided.written else max(count, 1),
    )
    totals = money.Totals(
        session.cart_item_total,
        session.additional_cost_total,
        session.cart_item_additional_cost_total,
        session.total,
    )
    return session_of(known, merged, totals)


class Known(Struct, frozen=True, kw_only=True):
    """What the server knows of a session besides its members."""

    id: int
    application_id: int
    integration_id: str
    created: datetime
    updated: datetime
    first_session: bool
    update_count: int


def session_of(known: Known, merged: Merged, totals: money.Totals) -> CustomerSessionV2:
    """The session on the wire. What is unset is left out: strict clients refuse empty store ids."""
    content = merged.content
    return CustomerSessionV2(
        id=known.id,
        created=known.created,
        integration_id=known.integration_id,
        application_id=known.application_id,
        profile_id=merged.profile_id,
        store_integration_id=merged.store_integration_id or UNSET,
        coupon_codes=list(merged.coupon_codes) or UNSET,
        referral_code=merged.referral_code,
        loyalty_cards=content.loyalty_cards,
        state=cast("Any", merged.state),  # event_of() refused what is no state
        cart_items=content.cart_items,
        experiment_variant_allocations=content.experiment_variant_allocations,
        additional_costs=content.additional_costs,
        identifiers=content.identifiers,
        attributes=content.attributes,
        first_session=known.first_session,
        update_count=known.update_count,
        total=totals.total,
        cart_item_total=totals.cart_items,
        additional_cost_total=totals.additional_costs,
        cart_item_additional_cost_total=totals.cart_item_additional_costs,
        updated=known.updated,
    )


def stored_session(stored: StoredSession, integration_id: str, settings: Settings, items: Any) -> CustomerSessionV2:
    """A session as it is stored, for a plain read; `items` are the engine's lines, for the totals."""
    content: SessionContent = stored.content
    costs = [] if content.additional_costs is UNSET else [cost.price for cost in content.additional_costs.values()]
    merged = Merged(
        state=stored.state,
        profile_id=stored.profile_integration_id,
        store_integration_id=stored.store_integration_id,
        coupon_codes=stored.coupon_codes,
        referral_code=stored.referral_code,
        content=content,
    )
    known = Known(
        id=stored.id,
        application_id=settings.id,
        integration_id=integration_id,
        created=stored.created,
        updated=stored.updated,
        first_session=stored.first_session,
        update_count=stored.update_count,
    )
    return session_of(known, merged, money.totals(items, costs))


def _profile(decided: Decided) -> CustomerProfile | UnsetType:
    """The customer after the request; nothing for an anonymous session."""
    facts, around, written = decided.facts, decided.around, decided.written
    if facts.profile is None:
        return UNSET
    closed = SESSIONS_CLOSED.get(facts.event, 0) if written else 0
    moved = around.session.total if closed < 0 and around.session else facts.session.total
    stored_id = around.profile.id if around.profile else 0
    return CustomerProfile(
        id=written.profile_id or stored_id if written else stored_id,
        created=facts.profile.created,
        integration_id=facts.profile.integration_id,
        attributes={**facts.profile.attributes, **(changes(decided.outcome, "Profile") if written else {})},
        account_id=decided.program.settings.account_id,
        closed_sessions=facts.profile.closed_sessions + closed,
        total_sales=money.plain(facts.profile.total_sales + moved * closed),
        audience_memberships=[],
        last_activity=decided.now if written else facts.profile.last_activity,
        sandbox=decided.program.settings.sandbox,
    )


async def _coupons(conn: Connection, decided: Decided) -> list[IntegrationCoupon]:
    """The session's codes that exist, with their counters after the request."""
    redeemed: dict[int, int] = {}
    profile_id = decided.written.profile_id if decided.written else None
    rows = {row.id: row for row in decided.around.coupons}
    if profile_id is not None and rows:
        settings = decided.program.settings
        redeemed = await counters.profile_redemptions(conn, settings.id, profile_id, list(rows))
    counted = decided.written is not None and decided.facts.event in SESSIONS_CLOSED
    uses = {use.coupon_id: use for use in decided.outcome.coupon_uses} if counted else {}
    found = []
    for coupon in decided.facts.coupons:
        row, use = rows[coupon.id], uses.get(coupon.id)
        if use is not None:
            row.usage_counter += use.redemptions
            row.discount_counter += use.discount
        found.append(_coupon(row, redeemed.get(row.id, 0)))
    return found


def _coupon(row: CouponRow, profile_redemptions: int) -> IntegrationCoupon:
    limit = row.discount_limit
    return IntegrationCoupon(
        id=row.id,
        created=row.created,
        campaign_id=row.campaign_id,
        value=row.value,
        usage_limit=row.usage_limit,
        discount_limit=UNSET if limit is None else limit,
        reservation_limit=UNSET if row.reservation_limit is None else row.reservation_limit,
        start_date=row.start_date or UNSET,
        expiry_date=row.expiry_date or UNSET,
        usage_counter=row.usage_counter,
        discount_counter=money.plain(row.discount_counter),
        discount_remainder=UNSET if limit is None else money.plain(limit - row.discount_counter),
        reservation_counter=Decimal(row.reservation_counter),
        attributes=row.attributes,
        recipient_integration_id=row.recipient_integration_id or UNSET,
        reservation=row.reservation,
        batch_id=row.batch_id or UNSET,
        is_reservation_mandatory=row.is_reservation_mandatory,
        implicitly_reserved=row.implicitly_reserved,
        profile_redemption_count=profile_redemptions,
    )


def _event(decided: Decided) -> Event:
    session = decided.facts.session
    return Event(
        id=decided.written.event_id if decided.written else 0,
        created=decided.now,
        application_id=decided.program.settings.id,
        profile_id=session.profile_id or UNSET,
        store_integration_id=session.store_integration_id or UNSET,
        type=decided.facts.event,
        attributes={},
        session_id=session.integration_id,
        effects=[],
        ledger_entries=[],
    )
