"""The data's campaigns as campaigns of the shop: plain bodies for the Management API.

The data does not say what each coupon gave, only what tills took off, mostly 0.50 or 1.00. So each of its three
types of campaign gets one plain offer, and everybody gets one without a coupon:

- Type A: 1.00 off the dearest of the coupon's products in the basket;
- Type B: 10 % off each of them;
- Type C: 0.50 off each of them;
- without a coupon: 5.00 off from 100.00, and a notification when the basket comes near it.

A coupon counts when the household was sent its campaign, the basket lies within the campaign's days and holds one
of the coupon's products.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from guerdon.replay.dataset import Coupon, Mailing

APPLICATION = "Complete Journey"
EVERYBODY = "From 100"
TAG = "complete-journey"

Json = dict[str, Any]

PURCHASED_AT = [".", "Session", "Attributes", "purchased_at"]
ELIGIBLE = [".", "eligible"]
PRICE = [".", "Item", "Price"]
PRODUCT_SET = [".", "Coupon", "Attributes", "product_set"]

CONDITIONS = {
    1: "the household was not sent the campaign",
    2: "before the campaign's first day",
    3: "after the campaign's last day",
    4: "no product of the coupon in the basket",
}
"""What it means that a condition of a campaign's rule failed, by its index."""


def application(zone: ZoneInfo) -> Json:
    """The Application that the replay lives in."""
    return {
        "name": APPLICATION,
        "description": "A year of a grocery chain, replayed by `guerdon replay complete-journey`.",
        "timezone": zone.key,
        "currency": "USD",
        "enableFlattenedCartItems": True,
    }


def attributes() -> list[Json]:
    """The custom attributes that profiles, sessions, items and coupons carry."""
    texts = {
        "CustomerProfile": (
            "age",
            "income",
            "home_ownership",
            "marital_status",
            "household_size",
            "household_comp",
            "kids_count",
        ),
        "CustomerSession": ("store",),
        "CartItem": ("manufacturer", "department", "brand"),
        "Coupon": ("product_set",),
    }
    found = [_attribute(entity, name, "string") for entity, names in texts.items() for name in names]
    found.append(_attribute("CustomerProfile", "campaigns", "(list string)"))
    found.append(_attribute("CustomerSession", "purchased_at", "time"))
    return found


def _attribute(entity: str, name: str, kind: str) -> Json:
    return {
        "entity": entity,
        "name": name,
        "title": f"Complete Journey {name.replace('_', ' ')}",
        "type": kind,
        "description": "From the Complete Journey data.",
        "suggestions": [],
        "editable": True,
    }


def campaign_name(mailing: Mailing) -> str:
    """E.g. `Campaign 18 (Type A)`."""
    return f"Campaign {mailing.campaign_id} ({mailing.kind})"


def campaign(mailing: Mailing) -> Json:
    """The campaign itself. It has no dates of its own: they lie years back, and the server goes by its clock."""
    return {
        "name": campaign_name(mailing),
        "description": f"Sent to households; valid from {mailing.first_day} to {mailing.last_day}.",
        "state": "enabled",
        "tags": [TAG, mailing.kind.replace(" ", "-").lower()],
        "features": ["coupons"],
        "limits": [],
    }


def product_sets(coupons: Sequence[Coupon]) -> dict[frozenset[str], str]:
    """A name for each different set of products of a campaign's coupons; many coupons share one."""
    names: dict[frozenset[str], str] = {}
    for coupon in coupons:
        names.setdefault(coupon.products, f"Products {coupon.upc}")
    return names


def ruleset(mailing: Mailing, coupons: Sequence[Coupon], zone: ZoneInfo) -> Json:
    """The campaign's one rule, and its product sets as collections."""
    sets = [
        {"name": name, "type": "collection", "expression": ["list", *sorted(products)]}
        for products, name in product_sets(coupons).items()
    ]
    in_set = ["catch", False, ["inCollection", [".", "Item", "SKU"], PRODUCT_SET]]
    eligible = {
        "name": "eligible",
        "type": "cartItemFilter",
        "expression": ["filter", [".", "Session", "CartItems"], [["Item"], in_set]],
    }
    rule = {"title": f"{mailing.kind} offer", "condition": condition(mailing, zone), "effects": [offer(mailing)]}
    return {"rules": [rule], "bindings": [*sets, eligible], "activate": True}


def condition(mailing: Mailing, zone: ZoneInfo) -> list[Any]:
    """When a coupon of the campaign counts; `CONDITIONS` says in words what the failure of each part means."""
    first = _midnight(mailing.first_day, zone)
    end = _midnight(mailing.last_day + timedelta(days=1), zone)
    return [
        "and",
        ["couponValid"],
        ["oneOf", mailing.campaign_id, [".", "Profile", "Attributes", "campaigns"]],
        ["not", ["before", PURCHASED_AT, first]],
        ["before", PURCHASED_AT, end],
        [">", ["count", ELIGIBLE], 0],
    ]


def offer(mailing: Mailing) -> list[Any]:
    """What the campaign gives."""
    if mailing.kind == "Type A":
        dearest = ["take", 1, ["sortByNumber", ELIGIBLE, [["Item"], PRICE], True]]
        return ["setDiscountPerItem", "1.00 off", dearest, [["Item"], Decimal("1.00")]]
    if mailing.kind == "Type B":
        return ["setDiscountPerItem", "10% off", ELIGIBLE, [["Item"], ["*", PRICE, ["/", 10, 100]]]]
    return ["setDiscountPerItem", "0.50 off", ELIGIBLE, [["Item"], Decimal("0.50")]]


def _midnight(day: date, zone: ZoneInfo) -> str:
    return rfc3339(datetime.combine(day, time(), zone))


def rfc3339(moment: datetime) -> str:
    """In UTC, as the API writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def everybodys_campaign() -> Json:
    """The campaign without a coupon."""
    return {
        "name": EVERYBODY,
        "description": "For everybody, without a coupon.",
        "state": "enabled",
        "tags": [TAG],
        "features": [],
        "limits": [],
    }


def everybodys_ruleset() -> Json:
    """5.00 off from 100.00, and a word to those who come near."""
    total = [".", "Session", "Total"]
    enough = {
        "title": "5.00 off from 100.00",
        "condition": ["and", [">=", total, 100]],
        "effects": [["setDiscount", "5.00 off", 5]],
    }
    nearly = {
        "title": "Nearly there",
        "condition": ["and", [">=", total, 90], ["<", total, 100]],
        "effects": [["showNotification", "Offer", "Nearly there", "From 100.00 you get 5.00 off."]],
    }
    return {"rules": [enough, nearly], "bindings": [], "activate": True}


def coupon(new: Coupon, product_set: str) -> Json:
    """One coupon with its fixed code, to be used as often as anybody likes."""
    return {
        "usageLimit": 0,
        "numberOfCoupons": 1,
        "couponPattern": new.code,
        "attributes": {"product_set": product_set},
    }
