"""The contract's shapes for types of custom events; pure data."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Wire


class NewEventType(Input, kw_only=True):
    """Contract schema `NewEventType`."""

    title: Annotated[str, Meta(min_length=1)]
    name: Annotated[str, Meta(min_length=1)]
    description: str | UnsetType = UNSET


class EventType(Wire, kw_only=True):
    """Contract schema `EventType`."""

    id: int
    created: datetime
    title: str
    name: str
    description: str | UnsetType = UNSET
