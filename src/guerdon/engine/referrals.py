"""Referral codes: the checks that need no rule, first failing reason wins (core.md §7)."""

from datetime import datetime

from guerdon.engine.facts import Facts, Referral
from guerdon.engine.limits import Limits
from guerdon.engine.program import Campaign


def may_use_referral(
    referral: Referral, facts: Facts, now: datetime, *, campaign: Campaign | None, limits: Limits
) -> str | None:
    """None when the code may be judged by its campaign's rules, else the rejection reason.

    `campaign` is None where it is not evaluated at this time. That an anonymous session cannot use a code is seen by
    the rules that ask for it, for there is no reason of its own.
    """
    friend = facts.session.profile_id
    if campaign is None:
        return "ReferralPartOfNotRunningCampaign"
    if referral.start_date is not None and now < referral.start_date:
        return "ReferralStartDateInFuture"
    if referral.expiry_date is not None and now >= referral.expiry_date:
        return "ReferralExpired"
    if facts.advocate is None:
        return "AdvocateNotFound"
    if friend and friend == referral.advocate_integration_id:
        return "ReferralRecipientIdSameAsAdvocate"
    if referral.friend_integration_id and referral.friend_integration_id != friend:
        return "ReferralRecipientDoesNotMatch"
    if referral.already_referred:
        return "ReferralCustomerAlreadyReferred"
    if referral.usage_limit and referral.usage_counter >= referral.usage_limit:
        return "ReferralLimitReached"
    return limits.refusal(campaign, None, "redeemReferral")
