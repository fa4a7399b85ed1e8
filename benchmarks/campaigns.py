"""The carts and campaigns that benchmarks/engine.py judges, and what other engines are given of the same."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guerdon.engine import Facts
from guerdon.engine.facts import AttributeDefinition, CartItem, Profile, Session
from guerdon.engine.money import totals
from guerdon.engine.program import CampaignSource, Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MATCHING = 3
LINES = 20
CATALOG, SET_SIZE, SHARED_SETS = 100_000, 5_000, 20
ATTRIBUTES = [
    AttributeDefinition("CustomerProfile", "segment", "string"),
    AttributeDefinition("CustomerSession", "tier", "string"),
]
TYPES = {(one.entity, one.name): one.type for one in ATTRIBUTES}
SETTINGS = Settings(id=1, account_id=1, name="A", timezone="UTC", currency="EUR")
TOTAL, ITEMS, SKU = [".", "Session", "Total"], [".", "Session", "CartItems"], [".", "Item", "SKU"]


def facts() -> Facts:
    """A cart of twenty lines at 9.99, of a gold customer in segment 1."""
    cart = tuple(
        CartItem(position=at, sku=f"P-{at}", quantity=1, price=Decimal("9.99"), category="shoes") for at in range(LINES)
    )
    sums = totals(cart, [])
    session = Session(
        integration_id="s",
        state="open",
        profile_id="jane",
        store_integration_id="",
        coupon_codes=(),
        referral_code="",
        identifiers=(),
        loyalty_cards=(),
        cart_items=cart,
        additional_costs={},
        attributes={"tier": "gold"},
        first_session=True,
        created=NOW,
        updated=NOW,
        cart_item_total=sums.cart_items,
        additional_cost_total=sums.additional_costs,
        cart_item_additional_cost_total=sums.cart_item_additional_costs,
        total=sums.total,
    )
    profile = Profile(
        integration_id="jane",
        created=NOW,
        last_activity=NOW,
        closed_sessions=3,
        total_sales=Decimal(100),
        attributes={"segment": "segment-1"},
    )
    return Facts(event="talon_session_updated", session=session, profile=profile, coupons=())


def source(number: int, condition: list[Any], effects: list[Any], bindings: list[Any] | None = None) -> CampaignSource:
    """The campaign at a place, with one rule."""
    rule = {"title": "Rule", "condition": condition, "effects": effects}
    return CampaignSource(
        id=number + 1,
        name=f"Campaign {number}",
        state="enabled",
        group_id=1,
        ruleset_id=number,
        rules=[rule],
        bindings=bindings,
    )


# --- the contest: a total, an attribute and a product in the cart


def asked(number: int) -> tuple[int, str, str]:
    """What the campaign at a place asks for: at least this total, this tier, this SKU in the cart. The first three
    match; the others ask for what one of those asks for, but for one thing: a higher total, another tier or another
    product, in turn."""
    total, tier, sku = 10, "gold", f"P-{number % MATCHING}"
    if number < MATCHING:
        return total, tier, sku
    if number % 3 == 0:
        return 1_000 + number, tier, f"P-{number // 3 % MATCHING}"
    return (total, f"tier-{number}", sku) if number % 3 == 1 else (total, tier, f"P-{CATALOG + number}")


def contest(size: int) -> Iterator[CampaignSource]:
    """The campaigns of the contest, each giving 10 % off."""
    for number in range(size):
        total, tier, sku = asked(number)
        condition = [
            "and",
            [">=", TOTAL, total],
            ["=", [".", "Session", "Attributes", "tier"], tier],
            ["exists", ITEMS, [["Item"], ["=", SKU, sku]]],
        ]
        yield source(number, condition, [["setDiscount", "10% off", ["*", TOTAL, ["/", 10, 100]]]])


def session_data(given: Facts) -> dict[str, Any]:
    """The session as other engines take it: plain data, amounts as floats, and the SKUs of the cart as a list."""
    session = given.session
    lines = [{"sku": one.sku, "quantity": one.quantity, "price": float(one.price)} for one in session.cart_items]
    return {
        "total": float(session.total),
        "tier": session.attributes["tier"],
        "items": lines,
        "skus": [one.sku for one in session.cart_items],
    }


# --- the mix: sets of products, customer attributes, totals, codes, categories


def mix(size: int, *, shared: bool) -> Iterator[CampaignSource]:
    """Campaigns limited by 5,000 products each, by a customer attribute, by a total, by a code or by a category, in
    turn; the first three match. The sets are `shared`, or each campaign has its own."""
    chance = random.Random(1)
    catalog = [f"P-{at}" for at in range(LINES, CATALOG)]
    sets = [chance.sample(catalog, SET_SIZE) for _ in range(SHARED_SETS)] if shared else []
    for number in range(size):
        off = ["setDiscount", "10% off", ["*", TOTAL, ["/", 10, 100]]]
        told = ["showNotification", "Info", "Thank you", f"Offer {number}"]
        kind = number % 5
        if kind == 0:
            members = sets[number // 5 % SHARED_SETS] if shared else chance.sample(catalog, SET_SIZE)
            yield _of_products(number, [*members, "P-7"] if number == 0 else members)
        elif kind == 1:
            segment = ["=", [".", "Profile", "Attributes", "segment"], f"segment-{number}"]
            yield source(number, ["and", segment], [off, told])
        elif kind == 2:
            least = 100 if number < MATCHING else 1_000 + number
            yield source(number, ["and", [">=", TOTAL, least]], [off, told])
        elif kind == 3:
            yield source(number, ["and", ["couponValid"]], [off, told])
        else:
            wanted = ["catch", False, ["=", [".", "Item", "Category"], f"category-{number}"]]
            chosen = ["filter", ITEMS, [["Item"], wanted]]
            yield source(number, ["and", [">=", ["count", chosen], 1]], [off, told])


def _of_products(number: int, members: list[str]) -> CampaignSource:
    inside = ["catch", False, ["inCollection", SKU, "Products"]]
    bindings = [
        {"name": "Products", "type": "collection", "expression": ["list", *members]},
        {"name": "Eligible", "type": "cartItemFilter", "expression": ["filter", ITEMS, [["Item"], inside]]},
    ]
    each = ["*", [".", "Item", "Price"], ["/", 15, 100]]
    effect = ["setDiscountPerItem", "15% off", [".", "Eligible"], [["Item"], each]]
    return source(number, ["and", [">", ["count", [".", "Eligible"]], 0]], [effect], bindings)
