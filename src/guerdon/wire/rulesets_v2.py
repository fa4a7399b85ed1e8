"""The contract's shapes for rulesets as typed blocks (rules.md §2.2); pure data. wire/blocks.py makes them.

A text may hold expressions between double braces, `{{$Session.Total * 0.1}}`; a bare path is written `$Session.Total`.
"""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, UnsetType, field

from guerdon.wire.base import Number, Wire

if TYPE_CHECKING:
    NumberOrText = Decimal | str
else:
    NumberOrText = float | str  # msgspec knows no union with a Decimal; these are written, never read

Who = Literal["Current", "Advocate"]
Balance = Literal["current", "pending", "negative", "tentativeCurrent"]
Comparison = Literal["equals", "not(equals)", "lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"]
AttributeOperator = Literal[
    "equals", "not(equals)", "lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual", "between",
    "contains", "not(contains)", "matchesRegexp", "startsWith", "endsWith", "oneOf", "not(oneOf)", "inCollection",
    "not(inCollection)", "empty", "not(empty)", "exists", "not(exists)", "isTrue", "isFalse", "containsAtLeast",
    "containsExactly", "containsOneOf", "containsNoneOf", "containsAllOf", "after", "before", "within",
    "not(within)",
]  # fmt: skip
AchievementOperator = Literal[
    "justCompleted", "started", "not(started)", "inProgress", "not(inProgress)", "completed", "not(completed)"
]
BudgetAction = Literal[
    "redeemCoupon", "redeemReferral", "setDiscount", "createCoupon", "createReferral", "setDiscountEffect",
    "createLoyaltyPoints", "createLoyaltyPointsEffect", "redeemLoyaltyPoints", "redeemLoyaltyPointsEffect",
    "awardGiveaway", "addFreeItemEffect", "customEffect", "callApi",
]  # fmt: skip
UpdateOperator = Literal[
    "setTo", "increaseBy", "decreaseBy", "multiplyBy", "divideBy", "toggle", "laterBy", "earlierBy"
]


class BaseBlock(Wire, kw_only=True):
    """Contract schema `BaseBlock`. The id is the same as long as the ruleset is."""

    id: str
    tags: list[str] | UnsetType = UNSET


# --- what is named in blocks


class NamedReference(Wire, kw_only=True):
    """An audience or giveaway pool; the name is empty for one that is not there any more."""

    id: int
    name: str


class TitledReference(Wire, kw_only=True):
    """A webhook."""

    id: int
    title: str


class NamedAndTitledReference(Wire, kw_only=True):
    """A loyalty program or custom effect."""

    id: int
    name: str
    title: str


class AchievementReference(Wire, kw_only=True):
    """An achievement with the value to reach."""

    id: int
    name: str
    title: str
    target: Number


class AudienceReference(Wire, kw_only=True):
    """An audience."""

    id: int
    name: str
    integration: str | UnsetType = UNSET
    integration_id: str | UnsetType = UNSET


class AttributeReference(Wire, kw_only=True):
    """A custom attribute, e.g. id 100, entity profile, name City; id 0 and no type for one that is not defined."""

    id: int
    entity: str
    name: str
    title: str
    type: str


class AdditionalCostReference(Wire, kw_only=True):
    """Contract schema `AdditionalCostReference`; id 0 for one that is not there any more."""

    id: int
    name: str
    title: str | UnsetType = UNSET


# --- what an effect is for


class AwardDiscountCartTarget(Wire, kw_only=True, tag="cart"):
    """Contract schema `AwardDiscountCartTarget`."""


class AwardDiscountAllItemsTarget(Wire, kw_only=True, tag="allItems"):
    """Contract schema `AwardDiscountAllItemsTarget`."""

    prorated: bool | UnsetType = UNSET


class AwardDiscountGlobalFilterTarget(Wire, kw_only=True, tag="globalFilter"):
    """Contract schema `AwardDiscountGlobalFilterTarget`."""

    name: str
    prorated: bool | UnsetType = UNSET


