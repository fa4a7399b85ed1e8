"""The contract's shapes for cart item filters of an Application; pure data."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Moment, Wire


class NewApplicationCIF(Input, kw_only=True):
    """Contract schema `NewApplicationCIF`; who and when is the server's to say."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z](\w|\s)*$")]
    description: str | UnsetType = UNSET
    active_expression_id: int | UnsetType = UNSET
    modified_by: int | UnsetType = UNSET
    created_by: int | UnsetType = UNSET
    modified: Moment | UnsetType = UNSET


class UpdateApplicationCIF(Input, kw_only=True):
    """Contract schema `UpdateApplicationCIF`; who and when is the server's to say."""

    description: str | UnsetType = UNSET
    active_expression_id: int | UnsetType = UNSET
    modified_by: int | UnsetType = UNSET
    modified: Moment | UnsetType = UNSET


class ApplicationCIF(Wire, kw_only=True):
    """Contract schema `ApplicationCIF`."""

    id: int
    created: datetime
    name: str
    description: str | UnsetType = UNSET
    active_expression_id: int | UnsetType = UNSET
    modified_by: int | UnsetType = UNSET
    created_by: int | UnsetType = UNSET
    modified: datetime | UnsetType = UNSET
    application_id: int


class NewApplicationCIFExpression(Input, kw_only=True):
    """Contract schema `NewApplicationCIFExpression`; whose expression it is, the path says."""

    cart_item_filter_id: int | UnsetType = UNSET
    created_by: int | UnsetType = UNSET
    expression: list[Any]


class ApplicationCIFExpression(Wire, kw_only=True):
    """Contract schema `ApplicationCIFExpression`."""

    id: int
    created: datetime
    cart_item_filter_id: int | UnsetType = UNSET
    created_by: int | UnsetType = UNSET
    expression: list[Any] | UnsetType = UNSET
    application_id: int
