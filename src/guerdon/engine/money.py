"""Exact amounts: how they are shown, rounded and split, and the totals of a cart (core.md §2.6, rules.md §5.11)."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from msgspec import Struct

from guerdon.engine.facts import ZERO, CartItem
from guerdon.engine.talang.values import ARITHMETIC, QUOTIENT

SIGNIFICANT_DIGITS = 16


def plain(amount: Decimal) -> Decimal:
    """The same amount without trailing zeros and without an exponent.

    >>> plain(Decimal("12.500")), plain(Decimal("1E+2"))
    (Decimal('12.5'), Decimal('100'))
    """
    if not amount:
        return ZERO
    if amount == amount.to_integral_value():
        return Decimal(int(amount))
    return ARITHMETIC.normalize(amount)


def rounded(amount: Decimal, decimals: int | None) -> Decimal:
    """The amount in so many decimals, half up; as it is where `decimals` is None.

    >>> rounded(Decimal("9.995"), 2), rounded(Decimal("9.999"), None)
    (Decimal('10.00'), Decimal('9.999'))
    """
    return amount if decimals is None else amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def cut(amount: Decimal, decimals: int | None) -> Decimal:
    """The most that can be given in so many decimals without exceeding the amount."""
    return amount if decimals is None else amount.quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR)


def split(
    total: Decimal,
    weights: Sequence[Decimal],
    *,
    caps: Sequence[Decimal] | None = None,
    decimals: int | None = None,
) -> list[Decimal]:
    """Parts of a total in proportion to weights; they always sum to the total exactly.

    What a part would get above its cap goes to the others; the caps must have room for the total. Weights that
    are all zero share alike; else a weight of zero gets something only when all others are full. With `decimals`,
    the parts are whole minor units (so must be the total and the caps), else exact as long as they end within
    sixteen significant digits and cut there otherwise. What cutting leaves over goes to the parts that lost most by
    it, the first of them where they lost alike.

    >>> [str(part) for part in split(Decimal("2.99"), [Decimal(1)] * 3, decimals=2)]
    ['1', '1', '0.99']
    """
    if not weights:
        return []
    with localcontext(ARITHMETIC):
        quantum = _quantum(total, weights, caps, decimals)
        finest = _finest(weights)
        parts = _apportion(
            _whole(total, quantum),
            [_whole(weight, finest) for weight in weights],
            [_whole(cap, quantum) for cap in caps] if caps is not None else None,
        )
        return [plain(Decimal(part).scaleb(quantum)) for part in parts]


def _finest(amounts: Iterable[Decimal]) -> int:
    """The exponent that all the amounts can be written with."""
    return min(int(amount.as_tuple().exponent) for amount in amounts)


def _quantum(total: Decimal, weights: Sequence[Decimal], caps: Sequence[Decimal] | None, decimals: int | None) -> int:
    """The exponent of the smallest step between parts."""
    if decimals is not None:
        return -decimals
    whole = sum(weights, ZERO)
    largest = QUOTIENT.divide(total * max(weights), whole) if whole else QUOTIENT.divide(total, Decimal(len(weights)))
    step = largest.adjusted() - SIGNIFICANT_DIGITS + 1 if largest else 0
    return min(step, _finest([total, *(caps or ())]))


def _whole(amount: Decimal, exponent: int) -> int:
    return int(amount.scaleb(-exponent))


def _apportion(total: int, weights: list[int], caps: list[int] | None) -> list[int]:
    """The parts in whole steps."""
    if caps is None:
        return _shares(total, weights if any(weights) else [1] * len(weights))
    parts = [0] * len(weights)
    weighted = [at for at, weight in enumerate(weights) if weight]
    left = _fill(total, weighted, weights, caps, parts)
    if left:
        others = [at for at, weight in enumerate(weights) if not weight]
        _fill(left, others, [1] * len(weights), caps, parts)
    return parts


def _fill(total: int, places: list[int], weights: list[int], caps: list[int], parts: list[int]) -> int:
    """Write the parts at these places; what none of them has room for is returned. Those that reach their cap first
    are filled first, and leave the rest to the others."""
    sum_of_weights = sum(weights[at] for at in places)
    if any(total * weights[at] > caps[at] * sum_of_weights for at in places):
        places = sorted(places, key=lambda at: Fraction(caps[at], weights[at]))
    full = 0
    for at in places:
        if total * weights[at] <= caps[at] * sum_of_weights:
            break
        parts[at] = caps[at]
        total -= caps[at]
        sum_of_weights -= weights[at]
        full += 1
    rest = sorted(places[full:])
    for at, share in zip(rest, _shares(total, [weights[at] for at in rest]), strict=True):
        parts[at] = share
    return 0 if rest else total


def _shares(total: int, weights: list[int]) -> list[int]:
    """Whole shares by the largest remainder; where remainders are equal, the first gets the step."""
    sum_of_weights = sum(weights)
    shares = [divmod(total * weight, sum_of_weights) for weight in weights]
    left = total - sum(share for share, _ in shares)
    if left:
        for at in sorted(range(len(shares)), key=lambda at: -shares[at][1])[:left]:
            shares[at] = (shares[at][0] + 1, 0)
    return [share for share, _ in shares]


class Totals(Struct, frozen=True):
    """The totals of a session, before discounts."""

    cart_items: Decimal
    additional_costs: Decimal
    cart_item_additional_costs: Decimal
    total: Decimal


def totals(items: Iterable[CartItem], additional_costs: Iterable[Decimal]) -> Totals:
    """Exact sums over all units that were not returned; `additional_costs` are those of the session."""
    with localcontext(ARITHMETIC):
        goods = item_costs = ZERO
        for item in items:
            goods += item.price * item.remaining
            if item.additional_costs:
                item_costs += item.costs * item.remaining
        costs = sum(additional_costs, ZERO)
        return Totals(plain(goods), plain(costs), plain(item_costs), plain(goods + costs + item_costs))
