"""matching(program, facts, now) → the campaigns whose conditions hold: what an evaluation begins with, by itself.

No effect is applied and no Outcome is made. Rules that only compare what the request says are tested one condition
at a time, without the one that their key in the index proves; the others run in a frame, as `evaluate` runs them.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import localcontext
from typing import Any

from guerdon.engine.facts import Coupon, Facts, Profile
from guerdon.engine.frame import Frame
from guerdon.engine.index import candidates
from guerdon.engine.program import Campaign, Program, Rule
from guerdon.engine.talang.values import ARITHMETIC, ERRORS, EvaluationError
from guerdon.engine.verdicts import Verdicts


class _Glance:
    """As much of a frame as plain conditions read."""

    __slots__ = ("attributes", "facts", "now", "program", "session")

    def __init__(self, program: Program, facts: Facts, now: datetime) -> None:
        self.program, self.facts, self.now = program, facts, now
        self.session = session = facts.session
        profile = facts.profile
        self.attributes = {"Session": session.attributes, "Profile": {} if profile is None else profile.attributes}

    def known_profile(self) -> Profile:
        """The customer; an error in an anonymous session."""
        if self.facts.profile is None:
            raise EvaluationError("the session has no profile")
        return self.facts.profile


def matching(program: Program, facts: Facts, now: datetime) -> tuple[int, ...]:
    """The ids of the campaigns that run at `now` (an aware datetime) and of which a rule's conditions hold before
    any effect was applied, in evaluation order. Codes of the session count as in `evaluate`, explanations and the
    modes of groups do not."""
    session = facts.session
    if session.coupon_codes or session.referral_code or facts.campaign_ids is not None or not session.integration_id:
        return _in_order(program, _run(program, facts, now, None))
    matched: set[int] = set()
    others: set[int] = set()
    glance: _Glance | None = None
    for layer, places in program.index.layers:
        entries = layer.entries
        met, sure = layer.met(facts, now)
        for one in met:
            number, campaign_id, bound, conditions, equal, unproven = entries[one]
            place = places[number]
            if place < 0 or campaign_id in matched or (bound and not program.campaigns[place].runs_for(facts, now)):
                continue
            if conditions is None:
                others.add(place)
                continue
            for name, value in equal:
                if session.attributes.get(name) != value:
                    break
            else:
                if unproven or not sure:
                    glance = glance or _Glance(program, facts, now)
                    if not _all_hold(glance, unproven if sure else conditions):
                        continue
                matched.add(campaign_id)
    if others:
        matched |= _run(program, facts, now, others)
    return _in_order(program, matched)


def _in_order(program: Program, matched: set[int]) -> tuple[int, ...]:
    index = program.index
    return tuple(sorted(matched) if index.by_id else sorted(matched, key=index.place_of.__getitem__))


def _all_hold(glance: _Glance, conditions: tuple[Any, ...]) -> bool:
    try:
        for condition in conditions:
            if not condition(glance):
                return False
    except ERRORS:
        return False
    return True


def _run(program: Program, facts: Facts, now: datetime, places: Iterable[int] | None) -> set[int]:
    """The ids of campaigns, at these places or all that may match, of which a rule's conditions hold."""
    with localcontext(ARITHMETIC):
        frame = Frame(program, facts, now)
        verdicts = Verdicts(program, facts, now, frame)

        def runs(campaign: Campaign) -> bool:
            return campaign.runs_for(facts, now)

        if places is None:
            verdicts.sort_out(runs)
            places = candidates(program.index, facts, now, verdicts.campaigns())
        campaigns = (program.campaigns[place] for place in places)
        return {one.source.id for one in campaigns if runs(one) and _some_rule_holds(frame, verdicts, one)}


def _some_rule_holds(frame: Frame, verdicts: Verdicts, campaign: Campaign) -> bool:
    coupons: Iterable[Coupon | None] = verdicts.coupons.get(campaign.source.id) or (None,)
    frame.begin_campaign(campaign, verdicts.referral_of(campaign.source.id))
    for turn, coupon in enumerate(coupons):
        for rule in campaign.rules:
            if rule.uses_coupon or turn == 0:
                frame.begin_rule(rule, coupon if rule.uses_coupon else None)
                if not rule.broken and _holds(frame, rule):
                    return True
    return False


def _holds(frame: Any, rule: Rule) -> bool:
    for condition in rule.conditions:
        try:
            holds = condition(frame)
        except ERRORS:
            holds = False
        if bool(holds) == rule.any_of:
            return rule.any_of
    return not rule.any_of
