"""A request's members over the stored session (core.md §3.3), the checks on them, and the facts they make."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType, structs

from guerdon.db.customer_sessions import CouponRow, Read, StoredProfile, StoredSession
from guerdon.db.session_codes import AdvocateRow, FoundReferral
from guerdon.engine import money
from guerdon.engine.attributes import check_attributes, escaped
from guerdon.engine.facts import ZERO, CartItem, Coupon, Facts, Profile, Referral, Session
from guerdon.engine.program import Program
from guerdon.errors import INVALID_DATA, Invalid, Problem
from guerdon.wire import customer_sessions as wire
from guerdon.wire.customer_sessions import BesideCart, NewCustomerSessionV2, SessionContent

STATES = ("open", "closed", "cancelled")
MOST_UNITS = 10_000
ENTITIES = {"session": "CustomerSession", "item": "CartItem"}
CREATED, UPDATED = "talon_session_created", "talon_session_updated"
CLOSED, CANCELLED, REVOKED = "talon_session_closed", "talon_session_cancelled", "talon_session_revoked"
REOPENED, RETURNED = "talon_session_reopened", "talon_session_partially_returned"


class Merged(Struct, frozen=True, kw_only=True):
    """The session as the request wants it."""

    state: str
    profile_id: str
    store_integration_id: str
    coupon_codes: tuple[str, ...]
    referral_code: str
    content: SessionContent


def merge(stored: StoredSession | None, new: NewCustomerSessionV2, fold: Callable[[str], str]) -> Merged:
    """Members that the request names replace those stored; attributes are merged key by key. A code that comes
    twice, by the Application's way to `fold` codes, is one code."""
    old, cart = _kept(stored, new)
    codes: dict[str, str] = {}
    for code in _given(new.coupon_codes, stored.coupon_codes if stored else ()):
        codes.setdefault(fold(code), code)
    return Merged(
        state=_given(new.state, "open"),
        profile_id=_given(new.profile_id, stored.profile_integration_id if stored else ""),
        store_integration_id=_given(new.store_integration_id, stored.store_integration_id if stored else ""),
        coupon_codes=tuple(codes.values()),
        referral_code=_given(new.referral_code, stored.referral_code if stored else ""),
        content=SessionContent(
            loyalty_cards=_given(new.loyalty_cards, old.loyalty_cards),
            cart_items=cart,
            experiment_variant_allocations=_given(
                new.experiment_variant_allocations, old.experiment_variant_allocations
            ),
            additional_costs=_given(new.additional_costs, old.additional_costs),
            identifiers=_given(new.identifiers, old.identifiers),
            attributes=merged_attributes(old.attributes, new.attributes),
        ),
    )


def _kept(stored: StoredSession | None, new: NewCustomerSessionV2) -> tuple[BesideCart, list[wire.CartItem]]:
    """What is stored beside the cart, and the cart: that of the request, or else the stored one."""
    if new.cart_items is not UNSET:
        return stored.beside_cart if stored else BesideCart(), _numbered(new.cart_items)
    content = stored.content if stored else SessionContent()
    return content, content.cart_items


def as_stored(stored: StoredSession, state: str) -> Merged:
    """The session as it is, but for its state."""
    return Merged(
        state=state,
        profile_id=stored.profile_integration_id,
        store_integration_id=stored.store_integration_id,
        coupon_codes=stored.coupon_codes,
        referral_code=stored.referral_code,
        content=stored.content,
    )


def _given(value: Any, otherwise: Any) -> Any:
    return otherwise if value is UNSET else value


def merged_attributes(old: dict[str, Any], new: dict[str, Any] | UnsetType) -> dict[str, Any]:
    """Attributes with those that a request names: null removes one."""
    if new is UNSET:
        return old
    return {name: value for name, value in {**old, **new}.items() if value is not None}


def _numbered(items: list[wire.CartItem]) -> list[wire.CartItem]:
    """The lines as they are kept: what the server computes is set here, whatever the client sent for it."""
    return [
        wire.CartItem(
            name=item.name,
            sku=item.sku,
            quantity=item.quantity,
            price=item.price,
            category=item.category,
            product=item.product,
            weight=item.weight,
            height=item.height,
            width=item.width,
            length=item.length,
            attributes=item.attributes if item.attributes is UNSET else merged_attributes({}, item.attributes),
            additional_costs=item.additional_costs,
            position=position,
            returned_quantity=0,
            remaining_quantity=item.quantity,
        )
        for position, item in enumerate(items)
    ]


