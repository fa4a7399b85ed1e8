"""The facts and comparisons of the schema, as conditions of the rule language."""

from collections.abc import Sequence
from typing import Any

from peers.shop import Shop, Unknown, number, plain_name

Expression = Any
Condition = dict[str, Any]

CART: Expression = [".", "Session", "CartItems"]
PRICE: Expression = [".", "Item", "Price"]
LEFT: Expression = [".", "Item", "DiscountedPrice"]
QUANTITY: Expression = [".", "Item", "Quantity"]
_BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def every_unit(body: Expression) -> list[Any]:
    """A lambda over items."""
    return [["Item"], body]


def filtered(items: Expression, conditions: Sequence[Expression]) -> Expression:
    """The items for which all conditions hold; an item without the attribute is not among them."""
    if not conditions:
        return items
    return ["filter", items, every_unit(["catch", False, ["and", *conditions]])]


def attribute(shop: Shop, entity: str, path: Sequence[str], value: Any) -> Expression:
    """A custom attribute, declared if no cart has it yet; `path` is how rules look it up."""
    shop.attribute(entity, path[-1], value[0] if isinstance(value, list) and value else value)
    return [".", *path]


def line_condition(shop: Shop, condition: Condition) -> Expression:
    """A condition on the item at hand, such as {"fact": "line.category", "op": "eq", "value": "mugs"}."""
    _, _, name = condition["fact"].partition(".")
    wanted = condition["value"]
    if name == "discounted":
        return ["=" if wanted is False else "!=", LEFT, PRICE]
    if name in ("qty", "quantity"):
        return _compare(shop, condition, line_quantity(shop))
    if name in ("subtotal", "total", "value"):
        return _compare(shop, condition, ["*", PRICE, line_quantity(shop)])
    built_in = {"sku": "SKU", "id": "SKU", "category": "Category", "unit_price": "Price", "price": "Price"}
    if name in built_in:
        return _compare(shop, condition, [".", "Item", built_in[name]])
    found = attribute(shop, "CartItem", ("Item", "Attributes", name), wanted)
    return _compare(shop, condition, found, shop.attributes["CartItem", name])


def line_quantity(shop: Shop) -> Expression:
    """How many units the line of the item at hand has."""
    if not shop.units:
        return QUANTITY
    same_line = ["filter", CART, [["Other"], ["=", [".", "Other", "Position"], [".", "Item", "Position"]]]]
    return ["count", same_line]


def condition(shop: Shop, given: Condition) -> list[Expression]:
    """A condition of a promotion, as elements of a rule's condition."""
    found = [_condition(shop, given)]
    if "currency" in given:
        found.insert(0, ["=", [".", "Application", "Currency"], given["currency"]])
    return found


def _condition(shop: Shop, given: Condition) -> Expression:
    entity, _, name = given["fact"].partition(".")
    if entity == "lines":
        return _compare(shop, given, aggregate(shop, given.get("agg", "qty"), given.get("where", [])))
    if entity == "line":
        some = "every" if given.get("quantifier") == "all" else "exists"
        return [some, CART, every_unit(["catch", False, line_condition(shop, given)])]
    if entity == "cart":
        return _cart_condition(shop, name, given)
    if entity == "customer":
        return _customer_condition(shop, name, given)
    if entity == "shipping":
        return _shipping_condition(shop, name, given)
    raise Unknown(f"fact {given['fact']}")


def _cart_condition(shop: Shop, name: str, given: Condition) -> Expression:
    if name in CART_FACTS:
        return _compare(shop, given, CART_FACTS[name])
    if name in ("quantity", "qty", "item_count"):
        return _compare(shop, given, aggregate(shop, "qty", []))
    if name in ("subtotal_gross", "total_gross"):
        return _compare(shop, given, aggregate(shop, "value_gross", []))
    name = plain_name(name)
    found = attribute(shop, "CustomerSession", ("Session", "Attributes", name), given["value"])
    return _compare(shop, given, found, shop.attributes["CustomerSession", name])


CART_FACTS: dict[str, Expression] = {
    "subtotal": [".", "Session", "CartTotal"],
    "total": [".", "Session", "Total"],
    "subtotal_after_earlier_promotions": [".", "Session", "DiscountedCartTotal"],
    "total_after_earlier_promotions": [".", "Session", "DiscountedTotal"],
    "shipping_total": [".", "Session", "AdditionalCostTotal"],
    "currency": [".", "Application", "Currency"],
}


