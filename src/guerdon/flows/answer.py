"""What the shop reads back: the effects, and whatever else `responseContent` asks for (core.md §4.1)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import UNSET, Struct, UnsetType

from guerdon.db import campaigns, counters, returns, session_codes
from guerdon.db.counters import Uses
from guerdon.db.customer_sessions import CouponRow, StoredSession
from guerdon.db.paging import Page
from guerdon.db.pool import Connection
from guerdon.engine import money
from guerdon.engine.facts import Limit
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program, Settings
from guerdon.flows.commit import SESSIONS_CLOSED, Decided, Kept, changes, returned_items, sales, uses_of
from guerdon.flows.eligibility import eligibility_of
from guerdon.flows.merge import Merged, as_stored, lines_of
from guerdon.flows.preview import codes_to_be
from guerdon.wire.base import encode
from guerdon.wire.campaigns import Campaign
from guerdon.wire.coupons import IntegrationCoupon
from guerdon.wire.customer_sessions import CustomerSessionV2, IntegrationStateV2, Return
from guerdon.wire.customers import CustomerProfile
from guerdon.wire.events import Event
from guerdon.wire.limits import LimitConfig
from guerdon.wire.loyalty import Loyalty
from guerdon.wire.referrals import InventoryReferral


async def answer(conn: Connection, decided: Decided, kept: Kept | None, wanted: Sequence[str]) -> bytes:
    """The JSON of the answer; `kept` is None when the request was dry."""
    return encode(await state_of(conn, decided, kept, wanted))


async def state_of(conn: Connection, decided: Decided, kept: Kept | None, wanted: Sequence[str]) -> IntegrationStateV2:
    """The answer, before it is JSON."""
    outcome = decided.outcome
    made, invited = (kept.coupons, kept.referrals) if kept else codes_to_be(outcome, decided.now)
    state = IntegrationStateV2(effects=list(outcome.effects), created_coupons=made, created_referrals=invited)
    for name in wanted:
        if name == "customerSession":
            state.customer_session = _session(decided, kept)
        elif name == "customerProfile":
            state.customer_profile = _profile(decided, kept)
        elif name == "coupons":
            state.coupons = await _coupons(conn, decided, kept)
        elif name == "triggeredCampaigns":
            state.triggered_campaigns = await triggered(conn, decided.program, outcome, decided.now)
        elif name == "event":
            state.event = _event(decided, kept)
        elif name == "ruleFailureReasons":
            state.rule_failure_reasons = list(outcome.failures)
        elif name == "campaignEligibility" and kept is None:
            state.campaign_eligibility = eligibility_of(decided.program, outcome)
        elif name == "loyalty":
            state.loyalty = Loyalty(programs={})
        else:
            await _rest(conn, decided, state, name)
    return state


async def _rest(conn: Connection, decided: Decided, state: IntegrationStateV2, name: str) -> None:
    """What is rarely asked for."""
    if name == "previousReturns":
        state.previous_returns = await _returns(conn, decided)
    elif name == "referral":
        state.referral = await _referral(conn, decided)
    elif name in EMPTY:
        setattr(state, EMPTY[name], [])


# What these hold is not there yet; asked for, they are answered empty.
EMPTY = {"awardedGiveaways": "awarded_giveaways", "achievements": "achievements"}


async def triggered(conn: Connection, program: Program, outcome: Outcome, now: datetime) -> list[Campaign]:
    """The campaigns of which a rule succeeded."""
    scope = (program.settings.account_id, program.settings.id, now)
    found, _ = await campaigns.list_campaigns(conn, scope, {"ids": list(outcome.triggered_campaign_ids)}, Page())
    return found


def _session(decided: Decided, kept: Kept | None) -> CustomerSessionV2:
    merged, facts, around = decided.merged, decided.facts, decided.around
    session, stored = facts.session, around.session
    count = stored.update_count if stored else 0
    known = Known(
        id=kept.session_id if kept else stored.id if stored else 0,
        application_id=decided.program.settings.id,
        integration_id=session.integration_id,
        created=session.created,
        updated=session.updated,
        first_session=session.first_session,
        update_count=count + 1 if kept else max(count, 1),
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


def stored_session(stored: StoredSession, integration_id: str, settings: Settings) -> CustomerSessionV2:
    """A session as it is stored, for a plain read."""
    merged = as_stored(stored, stored.state)
    content = merged.content
    costs = [] if content.additional_costs is UNSET else [cost.price for cost in content.additional_costs.values()]
    known = Known(
        id=stored.id,
        application_id=settings.id,
        integration_id=integration_id,
        created=stored.created,
        updated=stored.updated,
        first_session=stored.first_session,
        update_count=stored.update_count,
    )
    return session_of(known, merged, money.totals(lines_of(content), costs))


def _profile(decided: Decided, kept: Kept | None) -> CustomerProfile | UnsetType:
    """The customer after the request; nothing for an anonymous session."""
    facts, around = decided.facts, decided.around
    if facts.profile is None:
        return UNSET
    stored_id = around.profile.id if around.profile else 0
    return CustomerProfile(
        id=kept.profile_id or stored_id if kept else stored_id,
        created=facts.profile.created,
        integration_id=facts.profile.integration_id,
        attributes=attributes_after(facts.profile.attributes, changes(decided.outcome, "Profile") if kept else {}),
        account_id=decided.program.settings.account_id,
        closed_sessions=facts.profile.closed_sessions + (SESSIONS_CLOSED.get(facts.event, 0) if kept else 0),
        total_sales=money.plain(facts.profile.total_sales + (sales(decided) if kept else 0)),
        audience_memberships=[],
        last_activity=decided.now if kept else facts.profile.last_activity,
        sandbox=decided.program.settings.sandbox,
    )


def _profile_id(decided: Decided, kept: Kept | None) -> int | None:
    """The id of the customer, if there is one."""
    known = decided.around.profile
    return kept.profile_id if kept else known.id if known else None


def attributes_after(attributes: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Attributes with what the rules wrote; null cleared one."""
    return {name: value for name, value in {**attributes, **changed}.items() if value is not None}


