"""Every code of a session gets an answer: accepted by a rule, or refused with the first reason (core.md §6, §7)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec import UNSET, Struct

from guerdon.engine.coupons import may_use_coupon
from guerdon.engine.effects import Effect, effect_of
from guerdon.engine.facts import Coupon, Facts, Referral
from guerdon.engine.frame import Frame
from guerdon.engine.program import Campaign, Program, Rule
from guerdon.engine.props import AcceptCoupon, AcceptReferral, Props, RejectCoupon, RejectReferral
from guerdon.engine.referrals import may_use_referral

NO_CAMPAIGN = {"campaign_id": -1, "ruleset_id": -1, "rule_index": 0, "rule_name": ""}
NOT_FIRST, LOWER, OUTSIDE = "CampaignIsNotFirst", "CampaignGaveLowerDiscount", "CampaignNotInEvaluationSet"
Code = Coupon | Referral
ONE = Decimal(1)


class Failure(Struct, frozen=True):
    """Why a rule failed: at which condition or at which effect."""

    rule: Rule
    details: str
    condition_index: int | None = None
    effect_index: int | None = None

    @property
    def progress(self) -> int:
        """How far the rule got: effects come after all conditions."""
        return self.condition_index if self.condition_index is not None else 1_000_000 + (self.effect_index or 0)


class Verdicts:
    """What is known of the session's codes while its campaigns run. All that a group may take back again is written
    through the frame. Codes in `before` were redeemed by the session before some of it was returned: they passed their
    checks and had their answer then, and are not redeemed again."""

    def __init__(self, program: Program, facts: Facts, now: datetime, frame: Frame) -> None:
        self.program, self.facts, self.now, self.frame = program, facts, now, frame
        self.coupons: dict[int, list[Coupon]] = {}
        self.referral: Referral | None = None
        self.refused: list[Effect] = []
        self.accepted: dict[tuple[type, int], Code] = {}
        self.redeemed: dict[tuple[type, int], Code] = {}
        self.furthest: dict[tuple[type, int], Failure] = {}
        self.excluded: dict[int, str] = {}
        self.late: dict[tuple[type, int], str] = {}
        self.before: set[tuple[type, int]] = set()
        if facts.standing is not None:
            self.before |= {(Coupon, one.coupon_id) for one in facts.standing.redemptions}
            self.before |= {(Referral, one.referral_id) for one in facts.standing.referrals}

    # --- before the rules

    def sort_out(self, runs: Callable[[Campaign], bool]) -> None:
        """Find the codes that may be judged, by campaign; the others are refused at once. `runs` tells whether a
        campaign is evaluated."""
        session, facts, now, limits = self.facts.session, self.facts, self.now, self.frame.limits
        if not facts.of_session:
            return
        if session.coupon_codes:
            by_code = {coupon.code: coupon for coupon in facts.coupons}
            for code in dict.fromkeys(session.coupon_codes):
                coupon = by_code.get(code)
                if coupon is None:
                    self._not_found("Coupon", RejectCoupon, code)
                elif self._judged(coupon, runs, partial(may_use_coupon, coupon, facts, now, limits=limits)):
                    self.coupons.setdefault(coupon.campaign_id, []).append(coupon)
        if session.referral_code:
            found = facts.referral
            if found is None:
                self._not_found("Referral", RejectReferral, session.referral_code)
            elif self._judged(found, runs, partial(may_use_referral, found, facts, now, limits=limits)):
                self.referral = found

    def _not_found(self, word: str, reject: type[RejectCoupon], code: str) -> None:
        self.refused.append(effect_of(reject(value=code, rejection_reason=f"{word}NotFound"), NO_CAMPAIGN))

    def _judged(self, code: Code, runs: Callable[[Campaign], bool], check: Callable[..., str | None]) -> bool:
        """Whether the code may be judged by its campaign's rules; if not it is refused."""
        campaign = self.program.by_id.get(code.campaign_id)
        if campaign is not None and campaign.source.state == "archived":
            self.refused.append(self._left_out(code, campaign, OUTSIDE))
            return False
        running = campaign if campaign is not None and runs(campaign) else None
        reason = None if running is not None and self._of_before(code) else check(campaign=running)
        if reason is not None:
            props = _word(code)[1](value=code.code, rejection_reason=reason)
            self.refused.append(effect_of(props, self._wrapper(campaign, code, None)))
        return reason is None

    def referral_of(self, campaign_id: int) -> Referral | None:
        """The referral to be judged by a campaign."""
        found = self.referral
        return found if found is not None and found.campaign_id == campaign_id else None

    def campaigns(self) -> set[int]:
        """The campaigns whose codes must be answered."""
        return {*self.coupons, self.referral.campaign_id} if self.referral else set(self.coupons)

    # --- while rules run

    def used_up(self, campaign: Campaign, coupon: Coupon) -> bool:
        """Whether codes of the same request that came before left nothing of a limit."""
        reason = None if self._of_before(coupon) else self.frame.limits.refusal(campaign, coupon, "redeemCoupon")
        if reason is not None:
            self.frame.put(self.late, (Coupon, coupon.id), reason)
        return reason is not None

    def no_room(self, rule: Rule, coupon: Coupon | None, referral: Referral | None) -> Failure | None:
        """Limits on redeeming referrals that are for each coupon, too, are only known with the coupon."""
        if coupon is None or referral is None or not rule.redeems_referral or not self._unredeemed(referral):
            return None
        reason = self.frame.limits.refusal(self.frame.campaign, coupon, "redeemReferral")
        if reason is None:
            return None
        self.frame.put(self.late, (Referral, referral.id), reason)
        return Failure(rule, "The referral cannot be redeemed with the coupon", condition_index=0)

    def announce(self, rule: Rule, coupon: Coupon | None, referral: Referral | None) -> None:
        """All conditions of the rule hold: say that its codes are accepted, once for each (core.md §5.1)."""
        if coupon is not None and rule.checks_coupon and self._unanswered(coupon):
            self.frame.emit(AcceptCoupon(value=coupon.code))
        if referral is not None and rule.checks_referral and self._unanswered(referral):
            self.frame.emit(AcceptReferral(value=referral.code))

    def settle(self, rule: Rule, coupon: Coupon | None, referral: Referral | None) -> None:
        """The rule succeeded: its codes are accepted and, unless it asks without redemption, redeemed at close."""
        put = self.frame.put
        if coupon is not None and rule.checks_coupon:
            put(self.accepted, (Coupon, coupon.id), coupon)
            if rule.redeems_coupon and self._unredeemed(coupon):
                self.frame.limits.charge("redeemCoupon", ONE)
                put(self.redeemed, (Coupon, coupon.id), coupon)
        if referral is not None and rule.checks_referral:
            put(self.accepted, (Referral, referral.id), referral)
            if rule.redeems_referral and self._unredeemed(referral):
                self.frame.limits.charge("redeemReferral", ONE)
                put(self.redeemed, (Referral, referral.id), referral)

    def note(self, failure: Failure, coupon: Coupon | None, referral: Referral | None) -> None:
        """A rule failed for these codes; the one that got furthest is what the shop is told."""
        for code in (coupon, referral):
            if code is not None:
                best = self.furthest.get((type(code), code.id))
                if best is None or failure.progress > best.progress:
                    self.frame.put(self.furthest, (type(code), code.id), failure)

    # --- after the rules

    def rejections(self) -> list[Effect]:
        """The codes that were judged and that no rule accepted, with the reason of the rule that got furthest."""
        judged: list[Code] = [coupon for coupons in self.coupons.values() for coupon in coupons]
        if self.referral is not None:
            judged.append(self.referral)
        return [self._rejection(code) for code in judged if self._unanswered(code)]

    def _of_before(self, code: Code) -> bool:
        return (type(code), code.id) in self.before

    def _unanswered(self, code: Code) -> bool:
        return (type(code), code.id) not in self.accepted and not self._of_before(code)

    def _unredeemed(self, code: Code) -> bool:
        return (type(code), code.id) not in self.redeemed and not self._of_before(code)

    def _rejection(self, code: Code) -> Effect:
        campaign = self.program.by_id[code.campaign_id]
        if code.campaign_id in self.excluded:
            return self._left_out(code, campaign, self.excluded[code.campaign_id])
        word, reject = _word(code)
        if (type(code), code.id) in self.late:
            late = reject(value=code.code, rejection_reason=self.late[type(code), code.id])
            return effect_of(late, self._wrapper(campaign, code, None))
        failure = self.furthest.get((type(code), code.id))
        if failure is None:
            details = f"No rule of the campaign asks whether the {word.lower()} is valid"
            none = reject(value=code.code, rejection_reason=f"{word}RejectedByCondition", details=details)
            return effect_of(none, self._wrapper(campaign, code, None))
        by_effect = failure.effect_index is not None
        props = reject(
            value=code.code,
            rejection_reason="EffectCouldNotBeApplied" if by_effect else f"{word}RejectedByCondition",
            condition_index=UNSET if failure.condition_index is None else failure.condition_index,
            effect_index=UNSET if failure.effect_index is None else failure.effect_index,
            details=failure.details,
        )
        return effect_of(props, self._wrapper(campaign, code, failure.rule))

    def _left_out(self, code: Code, campaign: Campaign, why: str) -> Effect:
        """The evaluation tree passed the campaign over (rules.md §5.7)."""
        word, reject = _word(code)
        props: Props = reject(
            value=code.code, rejection_reason=f"{word}PartOfNotTriggeredCampaign", campaign_exclusion_reason=why
        )
        return effect_of(props, self._wrapper(campaign, code, None))

    def _wrapper(self, campaign: Campaign | None, code: Code, rule: Rule | None) -> dict[str, Any]:
        about = {"triggered_by_coupon": code.id} if isinstance(code, Coupon) else {}
        return {**(NO_CAMPAIGN if campaign is None else campaign.wrapper(rule)), **about}


def _word(code: Code) -> tuple[str, type[RejectCoupon]]:
    """How reasons begin that are about the code, and the effect that refuses it."""
    return ("Coupon", RejectCoupon) if isinstance(code, Coupon) else ("Referral", RejectReferral)
