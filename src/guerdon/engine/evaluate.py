"""evaluate(program, facts, now) → Outcome: the main loop. No I/O, no clock, no chance; facts do not change."""

from datetime import datetime
from decimal import localcontext
from typing import Any

from msgspec import UNSET, Struct

from guerdon.engine.coupons import may_use_coupon
from guerdon.engine.effects import Effect, RuleFailureReason, effect_of
from guerdon.engine.facts import Coupon, Facts
from guerdon.engine.frame import Frame
from guerdon.engine.index import candidates
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Campaign, Program, Rule
from guerdon.engine.props import AcceptCoupon, RejectCoupon
from guerdon.engine.talang.values import ARITHMETIC, ERRORS, reason
from guerdon.engine.uses import campaign_uses, coupon_uses

NO_CAMPAIGN = {"campaign_id": -1, "ruleset_id": -1, "rule_index": 0, "rule_name": ""}


class _Failure(Struct, frozen=True):
    """Why a rule failed: at which condition or at which effect."""

    rule: Rule
    details: str
    condition_index: int | None = None
    effect_index: int | None = None

    @property
    def progress(self) -> int:
        """How far the rule got: effects come after all conditions."""
        return self.condition_index if self.condition_index is not None else 1_000_000 + (self.effect_index or 0)


