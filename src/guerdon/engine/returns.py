"""Returning items of a closed session (core.md §3.8): what was given for those units is taken back. Where the request
asks for it, campaigns that want so are judged anew on what is left of the cart."""

from collections import Counter
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from guerdon.engine.charges import Charges, added, amounts, key_of, uses_of
from guerdon.engine.effects import Effect
from guerdon.engine.evaluate import evaluate
from guerdon.engine.facts import ZERO, Coupon, Facts
from guerdon.engine.generators import Generators
from guerdon.engine.limits import REFUNDED
from guerdon.engine.money import plain, split
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program, Settings
from guerdon.engine.rollback import Rollback, value_of
from guerdon.engine.standing import Standing
from guerdon.engine.uses import DISCOUNTS

ANSWERS = ("rejectCoupon", "rejectReferral")
# What stays given, with the limit it counts against: where it stands, it is not given a second time.
STAYS = {"addFreeItem": "addFreeItemEffect", "customEffect": "customEffect"}
ONE = Decimal(1)
_same_bytes = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


def return_items(program: Program, facts: Facts, now: datetime, generators: Generators | None = None) -> Outcome:
    """Take back what the session has for the units in `facts.returned`; `facts.session` is as it is without them.

    A discount on a single unit goes with it. Of a discount on a whole line goes the share of the units, rounded as the
    Application says, and what is left of it with the last unit: the shares sum to it exactly. Discounts on the session
    stay, and so do codes that were redeemed. With `facts.run_rules`, campaigns with `reevaluate_on_return` that gave
    the session anything lose all their discounts, and give what their rules give for the units that are left.
    """
    again = _judged_again(program, facts, now)
    back = _Return(facts, again, program.settings)
    if not again:
        return back.outcome(Outcome(effects=()))
    return back.outcome(evaluate(program, back.facts_for_rules(), now, generators))


def _judged_again(program: Program, facts: Facts, now: datetime) -> frozenset[int]:
    """The campaigns to judge anew. That they ended or were disabled since does not matter: the sale was before."""
    if not facts.run_rules or facts.standing is None:
        return frozenset()
    gave = {
        effect.campaign_id
        for effect in facts.standing.effects
        if effect.effect_type not in ANSWERS and effect.condition_index is UNSET
    }
    asked = replace(facts, campaign_ids=tuple(gave))
    known = [program.by_id[one] for one in gave if one in program.by_id]
    return frozenset(one.source.id for one in known if one.source.reevaluate_on_return and one.runs_for(asked, now))


