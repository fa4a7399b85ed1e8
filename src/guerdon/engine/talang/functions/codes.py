"""Codes (rules.md §4.1, §4.2): is the coupon or referral valid, making new ones, reserving the coupon at hand."""

from typing import Any

from guerdon.engine.talang.kinds import ANY, BOOLEAN, EFFECT, MAP, NUMBER, TEXT, TIME
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import EvaluationError

COUPON = frozenset({"Coupon"})
REFERRAL = frozenset({"Referral"})
CODE_OPTIONS = {
    "campaignId": NUMBER, "usageLimit": NUMBER, "startDate": TIME, "expiryDate": TIME, "attributes": MAP,
    "pattern": TEXT, "validCharacters": ANY, "storeInSession": BOOLEAN,
}  # fmt: skip


@declare("couponValid", BOOLEAN, optional=1, returns=BOOLEAN, frame=True, inputs=COUPON, feature="coupons")
def _coupon_valid(frame: Any, _redeem: bool = True) -> bool:
    """Whether a code of this campaign is being judged and passed its checks (core.md §6.3). The code is then
    accepted if the rule succeeds, and redeemed when the session closes unless all rules that accept it say
    `["couponValid", false]`."""
    return bool(frame.coupon_valid())


@declare("referralValid", BOOLEAN, optional=1, returns=BOOLEAN, frame=True, inputs=REFERRAL, feature="referrals")
def _referral_valid(frame: Any, _redeem: bool = True) -> bool:
    """Whether the session's referral code is of this campaign and passed its checks (core.md §7). It is then accepted
    if the rule succeeds, and redeemed when the session closes unless all rules that accept it say
    `["referralValid", false]`. It is redeemed by a customer: a session without a profile makes it fail."""
    if frame.referral is None:
        return False
    if frame.facts.profile is None:
        raise EvaluationError("a referral is redeemed by a customer, and the session has no profile")
    return True


@declare(
    "createCoupon", returns=EFFECT, frame=True, feature="coupons",
    options={**CODE_OPTIONS, "recipientId": TEXT, "discountLimit": NUMBER},
)  # fmt: skip
def _create_coupon(frame: Any, **options: Any) -> None:
    """A new coupon: `["createCoupon", {"recipientId": [".", "Profile", "IntegrationId"], "usageLimit": 1}]`. What is
    not said is as the campaign has it; `usageLimit` is 1, and 0 for no limit. Later updates of the session give out
    the same code again, unless `storeInSession` is false."""
    frame.codes.create_coupon(**_characters(options))


@declare("createReferral", returns=EFFECT, frame=True, feature="referrals", options={**CODE_OPTIONS, "friendId": TEXT})
def _create_referral(frame: Any, **options: Any) -> None:
    """A new referral with the customer as its advocate; `friendId` names the only customer who may use it. The other
    options are those of `createCoupon`."""
    frame.codes.create_referral(**_characters(options))


@declare("reserveCoupon", returns=EFFECT, frame=True, inputs=COUPON, feature="coupons")
def _reserve_coupon(frame: Any) -> None:
    """Reserve the coupon at hand for the customer. It fails for personal coupons, and when the coupon is reserved as
    often as it may be; who has a reservation keeps it."""
    frame.codes.reserve()


def _characters(options: dict[str, Any]) -> dict[str, Any]:
    """The options with `validCharacters`, a text or a list of single characters, as a text."""
    given = options.get("valid_characters")
    if isinstance(given, list) and all(isinstance(one, str) and len(one) == 1 for one in given):
        return {**options, "valid_characters": "".join(given)}
    if given is None or isinstance(given, str):
        return options
    raise EvaluationError("validCharacters are a text, or a list of single characters")
