"""The contract's shapes for referrals; pure data."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Input, Moment, Wire
from guerdon.wire.customers import IntegrationId

Uses = Annotated[int, Meta(ge=0, le=999999)]


class NewReferral(Input, kw_only=True):
    """Contract schema `NewReferral`."""

    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    usage_limit: Uses | UnsetType = UNSET
    campaign_id: int
    advocate_profile_integration_id: IntegrationId
    friend_profile_integration_id: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


class NewReferralsForMultipleAdvocates(Input, kw_only=True):
    """Contract schema `NewReferralsForMultipleAdvocates`."""

    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    usage_limit: Uses
    campaign_id: int
    advocate_profile_integration_ids: Annotated[list[IntegrationId], Meta(min_length=1, max_length=1000)]
    attributes: dict[str, Any] | UnsetType = UNSET
    valid_characters: list[str] | UnsetType = UNSET
    referral_pattern: Annotated[str, Meta(min_length=3, max_length=100)] | UnsetType = UNSET


class UpdateReferral(Input, kw_only=True):
    """Contract schema `UpdateReferral`."""

    friend_profile_integration_id: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    usage_limit: Uses | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


class UpdateReferralBatch(Input, kw_only=True):
    """Schema `UpdateReferralBatch` of an older contract (management.md §20)."""

    attributes: dict[str, Any] | UnsetType = UNSET
    batch_id: str = field(name="batchID")
    start_date: Moment | UnsetType = UNSET
    expiry_date: Moment | UnsetType = UNSET
    usage_limit: Uses | UnsetType = UNSET


class Referral(Wire, kw_only=True):
    """Contract schema `Referral`."""

    id: int
    created: datetime
    start_date: datetime | UnsetType = UNSET
    expiry_date: datetime | UnsetType = UNSET
    usage_limit: int
    campaign_id: int
    advocate_profile_integration_id: str
    friend_profile_integration_id: str | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    import_id: int | UnsetType = UNSET
    code: str
    usage_counter: int
    batch_id: str | UnsetType = UNSET


class InventoryReferral(Wire, kw_only=True):
    """Contract schema `InventoryReferral`."""

    id: int
    created: datetime
    start_date: datetime | UnsetType = UNSET
    expiry_date: datetime | UnsetType = UNSET
    usage_limit: int
    campaign_id: int
    advocate_profile_integration_id: str
    friend_profile_integration_id: str | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    import_id: int | UnsetType = UNSET
    code: str
    usage_counter: int
    batch_id: str | UnsetType = UNSET
    referred_customers: list[str]


class ApplicationReferee(Wire, kw_only=True):
    """Contract schema `ApplicationReferee`: a friend who redeemed a referral of the advocate."""

    application_id: int
    session_id: str
    advocate_integration_id: str
    friend_integration_id: str
    code: str
    created: datetime
