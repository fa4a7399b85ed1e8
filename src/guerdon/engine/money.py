"""Exact amounts: how they are shown, and the totals of a cart (core.md §2.6)."""

from collections.abc import Iterable
from decimal import Decimal, localcontext

from msgspec import Struct

from guerdon.engine.facts import ZERO, CartItem
from guerdon.engine.talang.values import ARITHMETIC


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


class Totals(Struct, frozen=True):
    """The totals of a session, before discounts."""

    cart_items: Decimal
    additional_costs: Decimal
    cart_item_additional_costs: Decimal
    total: Decimal


def totals(items: Iterable[CartItem], additional_costs: Iterable[Decimal]) -> Totals:
    """Exact sums over all units; `additional_costs` are those of the session."""
    with localcontext(ARITHMETIC):
        goods = item_costs = ZERO
        for item in items:
            goods += item.price * item.quantity
            if item.additional_costs:
                item_costs += item.costs * item.quantity
        costs = sum(additional_costs, ZERO)
        return Totals(plain(goods), plain(costs), plain(item_costs), plain(goods + costs + item_costs))
