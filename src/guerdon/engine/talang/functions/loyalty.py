"""Loyalty (rules.md §4.1, §4.2): balances, tiers and cards, adding and deducting points."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from guerdon.engine.library import LoyaltyProgram
from guerdon.engine.talang.bundles import units
from guerdon.engine.talang.kinds import BOOLEAN, EFFECT, ITEM, LAMBDA, MAP, NUMBER, TEXT, TIME, list_of
from guerdon.engine.talang.known import BALANCE, PROGRAM
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import expect

LOYALTY = "loyalty"
WHOSE = ("Current", "Advocate")
ADDING = {"recipient": WHOSE, "card": TEXT, "startDate": TIME, "expiryDate": TIME, "partial": BOOLEAN}


@declare("loyaltyBalance", PROGRAM, TEXT, BALANCE, optional=1, returns=NUMBER, frame=True, feature=LOYALTY)
def _loyalty_balance(frame: Any, program: LoyaltyProgram, subledger: str, kind: str = "current") -> Decimal:
    """The points of the customer, or of the session's card, in a ledger: program, subledger ("" for the main one) and
    kind, one of `current`, `pending`, `negative`, `expired`, `spent` and `tentativeCurrent`. The last counts what rules
    of this request added and deducted so far, the others what is stored."""
    balance: Decimal = frame.points.balance(program.id, subledger, kind)
    return balance


@declare("subledgerBalance", PROGRAM, TEXT, returns=MAP, frame=True, feature=LOYALTY)
def _subledger_balance(frame: Any, program: LoyaltyProgram, subledger: str) -> Mapping[str, Any]:
    """All balances of a subledger, for a binding such as `Gold`: then `[".", "Gold", "CurrentBalance"]` is one."""
    balances: Mapping[str, Any] = frame.points.balances(program, subledger)
    return balances


@declare("tierIs", PROGRAM, TEXT, TEXT, returns=BOOLEAN, frame=True, feature=LOYALTY)
def _tier_is(frame: Any, program: LoyaltyProgram, subledger: str, tier: str) -> bool:
    """Whether the customer is in a tier: `["tierIs", 5, "", "Gold"]`. A tier reached in this request counts."""
    return bool(frame.points.tier(program.id, subledger) == tier)


@declare("loyaltyCardValid", PROGRAM, returns=BOOLEAN, frame=True, feature=LOYALTY)
def _loyalty_card_valid(frame: Any, program: LoyaltyProgram) -> bool:
    """Whether the session carries an active card of the program."""
    card = frame.points.card(program)
    return card is not None and card.active


@declare("loyaltyCardRegistered", PROGRAM, returns=BOOLEAN, frame=True, feature=LOYALTY)
def _loyalty_card_registered(frame: Any, program: LoyaltyProgram) -> bool:
    """Whether the session carries a card of the program that is linked to a customer."""
    card = frame.points.card(program)
    return card is not None and bool(card.profiles)


@declare("addLoyaltyPoints", TEXT, PROGRAM, TEXT, NUMBER, returns=EFFECT, frame=True, feature=LOYALTY, options=ADDING)
def _add_loyalty_points(
    frame: Any, name: str, program: LoyaltyProgram, subledger: str, amount: Decimal, **options: Any
) -> None:
    """Points for the customer or, with `recipient`, the advocate: name, program, subledger ("" for the main one) and
    amount. In a program with cards they go to the session's card."""
    frame.points.add(program, subledger, name, amount, **options)


@declare(
    "addLoyaltyPointsPerItem", TEXT, PROGRAM, TEXT, list_of(ITEM), LAMBDA, returns=EFFECT, frame=True, feature=LOYALTY,
    per_item=True, options=ADDING,
)  # fmt: skip
def _add_loyalty_points_per_item(
    frame: Any,
    name: str,
    program: LoyaltyProgram,
    subledger: str,
    items: list[Any],
    amount: Callable[[Any], Any],
    **options: Any,
) -> None:
    """Points for each item of a list, or of each bundle, computed per item; an item with a negative amount is passed
    over."""
    amounts = [(item, marks, expect(Decimal, amount(item), NUMBER)) for item, marks in units(frame, items)]
    frame.points.add_per_item(program, subledger, name, amounts, **options)


@declare(
    "deductLoyaltyPoints", TEXT, PROGRAM, TEXT, NUMBER, returns=EFFECT, frame=True, feature=LOYALTY,
    options={"card": TEXT, "partial": BOOLEAN},
)  # fmt: skip
def _deduct_loyalty_points(
    frame: Any, name: str, program: LoyaltyProgram, subledger: str, amount: Decimal, **options: Any
) -> None:
    """Points spent: name, program, subledger and amount. It fails when fewer points are active, unless `partial`
    allows it to take what there is."""
    frame.points.deduct(program, subledger, name, amount, **options)
