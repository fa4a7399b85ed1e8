"""The first generation of the Integration API (V1): its requests and answers, over the flows of the second.

Sessions are the same ones, so that clients of both may work on them. A V1 answer has everything that a V2 client would
have to ask for; its effects are lists in the event: campaign, ruleset, rule, and the effect as a rule writes it.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar, cast

from msgspec import NODEFAULT, UNSET, Struct, UnsetType, structs

from guerdon.db import pool, v1_sessions
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.effects import EFFECT_TYPES, Effect
from guerdon.engine.uses import DISCOUNTS
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.flows.apply_event import Occasion, apply_event
from guerdon.flows.apply_session import Update, apply_session
from guerdon.flows.programs import Programs
from guerdon.flows.read_session import read_session
from guerdon.wire.base import decoder, encode
from guerdon.wire.coupons import Coupon, IntegrationCoupon
from guerdon.wire.customer_sessions import (
    CustomerSessionV2,
    IntegrationRequest,
    IntegrationStateV2,
    NewCustomerSessionV2,
)
from guerdon.wire.customers import CustomerProfile
from guerdon.wire.events import CouponRejectionReason, Event, Meta, ReferralRejectionReason
from guerdon.wire.v1 import CustomerSession, IntegrationState, NewCustomerProfile, NewCustomerSession, NewEvent

OF_CUSTOMER = ("customerProfile", "triggeredCampaigns", "loyalty", "event")
OF_SESSION: list[Any] = ["customerSession", "coupons", "referral", *OF_CUSTOMER]

# The arguments of each effect: the properties that it always has, in the contract's order.
ARGUMENTS = {
    name: [field.encode_name for field in structs.fields(kind) if field.default is NODEFAULT]
    for kind, name in EFFECT_TYPES.items()
}


STATES = ("open", "closed", "partially_returned", "cancelled")

Body = TypeVar("Body")


class V1Request(Struct, Generic[Body], frozen=True, kw_only=True):
    """A V1 request on the session or the customer of this id; times as in apply_session.Update."""

    key: IntegrationKey
    integration_id: str
    body: Body
    dry: bool
    now: datetime
    judged_at: datetime


async def apply_session_v1(
    connections: Any, programs: Programs, update: V1Request[NewCustomerSession]
) -> IntegrationState:
    """Judge and store as apply_session does, and with it, in one transaction, what only V1 clients say. Raises as it
    does."""
    async with pool.transaction(connections) as conn:
        asked = _update(update, _session_request(update.body))
        state = _read(await apply_session(pool.OneConnection(conn), programs, asked))
        session = cast("CustomerSessionV2", state.customer_session)
        total = None if update.body.total is UNSET else update.body.total
        discounts = _discounts(state.effects)
        if not update.dry:
            keeps = update.body.cart_items is UNSET
            total = await v1_sessions.put(conn, session, total, discounts, keeps_total=keeps)
    return _state(update, state, _session(session, total, discounts))


async def apply_profile_v1(
    connections: Any, programs: Programs, update: V1Request[NewCustomerProfile]
) -> IntegrationState:
    """Store the customer's attributes and run the rules, which V1 always does. Raises as apply_event does."""
    occasion = Occasion(
        key=update.key,
        profile_id=update.integration_id,
        profile_attributes=update.body.attributes or {},
        wanted=OF_CUSTOMER,
        dry=update.dry,
        now=update.now,
        judged_at=update.judged_at,
    )
    applied = await apply_event(connections, programs, occasion)
    return _state(update, _read(encode(applied.state)), _no_session(update, "", update.integration_id))


async def track_event_v1(connections: Any, programs: Programs, event: V1Request[NewEvent]) -> IntegrationState:
    """Judge a custom event of a session and its customer, if it has one; both come to be if they are not there. Raises
    as apply_event does, and Invalid where the session is another customer's."""
    async with pool.transaction(connections) as conn:
        one = pool.OneConnection(conn)
        stored = await _stored(conn, programs, event)
        profile_id = _customer(event.body, stored)
        if stored is None and not event.dry:
            opened = IntegrationRequest(customer_session=NewCustomerSessionV2(profile_id=profile_id))
            await apply_session(one, programs, _update(event, opened))
        occasion = Occasion(
            key=event.key,
            profile_id=profile_id,
            type=event.body.type,
            event_attributes=event.body.attributes,
            session_id="" if stored is None and event.dry else event.integration_id,
            session_states=STATES,
            store_integration_id=event.body.store_integration_id or "",
            wanted=OF_CUSTOMER,
            dry=event.dry,
            now=event.now,
            judged_at=event.judged_at,
        )
        applied = await apply_event(one, programs, occasion)
        shown = await _stored(conn, programs, event) or _no_session(event, event.integration_id, profile_id)
    return _state(event, _read(encode(applied.state)), shown)


def _update(request: V1Request[Any], body: IntegrationRequest) -> Update:
    return Update(
        key=request.key,
        integration_id=request.integration_id,
        body=body,
        dry=request.dry,
        now=request.now,
        judged_at=request.judged_at,
    )


def _read(content: bytes) -> IntegrationStateV2:
    """A V2 answer read again, so that the properties of all effects are plain."""
    state: IntegrationStateV2 = decoder(IntegrationStateV2).decode(content)
    return state


