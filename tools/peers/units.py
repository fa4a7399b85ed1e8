"""Rewards that use up units: buy X get Y, the cheapest of N free, a set price for N.

Promotions that share a cart share one campaign, so that each takes its units from what earlier ones left: the
bindings of a ruleset are seen by all its rules.
"""

from collections.abc import Sequence
from typing import Any

from peers.conditions import CART, LEFT, PRICE, Expression, condition, every_unit, filtered, line_condition
from peers.rewards import SPECIAL, Reward, RuleDraft, percent, spread
from peers.shop import Unknown, number

USED, GIVEN = 1, 2
_POSITION, _SUB_POSITION = "Position", "SubPosition"
FIRST_OF_LINE = ["=", [".", "Item", _SUB_POSITION], 0]


class UnitDraft(RuleDraft):
    """A rule that uses up units: `available` are those it may take, and afterwards those it left. `shared` tells that
    other rules of the campaign take units, too."""

    available: Expression = CART
    shared = False

    def take(self, what: str, units: Expression, count: Expression) -> Expression:
        """So many of these units are used up."""
        return self.use(what, ["take", count, units])

    def use(self, what: str, units: Expression) -> Expression:
        """These units are used up."""
        found = self.bind(what, units, "cartItemFilter")
        self.available = self.bind("Left", without(self.available, found), "cartItemFilter")
        return found

    def times(self, most: Sequence[Expression]) -> Expression:
        """How often the reward is given: the least of these, and not at all where the promotion does not apply."""
        count: Expression = ["min", most[0], *most[1:]] if len(most) > 1 else most[0]
        if self.shared:
            applies = [one for when in self.promotion.get("when", []) for one in condition(self.shop, when)]
            if self.promotion.get("code"):
                applies.append(["oneOf", self.promotion["code"], [".", "Session", "CouponCodes"]])
            count = ["if", ["catch", False, ["and", True, *applies]], count, 0]
        bound = self.bind("Times", count)
        self.require([">", bound, 0])
        return bound

    def report_used(self, units: Expression) -> None:
        """Tell the shop which units were bought for the reward: it has no other effect on them."""
        self.effects.append(["customEffectPerItem", USED, units, every_unit([".", "Item", "SKU"])])


def without(units: Expression, used: Expression) -> Expression:
    """Those units that are not among the used ones."""
    same = [["=", [".", "Used", name], [".", "Item", name]] for name in (_POSITION, _SUB_POSITION)]
    return ["filter", units, every_unit(["not", ["exists", used, [["Used"], ["and", *same]]]])]


def by_price(units: Expression, *, dearest_first: bool) -> Expression:
    """Units in order of price; equal ones in the order of the cart."""
    return ["sortByNumber", units, every_unit(PRICE), dearest_first]


def whole_times(count: Expression, size: Any) -> Expression:
    """How often a size fits into a count."""
    return ["floor", ["/", count, number(size)]]


def buy_x_get_y(draft: RuleDraft, reward: Reward) -> None:
    """Units bought make others free. With `unit_roles` of the older kind, only units that were given are gone for the
    next promotion; otherwise bought ones are gone, too."""
    assert isinstance(draft, UnitDraft)
    shop, buy, get = draft.shop, reward["buy"], reward["get"]
    older = "bought units are taken dearest first" in reward.get("unit_roles", "")
    bought_by = [line_condition(shop, one) for one in buy["where"]]
    given_by = [line_condition(shop, one) for one in get["where"]]
    start = filtered(draft.available, [["=", LEFT, PRICE]]) if older else draft.available
    size, given = buy["min_units"], get["units"]
    to_buy = draft.bind("Buy", filtered(start, bought_by), "cartItemFilter")
    to_get = draft.bind("Get", filtered(start, given_by), "cartItemFilter")
    either = ["or", *(["catch", False, ["and", True, *one]] for one in (bought_by, given_by))]
    both = draft.bind("Both", filtered(start, [either]), "cartItemFilter")
    most = [
        whole_times(["count", to_buy], size),
        whole_times(["count", to_get], given),
        whole_times(["count", both], size + given),
    ]
    if not reward.get("repeat"):
        most.append(1)
    if reward.get("max_get_units"):
        most.append(whole_times(reward["max_get_units"], given))
    times = draft.times(most)
    order = by_price(to_buy, dearest_first=True)
    if not older:
        is_given = ["if", ["catch", False, ["and", True, *given_by]], 1, 0]
        order = ["sortByNumber", order, every_unit(is_given), False]
    bought = draft.take("Bought", order, ["*", times, size])
    rest = by_price(without(to_get, bought), dearest_first=True)
    free = draft.take("Free", rest, ["*", times, given])
    draft.per_item(free, percent(number(get.get("percent_off", 100)), LEFT))
    draft.report_used(bought)


