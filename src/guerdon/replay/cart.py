"""A till receipt as the cart of a session.

The price of a unit is what the till asked for before coupons: the card price, so that the campaigns replayed here
are the only discounts. Four things on receipts have no counterpart in a cart and are put so:

- a line without units that cost nothing is a paper coupon that was scanned: it is left out;
- a line without units that cost something is sold as one unit;
- more than 150 units are a measure, such as fuel in thousandths of a gallon: one unit at the line's price;
- an amount that cannot be divided by its units is split over two lines a cent apart, as a till does it
  (3 for 1.00: two at 0.33, one at 0.34), so that every session's total is the receipt's to the cent.

No basket comes near the limits of a session (1,000 lines, 10,000 units): the longest has 161 lines.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guerdon.replay.dataset import Basket, Line, Product

MOST_UNITS = 150
CENT = Decimal("0.01")
UNKNOWN = Product()


def cart_items(basket: Basket, products: Mapping[str, Product]) -> list[dict[str, Any]]:
    """The `cartItems` of a basket, as they go over the wire."""
    return [
        _item(line.product_id, units, price, products.get(line.product_id, UNKNOWN))
        for line in basket.lines
        for units, price in units_and_prices(line)
    ]


def units_and_prices(line: Line) -> list[tuple[int, Decimal]]:
    """How a receipt's line is sold: pairs of units and the price of one.

    >>> units_and_prices(Line("milk", 3, Decimal("1.00")))
    [(2, Decimal('0.33')), (1, Decimal('0.34'))]
    """
    if line.quantity <= 0:
        return [(1, line.amount)] if line.amount > 0 else []
    if line.quantity > MOST_UNITS:
        return [(1, line.amount)]
    cents, left = divmod(int(line.amount / CENT), line.quantity)
    price = cents * CENT
    lines = [(line.quantity - left, price), (left, price + CENT)]
    return [(units, each) for units, each in lines if units]


def _item(sku: str, units: int, price: Decimal, product: Product) -> dict[str, Any]:
    item: dict[str, Any] = {"sku": sku, "quantity": units, "price": price}
    if product.name:
        item["name"] = product.name
    if product.category:
        item["category"] = product.category
    attributes = {name: text for name in ("department", "manufacturer", "brand") if (text := getattr(product, name))}
    if attributes:
        item["attributes"] = attributes
    return item
