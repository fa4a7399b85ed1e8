"""Points in time; an RFC 3339 text stands for one wherever a time is wanted (rules.md §3.3)."""

from datetime import datetime, timedelta
from decimal import Decimal

from guerdon.engine.talang.kinds import BOOLEAN, NUMBER, TEXT, TIME
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.values import EvaluationError

_UNITS = {"minutes": 60, "hours": 3600, "days": 86400}
_EARLY, _LATE = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"

add(
    "after",
    TIME,
    TIME,
    returns=BOOLEAN,
    operator="Gt",
    doc="Whether the first is later.",
    example=(["after", _LATE, _EARLY], True),
)
add(
    "before",
    TIME,
    TIME,
    returns=BOOLEAN,
    operator="Lt",
    doc="Whether the first is earlier.",
    example=(["before", _EARLY, _LATE], True),
)


@declare(
    "betweenTimes",
    TIME,
    TIME,
    TIME,
    returns=BOOLEAN,
    example=(["betweenTimes", "2026-01-15T00:00:00Z", _EARLY, _LATE], True),
)
def _between_times(moment: datetime, start: datetime, end: datetime) -> bool:
    """Whether the first lies strictly between the other two."""
    return start < moment < end


@declare("daysBetween", TIME, TIME, returns=NUMBER, example=(["daysBetween", _EARLY, _LATE], "31"))
def _days_between(first: datetime, second: datetime) -> Decimal:
    """Days from the first to the second, with fractions; negative when the second is earlier."""
    gap = second - first
    return Decimal(gap // timedelta(microseconds=1)) / Decimal(86_400_000_000)


@declare(
    "addDuration", TIME, NUMBER, TEXT, returns=TIME, example=(["=", ["addDuration", _EARLY, 31, "days"], _LATE], True)
)
def _add_duration(moment: datetime, amount: Decimal, unit: str) -> datetime:
    """A time later by an amount of `minutes`, `hours` or `days`."""
    if unit not in _UNITS:
        raise EvaluationError(f"the unit is minutes, hours or days, not {unit!r}")
    try:
        return moment + timedelta(microseconds=int(amount * _UNITS[unit] * 1_000_000))
    except OverflowError:
        raise EvaluationError("the time is out of range") from None
