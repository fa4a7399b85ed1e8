"""What a replay says at its end."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from guerdon.replay.play import Tally


def summary(console: Console, tally: Tally, seconds: float, closed: int, of: int) -> None:
    """The figures of this run."""
    if not tally.played:
        console.print(f"[green]Nothing to do:[/] all {closed:,} sessions were already closed. Nothing was changed.")
        return
    console.print()
    table = Table(title="This run", show_header=False, title_justify="left", title_style="bold")
    table.add_column()
    table.add_column(justify="right")
    table.add_row("Sessions played", f"{tally.played:,}")
    if tally.already:
        table.add_row("Sessions found closed and left alone", f"{tally.already:,}")
    table.add_row("Sessions a second", f"{tally.played / seconds:,.0f}")
    table.add_row("Requests a second", f"{2 * tally.played / seconds:,.0f}")
    table.add_row("Total discount", money(tally.discount))
    table.add_section()
    for kind, count in sorted(tally.effects.items()):
        table.add_row(f"Effect {kind}", f"{count:,}")
    table.add_section()
    table.add_row("Coupon codes entered", f"{tally.entered:,}")
    table.add_row("  accepted", f"{tally.accepted:,}")
    for reason, count in sorted(tally.refused.items()):
        table.add_row(f"  refused, {reason}", f"{count:,}")
    console.print(table)
    console.print(f"Closed in all: {closed:,} of {of:,} sessions.")


def totals(console: Console, campaigns: Sequence[Mapping[str, Any]]) -> None:
    """What the server counts over all runs, campaign by campaign."""
    table = Table(title="On the server, over all runs", title_justify="left", title_style="bold")
    table.add_column("Campaign")
    table.add_column("Coupons redeemed", justify="right")
    table.add_column("Discounts given", justify="right")
    table.add_column("Amount", justify="right")
    for each in campaigns:
        discounts = int(each.get("discountEffectCount", 0))
        if discounts:
            redeemed = int(each.get("couponRedemptionCount", 0))
            table.add_row(each["name"], f"{redeemed:,}", f"{discounts:,}", money(each.get("discountCount", 0)))
    if table.row_count:
        console.print(table)


def money(amount: Decimal | int) -> str:
    """An exact amount with at least two decimals.

    >>> money(Decimal("1234.5")), money(Decimal("0.1790"))
    ('1,234.50', '0.179')
    """
    whole, _, decimals = f"{Decimal(amount):,f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
