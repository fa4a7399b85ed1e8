"""The contract's shapes for coupons that are made and deleted in the background, and for searches; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Input, Moment, Number, Wire
from guerdon.wire.limits import CodeGeneratorSettings


class NewCouponCreationJob(Input, kw_only=True):
    """Contract schema `NewCouponCreationJob`."""

    usage_limit: Annotated[int, Meta(ge=0, le=999999)]
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: Annotated[int, Meta(ge=0, le=999999)] | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    number_of_coupons: Annotated[int, Meta(ge=1, le=5_000_000)]
    coupon_settings: CodeGeneratorSettings | UnsetType = UNSET
    attributes: dict[str, Any]
    is_reservation_mandatory: bool | UnsetType = UNSET


class AsyncCouponCreationResponse(Wire, kw_only=True):
    """Contract schema `AsyncCouponCreationResponse`."""

    batch_id: str


class CouponCreationJob(Wire, kw_only=True):
    """Contract schema `CouponCreationJob`."""

    id: int
    created: datetime
    campaign_id: int
    application_id: int
    account_id: int
    usage_limit: int
    discount_limit: Number | UnsetType = UNSET
    reservation_limit: int | UnsetType = UNSET
    start_date: datetime | UnsetType = UNSET
    expiry_date: datetime | UnsetType = UNSET
    number_of_coupons: int
    coupon_settings: CodeGeneratorSettings | UnsetType = UNSET
    attributes: dict[str, Any]
    is_reservation_mandatory: bool | UnsetType = UNSET
    batch_id: str
    status: str
    created_amount: int
    fail_count: int
    errors: list[str]
    created_by: int
    communicated: bool
    chunk_execution_count: int
    chunk_size: int | UnsetType = UNSET


class CouponDeletionFilters(Input, kw_only=True):
    """Contract schema `CouponDeletionFilters`."""

    created_before: Moment | UnsetType = UNSET
    created_after: Moment | UnsetType = UNSET
    starts_after: Moment | UnsetType = UNSET
    starts_before: Moment | UnsetType = UNSET
    valid: Literal["expired", "validNow", "validFuture"] | UnsetType = UNSET
    usable: bool | UnsetType = UNSET
    redeemed: bool | UnsetType = UNSET
    recipient_integration_id: str | UnsetType = UNSET
    exact_match: bool | UnsetType = UNSET
    value: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    batch_id: str | UnsetType = UNSET
    referral_id: int | UnsetType = UNSET
    expires_after: Moment | UnsetType = UNSET
    expires_before: Moment | UnsetType = UNSET


class NewCouponDeletionJob(Input, kw_only=True):
    """Contract schema `NewCouponDeletionJob`."""

    filters: CouponDeletionFilters


class NewAppWideCouponDeletionJob(Input, kw_only=True):
    """Schema `NewAppWideCouponDeletionJob` (management.md §20)."""

    filters: CouponDeletionFilters
    campaign_ids: Annotated[list[int], Meta(min_length=1, max_length=1000)] = field(name="campaignids")


class AsyncCouponDeletionJobResponse(Wire, kw_only=True):
    """Contract schema `AsyncCouponDeletionJobResponse`."""

    id: int


class CouponDeletionJob(Wire, kw_only=True):
    """Contract schema `CouponDeletionJob`."""

    id: int
    created: datetime
    application_id: int
    account_id: int
    filters: CouponDeletionFilters
    status: str
    deleted_amount: int | UnsetType = UNSET
    fail_count: int
    errors: list[str]
    created_by: int
    communicated: bool
    campaign_ids: list[int] | UnsetType = field(default=UNSET, name="campaignIDs")


class CouponSearch(Input, kw_only=True):
    """Schema `CouponSearch` of an older contract."""

    attributes: dict[str, Any]
