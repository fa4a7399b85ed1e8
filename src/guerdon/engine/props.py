"""The product's vocabulary: the properties of every kind of effect as they stand on the wire (core.md §5)."""

from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field


class Props(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Base of all effect properties; amounts are exact, absent members are left out. There are no cycles among them,
    so the garbage collector need not look: a large cart makes ten thousand of them."""


class AcceptCoupon(Props, frozen=True, kw_only=True):
    """A code passed its checks and a rule that asks for it succeeded."""

    value: str


class RejectCoupon(Props, frozen=True, kw_only=True):
    """A code was not accepted; `rejection_reason` is one of core.md §6.3."""

    value: str
    rejection_reason: str
    condition_index: int | UnsetType = UNSET
    effect_index: int | UnsetType = UNSET
    details: str | UnsetType = UNSET
    campaign_exclusion_reason: str | UnsetType = UNSET


class RollbackCoupon(Props, frozen=True, kw_only=True):
    """A redemption was taken back."""

    value: str


class SetDiscount(Props, frozen=True, kw_only=True):
    """An amount off the session; `scope` is present when cascading discounts are enabled."""

    name: str
    value: Decimal
    scope: str | UnsetType = UNSET
    desired_value: Decimal | UnsetType = UNSET


class SetDiscountPerItem(Props, frozen=True, kw_only=True):
    """An amount off one unit (or line, without flattening); the name ends in `#<position>`."""

    name: str
    value: Decimal
    position: int
    sub_position: int | UnsetType = UNSET
    desired_value: Decimal | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    total_discount: Decimal | UnsetType = UNSET
    desired_total_discount: Decimal | UnsetType = UNSET
    bundle_index: int | UnsetType = UNSET
    bundle_name: str | UnsetType = UNSET
    targeted_item_position: int | UnsetType = UNSET
    targeted_item_sub_position: int | UnsetType = UNSET
    excluded_from_price_history: bool | UnsetType = UNSET


class RollbackDiscount(Props, frozen=True, kw_only=True):
    """A discount was taken back; positions are those of the discount."""

    name: str
    value: Decimal
    cart_item_position: int | UnsetType = UNSET
    cart_item_sub_position: int | UnsetType = UNSET
    additional_cost_id: int | UnsetType = UNSET
    additional_cost: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET


class AddFreeItem(Props, frozen=True, kw_only=True):
    """One unit of a free item, for the shop to add."""

    sku: str
    name: str
    desired_quantity: int | UnsetType = UNSET


class ShowNotification(Props, frozen=True, kw_only=True):
    """A message for the customer; the type is Info, Offer, Error or Misc."""

    notification_type: str
    title: str
    body: str


class CustomEffect(Props, frozen=True, kw_only=True):
    """An effect of the shop's own making."""

    effect_id: int
    name: str
    payload: dict[str, Any]
    cart_item_position: int | UnsetType = UNSET
    cart_item_sub_position: int | UnsetType = UNSET
    bundle_index: int | UnsetType = UNSET
    bundle_name: str | UnsetType = UNSET


class UpdateAttribute(Props, frozen=True, kw_only=True):
    """A custom attribute got a new value; `path` is e.g. `Session.Attributes.tier`."""

    path: str
    value: Any


class AcceptReferral(Props, frozen=True, kw_only=True):
    """The session's referral code passed its checks and a rule that asks for it succeeded."""

    value: str


class RejectReferral(RejectCoupon, frozen=True, kw_only=True):
    """The referral code was not accepted; `rejection_reason` is one of core.md §7."""


class RollbackReferral(Props, frozen=True, kw_only=True):
    """The redemption of a referral was taken back."""

    value: str


class CouponCreated(Props, frozen=True, kw_only=True):
    """A coupon was made; `profile_id` is the integration id of its recipient, "" for none."""

    value: str
    profile_id: str


class ReferralCreated(Props, frozen=True, kw_only=True):
    """A referral was made."""

    value: str


class ReserveCoupon(Props, frozen=True, kw_only=True):
    """The coupon was reserved for a profile."""

    coupon_value: str
    profile_integration_id: str
    is_new_reservation: bool


class SetDiscountPerAdditionalCost(Props, frozen=True, kw_only=True):
    """An amount off an additional cost of the session; `additional_cost` is its API name."""

    name: str
    additional_cost_id: int
    additional_cost: str
    value: Decimal
    desired_value: Decimal | UnsetType = UNSET


class SetDiscountPerAdditionalCostPerItem(Props, frozen=True, kw_only=True):
    """An amount off an additional cost of one unit (or line, without flattening)."""

    name: str
    additional_cost_id: int
    additional_cost: str
    value: Decimal
    position: int
    sub_position: int | UnsetType = UNSET
    desired_value: Decimal | UnsetType = UNSET


class AddLoyaltyPoints(Props, frozen=True, kw_only=True):
    """Points for a profile or a card; dates are RFC 3339."""

    name: str
    program_id: int
    sub_ledger_id: str
    value: Decimal
    recipient_integration_id: str
    transaction_uuid: str = field(name="transactionUUID")
    desired_value: Decimal | UnsetType = UNSET
    start_date: str | UnsetType = UNSET
    expiry_date: str | UnsetType = UNSET
    cart_item_position: int | UnsetType = UNSET
    cart_item_sub_position: int | UnsetType = UNSET
    card_identifier: str | UnsetType = UNSET
    bundle_index: int | UnsetType = UNSET
    bundle_name: str | UnsetType = UNSET
    awaits_activation: bool | UnsetType = UNSET
    validity_duration: str | UnsetType = UNSET


class DeductLoyaltyPoints(Props, frozen=True, kw_only=True):
    """Points spent."""

    rule_title: str
    program_id: int
    sub_ledger_id: str
    value: Decimal
    transaction_uuid: str = field(name="transactionUUID")
    name: str
    card_identifier: str | UnsetType = UNSET


class ChangeLoyaltyTierLevel(Props, frozen=True, kw_only=True):
    """The points added by this request lift the customer into another tier."""

    rule_title: str
    program_id: int
    sub_ledger_id: str
    new_tier_name: str
    previous_tier_name: str | UnsetType = UNSET
    expiry_date: str | UnsetType = UNSET


class WillAwardGiveaway(Props, frozen=True, kw_only=True):
    """A giveaway that closing the session will award."""

    pool_id: int
    pool_name: str
    recipient_integration_id: str


class AwardGiveaway(WillAwardGiveaway, frozen=True, kw_only=True):
    """A giveaway that was awarded, with its code."""

    giveaway_id: int
    code: str


class AddToAudience(Props, frozen=True, kw_only=True):
    """A profile joins an audience."""

    audience_id: int
    audience_name: str
    profile_integration_id: str
    profile_id: int


class RemoveFromAudience(AddToAudience, frozen=True, kw_only=True):
    """A profile leaves an audience."""


class IncreaseAchievementProgress(Props, frozen=True, kw_only=True):
    """Progress towards an achievement: `delta` of it now, `value` in all."""

    achievement_id: int
    achievement_name: str
    delta: Decimal
    value: Decimal
    target: Decimal
    is_just_completed: bool
    progress_tracker_id: int | UnsetType = UNSET


class TriggerWebhook(Props, frozen=True, kw_only=True):
    """A webhook is called."""

    webhook_id: int
    webhook_name: str


class Error(Props, frozen=True, kw_only=True):
    """Something went wrong that is no failure of a rule (rules.md §5.14)."""

    message: str


# --- what no rule can bring about yet: the rest of the contract's vocabulary


class RedeemReferral(Props, frozen=True, kw_only=True):
    """The older form of acceptReferral, which is never given any more (core.md §7)."""

    id: int
    value: str


class RollbackAddedLoyaltyPoints(Props, frozen=True, kw_only=True):
    """Points that were added are taken away again."""

    program_id: int
    sub_ledger_id: str
    value: Decimal
    recipient_integration_id: str
    transaction_uuid: str = field(name="transactionUUID")
    cart_item_position: int | UnsetType = UNSET
    cart_item_sub_position: int | UnsetType = UNSET
    card_identifier: str | UnsetType = UNSET


class RollbackDeductedLoyaltyPoints(Props, frozen=True, kw_only=True):
    """Points that were spent are given back."""

    program_id: int
    sub_ledger_id: str
    value: Decimal
    recipient_integration_id: str
    transaction_uuid: str = field(name="transactionUUID")
    start_date: str | UnsetType = UNSET
    expiry_date: str | UnsetType = UNSET
    card_identifier: str | UnsetType = UNSET


class AffectedTransaction(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A ledger transaction whose points expire at another time now."""

    transaction_uuid: str = field(name="transactionUUID")
    previous_expiry_date: str | UnsetType = UNSET
    new_expiry_date: str


class ExtendLoyaltyPointsExpiryDate(Props, frozen=True, kw_only=True):
    """Points last longer, by a duration such as `30D`."""

    program_id: int
    sub_ledger_id: str
    extension_duration: str
    affected_transactions: list[AffectedTransaction] | UnsetType = UNSET


class SetLoyaltyPointsExpiryDate(Props, frozen=True, kw_only=True):
    """Points expire at a given time."""

    program_id: int
    sub_ledger_id: str
    new_expiry_date: str
    affected_transactions: list[AffectedTransaction] | UnsetType = UNSET


class StartAchievementProgress(Props, frozen=True, kw_only=True):
    """A customer starts on an achievement."""

    achievement_id: int
    achievement_name: str
    progress_tracker_id: int
    target: Decimal
    start_date: str
    end_date: str | UnsetType = UNSET


class RollbackIncreasedAchievementProgress(Props, frozen=True, kw_only=True):
    """Progress is taken back."""

    achievement_id: int
    achievement_name: str
    progress_tracker_id: int
    decrease_progress_by: Decimal
    current_progress: Decimal
    target: Decimal


class ShowBundleMetadata(Props, frozen=True, kw_only=True):
    """The older way to show bundles, which is never given any more."""

    description: str
    bundle_attributes: list[str]
    items_indices: list[int]
