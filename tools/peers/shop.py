"""The shop of a vector: its settings, attributes and cart as the engine takes them. What a vector names and the
engine has no member for becomes a custom attribute."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ANY_PRICE = Decimal(100)
_OWN_OF_LINE = {
    "id", "sku", "qty", "unit_price", "unit_price_net", "unit_price_gross", "line_subtotal", "category", "attributes",
}  # fmt: skip
_OWN_OF_CART = {"lines", "codes", "shipping", "currency", "prices_include_tax", "subtotal"}
_OWN_OF_SHIPPING = {"id", "price", "price_net", "price_gross", "tax_percent", "attributes", "option"}
_OWN_OF_CUSTOMER = {"id", "orders_placed", "orders_cancelled"}


class Unknown(Exception):
    """A word of the schema that the translator does not know."""


@dataclass
class Shop:
    """What does not change from request to request. `units`: carts are flattened into units."""

    decimals: int | None
    currency: str
    prices_include_tax: bool
    units: bool
    floors: bool
    taxes: bool
    costs: list[str] = field(default_factory=list)
    attributes: dict[tuple[str, str], str] = field(default_factory=dict)

    def attribute(self, entity: str, name: str, value: Any) -> None:
        """Make sure of a custom attribute that can hold the value; the first one to name it settles its type."""
        self.attributes.setdefault((entity, name), _type(value))

    def application(self) -> dict[str, Any]:
        """The settings of the Application."""
        return {
            "currency": self.currency,
            "flattened": self.units,
            "cascading": True,
            "itemScope": "price",
            "rounding": self.decimals,
        }

    def library(self) -> dict[str, Any]:
        """The additional costs that there are: one for each way of shipping."""
        return {"additionalCosts": {name: {"id": number} for number, name in enumerate(self.costs, 1)}}


def number(value: Any) -> Decimal:
    """An amount of a vector. A text that is no number ("any", "x") stands for any price."""
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return ANY_PRICE


def cost_name(method: dict[str, Any]) -> str:
    """The additional cost that a way of shipping is."""
    option = method.get("attributes", {}).get("option")
    return str(option or method["id"])


def price(line: dict[str, Any]) -> Decimal:
    """The price of one unit."""
    for name in ("unit_price", "unit_price_net", "unit_price_gross"):
        if name in line:
            return number(line[name])
    return number(line["line_subtotal"]) / Decimal(line["qty"])


def item(shop: Shop, line: dict[str, Any]) -> dict[str, Any]:
    """A line as a cart item."""
    extra = {name: value for name, value in line.items() if name not in _OWN_OF_LINE} | line.get("attributes", {})
    category = line.get("category", extra.pop("category", None))
    found = {"sku": line.get("sku", line["id"]), "quantity": line["qty"], "price": price(line)}
    if category is not None:
        found["category"] = category
    return found | {"attributes": _attributes(shop, "CartItem", extra)}


def session(shop: Shop, cart: dict[str, Any], customer: dict[str, Any] | None) -> dict[str, Any]:
    """A cart as a session."""
    lines = [item(shop, line) for line in cart.get("lines", [])]
    if "subtotal" in cart:
        lines.append({"sku": "anything", "quantity": 1, "price": number(cart["subtotal"])})
    extra = {name: value for name, value in cart.items() if name not in _OWN_OF_CART}
    for method in shipping(cart):
        for name, value in ({**method} | method.get("attributes", {})).items():
            if name not in _OWN_OF_SHIPPING:
                extra.setdefault(f"shipping_{name}", []).append(value)
    return {
        "profileId": customer_id(customer) if customer else "",
        "couponCodes": cart.get("codes", []),
        "cartItems": lines,
        "additionalCosts": {cost_name(method): shipping_price(method) for method in shipping(cart)},
        "attributes": _attributes(shop, "CustomerSession", extra),
    }


def shipping(cart: dict[str, Any]) -> list[dict[str, Any]]:
    """The ways of shipping in a cart."""
    found: list[dict[str, Any]] = cart.get("shipping", [])
    return found


def shipping_price(method: dict[str, Any]) -> Decimal:
    """What a way of shipping costs, in the prices of the shop."""
    return number(next(method[name] for name in ("price", "price_net", "price_gross") if name in method))


def shipping_tax(method: dict[str, Any]) -> Any:
    """The tax on shipping in percent, which both prices tell, too."""
    if "tax_percent" not in method and {"price_net", "price_gross"} <= method.keys():
        return (number(method["price_gross"]) / number(method["price_net"]) - 1) * 100
    return method.get("tax_percent")


def customer_id(customer: dict[str, Any]) -> str:
    """Who the customer is."""
    return str(customer.get("id", "customer"))


def profile(shop: Shop, customer: dict[str, Any]) -> dict[str, Any]:
    """A customer as a profile."""
    placed, cancelled = customer.get("orders_placed", 0), customer.get("orders_cancelled", 0)
    extra = {name: value for name, value in customer.items() if name not in _OWN_OF_CUSTOMER}
    return {
        "integrationId": customer_id(customer),
        "closedSessions": placed - cancelled,
        "attributes": _attributes(shop, "CustomerProfile", extra),
    }


def _attributes(shop: Shop, entity: str, values: dict[str, Any]) -> dict[str, Any]:
    known = {plain_name(name): value for name, value in _flat(values).items() if value is not None}
    for name, value in known.items():
        shop.attribute(entity, name, value)
    return known


def plain_name(name: str) -> str:
    """A name as attributes may have it."""
    return name.replace(".", "_")


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """What stands in objects, under names such as `address.country`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": one for inner, one in _flat(value).items()}
        else:
            found[name] = value
    return found


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "number"
    if isinstance(value, list):
        return "(list number)" if value and all(isinstance(one, int | Decimal) for one in value) else "(list string)"
    return "string"