def _customer_condition(shop: Shop, name: str, given: Condition) -> Expression:
    if name == "id":
        return _compare(shop, given, [".", "Profile", "IntegrationId"])
    if name == "order_number":
        return _compare(shop, given, ["+", [".", "Profile", "ClosedSessions"], 1])
    if name in ("orders_placed", "order_count"):
        return _compare(shop, given, [".", "Profile", "ClosedSessions"])
    name = "groups" if name == "group" else name
    kind = [given["value"]] if name == "groups" else given["value"]
    found = attribute(shop, "CustomerProfile", ("Profile", "Attributes", name), kind)
    if name == "groups":
        shop.attributes["CustomerProfile", name] = "(list string)"
    return _compare(shop, given, found, shop.attributes["CustomerProfile", name])


def _shipping_condition(shop: Shop, name: str, given: Condition) -> Expression:
    if name in ("price", "total"):
        return _compare(shop, given, [".", "Session", "AdditionalCostTotal"])
    if name in ("method", "option", "id"):
        return ["or", False, *(has_cost(name) for name in named(given) if name in shop.costs)]
    name = f"shipping_{plain_name(name)}"
    shop.attribute("CustomerSession", name, ["text"])
    return _compare(shop, given, [".", "Session", "Attributes", name], shop.attributes["CustomerSession", name])


def named(given: Condition) -> list[str]:
    """The values that a condition on a name allows."""
    if given["op"] not in ("eq", "in", "is"):
        raise Unknown(f"operator {given['op']} of {given['fact']}")
    return given["value"] if isinstance(given["value"], list) else [given["value"]]


def cost(name: str) -> Expression:
    """An additional cost of the session."""
    return [".", "Session", "AdditionalCosts", name, "Price"]


def has_cost(name: str) -> Expression:
    """Whether the session has an additional cost."""
    return ["catch", False, [">", cost(name), 0]]


def aggregate(shop: Shop, agg: str, where: Sequence[Condition], items: Expression = None) -> Expression:
    """A number made of the matching lines."""
    conditions = [line_condition(shop, one) for one in where]
    if agg == "distinct_products":
        conditions.append(["=", [".", "Item", "SubPosition"], 0])
    found = filtered(items or CART, conditions)
    if agg == "distinct_products":
        return ["count", found]
    if agg == "qty":
        return ["sum", found, every_unit(QUANTITY)]
    value = ["*", PRICE, QUANTITY]
    if agg == "value":
        return ["sum", found, every_unit(value)]
    if agg == "value_gross":
        return ["sum", found, every_unit(value if shop.prices_include_tax else ["*", value, with_tax(shop)])]
    raise Unknown(f"aggregate {agg}")


def with_tax(shop: Shop) -> Expression:
    """What makes a net amount of the item at hand a gross one."""
    return ["/", ["+", 100, ["catch", 0, attribute(shop, "CartItem", ("Item", "Attributes", "tax_percent"), 0)]], 100]


def _compare(shop: Shop, given: Condition, fact: Expression, kind: str = "") -> Expression:
    op, wanted = given["op"], given["value"]
    if kind.startswith("(list") and op in ("eq", "in", "is", "has"):
        wanted = wanted if isinstance(wanted, list) else [wanted]
        return ["exists", fact, [["one"], ["oneOf", [".", "one"], ["list", *wanted]]]]
    if op in ("eq", "is"):
        return ["=", fact, _value(wanted, fact)]
    if op == "in":
        return ["oneOf", fact, ["list", *wanted]]
    if op == "has":
        return ["contains", fact, wanted]
    if op in _BOUNDS:
        return [_BOUNDS[op], fact, number(wanted)]
    if op == "between":
        low, high = wanted
        bounds = [[">=", fact, number(low)]] if low is not None else []
        bounds += [["<=", fact, number(high)]] if high is not None else []
        return ["and", *bounds]
    raise Unknown(f"operator {op}")


def _value(wanted: Any, fact: Expression) -> Any:
    """A number stays a number though some sources write it as a text."""
    if isinstance(wanted, str) and fact in (PRICE, QUANTITY, *CART_FACTS.values()) and fact != CART_FACTS["currency"]:
        return number(wanted)
    return wanted
