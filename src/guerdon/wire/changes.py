"""The contract's shape for the change history; pure data."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.wire.base import Wire


class Change(Wire, kw_only=True):
    """Contract schema `Change`."""

    id: int
    created: datetime
    user_id: int
    application_id: int | UnsetType = UNSET
    entity: str
    old: dict[str, Any] | UnsetType = UNSET
    new: dict[str, Any] | UnsetType = UNSET
    management_key_id: int | UnsetType = UNSET
