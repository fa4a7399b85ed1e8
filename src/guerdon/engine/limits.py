"""Limits: how much of an action a campaign may still give (core.md §8, rules.md §5.10 and §7.8).

What is used up is what the facts say was counted so far, and what this evaluation has used. A limit is per
combination of entities and per period; all limits on an action must have room. The discount limit of a code is one
more limit on `setDiscount`.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from itertools import product
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct

from guerdon.engine.facts import LIMITED, ZERO, Coupon, Facts, Limit, Referral
from guerdon.engine.money import cut, plain
from guerdon.engine.outcome import CounterKey, LimitUse
from guerdon.engine.program import Campaign, Settings
from guerdon.engine.talang.values import EvaluationError
from guerdon.engine.undo import Undo

AMOUNTS = LIMITED[:3]
# Given back when a closed session is cancelled or reopened (core.md §8.2).
REFUNDED = frozenset(
    {
        "redeemCoupon", "redeemReferral", "setDiscount", "setDiscountEffect", "createLoyaltyPoints",
        "createLoyaltyPointsEffect", "redeemLoyaltyPoints", "redeemLoyaltyPointsEffect",
    }
)  # fmt: skip
# Counted as soon as it happens, also while the session is open; all else counts when it closes (core.md §8.2).
IMMEDIATE = frozenset({"createCoupon", "createReferral", "reserveCoupon", "callApi"})
_OF_THE_CODE = "discountLimit"
_ONE = Decimal(1)
Key = tuple[int, str, tuple[tuple[str, str], ...], str]


def label(period: str | None, now: datetime, timezone: str) -> str:
    """The calendar window that a time lies in, as core.md §8.4 writes it; empty for a lifetime.

    >>> label("monthly", datetime.fromisoformat("2026-06-30T23:00:00Z"), "Europe/Berlin")
    'Y2026M7'
    """
    if not period:
        return ""
    local = now.astimezone(ZoneInfo(timezone))
    if period == "weekly":
        week = local.isocalendar()
        return f"Y{week.year}W{week.week}"
    parts = {"yearly": "", "monthly": f"M{local.month}", "daily": f"M{local.month}D{local.day}"}
    return f"Y{local.year}{parts[period]}"


class NoProfile(EvaluationError):
    """A limit is for each profile, and the session has none."""


class _Check(Struct, frozen=True):
    """A limit with the counter it is about: `most` is what the request may use of it."""

    limit: Limit
    key: Key
    most: Decimal
    what: str


class Limits:
    """The limits of one evaluation. `campaign` and `coupon` are whose turn it is."""

    def __init__(self, settings: Settings, facts: Facts, now: datetime, undo: Undo) -> None:
        self.campaign: Campaign
        self.coupon: Coupon | None = None
        self._settings, self._facts, self._now, self._undo = settings, facts, now, undo
        self._used: dict[Key, Decimal] = {}
        self._checks: dict[tuple[int, int | None, str], tuple[_Check, ...]] = {}
        self._counted: dict[Key, Decimal] | None = None
        self._relied: set[Key] = set()

    def begin(self, campaign: Campaign, coupon: Coupon | None) -> None:
        """What follows is of this campaign, and of this code."""
        self.campaign, self.coupon = campaign, coupon

    # --- for effects and conditions

    def room(self, action: str) -> Decimal | None:
        """What may still be given of an action; None where nothing limits it. An error where a limit is for each
        profile and the session has none (core.md §8.3)."""
        tightest = self.tightest(action)
        return None if tightest is None else tightest[0]

    def tightest(self, action: str) -> tuple[Decimal, str] | None:
        """The room there is, and the limit that leaves no more."""
        checks = self._of(self.campaign, self.coupon, action)
        if not checks:
            return None
        check = checks[0] if len(checks) == 1 else min(checks, key=self._rest)
        return self._left(check), check.what

    def take(self, action: str, amount: Decimal | int = 1, partial: bool = False, what: str = "") -> Decimal:
        """Use up some of an action and return what may be given: the amount or, with `partial`, what is left of it.
        An error where that is nothing, or not enough; `what` says for what."""
        wanted = Decimal(amount)
        tightest = self.tightest(action)
        if tightest is None:
            return wanted
        left, limit = tightest
        if wanted > left and not (partial and left):
            raise too_little(limit, left, what or action)
        given = min(wanted, left)
        if given < wanted:
            self.rely(action)
        self.charge(action, given)
        return given

    def rely(self, action: str) -> None:
        """What is given comes from exactly how much is left: whoever writes it must find the same."""
        self._relied.update(check.key for check in self._of(self.campaign, self.coupon, action))

    def rely_on_code(self, code: Coupon | Referral) -> None:
        """The same for the counters of a code."""
        self._relied.add(_key_of_code(code))

    def relied_on(self, code: Coupon | Referral) -> bool:
        """Whether anything came from exact counters of a code."""
        return _key_of_code(code) in self._relied

    def charge(self, action: str, amount: Decimal) -> None:
        """Use up some of an action that is known to have the room."""
        checks = self._of(self.campaign, self.coupon, action)
        for key in dict.fromkeys(check.key for check in checks):
            self._undo.put(self._used, key, self._used.get(key, ZERO) + amount)

    def quota(self, name: str, partial: bool) -> "Quota | None":
        """What a discount on many units may give in all; None where nothing limits it."""
        money, effects = self.tightest("setDiscount"), self.tightest("setDiscountEffect")
        return None if money is None and effects is None else Quota(self, name, partial, money, effects)

    def coupon_left(self, coupon: Coupon) -> Decimal | None:
        """What the code's own discount limit still allows; None where it has none."""
        if coupon.discount_limit is None:
            return None
        self.rely_on_code(coupon)
        used = self._used.get(_key_of_code(coupon), ZERO)
        return coupon.discount_limit - coupon.discount_counter - used

    # --- for codes

    def needs_profile(self, campaign: Campaign, coupon: Coupon) -> bool:
        """Whether a limit of the campaign or of the code is for each profile (core.md §6.3, 6)."""
        if not campaign.source.limits and not coupon.limits:
            return False
        return any("Profile" in limit.entities for limit in (*campaign.source.limits, *coupon.limits))

    def refusal(self, campaign: Campaign, coupon: Coupon | None, action: str) -> str | None:
        """Why a code cannot be redeemed any more (core.md §6.3, 8-10); None when it can. `action` is redeemCoupon or
        redeemReferral. Limits for each profile are passed over where there is none: see `needs_profile`."""
        try:
            checks = self._of(campaign, coupon, action)
        except NoProfile:
            return None
        except EvaluationError:
            return "EffectCouldNotBeApplied"
        full = [check.limit.entities for check in checks if self._left(check) < 1]
        code = action.removeprefix("redeem")
        of_code = any(code in entities and "Profile" not in entities for entities in full)
        of_campaign = any(code not in entities and "Profile" not in entities for entities in full)
        if of_code:
            return f"{code}LimitReached"
        if of_campaign:
            return "CampaignLimitReached"
        return "ProfileLimitReached" if full else None

    # --- the outcome

    def uses(self) -> tuple[LimitUse, ...]:
        """What closing the session adds to the counters, in the order of their keys (the lock order)."""
        most: dict[Key, Decimal] = {}
        for check in self._every_check():
            most[check.key] = min(check.limit.limit, most.get(check.key, check.limit.limit))
        return tuple(
            LimitUse(
                campaign_id=key[0],
                action=key[1],
                entities=key[2],
                period=key[3],
                amount=plain(amount),
                limit=most[key],
                seen=(self._counted or {}).get(key, ZERO) if key in self._relied else UNSET,
            )
            for key, amount in sorted(self._used.items())
            if key[1] != _OF_THE_CODE and amount
        )

    def asked(self) -> tuple[CounterKey, ...]:
        """The counters that were looked at, whatever came of it, in the order of their keys."""
        keys = {check.key for check in self._every_check()}
        return tuple(
            CounterKey(campaign_id=key[0], action=key[1], entities=key[2], period=key[3])
            for key in sorted(keys)
            if key[1] != _OF_THE_CODE
        )

    def _every_check(self) -> Iterable[_Check]:
        return (check for checks in self._checks.values() for check in checks)

    # --- finding them

    def _of(self, campaign: Campaign, coupon: Coupon | None, action: str) -> tuple[_Check, ...]:
        if not campaign.source.limits and coupon is None:
            return ()
        turn = (campaign.source.id, coupon.id if coupon else None, action)
        found = self._checks.get(turn)
        if found is None:
            found = self._checks[turn] = tuple(self._find(campaign, coupon, action))
        return found

    def _find(self, campaign: Campaign, coupon: Coupon | None, action: str) -> Iterable[_Check]:
        """The code's limits stand in for those that the campaign has for each profile (core.md §8.1)."""
        own = [limit for limit in coupon.limits if limit.action == action] if coupon else []
        for limit in campaign.source.limits:
            if limit.action == action and not (own and "Profile" in limit.entities):
                yield from self._of_limit(campaign, coupon, limit, limit.entities)
        for limit in own:
            yield from self._of_limit(campaign, coupon, limit, ("Coupon", *limit.entities))
        if action == "setDiscount" and coupon is not None and coupon.discount_limit is not None:
            most = coupon.discount_limit - coupon.discount_counter
            limit = Limit(action=action, limit=coupon.discount_limit, entities=("Coupon",))
            yield _Check(limit, _key_of_code(coupon), most, "the coupon")

    def _of_limit(
        self, campaign: Campaign, coupon: Coupon | None, limit: Limit, entities: tuple[str, ...]
    ) -> Iterable[_Check]:
        if limit.store and limit.store != self._facts.session.store_integration_id:
            return
        names = sorted({*entities, "Store"} if limit.store else {*entities})
        values = [self._values(name, campaign, coupon) for name in names]
        period = label(limit.period, self._now, self._settings.timezone)
        if self._counted is None:
            self._counted = {
                (one.campaign_id, one.action, one.entities, one.period): one.used for one in self._facts.counters
            }
        per = " and ".join(names)
        what = f"the {limit.period + ' ' if limit.period else ''}limit on {limit.action}{f' per {per}' if per else ''}"
        for combination in product(*values):
            key = (campaign.source.id, limit.action, tuple(zip(names, combination, strict=True)), period)
            yield _Check(limit, key, limit.limit - self._counted.get(key, ZERO), what)

    def _values(self, entity: str, campaign: Campaign, coupon: Coupon | None) -> tuple[str, ...]:
        """What the request has of an entity; none where a limit for each of them does not apply (core.md §8.3)."""
        session, referral = self._facts.session, self._facts.referral
        if entity == "Profile":
            if self._facts.profile is None:
                raise NoProfile("a limit is per profile, and the session has none")
            return (self._facts.profile.integration_id,)
        if entity == "Identifier":
            if not session.identifiers and self._facts.final:
                raise EvaluationError("a limit is per identifier, and the session has none")
            return tuple(dict.fromkeys(session.identifiers))
        if entity == "Coupon":
            return (str(coupon.id),) if coupon else ()
        if entity == "Referral":
            return (str(referral.id),) if referral and referral.campaign_id == campaign.source.id else ()
        found = session.store_integration_id if entity == "Store" else session.integration_id
        return (found,) if found else ()

    def _rest(self, check: _Check) -> Decimal:
        return check.most - self._used.get(check.key, ZERO)

    def _left(self, check: _Check) -> Decimal:
        left = max(ZERO, self._rest(check))
        if check.limit.action in AMOUNTS:
            return cut(left, self._settings.rounding) if check.limit.action == "setDiscount" else left
        return left.quantize(_ONE, ROUND_FLOOR)


