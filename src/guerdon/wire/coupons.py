"""The contract's shapes for coupons; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Input, Moment, Number, Wire
from guerdon.wire.customers import IntegrationId
from guerdon.wire.limits import LimitConfig


class NewCoupons(Input, kw_only=True):
    """Contract schema `NewCoupons`."""

    usage_limit: Annotated[int, Meta(ge=0, le=999999)]
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: Annotated[int, Meta(ge=0, le=999999)] | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    number_of_coupons: int
    unique_prefix: str | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    recipient_integration_id: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    valid_characters: list[str] | UnsetType = UNSET
    coupon_pattern: Annotated[str, Meta(min_length=3, max_length=100)] | UnsetType = UNSET
    is_reservation_mandatory: bool | UnsetType = UNSET
    implicitly_reserved: bool | UnsetType = UNSET
    support_request_id: int | UnsetType = UNSET
    support_request_note: str | UnsetType = UNSET


class NewCouponsForMultipleRecipients(Input, kw_only=True):
    """Contract schema `NewCouponsForMultipleRecipients`."""

    usage_limit: Annotated[int, Meta(ge=0, le=999999)]
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: Annotated[int, Meta(ge=0, le=999999)] | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    recipients_integration_ids: Annotated[
        list[Annotated[str, Meta(max_length=1000)]], Meta(min_length=1, max_length=1000)
    ]
    valid_characters: list[str] | UnsetType = UNSET
    coupon_pattern: Annotated[str, Meta(min_length=3, max_length=100)] | UnsetType = UNSET


class UpdateCoupon(Input, kw_only=True):
    """Contract schema `UpdateCoupon`."""

    usage_limit: Annotated[int, Meta(ge=0, le=999999)] | UnsetType = UNSET
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: Annotated[int, Meta(ge=0, le=999999)] | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    recipient_integration_id: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    is_reservation_mandatory: bool | UnsetType = UNSET
    implicitly_reserved: bool | UnsetType = UNSET


class UpdateCouponBatch(Input, kw_only=True):
    """Contract schema `UpdateCouponBatch`."""

    usage_limit: Annotated[int, Meta(ge=0, le=999999)] | UnsetType = UNSET
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: Annotated[int, Meta(ge=0, le=999999)] | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    batch_id: str | UnsetType = field(default=UNSET, name="batchID")


class CouponReservations(Input, kw_only=True):
    """Contract schema `CouponReservations`."""

    integration_ids: Annotated[list[IntegrationId], Meta(max_length=1000)] = field(name="integrationIDs")


class Coupon(Wire, kw_only=True):
    """Contract schema `Coupon`."""

    id: int
    created: datetime
    campaign_id: int
    value: str
    usage_limit: int
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: int | UnsetType = UNSET
    start_date: datetime | UnsetType = UNSET
    expiry_date: datetime | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    usage_counter: int
    discount_counter: Number | UnsetType = UNSET
    discount_remainder: Number | UnsetType = UNSET
    reservation_counter: Number | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    referral_id: int | UnsetType = UNSET
    recipient_integration_id: str | UnsetType = UNSET
    import_id: int | UnsetType = UNSET
    reservation: bool | UnsetType = UNSET
    batch_id: str | UnsetType = UNSET
    is_reservation_mandatory: bool | UnsetType = UNSET
    implicitly_reserved: bool | UnsetType = UNSET


class IntegrationCoupon(Wire, kw_only=True):
    """Contract schema `IntegrationCoupon`."""

    id: int
    created: datetime
    campaign_id: int
    value: str
    usage_limit: int
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: int | UnsetType = UNSET
    start_date: datetime | UnsetType = UNSET
    expiry_date: datetime | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    usage_counter: int
    discount_counter: Number | UnsetType = UNSET
    discount_remainder: Number | UnsetType = UNSET
    reservation_counter: Number | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    referral_id: int | UnsetType = UNSET
    recipient_integration_id: str | UnsetType = UNSET
    import_id: int | UnsetType = UNSET
    reservation: bool | UnsetType = UNSET
    batch_id: str | UnsetType = UNSET
    is_reservation_mandatory: bool | UnsetType = UNSET
    implicitly_reserved: bool | UnsetType = UNSET
    profile_redemption_count: int


class InventoryCoupon(Wire, kw_only=True):
    """Contract schema `InventoryCoupon`."""

    id: int
    created: datetime
    campaign_id: int
    value: str
    usage_limit: int
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: int | UnsetType = UNSET
    start_date: datetime | UnsetType = UNSET
    expiry_date: datetime | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    usage_counter: int
    discount_counter: Number | UnsetType = UNSET
    discount_remainder: Number | UnsetType = UNSET
    reservation_counter: Number | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    referral_id: int | UnsetType = UNSET
    recipient_integration_id: str | UnsetType = UNSET
    import_id: int | UnsetType = UNSET
    reservation: bool | UnsetType = UNSET
    batch_id: str | UnsetType = UNSET
    is_reservation_mandatory: bool | UnsetType = UNSET
    implicitly_reserved: bool | UnsetType = UNSET
    profile_redemption_count: int
    state: Literal["active", "used", "expired", "pending", "disabled"]