class _Return:
    """One return: what it takes back, and what holds on. The campaigns in `again` are judged anew."""

    def __init__(self, facts: Facts, again: frozenset[int], settings: Settings) -> None:
        self.facts, self.again, self._decimals = facts, again, settings.rounding
        standing = facts.standing or Standing()
        self.rollback = Rollback(standing)
        self.charged = Charges(amounts(standing.charged), facts.coupons)
        self._limits = {key_of(use): use.limit for use in standing.charged}
        self._units = {(one.position, one.first + at) for one in facts.returned for at in range(one.count)}
        self._counts = Counter(position for position, _ in self._units)
        self._left = {line.position: line.remaining for line in facts.session.cart_items}
        kept = [self._without_returned(effect) for effect in standing.effects]
        self.holding = [effect for effect in kept if effect is not None]
        # What the campaigns that are judged anew gave and cannot take back.
        self._stays = [one for one in self.holding if one.effect_type in STAYS and one.campaign_id in again]

    def _without_returned(self, effect: Effect) -> Effect | None:
        """What is left of an effect; the rest is taken back."""
        if effect.effect_type in ANSWERS and effect.campaign_id in self.again:
            return None  # the code is answered anew
        if effect.effect_type not in DISCOUNTS:
            return effect
        value = value_of(effect)
        part = self._returned_part(effect, value)
        if not part:
            return effect
        self.rollback.undo_discount(effect, part, whole=part == value)
        self.charged.take(effect, "setDiscount", part)
        if part != value:
            return replace(effect, props={**effect.props, "value": plain(value - part)})
        self.charged.take(effect, "setDiscountEffect", ONE)
        return None

    def _returned_part(self, effect: Effect, value: Decimal) -> Decimal:
        """How much of a discount goes."""
        if effect.campaign_id in self.again:
            return value
        position, place = effect.props.get("position"), effect.props.get("subPosition")
        if position is None or not self._counts[position]:
            return ZERO
        if place is not None:
            return value if (position, place) in self._units else ZERO
        weights = [Decimal(self._counts[position]), Decimal(self._left.get(position, 0))]
        return split(value, weights, decimals=self._decimals)[0] if weights[1] else value

    # --- judged anew

    def facts_for_rules(self) -> Facts:
        """The session as if it closed with what is left of it, and had nothing yet from these campaigns: limits have
        the room that the closing took. Codes that it redeemed are known by `standing`, and not redeemed again; so are
        the discounts of other campaigns, which hold on: what they took is not there to be given a second time."""
        facts = self.facts
        counters = Charges({key_of(one): one.used for one in facts.counters}, facts.coupons)
        for key, amount in self.charged.taken.items():
            counters.take_from(key, amount)
        for effect in self._stays:
            counters.take(effect, STAYS[effect.effect_type], ONE)
        given_back = {use.coupon_id: use.discount for use in self.rollback.coupon_uses()}
        return replace(
            facts,
            event="talon_session_closed",
            session=replace(facts.session, state="closed"),
            standing=replace(facts.standing or Standing(), effects=tuple(self.holding)),
            counters=tuple(replace(one, used=counters.left[key_of(one)]) for one in facts.counters),
            coupons=tuple(_with_more(coupon, given_back.get(coupon.id, ZERO)) for coupon in facts.coupons),
            campaign_ids=tuple(sorted(self.again)),
        )

    def _not_given_before(self, found: Outcome) -> tuple[list[Effect], Charges]:
        """What the rules give that does not stand already, and what that takes of limits."""
        stays = Counter(map(_likeness, self._stays))
        charges = Charges(amounts(found.limit_uses), self.facts.coupons)
        new: list[Effect] = []
        for effect in found.effects:
            if effect.campaign_id not in self.again:
                continue  # an answer to a code of another campaign
            if effect.effect_type in STAYS and stays[_likeness(effect)]:
                stays[_likeness(effect)] -= 1
                charges.take(effect, STAYS[effect.effect_type], ONE)
            else:
                new.append(effect)
        return new, charges

    # --- the answer

    def outcome(self, found: Outcome) -> Outcome:
        """What is taken back, and what the rules found for the rest; counters move by the difference."""
        new, charges = self._not_given_before(found)
        campaigns = self.rollback.campaigns
        campaigns.give(new)
        for effect in new:
            if effect.effect_type in DISCOUNTS:
                self.rollback.count_discount(effect, effect.props.value)
        for use in found.coupon_uses:
            campaigns.add(use.campaign_id, "coupon_redemptions", use.redemptions)
        for redeemed in found.referral_uses:
            campaigns.add(redeemed.campaign_id, "referral_redemptions", redeemed.redemptions)
        limits = {**self._limits, **{key_of(use): use.limit for use in found.limit_uses}}
        refundable = {key: amount for key, amount in charges.left.items() if key[1] in REFUNDED}
        coupon_uses = (*self.rollback.coupon_uses(), *found.coupon_uses)
        return replace(
            found,
            effects=(*self.rollback.effects, *new),
            coupon_uses=tuple(sorted(coupon_uses, key=lambda use: use.coupon_id)),
            campaign_uses=campaigns.uses(),
            limit_uses=uses_of(added(charges.left, self.charged.taken, -1), limits),
            holding=(*self.holding, *self._held_from_now(new)),
            charged=uses_of(added(self.charged.left, refundable), limits),
            eligibility=(),
        )

    def _held_from_now(self, new: list[Effect]) -> list[Effect]:
        """Without what is only said or done once more, such as a notification."""
        held = {_likeness(effect) for effect in self.holding if effect.campaign_id in self.again}
        return [effect for effect in new if effect.effect_type in STAYS or _likeness(effect) not in held]


def _with_more(coupon: Coupon, given_back: Decimal) -> Coupon:
    """The coupon with a discount counter from which a (negative) amount was given back."""
    return replace(coupon, discount_counter=coupon.discount_counter + given_back) if given_back else coupon


def _likeness(effect: Effect) -> tuple[int, str, int | None, bytes]:
    """Equal for effects that give the same; rules may have moved within their ruleset since."""
    coupon = effect.triggered_by_coupon if isinstance(effect.triggered_by_coupon, int) else None
    return (effect.campaign_id, effect.effect_type, coupon, _same_bytes(effect.props))
