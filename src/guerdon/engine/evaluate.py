"""evaluate(program, facts, now) → Outcome: the main loop. No I/O, no clock, no chance; facts do not change."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal, localcontext

from msgspec import UNSET, Struct

from guerdon.engine.effects import RuleFailureReason
from guerdon.engine.eligibility import Attempt, eligibility
from guerdon.engine.facts import ZERO, Coupon, Facts, Referral
from guerdon.engine.frame import Frame, Mark
from guerdon.engine.generators import Generators
from guerdon.engine.groups import Places, play
from guerdon.engine.index import candidates
from guerdon.engine.items import Unit
from guerdon.engine.limits import REFUNDED
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Campaign, Program, Rule
from guerdon.engine.talang.values import ARITHMETIC, ERRORS, reason
from guerdon.engine.uses import DISCOUNTS, campaign_uses, coupon_uses, immediate_uses, referral_uses
from guerdon.engine.verdicts import Failure, Verdicts


class Checkpoint(Struct, frozen=True):
    """Where an evaluation stands, for a group that may want to go back there."""

    frame: Mark
    failures: int
    triggered: int
    attempts: int


class Evaluation:
    """One request: runs campaigns, and keeps the books on which rules failed and which campaigns triggered."""

    frame_type = Frame

    def __init__(self, program: Program, facts: Facts, now: datetime, generators: Generators | None) -> None:
        self.program, self.facts, self.now = program, facts, now
        self.frame = self.frame_type(program, facts, now, generators)
        self.verdicts = Verdicts(program, facts, now, self.frame)
        self.failures: list[RuleFailureReason] = []
        self.triggered: list[int] = []
        self.attempts: list[Attempt] = []

    def run(self) -> None:
        """Sort out the codes, then run the campaigns that may fire, group by group."""
        self.verdicts.sort_out(self.runs)
        places = candidates(self.program.index, self.facts, self.now, self.verdicts.campaigns())
        if self.program.tree is None or self.facts.complete:
            for place in places:
                self.run_place(place)
        else:
            play(self, self.program.tree, list(places))

    def runs(self, campaign: Campaign) -> bool:
        """Whether the campaign is evaluated."""
        return campaign.runs_for(self.facts, self.now)

    # --- what groups do (groups.Player)

    def run_place(self, place: int) -> bool:
        """Run the campaign at a place; whether it triggered."""
        campaign = self.program.campaigns[place]
        return self.runs(campaign) and self.run_campaign(campaign)

    def mark(self) -> Checkpoint:
        """Where things stand."""
        return Checkpoint(self.frame.mark(), len(self.failures), len(self.triggered), len(self.attempts))

    def restore(self, mark: object) -> None:
        """Take back all that was done since the mark."""
        assert isinstance(mark, Checkpoint)
        self.frame.restore(mark.frame)
        del self.failures[mark.failures :], self.triggered[mark.triggered :], self.attempts[mark.attempts :]

    def given(self, mark: object) -> Decimal:
        """The discounts given since the mark."""
        assert isinstance(mark, Checkpoint)
        effects = self.frame.effects[mark.frame.effects :]
        return sum((effect.props.value for effect in effects if effect.effect_type in DISCOUNTS), ZERO)

    def given_by_unit(self, mark: object) -> dict[Unit, Decimal]:
        """The discounts on single units since the mark."""
        assert isinstance(mark, Checkpoint)
        found: dict[Unit, Decimal] = {}
        for effect in self.frame.effects[mark.frame.effects :]:
            if effect.effect_type in DISCOUNTS and hasattr(effect.props, "position"):
                props = effect.props
                unit = (props.position, None if props.sub_position is UNSET else props.sub_position)
                found[unit] = found.get(unit, ZERO) + props.value
        return found

    def only_units(self, units: frozenset[Unit] | None) -> frozenset[Unit] | None:
        """Let effects touch these units only, None for all; returns what held before."""
        before, self.frame.only = self.frame.only, units
        return before

    def units(self) -> frozenset[Unit]:
        """The units that effects may touch now."""
        every = frozenset(item.unit for item in self.frame.items())
        return every if self.frame.only is None else every & self.frame.only

    def exclude(self, places: Places, why: str) -> None:
        """The campaigns at these places were passed over."""
        for place in places:
            campaign = self.program.campaigns[place]
            self.frame.put(self.verdicts.excluded, campaign.source.id, why)

    # --- campaigns and rules

    def run_campaign(self, campaign: Campaign) -> bool:
        """All rules once; those that look at a coupon once more for each further code (core.md §6.2)."""
        frame = self.frame
        coupons: Collection[Coupon | None] = self.verdicts.coupons.get(campaign.source.id) or (None,)
        referral = self.verdicts.referral_of(campaign.source.id)
        frame.begin_campaign(campaign, referral)
        succeeded = False
        for turn, coupon in enumerate(coupons):
            if turn and coupon is not None and self.verdicts.used_up(campaign, coupon):
                continue
            for rule in campaign.rules:
                if rule.uses_coupon or turn == 0:
                    frame.begin_rule(rule, coupon if rule.uses_coupon else None)
                    succeeded = self.run_rule(campaign, rule) or succeeded
        if succeeded:
            self.triggered.append(campaign.source.id)
        return succeeded

    def run_rule(self, campaign: Campaign, rule: Rule) -> bool:
        """Conditions, then effects; a rule that fails leaves nothing but its failure effects (rules.md §5.4)."""
        frame = self.frame
        coupon = frame.coupon
        referral = frame.referral if rule.uses_referral else None
        start = frame.mark()
        failure = self._failed_condition(rule) or self.verdicts.no_room(rule, coupon, referral)
        if failure is None:
            if rule.checks_coupon or rule.checks_referral:
                self.verdicts.announce(rule, coupon, referral)
            failure = self._failed_effect(rule)
            if failure is None:
                if rule.checks_coupon or rule.checks_referral:
                    self.verdicts.settle(rule, coupon, referral)
                if self.facts.explain:
                    self.attempts.append(Attempt(campaign, rule, coupon, None))
                return True
            frame.restore(start)
        frame.run_failure_effects()
        self._note(campaign, failure, coupon, referral)
        return False

    def _failed_condition(self, rule: Rule) -> Failure | None:
        if rule.broken:
            return Failure(rule, rule.broken, condition_index=0)
        frame = self.frame
        details = ""
        for index, condition in enumerate(rule.conditions):
            frame.condition_index = index
            try:
                holds = condition(frame)
                details = f"Condition {index + 1} does not hold"
            except ERRORS as error:
                holds, details = False, f"Condition {index + 1}: {reason(error)}"
            if holds:
                frame.failed_conditions.clear()  # those inside a condition that holds after all
            if rule.any_of and holds:
                return None
            if not rule.any_of and not holds:
                return Failure(rule, details, condition_index=index)
        if rule.any_of and rule.conditions:
            return Failure(rule, details, condition_index=len(rule.conditions) - 1)
        return None

    def _failed_effect(self, rule: Rule) -> Failure | None:
        frame, at = self.frame, 0
        try:
            for at, effect in enumerate(rule.effects):  # noqa: B007 - where it stopped
                effect(frame)
        except ERRORS as error:
            return Failure(rule, f"Effect {at + 1}: {reason(error)}", effect_index=at)
        return None

    def _note(self, campaign: Campaign, failure: Failure, coupon: Coupon | None, referral: Referral | None) -> None:
        source = campaign.source
        self.failures.append(
            RuleFailureReason(
                campaign_id=source.id,
                campaign_name=source.name,
                ruleset_id=source.known_ruleset_id,
                rule_index=failure.rule.index,
                rule_name=failure.rule.title,
                coupon_id=UNSET if coupon is None else coupon.id,
                coupon_value=UNSET if coupon is None else coupon.code,
                referral_id=UNSET if referral is None else referral.id,
                referral_value=UNSET if referral is None else referral.code,
                condition_index=UNSET if failure.condition_index is None else failure.condition_index,
                effect_index=UNSET if failure.effect_index is None else failure.effect_index,
                details=failure.details,
                evaluation_group_id=source.group_id,
                evaluation_group_mode=source.group_mode,
            )
        )
        self.verdicts.note(failure, coupon, referral)
        if self.facts.explain:
            self.attempts.append(Attempt(campaign, failure.rule, coupon, failure))

    # --- the answer

    def outcome(self) -> Outcome:
        """Everything that was decided."""
        verdicts, frame, facts = self.verdicts, self.frame, self.facts
        granted, redeemed = tuple(frame.effects), list(verdicts.redeemed.values())
        effects = (*verdicts.refused, *granted, *verdicts.rejections())
        limit_uses = frame.limits.uses()
        return Outcome(
            effects=effects,
            failures=tuple(self.failures),
            triggered_campaign_ids=tuple(self.triggered),
            coupon_uses=coupon_uses(granted, [code for code in redeemed if isinstance(code, Coupon)], frame.limits),
            referral_uses=referral_uses([code for code in redeemed if isinstance(code, Referral)], frame.limits),
            campaign_uses=campaign_uses(granted, redeemed),
            immediate_uses=immediate_uses(granted, facts.kept_codes),
            limit_uses=limit_uses,
            asked=frame.limits.asked(),
            holding=effects,
            charged=tuple(use for use in limit_uses if use.action in REFUNDED) if facts.closes else (),
            eligibility=eligibility(self.program, self.runs, self.attempts) if facts.explain else (),
            **frame.made(),
        )


def evaluate(program: Program, facts: Facts, now: datetime, generators: Generators | None = None) -> Outcome:
    """Judge a request: the same program, facts and time always give the same Outcome.

    `now` is an aware datetime; it is the clock of schedules and coupon dates. `generators` make the ids and codes
    that effects create; without them they follow from `facts.seed`. Campaigns run in the order of the evaluation
    tree; a rule that fails leaves nothing behind but its failure effects; every code of the session is answered
    with an accept or reject effect (rules.md §5, core.md §4.2).
    """
    with localcontext(ARITHMETIC):
        run = Evaluation(program, facts, now, generators)
        run.run()
        return run.outcome()
