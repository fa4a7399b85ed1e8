"""What a till makes of a cart and the engine's effects: lines, discounts, gifts, words, and what is to pay."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

Effects = Sequence[Mapping[str, Any]]

WHY = {
    "CouponNotFound": "there is no such code",
    "CouponExpired": "it has expired",
    "CouponLimitReached": "it was used as often as it could be",
    "CouponRejectedByCondition": "this order does not meet its conditions",
    "CouponPartOfNotRunningCampaign": "its campaign is not running",
    "CouponStartDateInFuture": "it is not valid yet",
    "ProfileRequired": "it is for known customers only",
}


class Line(Struct, frozen=True):
    """One line of the cart; `discount` is what effects take off it."""

    name: str
    quantity: int
    price: Decimal
    discount: Decimal


class Receipt(Struct, frozen=True, kw_only=True):
    """A receipt at one moment; codes carry the reason for which they were refused, or nothing."""

    lines: Sequence[Line]
    gifts: Sequence[str]
    discounts: Sequence[tuple[str, Decimal]]
    codes: Sequence[tuple[str, str]]
    words: Sequence[str]

    @property
    def total(self) -> Decimal:
        """Before discounts."""
        return sum((line.price * line.quantity for line in self.lines), Decimal(0))

    @property
    def saved(self) -> Decimal:
        """All discounts together."""
        of_lines = sum((line.discount for line in self.lines), Decimal(0))
        return sum((amount for _, amount in self.discounts), of_lines)

    @property
    def to_pay(self) -> Decimal:
        """What is left."""
        return self.total - self.saved


def receipt(cart: Sequence[Mapping[str, Any]], effects: Effects) -> Receipt:
    """The receipt for a cart, as a shop reads the effects."""
    off = [Decimal(0)] * len(cart)
    found: dict[str, list[Any]] = {"gifts": [], "discounts": [], "codes": [], "words": []}
    for effect in effects:
        kind, props = effect["effectType"], effect["props"]
        if kind == "setDiscountPerItem":
            off[int(props["position"])] += Decimal(props["value"])
        elif kind == "setDiscount":
            found["discounts"].append((props["name"], Decimal(props["value"])))
        elif kind == "addFreeItem":
            found["gifts"].append(props["name"])
        elif kind == "acceptCoupon":
            found["codes"].append((props["value"], ""))
        elif kind == "rejectCoupon":
            reason = props["rejectionReason"]
            found["codes"].append((props["value"], WHY.get(reason, reason)))
        elif kind == "showNotification":
            found["words"].append(props["body"])
        elif kind == "customEffect" and props["name"] == "freeShipping":
            found["words"].append("Shipping is free.")
    lines = [
        Line(str(item["name"]), int(item["quantity"]), Decimal(item["price"]), discount)
        for item, discount in zip(cart, off, strict=True)
    ]
    return Receipt(lines=lines, **found)
