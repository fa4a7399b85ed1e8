"""The contract's shapes for campaign templates; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Wire
from guerdon.wire.campaigns import Campaign
from guerdon.wire.collections import Collection
from guerdon.wire.limits import CodeGeneratorSettings, LimitConfig
from guerdon.wire.rulesets import Binding, Ruleset

State = Literal["draft", "enabled", "disabled"]
Feature = Literal["coupons", "referrals", "loyalty", "giveaways", "strikethrough", "achievements", "advancedEvents"]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=50)]


class CampaignTemplateParams(Input, kw_only=True):
    """Contract schema `CampaignTemplateParams`: what has to be told to make a campaign of the template."""

    name: Annotated[str, Meta(min_length=1)]
    type: Literal["string", "number", "boolean", "percent", "(list string)", "(list number)", "time"]
    description: str
    attribute_id: int | UnsetType = UNSET


class CampaignTemplateCollection(Input, kw_only=True):
    """Contract schema `CampaignTemplateCollection`: a collection that the campaign will have, empty at first."""

    name: Annotated[str, Meta(min_length=1, pattern=r"^[A-Za-z](\w|\s)*$")]
    description: str | UnsetType = UNSET


class CampaignTemplateCouponReservationSettings(Input, kw_only=True):
    """Contract schema `CampaignTemplateCouponReservationSettings`; kept for editors."""

    reservation_limit: Annotated[int, Meta(ge=0, le=999_999)] | UnsetType = UNSET
    is_reservation_mandatory: bool | UnsetType = UNSET


class NewCampaignTemplate(Input, kw_only=True):
    """Contract schema `NewCampaignTemplate`."""

    name: Annotated[str, Meta(min_length=1)]
    description: str
    instructions: str
    campaign_attributes: dict[str, Any] | UnsetType = UNSET
    coupon_attributes: dict[str, Any] | UnsetType = UNSET
    state: State
    tags: Tags | UnsetType = UNSET
    reevaluate_on_return: bool | UnsetType = UNSET
    features: list[Feature] | UnsetType = UNSET
    coupon_settings: CodeGeneratorSettings | UnsetType = UNSET
    coupon_reservation_settings: CampaignTemplateCouponReservationSettings | UnsetType = UNSET
    referral_settings: CodeGeneratorSettings | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    template_params: list[CampaignTemplateParams] | UnsetType = UNSET
    campaign_collections: list[CampaignTemplateCollection] | UnsetType = UNSET
    default_campaign_group_id: int | UnsetType = UNSET
    campaign_type: Literal["cartItem", "advanced"]


class UpdateCampaignTemplate(NewCampaignTemplate, kw_only=True):
    """Contract schema `UpdateCampaignTemplate`."""

    active_ruleset_id: int | UnsetType = UNSET
    applications_ids: list[int]
    campaign_type: Literal["cartItem", "advanced"] = "advanced"


class CampaignTemplate(Wire, kw_only=True):
    """Contract schema `CampaignTemplate`."""

    id: int
    created: datetime
    account_id: int
    user_id: int
    name: str
    description: str
    instructions: str
    campaign_attributes: dict[str, Any] | UnsetType = UNSET
    coupon_attributes: dict[str, Any] | UnsetType = UNSET
    state: State
    active_ruleset_id: int | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    reevaluate_on_return: bool | UnsetType = UNSET
    features: list[Feature] | UnsetType = UNSET
    coupon_settings: CodeGeneratorSettings | UnsetType = UNSET
    coupon_reservation_settings: CampaignTemplateCouponReservationSettings | UnsetType = UNSET
    referral_settings: CodeGeneratorSettings | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    template_params: list[CampaignTemplateParams] | UnsetType = UNSET
    applications_ids: list[int]
    campaign_collections: list[CampaignTemplateCollection] | UnsetType = UNSET
    default_campaign_group_id: int | UnsetType = UNSET
    campaign_type: Literal["cartItem", "advanced"]
    campaigns_count: int | UnsetType = UNSET
    updated: datetime | UnsetType = UNSET
    updated_by: str | UnsetType = UNSET
    valid_application_ids: list[int]
    is_user_favorite: bool = False


class CreateTemplateCampaign(Input, kw_only=True):
    """Contract schema `CreateTemplateCampaign`."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | UnsetType = UNSET
    template_id: int
    campaign_attributes_overrides: dict[str, Any] | UnsetType = UNSET
    template_param_values: list[Binding] | UnsetType = UNSET
    limit_overrides: list[LimitConfig] | UnsetType = UNSET
    campaign_groups: list[int] | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    evaluation_group_id: int | UnsetType = UNSET
    linked_store_ids: list[int] | UnsetType = UNSET


class CreateTemplateCampaignResponse(Wire, kw_only=True):
    """Contract schema `CreateTemplateCampaignResponse`."""

    campaign: Campaign
    ruleset: Ruleset
    collections: list[Collection] | UnsetType = UNSET
