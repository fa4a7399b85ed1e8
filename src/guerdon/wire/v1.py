"""The contract's shapes of the first generation (V1): one coupon, one referral, everything in one answer; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Number, Wire
from guerdon.wire.coupons import Coupon
from guerdon.wire.customer_sessions import CartItem
from guerdon.wire.customers import CustomerProfile
from guerdon.wire.events import Event
from guerdon.wire.loyalty import Loyalty

ProfileId = Annotated[str, Meta(max_length=1000)]
Code = Annotated[str, Meta(max_length=100)]


class NewCustomerSession(Input, kw_only=True):
    """Contract schema `NewCustomerSession`."""

    profile_id: ProfileId | UnsetType = UNSET
    coupon: Code | UnsetType = UNSET
    referral: Code | UnsetType = UNSET
    state: str | UnsetType = UNSET
    cart_items: Annotated[list[CartItem], Meta(max_length=1000)] | UnsetType = UNSET
    identifiers: Annotated[list[Annotated[str, Meta(max_length=1000)]], Meta(max_length=5)] | UnsetType = UNSET
    total: Number | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


class NewCustomerProfile(Input, kw_only=True):
    """Contract schema `NewCustomerProfile`."""

    attributes: dict[str, Any] | UnsetType = UNSET


class NewEvent(Input, kw_only=True):
    """Contract schema `NewEvent`."""

    profile_id: ProfileId | UnsetType = UNSET
    store_integration_id: Annotated[str, Meta(min_length=1, max_length=1000)] | UnsetType = UNSET
    type: Annotated[str, Meta(min_length=1)]
    attributes: dict[str, Any]
    session_id: Annotated[str, Meta(min_length=1, max_length=1000)]


class CustomerSession(Wire, kw_only=True):
    """Contract schema `CustomerSession`."""

    integration_id: str
    created: datetime
    application_id: int
    profile_id: str
    coupon: str
    referral: str
    state: Literal["open", "closed", "partially_returned", "cancelled"]
    cart_items: list[CartItem]
    identifiers: list[str] | UnsetType = UNSET
    total: Number
    attributes: dict[str, Any]
    first_session: bool
    update_count: int
    discounts: dict[str, Number]
    updated: datetime


class IntegrationState(Wire, kw_only=True):
    """Contract schema `IntegrationState`."""

    session: CustomerSession
    profile: CustomerProfile
    event: Event
    loyalty: Loyalty | UnsetType = UNSET
    coupon: Coupon | UnsetType = UNSET
