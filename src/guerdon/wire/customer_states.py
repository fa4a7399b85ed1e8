"""The contract's shapes for what requests about a customer without a session are answered with; pure data."""

from msgspec import UNSET, UnsetType

from guerdon.wire.achievements import CustomerAchievement
from guerdon.wire.base import Wire
from guerdon.wire.campaigns import Campaign
from guerdon.wire.coupons import Coupon
from guerdon.wire.customers import CustomerProfile
from guerdon.wire.effects import Effect, RuleFailureReason
from guerdon.wire.eligibility import CampaignEligibility
from guerdon.wire.events import Event, EventV3
from guerdon.wire.giveaways import Giveaway
from guerdon.wire.loyalty import Loyalty
from guerdon.wire.referrals import Referral


class IntegrationResponse(Wire, kw_only=True):
    """Contract schema `IntegrationResponse`."""

    customer_profile: CustomerProfile | UnsetType = UNSET
    loyalty: Loyalty | UnsetType = UNSET
    triggered_campaigns: list[Campaign] | UnsetType = UNSET
    campaign_eligibility: list[CampaignEligibility] | UnsetType = UNSET
    effects: list[Effect]
    rule_failure_reasons: list[RuleFailureReason] | UnsetType = UNSET
    created_coupons: list[Coupon]
    created_referrals: list[Referral]
    awarded_giveaways: list[Giveaway] | UnsetType = UNSET
    achievements: list[CustomerAchievement] | UnsetType = UNSET


class CustomerProfileIntegrationResponseV2(IntegrationResponse, kw_only=True):
    """Contract schema `CustomerProfileIntegrationResponseV2`."""

    event: Event | UnsetType = UNSET


class IntegrationEventV2Response(IntegrationResponse, kw_only=True):
    """Contract schema `IntegrationEventV2Response`."""

    event: Event | UnsetType = UNSET


class IntegrationEventV3Response(IntegrationResponse, kw_only=True):
    """Contract schema `IntegrationEventV3Response`, and the event as SDKs of 26.2 know it."""

    event: Event | UnsetType = UNSET
    advanced_event: EventV3 | UnsetType = UNSET
