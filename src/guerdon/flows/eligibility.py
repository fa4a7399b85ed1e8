"""What `campaignEligibility` in the responseContent of a dry request answers (core.md §4.4)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from msgspec import UNSET, UnsetType

from guerdon.engine.outcome import CampaignEligibility, Eligibility, Outcome
from guerdon.engine.program import Campaign, Program
from guerdon.errors import INVALID_DATA, Invalid, Problem
from guerdon.wire import eligibility as wire


def wants_reasons(response_content: Collection[str], *, dry: bool) -> bool:
    """Whether every rule must be run, so that every failure has a reason. Raises Invalid for a combination that
    cannot be."""
    eligible = dry and "campaignEligibility" in response_content  # without dry it is not looked at (core.md §4.1)
    if eligible and not {"triggeredCampaigns", "ruleFailureReasons"}.isdisjoint(response_content):
        message = "campaignEligibility cannot be combined with triggeredCampaigns or ruleFailureReasons"
        raise Invalid(INVALID_DATA, [Problem.at("/responseContent", "Invalid combination", message)])
    return eligible or "ruleFailureReasons" in response_content


def eligibility_of(program: Program, outcome: Outcome) -> list[wire.CampaignEligibility]:
    """Every campaign that may run, and whether it and its rules passed, for each code."""
    return [_campaign(program, program.by_id[one.campaign_id], one) for one in outcome.eligibility]


def _campaign(program: Program, campaign: Campaign, found: CampaignEligibility) -> wire.CampaignEligibility:
    source = campaign.source
    return wire.CampaignEligibility(
        application_id=program.settings.id,
        id=source.id,
        name=source.name,
        description=source.description or UNSET,
        start_time=_set(source.start_time),
        end_time=_set(source.end_time),
        attributes=source.attributes,
        state="enabled",
        tags=list(source.tags),
        features=cast("Any", [name for name in source.features if name != "advancedEvents"]),
        eligibility=[_of_campaign(one) for one in found.eligibility],
        rules=[
            wire.RuleMetadataEligibility(
                title=campaign.rules[index].title,
                eligibility=[_of_rule(one) for one in runs],
            )
            for index, runs in found.rules
        ],
    )


def _set(moment: datetime | None) -> datetime | UnsetType:
    return UNSET if moment is None else moment


def _of_campaign(one: Eligibility) -> wire.CampaignEligibilityDetails:
    failed = wire.CampaignEligibilityFailureDetails(failure_code=cast("Any", one.failure_code))
    return wire.CampaignEligibilityDetails(
        passed=one.passed, coupon_code=one.coupon_code or UNSET, details=UNSET if one.passed else failed
    )


def _of_rule(one: Eligibility) -> wire.RuleEligibility:
    failed = wire.RuleEligibilityFailureDetails(
        failure_code=cast("Any", one.failure_code),
        coupon_id=UNSET if one.coupon_id is None else one.coupon_id,
        coupon_value=one.coupon_code or UNSET,
        condition_index=UNSET if one.condition_index is None else one.condition_index,
        effect_index=UNSET if one.effect_index is None else one.effect_index,
        details=one.details,
    )
    return wire.RuleEligibility(
        passed=one.passed, coupon_code=one.coupon_code or UNSET, details=UNSET if one.passed else failed
    )