async def _stored(conn: Connection, programs: Programs, event: V1Request[NewEvent]) -> CustomerSession | None:
    """The session as it is, for a V1 client; None where there is none."""
    try:
        read = await read_session(conn, programs, event.key, event.integration_id, event.now)
    except NotFound:
        return None
    session = cast("CustomerSessionV2", read.customer_session)
    total = await v1_sessions.find_total(conn, session)
    return _session(session, total, _discounts(_given(read.effects)))


def _customer(event: NewEvent, stored: CustomerSession | None) -> str:
    """Whose event it is: the session's customer, who must be the one that the event names; empty for nobody."""
    of_session = stored.profile_id if stored else event.profile_id or ""
    if event.profile_id is not UNSET and event.profile_id != of_session:
        details = "the session belongs to another customer"
        raise Invalid(errors=[Problem.at("/profileId", "Invalid value", details)])
    return of_session


def _state(request: V1Request[Any], state: IntegrationStateV2, session: CustomerSession) -> IntegrationState:
    return IntegrationState(
        session=session,
        profile=_profile(state.customer_profile, request.key, session.created, request.now),
        event=_event(state),
        loyalty=state.loyalty,
        coupon=next((_coupon(one) for one in _given(state.coupons)), UNSET),
    )


def _session_request(new: NewCustomerSession) -> IntegrationRequest:
    """The same as a V2 request: its one coupon stands for all codes, and everything is to be answered."""
    session = NewCustomerSessionV2(
        profile_id=new.profile_id,
        coupon_codes=UNSET if new.coupon is UNSET else [new.coupon] if new.coupon else [],
        referral_code=new.referral,
        state=new.state,
        cart_items=new.cart_items,
        identifiers=new.identifiers,
        attributes=new.attributes,
    )
    return IntegrationRequest(customer_session=session, response_content=OF_SESSION)


def _session(session: CustomerSessionV2, total: Decimal | None, discounts: dict[str, Decimal]) -> CustomerSession:
    return CustomerSession(
        integration_id=session.integration_id,
        created=session.created,
        application_id=session.application_id,
        profile_id=session.profile_id,
        coupon=next(iter(_given(session.coupon_codes)), ""),
        referral=session.referral_code or "",
        state=session.state,
        cart_items=session.cart_items,
        identifiers=session.identifiers,
        total=session.total if total is None else total,
        attributes=session.attributes,
        first_session=session.first_session,
        update_count=session.update_count,
        discounts=discounts,
        updated=session.updated,
    )


def _no_session(request: V1Request[Any], integration_id: str, profile_id: str) -> CustomerSession:
    """An empty session where there is none, for a V1 answer cannot be without."""
    return CustomerSession(
        integration_id=integration_id,
        created=request.now,
        application_id=request.key.application_id,
        profile_id=profile_id,
        coupon="",
        referral="",
        state="open",
        cart_items=[],
        total=Decimal(0),
        attributes={},
        first_session=False,
        update_count=0,
        discounts={},
        updated=request.now,
    )


def _discounts(effects: Sequence[Effect]) -> dict[str, Decimal]:
    """The amount of each discount by its label; the last of a label is the one that counts (core.md §2.4)."""
    return {one.props["name"]: one.props["value"] for one in effects if one.effect_type in DISCOUNTS}


def _profile(
    profile: CustomerProfile | UnsetType, key: IntegrationKey, created: datetime, now: datetime
) -> CustomerProfile:
    """The customer; of an anonymous session an empty one, for a V1 answer cannot be without."""
    if profile is not UNSET:
        return profile
    return CustomerProfile(
        id=0,
        created=created,
        integration_id="",
        attributes={},
        account_id=key.account_id,
        closed_sessions=0,
        total_sales=Decimal(0),
        audience_memberships=[],
        last_activity=now,
    )


def _coupon(coupon: IntegrationCoupon) -> Coupon:
    values = structs.asdict(coupon)
    del values["profile_redemption_count"]
    return Coupon(**values)


def _event(state: IntegrationStateV2) -> Event:
    """The event with its effects, and what they do not say: attributes, and why a code was not accepted."""
    effects = [
        [one.campaign_id, one.ruleset_id, one.rule_index, [one.effect_type, *_arguments(one)]] for one in state.effects
    ]
    meta = Meta(
        campaigns={str(one.id): {"attributes": one.attributes or {}} for one in _given(state.triggered_campaigns)},
        coupons={one.value: {"attributes": one.attributes or {}} for one in _given(state.coupons)},
        warnings={},
    )
    for one in state.effects:
        if one.effect_type == "rejectCoupon" and meta.coupon_rejection_reason is UNSET:
            meta.coupon_rejection_reason = CouponRejectionReason(
                campaign_id=one.campaign_id,
                coupon_id=one.triggered_by_coupon or 0,
                reason=one.props["rejectionReason"],
            )
        elif one.effect_type == "rejectReferral":
            meta.referral_rejection_reason = ReferralRejectionReason(
                campaign_id=one.campaign_id,
                referral_id=state.referral.id if state.referral else 0,
                reason=one.props["rejectionReason"],
            )
    return structs.replace(cast("Event", state.event), effects=effects, ledger_entries=[], meta=meta)


def _arguments(effect: Effect) -> list[Any]:
    return [effect.props[name] for name in ARGUMENTS[effect.effect_type]]


def _given(values: Any) -> Any:
    return () if values is UNSET else values
