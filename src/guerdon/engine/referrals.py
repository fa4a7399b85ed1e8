"""Referral codes: the checks that need no rule, first failing reason wins (core.md §7)."""

from datetime import datetime

from guerdon.engine.facts import Facts, Referral


def may_use_referral(referral: Referral, facts: Facts, now: datetime, *, running: bool) -> str | None:
    """None when the code may be judged by its campaign's rules, else the rejection reason.

    `running` tells whether the campaign is evaluated at all at this time. That an anonymous session cannot use a
    code is left to the rules, for there is no reason of its own: see `evaluate`.
    """
    friend = facts.session.profile_id
    if not running:
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
    return None