class AwardDiscountSelectorTarget(Wire, kw_only=True, tag="selector"):
    """Contract schema `AwardDiscountSelectorTarget`."""

    name: str
    prorated: bool | UnsetType = UNSET


class AwardDiscountBundleItemByIndex(Wire, kw_only=True, tag="byIndex"):
    """Contract schema `AwardDiscountBundleItemByIndex`."""

    value: int


class AwardDiscountBundleItemByAttribute(Wire, kw_only=True, tag="byAttribute"):
    """Contract schema `AwardDiscountBundleItemByAttribute`."""

    attribute: str
    direction: Literal["highest", "lowest"]


AwardDiscountBundleItem = AwardDiscountBundleItemByIndex | AwardDiscountBundleItemByAttribute


class AwardDiscountBundleTarget(Wire, kw_only=True, tag="bundle"):
    """Contract schema `AwardDiscountBundleTarget`."""

    name: str
    item: AwardDiscountBundleItem | UnsetType = UNSET
    prorated: bool | UnsetType = UNSET


ItemsTarget = AwardDiscountAllItemsTarget | AwardDiscountGlobalFilterTarget | AwardDiscountSelectorTarget


class AwardDiscountAdditionalCostTarget(Wire, kw_only=True, tag="additionalCost"):
    """Contract schema `AwardDiscountAdditionalCostTarget`."""

    additional_cost: AdditionalCostReference
    target: AwardDiscountCartTarget | ItemsTarget


AwardDiscountTarget = (
    AwardDiscountCartTarget | ItemsTarget | AwardDiscountBundleTarget | AwardDiscountAdditionalCostTarget
)


class CustomEffectTarget(Wire, kw_only=True):
    """What a custom effect is for; lists and bundles have a name."""

    type: Literal["cart", "allItems", "selector", "globalFilter", "bundle"]
    name: str | UnsetType = UNSET


class UpdateTarget(Wire, kw_only=True):
    """Whose attribute is updated; lists have a name."""

    type: Literal["session", "profile", "advocateProfile", "coupon", "referral", "allItems", "selector", "globalFilter"]
    name: str | UnsetType = UNSET


# --- conditions


class PassthroughBlock(Wire, kw_only=True, tag="passthrough"):
    """Contract schema `PassthroughBlock`: what no other block can say, as it stands in the rule."""

    id: str
    expression: list[Any]


class CheckAttributeBlockBase(BaseBlock, kw_only=True):
    """Contract schema `CheckAttributeBlockBase`: which members there are is up to the operator (rules.md §4.4)."""

    operator: AttributeOperator
    attribute: Any
    value: Any | UnsetType = UNSET
    min: Any | UnsetType = UNSET
    max: Any | UnsetType = UNSET
    start: Any | UnsetType = UNSET
    end: Any | UnsetType = UNSET
    start_inclusive: bool | UnsetType = UNSET
    end_inclusive: bool | UnsetType = UNSET
    timezone_insensitive: bool | UnsetType = UNSET
    values: Any | UnsetType = UNSET
    count: Any | UnsetType = UNSET


class PromotionCheckAttributeBlock(CheckAttributeBlockBase, kw_only=True, tag="checkAttribute"):
    """Contract schema `PromotionCheckAttributeBlock`."""

    on_failure: list["PromotionBlock"] | UnsetType = UNSET


class StrikethroughCheckAttributeBlock(CheckAttributeBlockBase, kw_only=True, tag="checkAttribute"):
    """Contract schema `StrikethroughCheckAttributeBlock`."""

    on_failure: list["StrikethroughBlock"] | UnsetType = UNSET


class CheckAttributeBlock(CheckAttributeBlockBase, kw_only=True, tag="checkAttribute"):
    """Contract schema `CheckAttributeBlock`: what a selector keeps."""


