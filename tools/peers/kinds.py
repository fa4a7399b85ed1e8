"""How each kind of vector is run: given → found, with the members that the vector expects."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from guerdon.engine import Outcome, evaluate, read_case
from guerdon.engine.money import split
from guerdon.wire.base import encode
from peers.campaigns import Case, rewards, set_up
from peers.conditions import condition
from peers.receipt import Receipt
from peers.rewards import OF_UNITS, RuleDraft, spread
from peers.shop import Shop, Unknown, cost_name, number, profile, session, shipping
from peers.units import GIVEN, USED

Vector = dict[str, Any]
Found = dict[str, Any]
MARKERS = {
    str(USED): {"name": "used", "payload": '{"sku": "${0}"}', "perItem": True, "parameters": [{"type": "string"}]},
    str(GIVEN): {"name": "given", "payload": "{}"},
}
DECIMALS = {"major": 2, "minor": 0}


def shop_of(vector: Vector, cart: dict[str, Any], promotions: list[dict[str, Any]]) -> Shop:
    """The shop that a vector takes place in."""
    given = [reward for promotion in promotions for reward in rewards(promotion)]
    lines = cart.get("lines", [])
    floors = any("min_unit_price" in line for line in lines)
    by_unit = floors or any(
        reward["type"] in OF_UNITS or {"max_units_total", "pick", "group_size"} & reward.keys() for reward in given
    )
    by_line = any(
        reward.get("allocate") in ("each_line", "proportional", "proportional_to_remaining_value")
        or reward.get("on") == "order"
        or "max_units_per_line" in reward
        for reward in given
    )
    by_unit = by_unit or "unit_discounts" in vector["expect"]
    unrounded = vector["portability"] == "needs-rounding-rule"
    return Shop(
        decimals=None if unrounded else DECIMALS[vector["money"]["unit"]],
        currency=cart.get("currency", vector["money"].get("currency") or "EUR"),
        prices_include_tax=cart.get("prices_include_tax", not _net(lines) and not _net(shipping(cart))),
        units=by_unit or not by_line,
        floors=floors,
        taxes=any("tax_percent" in line for line in lines),
        costs=list(dict.fromkeys(cost_name(method) for method in shipping(cart))),
    )


def _net(priced: list[dict[str, Any]]) -> bool:
    return any({"unit_price_net", "price_net"} & one.keys() for one in priced)


def case_of(shop: Shop, given: Vector) -> Case:
    """A vector's cart and promotions as a case (engine/case.py)."""
    customer = given.get("customer")
    request = session(shop, given["cart"], customer)
    case = set_up(shop, given["promotions"], customer, given.get("policy", ""))
    case["session"] = request
    case["coupons"] = [one for one in case["coupons"] if one["code"] in request["couponCodes"]]
    if customer is not None:
        case["profile"] = profile(shop, customer)
    if given.get("options", {}).get("ignore_automatic"):
        codes = {one["campaignId"] for one in case["coupons"]}
        case["campaignIds"] = sorted(codes)
    return finished(shop, case)


def finished(shop: Shop, case: Case) -> Case:
    """With settings, library and the attributes that were found on the way."""
    return case | {
        "application": shop.application(),
        "library": shop.library() | {"customEffects": MARKERS},
        "attributes": [[entity, name, type_] for (entity, name), type_ in shop.attributes.items()],
    }


watchers: list[Callable[[Case], None]] = []


def judge(case: Case) -> Outcome:
    """The engine's answer; watchers see the case first."""
    for watch in watchers:
        watch(case)
    read = read_case(encode(case))
    broken = [rule.broken for campaign in read.program.campaigns for rule in campaign.rules if rule.broken]
    if broken:
        raise Unknown(f"the rule does not check: {broken[0]}")
    return evaluate(read.program, read.facts, read.now)


def run_cart(vector: Vector) -> Found:
    """A cart and promotions."""
    given = vector["given"] | {"source": vector["source"]["project"]}
    shop = shop_of(vector, given["cart"], given["promotions"])
    receipt = Receipt(shop, given, judge(case_of(shop, given)))
    expected = vector["expect"]
    return {name: receipt.show(name, wanted) for name, wanted in expected.items() if name != "order"}


