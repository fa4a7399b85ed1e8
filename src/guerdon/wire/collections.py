"""The contract's shapes for collections; pure data."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Wire

CollectionName = Annotated[str, Meta(min_length=1, pattern=r"^[^\x00-\x1f\x7f-\x9f\s][^\x00-\x1f\x7f-\x9f]*$")]


class NewCollection(Input, kw_only=True):
    """Contract schema `NewCollection`."""

    name: CollectionName
    description: str | UnsetType = UNSET
    subscribed_applications_ids: list[int] | UnsetType = UNSET


class UpdateCollection(Input, kw_only=True):
    """Contract schema `UpdateCollection`."""

    description: str | UnsetType = UNSET
    subscribed_applications_ids: list[int] | UnsetType = UNSET


class NewCampaignCollection(Input, kw_only=True):
    """Contract schema `NewCampaignCollection`."""

    name: CollectionName
    description: str | UnsetType = UNSET


class UpdateCampaignCollection(Input, kw_only=True):
    """Contract schema `UpdateCampaignCollection`."""

    description: str | UnsetType = UNSET


class CollectionWithoutPayload(Wire, kw_only=True):
    """Contract schema `CollectionWithoutPayload`."""

    id: int
    created: datetime
    account_id: int
    modified: datetime
    description: str | UnsetType = UNSET
    subscribed_applications_ids: list[int] | UnsetType = UNSET
    name: str
    modified_by: int | UnsetType = UNSET
    created_by: int
    application_id: int | UnsetType = UNSET
    campaign_id: int | UnsetType = UNSET


class Collection(CollectionWithoutPayload, kw_only=True):
    """Contract schema `Collection`. The payload is the first fifty items: more of them the schema does not admit."""

    payload: list[str] | UnsetType = UNSET


class CollectionItem(Wire, kw_only=True):
    """Contract schema `CollectionItem`."""

    item: str
