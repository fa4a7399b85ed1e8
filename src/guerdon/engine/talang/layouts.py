"""How a time is written, by a layout of letters as Joda-Time has them: `yyyy-MM-dd HH:mm` (rules.md §3.8)."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from guerdon.engine.talang.values import EvaluationError, shown

LETTERS = "yYxMdDweEHhKkmsSazZ"
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'")
_DIGITS = frozenset("yYxMdDweHkKhmsS")
_LONGEST = 200
_OFFSET = re.compile(r"Z|UTC|GMT|([+-])([0-9]{2}):?([0-9]{2})")
Part = tuple[str, str]  # a letter and its run, or nothing and plain text


@lru_cache(512)
def _parts(layout: str) -> tuple[Part, ...]:
    """The runs of letters and the texts between them."""
    if len(layout) > _LONGEST:
        raise EvaluationError(f"a layout has at most {_LONGEST} characters")
    found: list[Part] = []
    for part in _PART.finditer(layout):
        run, letter = part.group(), part.group(2)
        if letter and letter not in LETTERS:
            raise EvaluationError(f"a layout has the letters {LETTERS}, and others in single quotes, not {run!r}")
        if letter:
            found.append((letter, run))
        elif run == "'":
            raise EvaluationError(f"a quotation mark in the layout {shown(layout)} is not closed")
        else:
            found.append(("", run if part.group(1) is None else part.group(1).replace("''", "'") or "'"))
    return tuple(found)


def wrong(layout: str) -> str:
    """What is wrong with a layout; nothing if it is fine."""
    try:
        _parts(layout)
    except EvaluationError as error:
        return str(error)
    return ""


# --- writing


def written(moment: datetime, layout: str) -> str:
    """A time by a layout."""
    return "".join(_WRITERS[letter](moment, run) if letter else run for letter, run in _parts(layout))


def _number(value: int, run: str) -> str:
    return str(value).zfill(len(run))


def _year(value: int, run: str) -> str:
    return str(value % 100).zfill(2) if len(run) == 2 else _number(value, run)


def _name(names: list[str], place: int, run: str) -> str:
    return names[place] if len(run) > 3 else names[place][:3]


def _offset(moment: datetime, *, colon: bool) -> str:
    seconds = int((moment.utcoffset() or timedelta(0)).total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}{':' if colon else ''}{minutes:02d}"


def _zone(moment: datetime, run: str) -> str:
    if run.startswith("Z"):
        return _offset(moment, colon=len(run) == 2) if len(run) < 3 else str(moment.tzinfo)
    return moment.tzname() or _offset(moment, colon=True)


_WRITERS: dict[str, Callable[[datetime, str], str]] = {
    "y": lambda moment, run: _year(moment.year, run),
    "Y": lambda moment, run: _year(moment.year, run),
    "x": lambda moment, run: _year(moment.isocalendar().year, run),
    "M": lambda moment, run: _number(moment.month, run) if len(run) < 3 else _name(_MONTHS, moment.month - 1, run),
    "d": lambda moment, run: _number(moment.day, run),
    "D": lambda moment, run: _number(moment.timetuple().tm_yday, run),
    "w": lambda moment, run: _number(moment.isocalendar().week, run),
    "e": lambda moment, run: _number(moment.isoweekday(), run),
    "E": lambda moment, run: _name(_DAYS, moment.weekday(), run),
    "H": lambda moment, run: _number(moment.hour, run),
    "k": lambda moment, run: _number(moment.hour or 24, run),
    "K": lambda moment, run: _number(moment.hour % 12, run),
    "h": lambda moment, run: _number(moment.hour % 12 or 12, run),
    "m": lambda moment, run: _number(moment.minute, run),
    "s": lambda moment, run: _number(moment.second, run),
    "S": lambda moment, run: f"{moment.microsecond:06d}".ljust(len(run), "0")[: len(run)],
    "a": lambda moment, _: "AM" if moment.hour < 12 else "PM",
    "z": _zone,
    "Z": _zone,
}


# --- reading


def parsed(source: str, layout: str) -> datetime:
    """The time a text stands for by a layout, without a timezone if that is not in it. What the layout leaves out is
    that of 1970-01-01T00:00:00."""
    fields: dict[str, Any] = {}
    rest = source
    parts = _parts(layout)
    for place, (letter, run) in enumerate(parts):
        digits_follow = _is_digits(*parts[place + 1]) if place + 1 < len(parts) else False
        read = _read(letter, run, rest, fixed=digits_follow) if letter else _literal(run, rest)
        if read is None:
            raise EvaluationError(f"{shown(source)} is not written as {shown(layout)}")
        value, rest = read
        if letter:
            fields[letter] = value
    if rest:
        raise EvaluationError(f"{shown(source)} is not written as {shown(layout)}")
    try:
        return _moment(fields)
    except (ValueError, OverflowError):
        raise EvaluationError(f"{shown(source)} is no time that there is") from None


def _is_digits(letter: str, run: str) -> bool:
    return letter in _DIGITS and (letter != "M" or len(run) < 3)


def _literal(text: str, rest: str) -> tuple[None, str] | None:
    return (None, rest[len(text) :]) if rest.startswith(text) else None


def _read(letter: str, run: str, rest: str, *, fixed: bool) -> tuple[Any, str] | None:
    """The value of a field at the beginning of the text, and what comes after it."""
    if letter in "zZ":
        return _read_offset(rest)
    if letter == "a":
        return (rest[:2].upper(), rest[2:]) if rest[:2].upper() in ("AM", "PM") else None
    if letter == "E" or (letter == "M" and len(run) > 2):
        return _read_name(_DAYS if letter == "E" else _MONTHS, rest)
    most = len(run) if fixed or letter == "S" else max(len(run), 9 if letter in "yYx" else 3 if letter == "D" else 2)
    digits = re.match(rf"[0-9]{{1,{most}}}", rest)
    if digits is None:
        return None
    text = digits.group()
    value = int(text.ljust(6, "0")[:6]) if letter == "S" else int(text)
    if letter in "yYx" and len(run) == 2 and len(text) == 2:
        value += 2000 if value < 70 else 1900
    return value, rest[len(text) :]


def _read_name(names: list[str], rest: str) -> tuple[int, str] | None:
    """The place of a name, written out or in three letters, counted from 1."""
    for place, name in enumerate(names, 1):
        for spelling in (name, name[:3]):
            if rest[: len(spelling)].lower() == spelling.lower():
                return place, rest[len(spelling) :]
    return None


def _read_offset(rest: str) -> tuple[timezone, str] | None:
    found = _OFFSET.match(rest)
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    if sign is None:
        return UTC, rest[found.end() :]
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    return (timezone(offset), rest[found.end() :]) if abs(offset) < timedelta(days=1) else None


def _moment(fields: dict[str, Any]) -> datetime:
    zone = fields.get("z", fields.get("Z"))
    hour = fields.get("H", fields.get("k", 0) % 24)
    if half := next((letter for letter in "hK" if letter in fields), ""):
        if not 0 <= fields[half] <= 12:
            raise ValueError(half)
        hour = fields[half] % 12 + (12 if fields.get("a") == "PM" else 0)
    clock = (hour, fields.get("m", 0), fields.get("s", 0), fields.get("S", 0))
    year = fields.get("y", fields.get("Y", 1970))
    if "w" in fields or "x" in fields:
        day = datetime.fromisocalendar(fields.get("x", year), fields.get("w", 1), fields.get("e", 1))
        return datetime(day.year, day.month, day.day, *clock, tzinfo=zone)
    if "D" in fields and "d" not in fields:
        day = datetime(year, 1, 1) + timedelta(days=fields["D"] - 1)  # noqa: DTZ001 - a date of the calendar
        if day.year != year:
            raise ValueError(year)
        return datetime(day.year, day.month, day.day, *clock, tzinfo=zone)
    return datetime(year, fields.get("M", 1), fields.get("d", 1), *clock, tzinfo=zone)


# What `parseTime` tries, in this order, where no layout is given.
COMMON = (
    "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSZ", "yyyy-MM-dd'T'HH:mm:ssZ", "yyyy-MM-dd'T'HH:mmZ",
    "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm",
    "yyyy-MM-dd HH:mm:ss.SSSSSSSSS Z", "yyyy-MM-dd HH:mm:ss Z", "yyyy-MM-dd HH:mm:ssZ",
    "yyyy-MM-dd HH:mm:ss.SSSSSSSSS", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd",
    "yyyy/MM/dd HH:mm:ss", "yyyy/MM/dd HH:mm", "yyyy/MM/dd", "MM/dd/yyyy HH:mm:ss", "MM/dd/yyyy HH:mm", "MM/dd/yyyy",
    "dd.MM.yyyy HH:mm:ss", "dd.MM.yyyy HH:mm", "dd.MM.yyyy", "yyyyMMdd'T'HHmmssZ", "yyyyMMddHHmmss", "yyyyMMdd",
    "EEE, d MMM yyyy HH:mm:ss Z", "EEE, d MMM yyyy HH:mm:ss", "EEEE, dd-MMM-yy HH:mm:ss Z",
    "EEE MMM d HH:mm:ss yyyy", "EEE MMM d HH:mm:ss Z yyyy", "EEE MMM  d HH:mm:ss yyyy",
    "d MMM yyyy HH:mm:ss Z", "d MMM yyyy HH:mm:ss", "d MMM yyyy HH:mm", "d MMM yyyy", "dd MMM yy HH:mm Z",
    "MMM d, yyyy h:mm:ss a", "MMM d, yyyy HH:mm:ss", "MMM d, yyyy",
)  # fmt: skip


def parsed_by_first(source: str, tried: Sequence[str]) -> datetime:
    """The time a text stands for by the first layout that fits."""
    if len(source) <= _LONGEST:
        for layout in tried[:-1]:
            try:
                return parsed(source, layout)
            except EvaluationError:
                continue
    try:
        return parsed(source[: _LONGEST + 1], tried[-1])
    except EvaluationError:
        if len(tried) == 1:
            raise
        raise EvaluationError(f"{shown(source)} is written in no common way, and by no layout that was given") from None