def run_catalog(vector: Vector) -> Found:
    """A shelf price: a cart of one such item."""
    item = vector["given"]["item"]
    line = {"id": "item", "qty": 1, "unit_price": item.get("list_price", item.get("price"))}
    if "min_price" in item:
        line["min_unit_price"] = item["min_price"]
    extra = {name: value for name, value in item.items() if name not in ("list_price", "price", "min_price")}
    cart = {"lines": [line | extra]}
    given = vector["given"] | {"cart": cart, "source": vector["source"]["project"]}
    shop = shop_of(vector, cart, given["promotions"])
    receipt = Receipt(shop, given, judge(case_of(shop, given)))
    found = {"price": receipt.line_after(line), "discount": receipt.off()}
    return {
        name: found[name] if name in found else receipt.show(name, wanted) for name, wanted in vector["expect"].items()
    }


def run_condition(vector: Vector) -> Found:
    """A condition on a cart: a campaign with it triggers."""
    given = vector["given"]
    shop = shop_of(vector, given["cart"], [])
    conditions = condition(shop, given["condition"])
    customer = given.get("customer")
    rule = {"title": "asks", "condition": ["and", True, *conditions], "effects": []}
    case: Case = {"session": session(shop, given["cart"], customer), "campaigns": [{"rules": [rule]}]}
    if customer is not None:
        case["profile"] = profile(shop, customer)
    outcome = judge(finished(shop, case))
    return only(vector, {"eligible": bool(outcome.triggered_campaign_ids)})


def run_ordering(vector: Vector) -> Found:
    """The order in which promotions are run: each says its name."""
    shop = shop_of(vector, {}, [])
    named = [one | {"trigger": "automatic", "reward": []} for one in vector["given"]["promotions"]]
    case = set_up(shop, named, None, "")
    for campaign in case["campaigns"]:
        for rule in campaign["rules"]:
            rule["effects"] = [["showNotification", "Info", rule["title"], ""]]
    outcome = judge(finished(shop, case))
    return only(vector, {"evaluation_order": [effect.props.title for effect in outcome.effects]})


def run_allocation(vector: Vector) -> Found:
    """Parts of an amount: by the engine's own splitting of amounts, or with price floors by rules."""
    given = vector["given"]
    total = number(given["total"])
    sign = -1 if total < 0 else 1
    decimals = given.get("precision", DECIMALS[vector["money"]["unit"]])
    if "items" in given:
        parts = _above_floors(vector, abs(total))
    else:
        parts = split(abs(total), [number(weight) for weight in given["weights"]], decimals=decimals)
    return only(vector, {"parts": [sign * part for part in parts], "sum": sign * sum(parts, Decimal(0))})


def _above_floors(vector: Vector, total: Decimal) -> list[Decimal]:
    lines = [
        {"id": f"item{at}", "qty": one["qty"], "unit_price": number(one["total"]) / one["qty"]}
        | {name: one[name] for name in ("min_unit_price",) if name in one}
        for at, one in enumerate(vector["given"]["items"])
    ]
    shop = shop_of(vector, {"lines": lines}, [])
    draft = RuleDraft(shop, "split", "", {})
    spread(draft, [".", "Session", "CartItems"], lambda left: total)
    rule = {"title": "split", "condition": ["and", True], "effects": draft.effects}
    case: Case = {
        "session": session(shop, {"lines": lines}, None),
        "campaigns": [{"rules": [rule], "bindings": draft.bindings}],
    }
    given = {"cart": {"lines": lines}, "promotions": [{"id": "split"}]}
    receipt = Receipt(shop, given, judge(finished(shop, case)))
    return [receipt.line_before(line) - receipt.line_after(line) for line in lines]


def only(vector: Vector, found: Found) -> Found:
    """The members that the vector expects."""
    for name in vector["expect"]:
        if name not in found and name != "order":
            raise Unknown(f"expectation {name} of kind {vector['kind']}")
    return {name: found[name] for name in vector["expect"] if name != "order"}


KINDS: dict[str, Callable[[Vector], Found]] = {
    "cart": run_cart,
    "calculator": run_cart,
    "catalog": run_catalog,
    "condition": run_condition,
    "ordering": run_ordering,
    "allocation": run_allocation,
}
