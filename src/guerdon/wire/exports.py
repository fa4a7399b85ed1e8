"""The contract's shapes for exports; pure data."""

from datetime import datetime
from typing import Any, Literal

from guerdon.wire.base import Wire

Entity = Literal[
    "Coupon",
    "Referral",
    "Effect",
    "CustomerSession",
    "LoyaltyLedger",
    "LoyaltyLedgerLog",
    "Collection",
    "AudienceMembership",
]


class Export(Wire, kw_only=True):
    """Contract schema `Export`; `filter` has the parameters of the request."""

    id: int
    created: datetime
    account_id: int
    user_id: int
    entity: Entity
    filter: dict[str, Any]
