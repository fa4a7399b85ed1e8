"""The contract's shapes for campaigns; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Moment, Number, Wire
from guerdon.wire.limits import CodeGeneratorSettings, LimitConfig


class CampaignBudget(Wire, kw_only=True):
    """Contract schema `CampaignBudget`."""

    action: str
    limit: Number
    counter: Number


class NewCampaign(Input, kw_only=True):
    """Contract schema `NewCampaign`."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | UnsetType = UNSET
    start_time: Moment | UnsetType = UNSET
    end_time: Moment | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    state: Literal["enabled", "disabled", "archived"]
    active_ruleset_id: int | UnsetType = UNSET
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=50)]
    reevaluate_on_return: bool | UnsetType = UNSET
    features: list[Literal["coupons", "referrals", "loyalty", "giveaways", "strikethrough", "achievements"]]
    coupon_settings: CodeGeneratorSettings | UnsetType = UNSET
    referral_settings: CodeGeneratorSettings | UnsetType = UNSET
    limits: list[LimitConfig]
    campaign_groups: list[int] | UnsetType = UNSET
    type: Literal["cartItem", "advanced"] | UnsetType = UNSET
    linked_store_ids: list[int] | UnsetType = UNSET
    coupon_attributes: dict[str, Any] | UnsetType = UNSET
    evaluation_group_id: int | UnsetType = UNSET


class UpdateCampaign(Input, kw_only=True):
    """Contract schema `UpdateCampaign`."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | UnsetType = UNSET
    start_time: Moment | UnsetType = UNSET
    end_time: Moment | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    state: Literal["enabled", "disabled", "archived"] | UnsetType = UNSET
    active_ruleset_id: int | UnsetType = UNSET
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=50)]
    reevaluate_on_return: bool | UnsetType = UNSET
    features: list[
        Literal["coupons", "referrals", "loyalty", "giveaways", "strikethrough", "achievements", "advancedEvents"]
    ]
    coupon_settings: CodeGeneratorSettings | UnsetType = UNSET
    referral_settings: CodeGeneratorSettings | UnsetType = UNSET
    limits: list[LimitConfig]
    campaign_groups: list[int] | UnsetType = UNSET
    evaluation_group_id: int | UnsetType = UNSET
    type: Literal["cartItem", "advanced"] | UnsetType = UNSET
    linked_store_ids: list[int] | UnsetType = UNSET
    coupon_attributes: dict[str, Any] | UnsetType = UNSET


class CampaignSearch(Input, kw_only=True):
    """Contract schema `CampaignSearch`."""

    attributes: dict[str, Any]


class CampaignCopy(Input, kw_only=True):
    """Contract schema `CampaignCopy`."""

    name: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    application_ids: list[int]
    description: str | UnsetType = UNSET
    start_time: Moment | UnsetType = UNSET
    end_time: Moment | UnsetType = UNSET
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=50)] | UnsetType = UNSET
    evaluation_group_id: int | UnsetType = UNSET


class BulkOperationOnCampaigns(Input, kw_only=True):
    """Contract schema `BulkOperationOnCampaigns`."""

    operation: Literal["disable", "delete", "activate_revision"]
    campaign_ids: Annotated[list[int], Meta(max_length=50)]
    activate_at: Moment | UnsetType = UNSET


class Campaign(Wire, kw_only=True):
    """Contract schema `Campaign`."""

    id: int
    created: datetime
    application_id: int
    user_id: int
    name: str
    description: str
    start_time: datetime | UnsetType = UNSET
    end_time: datetime | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    state: Literal["enabled", "disabled", "archived"]
    active_ruleset_id: int | UnsetType = UNSET
    tags: list[str]
    reevaluate_on_return: bool
    features: list[
        Literal["coupons", "referrals", "loyalty", "giveaways", "strikethrough", "achievements", "advancedEvents"]
    ]
    coupon_settings: CodeGeneratorSettings | UnsetType = UNSET
    referral_settings: CodeGeneratorSettings | UnsetType = UNSET
    limits: list[LimitConfig]
    campaign_groups: list[int] | UnsetType = UNSET
    type: Literal["cartItem", "advanced"]
    linked_store_ids: list[int] | UnsetType = UNSET
    coupon_attributes: dict[str, Any] | UnsetType = UNSET
    budgets: list[CampaignBudget] | UnsetType = UNSET
    coupon_redemption_count: int | UnsetType = UNSET
    referral_redemption_count: int | UnsetType = UNSET
    discount_count: Number | UnsetType = UNSET
    discount_effect_count: int | UnsetType = UNSET
    coupon_creation_count: int | UnsetType = UNSET
    custom_effect_count: int | UnsetType = UNSET
    referral_creation_count: int | UnsetType = UNSET
    add_free_item_effect_count: int | UnsetType = UNSET
    awarded_giveaways_count: int | UnsetType = UNSET
    created_loyalty_points_count: Number | UnsetType = UNSET
    created_loyalty_points_effect_count: int | UnsetType = UNSET
    redeemed_loyalty_points_count: Number | UnsetType = UNSET
    redeemed_loyalty_points_effect_count: int | UnsetType = UNSET
    call_api_effect_count: int | UnsetType = UNSET
    reservecoupon_effect_count: int | UnsetType = UNSET
    last_activity: datetime | UnsetType = UNSET
    updated: datetime | UnsetType = UNSET
    created_by: str | UnsetType = UNSET
    updated_by: str | UnsetType = UNSET
    template_id: int | UnsetType = UNSET
    frontend_state: Literal["expired", "scheduled", "running", "disabled", "archived", "staged"]
    stores_imported: bool
    value_maps_ids: list[int] | UnsetType = UNSET
    experiment_id: int | UnsetType = UNSET
    revision_frontend_state: Literal["revised", "pending"] | UnsetType = UNSET
    active_revision_id: int | UnsetType = UNSET
    active_revision_version_id: int | UnsetType = UNSET
    version: int | UnsetType = UNSET
    current_revision_id: int | UnsetType = UNSET
    current_revision_version_id: int | UnsetType = UNSET
    stage_revision: bool | UnsetType = UNSET
