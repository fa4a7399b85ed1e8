"""Four weeks of a wine shop in which everything takes part: sets of wine and cheese, wrapping and delivery that cost less,
and a code for a tenth of what is left. What comes back takes its own share along, and nothing is given away twice."""

import make
from checkout import COUPON_VALID, define, line, running
from stories.shop import (
    Till,
    accepted,
    budgets,
    code_back,
    customer,
    figures,
    go_to,
    money_back,
    off,
    off_item,
    settings,
    the_end,
)  # fmt: skip

WRAPPED = {"wrapping": {"price": 2}}
WINE, CHEESE = line("WINE", 3, 12, category="wine", additionalCosts=WRAPPED), line("BRIE", price=8, category="cheese")
DELIVERY = {"delivery": {"price": 5.9}}
LEFT = [".", "Session", "DiscountedTotal"]


def goods(category):
    expression = [["Item"], ["catch", False, ["=", [".", "Item", "Category"], category]]]
    return ["filter", [".", "Session", "CartItems"], expression]


def set_up(manager):
    """To the cent, each after what was given before: 6 off three wines and a cheese, half of the wrapping for members, no
    delivery from 45, and a tenth of the rest with a code. Returned parcels are looked at again, but for the wrapping."""
    settings(manager, enableCascadingDiscounts=True, enableFlattenedCartItems=True, discountDecimals=2)
    make.new_cost(manager, name="wrapping", title="Wrapping")
    make.new_cost(manager, name="delivery", title="Delivery")
    define(manager, "CustomerProfile", "member", "boolean")
    evening = {"name": "Evening", "type": "bundle", "expression": ["bundle", [goods("wine"), 3], [goods("cheese"), 1]]}
    sets = make.rule(
        title="Set",
        bindings=[evening],
        condition=["and", [">", ["count", [".", "Evening"]], 0]],
        effects=[["setDiscountPerItemProRata", "Evening", [".", "Evening"], 6]],
    )
    wrapping = make.rule(
        title="Wrapping",
        condition=["and", [".", "Profile", "Attributes", "member"]],
        effects=[["setDiscountPerAdditionalCostPerItem", "Wrapping", goods("wine"), "wrapping", [["Item"], 1]]],
    )
    fee = [".", "Session", "AdditionalCosts", "delivery", "Price"]
    delivery = make.rule(
        title="Delivery",
        condition=["and", [">=", LEFT, 45]],
        effects=[["setDiscountPerAdditionalCost", "Delivery", "delivery", fee]],
    )
    tenth = make.rule(
        title="Tenth", condition=["and", COUPON_VALID], effects=[["setDiscount", "Tenth", ["/", LEFT, 10]]]
    )
    limit = [{"action": "setDiscount", "limit": 100, "entities": []}]
    again = {"reevaluateOnReturn": True}
    return [
        running(manager, sets, name="Sets", limits=limit, **again)[0],
        running(manager, wrapping, name="Wrapping", limits=limit)[0],
        running(manager, delivery, name="Delivery", limits=limit, **again)[0],
        running(manager, tenth, name="Tenth", limits=limit, codes=[{"code": "TENTH", "usageLimit": 0}], **again)[0],
    ]


def evening(*shares, bundle=0, first=0, cheese=None):
    """A set: its wines, from the first on, and its cheese."""
    about = {"scope": "price", "totalDiscount": 6, "bundleIndex": bundle, "bundleName": "Evening"}
    *wines, last = shares
    return [
        *(off_item("Evening", value, 0, subPosition=place, **about) for place, value in enumerate(wines, first)),
        off_item("Evening", last, 1, subPosition=bundle if cheese is None else cheese, **about),
    ]


def evening_back(*shares):
    """Shares that were taken back, each (value, position, number)."""
    return [
        money_back(f"Evening#{at}", value, cartItemPosition=at, cartItemSubPosition=number, scope="price")
        for value, at, number in shares
    ]


def wrapping(kind, first, last):
    """Half of the wrapping of these wines, given or taken back."""
    place = ("position", "subPosition") if kind == "set" else ("cartItemPosition", "cartItemSubPosition")
    what = {"set": "setDiscountPerAdditionalCostPerItem", "back": "rollbackDiscount"}[kind]
    about = {"name": "Wrapping#0", "value": 1, "additionalCostId": 1, "additionalCost": "wrapping", place[0]: 0}
    return [(what, about | {place[1]: number}) for number in range(first, last)]


def delivery(kind):
    what = {"set": "setDiscountPerAdditionalCost", "back": "rollbackDiscount"}[kind]
    return (what, {"name": "Delivery", "value": 5.9, "additionalCostId": 2, "additionalCost": "delivery"})


def tenth(value):
    return off("Tenth", value, scope="sessionTotal")


def tenth_back(value):
    return money_back("Tenth", value, scope="sessionTotal")


