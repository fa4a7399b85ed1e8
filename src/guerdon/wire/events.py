"""The contract's shapes for events; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType, field
from msgspec import Meta as Limits

from guerdon.wire.base import Input, Wire
from guerdon.wire.effects import Effect, RuleFailureReason
from guerdon.wire.loyalty import LedgerEntry


class CouponRejectionReason(Wire, kw_only=True):
    """Contract schema `CouponRejectionReason`."""

    campaign_id: int
    coupon_id: int
    reason: Literal[
        "CouponNotFound",
        "CouponPartOfNotRunningCampaign",
        "CampaignLimitReached",
        "ProfileLimitReached",
        "CouponRecipientDoesNotMatch",
        "CouponExpired",
        "CouponStartDateInFuture",
        "CouponRejectedByCondition",
        "EffectCouldNotBeApplied",
        "CouponPartOfNotTriggeredCampaign",
        "CouponReservationRequired",
        "ProfileRequired",
    ]


class ReferralRejectionReason(Wire, kw_only=True):
    """Contract schema `ReferralRejectionReason`."""

    campaign_id: int
    referral_id: int
    reason: Literal[
        "ReferralNotFound",
        "ReferralRecipientIdSameAsAdvocate",
        "ReferralPartOfNotRunningCampaign",
        "ReferralLimitReached",
        "CampaignLimitReached",
        "ProfileLimitReached",
        "ReferralRecipientDoesNotMatch",
        "ReferralExpired",
        "ReferralStartDateInFuture",
        "ReferralRejectedByCondition",
        "EffectCouldNotBeApplied",
        "ReferralPartOfNotTriggeredCampaign",
    ]


class Meta(Wire, kw_only=True):
    """Contract schema `Meta`."""

    campaigns: dict[str, Any] | UnsetType = UNSET
    coupons: dict[str, Any] | UnsetType = UNSET
    coupon_rejection_reason: CouponRejectionReason | UnsetType = UNSET
    referral_rejection_reason: ReferralRejectionReason | UnsetType = UNSET
    warnings: dict[str, Any] | UnsetType = UNSET


class Event(Wire, kw_only=True):
    """Contract schema `Event`."""

    id: int
    created: datetime
    application_id: int
    profile_id: str | UnsetType = UNSET
    store_integration_id: str | UnsetType = UNSET
    type: str
    attributes: dict[str, Any]
    integration_id: str | UnsetType = UNSET
    session_id: str | UnsetType = UNSET
    effects: list[list[Any]]
    ledger_entries: list[LedgerEntry] | UnsetType = UNSET
    meta: Meta | UnsetType = UNSET


class EventV3(Wire, kw_only=True):
    """Contract schema `EventV3`."""

    connected_session_id: str | UnsetType = UNSET
    connected_session_id_of_25: str | UnsetType = field(default=UNSET, name="connectedSessionID")
    id: int
    created: datetime
    application_id: int
    profile_id: str
    store_integration_id: str | UnsetType = UNSET
    type: str
    attributes: dict[str, Any]
    integration_id: str
    effects: list[list[Any]]
    evaluable_campaign_ids: list[int] | UnsetType = UNSET
    previous_event_id: str | UnsetType = field(default=UNSET, name="previousEventID")


Id = Annotated[str, Limits(min_length=1, max_length=1000)]
Cards = Annotated[list[Annotated[str, Limits(min_length=4, max_length=108)]], Limits(max_length=1)]


class IntegrationEventV2Request(Input, kw_only=True):
    """Contract schema `IntegrationEventV2Request`. The contract leaves `profileId` out, which is refused all the same
    (core.md §9.1)."""

    profile_id: Id | UnsetType = UNSET
    store_integration_id: Id | UnsetType = UNSET
    evaluable_campaign_ids: list[int] | UnsetType = UNSET
    type: Annotated[str, Limits(min_length=1)]
    attributes: dict[str, Any] | UnsetType = UNSET
    response_content: (
        list[
            Literal[
                "customerProfile",
                "triggeredCampaigns",
                "loyalty",
                "event",
                "awardedGiveaways",
                "ruleFailureReasons",
                "campaignEligibility",
                "achievements",
            ]
        ]
        | UnsetType
    ) = UNSET
    loyalty_cards: Cards | UnsetType = UNSET


class IntegrationEventV3Request(Input, kw_only=True):
    """Contract schema `IntegrationEventV3Request`; the connected session under its names of both releases, and what
    SDKs of 26.2 ask for as `event`."""

    profile_id: Id
    store_integration_id: Id | UnsetType = UNSET
    evaluable_campaign_ids: list[int] | UnsetType = UNSET
    type: Annotated[str, Limits(min_length=1)]
    attributes: dict[str, Any] | UnsetType = UNSET
    integration_id: Id
    connected_session_id: Id | UnsetType = UNSET
    connected_session_id_of_25: Id | UnsetType = field(default=UNSET, name="connectedSessionID")
    previous_event_id: Id | UnsetType = field(default=UNSET, name="previousEventID")
    loyalty_cards: Cards | UnsetType = UNSET
    response_content: (
        list[
            Literal[
                "customerProfile",
                "triggeredCampaigns",
                "loyalty",
                "advancedEvent",
                "event",
                "awardedGiveaways",
                "ruleFailureReasons",
            ]
        ]
        | UnsetType
    ) = UNSET


class ApplicationEvent(Wire, kw_only=True):
    """Contract schema `ApplicationEvent`."""

    id: int
    created: datetime
    application_id: int
    profile_id: int | UnsetType = UNSET
    store_id: int | UnsetType = UNSET
    store_integration_id: str | UnsetType = UNSET
    integration_id: str | UnsetType = UNSET
    session_id: int | UnsetType = UNSET
    type: str
    attributes: dict[str, Any]
    effects: list[Effect]
    rule_failure_reasons: list[RuleFailureReason] | UnsetType = UNSET