class PromotionGroupBlock(BaseBlock, kw_only=True, tag="group"):
    """Contract schema `PromotionGroupBlock`."""

    operator: Literal["all", "atLeastOne", "none"]
    blocks: list["PromotionBlock"]
    on_failure: list["PromotionBlock"] | UnsetType = UNSET
    on_error: dict[str, list["PromotionBlock"]] | UnsetType = UNSET


class StrikethroughGroupBlock(BaseBlock, kw_only=True, tag="group"):
    """Contract schema `StrikethroughGroupBlock`."""

    operator: Literal["all", "atLeastOne", "none"]
    blocks: list["StrikethroughBlock"]
    on_failure: list["StrikethroughBlock"] | UnsetType = UNSET
    on_error: dict[str, list["StrikethroughBlock"]] | UnsetType = UNSET


class SelectorGroupBlock(BaseBlock, kw_only=True, tag="group"):
    """Contract schema `SelectorGroupBlock`."""

    operator: Literal["all", "atLeastOne", "none"]
    blocks: list["SelectorBlock"]


class CheckAudienceBlock(BaseBlock, kw_only=True, tag="checkAudience"):
    """Contract schema `CheckAudienceBlock`."""

    operator: Literal["member", "not(member)", "justJoined", "justLeft"]
    profile: Who
    audience: AudienceReference
    on_failure: list["PromotionBlock"] | UnsetType = UNSET


class CheckLoyaltyBalanceBlock(BaseBlock, kw_only=True, tag="checkLoyaltyBalance"):
    """Contract schema `CheckLoyaltyBalanceBlock`; subledger "" is the main ledger."""

    operator: Comparison
    program: NamedAndTitledReference
    subledger: str
    balance: Balance
    value: Number
    on_failure: list["PromotionBlock"] | UnsetType = UNSET


class CheckCouponBlock(BaseBlock, kw_only=True, tag="checkCoupon"):
    """Contract schema `CheckCouponBlock`."""

    redeem: bool
    on_failure: list["PromotionBlock"] | UnsetType = UNSET


class CheckReferralBlock(BaseBlock, kw_only=True, tag="checkReferral"):
    """Contract schema `CheckReferralBlock`."""

    redeem: bool
    on_failure: list["PromotionBlock"] | UnsetType = UNSET


class CheckEventBlock(BaseBlock, kw_only=True, tag="checkEvent"):
    """Contract schema `CheckEventBlock`."""

    event_type: str
    matchers: list["PromotionBlock"] | UnsetType = UNSET
    on_failure: list["PromotionBlock"] | UnsetType = UNSET


class CheckAchievementBlock(BaseBlock, kw_only=True, tag="checkAchievement"):
    """Contract schema `CheckAchievementBlock`."""

    operator: AchievementOperator
    achievement: AchievementReference
    on_failure: list["PromotionBlock"] | UnsetType = UNSET


class CheckBudgetBlock(BaseBlock, kw_only=True, tag="checkBudget"):
    """Contract schema `CheckBudgetBlock`."""

    operator: Literal["available", "enoughFor"]
    action: BudgetAction
    value: Number | UnsetType = UNSET
    on_failure: list["PromotionBlock"] | UnsetType = UNSET


# --- effects


class AwardDiscountBlock(BaseBlock, kw_only=True, tag="awardDiscount"):
    """Contract schema `AwardDiscountBlock`."""

    name: str
    value: NumberOrText
    partial: bool
    target: AwardDiscountTarget


class ShowNotificationBlock(BaseBlock, kw_only=True, tag="showNotification"):
    """Contract schema `ShowNotificationBlock`."""

    notification_type: str
    title: str
    body: str | UnsetType = UNSET
    on_failure: list["PromotionBlock"] | UnsetType = UNSET
    on_error: dict[str, list["PromotionBlock"]] | UnsetType = UNSET


class AwardItemBlock(BaseBlock, kw_only=True, tag="awardItem"):
    """Contract schema `AwardItemBlock`; the quantity is a text."""

    sku: str
    name: str
    quantity: str
    partial: bool | UnsetType = UNSET
    on_failure: list["PromotionBlock"] | UnsetType = UNSET
    on_error: dict[str, list["PromotionBlock"]] | UnsetType = UNSET


