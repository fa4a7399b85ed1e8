"""The product's vocabulary: every kind of effect as it stands on the wire (core.md §5), and what wraps it."""

from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field


class Props(Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all effect properties; amounts are exact, absent members are left out."""


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
    excluded_from_price_history: bool | UnsetType = UNSET


class RollbackDiscount(Props, frozen=True, kw_only=True):
    """A discount was taken back; positions are those of the discount."""

    name: str
    value: Decimal
    cart_item_position: int | UnsetType = UNSET
    cart_item_sub_position: int | UnsetType = UNSET
    scope: str | UnsetType = UNSET


class AddFreeItem(Props, frozen=True, kw_only=True):
    """One unit of a free item, for the shop to add."""

    sku: str
    name: str


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


class UpdateAttribute(Props, frozen=True, kw_only=True):
    """A custom attribute got a new value; `path` is e.g. `Session.Attributes.tier`."""

    path: str
    value: Any


EFFECT_TYPES: dict[type, str] = {
    kind: kind.__name__[0].lower() + kind.__name__[1:]
    for kind in (
        AcceptCoupon,
        RejectCoupon,
        RollbackCoupon,
        SetDiscount,
        SetDiscountPerItem,
        RollbackDiscount,
        AddFreeItem,
        ShowNotification,
        CustomEffect,
        UpdateAttribute,
    )
}


class Effect(Struct, frozen=True, kw_only=True, rename="camel"):
    """What one rule (or the engine, with campaign and ruleset -1) made of a request. Contract schema `Effect`."""

    campaign_id: int
    ruleset_id: int
    rule_index: int
    rule_name: str
    effect_type: str
    props: Any
    triggered_by_coupon: int | UnsetType = UNSET
    triggered_for_catalog_item: int | UnsetType = UNSET
    condition_index: int | UnsetType = UNSET
    evaluation_group_id: int | UnsetType = field(default=UNSET, name="evaluationGroupID")
    evaluation_group_mode: str | UnsetType = UNSET
    experiment_id: int | UnsetType = UNSET
    campaign_revision_id: int | UnsetType = UNSET
    campaign_revision_version_id: int | UnsetType = UNSET
    selected_price_type: str | UnsetType = UNSET
    selected_price: Decimal | UnsetType = UNSET
    adjustment_reference_id: str | UnsetType = UNSET


class RuleFailureReason(Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a rule did not fire. Contract schema `RuleFailureReason`; note the capital `ID` on the wire."""

    campaign_id: int = field(name="campaignID")
    campaign_name: str
    ruleset_id: int = field(name="rulesetID")
    rule_index: int
    rule_name: str
    coupon_id: int | UnsetType = field(default=UNSET, name="couponID")
    coupon_value: str | UnsetType = UNSET
    referral_id: int | UnsetType = field(default=UNSET, name="referralID")
    referral_value: str | UnsetType = UNSET
    condition_index: int | UnsetType = UNSET
    effect_index: int | UnsetType = UNSET
    details: str | UnsetType = UNSET
    evaluation_group_id: int | UnsetType = field(default=UNSET, name="evaluationGroupID")
    evaluation_group_mode: str | UnsetType = UNSET


def effect_of(props: Props, wrapper: dict[str, Any]) -> Effect:
    """The effect of these properties; `wrapper` names the campaign, ruleset and rule."""
    return Effect(effect_type=EFFECT_TYPES[type(props)], props=props, **wrapper)
