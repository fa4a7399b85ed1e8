"""The contract's shapes for rulesets; pure data."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Effects, Input, Number, Wire


class Binding(Input, kw_only=True):
    """Contract schema `Binding`."""

    name: str
    type: str | UnsetType = UNSET
    expression: list[Any]
    value_type: str | UnsetType = UNSET
    min_value: Number | UnsetType = UNSET
    max_value: Number | UnsetType = UNSET
    attribute_id: int | UnsetType = UNSET
    description: str | UnsetType = UNSET


class Rule(Input, kw_only=True):
    """Contract schema `Rule`."""

    id: str | UnsetType = UNSET
    parent_id: str | UnsetType = UNSET
    title: str
    description: str | UnsetType = UNSET
    bindings: list[Binding] | UnsetType = UNSET
    condition: Annotated[list[Any], Meta(min_length=1)]
    effects: Effects


class NewRuleset(Input, kw_only=True):
    """Contract schema `NewRuleset`."""

    rules: list[Rule]
    strikethrough_rules: list[Rule] | UnsetType = UNSET
    bindings: list[Binding] = field(default_factory=list)  # required by the contract, left out by old clients
    rb_version: str = "v2"
    activate: bool = False


class Ruleset(Wire, kw_only=True):
    """Contract schema `Ruleset`."""

    id: int
    created: datetime
    user_id: int
    rules: list[Rule]
    strikethrough_rules: list[Rule] | UnsetType = UNSET
    bindings: list[Binding]
    rb_version: str | UnsetType = UNSET
    activate: bool | UnsetType = UNSET
    campaign_id: int | UnsetType = UNSET
    template_id: int | UnsetType = UNSET
    activated_at: datetime | UnsetType = UNSET