class _Evaluation:
    """The bookkeeping around the frame: which codes were accepted or refused, which rules failed."""

    def __init__(self, program: Program, facts: Facts, now: datetime) -> None:
        self.program, self.facts, self.now = program, facts, now
        self.frame = Frame(program, facts, now)
        self.refused: list[Effect] = []
        self.failures: list[RuleFailureReason] = []
        self.triggered: list[int] = []
        self.accepted: dict[int, Coupon] = {}
        self.redeemed: set[int] = set()
        self.best_failure: dict[int, tuple[Campaign, _Failure]] = {}

    def runs(self, campaign: Campaign) -> bool:
        """Whether the campaign is evaluated: the request's own list of campaigns wins (rules.md §5.1)."""
        wanted = self.facts.campaign_ids
        if wanted is None:
            return campaign.runs(self.now)
        source = campaign.source
        return source.id in wanted and source.state != "archived" and source.rules is not None

    def usable_coupons(self) -> dict[int, list[Coupon]]:
        """The session's codes that may be judged, by campaign; the others are refused at once."""
        by_code = {coupon.code: coupon for coupon in self.facts.coupons}
        usable: dict[int, list[Coupon]] = {}
        for code in dict.fromkeys(self.facts.session.coupon_codes):
            coupon = by_code.get(code)
            if coupon is None:
                self.refused.append(effect_of(RejectCoupon(value=code, rejection_reason="CouponNotFound"), NO_CAMPAIGN))
                continue
            campaign = self.program.by_id.get(coupon.campaign_id)
            running = campaign is not None and self.runs(campaign)
            reason = may_use_coupon(coupon, self.facts, self.now, running=running)
            if reason is None:
                usable.setdefault(coupon.campaign_id, []).append(coupon)
            else:
                self.refused.append(self._refusal(coupon, campaign, reason))
        return usable

    def run_campaign(self, campaign: Campaign, coupons: list[Coupon]) -> None:
        """All rules once; those that look at a coupon once more for each further code (core.md §6.2)."""
        self.frame.begin_campaign(campaign)
        succeeded = False
        for turn, coupon in enumerate(coupons or [None]):
            for rule in campaign.rules:
                if rule.uses_coupon or turn == 0:
                    self.frame.begin_coupon(coupon if rule.uses_coupon else None)
                    succeeded = self._run_rule(campaign, rule) or succeeded
        if succeeded:
            self.triggered.append(campaign.source.id)

    def _run_rule(self, campaign: Campaign, rule: Rule) -> bool:
        frame = self.frame
        frame.rule = rule
        coupon = frame.coupon
        failure = self._failed_condition(rule)
        if failure is None:
            start = len(frame.effects)
            accepts = coupon is not None and rule.checks_coupon and coupon.id not in self.accepted
            if accepts and coupon is not None:
                frame.emit(AcceptCoupon(value=coupon.code))
            failure = self._failed_effect(rule, start)
            if failure is None:
                if coupon is not None and rule.checks_coupon:
                    self.accepted[coupon.id] = coupon
                if coupon is not None and rule.redeems_coupon:
                    self.redeemed.add(coupon.id)
                return True
        self._note(campaign, coupon, failure)
        return False

    def _failed_condition(self, rule: Rule) -> _Failure | None:
        if rule.broken:
            return _Failure(rule, rule.broken, condition_index=0)
        details = ""
        for index, condition in enumerate(rule.conditions):
            try:
                holds = condition(self.frame)
                details = f"Condition {index + 1} does not hold"
            except ERRORS as error:
                holds, details = False, f"Condition {index + 1}: {reason(error)}"
            if rule.any_of and holds:
                return None
            if not rule.any_of and not holds:
                return _Failure(rule, details, condition_index=index)
        if rule.any_of and rule.conditions:
            return _Failure(rule, details, condition_index=len(rule.conditions) - 1)
        return None

    def _failed_effect(self, rule: Rule, start: int) -> _Failure | None:
        """Run all effects, or leave none: `start` is where the rule's effects begin, its acceptCoupon included."""
        at = 0

        def run() -> None:
            nonlocal at
            for index, effect in enumerate(rule.effects):
                at = index
                effect(self.frame)

        details = self.frame.attempt(run)
        if not details:
            return None
        del self.frame.effects[start:]
        return _Failure(rule, f"Effect {at + 1}: {details}", effect_index=at)

    def _note(self, campaign: Campaign, coupon: Coupon | None, failure: _Failure) -> None:
        source = campaign.source
        self.failures.append(
            RuleFailureReason(
                campaign_id=source.id,
                campaign_name=source.name,
                ruleset_id=source.ruleset_id if source.ruleset_id is not None else -1,
                rule_index=failure.rule.index,
                rule_name=failure.rule.title,
                coupon_id=UNSET if coupon is None else coupon.id,
                coupon_value=UNSET if coupon is None else coupon.code,
                condition_index=UNSET if failure.condition_index is None else failure.condition_index,
                effect_index=UNSET if failure.effect_index is None else failure.effect_index,
                details=failure.details,
                evaluation_group_id=source.group_id,
                evaluation_group_mode=source.group_mode,
            )
        )
        if coupon is not None:
            best = self.best_failure.get(coupon.id)
            if best is None or failure.progress > best[1].progress:
                self.best_failure[coupon.id] = (campaign, failure)

    def rejections(self, usable: dict[int, list[Coupon]]) -> list[Effect]:
        """The codes that were judged and that no rule accepted, with the reason of the rule that got furthest."""
        rejected = []
        for campaign_id, coupons in usable.items():
            campaign = self.program.by_id[campaign_id]
            for coupon in coupons:
                if coupon.id not in self.accepted:
                    rejected.append(self._rejection(campaign, coupon))
        return rejected

    def _rejection(self, campaign: Campaign, coupon: Coupon) -> Effect:
        found = self.best_failure.get(coupon.id)
        if found is None:
            props = RejectCoupon(
                value=coupon.code,
                rejection_reason="CouponRejectedByCondition",
                details="No rule of the campaign asks whether the coupon is valid",
            )
            return effect_of(props, self._wrapper(campaign, coupon, None))
        _, failure = found
        by_effect = failure.effect_index is not None
        props = RejectCoupon(
            value=coupon.code,
            rejection_reason="EffectCouldNotBeApplied" if by_effect else "CouponRejectedByCondition",
            condition_index=UNSET if failure.condition_index is None else failure.condition_index,
            effect_index=UNSET if failure.effect_index is None else failure.effect_index,
            details=failure.details,
        )
        return effect_of(props, self._wrapper(campaign, coupon, failure.rule))

    def _refusal(self, coupon: Coupon, campaign: Campaign | None, reason: str) -> Effect:
        props = RejectCoupon(value=coupon.code, rejection_reason=reason)
        if campaign is None:
            return effect_of(props, {**NO_CAMPAIGN, "triggered_by_coupon": coupon.id})
        return effect_of(props, self._wrapper(campaign, coupon, None))

    def _wrapper(self, campaign: Campaign, coupon: Coupon, rule: Rule | None) -> dict[str, Any]:
        source = campaign.source
        return {
            "campaign_id": source.id,
            "ruleset_id": source.ruleset_id if source.ruleset_id is not None else -1,
            "rule_index": rule.index if rule else 0,
            "rule_name": rule.title if rule else "",
            "triggered_by_coupon": coupon.id,
            "evaluation_group_id": source.group_id,
            "evaluation_group_mode": source.group_mode,
        }


def evaluate(program: Program, facts: Facts, now: datetime) -> Outcome:
    """Judge a request: the same program, facts and time always give the same Outcome.

    `now` is an aware datetime; it is the clock of schedules and coupon dates. Campaigns run in evaluation
    order; a rule that fails leaves nothing behind; every code of the session is answered with acceptCoupon
    or rejectCoupon (rules.md §5, core.md §4.2).
    """
    with localcontext(ARITHMETIC):
        run = _Evaluation(program, facts, now)
        usable = run.usable_coupons()
        for place in candidates(program.index, facts, usable):
            campaign = program.campaigns[place]
            if run.runs(campaign):
                run.run_campaign(campaign, usable.get(campaign.source.id, []))
        frame = run.frame
        granted = tuple(frame.effects)
        redeemed = [coupon for coupon in run.accepted.values() if coupon.id in run.redeemed]
        return Outcome(
            effects=(*run.refused, *granted, *run.rejections(usable)),
            failures=tuple(run.failures),
            triggered_campaign_ids=tuple(run.triggered),
            coupon_uses=coupon_uses(granted, redeemed),
            campaign_uses=campaign_uses(granted, redeemed),
            attribute_changes=frame.attribute_changes(),
        )
