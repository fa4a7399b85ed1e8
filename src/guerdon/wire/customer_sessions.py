"""The contract's shapes for customer sessions; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.achievements import CustomerAchievement
from guerdon.wire.base import Input, Number, Wire
from guerdon.wire.campaigns import Campaign
from guerdon.wire.coupons import Coupon, IntegrationCoupon
from guerdon.wire.customers import CustomerProfile
from guerdon.wire.effects import Effect, RuleFailureReason
from guerdon.wire.eligibility import CampaignEligibility
from guerdon.wire.events import Event, EventV3
from guerdon.wire.giveaways import Giveaway
from guerdon.wire.loyalty import Loyalty
from guerdon.wire.referrals import InventoryReferral, Referral


class Product(Input, kw_only=True):
    """Contract schema `Product`."""

    name: str


class AdditionalCost(Input, kw_only=True):
    """Contract schema `AdditionalCost`."""

    price: Number


class PriceDetail(Input, kw_only=True):
    """Contract schema `PriceDetail`."""

    price: Number | UnsetType = UNSET
    adjustment_context_id: str | UnsetType = UNSET
    adjustment_reference_id: str | UnsetType = UNSET
    adjustment_effective_from: datetime | UnsetType = UNSET
    adjustment_effective_until: datetime | UnsetType = UNSET


class CartItem(Input, kw_only=True):
    """Contract schema `CartItem`."""

    name: Annotated[str, Meta(max_length=10_000)] | UnsetType = UNSET
    sku: Annotated[str, Meta(min_length=1, max_length=1000)]
    quantity: Annotated[int, Meta(ge=1, le=10_000)]
    returned_quantity: int | UnsetType = UNSET
    remaining_quantity: int | UnsetType = UNSET
    price: Number | UnsetType = UNSET
    category: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    product: Product | UnsetType = UNSET
    weight: Number | UnsetType = UNSET
    height: Number | UnsetType = UNSET
    width: Number | UnsetType = UNSET
    length: Number | UnsetType = UNSET
    position: int | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    additional_costs: Annotated[dict[str, AdditionalCost], Meta(max_length=100)] | UnsetType = UNSET
    catalog_item_id: int | UnsetType = field(default=UNSET, name="catalogItemID")
    selected_price_type: str | UnsetType = UNSET
    adjustment_reference_id: str | UnsetType = UNSET
    adjustment_effective_from: datetime | UnsetType = UNSET
    adjustment_effective_until: datetime | UnsetType = UNSET
    prices: dict[str, PriceDetail] | UnsetType = UNSET


class ExperimentVariantAllocation(Input, kw_only=True):
    """Contract schema `ExperimentVariantAllocation`."""

    experiment_id: int = field(name="experimentID")
    variant_id: int = field(name="variantID")


class NewCustomerSessionV2(Input, kw_only=True):
    """Contract schema `NewCustomerSessionV2`."""

    profile_id: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    store_integration_id: Annotated[str, Meta(min_length=1, max_length=1000)] | UnsetType = UNSET
    evaluable_campaign_ids: list[int] | UnsetType = UNSET
    coupon_codes: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=100)] | UnsetType = UNSET
    referral_code: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    loyalty_cards: (
        Annotated[list[Annotated[str, Meta(min_length=4, max_length=108)]], Meta(max_length=1)] | UnsetType
    ) = UNSET
    state: str | UnsetType = UNSET  # checked with the documented sentence in flows/apply_session
    cart_items: Annotated[list[CartItem], Meta(max_length=1000)] | UnsetType = UNSET
    experiment_variant_allocations: list[ExperimentVariantAllocation] | UnsetType = UNSET
    additional_costs: Annotated[dict[str, AdditionalCost], Meta(max_length=100)] | UnsetType = UNSET
    identifiers: Annotated[list[Annotated[str, Meta(max_length=1000)]], Meta(max_length=5)] | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


class BesideCart(Input, kw_only=True):
    """The members of a session that are stored as one document, but for its cart."""

    loyalty_cards: list[str] | UnsetType = UNSET
    experiment_variant_allocations: list[ExperimentVariantAllocation] | UnsetType = UNSET
    additional_costs: dict[str, AdditionalCost] | UnsetType = UNSET
    identifiers: list[str] | UnsetType = UNSET
    attributes: dict[str, Any] = {}


class SessionContent(BesideCart, kw_only=True):
    """The whole document."""

    cart_items: list[CartItem] = []


class IntegrationRequest(Input, kw_only=True):
    """Contract schema `IntegrationRequest`."""

    customer_session: NewCustomerSessionV2
    response_content: (
        list[
            Literal[
                "customerSession",
                "customerProfile",
                "coupons",
                "triggeredCampaigns",
                "referral",
                "loyalty",
                "event",
                "awardedGiveaways",
                "ruleFailureReasons",
                "previousReturns",
                "campaignEligibility",
                "achievements",
            ]
        ]
        | UnsetType
    ) = UNSET


class CustomerSessionV2(Wire, kw_only=True):
    """Contract schema `CustomerSessionV2`."""

    id: int
    created: datetime
    integration_id: str
    application_id: int
    profile_id: str
    store_integration_id: str | UnsetType = UNSET
    evaluable_campaign_ids: list[int] | UnsetType = UNSET
    coupon_codes: list[str] | UnsetType = UNSET
    referral_code: str | UnsetType = UNSET
    loyalty_cards: list[str] | UnsetType = UNSET
    state: Literal["open", "closed", "partially_returned", "cancelled"]
    cart_items: list[CartItem]
    experiment_variant_allocations: list[ExperimentVariantAllocation] | UnsetType = UNSET
    additional_costs: dict[str, AdditionalCost] | UnsetType = UNSET
    identifiers: list[str] | UnsetType = UNSET
    attributes: dict[str, Any]
    first_session: bool
    update_count: int
    total: Number
    cart_item_total: Number
    additional_cost_total: Number
    cart_item_additional_cost_total: Number
    updated: datetime


class ReturnedCartItem(Wire, kw_only=True):
    """Contract schema `ReturnedCartItem`."""

    position: int | UnsetType = UNSET
    quantity: int | UnsetType = UNSET
    sku: str | UnsetType = UNSET


class NewReturnedCartItem(Input, kw_only=True):
    """Contract schema `ReturnedCartItem`, as a request has it."""

    position: int | UnsetType = UNSET
    quantity: int | UnsetType = UNSET
    sku: Annotated[str, Meta(min_length=1, max_length=1000)] | UnsetType = UNSET


class NewReturn(Input, kw_only=True):
    """Contract schema `NewReturn`."""

    returned_cart_items: Annotated[list[NewReturnedCartItem], Meta(min_length=1, max_length=1000)]


class ReturnIntegrationRequest(Input, kw_only=True):
    """Contract schema `ReturnIntegrationRequest`."""

    return_: NewReturn
    response_content: (
        list[
            Literal[
                "customerSession",
                "customerProfile",
                "coupons",
                "triggeredCampaigns",
                "referral",
                "loyalty",
                "event",
                "previousReturns",
            ]
        ]
        | UnsetType
    ) = UNSET


class Return(Wire, kw_only=True):
    """Contract schema `Return`."""

    id: int
    created: datetime
    application_id: int
    account_id: int
    returned_cart_items: list[ReturnedCartItem]
    event_id: int
    session_id: int
    session_integration_id: str
    profile_id: int | UnsetType = UNSET
    profile_integration_id: str | UnsetType = UNSET
    created_by: int | UnsetType = UNSET


class IntegrationStateV2(Wire, kw_only=True):
    """Contract schema `IntegrationStateV2`."""

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
    referral: InventoryReferral | UnsetType = UNSET
    coupons: list[IntegrationCoupon] | UnsetType = UNSET
    event: Event | UnsetType = UNSET
    advanced_event: EventV3 | UnsetType = UNSET
    customer_session: CustomerSessionV2 | UnsetType = UNSET
    return_: Return | UnsetType = UNSET
    previous_returns: list[Return] | UnsetType = UNSET


class IntegrationCustomerSessionResponse(Wire, kw_only=True):
    """Contract schema `IntegrationCustomerSessionResponse`."""

    customer_session: CustomerSessionV2 | UnsetType = UNSET
    effects: list[Effect] | UnsetType = UNSET


class ReopenSessionResponse(Wire, kw_only=True):
    """Contract schema `ReopenSessionResponse`."""

    effects: list[Effect]


class ApplicationSession(Wire, kw_only=True):
    """Contract schema `ApplicationSession`, and the effects where one session is read."""

    id: int
    created: datetime
    integration_id: str
    store_integration_id: str | UnsetType = UNSET
    application_id: int
    profile_id: int | UnsetType = UNSET
    profileintegrationid: str | UnsetType = UNSET
    coupon: str
    referral: str
    state: Literal["open", "closed", "partially_returned", "cancelled"]
    cart_items: list[CartItem]
    discounts: dict[str, Number]
    total_discounts: Number
    total: Number
    attributes: dict[str, Any] | UnsetType = UNSET
    effects: list[Effect] | UnsetType = UNSET
