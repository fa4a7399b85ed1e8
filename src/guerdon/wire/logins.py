"""The contract's shapes for logins; pure data."""

from datetime import datetime

from guerdon.wire.base import Input, Wire


class LoginParams(Input, kw_only=True):
    """Contract schema `LoginParams`."""

    email: str
    password: str


class Session(Wire, kw_only=True):
    """Contract schema `Session`."""

    user_id: int
    token: str
    created: datetime
