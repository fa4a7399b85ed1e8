"""The contract's shapes for attributes; pure data."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Wire


class NewAttribute(Input, kw_only=True):
    """Contract schema `NewAttribute`."""

    entity: Literal[
        "Application",
        "Campaign",
        "CustomerProfile",
        "CustomerSession",
        "CartItem",
        "Coupon",
        "Event",
        "Giveaway",
        "LoyaltyCard",
        "Referral",
        "Store",
    ]
    event_type: str | UnsetType = UNSET
    name: Annotated[str, Meta(pattern=r"^[A-Za-z]\w*$")]
    title: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.!~*'() -]*$")]
    type: Literal[
        "string",
        "number",
        "boolean",
        "time",
        "(list string)",
        "(list number)",
        "(list time)",
        "location",
        "(list location)",
    ]
    description: str
    suggestions: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(max_length=50)]
    has_allowed_list: bool | UnsetType = UNSET
    restricted_by_suggestions: bool | UnsetType = UNSET
    editable: bool
    subscribed_applications_ids: list[int] | UnsetType = UNSET
    subscribed_catalogs_ids: list[int] | UnsetType = UNSET
    allowed_subscriptions: Annotated[list[Literal["application", "catalog"]], Meta(max_length=2)] | UnsetType = UNSET


class Attribute(Wire, kw_only=True):
    """Contract schema `Attribute`."""

    id: int
    created: datetime
    account_id: int
    entity: Literal[
        "Application",
        "Campaign",
        "CustomerProfile",
        "CustomerSession",
        "CartItem",
        "Coupon",
        "Event",
        "Giveaway",
        "LoyaltyCard",
        "Referral",
        "Store",
    ]
    event_type: str | UnsetType = UNSET
    name: str
    title: str
    type: Literal[
        "string",
        "number",
        "boolean",
        "time",
        "(list string)",
        "(list number)",
        "(list time)",
        "location",
        "(list location)",
    ]
    description: str
    suggestions: list[str]
    has_allowed_list: bool | UnsetType = UNSET
    restricted_by_suggestions: bool | UnsetType = UNSET
    editable: bool
    subscribed_applications_ids: list[int] | UnsetType = UNSET
    subscribed_catalogs_ids: list[int] | UnsetType = UNSET
    allowed_subscriptions: list[Literal["application", "catalog"]] | UnsetType = UNSET
    event_type_id: int | UnsetType = UNSET
