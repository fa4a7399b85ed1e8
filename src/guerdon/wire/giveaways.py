"""The contract's shapes for giveaways; pure data."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.wire.base import Wire


class Giveaway(Wire, kw_only=True):
    """Contract schema `Giveaway`."""

    id: int
    created: datetime
    code: str
    pool_id: int
    start_date: datetime | UnsetType = UNSET
    end_date: datetime | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    used: bool | UnsetType = UNSET
    import_id: int | UnsetType = UNSET
    profile_integration_id: str | UnsetType = UNSET
    profile_id: int | UnsetType = UNSET
