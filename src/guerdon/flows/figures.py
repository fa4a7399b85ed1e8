"""Figures of campaigns: counting what is old enough for good, in the background and when somebody looks, and the
periods that they are asked for by (management.md §16)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from guerdon.db import analytics
from guerdon.db.pool import connection, transaction
from guerdon.errors import Invalid, Problem
from guerdon.flows.background import beside, note_failure

LOOK_EVERY = 60  # seconds
MOST_PERIODS = 10_000
QUARTER = timedelta(minutes=15)


async def catch_up(connections: Any, application_id: int, now: datetime) -> None:
    """Count all that is old enough, some events in each transaction."""
    more = True
    while more:
        async with transaction(connections) as conn:
            more = await analytics.advance(conn, application_id, now)


async def catch_up_all(connections: Any, now: datetime) -> None:
    """The same for every Application."""
    async with connection(connections) as conn:
        every = await analytics.list_applications(conn)
    for application_id in every:
        await catch_up(connections, application_id, now)


async def _keep_counting(pool: Any, clock: Callable[[], datetime]) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await catch_up_all(pool, clock())
        except Exception as error:
            note_failure("counting figures", error)


@asynccontextmanager
async def counting(pool: Any, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """Count in the background."""
    async with beside(_keep_counting(pool, clock)):
        yield


def periods(start: datetime, end: datetime, granularity: str, timezone: str) -> list[datetime]:
    """Where the periods begin that the time from `start` to `end` touches, and where the last one ends, in UTC: hours,
    or days, weeks (from Monday), months or years of the time zone. Raises Invalid for none and for too many."""
    try:
        edges = _edges(start, end, granularity.removeprefix("1 "), ZoneInfo(timezone))
    except (OverflowError, ValueError):
        edges = []
    if not edges:
        problem = Problem.in_query("rangeEnd", "Invalid value", f"the range must hold 1 to {MOST_PERIODS} periods")
        raise Invalid(errors=[problem])
    return edges


def _edges(start: datetime, end: datetime, unit: str, zone: ZoneInfo) -> list[datetime]:
    """Empty where there are too many, or `end` does not come after `start`."""
    local = start.astimezone(zone)
    day = local.date()
    if unit == "hour":
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        edge = start.astimezone(UTC) - past
    else:
        day = _first(day, unit)
        edge = _midnight(day, zone)
    edges = [edge]
    while edge < end and start < end and len(edges) <= MOST_PERIODS:
        if unit == "hour":
            edge += timedelta(hours=1)
        else:
            day = _next(day, unit)
            edge = _midnight(day, zone)
        edges.append(edge)
    return edges if edge >= end > start else []


def _first(day: date, unit: str) -> date:
    """The first day of the week, month or year."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1, month=1) if unit == "year" else day.replace(day=1) if unit == "month" else day


def _next(day: date, unit: str) -> date:
    if unit == "month":
        return _first(day + timedelta(days=31), unit)
    if unit == "year":
        return day.replace(year=day.year + 1)
    return day + timedelta(days=7 if unit == "week" else 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def quarters(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The range, widened to whole quarters of an hour, which is how figures are kept. Raises Invalid for an empty
    one."""
    if start >= end:
        raise Invalid(errors=[Problem.in_query("rangeEnd", "Invalid value", "rangeEnd must be after rangeStart")])
    first = datetime(2000, 1, 1, tzinfo=UTC)
    try:
        return start - (start - first) % QUARTER, end + (first - end) % QUARTER
    except OverflowError:
        raise Invalid(errors=[Problem.in_query("rangeEnd", "Invalid value", "a time is out of range")]) from None
