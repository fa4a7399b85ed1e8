"""The contract's shapes for evaluation groups and the tree they make; pure data."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Wire

Mode = Literal["stackable", "listOrder", "lowestDiscount", "highestDiscount"]
Scope = Literal["cartItem", "session"]


class NewCampaignEvaluationGroup(Input, kw_only=True):
    """Contract schema `NewCampaignEvaluationGroup`."""

    name: Annotated[str, Meta(min_length=1)]
    parent_id: Annotated[int, Meta(ge=1)]
    description: str | UnsetType = UNSET
    evaluation_mode: Mode
    evaluation_scope: Scope
    locked: bool


class UpdateCampaignEvaluationGroup(NewCampaignEvaluationGroup, kw_only=True):
    """Contract schema `UpdateCampaignEvaluationGroup`."""


class CampaignEvaluationGroup(Wire, kw_only=True):
    """Contract schema `CampaignEvaluationGroup`. The base group is its own parent, for there must be one."""

    application_id: int
    name: str
    parent_id: int
    description: str | UnsetType = UNSET
    evaluation_mode: Mode
    evaluation_scope: Scope
    locked: bool
    id: int


class CampaignSetNode(Input, kw_only=True):
    """Contract schemas `CampaignSetBranchNode` (type SET) and `CampaignSetLeafNode` (type CAMPAIGN), as they are sent.
    `operator` is what evaluationMode was once, and says nothing beside it."""

    type: Literal["SET", "CAMPAIGN"]
    campaign_id: int | UnsetType = UNSET
    group_id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    operator: Literal["ALL", "FIRST"] | UnsetType = UNSET
    elements: "list[CampaignSetNode] | UnsetType" = UNSET
    locked: bool | UnsetType = UNSET
    description: str | UnsetType = UNSET
    evaluation_mode: Mode | UnsetType = UNSET
    evaluation_scope: Scope | UnsetType = UNSET


class NewCampaignSet(Input, kw_only=True):
    """Contract schema `NewCampaignSet`."""

    application_id: int
    version: Annotated[int, Meta(ge=1)]
    set: CampaignSetNode


class CampaignSet(Wire, kw_only=True):
    """Contract schema `CampaignSet`."""

    application_id: int
    id: int
    version: int
    set: CampaignSetNode
    updated_by: str | UnsetType = UNSET
