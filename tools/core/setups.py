"""What the setup of a vector, which is prose, means in rules of ours; by the name of the vector.

A vector that is not here needs no campaign, or shows no request that could be replayed.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from core.shop import Shop

Json = Any
Setup = Callable[[Shop], Awaitable[Any]]
ITEMS = [".", "Session", "CartItems"]
TOTAL = [".", "Session", "Total"]
VALID = ["and", ["couponValid"]]
ALWAYS = ["and", True]
PER_ITEM = ["setDiscountPerItem", "10% off per item", ITEMS, [["Item"], ["*", [".", "Item", "Price"], 0.1]]]


def rule(condition: Json, *effects: Json, title: str = "") -> Json:
    """A rule."""
    return {"title": title, "condition": condition, "effects": list(effects)}


def code(value: str, **more: Json) -> Json:
    """A coupon of this code."""
    return {"couponPattern": value} | more


def line(sku: str, price: Json, **more: Json) -> Json:
    """A line of a cart."""
    return {"sku": sku, "quantity": 1, "price": price} | more


async def _per_item(shop: Shop) -> None:
    await shop.campaign(rule(VALID, PER_ITEM), codes=(code("TEST-1"),))


async def _per_line(shop: Shop) -> None:
    await shop.settings(enableFlattenedCartItems=False)
    await shop.campaign(rule(ALWAYS, PER_ITEM))


async def _advocate(shop: Shop) -> None:
    shop.campaign_id = await shop.campaign()


async def _referral(shop: Shop) -> None:
    await shop.campaign(rule(ALWAYS, ["createReferral"], title="referral"))


async def _cool(shop: Shop) -> None:
    discount = ["setDiscount", "My Cool Discount", 34.56]
    await shop.campaign(rule(VALID, discount, title="Cool-Summer Discount"), codes=(code("COOL123"),))
    await shop.put("customer-1234", cartItems=[line("a", 100)])


async def _spring(shop: Shop) -> None:
    limits: Json = [{"action": action, "limit": 20000, "entities": []} for action in ("setDiscount", "createCoupon")]
    created = ["createCoupon", {"recipientId": [".", "Profile", "IntegrationId"], "pattern": "SUMMER-20-ALL-#####"}]
    discount = ["setDiscount", "20% Discount promo", ["*", TOTAL, 0.2]]
    await shop.campaign(rule(VALID, discount, created), codes=(code("SPRING-20-ALL-34001"),), limits=limits)


async def _five_each(shop: Shop) -> None:
    await shop.campaign(rule(ALWAYS, ["setDiscountPerItem", "5forALL", ITEMS, [["Item"], 5]]))


async def _thirty(shop: Shop) -> None:
    effect = ["setDiscount", "30% off", ["*", TOTAL, ["/", 30, 100]]]
    await shop.campaign(rule(VALID, effect, title="30% off with coupon code"), codes=(code("SUMMER2023"),))


async def _fixed_price(shop: Shop) -> None:
    await shop.campaign(rule(ALWAYS, ["setDiscount", "Cart for 10", ["-", TOTAL, 10]]))


async def _last_use(shop: Shop) -> None:
    await shop.campaign(rule(VALID, ["setDiscount", "One", 1]), codes=(code("ONE", usageLimit=1),))
    for session_id in ("s1", "s2"):
        await shop.put(session_id, couponCodes=["ONE"], cartItems=[line("a", 10)])


SETUPS: dict[str, Setup] = {
    "10 percent per item with coupon, anonymous session": _per_item,
    "per item discount in effect export": _per_line,
    "referral created on profile update": _referral,
    "referral creation for advocate 88": _advocate,
    "coupon plus session discount (old docs)": _cool,
    "close session, 20 percent off and coupon created": _spring,
    "5 dollars per item, close": _five_each,
    "flattening": _five_each,
    "30 percent with coupon SUMMER2023": _thirty,
    "cart to fixed price": _fixed_price,
    "last use is taken at close": _last_use,
}

WRAPPED = line("a", 99.99, additionalCosts={"wrapping": {"price": 15}})
# Where the source shows an answer only: a request that should get it.
REQUESTS: dict[str, Json] = {
    name: {"body": {"customerSession": session}}
    for name, session in {
        "per item discount in effect export": {"cartItems": [line("a", 295), line("b", 110)]},
        "session totals in spec example": {"cartItems": [WRAPPED], "additionalCosts": {"shipping": {"price": 20}}},
    }.items()
}
