"""The rewards of the schema, as bindings and effects of the rule language.

`Item.DiscountedPrice` is what earlier discounts left of one unit; where carts are not flattened, an amount per item
is one for the whole line. Every amount is computed by the rule; nothing is known of the cart here.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from peers.conditions import (
    CART,
    LEFT,
    PRICE,
    QUANTITY,
    Expression,
    aggregate,
    condition,
    every_unit,
    filtered,
    has_cost,
    line_condition,
    named,
    with_tax,
)
from peers.shop import Shop, Unknown, number

Reward = dict[str, Any]
PASSES = 5
OF_UNITS = ("free_unit", "set_bundle_price", "buy_x_get_y")


class RuleDraft:
    """A promotion on its way to a rule: bindings, conditions and effects are added to it reward by reward.

    `alone` is set while the promotion has a single reward; further ones take percentages from the list price.
    """

    def __init__(self, shop: Shop, name: str, prefix: str, promotion: dict[str, Any]) -> None:
        self.shop, self.name, self.prefix, self.promotion = shop, name, prefix, promotion
        self.bindings: list[dict[str, Any]] = []
        self.conditions: list[Expression] = []
        self.effects: list[Expression] = []
        self.alone = True

    def bind(self, what: str, expression: Expression, kind: str = "") -> Expression:
        """Give an expression a name; returns the path to it."""
        name = f"{self.prefix}{what}{len(self.bindings)}"
        binding = {"name": name, "expression": expression}
        self.bindings.append(binding | ({"type": kind} if kind else {}))
        return [".", name]

    def per_item(self, items: Expression, amount: Expression) -> None:
        """An amount off each item, not below the floor of its price."""
        if self.shop.floors:
            amount = ["min", amount, room(self.shop)]
        self.effects.append(["setDiscountPerItem", self.name, items, every_unit(amount)])

    def require(self, element: Expression) -> None:
        """A condition the reward brings with it."""
        self.conditions.append(element)


def percent(value: Expression, amount: Expression) -> Expression:
    """So many percent of an amount."""
    return ["*", amount, ["/", value, 100]]


def floor_of(shop: Shop) -> Expression:
    """The lowest price of the item at hand."""
    shop.attribute("CartItem", "min_unit_price", Decimal(0))
    return ["catch", 0, [".", "Item", "Attributes", "min_unit_price"]]


def whole(shop: Shop, unit: Expression) -> Expression:
    """An amount per unit, for the whole item at hand."""
    return unit if shop.units else ["*", unit, QUANTITY]


def room(shop: Shop) -> Expression:
    """What can still be taken off the item at hand."""
    return whole(shop, ["max", 0, ["-", LEFT, floor_of(shop)]] if shop.floors else LEFT)


def add_reward(draft: RuleDraft, reward: Reward) -> None:
    """Add one reward of a promotion."""
    if "currency" in reward:
        draft.require(["=", [".", "Application", "Currency"], reward["currency"]])
    if reward["type"] in SPECIAL:
        SPECIAL[reward["type"]](draft, reward)
    elif reward["on"] == "shipping":
        on_shipping(draft, reward)
    elif reward["on"] == "unit_price":
        on_shelf_price(draft, reward)
    elif reward["on"] == "order" or reward.get("allocate", "").startswith("proportional"):
        spread(draft, targets(draft, reward), order_amount(draft, reward))
    elif reward["on"] == "lines":
        draft.per_item(targets(draft, reward), line_amount(draft, reward))
    else:
        raise Unknown(f"reward on {reward['on']}")


# --- which items


def targets(draft: RuleDraft, reward: Reward, items: Expression = CART) -> Expression:
    """The items that a reward is for, as a binding."""
    shop = draft.shop
    conditions: list[Expression] = [line_condition(shop, one) for one in reward.get("where", [])]
    if ("CartItem", "discountable") in shop.attributes:
        conditions.append(["!=", ["catch", True, [".", "Item", "Attributes", "discountable"]], False])
    if shop.units and reward.get("max_units_per_line"):
        conditions.append(["<", [".", "Item", "SubPosition"], reward["max_units_per_line"]])
    found = filtered(items, conditions)
    if "group_size" in reward:
        found = draft.bind("Matching", found, "cartItemFilter")
        size = reward["group_size"]
        found = ["take", ["*", size, ["floor", ["/", ["count", found], size]]], found]
    found = picked(found, reward.get("pick"))
    if reward.get("max_units_total"):
        found = ["take", reward["max_units_total"], found]
    return found if found == CART else draft.bind("Items", found, "cartItemFilter")


def picked(items: Expression, pick: str | None) -> Expression:
    """The items in the order in which they are taken."""
    if pick is None:
        return items
    if pick not in ("cheapest_first", "dearest_first", "most_expensive_first"):
        raise Unknown(f"pick {pick}")
    return ["sortByNumber", items, every_unit(PRICE), pick != "cheapest_first"]


# --- how much


def line_amount(draft: RuleDraft, reward: Reward) -> Expression:
    """The amount off one item: a unit, or the line where carts are not flattened."""
    shop, allocate = draft.shop, reward.get("allocate", "each_unit")
    unit = LEFT if draft.alone else PRICE
    if reward.get("base") == "gross" and not shop.prices_include_tax:
        unit = ["*", unit, with_tax(shop)]
    kind, value = reward["type"], value_of(draft, reward)
    if kind in ("percent", "tiered_percent"):
        amount = percent(value, unit)
        per_line = whole(shop, amount)
    elif kind in ("amount", "tiered_amount"):
        amount, per_line = ["min", value, LEFT], value
    elif kind == "set_price":
        amount = ["max", 0, ["-", LEFT, value]]
        per_line = whole(shop, amount)
    else:
        raise Unknown(f"reward {kind} on lines")
    if shop.units and allocate == "each_line" and kind.endswith("amount"):
        before = ["*", PRICE, [".", "Item", "SubPosition"]]
        return ["max", 0, ["min", LEFT, ["-", value, before]]]
    if shop.units or allocate == "each_line":
        return amount if shop.units else per_line
    if allocate not in ("each_unit", "each_target"):
        raise Unknown(f"allocate {allocate}")
    count = ["min", QUANTITY, reward["max_units_per_line"]] if reward.get("max_units_per_line") else QUANTITY
    return ["*", count, amount if shop.decimals is None else ["round", amount, shop.decimals]]


def value_of(draft: RuleDraft, reward: Reward) -> Expression:
    """The value of a reward: a number, or the value of the tier reached."""
    if "tiers" not in reward:
        return number(reward["value"])
    fact = tier_fact(draft, reward)
    found: Expression = number(reward.get("base_percent", reward.get("base", 0)))
    above = ">=" if "not above" in reward.get("tier_match", "not above") else ">"
    for threshold, value in sorted(reward["tiers"], key=lambda tier: number(tier[0])):
        found = ["if", [above, fact, number(threshold)], number(value), found]
    return found


def tier_fact(draft: RuleDraft, reward: Reward) -> Expression:
    """What the tiers of a reward are measured by."""
    shop, fact = draft.shop, reward["tier_fact"]
    if fact == "line.subtotal":
        return ["*", PRICE, QUANTITY]
    if fact == "line.qty":
        return QUANTITY
    if fact == "quantity of matching lines":
        return draft.bind("Quantity", aggregate(shop, "qty", reward.get("where", [])))
    if fact == "value of matching lines":
        return draft.bind("Value", aggregate(shop, "value", reward.get("where", [])))
    compared = condition(shop, {"fact": fact, "op": "gte", "value": 0})[0]
    return compared[1]


def order_amount(draft: RuleDraft, reward: Reward) -> Callable[[Expression], Expression]:
    """The amount off several items together, as a function of what is left of them."""
    kind, value = reward["type"], value_of(draft, reward)
    made: Callable[[Expression], Expression]
    if kind in ("percent", "tiered_percent"):
        made = lambda left: percent(value, left)  # noqa: E731
    elif kind in ("amount", "tiered_amount"):
        made = lambda left: value  # noqa: E731
    elif kind == "set_total":
        made = lambda left: ["max", 0, ["-", left, value]]  # noqa: E731
    else:
        raise Unknown(f"reward {kind} on order")
    if reward.get("cap") is None:
        return made
    return lambda left: ["min", made(left), number(reward["cap"])]


def sum_of(items: Expression, amount: Expression) -> Expression:
    """The sum over items."""
    return ["sum", items, every_unit(amount)]


def spread(draft: RuleDraft, items: Expression, amount: Callable[[Expression], Expression]) -> None:
    """An amount off several items together, in proportion to what is left of each."""
    shop = draft.shop
    left = sum_of(items, whole(shop, LEFT))
    total = ["min", amount(left), left]
    if shop.floors:
        total = draft.bind("Total", total)
        items, total = _above_floors(draft, items, total)
    draft.effects.append(["setDiscountPerItemProRata", draft.name, items, total, {"basis": "remaining"}])


def _above_floors(draft: RuleDraft, items: Expression, total: Expression) -> tuple[Expression, Expression]:
    """Prices with a floor: items whose share is more than there is room for give what they have, and the rest is
    shared among the others, a few times over. What is left then is returned, with the items to share it."""
    shop = draft.shop
    for _ in range(PASSES):
        weight = draft.bind("Weight", sum_of(items, whole(shop, LEFT)))
        share = ["/", ["*", total, whole(shop, LEFT)], weight]
        full = draft.bind("Full", ["filter", items, every_unit([">", share, room(shop)])], "cartItemFilter")
        rest = draft.bind("Rest", ["filter", items, every_unit(["<=", share, room(shop)])], "cartItemFilter")
        draft.effects.append(["setDiscountPerItem", draft.name, full, every_unit(room(shop))])
        total = draft.bind("Total", ["-", total, sum_of(full, room(shop))])
        items = rest
    return items, ["min", total, sum_of(items, room(shop))]


# --- shipping and shelf prices


def on_shipping(draft: RuleDraft, reward: Reward) -> None:
    """Off the additional costs that ways of shipping are."""
    shop = draft.shop
    names: Sequence[str] = [name for one in reward.get("where", []) for name in named(one)] or shop.costs
    shop.costs += [name for name in names if name not in shop.costs]
    running = [[".", "Session", "AdditionalCosts", name, "DiscountedPrice"] for name in names]
    left = dict(zip(names, running, strict=True))
    value = shipping_value(draft, reward)
    whole_cost = ["sum", ["list", *(["catch", 0, one] for one in running)]]
    for name in names:
        if reward["type"].endswith("percent"):
            amount: Expression = percent(value, left[name])
        elif reward.get("allocate", "").startswith("proportional"):
            amount = ["/", ["*", draft.bind("Total", ["min", value, whole_cost]), left[name]], whole_cost]
            amount = draft.bind("Share", amount)
        elif reward["type"] in ("amount", "tiered_amount"):
            amount = value
        elif reward["type"] in ("set_price", "set_total"):
            amount = ["max", 0, ["-", left[name], value]]
        else:
            raise Unknown(f"reward {reward['type']} on shipping")
        draft.effects.append(
            ["if", has_cost(name), ["setDiscountPerAdditionalCost", draft.name, name, amount], ["noop"]]
        )


def shipping_value(draft: RuleDraft, reward: Reward) -> Expression:
    """The value of a reward on shipping, whose tiers may be measured by the price of the shipping."""
    if reward.get("tier_fact") == "shipping.price":
        return value_of(draft, reward | {"tier_fact": "cart.shipping_total"})
    return value_of(draft, reward)


def on_shelf_price(draft: RuleDraft, reward: Reward) -> None:
    """Off the price on the shelf: the price that is left is rounded, not the discount."""
    value = number(reward["value"])
    if reward["type"] == "percent":
        after: Expression = ["*", LEFT, ["/", ["-", 100, value], 100]]
    elif reward["type"] == "amount":
        after = ["max", 0, ["-", LEFT, value]]
    else:
        after = ["min", LEFT, value]
    if draft.shop.decimals is not None:
        after = ["round", after, draft.shop.decimals]
    items = targets(draft, reward)
    draft.per_item(items, whole(draft.shop, ["-", LEFT, after]))


def first_and_additional(draft: RuleDraft, reward: Reward) -> None:
    """An amount off the first unit of a line, and another off each further one, up to so many units."""
    count = ["min", QUANTITY, reward["max_units"]] if reward.get("max_units") else QUANTITY
    further = ["*", number(reward["additional"]), ["-", count, 1]]
    draft.per_item(targets(draft, reward), ["+", number(reward["first"]), further])


def free_item(draft: RuleDraft, reward: Reward) -> None:
    """A free item for the shop to add, one for each unit that qualifies or one for the cart."""
    if reward.get("percent_off", 100) != 100:
        raise Unknown("an added item that is not free")
    quantity: Expression = 1
    if reward.get("units") == "one per qualifying unit":
        lines = [one for one in draft.promotion.get("when", []) if one["fact"] == "lines"]
        quantity = aggregate(draft.shop, "qty", [where for one in lines for where in one.get("where", [])])
    elif isinstance(reward.get("units"), int):
        quantity = reward["units"]
    draft.effects.append(["addFreeItem", draft.name, reward["sku"], quantity])


SPECIAL: dict[str, Callable[[RuleDraft, Reward], None]] = {
    "first_and_additional_amount": first_and_additional,
    "add_item": free_item,
}
