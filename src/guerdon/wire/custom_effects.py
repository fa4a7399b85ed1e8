"""The contract's shapes for custom effects and picklists; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Input, Wire

ParameterType = Literal["string", "boolean", "number", "time", "(list string)", "(list number)"]


class TemplateArgDef(Input, kw_only=True):
    """Contract schema `TemplateArgDef`: a parameter of a custom effect. `ui` is for editors to keep what they like."""

    type: ParameterType
    description: str | UnsetType = UNSET
    title: Annotated[str, Meta(min_length=1)]
    ui: dict[str, Any]
    key: str | UnsetType = UNSET
    picklist_id: int | UnsetType = field(default=UNSET, name="picklistID")
    restricted_by_picklist: bool | UnsetType = UNSET


class NewCustomEffect(Input, kw_only=True):
    """Contract schema `NewCustomEffect`."""

    application_ids: Annotated[list[int], Meta(min_length=1)]
    is_per_item: bool | UnsetType = UNSET
    name: Annotated[str, Meta(pattern=r"^[A-Za-z](\w|\s)*$")]
    title: Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$")]
    payload: str
    description: str | UnsetType = UNSET
    enabled: bool
    params: list[TemplateArgDef] | UnsetType = UNSET


class UpdateCustomEffect(NewCustomEffect, kw_only=True):
    """Contract schema `UpdateCustomEffect`."""


class CustomEffect(Wire, kw_only=True):
    """Contract schema `CustomEffect`."""

    id: int
    created: datetime
    account_id: int
    modified: datetime
    application_ids: list[int]
    is_per_item: bool | UnsetType = UNSET
    name: str
    title: str
    payload: str
    description: str | UnsetType = UNSET
    enabled: bool
    params: list[TemplateArgDef] | UnsetType = UNSET
    modified_by: int | UnsetType = UNSET
    created_by: int


class NewPicklist(Input, kw_only=True):
    """Contract schema `NewPicklist`."""

    type: Literal["string", "boolean", "number", "time"]
    values: Annotated[list[str], Meta(max_length=50)]


class Picklist(Wire, kw_only=True):
    """Contract schema `Picklist`."""

    id: int
    created: datetime
    type: Literal["string", "boolean", "number", "time"]
    values: list[str]
    modified_by: int | UnsetType = UNSET
    created_by: int
    account_id: int | UnsetType = UNSET
    imported: bool | UnsetType = UNSET
