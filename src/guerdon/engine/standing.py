"""What a closed session was given and still has: what cancelling it, opening it again or returning items of it takes
back (core.md §3.7-3.9)."""

from msgspec import Struct

from guerdon.engine.effects import Effect
from guerdon.engine.outcome import LimitUse


class Redemption(Struct, frozen=True):
    """A coupon that the closed session redeemed."""

    coupon_id: int
    campaign_id: int


class ReferralRedemption(Struct, frozen=True):
    """The referral that the closed session redeemed."""

    referral_id: int
    campaign_id: int


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`effects` are those that hold, with their properties as plain dicts, as JSON has them: `Outcome.holding` of the
    request before. `redemptions` and `referrals` are those that nobody took back; `charged` is what the closing added
    to counters of limits, as far as it can be given back and was not: `Outcome.charged` of the request before."""

    effects: tuple[Effect, ...] = ()
    redemptions: tuple[Redemption, ...] = ()
    referrals: tuple[ReferralRedemption, ...] = ()
    charged: tuple[LimitUse, ...] = ()
