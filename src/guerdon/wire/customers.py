"""The contract's shapes for customers; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Input, Number, Wire
from guerdon.wire.loyalty import LoyaltyMembership

IntegrationId = Annotated[str, Meta(min_length=1, max_length=1000)]


class AudienceMembership(Wire, kw_only=True):
    """Contract schema `AudienceMembership`."""

    id: int
    name: str


class CustomerProfile(Wire, kw_only=True):
    """Contract schema `CustomerProfile`."""

    id: int
    created: datetime
    integration_id: str
    attributes: dict[str, Any]
    account_id: int
    closed_sessions: int
    total_sales: Number
    loyalty_memberships: list[LoyaltyMembership] | UnsetType = UNSET
    audience_memberships: list[AudienceMembership] | UnsetType = UNSET
    last_activity: datetime
    sandbox: bool | UnsetType = UNSET


class MultipleCustomerProfileIntegrationRequestItem(Input, kw_only=True):
    """Contract schema `MultipleCustomerProfileIntegrationRequestItem`."""

    attributes: dict[str, Any] | UnsetType = UNSET
    integration_id: IntegrationId


class MultipleCustomerProfileIntegrationRequest(Input, kw_only=True):
    """Contract schema `MultipleCustomerProfileIntegrationRequest`."""

    customer_profiles: Annotated[list[MultipleCustomerProfileIntegrationRequestItem], Meta(max_length=1000)] = []


class ProfileState(Wire, kw_only=True):
    """One entry of the answer to a bulk update."""

    customer_profile: CustomerProfile


class MultipleCustomerProfileIntegrationResponseV2(Wire, kw_only=True):
    """Contract schema `MultipleCustomerProfileIntegrationResponseV2`."""

    integration_states: list[ProfileState]


class ProfileAudiencesChanges(Input, kw_only=True):
    """Contract schema `ProfileAudiencesChanges`."""

    adds: list[int]
    deletes: list[int]


class CustomerProfileIntegrationRequestV2(Input, kw_only=True):
    """Contract schema `CustomerProfileIntegrationRequestV2`."""

    attributes: dict[str, Any] | UnsetType = UNSET
    evaluable_campaign_ids: list[int] | UnsetType = UNSET
    audiences_changes: ProfileAudiencesChanges | UnsetType = UNSET
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


class CustomerProfileSearchQuery(Input, kw_only=True):
    """Contract schema `CustomerProfileSearchQuery`; `ApplicationCustomerSearch` of older contracts is the same."""

    attributes: dict[str, Any] | UnsetType = UNSET
    integration_ids: list[str] | UnsetType = field(default=UNSET, name="integrationIDs")
    profile_ids: list[int] | UnsetType = field(default=UNSET, name="profileIDs")


class ApplicationCustomer(CustomerProfile, kw_only=True):
    """Contract schema `ApplicationCustomer`."""

    advocate_integration_id: str | UnsetType = UNSET


class CustomerActivityReport(Wire, kw_only=True):
    """Contract schema `CustomerActivityReport`."""

    integration_id: str
    created: datetime
    name: str
    customer_id: int
    last_activity: datetime | UnsetType = UNSET
    coupon_redemptions: int
    coupon_use_attempts: int
    coupon_failed_attempts: int
    accrued_discounts: Number
    accrued_revenue: Number
    total_orders: int
    total_orders_no_coupon: int
    campaign_name: str
