"""A year of shopping as plain values: what every data set is turned into before it is replayed.

Nothing here knows where the data comes from or where it goes.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct


class Line(Struct, frozen=True):
    """One line of a till receipt; `amount` is what the whole line cost before any coupon."""

    product_id: str
    quantity: int
    amount: Decimal


class Basket(Struct, frozen=True):
    """One till receipt; `at` carries its offset."""

    basket_id: str
    household_id: str
    store_id: str
    at: datetime
    lines: Sequence[Line]


class Baskets(Protocol):
    """All baskets, oldest first. They may be built only when asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int, /) -> Basket: ...


class Product(Struct, frozen=True):
    """What the shelf says; a member is empty where the data has nothing."""

    name: str = ""
    category: str = ""
    department: str = ""
    manufacturer: str = ""
    brand: str = ""


class Household(Struct, frozen=True):
    """A customer: what is known of it and the campaigns that it was sent."""

    household_id: str
    attributes: Mapping[str, str]
    campaigns: Sequence[str]


class Mailing(Struct, frozen=True):
    """A campaign of the data: coupons sent to some households, valid from its first to its last day."""

    campaign_id: str
    kind: str
    first_day: date
    last_day: date


class Coupon(Struct, frozen=True):
    """A coupon of a campaign and the products that it is for."""

    campaign_id: str
    upc: str
    products: frozenset[str]

    @property
    def code(self) -> str:
        """The code a customer enters, e.g. `C18-10000085207`."""
        return f"C{self.campaign_id}-{self.upc}"


class Redemption(Struct, frozen=True):
    """A household used a coupon on a day."""

    household_id: str
    campaign_id: str
    upc: str
    day: date


class Dataset(Struct, frozen=True, kw_only=True):
    """Everything that a replay needs. `days` says which baskets a household had on a day of the shop's time zone."""

    zone: ZoneInfo
    mailings: Sequence[Mailing]
    coupons: Sequence[Coupon]
    households: Sequence[Household]
    products: Mapping[str, Product]
    redemptions: Sequence[Redemption]
    baskets: Baskets
    days: Mapping[tuple[str, date], Sequence[int]]


def place_redemptions(data: Dataset) -> dict[int, list[str]]:
    """The codes to enter at each basket, by the basket's position.

    The data names only household and day. A code belongs to that day's first basket that holds one of the coupon's
    products; where none does, to the first basket of the day, where it will be refused.
    """
    coupons = {(coupon.campaign_id, coupon.upc): coupon for coupon in data.coupons}
    found: dict[int, list[str]] = {}
    for redemption in data.redemptions:
        positions = data.days.get((redemption.household_id, redemption.day), ())
        coupon = coupons[redemption.campaign_id, redemption.upc]
        if positions:
            codes = found.setdefault(_place(data.baskets, positions, coupon), [])
            if coupon.code not in codes:
                codes.append(coupon.code)
    return found


def _place(baskets: Baskets, positions: Sequence[int], coupon: Coupon) -> int:
    for position in positions:
        if any(line.product_id in coupon.products for line in baskets[position].lines):
            return position
    return positions[0]
