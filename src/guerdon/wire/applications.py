"""The contract's shapes for applications; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Input, Moment, Wire
from guerdon.wire.limits import LimitConfig
from guerdon.wire.loyalty import LoyaltyProgram


class AttributesMandatory(Input, kw_only=True):
    """Contract schema `AttributesMandatory`."""

    campaigns: list[str] | UnsetType = UNSET
    coupons: list[str] | UnsetType = UNSET


class AttributesSettings(Input, kw_only=True):
    """Contract schema `AttributesSettings`."""

    mandatory: AttributesMandatory | UnsetType = UNSET


class BestPriorPriceSettings(Input, kw_only=True):
    """Contract schema `BestPriorPriceSettings`."""

    enable_best_prior_price: bool | UnsetType = UNSET


class NewApplication(Input, kw_only=True):
    """Contract schema `NewApplication`."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | UnsetType = UNSET
    timezone: Annotated[str, Meta(min_length=1)]
    currency: Annotated[str, Meta(min_length=1)]
    case_sensitivity: Literal["sensitive", "insensitive-uppercase", "insensitive-lowercase"] | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    default_discount_scope: Literal["sessionTotal", "cartItems", "additionalCosts"] | UnsetType = UNSET
    enable_cascading_discounts: bool | UnsetType = UNSET
    enable_flattened_cart_items: bool | UnsetType = UNSET
    attributes_settings: AttributesSettings | UnsetType = UNSET
    sandbox: bool | UnsetType = UNSET
    enable_partial_discounts: bool | UnsetType = UNSET
    default_discount_additional_cost_per_item_scope: Literal["price", "itemTotal", "additionalCosts"] | UnsetType = (
        UNSET
    )
    key: Annotated[str, Meta(pattern=r"^[a-fA-F0-9]{16}$")] | UnsetType = UNSET
    enable_campaign_state_management: bool | UnsetType = UNSET
    discount_decimals: Annotated[int, Meta(ge=0, le=10)] | UnsetType | None = UNSET  # ours, ruling 4
    uncapped_discounts: bool | UnsetType = UNSET  # ours, ruling 2


class UpdateApplication(Input, kw_only=True):
    """Contract schema `UpdateApplication`."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | UnsetType = UNSET
    timezone: Annotated[str, Meta(min_length=1)]
    currency: Annotated[str, Meta(min_length=1)]
    case_sensitivity: Literal["sensitive", "insensitive-uppercase", "insensitive-lowercase"] | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    default_discount_scope: Literal["sessionTotal", "cartItems", "additionalCosts"] | UnsetType = UNSET
    enable_cascading_discounts: bool | UnsetType = UNSET
    enable_flattened_cart_items: bool | UnsetType = UNSET
    attributes_settings: AttributesSettings | UnsetType = UNSET
    sandbox: bool | UnsetType = UNSET
    enable_partial_discounts: bool | UnsetType = UNSET
    default_discount_additional_cost_per_item_scope: Literal["price", "itemTotal", "additionalCosts"] | UnsetType = (
        UNSET
    )
    default_evaluation_group_id: int | UnsetType = UNSET
    default_cart_item_filter_id: int | UnsetType = UNSET
    enable_campaign_state_management: bool | UnsetType = UNSET
    best_prior_price_settings: BestPriorPriceSettings | UnsetType = UNSET
    discount_decimals: Annotated[int, Meta(ge=0, le=10)] | UnsetType | None = UNSET  # ours, ruling 4
    uncapped_discounts: bool | UnsetType = UNSET  # ours, ruling 2


class Application(Wire, kw_only=True):
    """Contract schema `Application`."""

    id: int
    created: datetime
    modified: datetime
    account_id: int
    name: str
    description: str | UnsetType = UNSET
    timezone: str
    currency: str
    case_sensitivity: Literal["sensitive", "insensitive-uppercase", "insensitive-lowercase"] | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    limits: list[LimitConfig] | UnsetType = UNSET
    default_discount_scope: Literal["sessionTotal", "cartItems", "additionalCosts"] | UnsetType = UNSET
    enable_cascading_discounts: bool | UnsetType = UNSET
    enable_flattened_cart_items: bool | UnsetType = UNSET
    attributes_settings: AttributesSettings | UnsetType = UNSET
    sandbox: bool | UnsetType = UNSET
    enable_partial_discounts: bool | UnsetType = UNSET
    default_discount_additional_cost_per_item_scope: Literal["price", "itemTotal", "additionalCosts"] | UnsetType = (
        UNSET
    )
    default_evaluation_group_id: int | UnsetType = UNSET
    default_cart_item_filter_id: int | UnsetType = UNSET
    enable_campaign_state_management: bool | UnsetType = UNSET
    best_prior_price_settings: BestPriorPriceSettings | UnsetType = UNSET
    discount_decimals: int | UnsetType = UNSET  # ours, ruling 4
    uncapped_discounts: bool | UnsetType = UNSET  # ours, ruling 2
    loyalty_programs: list[LoyaltyProgram]


class CreateApplicationAPIKey(Input, kw_only=True):
    """Contract schema `CreateApplicationAPIKey`."""

    title: str
    expires: Moment
    platform: (
        Literal[
            "none",
            "segment",
            "braze",
            "mparticle",
            "shopify",
            "iterable",
            "customer_engagement",
            "customer_data",
            "salesforce",
            "emarsys",
        ]
        | UnsetType
    ) = UNSET
    type: Literal["staging"] | UnsetType = UNSET
    time_offset: int | UnsetType = UNSET


class UpdateApplicationAPIKey(Input, kw_only=True):
    """Contract schema `UpdateApplicationAPIKey`."""

    time_offset: int


class ApplicationAPIKey(Wire, kw_only=True):
    """Contract schema `ApplicationAPIKey`."""

    title: str
    expires: datetime
    platform: (
        Literal[
            "none",
            "segment",
            "braze",
            "mparticle",
            "shopify",
            "iterable",
            "customer_engagement",
            "customer_data",
            "salesforce",
            "emarsys",
        ]
        | UnsetType
    ) = UNSET
    type: Literal["staging"] | UnsetType = UNSET
    time_offset: int | UnsetType = UNSET
    id: int
    created_by: int
    account_id: int = field(name="accountID")
    application_id: int = field(name="applicationID")
    created: datetime


class NewApplicationAPIKey(Wire, kw_only=True):
    """Contract schema `NewApplicationAPIKey`."""

    title: str
    expires: datetime
    platform: (
        Literal[
            "none",
            "segment",
            "braze",
            "mparticle",
            "shopify",
            "iterable",
            "customer_engagement",
            "customer_data",
            "salesforce",
            "emarsys",
        ]
        | UnsetType
    ) = UNSET
    type: Literal["staging"] | UnsetType = UNSET
    time_offset: int | UnsetType = UNSET
    id: int
    created_by: int
    account_id: int = field(name="accountID")
    application_id: int = field(name="applicationID")
    created: datetime
    key: str
