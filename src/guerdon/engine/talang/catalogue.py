"""The rule language as people look it up: built-in paths with a note on each, functions with the kind they give.

The reference page and the endpoint for rule builders read it.
"""

from collections.abc import Iterator

from guerdon.engine.talang import functions as _declares_all  # noqa: F401
from guerdon.engine.talang.kinds import ANY, LAMBDA, LAMBDAS
from guerdon.engine.talang.paths import PATHS, Entry
from guerdon.engine.talang.registry import Function

NOTES = {
    "Session.Total": "items, their additional costs and those of the session, before discounts",
    "Session.CartTotal": "price times quantity of all items, before discounts",
    "Session.CartItemTotal": "the same",
    "Session.AdditionalCostTotal": "the additional costs of the session, without those of its items",
    "Session.DiscountedTotal": "what earlier discounts of this request left; plain without cascading discounts",
    "Session.DiscountedCartTotal": "the same for the items",
    "Session.CartItems": "units where the Application flattens the cart, else lines",
    "Session.FirstSession": "true in anonymous sessions",
    "Item.Quantity": "1 where the Application flattens the cart",
    "Item.Position": "of the line, from 0",
    "Item.SubPosition": "of the unit in its line, from 0",
    "Item.Total": "price and additional costs of one unit",
    "Item.DiscountedPrice": "what earlier discounts of this request left; plain without cascading discounts",
    "Profile.TotalSales": "of closed sessions, before discounts",
    "Coupon.DiscountRemainder": "what the code can still give",
    "Session.AdditionalCosts.<name>.Price": "a cost by its API name",
    "Item.AdditionalCosts.<name>.Price": "of one unit",
    "Item.Prices.<name>.Price": "by price type",
    "Item.MappedValue": "of items that come from `valueMapItems` or `Value_map_items`",
    "Profile.Audiences": "their names",
    "Loyalty.<name>.CurrentBalance": "of the main ledger of a program; stored",
    "Loyalty.<name>.TentativeCurrentBalance": "with what this request added and spent",
    "Loyalty.<name>.TierName": "a tier reached in this request counts",
    "Achievements.<name>.Status": "`not_started`, `inprogress`, `completed` or `expired`",
    "AwardedGiveaway.Code": "the last one awarded in this request",
    "Value_map_items": "the cart items that are in the value map of the campaign",
    "Event.Type": "such as `talon_session_closed`",
    "Now": "the time at which the request is judged",
}


def built_in_paths() -> Iterator[tuple[str, Entry, str]]:
    """Every built-in path, such as `Session.Total`, with its entry and a note, which may be empty."""
    for entity, entries in PATHS.items():
        for name, entry in entries.items():
            path = f"{entity}.{name}" if name else entity
            yield path, entry, NOTES.get(path, "")


def result(function: Function) -> str:
    """The kind of what a function gives, as far as it is the same for all arguments."""
    return function.returned(tuple(ANY if kind in (LAMBDA, LAMBDAS) else kind for kind in function.params))
