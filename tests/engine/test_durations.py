"""Durations: the worked values of the vendor's documents (loyalty.md §2, §14), and the edges."""

from datetime import datetime

import pytest

from guerdon.engine.durations import after
from guerdon.engine.talang.values import EvaluationError

CLOSED = "2024-10-12T07:20:50+02:00"  # a Saturday, in Berlin


def in_berlin(duration, moment=CLOSED):
    found = after(datetime.fromisoformat(moment), duration, "Europe/Berlin")
    assert found.utcoffset().total_seconds() == 0
    return found.isoformat()


@pytest.mark.parametrize(
    ("duration", "result"),
    [
        ("10m", "2024-10-12T05:30:50+00:00"),
        ("30s", "2024-10-12T05:21:20+00:00"),
        ("2h", "2024-10-12T07:20:50+00:00"),
        ("5D", "2024-10-17T05:20:50+00:00"),
        ("5D_D", "2024-10-16T22:00:00+00:00"),
        ("5D_U", "2024-10-17T21:59:59+00:00"),
        ("1W", "2024-10-19T05:20:50+00:00"),
        ("1W_U", "2024-10-20T21:59:59+00:00"),
        ("1M", "2024-11-12T06:20:50+00:00"),  # winter: the clock on the wall stays
        ("1M_U", "2024-11-30T22:59:59+00:00"),
        ("1Y", "2025-10-12T05:20:50+00:00"),
        ("1Y_U", "2025-12-31T22:59:59+00:00"),
        ("0D_U", "2024-10-12T21:59:59+00:00"),
    ],
)
def test_a_duration_from_the_closing_of_a_session(duration, result):
    assert in_berlin(duration) == result


@pytest.mark.parametrize(
    ("moment", "duration", "result"),
    [
        ("2023-10-10T09:30:45+02:00", "3M_U", "2024-01-31T22:59:59+00:00"),
        ("2024-01-31T12:00:00+01:00", "1M", "2024-02-29T11:00:00+00:00"),
        ("2023-01-31T12:00:00+01:00", "1M", "2023-02-28T11:00:00+00:00"),
        ("2024-02-29T12:00:00+01:00", "1Y", "2025-02-28T11:00:00+00:00"),
        ("2024-10-20T12:00:00+02:00", "0W_U", "2024-10-20T21:59:59+00:00"),
        ("2024-10-26T12:00:00+02:00", "1D", "2024-10-27T11:00:00+00:00"),  # a day of 25 hours
        ("2024-12-15T12:00:00+01:00", "11M", "2025-11-15T11:00:00+00:00"),
    ],
)
def test_the_end_of_months_and_the_change_of_clocks(moment, duration, result):
    assert in_berlin(duration, moment) == result


@pytest.mark.parametrize("text", ["", "5", "D", "5d", "1M_D", "5D_", "1h_U", "-1D", "1.5D", "unlimited", "1234567D"])
def test_what_is_no_duration(text):
    with pytest.raises(EvaluationError, match="is not a duration such as 30D or 1M_U"):
        in_berlin(text)


@pytest.mark.parametrize("duration", ["999999D", "999999W", "999999M", "8000Y", "999999Y_U"])
def test_the_calendar_ends(duration):
    if duration == "999999D":
        assert in_berlin(duration) == "4762-09-08T05:20:50+00:00"
    else:
        with pytest.raises(EvaluationError, match="is after the year 9999"):
            in_berlin(duration)
