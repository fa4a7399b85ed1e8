"""The codes that a dry request would make, as the request that is not dry shows them (core.md §1.6)."""

from datetime import datetime
from decimal import Decimal

from msgspec import UNSET, UnsetType

from guerdon.engine.outcome import CreatedCode, Outcome
from guerdon.wire.coupons import Coupon
from guerdon.wire.referrals import Referral


def codes_to_be(outcome: Outcome, now: datetime) -> tuple[list[Coupon], list[Referral]]:
    """The codes that rules made, with id 0, for they are not kept."""
    codes = outcome.created_codes
    coupons = [_coupon(one, now) for one in codes if one.kind == "coupon"]
    return coupons, [_referral(one, now) for one in codes if one.kind == "referral"]


def _coupon(one: CreatedCode, now: datetime) -> Coupon:
    limit = UNSET if one.discount_limit is None else one.discount_limit
    return Coupon(
        id=0,
        created=now,
        campaign_id=one.campaign_id,
        value=one.code,
        usage_limit=one.usage_limit,
        usage_counter=0,
        discount_limit=limit,
        discount_counter=Decimal(0),
        discount_remainder=limit,
        reservation_counter=Decimal(0),
        start_date=_time(one.start_date),
        expiry_date=_time(one.expiry_date),
        limits=[],
        attributes=one.attributes,
        recipient_integration_id=one.recipient or UNSET,
        reservation=not one.recipient,
        is_reservation_mandatory=False,
        implicitly_reserved=False,
    )


def _referral(one: CreatedCode, now: datetime) -> Referral:
    return Referral(
        id=0,
        created=now,
        campaign_id=one.campaign_id,
        advocate_profile_integration_id=one.recipient,
        friend_profile_integration_id=one.friend or UNSET,
        code=one.code,
        usage_limit=one.usage_limit,
        usage_counter=0,
        start_date=_time(one.start_date),
        expiry_date=_time(one.expiry_date),
        attributes=one.attributes,
    )


def _time(text: str | None) -> datetime | UnsetType:
    return UNSET if text is None else datetime.fromisoformat(text)
