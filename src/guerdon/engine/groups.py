"""The evaluation tree: which campaigns of a group get their turn, and which keep what they gave (rules.md §5.7).

A group that keeps only its best lets every child run from the same state, takes back what it did, and lets the
winner run again: evaluation is deterministic, so the second run gives what the first one gave.
"""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from guerdon.engine.facts import ZERO
from guerdon.engine.items import Unit
from guerdon.engine.program import Branch
from guerdon.engine.verdicts import LOWER, NOT_FIRST

Places = Sequence[int]


class Player(Protocol):
    """What a group does with its campaigns."""

    def run_place(self, place: int) -> bool:
        """Run the campaign at a place; whether it triggered."""

    def mark(self) -> object:
        """Where things stand."""

    def restore(self, mark: object) -> None:
        """Take back all that was done since the mark."""

    def given(self, mark: object) -> Decimal:
        """The discounts given since the mark."""

    def given_by_unit(self, mark: object) -> dict[Unit, Decimal]:
        """The discounts on single units since the mark."""

    def only_units(self, units: frozenset[Unit] | None) -> frozenset[Unit] | None:
        """Let effects touch these units only, None for all; returns what held before."""

    def units(self) -> frozenset[Unit]:
        """The units that effects may touch now."""

    def exclude(self, places: Places, why: str) -> None:
        """The campaigns at these places were passed over."""


def play(player: Player, branch: Branch, places: Places) -> bool:
    """Run the campaigns of a group that are among `places`; whether one of them triggered."""
    children = [(child, inside) for child in branch.elements if (inside := _inside(child, places))]
    group = branch.group
    if group.mode == "stackable":
        return any([_run(player, child, inside) for child, inside in children])  # noqa: C419 - all of them run
    if group.mode == "listOrder":
        return _first_units(player, children) if group.scope == "cartItem" else _first(player, children)
    if group.scope == "cartItem":
        return _best_units(player, children, lowest=group.mode == "lowestDiscount")
    return _best(player, children, lowest=group.mode == "lowestDiscount")


Child = tuple[Branch | int, Places]


def _inside(child: Branch | int, places: Places) -> Places:
    if isinstance(child, int):
        at = bisect_left(places, child)
        return (child,) if at < len(places) and places[at] == child else ()
    return places[bisect_left(places, child.first) : bisect_left(places, child.end)]


def _run(player: Player, child: Branch | int, inside: Places) -> bool:
    return player.run_place(child) if isinstance(child, int) else play(player, child, inside)


def _first(player: Player, children: list[Child]) -> bool:
    for at, (child, inside) in enumerate(children):
        if _run(player, child, inside):
            for _, others in children[at + 1 :]:
                player.exclude(others, NOT_FIRST)
            return True
    return False


def _best(player: Player, children: list[Child], *, lowest: bool) -> bool:
    """Children that do not trigger keep what little they did: failure effects, and reasons."""
    triggered: list[tuple[Decimal, Child]] = []
    for child, inside in children:
        start = player.mark()
        if _run(player, child, inside):
            triggered.append((player.given(start), (child, inside)))
            player.restore(start)
    if not triggered:
        return False
    competing = [entry for entry in triggered if entry[0] > 0] or triggered[:1] if lowest else triggered
    best = (min if lowest else max)(value for value, _ in competing)
    winner = next(child for value, child in competing if value == best)
    for _, other in triggered:
        if other is not winner:
            player.exclude(other[1], LOWER)
    return _run(player, *winner)


def _first_units(player: Player, children: list[Child]) -> bool:
    """Each unit goes to the first child that discounts it."""
    free, triggered = player.units(), False
    for child, inside in children:
        won = _run_within(player, child, inside, free, NOT_FIRST)
        triggered = triggered or won is not None
        free -= won or frozenset()
    return triggered


def _best_units(player: Player, children: list[Child], *, lowest: bool) -> bool:
    """Each unit goes to the child that takes most (or least) off it; ties go to the first."""
    best: dict[Unit, tuple[Decimal, int]] = {}
    for at, (child, inside) in enumerate(children):
        start = player.mark()
        _run(player, child, inside)
        for unit, value in player.given_by_unit(start).items():
            known = best.get(unit)
            if value > ZERO and (known is None or (value < known[0] if lowest else value > known[0])):
                best[unit] = (value, at)
        player.restore(start)
    triggered = False
    for at, (child, inside) in enumerate(children):
        won = frozenset(unit for unit, (_, winner) in best.items() if winner == at)
        triggered = _run_within(player, child, inside, won, LOWER) is not None or triggered
    return triggered


def _run_within(
    player: Player, child: Branch | int, inside: Places, units: frozenset[Unit], why: str
) -> frozenset[Unit] | None:
    """Run a child on some units only. One that triggers without winning a unit is passed over, with all that it
    did; the units it won are returned, None where it was passed over or did not trigger."""
    start = player.mark()
    before = player.only_units(units)
    triggered = _run(player, child, inside)
    player.only_units(before)
    won = frozenset(player.given_by_unit(start))
    if not triggered:
        return None
    if not won:
        player.restore(start)
        player.exclude(inside, why)
        return None
    return won
