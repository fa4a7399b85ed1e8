"""The contract's shapes for eligibility; pure data."""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, UnsetType, field

from guerdon.wire.base import Wire


class CampaignEligibilityFailureDetails(Wire, kw_only=True):
    """Contract schema `CampaignEligibilityFailureDetails`."""

    failure_code: Literal["ALL_RULES_FAILED", "SKIPPED", "AUDIENCE_NOT_MATCHED"]


class CampaignEligibilityDetails(Wire, kw_only=True):
    """Contract schema `CampaignEligibilityDetails`."""

    passed: bool
    coupon_code: str | UnsetType = UNSET
    details: CampaignEligibilityFailureDetails | UnsetType = UNSET


class RuleEligibilityFailureDetails(Wire, kw_only=True):
    """Contract schema `RuleEligibilityFailureDetails`."""

    failure_code: Literal["CONDITION_NOT_MET", "EFFECT_FAILED"]
    coupon_id: int | UnsetType = field(default=UNSET, name="couponID")
    coupon_value: str | UnsetType = UNSET
    referral_id: int | UnsetType = field(default=UNSET, name="referralID")
    referral_value: str | UnsetType = UNSET
    condition_index: int | UnsetType = UNSET
    effect_index: int | UnsetType = UNSET
    details: str


class RuleEligibility(Wire, kw_only=True):
    """Contract schema `RuleEligibility`."""

    passed: bool
    coupon_code: str | UnsetType = UNSET
    details: RuleEligibilityFailureDetails | UnsetType = UNSET


class RuleMetadataEligibility(Wire, kw_only=True):
    """Contract schema `RuleMetadataEligibility`."""

    title: str
    display_name: str | UnsetType = UNSET
    display_description: str | UnsetType = UNSET
    related_data: str | UnsetType = UNSET
    eligibility: list[RuleEligibility]


class CampaignEligibilityExperiment(Wire, kw_only=True):
    """Contract schema `CampaignEligibilityExperiment`."""

    id: int
    variant_id: int


class CampaignEligibility(Wire, kw_only=True):
    """Contract schema `CampaignEligibility`."""

    application_id: int
    id: int
    name: str
    description: str | UnsetType = UNSET
    start_time: datetime | UnsetType = UNSET
    end_time: datetime | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    state: Literal["enabled"]
    tags: list[str]
    features: list[Literal["coupons", "referrals", "loyalty", "giveaways", "strikethrough", "achievements"]]
    eligibility: list[CampaignEligibilityDetails]
    rules: list[RuleMetadataEligibility]
    experiment: CampaignEligibilityExperiment | UnsetType = UNSET