class Quota:
    """What is left of the limits while a discount goes from unit to unit; charged in one go at the end."""

    def __init__(
        self,
        limits: Limits,
        name: str,
        partial: bool,
        money: tuple[Decimal, str] | None,
        effects: tuple[Decimal, str] | None,
    ) -> None:
        self._limits, self._name, self._partial = limits, name, partial
        self._money, self._effects = money, effects
        self._given, self._count = ZERO, 0

    def take(self, amount: Decimal) -> Decimal:
        """What one unit may get: with `partial` what is left, which may be nothing; else an error where that is not
        enough."""
        if self._effects is not None and self._effects[0] <= self._count:
            return self._short(self._effects[1], self._effects[0] - self._count)
        if self._money is not None and amount > self._money[0] - self._given:
            amount = self._short(self._money[1], self._money[0] - self._given)
        if amount:
            self._given += amount
            self._count += 1
        return amount

    def _short(self, limit: str, left: Decimal) -> Decimal:
        if not self._partial or not (left or self._given):
            raise too_little(limit, left, repr(self._name))
        self._limits.rely("setDiscount")
        self._limits.rely("setDiscountEffect")
        return left

    def charge(self) -> None:
        """Use up what was given."""
        self._limits.charge("setDiscount", self._given)
        self._limits.charge("setDiscountEffect", Decimal(self._count))


def too_little(limit: str, left: Decimal, what: str) -> EvaluationError:
    """A limit has no room for what an effect wants."""
    return EvaluationError(f"{limit} has {plain(left)} left, not enough for {what}")


def _key_of_code(code: Coupon | Referral) -> Key:
    return (code.campaign_id, _OF_THE_CODE, ((type(code).__name__, str(code.id)),), "")
