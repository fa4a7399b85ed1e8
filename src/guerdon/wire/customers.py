"""The contract's shapes for customers; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

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