def event_of(stored: StoredSession | None, state: str) -> str:
    """The built-in event of a transition; raises Invalid for one that is not allowed (core.md §3.1)."""
    if state not in STATES:
        listed = ", ".join(f'"{one}"' for one in STATES)
        raise Invalid(errors=[Problem.at("/state", "enum", f"state must be one of the following: {listed}")])
    if stored is None:
        if state == "cancelled":
            raise Invalid('Cannot move session to state "cancelled": there is no such session')
        return CLOSED if state == "closed" else CREATED
    if stored.state == "open":
        return {"open": UPDATED, "closed": CLOSED, "cancelled": CANCELLED}[state]
    if stored.state in ("closed", "partially_returned") and state == "cancelled":
        return REVOKED
    raise Invalid(f'Cannot move session to state "{state}" from state "{stored.state}"')


def check(new: NewCustomerSessionV2, program: Program) -> None:
    """Raise Invalid with everything that is wrong with the request's members, by itself."""
    problems: list[Problem] = []
    items = [] if new.cart_items is UNSET else new.cart_items
    if sum(item.quantity for item in items) > MOST_UNITS:
        problems.append(Problem.at("/cartItems", "maximum", f"the sum of quantities must be at most {MOST_UNITS}"))
    for index, item in enumerate(items):
        problems += _check_item(item, f"/cartItems/{index}", program)
    if new.additional_costs is not UNSET:
        problems += _check_costs(new.additional_costs, "/additionalCosts", "session", program)
    if new.attributes is not UNSET:
        problems += _attributes(new.attributes, "CustomerSession", program, "/attributes")
    if problems:
        raise Invalid(INVALID_DATA, problems)


def _check_item(item: wire.CartItem, pointer: str, program: Program) -> list[Problem]:
    problems = []
    if item.price is UNSET:
        problems.append(Problem.at(f"{pointer}/price", "required", "price is required: the SKU is in no catalog"))
    for name in ("price", "weight", "height", "width", "length"):
        value = getattr(item, name)
        if value is not UNSET and value < 0:
            problems.append(Problem.at(f"{pointer}/{name}", "minimum", f"{name} must be at least 0"))
    if item.additional_costs is not UNSET:
        problems += _check_costs(item.additional_costs, f"{pointer}/additionalCosts", "item", program)
    if item.attributes is not UNSET:
        problems += _attributes(item.attributes, "CartItem", program, f"{pointer}/attributes")
    return problems


def _check_costs(costs: dict[str, wire.AdditionalCost], pointer: str, on: str, program: Program) -> list[Problem]:
    """Additional costs are defined, for sessions or items (`on`), and not negative."""
    problems = []
    for name, cost in costs.items():
        place = f"{pointer}/{escaped(name)}"
        known = program.library.additional_costs.get(name)
        if known is None or not known.may_stand(on):
            details = f'The additional cost "{name}" is not defined on {ENTITIES[on]} entities.'
            problems.append(Problem.at(place, "Unknown", details))
        if cost.price < 0:
            problems.append(Problem.at(f"{place}/price", "minimum", "price must be at least 0"))
    return problems


def _attributes(values: dict[str, Any], entity: str, program: Program, pointer: str) -> list[Problem]:
    found = check_attributes(values, entity, program.definitions, pointer)
    return [Problem.at(one.pointer, one.title, one.details) for one in found]


def facts_of(event: str, integration_id: str, merged: Merged, around: Read, program: Program, now: datetime) -> Facts:
    """What the rules may look at; the referral that the session names is added by `with_referral`."""
    return Facts(
        event=event,
        session=session_facts(integration_id, merged, around, now),
        profile=customer(merged.profile_id, around.profile, now) if merged.profile_id else None,
        coupons=_coupons(merged.coupon_codes, around.coupons, program),
        store=program.library.stores.get(merged.store_integration_id),
        kept_codes=around.session.kept_codes if around.session else (),
    )


def with_referral(facts: Facts, found: FoundReferral) -> Facts:
    """The facts with the referral that the session's code names, and who made it."""
    row, advocate = found.referral, found.advocate
    referral = Referral(
        id=row.id,
        campaign_id=row.campaign_id,
        code=facts.session.referral_code,
        value=row.value,
        usage_limit=row.usage_limit,
        usage_counter=row.usage_counter,
        start_date=row.start_date,
        expiry_date=row.expiry_date,
        advocate_integration_id=row.advocate_integration_id,
        friend_integration_id=row.friend_integration_id,
        attributes=row.attributes,
        already_referred=found.already_referred,
    )
    return structs.replace(facts, referral=referral, advocate=None if advocate is None else profile_of(advocate))


