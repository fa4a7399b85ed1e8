"""The contract's shapes for campaigns as shops see them; pure data."""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, UnsetType

from guerdon.wire.base import Wire


class RuleMetadata(Wire, kw_only=True):
    """Contract schema `RuleMetadata`."""

    title: str
    display_name: str | UnsetType = UNSET
    display_description: str | UnsetType = UNSET
    related_data: str | UnsetType = UNSET


class IntegrationCampaign(Wire, kw_only=True):
    """Contract schema `IntegrationCampaign`."""

    id: int
    application_id: int
    name: str
    description: str | UnsetType = UNSET
    start_time: datetime | UnsetType = UNSET
    end_time: datetime | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    state: Literal["enabled"] = "enabled"
    tags: list[str]
    features: list[Literal["coupons", "referrals", "loyalty", "giveaways", "strikethrough", "achievements"]]
    rules: list[RuleMetadata]
    linked_store_ids: list[int] | UnsetType = UNSET
    linked_audience_ids: list[int] | UnsetType = UNSET