class AwardGiveawayBlock(BaseBlock, kw_only=True, tag="awardGiveaway"):
    """Contract schema `AwardGiveawayBlock`."""

    giveaway_pool: NamedReference
    profile: Who
    on_failure: list["PromotionBlock"] | UnsetType = UNSET
    on_error: dict[str, list["PromotionBlock"]] | UnsetType = UNSET


class UpdateAudienceMembershipBlock(BaseBlock, kw_only=True, tag="updateAudienceMembership"):
    """Contract schema `UpdateAudienceMembershipBlock`."""

    operator: Literal["add", "remove"]
    profile: Who
    audience: AudienceReference


class UpdateAchievementProgressBlock(BaseBlock, kw_only=True, tag="updateAchievementProgress"):
    """Contract schema `UpdateAchievementProgressBlock`; the value is a text."""

    operator: Literal["increaseBy"]
    value: str
    achievement: AchievementReference


class UpdateAttributeValueBlock(BaseBlock, kw_only=True, tag="updateAttributeValue"):
    """Contract schema `UpdateAttributeValueBlock`. A duration is written `3 days`; toggling has no value."""

    operator: UpdateOperator
    attribute: AttributeReference
    value: Any | UnsetType = UNSET
    target: UpdateTarget


class TriggerWebhookBlock(BaseBlock, kw_only=True, tag="triggerWebhook"):
    """Contract schema `TriggerWebhookBlock`."""

    webhook: TitledReference
    params: dict[str, Any] | UnsetType = UNSET
    on_error: dict[str, list["PromotionBlock"]] | UnsetType = UNSET


class TriggerCustomEffectBlock(BaseBlock, kw_only=True, tag="triggerCustomEffect"):
    """Contract schema `TriggerCustomEffectBlock`."""

    custom_effect: NamedAndTitledReference
    params: dict[str, Any] | UnsetType = UNSET
    target: CustomEffectTarget
    on_error: dict[str, list["PromotionBlock"]] | UnsetType = UNSET


class CreateReferralBlock(BaseBlock, kw_only=True, tag="createReferral"):
    """Contract schema `CreateReferralBlock`; a usage limit of 0 is none."""

    campaign_id: NumberOrText
    friend_id: str
    store_in_session: bool
    usage_limit: NumberOrText | UnsetType = UNSET
    start_date: Any | UnsetType = UNSET
    expiry_date: Any | UnsetType = UNSET
    attributes: Any | UnsetType = UNSET
    valid_characters: str | UnsetType = UNSET
    pattern: str | UnsetType = UNSET


class CreateCouponBlock(BaseBlock, kw_only=True, tag="createCoupon"):
    """Contract schema `CreateCouponBlock`; a usage limit of 0 is none."""

    campaign_id: NumberOrText
    recipient_id: str
    store_in_session: bool
    usage_limit: NumberOrText | UnsetType = UNSET
    discount_limit: NumberOrText | UnsetType = UNSET
    start_date: Any | UnsetType = UNSET
    expiry_date: Any | UnsetType = UNSET
    attributes: Any | UnsetType = UNSET
    valid_characters: str | UnsetType = UNSET
    pattern: str | UnsetType = UNSET


class ReserveCouponBlock(BaseBlock, kw_only=True, tag="reserveCoupon"):
    """Contract schema `ReserveCouponBlock`."""


PromotionBlock = (
    PromotionGroupBlock
    | AwardDiscountBlock
    | PassthroughBlock
    | ShowNotificationBlock
    | AwardItemBlock
    | AwardGiveawayBlock
    | PromotionCheckAttributeBlock
    | CheckAudienceBlock
    | CheckLoyaltyBalanceBlock
    | CheckCouponBlock
    | CheckReferralBlock
    | UpdateAudienceMembershipBlock
    | UpdateAchievementProgressBlock
    | UpdateAttributeValueBlock
    | TriggerWebhookBlock
    | TriggerCustomEffectBlock
    | CheckEventBlock
    | CheckAchievementBlock
    | CheckBudgetBlock
    | CreateCouponBlock
    | CreateReferralBlock
    | ReserveCouponBlock
)
StrikethroughBlock = StrikethroughGroupBlock | AwardDiscountBlock | PassthroughBlock | StrikethroughCheckAttributeBlock
SelectorBlock = CheckAttributeBlock | SelectorGroupBlock | PassthroughBlock

