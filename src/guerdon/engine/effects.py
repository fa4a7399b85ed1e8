"""Effects: what wraps the properties of each kind (core.md §4.2), and the reasons why rules failed (§4.3)."""

from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from guerdon.engine import props
from guerdon.engine.props import Props

EFFECT_TYPES: dict[type, str] = {
    kind: kind.__name__[0].lower() + kind.__name__[1:]
    for kind in vars(props).values()
    if isinstance(kind, type) and issubclass(kind, Props) and kind is not Props
}


class Effect(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
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
