"""The contract's shapes for access logs and the report made of them; pure data."""

from datetime import datetime
from typing import Literal

from guerdon.wire.base import Wire


class AccessLogEntry(Wire, kw_only=True):
    """Contract schema `AccessLogEntry`."""

    uuid: str
    status: int
    method: str
    request_uri: str
    time: datetime
    request_payload: str
    response_payload: str


class ApplicationApiHealth(Wire, kw_only=True):
    """Contract schema `ApplicationApiHealth`."""

    summary: Literal["OK", "WARNING", "ERROR", "CRITICAL", "NONE"]
    last_used: datetime