# --- selectors


class FilterSelectorStep(Wire, kw_only=True, tag="filter"):
    """Contract schema `FilterSelectorStep`; an item for which the predicate is an error is left out."""

    predicate: SelectorBlock


class SortSelectorStepField(Wire, kw_only=True):
    """Contract schema `SortSelectorStepField`."""

    expression: str
    direction: Literal["asc", "desc"]


class SortSelectorStep(Wire, kw_only=True, tag="sort"):
    """Contract schema `SortSelectorStep`."""

    fields: list[SortSelectorStepField]


class SelectSelectorStep(Wire, kw_only=True, tag="select"):
    """Contract schema `SelectSelectorStep`: the first or last `count`, those from `from` to before `to`, or the one
    at `index`, each counted from 0."""

    operator: Literal["many", "between", "one"]
    from_: Literal["start", "end"] | int | UnsetType = field(default=UNSET, name="from")
    to: int | UnsetType = UNSET
    count: int | UnsetType = UNSET
    index: int | UnsetType = UNSET
    partial: bool | UnsetType = UNSET


class MapSelectorStep(Wire, kw_only=True, tag="map"):
    """Contract schema `MapSelectorStep`."""

    expression: str


class ReduceSelectorStep(Wire, kw_only=True, tag="reduce"):
    """Contract schema `ReduceSelectorStep`."""

    operator: Literal["max", "min", "sum", "count", "empty"]


class ReverseSelectorStep(Wire, kw_only=True, tag="reverse"):
    """Contract schema `ReverseSelectorStep`."""


class SelectorValueMapRef(Wire, kw_only=True):
    """Contract schema `SelectorValueMapRef`."""

    id: int


class FilterAndMapValuesSelectorStep(Wire, kw_only=True, tag="filterAndMapValues"):
    """Contract schema `FilterAndMapValuesSelectorStep`."""

    value_map: SelectorValueMapRef


SelectorStep = (
    FilterSelectorStep
    | SortSelectorStep
    | SelectSelectorStep
    | MapSelectorStep
    | ReduceSelectorStep
    | ReverseSelectorStep
    | FilterAndMapValuesSelectorStep
)


class Selector(Wire, kw_only=True, tag="selector"):
    """Contract schema `Selector`."""

    name: str
    source: str
    steps: list[SelectorStep]


# --- rules


class RuleV2(Wire, kw_only=True):
    """Contract schema `RuleV2`."""

    id: str | UnsetType = UNSET
    parent_id: str | UnsetType = UNSET
    title: str
    description: str | UnsetType = UNSET


class PromotionRuleV2(RuleV2, kw_only=True):
    """Contract schema `PromotionRuleV2`: conditions and effects, in one list."""

    blocks: list[PromotionBlock]


class StrikethroughRuleV2(RuleV2, kw_only=True):
    """Contract schema `StrikethroughRuleV2`."""

    blocks: list[StrikethroughBlock]


class RulesetV2(Wire, kw_only=True):
    """Contract schema `RulesetV2`; each binding of a ruleset and its rules is a selector, a bundle or a parameter."""

    id: int
    created: datetime
    user_id: int
    campaign_id: int | UnsetType = UNSET
    template_id: int | UnsetType = UNSET
    activated_at: datetime | UnsetType = UNSET
    promotion_rules: list[PromotionRuleV2]
    strikethrough_rules: list[StrikethroughRuleV2]
    selectors: list[Selector]
    bundles: list[dict[str, Any]]
    parameters: list[dict[str, Any]]
