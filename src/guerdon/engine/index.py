"""Which campaigns can fire at all for these facts, told from necessary conditions, without running them."""

from collections.abc import Collection, Iterator

from guerdon.engine.facts import Facts
from guerdon.engine.program import Campaign, Program, Rule


def candidates(program: Program, facts: Facts, with_code: Collection[int]) -> Iterator[Campaign]:
    """Campaigns in evaluation order, without those of which no rule can fire. `with_code` are the campaigns
    that one of the session's codes belongs to; they are never left out, for their codes must be answered."""
    for campaign in program.campaigns:
        if facts.explain or campaign.source.id in with_code or any(_can_fire(rule, facts) for rule in campaign.rules):
            yield campaign


def _can_fire(rule: Rule, facts: Facts) -> bool:
    """False only where a condition of the rule is known to fail without a coupon at hand."""
    if rule.requires_coupon:
        return False
    return rule.least_total is None or facts.session.total >= rule.least_total
