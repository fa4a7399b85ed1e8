"""The contract's shapes for kinds of additional costs; pure data."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Wire


class NewAdditionalCost(Input, kw_only=True):
    """Contract schema `NewAdditionalCost`."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z]\w*$")]
    title: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.!~*'() -]*$")]
    description: str
    subscribed_applications_ids: list[int] | UnsetType = UNSET
    type: Literal["session", "item", "both"] = "session"


class AccountAdditionalCost(Wire, kw_only=True):
    """Contract schema `AccountAdditionalCost`."""

    id: int
    created: datetime
    account_id: int
    name: str
    title: str
    description: str
    subscribed_applications_ids: list[int] | UnsetType = UNSET
    type: str
