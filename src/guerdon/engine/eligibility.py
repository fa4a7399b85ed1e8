"""Why campaigns and rules did or did not pass, one by one: what a dry run may ask for (core.md §4.4)."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from guerdon.engine.facts import Coupon
from guerdon.engine.outcome import CampaignEligibility, Eligibility
from guerdon.engine.program import Campaign, Program, Rule
from guerdon.engine.verdicts import Failure


class Attempt(Struct, frozen=True):
    """One run of a rule, and why it failed if it did."""

    campaign: Campaign
    rule: Rule
    coupon: Coupon | None
    failure: Failure | None


def eligibility(
    program: Program, runs: Callable[[Campaign], bool], attempts: Iterable[Attempt]
) -> tuple[CampaignEligibility, ...]:
    """Of every campaign that may run: passed for each code if one of its rules did. A campaign whose rules all
    stayed in the drawer, because its group passed it over, is skipped."""
    tried: dict[int, list[Attempt]] = {}
    for attempt in attempts:
        tried.setdefault(attempt.campaign.source.id, []).append(attempt)
    return tuple(
        _of_campaign(campaign, tried.get(campaign.source.id, [])) for campaign in program.campaigns if runs(campaign)
    )


def _of_campaign(campaign: Campaign, attempts: list[Attempt]) -> CampaignEligibility:
    if not attempts:
        skipped = Eligibility(passed=False, failure_code="SKIPPED")
        return CampaignEligibility(campaign_id=campaign.source.id, eligibility=(skipped,))
    coupons = {attempt.coupon.id: attempt.coupon for attempt in attempts if attempt.coupon is not None}
    every: list[Coupon | None] = list(coupons.values()) or [None]
    return CampaignEligibility(
        campaign_id=campaign.source.id,
        eligibility=tuple(_for_code(coupon, attempts) for coupon in every),
        rules=tuple(
            (rule.index, tuple(_of_rule(attempt) for attempt in attempts if attempt.rule is rule))
            for rule in campaign.rules
        ),
    )


def _for_code(coupon: Coupon | None, attempts: list[Attempt]) -> Eligibility:
    """A rule that looks at no coupon passes for all of them."""
    passed = any(attempt.failure is None for attempt in attempts if attempt.coupon in (None, coupon))
    return Eligibility(
        passed=passed,
        coupon_id=coupon.id if coupon else None,
        coupon_code=coupon.code if coupon else None,
        failure_code="" if passed else "ALL_RULES_FAILED",
    )


def _of_rule(attempt: Attempt) -> Eligibility:
    failure, coupon = attempt.failure, attempt.coupon
    return Eligibility(
        passed=failure is None,
        coupon_id=coupon.id if coupon else None,
        coupon_code=coupon.code if coupon else None,
        failure_code=""
        if failure is None
        else "CONDITION_NOT_MET"
        if failure.effect_index is None
        else "EFFECT_FAILED",
        condition_index=failure.condition_index if failure else None,
        effect_index=failure.effect_index if failure else None,
        details=failure.details if failure else "",
    )