async def _coupons(conn: Connection, decided: Decided, kept: Kept | None) -> list[IntegrationCoupon]:
    """The session's codes that exist, with their counters and attributes after the request."""
    redeemed: dict[int, int] = {}
    profile_id = _profile_id(decided, kept)
    rows = {row.id: row for row in decided.around.coupons}
    if profile_id is not None and rows:
        settings = decided.program.settings
        redeemed = await counters.profile_redemptions(conn, settings.id, profile_id, list(rows))
    counted = uses_of(decided.facts, decided.outcome) if kept else Uses()
    uses = {use.coupon_id: use for use in counted.coupons}
    found = []
    for coupon in decided.facts.coupons:
        row, use = rows[coupon.id], uses.get(coupon.id)
        if use is not None:
            row.usage_counter += use.redemptions
            row.discount_counter += use.discount
        row.reservation_counter += counted.reserved.get(row.id, 0)
        row.attributes = attributes_after(row.attributes, changes(decided.outcome, "Coupon", row.id) if kept else {})
        found.append(_coupon(row, redeemed.get(row.id, 0)))
    return found


async def _referral(conn: Connection, decided: Decided) -> InventoryReferral | UnsetType:
    """The referral of the session, as it is after the request; nothing where its code is none."""
    settings, code = decided.program.settings, decided.merged.referral_code
    found = await session_codes.find_inventory_referral(conn, settings.id, settings.fold(code)) if code else None
    return UNSET if found is None else found


def return_of(decided: Decided, kept: Kept | None) -> Return:
    """What this request returned."""
    settings, facts, stored = decided.program.settings, decided.facts, decided.around.session
    profile_id = _profile_id(decided, kept)
    return Return(
        id=kept.return_id if kept else 0,
        created=decided.now,
        application_id=settings.id,
        account_id=settings.account_id,
        returned_cart_items=returned_items(facts),
        event_id=kept.event_id if kept else 0,
        session_id=stored.id if stored else 0,
        session_integration_id=facts.session.integration_id,
        profile_id=UNSET if profile_id is None else profile_id,
        profile_integration_id=facts.session.profile_id or UNSET,
    )


async def _returns(conn: Connection, decided: Decided) -> list[Return]:
    stored = decided.around.session
    if stored is None:
        return []
    settings = decided.program.settings
    return await returns.list_returns(conn, (settings.account_id, settings.id), stored.id)


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
        limits=[_limit(limit) for limit in row.limits],
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


def _limit(limit: Limit) -> LimitConfig:
    return LimitConfig(
        action=limit.action,
        limit=limit.limit,
        period=cast("Any", limit.period) or UNSET,
        entities=cast("Any", list(limit.entities)),
    )


def _event(decided: Decided, kept: Kept | None) -> Event:
    session = decided.facts.session
    return Event(
        id=kept.event_id if kept else 0,
        created=decided.now,
        application_id=decided.program.settings.id,
        profile_id=decided.facts.profile.integration_id if decided.facts.profile else UNSET,
        store_integration_id=session.store_integration_id or UNSET,
        type=decided.facts.event,
        attributes=decided.facts.event_attributes,
        session_id=session.integration_id or UNSET,
        effects=[],
        ledger_entries=[],
    )
