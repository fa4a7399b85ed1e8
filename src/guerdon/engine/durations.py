"""Durations such as `3M` or `1W_U`, counted in a time zone (loyalty.md §2)."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from guerdon.engine.talang.values import EvaluationError, text

_FORM = re.compile(r"(\d{1,6})(?:([smh])|(D)(_[DU])?|([WMY])(_U)?)")
_EXACT = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_DAYS = {"D": 1, "W": 7}


def after(moment: datetime, duration: str, timezone: str) -> datetime:
    """The time, in UTC, that lies a duration after a moment: a whole number and a unit of s m h D W M Y. Days and
    more are those of the calendar of the zone; months and years end with their last day. `_D` rounds to the start of
    the day, `_U` to the last second of the day, week (Sunday), month or year. Raises EvaluationError.

    >>> after(datetime(2024, 10, 12, 7, 20, 50, tzinfo=UTC), "1M_U", "UTC").isoformat()
    '2024-11-30T23:59:59+00:00'
    """
    form = _FORM.fullmatch(duration)
    if form is None:
        raise EvaluationError(f"{duration!r} is not a duration such as 30D or 1M_U")
    count, unit = int(form[1]), form[2] or form[3] or form[5]
    try:
        if unit in _EXACT:
            return moment.astimezone(UTC) + count * _EXACT[unit]
        local = moment.astimezone(ZoneInfo(timezone))
        if unit in _DAYS:
            local += timedelta(days=count * _DAYS[unit])
        else:
            local = _months_later(local, count * (12 if unit == "Y" else 1))
        return _rounded(local, unit, form[4] or form[6]).astimezone(UTC)
    except (ValueError, OverflowError):
        raise EvaluationError(f"{duration} from now is after the year 9999") from None


def written(moment: datetime | None) -> str | None:
    """A time as effects have it; None for none."""
    return None if moment is None else text(moment)


def _months_later(local: datetime, months: int) -> datetime:
    years, month = divmod(local.month - 1 + months, 12)
    year = local.year + years
    return local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))


def _rounded(local: datetime, unit: str, rounding: str | None) -> datetime:
    if rounding is None:
        return local
    if rounding == "_D":
        return local.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "W":
        local += timedelta(days=6 - local.weekday())
    elif unit == "Y":
        local = local.replace(month=12, day=31)
    elif unit == "M":
        local = local.replace(day=monthrange(local.year, local.month)[1])
    return local.replace(hour=23, minute=59, second=59, microsecond=0)
