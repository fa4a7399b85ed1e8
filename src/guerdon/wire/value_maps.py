"""The contract's shape for value maps; pure data."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from guerdon.wire.base import Wire


class ValueMap(Wire, kw_only=True):
    """Contract schema `ValueMap`."""

    id: int
    created: datetime | UnsetType = UNSET
    created_by: int | UnsetType = UNSET
    campaign_id: int
