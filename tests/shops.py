"""Shops with all kinds of discounts under limits, and sessions for them: strategies for what must hold for any of them."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

import judge
from guerdon.engine import Facts, Library, check_ruleset, compile_campaign, compile_program
from guerdon.engine.case import make
from guerdon.engine.facts import Counter

ITEMS = [".", "Session", "CartItems"]
LIBRARY = make(Library, {"additionalCosts": {"shipping": {"id": 3}, "wrapping": {"id": 4}}})
BINDINGS = [
    {"name": "A", "type": "cartItemFilter", "expression": ["filter", ITEMS, [["Item"], ["=", [".", "Item", "SKU"], "A"]]]},
    {"name": "B", "type": "cartItemFilter", "expression": ["filter", ITEMS, [["Item"], ["=", [".", "Item", "SKU"], "B"]]]},
    {"name": "Pair", "type": "bundle", "expression": ["bundle", [[".", "A"], 1], [[".", "B"], 1]]},
    {"name": "Three", "type": "bundle", "expression": ["bundle", [ITEMS, 3]]},
]  # fmt: skip

# --- carts


def money(places: int, least: int = 1) -> Any:
    """Amounts up to 60, in so many decimals."""
    return st.integers(least, 60 * 10**places).map(lambda number: Decimal(number).scaleb(-places))


def cart(amount: Any, returned: bool = True) -> Any:
    item = st.fixed_dictionaries(
        {
            "sku": st.sampled_from("AB"),
            "price": amount,
            "quantity": st.integers(1, 3),
            "additionalCosts": st.fixed_dictionaries({"wrapping": amount}, optional={"engraving": amount}),
        },
        optional={"returnedQuantity": st.just(1)} if returned else {},
    )
    return st.fixed_dictionaries(
        {
            "cartItems": st.lists(item, min_size=1, max_size=4),
            "additionalCosts": st.fixed_dictionaries({"shipping": amount}, optional={"wrapping": amount}),
        },
        optional={"identifiers": st.lists(st.sampled_from(["mail", "phone"]), max_size=2)},
    )


# --- effects

options = st.fixed_dictionaries({}, optional={"partial": st.booleans()})
amount = st.one_of(
    money(1),
    money(3),
    st.sampled_from([["*", [".", "Session", "Total"], Decimal(share)] for share in ("0.3", "0.6", "0.9")]),
)
each = st.one_of(
    amount,
    st.just([".", "Item", "Price"]),
    st.just(["/", [".", "Item", "DiscountedPrice"], 3]),
    st.just(["-", [".", "Item", "Price"], 20]),
)
units = st.sampled_from([ITEMS, [".", "A"], [".", "Pair"], [".", "Three"], ["take", 2, ITEMS]])
whole = st.sampled_from([{"scope": one} for one in ("cartItems", "additionalCosts", "sessionTotal")])
of_item = st.sampled_from([{"scope": one} for one in ("price", "additionalCosts", "itemTotal")])
price = [["Item"], [".", "Item", "Price"]]
selector = st.sampled_from([["byIndex", 0], ["byIndex", 1], ["lowest", price], ["highest", price]])
effect = st.one_of(
    st.builds(lambda value, one, two: ["setDiscount", "S", value, one | two], amount, options, whole),
    st.builds(
        lambda over, value, one, two: ["setDiscountPerItem", "I", over, [["Item"], value], one | two],
        units, each, options, of_item,
    ),
    st.builds(
        lambda over, value, one, two: ["setDiscountPerItemProRata", "P", over, value, one | two],
        units, amount, options, of_item,
    ),
    st.builds(
        lambda over, which, value, one, two, spread: [
            "setDiscountOnBundleItem", "B", [".", over], which, [["Item"], value], one | two | {"prorated": spread}
        ],
        st.sampled_from(["Pair", "Three"]), selector, each, options, of_item, st.booleans(),
    ),
    st.builds(lambda value, one: ["setDiscountPerAdditionalCost", "C", "shipping", value, one], amount, options),
    st.builds(
        lambda over, value, one: ["setDiscountPerAdditionalCostPerItem", "W", over, "wrapping", [["Item"], value], one],
        units, each, options,
    ),
    st.builds(lambda count, one: ["addFreeItem", "Mug", "MUG", count, one], st.integers(1, 3), options),
)  # fmt: skip
optional = effect.map(lambda one: ["catch", ["noop"], one])
condition = st.sampled_from(
    [["and", True], ["and", True], ["and", ["couponValid"]], ["and", ["budgetAvailable", "setDiscount"]]]
)
rules = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.just("R"),
            "condition": condition,
            "effects": st.lists(st.one_of(optional, optional, optional, effect), min_size=2, max_size=6),
        }
    ),
    min_size=1,
    max_size=2,
)

# --- limits

bound = money(3, 0) | st.integers(1, 9)
limit = st.fixed_dictionaries(
    {
        "action": st.sampled_from(
            ["setDiscount", "setDiscount", "setDiscountEffect", "addFreeItemEffect", "redeemCoupon"]
        ),
        "limit": bound,
    },
    optional={
        "entities": st.lists(st.sampled_from(["Profile", "Coupon", "Identifier", "Session"]), max_size=2, unique=True),
        "period": st.sampled_from(["daily", "weekly", "monthly", "yearly"]),
    },
)
counter = st.builds(
    lambda action, used, period: Counter(campaign_id=1, action=action, used=used, period=period),
    st.sampled_from(["setDiscount", "setDiscountEffect"]), st.decimals(0, 80, places=2), st.sampled_from(["", "Y2026M6"]),
)  # fmt: skip
code = st.fixed_dictionaries({}, optional={"discountLimit": money(2), "discountCounter": st.integers(0, 9)})


@st.composite
def facts(draw: Any, amount: Any, returned: bool = True) -> Facts:
    """A session with codes, before its rules ran; with `returned`, one unit of some lines is gone already."""
    known = draw(st.booleans())
    names = draw(st.sampled_from([[], ["A"], ["A", "B"]]))
    return Facts(
        event="talon_session_updated",
        session=judge.session(**draw(cart(amount, returned)), couponCodes=names, profileId="jane" if known else ""),
        profile=judge.profile() if known else None,
        coupons=tuple(judge.coupon(id=7 + at, code=name, **draw(code)) for at, name in enumerate(names)),
        counters=tuple({(one.action, one.period): one for one in draw(st.lists(counter, max_size=3))}.values()),
    )


never = st.just(False)


@st.composite
def shop(draw: Any, again: Any = never, **fixed: Any) -> Any:
    """A program of one or two campaigns with limits; `again` says whether returns may run their rules."""
    application = judge.settings(
        **{name: draw(st.booleans()) for name in ("cascading", "partial", "flattened")} | fixed
    )
    sources = [
        judge.campaign(
            id=number,
            rules=draw(rules),
            bindings=BINDINGS,
            limits=draw(st.lists(limit, max_size=3)),
            reevaluateOnReturn=draw(again),
        )
        for number in range(1, draw(st.integers(2, 3)))
    ]
    for source in sources:
        assert check_ruleset(source.rules, source.bindings, attributes={}, library=LIBRARY) == []
    compiled = [compile_campaign(source, {}, LIBRARY) for source in sources]
    return compile_program(1, application, [], compiled, library=LIBRARY)
