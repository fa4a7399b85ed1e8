"""What an evaluation answers: the only thing that leaves the engine, and the only thing `commit` writes."""

from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from guerdon.engine.effects import Effect, RuleFailureReason


class CouponUse(Struct, frozen=True, kw_only=True):
    """What a session does to a coupon's counters: +1 and an amount at close, the negatives on a rollback. Where the
    decision came from their exact values, those must still be what was `seen`."""

    coupon_id: int
    campaign_id: int
    redemptions: int
    discount: Decimal
    seen_usage: int | UnsetType = UNSET
    seen_discount: Decimal | UnsetType = UNSET


class ReferralUse(Struct, frozen=True, kw_only=True):
    """What a session does to a referral's counter: +1 at close, -1 on a rollback; `seen` as in CouponUse."""

    referral_id: int
    campaign_id: int
    redemptions: int
    seen_usage: int | UnsetType = UNSET


class CampaignUse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a session adds to a campaign's counters; negative on a rollback. Codes that were created, new reservations
    and calls of webhooks are the `immediate_uses` of an Outcome, the others its `campaign_uses`."""

    campaign_id: int
    coupon_redemptions: int = 0
    referral_redemptions: int = 0
    discount: Decimal = Decimal(0)
    discount_effects: int = 0
    free_items: int = 0
    custom_effects: int = 0
    coupon_creations: int = 0
    referral_creations: int = 0
    reservations: int = 0
    webhook_calls: int = 0


class AttributeChange(Struct, frozen=True, kw_only=True):
    """A custom attribute got a new value. `entity` is Session, Profile, AdvocateProfile, Referral, Coupon or Item;
    `id` is that of the coupon or the position of the cart item."""

    entity: str
    name: str
    value: Any
    id: int | UnsetType = UNSET


class CodeFamily(Struct, frozen=True):
    """All codes of a pattern: each `#` of it is one of the characters."""

    pattern: str
    characters: str


class CreatedCode(Struct, frozen=True, kw_only=True):
    """A coupon or referral that a rule made. `recipient` is the profile it is for ("" for none): of a referral, the
    advocate. `in_session` keeps it to one code for the session and rule: the next update hands it in again, as one
    of `Facts.kept_codes`. `family` is what else might have been drawn, where that is little: where the code exists
    already, the engine must know which of them do, as `Facts.taken_codes`."""

    kind: str
    campaign_id: int
    code: str
    recipient: str = ""
    friend: str = ""
    usage_limit: int = 1
    discount_limit: Decimal | None = None
    start_date: str | None = None
    expiry_date: str | None = None
    attributes: dict[str, Any] = {}
    in_session: bool = False
    ruleset_id: int = -1
    rule_index: int = 0
    family: CodeFamily | None = None


class PointsChange(Struct, frozen=True, kw_only=True):
    """Points added to (or, negative, deducted from) a ledger. `recipient` is a profile, "" for a card without one.
    Points that await their activation have no start; `validity_duration` then tells how long they last."""

    program_id: int
    subledger: str
    recipient: str
    card: str
    amount: Decimal
    transaction_uuid: str
    name: str = ""
    start_date: str | None = None
    expiry_date: str | None = None
    awaits_activation: bool = False
    validity_duration: str = ""


class WebhookCall(Struct, frozen=True, kw_only=True):
    """A webhook that is called after this request, with the values for its parameters as JSON has them."""

    webhook_id: int
    campaign_id: int
    parameters: tuple[Any, ...] = ()


class CounterKey(Struct, frozen=True, kw_only=True, order=True, omit_defaults=True):
    """Which counter of limits: facts.Counter has the meaning of the members."""

    campaign_id: int
    action: str
    entities: tuple[tuple[str, str], ...] = ()
    period: str = ""


class LimitUse(Struct, frozen=True, kw_only=True):
    """What a counter goes up by when the session closes, and down by on a rollback. `limit` is the tightest limit
    that it may not go beyond; `seen` is the value that the decision came from, where any other would have given another
    amount."""

    campaign_id: int
    action: str
    entities: tuple[tuple[str, str], ...]
    period: str
    amount: Decimal
    limit: Decimal
    seen: Decimal | UnsetType = UNSET


class Eligibility(Struct, frozen=True, kw_only=True):
    """Whether a campaign or rule passed, for a code or without one (core.md §4.4). `failure_code` is empty when it
    passed; a rule names where it failed."""

    passed: bool
    coupon_id: int | None = None
    coupon_code: str | None = None
    failure_code: str = ""
    condition_index: int | None = None
    effect_index: int | None = None
    details: str = ""


class CampaignEligibility(Struct, frozen=True, kw_only=True):
    """The eligibility of a campaign and of each of its rules."""

    campaign_id: int
    eligibility: tuple[Eligibility, ...]
    rules: tuple[tuple[int, tuple[Eligibility, ...]], ...] = ()


class Outcome(Struct, frozen=True, kw_only=True):
    """Everything an evaluation decided.

    `effects` are in the order of core.md §4.2. `coupon_uses`, `referral_uses` and `campaign_uses` are what closing
    (or taking back) the session does to the counters; an open session leaves them alone, but not `immediate_uses`.
    Of `limit_uses`, the actions in limits.IMMEDIATE count in an open session, too. `asked` are the counters of limits
    that were looked at: where the facts do not have them though they are stored, judge again with them.
    `holding` are the effects that hold after the request (core.md §3.10), `charged` what its closing added to the
    counters of limits and can still be given back: the two that the next `Facts.standing` is made of.
    """

    effects: tuple[Effect, ...]
    failures: tuple[RuleFailureReason, ...] = ()
    triggered_campaign_ids: tuple[int, ...] = ()
    coupon_uses: tuple[CouponUse, ...] = ()
    campaign_uses: tuple[CampaignUse, ...] = ()
    attribute_changes: tuple[AttributeChange, ...] = ()
    limit_uses: tuple[LimitUse, ...] = ()
    created_codes: tuple[CreatedCode, ...] = ()
    points: tuple[PointsChange, ...] = ()
    giveaway_ids: tuple[int, ...] = ()
    webhook_calls: tuple[WebhookCall, ...] = ()
    referral_uses: tuple[ReferralUse, ...] = ()
    immediate_uses: tuple[CampaignUse, ...] = ()
    holding: tuple[Effect, ...] = ()
    charged: tuple[LimitUse, ...] = ()
    eligibility: tuple[CampaignEligibility, ...] = ()
    asked: tuple[CounterKey, ...] = ()
