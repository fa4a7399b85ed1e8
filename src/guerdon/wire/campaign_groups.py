"""The contract's shapes for campaign groups; pure data."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Wire


class NewCampaignGroup(Input, kw_only=True):
    """Contract schema `NewCampaignGroup`."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | UnsetType = UNSET
    subscribed_applications_ids: list[int] | UnsetType = UNSET
    campaign_ids: list[int] | UnsetType = UNSET


class UpdateCampaignGroup(NewCampaignGroup, kw_only=True):
    """Contract schema `UpdateCampaignGroup`."""


class CampaignGroup(Wire, kw_only=True):
    """Contract schema `CampaignGroup`."""

    id: int
    created: datetime
    modified: datetime
    account_id: int
    name: str
    description: str | UnsetType = UNSET
    subscribed_applications_ids: list[int] | UnsetType = UNSET
    campaign_ids: list[int] | UnsetType = UNSET
