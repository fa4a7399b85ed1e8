"""The contract's shapes for Management keys; pure data."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Input, Moment, Wire


class Endpoint(Input, kw_only=True):
    """Contract schema `Endpoint`."""

    path: Annotated[str, Meta(min_length=1, max_length=1000)]


class CreateManagementKey(Input, kw_only=True):
    """Contract schema `CreateManagementKey`."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    expiry_date: Moment
    endpoints: Annotated[list[Endpoint], Meta(max_length=1000)]
    allowed_application_ids: list[int] | UnsetType = UNSET


class ManagementKey(Wire, kw_only=True):
    """Contract schema `ManagementKey`."""

    name: str
    expiry_date: datetime
    endpoints: list[Endpoint]
    allowed_application_ids: list[int] | UnsetType = UNSET
    id: int
    created_by: int
    account_id: int = field(name="accountID")
    created: datetime
    disabled: bool | UnsetType = UNSET
    last_used: datetime | UnsetType = UNSET


class NewManagementKey(ManagementKey, kw_only=True):
    """Contract schema `NewManagementKey`, the only answer that shows the key."""

    key: str