def needed(draft: UnitDraft, reward: Reward) -> tuple[str, Any, list[Expression]]:
    """What the units of a reward must come to: quantity, value or distinct products, how much, and which lines."""
    for one in draft.promotion.get("when", []):
        if one["fact"] == "lines" and one["op"] in ("gte", "eq"):
            where = [*one.get("where", []), *reward.get("where", [])]
            return one.get("agg", "qty"), number(one["value"]), [line_condition(draft.shop, each) for each in where]
    where = [line_condition(draft.shop, each) for each in reward.get("where", [])]
    return "qty", reward["units"] if isinstance(reward.get("units"), int) else 1, where


def how_often(draft: UnitDraft, most: Expression) -> Expression:
    """The number of applications to the cart, which the promotion may limit."""
    limit = draft.promotion.get("limits", {}).get("applications_per_cart")
    return draft.times([most, limit] if limit else [most])


def free_unit(draft: RuleDraft, reward: Reward) -> None:
    """The cheapest of the units that satisfy the condition are free."""
    assert isinstance(draft, UnitDraft)
    agg, size, conditions = needed(draft, reward)
    count = reward["units"]
    units = draft.bind("Units", filtered(draft.available, conditions), "cartItemFilter")
    total = ["sum", units, every_unit(PRICE)]
    first = ["filter", units, every_unit(FIRST_OF_LINE)]
    measured = {"qty": ["count", units], "value": total, "distinct_products": ["count", first]}
    if agg not in measured:
        raise Unknown(f"free units by {agg}")
    times = how_often(draft, whole_times(measured[agg], size))
    dearest_first = reward.get("pick", "cheapest_first") != "cheapest_first"
    free = draft.take("Free", by_price(units, dearest_first=dearest_first), ["*", times, count])
    rest = by_price(without(units, free), dearest_first=True)
    if agg == "value":
        bought = draft.use("Bought", up_to_value(draft, rest, free, ["*", times, size]))
    else:
        bought = draft.take("Bought", rest, ["*", times, ["-", ["max", size, count], count]])
    draft.per_item(free, LEFT)
    draft.report_used(bought)


def up_to_value(draft: UnitDraft, units: Expression, free: Expression, value: Expression) -> Expression:
    """As many units, dearest first, as are needed for the value, which the free ones count towards."""
    rest = draft.bind("Rest", units, "cartItemFilter")
    other = {name: [".", "Other", name] for name in ("Price", _POSITION, _SUB_POSITION)}
    own = {name: [".", "Item", name] for name in other}
    earlier_unit = [
        "and",
        ["=", other[_POSITION], own[_POSITION]],
        ["<", other[_SUB_POSITION], own[_SUB_POSITION]],
    ]
    earlier = ["or", ["<", other[_POSITION], own[_POSITION]], earlier_unit]
    ahead = ["or", [">", other["Price"], own["Price"]], ["and", ["=", other["Price"], own["Price"]], earlier]]
    sum_ahead = ["sum", ["filter", rest, [["Other"], ahead]], [["Other"], other["Price"]]]
    return ["filter", rest, every_unit(["<", ["+", sum_ahead, ["sum", free, every_unit(PRICE)]], value])]


def set_bundle_price(draft: RuleDraft, reward: Reward) -> None:
    """N units, the cheapest first, for one price together."""
    assert isinstance(draft, UnitDraft)
    agg, size, conditions = needed(draft, reward)
    if agg == "distinct_products":
        conditions.append(FIRST_OF_LINE)
    elif agg != "qty":
        raise Unknown(f"a set price by {agg}")
    units = draft.bind("Units", filtered(draft.available, conditions), "cartItemFilter")
    times = how_often(draft, whole_times(["count", units], size))
    taken = draft.take("Set", by_price(units, dearest_first=False), ["*", times, size])
    price = draft.bind("SetPrice", ["*", times, number(reward["value"])])
    spread(draft, taken, lambda left: ["max", 0, ["-", left, price]])


SPECIAL |= {"buy_x_get_y": buy_x_get_y, "free_unit": free_unit, "set_bundle_price": set_bundle_price}
