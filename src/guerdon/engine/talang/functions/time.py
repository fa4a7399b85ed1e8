"""Points in time; an RFC 3339 text stands for one wherever a time is wanted (rules.md §3.3, §3.8).

The parts of a time are those in the timezone of the Application; an expression by itself takes the time's own offset.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from guerdon.engine.talang import layouts
from guerdon.engine.talang.kinds import BOOLEAN, NUMBER, TEXT, TIME
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.values import EvaluationError, divide, text

_UNITS = {"minutes": 60, "hours": 3600, "days": 86400}
_STEPS_OF_A_LAYOUT = 25
_DAY = Decimal(86_400_000_000)
_EARLY, _LATE, _BETWEEN = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-01-15T00:00:00Z"

for _name, _operator, _doc, _pair in (
    ("after", "Gt", "Whether the first is later.", (_LATE, _EARLY)),
    ("before", "Lt", "Whether the first is earlier.", (_EARLY, _LATE)),
):
    add(_name, TIME, TIME, returns=BOOLEAN, operator=_operator, doc=_doc, example=([_name, *_pair], True))


def _between(*values: Any) -> bool:
    """Whether all but the last two lie strictly between those."""
    *inner, low, high = values
    return all(low < value < high for value in inner)


for _kind, _example in ((NUMBER, (5, 1, 10)), (TIME, (_BETWEEN, _EARLY, _LATE))):
    add(
        "between", _kind, _kind, _kind, rest=_kind, returns=BOOLEAN, run=_between, doc=_between.__doc__,
        example=(["between", *_example], True),
    )  # fmt: skip


@declare("betweenTimes", TIME, TIME, TIME, returns=BOOLEAN, example=(["betweenTimes", _BETWEEN, _EARLY, _LATE], True))
def _between_times(moment: datetime, start: datetime, end: datetime) -> bool:
    """Whether the first lies strictly between the other two."""
    return start < moment < end


@declare(
    "within", TIME, TIME, TIME, returns=BOOLEAN,
    options={"startInclusive": BOOLEAN, "endInclusive": BOOLEAN, "timezoneInsensitive": BOOLEAN},
    example=(["within", _EARLY, _EARLY, _LATE, {"startInclusive": True}], True),
)  # fmt: skip
def _within(
    moment: datetime,
    start: datetime,
    end: datetime,
    *,
    start_inclusive: bool = False,
    end_inclusive: bool = False,
    timezone_insensitive: bool = False,
) -> bool:
    """Whether the first lies between the other two; each of these counts as inside only if the options say so. With
    `timezoneInsensitive` what the clocks show is compared, whatever their offsets."""
    if timezone_insensitive:
        moment, start, end = (one.replace(tzinfo=None) for one in (moment, start, end))
    return start < moment < end or (start_inclusive and moment == start) or (end_inclusive and moment == end)


@declare("now", returns=TIME, frame=True, example=(["daysBetween", ["now"], ["now"]], "0"))
def _now(frame: Any) -> datetime:
    """The time at which the request is judged, in the timezone of the Application."""
    moment: datetime = frame.local(frame.now)
    return moment


def _days(gap: timedelta) -> Decimal:
    return divide(Decimal(gap // timedelta(microseconds=1)), _DAY)


@declare("days", TIME, returns=NUMBER, frame=True, example=(["days", ["addDuration", ["now"], 36, "hours"]], "1.5"))
def _days_from_now(frame: Any, moment: datetime) -> Decimal:
    """Days from now until a time, with fractions; negative when it is past."""
    return _days(moment - frame.now)


@declare("daysBetween", TIME, TIME, returns=NUMBER, example=(["daysBetween", _EARLY, _LATE], "31"))
def _days_between(first: datetime, second: datetime) -> Decimal:
    """Days from the first to the second, with fractions; negative when the second is earlier."""
    return _days(second - first)


def _wrong_unit(args: tuple[Any, ...]) -> str:
    return f"the unit is minutes, hours or days, not {args[2]!r}" if args[2:] and _is_wrong_unit(args[2]) else ""


def _is_wrong_unit(unit: Any) -> bool:
    return isinstance(unit, str) and unit not in _UNITS


def _moved(moment: datetime, amount: Decimal, unit: str) -> datetime:
    if unit not in _UNITS:
        raise EvaluationError(f"the unit is minutes, hours or days, not {unit!r:.40}")
    try:
        return moment + timedelta(microseconds=int(amount * _UNITS[unit] * 1_000_000))
    except OverflowError:
        raise EvaluationError("the time is out of range") from None


@declare("addDuration", TIME, NUMBER, TEXT, returns=TIME, verify=_wrong_unit,
         example=(["addDuration", _EARLY, 31, "days"], _LATE))  # fmt: skip
def _add_duration(moment: datetime, amount: Decimal, unit: str) -> datetime:
    """A time later by an amount of `minutes`, `hours` or `days`."""
    return _moved(moment, amount, unit)


@declare("subDuration", TIME, NUMBER, TEXT, returns=TIME, verify=_wrong_unit,
         example=(["subDuration", _LATE, 31, "days"], _EARLY))  # fmt: skip
def _sub_duration(moment: datetime, amount: Decimal, unit: str) -> datetime:
    """A time earlier by an amount of `minutes`, `hours` or `days`."""
    return _moved(moment, -amount, unit)


_PARTS = (
    ("year", "The year", "yyyy", "2026"),
    ("month", "The month, from 1", "M", "1"),
    ("monthDay", "The day of the month, from 1", "d", "15"),
    ("hour", "The hour, from 0 to 23", "H", "0"),
    ("minute", "The minute", "m", "0"),
    ("date", "The date, as 2026-01-15", "yyyy-MM-dd", "2026-01-15"),
)
for _name, _doc, _layout, _shown in _PARTS:
    add(
        _name, TIME, returns=TEXT, frame=True, doc=f"{_doc}; a text.",
        run=lambda frame, moment, _layout=_layout: layouts.written(frame.local(moment), _layout),
        example=([_name, _BETWEEN], _shown),
    )  # fmt: skip


@declare("weekday", TIME, returns=TEXT, frame=True, example=(["weekday", _BETWEEN], "4"))
def _weekday(frame: Any, moment: datetime) -> str:
    """The day of the week as a text, from 0 for Sunday to 6 for Saturday."""
    return str(frame.local(moment).isoweekday() % 7)


def _wrong_layout(args: tuple[Any, ...]) -> str:
    """What is wrong with layouts that are written out; times come before them, and texts only in `parseTime`."""
    return next((layouts.wrong(one) for one in args[1:] if isinstance(one, str) and layouts.wrong(one)), "")


@declare("formatTime", TIME, returns=TEXT, example=(["formatTime", _EARLY], _EARLY))
def _rfc_3339(moment: datetime) -> str:
    """The time as RFC 3339 has it."""
    return text(moment)


@declare("formatTime", TIME, TEXT, returns=TEXT, frame=True, verify=_wrong_layout,
         example=(["formatTime", _BETWEEN, "EEEE, d MMMM yyyy"], "Thursday, 15 January 2026"))  # fmt: skip
def _format_time(frame: Any, moment: datetime, layout: str) -> str:
    """The time by a layout of letters as Joda-Time has them."""
    return layouts.written(frame.local(moment), layout)


@declare("matchTime", TIME, TIME, TEXT, returns=BOOLEAN, frame=True, verify=_wrong_layout,
         example=(["matchTime", _EARLY, _BETWEEN, "yyyy-MM"], True))  # fmt: skip
def _match_time(frame: Any, first: datetime, second: datetime, layout: str) -> bool:
    """Whether two times are the same when written by a layout, such as `MM-dd` for the same day of the year."""
    return layouts.written(frame.local(first), layout) == layouts.written(frame.local(second), layout)


@declare("parseTime", TEXT, rest=TEXT, returns=TIME, frame=True, verify=_wrong_layout,
         example=(["parseTime", "15.01.2026 10:30", "dd.MM.yyyy HH:mm"], "2026-01-15T10:30:00Z"))  # fmt: skip
def _parse_time(frame: Any, source: str, *tried: str) -> datetime:
    """The time a text stands for: in a common way of writing, or by the first layout after it that fits. Without an
    offset it is that of the Application."""
    layouts_tried = tried or layouts.COMMON
    frame.visit(_STEPS_OF_A_LAYOUT * len(layouts_tried))
    moment = layouts.parsed_by_first(source, layouts_tried)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=frame.timezone())


_WHOLE_YEAR = 366


@declare("anniversary", TIME, NUMBER, NUMBER, optional=2, returns=BOOLEAN, frame=True,
         example=(["anniversary", ["addDuration", ["now"], 3, "days"], 0, 7], True))  # fmt: skip
def _anniversary(frame: Any, moment: datetime, before: Decimal = Decimal(0), after: Decimal = Decimal(0)) -> bool:
    """Whether the day of a time comes round between so many days before today and so many after it, in the timezone
    of the Application; the year does not matter, and 29 February is 1 March in other years."""
    if any(days != days.to_integral_value() or days < 0 for days in (before, after)):
        raise EvaluationError("anniversary takes whole numbers of days")
    day, today = frame.local(moment).date(), frame.local(frame.now).date()
    earlier, later = (timedelta(days=int(min(days, Decimal(_WHOLE_YEAR)))) for days in (before, after))
    years = range(max(today.year - 1, 1), min(today.year + 1, 9999) + 1)
    return any(today - earlier <= _in_year(day, year) <= today + later for year in years)


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