def profile_of(row: StoredProfile | AdvocateRow) -> Profile:
    """A stored customer, as rules see them."""
    return Profile(
        integration_id=row.integration_id,
        created=row.created,
        last_activity=row.last_activity,
        closed_sessions=row.closed_sessions,
        total_sales=row.total_sales,
        attributes=row.attributes,
        id=row.id,
    )


def session_facts(integration_id: str, merged: Merged, around: Read, now: datetime) -> Session:
    """The session, as rules see it."""
    content = merged.content
    items = lines_of(content)
    costs = {} if content.additional_costs is UNSET else {n: c.price for n, c in content.additional_costs.items()}
    sums = money.totals(items, costs.values())
    stored = around.session
    return Session(
        integration_id=integration_id,
        state=merged.state,
        profile_id=merged.profile_id,
        store_integration_id=merged.store_integration_id,
        coupon_codes=merged.coupon_codes,
        referral_code=merged.referral_code,
        identifiers=tuple(_given(content.identifiers, ())),
        loyalty_cards=tuple(_given(content.loyalty_cards, ())),
        cart_items=items,
        additional_costs=costs,
        attributes=content.attributes,
        first_session=_first_session(merged, around),
        created=stored.created if stored else now,
        updated=now,
        cart_item_total=sums.cart_items,
        additional_cost_total=sums.additional_costs,
        cart_item_additional_cost_total=sums.cart_item_additional_costs,
        total=sums.total,
    )


def _first_session(merged: Merged, around: Read) -> bool:
    """Decided when the session is first linked to the customer, and again when it is linked to another."""
    if not merged.profile_id:
        return True
    if around.session and around.session.profile_integration_id == merged.profile_id:
        return around.session.first_session
    return not around.has_other_sessions


def lines_of(content: SessionContent) -> tuple[CartItem, ...]:
    """The lines of the cart, as rules see them."""
    return tuple(_item(item, position) for position, item in enumerate(content.cart_items))


def _item(item: wire.CartItem, position: int) -> CartItem:
    return CartItem(
        position=position,
        sku=item.sku,
        quantity=item.quantity,
        returned_quantity=_given(item.returned_quantity, 0),
        price=item.price if item.price is not UNSET else ZERO,  # check() refuses a missing price
        name=_given(item.name, None),
        category=_given(item.category, None),
        product=None if item.product is UNSET else item.product.name,
        weight=_given(item.weight, None),
        height=_given(item.height, None),
        width=_given(item.width, None),
        length=_given(item.length, None),
        attributes=_given(item.attributes, {}),
        additional_costs={}
        if item.additional_costs is UNSET
        else {n: c.price for n, c in item.additional_costs.items()},
    )


def customer(integration_id: str, stored: StoredProfile | None, now: datetime) -> Profile:
    """The customer; one that does not exist yet is created with the request (core.md §3.4)."""
    if stored is not None:
        return profile_of(stored)
    return Profile(
        integration_id=integration_id, created=now, last_activity=now, closed_sessions=0, total_sales=ZERO,
        attributes={},
    )  # fmt: skip


def _coupons(codes: Iterable[str], rows: list[CouponRow], program: Program) -> tuple[Coupon, ...]:
    by_key = {row.value: row for row in rows}
    found = []
    for code in codes:
        row = by_key.pop(program.settings.fold(code), None)
        if row is not None:
            found.append(_coupon(code, row))
    return tuple(found)


def _coupon(code: str, row: CouponRow) -> Coupon:
    return Coupon(
        id=row.id,
        campaign_id=row.campaign_id,
        code=code,
        value=row.value,
        usage_limit=row.usage_limit,
        usage_counter=row.usage_counter,
        discount_limit=row.discount_limit,
        discount_counter=row.discount_counter,
        start_date=row.start_date,
        expiry_date=row.expiry_date,
        recipient_integration_id=row.recipient_integration_id,
        is_reservation_mandatory=row.is_reservation_mandatory,
        implicitly_reserved=row.implicitly_reserved,
        batch_id=row.batch_id,
        attributes=row.attributes,
        limits=row.limits,
        reservation=row.reservation,
        reserved=row.reserved,
        reservation_limit=row.reservation_limit or 0,
        reservation_counter=row.reservation_counter,
    )
