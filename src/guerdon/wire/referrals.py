"""The contract's shapes for referrals; pure data."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.wire.base import Wire


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
