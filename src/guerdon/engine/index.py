"""Which campaigns can fire at all for these facts, told from necessary conditions, without running them.

Cost follows what can fire, not what exists: campaigns that need a code of theirs, or a session total above what
the cart holds, are never looked at.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from guerdon.engine.facts import ZERO, Facts


class Index(Struct, frozen=True, kw_only=True):
    """Places of campaigns in evaluation order: those that may always fire, and those that need a session total,
    sorted by it (`totals` and `by_total` run side by side). What is in neither needs a code."""

    always: tuple[int, ...]
    totals: tuple[Decimal, ...]
    by_total: tuple[int, ...]
    places: Mapping[int, int]


def build_index(campaigns: Iterable[tuple[int, Decimal | None]]) -> Index:
    """The index of campaigns in evaluation order: each its id and the session total from which it can fire
    without a coupon at hand, None if it never can."""
    always: list[int] = []
    by_total: list[tuple[Decimal, int]] = []
    places: dict[int, int] = {}
    for place, (campaign_id, least_total) in enumerate(campaigns):
        places[campaign_id] = place
        if least_total is not None and least_total <= ZERO:
            always.append(place)
        elif least_total is not None:
            by_total.append((least_total, place))
    by_total.sort()
    return Index(
        always=tuple(always),
        totals=tuple(total for total, _ in by_total),
        by_total=tuple(place for _, place in by_total),
        places=places,
    )


def candidates(index: Index, facts: Facts, with_code: Collection[int]) -> Collection[int]:
    """The places of campaigns of which a rule can fire, in evaluation order. `with_code` are the campaigns that
    one of the session's codes belongs to; they are never left out, for their codes must be answered."""
    if facts.explain:
        return range(len(index.places))
    reached = bisect_right(index.totals, facts.session.total)
    return sorted({*index.always, *index.by_total[:reached], *(index.places[campaign] for campaign in with_code)})
