"""What an evaluation answers: the only thing that leaves the engine, and the only thing `commit` writes."""

from decimal import Decimal
from typing import Any

from msgspec import Struct

from guerdon.engine.effects import Effect, RuleFailureReason


class CouponUse(Struct, frozen=True, kw_only=True):
    """What a session does to a coupon's counters: +1 and an amount at close, the negatives on a rollback."""

    coupon_id: int
    campaign_id: int
    redemptions: int
    discount: Decimal


class CampaignUse(Struct, frozen=True, kw_only=True):
    """What a session adds to a campaign's counters; negative on a rollback."""

    campaign_id: int
    coupon_redemptions: int = 0
    discount: Decimal = Decimal(0)
    discount_effects: int = 0
    free_items: int = 0
    custom_effects: int = 0


class AttributeChange(Struct, frozen=True, kw_only=True):
    """A custom attribute of the session or the profile got a new value."""

    entity: str
    name: str
    value: Any


class Outcome(Struct, frozen=True, kw_only=True):
    """Everything an evaluation decided.

    `effects` are in the order of core.md §4.2. `coupon_uses` and `campaign_uses` are what closing (or taking
    back) the session does to the counters; an open session leaves them alone.
    """

    effects: tuple[Effect, ...]
    failures: tuple[RuleFailureReason, ...] = ()
    triggered_campaign_ids: tuple[int, ...] = ()
    coupon_uses: tuple[CouponUse, ...] = ()
    campaign_uses: tuple[CampaignUse, ...] = ()
    attribute_changes: tuple[AttributeChange, ...] = ()
