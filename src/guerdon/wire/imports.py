"""The contract's shape for imports of CSV files; pure data."""

from datetime import datetime

from guerdon.wire.base import Wire


class Import(Wire, kw_only=True):
    """Contract schema `Import`."""

    id: int
    created: datetime
    account_id: int
    user_id: int
    entity: str
    amount: int
