"""What an evaluation costs as the number of campaigns grows (`.venv/bin/python benchmarks/engine.py`).

A 20-line cart, three campaigns that match; half of the others need a code of theirs, half a higher session total.
The cost should follow what can fire, not what exists (invariant 5): the last column is the cost as a multiple of
that with ten campaigns, measured in the same run. Only the engine: no database, no HTTP.
"""

import time
from datetime import UTC, datetime
from decimal import Decimal

from guerdon.engine import Facts, Program, compile_campaign, compile_program, evaluate
from guerdon.engine.facts import CartItem, Session
from guerdon.engine.money import totals
from guerdon.engine.program import Campaign, CampaignSource, Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = (10, 100, 1_000, 10_000)
MATCHING = 3
ROUNDS = 500


def campaign(number: int) -> Campaign:
    """The campaign at a place: the first three match, then codes and totals in turn."""
    total = [".", "Session", "Total"]
    if number < MATCHING:
        condition = [">=", total, 10]
    else:
        condition = ["couponValid"] if number % 2 else [">=", total, 1000 + number]
    rule = {"title": "Off", "condition": ["and", condition], "effects": [["setDiscount", "Off", 1]]}
    source = CampaignSource(id=number + 1, name="C", state="enabled", group_id=1, ruleset_id=number, rules=[rule])
    return compile_campaign(source, {})


def facts() -> Facts:
    """A cart of twenty lines, worth 199.80."""
    lines = tuple(CartItem(position=at, sku=f"SKU-{at}", quantity=1, price=Decimal("9.99")) for at in range(20))
    sums = totals(lines, [])
    session = Session(
        integration_id="s",
        state="open",
        profile_id="",
        store_integration_id="",
        coupon_codes=(),
        referral_code="",
        identifiers=(),
        loyalty_cards=(),
        cart_items=lines,
        additional_costs={},
        attributes={},
        first_session=True,
        created=NOW,
        updated=NOW,
        cart_item_total=sums.cart_items,
        additional_cost_total=sums.additional_costs,
        cart_item_additional_cost_total=sums.cart_item_additional_costs,
        total=sums.total,
    )
    return Facts(event="talon_session_updated", session=session, profile=None, coupons=())


def cost(program: Program, given: Facts) -> float:
    """Seconds of one evaluation, the median of three series."""
    series = []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(ROUNDS):
            outcome = evaluate(program, given, NOW)
        series.append((time.perf_counter() - began) / ROUNDS)
        assert len(outcome.effects) == MATCHING
    return sorted(series)[1]


def main() -> None:
    """Print a line for each size."""
    settings = Settings(id=1, account_id=1, name="A", timezone="UTC", currency="EUR")
    given = facts()
    base = 0.0
    for size in SIZES:
        began = time.perf_counter()
        campaigns = [campaign(number) for number in range(size)]
        compiling = time.perf_counter() - began
        seconds = cost(compile_program(1, settings, [], campaigns), given)
        base = base or seconds
        times = f"{seconds * 1e6:7.1f} µs each, {seconds / base:.2f} times the first"
        print(f"{size:6} campaigns: compiled in {compiling:5.2f} s, {times}")


if __name__ == "__main__":
    main()
