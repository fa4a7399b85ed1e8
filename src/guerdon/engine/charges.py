"""What a session was charged at counters of limits, and what of it goes with an effect that is taken back
(core.md §8.2)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from guerdon.engine.effects import Effect
from guerdon.engine.facts import ZERO, Counter, Coupon
from guerdon.engine.limits import Key
from guerdon.engine.money import plain
from guerdon.engine.outcome import LimitUse

Amounts = Mapping[Key, Decimal]


class Charges:
    """Amounts by counter, which go down as effects are taken from them: `left` is what is left, `taken` what went.

    An effect was charged at the counters of its campaign that count its action: at those for single codes only where
    they are for the code that triggered it, and not at those for each profile where that code has limits of its own.
    """

    def __init__(self, amounts: Amounts, coupons: Iterable[Coupon]) -> None:
        self.left = dict(amounts)
        self.taken: dict[Key, Decimal] = {}
        self._own = {(str(coupon.id), limit.action) for coupon in coupons for limit in coupon.limits}
        self._of: dict[tuple[int, str], list[Key]] = {}
        for key in amounts:
            self._of.setdefault(key[:2], []).append(key)

    def take(self, effect: Effect, action: str, amount: Decimal) -> None:
        """Take what an effect was charged; nothing goes below zero, for limits may have changed since."""
        coupon = str(effect.triggered_by_coupon) if isinstance(effect.triggered_by_coupon, int) else ""
        for key in self._of.get((effect.campaign_id, action), ()):
            entities = dict(key[2])
            if "Coupon" in entities:
                charged = entities["Coupon"] == coupon
            else:
                charged = "Profile" not in entities or (coupon, action) not in self._own
            if charged:
                self.take_from(key, amount)

    def take_from(self, key: Key, amount: Decimal) -> None:
        """Take from one counter."""
        part = min(amount, self.left.get(key, ZERO))
        if part:
            self.left[key] -= part
            self.taken[key] = self.taken.get(key, ZERO) + part


def key_of(one: LimitUse | Counter) -> Key:
    """Which counter it is."""
    return (one.campaign_id, one.action, one.entities, one.period)


def amounts(uses: Iterable[LimitUse]) -> dict[Key, Decimal]:
    """The amounts of uses of limits, by counter."""
    return {key_of(use): use.amount for use in uses}


def added(some: Amounts, others: Amounts, sign: int = 1) -> dict[Key, Decimal]:
    """The sums, or differences, of amounts by counter."""
    return {key: some.get(key, ZERO) + sign * others.get(key, ZERO) for key in {**some, **others}}


def uses_of(found: Amounts, limits: Amounts) -> tuple[LimitUse, ...]:
    """Uses of limits of these amounts, but for those that are nothing, in the order of their keys (the lock order)."""
    return tuple(
        LimitUse(
            campaign_id=key[0], action=key[1], entities=key[2], period=key[3], amount=plain(amount), limit=limits[key]
        )
        for key, amount in sorted(found.items())
        if amount
    )
