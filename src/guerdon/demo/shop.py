"""The demo shop, a small coffee roastery: what the first run of `guerdon serve` creates, as plain API bodies.

Six campaigns that between them show a coupon for a first order, a discount per item, a free item, a notification
near a threshold, an effect of the shop's own, a discount by customer attribute, an expired code and a limited one.
"""

from typing import Any

Json = dict[str, Any]

FREE_SHIPPING_FROM = 40
GIFT_FROM = 100
WELCOME, EXPIRED, LIMITED = "WELCOME10", "SPRING25", "TASTING"

_TOTAL = [".", "Session", "Total"]


def demo_shop() -> Json:
    """`attributes`: NewAttribute bodies. `campaigns`: entries with `campaign` (NewCampaign), `ruleset`
    (NewRuleset, to be activated) and `coupons` (a list of NewCoupons, each one fixed code)."""
    return {
        "attributes": [_tier()],
        "campaigns": [_beans(), _welcome(), _season(), _friends(), _shipping(), _mug()],
    }


def _tier() -> Json:
    return {
        "entity": "CustomerProfile",
        "name": "tier",
        "title": "Tier",
        "type": "string",
        "description": "What the customer is to the house.",
        "suggestions": ["regular", "vip"],
        "editable": True,
    }


def _entry(name: str, description: str, rules: list[Json], bindings: Any = (), coupons: Any = ()) -> Json:
    campaign = {
        "name": name,
        "description": description,
        "state": "enabled",
        "tags": ["demo"],
        "features": ["coupons"] if coupons else [],
        "limits": [],
    }
    ruleset = {"rules": rules, "bindings": list(bindings), "activate": True}
    return {"campaign": campaign, "ruleset": ruleset, "coupons": list(coupons)}


def _rule(title: str, conditions: list[Any], *effects: list[Any]) -> Json:
    return {"title": title, "condition": ["and", *conditions], "effects": list(effects)}


def _code(code: str, usage_limit: int, **more: Any) -> Json:
    return {"usageLimit": usage_limit, "numberOfCoupons": 1, "couponPattern": code, **more}


def _percent(percent: int, path: list[Any]) -> list[Any]:
    return ["*", path, ["/", percent, 100]]


def _beans() -> Json:
    is_beans = ["catch", False, ["=", [".", "Item", "Category"], "beans"]]
    beans = {
        "name": "Beans",
        "type": "cartItemFilter",
        "expression": ["filter", [".", "Session", "CartItems"], [["Item"], is_beans]],
    }
    amount = [["Item"], _percent(15, [".", "Item", "Price"])]
    rule = _rule(
        "15% off beans",
        [[">", ["count", [".", "Beans"]], 0]],
        ["setDiscountPerItem", "15% off beans", [".", "Beans"], amount],
    )
    return _entry("Beans of the month", "15% off every bag of beans.", [rule], [beans])


def _welcome() -> Json:
    rule = _rule(
        "10% off the first order",
        [["couponValid"], ["=", [".", "Profile", "ClosedSessions"], 0]],
        ["setDiscount", "Welcome, 10% off", _percent(10, _TOTAL)],
    )
    text = f"The code {WELCOME} takes 10% off a customer's first order."
    return _entry("Welcome", text, [rule], coupons=[_code(WELCOME, 0)])


def _season() -> Json:
    rule = _rule("5 off from 30", [["couponValid"], [">=", _TOTAL, 30]], ["setDiscount", "5 off", 5])
    return _entry(
        "Codes of the season",
        f"5 off from 30: {LIMITED} for the first 25 orders; {EXPIRED} has expired.",
        [rule],
        coupons=[_code(LIMITED, 25), _code(EXPIRED, 0, expiryDate="2025-05-31T22:00:00Z")],
    )


def _friends() -> Json:
    rule = _rule(
        "5% for friends of the house",
        [["=", [".", "Profile", "Attributes", "tier"], "vip"]],
        ["setDiscount", "Friend of the house, 5% off", _percent(5, _TOTAL)],
        ["showNotification", "Info", "Good to see you", "As a friend of the house you get 5% off."],
    )
    return _entry("Friends of the house", "5% off for customers whose tier is vip.", [rule])


def _shipping() -> Json:
    free = _rule(
        "Free shipping",
        [[">=", _TOTAL, FREE_SHIPPING_FROM]],
        ["customEffect", 1, "freeShipping", ["kv", ["carrier", "standard"], ["worth", 4.9]]],
    )
    missing = ["toString", ["-", FREE_SHIPPING_FROM, _TOTAL]]
    nearly = _rule(
        "Nearly there",
        [[">=", _TOTAL, 20], ["<", _TOTAL, FREE_SHIPPING_FROM]],
        ["showNotification", "Offer", "Nearly there", ["concat", "Only ", missing, " more and shipping is free."]],
    )
    return _entry("Free shipping", f"Shipping is free from {FREE_SHIPPING_FROM}.", [free, nearly])


def _mug() -> Json:
    rule = _rule("A mug on us", [[">=", _TOTAL, GIFT_FROM]], ["addFreeItem", "A mug on us", "MUG-GIFT"])
    return _entry("A mug on us", f"A mug as a gift from {GIFT_FROM}.", [rule])