def test_four_weeks(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-10-04 10:00")
    campaigns = set_up(manager)

    def spent():
        """What the four budgets have given."""
        return [budgets(manager, one)[0][1] for one in campaigns]

    # Week 1. Kim is a member. Of 55.90 the set takes 6, the wrapping 3, and the delivery is free; then the tenth.
    assert till.profile("kim", member=True) == []
    everything = [
        *evening(1.64, 1.64, 1.63, 1.09), *wrapping("set", 0, 3), delivery("set"), accepted("TENTH"), tenth(4.1)
    ]  # fmt: skip
    assert till.buy("kim", "kim", WINE, CHEESE, codes=["TENTH"], additionalCosts=DELIVERY) == everything
    assert (customer(shop, "kim"), spent()) == ((1, 55.9), [6, 3, 5.9, 4.1])
    # Lee is no member, and takes two sets; there is no delivery in the shop itself.
    two = line("WINE", 7, 12, category="wine"), line("BRIE", 2, 8, category="cheese")
    assert till.buy("lee", "lee", *two, codes=["TENTH"]) == [
        *evening(1.64, 1.64, 1.63, 1.09), *evening(1.64, 1.64, 1.63, 1.09, bundle=1, first=3), accepted("TENTH"),
        tenth(8.8),
    ]  # fmt: skip
    assert (customer(shop, "lee"), spent()) == ((1, 100), [18, 3, 5.9, 12.9])

    # Week 2. A bottle of Kim's is broken. It takes along its share of the set, and of its wrapping.
    go_to(server, "2027-10-11 10:00")
    assert till.send_back("kim", (0, 1)) == [*evening_back((1.64, 0, 0)), *wrapping("back", 0, 1)]
    assert (customer(shop, "kim"), spent()) == ((1, 41.9), [16.36, 2, 5.9, 12.9])
    # She does not like the wine, and returns another: there is no set any more, nor free delivery. The tenth is one of
    # 26.90, for the wrapping of the third bottle still is half.
    assert till.send_back("kim", (0, 1), judge_again=True) == [
        *evening_back((1.64, 0, 1), (1.63, 0, 2), (1.09, 1, 0)), *wrapping("back", 1, 2), delivery("back"), tenth_back(4.1),
        tenth(2.69),
    ]  # fmt: skip
    assert (customer(shop, "kim"), spent()) == ((1, 27.9), [12, 1, 0, 11.49])

    # Week 3. Lee brings a bottle and a cheese: of two sets one is left, and it is of the first bottles that he kept.
    go_to(server, "2027-10-18 10:00")
    assert till.send_back("lee", (0, 1), (1, 1), judge_again=True) == [
        *evening_back((1.64, 0, 0), (1.64, 0, 1), (1.63, 0, 2), (1.09, 1, 0)),
        *evening_back((1.64, 0, 3), (1.64, 0, 4), (1.63, 0, 5), (1.09, 1, 1)), tenth_back(8.8),
        *evening(1.64, 1.64, 1.63, 1.09, first=1, cheese=1), tenth(7.4),
    ]  # fmt: skip
    assert (customer(shop, "lee"), spent()) == ((1, 80), [6, 1, 0, 10.09])
    # Three more bottles come back, without another look: they take their shares along, and the cheese keeps its own.
    assert till.send_back("lee", (0, 3)) == evening_back((1.64, 0, 1), (1.64, 0, 2), (1.63, 0, 3))
    assert (customer(shop, "lee"), spent()) == ((1, 44), [1.09, 1, 0, 10.09])

    # Week 4. The delivery is late, and Kim cancels what is left. Mia's order is opened again for the delivery to be added.
    go_to(server, "2027-10-25 10:00")
    assert till.cancel("kim") == [*wrapping("back", 2, 3), code_back("TENTH"), tenth_back(2.69)]
    assert till.buy("mia", "mia", WINE, line("WINE-2", 1, 30), codes=["TENTH"]) == [accepted("TENTH"), tenth(7.2)]
    assert till.reopen("mia") == [code_back("TENTH"), tenth_back(7.2)]
    assert till.cart("mia", None, additionalCosts=DELIVERY) == [delivery("set"), accepted("TENTH"), tenth(7.2)]
    assert till.pay("mia", codes=[]) == [delivery("set")]
    assert till.send_back("mia", (1, 1), judge_again=True) == [delivery("back"), delivery("set")]

    # The figures.
    assert (customer(shop, "kim"), customer(shop, "lee"), customer(shop, "mia")) == ((0, 0), (1, 44), (1, 47.9))
    assert spent() == [1.09, 0, 5.9, 7.4]
    assert [figures(manager, one) for one in campaigns] == [
        {"discount": 1.09, "discountEffect": 1}, {}, {"discount": 5.9, "discountEffect": 1},
        {"couponRedemption": 1, "discount": 7.4, "discountEffect": 1},
    ]  # fmt: skip
    the_end(server, till)
