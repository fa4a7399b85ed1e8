"""The contract's shapes for messages sent to other systems; pure data."""

from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType

from guerdon.wire.base import Wire

EntityType = Literal["application", "loyalty_program", "webhook"]


class MessageLogRequest(Wire, kw_only=True):
    """Contract schema `MessageLogRequest`; the request is base64."""

    created_at: datetime
    request: str


class MessageLogResponse(Wire, kw_only=True):
    """Contract schema `MessageLogResponse`; the response is base64."""

    created_at: datetime | UnsetType = UNSET
    response: str | UnsetType = UNSET
    status: int | UnsetType = UNSET


class MessageLogEntry(Wire, kw_only=True):
    """Contract schema `MessageLogEntry`."""

    id: str
    service: str
    change_type: str | UnsetType = UNSET
    notification_id: int | UnsetType = UNSET
    notification_name: str | UnsetType = UNSET
    webhook_id: int | UnsetType = UNSET
    webhook_name: str | UnsetType = UNSET
    request: MessageLogRequest | UnsetType = UNSET
    response: MessageLogResponse | UnsetType = UNSET
    created_at: datetime
    entity_type: EntityType
    url: str | UnsetType = UNSET
    application_id: int | UnsetType = UNSET
    loyalty_program_id: int | UnsetType = UNSET
    campaign_id: int | UnsetType = UNSET


class MessageLogEntries(Wire, kw_only=True):
    """Contract schema `MessageLogEntries`."""

    next_cursor: str | UnsetType = UNSET
    data: list[MessageLogEntry]
