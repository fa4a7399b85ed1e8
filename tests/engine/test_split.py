"""Shares of an amount: a table of splits, and what holds for all of them."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.engine.money import cut, rounded, split

quick = settings(deadline=None, max_examples=200, database=None)
OPEN = None


def decimals(text):
    return [Decimal(part) for part in text.split()]


@pytest.mark.parametrize(
    ("total", "weights", "caps", "minor", "parts"),
    [
        # whole cents, what is left over by the largest remainder, the first of equal ones
        ("2.99", "1 1 1", "", 2, "1.00 1.00 0.99"),
        ("299", "100 100 100", "", 0, "100 100 99"),
        ("1.00", "1 1 1", "", 2, "0.34 0.33 0.33"),
        ("0.02", "1 1 1", "", 2, "0.01 0.01 0"),
        ("10.00", "1 2 4", "", 2, "1.43 2.86 5.71"),
        ("0.05", "19.99 5.01", "", 2, "0.04 0.01"),
        ("10", "0 0 0", "", 2, "3.34 3.33 3.33"),
        ("10", "5 0 5", "", 2, "5 0 5"),
        ("7", "1 1 1", "", 0, "3 2 2"),
        ("1.000", "1 1 1", "", 3, "0.334 0.333 0.333"),
        # exact where the shares end, else sixteen significant digits
        ("20", "60 40", "", OPEN, "12 8"),
        ("50", "1000 150 100", "", OPEN, "40 6 4"),
        ("1", "1 3", "", OPEN, "0.25 0.75"),
        ("1", "1 1023", "", OPEN, "0.0009765625 0.9990234375"),
        ("100", "1 1 1", "", OPEN, "33.33333333333334 33.33333333333333 33.33333333333333"),
        ("2", "1 1 1", "", OPEN, "0.6666666666666667 0.6666666666666667 0.6666666666666666"),
        ("0.0000001", "1 2", "", OPEN, "0.00000003333333333333333 0.00000006666666666666667"),
        ("1.00000000000000000001", "1 1", "", OPEN, "0.50000000000000000001 0.5"),
        # nobody gets more than they can take
        ("100", "50 50 10", "10 80 10", OPEN, "10 80 10"),
        ("20", "60 40", "5 40", OPEN, "5 15"),
        ("90", "1 1 1", "10 100 100", 2, "10 40 40"),
        ("90", "1 1 1", "0 100 100", OPEN, "0 45 45"),
        ("30", "3 2 1", "5 6 100", OPEN, "5 6 19"),
        ("10", "1 0", "4 100", OPEN, "4 6"),
        ("10", "0 0", "2 100", OPEN, "2 8"),
        ("0.3", "1 1", "0.1 0.2", OPEN, "0.1 0.2"),
        ("0", "1 2", "5 5", OPEN, "0 0"),
    ],
)
def test_the_parts_of_a_total(total, weights, caps, minor, parts):
    found = split(Decimal(total), decimals(weights), caps=decimals(caps) or None, decimals=minor)
    assert found == decimals(parts)


def test_nobody_to_share_with():
    assert split(Decimal(10), []) == []


amount = st.decimals(0, 10_000, places=2)


@quick
@given(st.lists(st.tuples(amount, amount), min_size=1, max_size=12), st.decimals(0, 1, places=3), st.booleans())
def test_parts_sum_to_the_whole_and_stay_below_their_caps(people, ratio, whole_cents):
    weights, caps = [weight for weight, _ in people], [cap for _, cap in people]
    total = sum(caps) * ratio
    minor = 2 if whole_cents else None
    if whole_cents:
        total = cut(total, 2)
    parts = split(total, weights, caps=caps, decimals=minor)
    assert sum(parts) == total
    assert all(0 <= part <= cap for part, cap in zip(parts, caps, strict=True))
    assert not whole_cents or all(part == cut(part, 2) for part in parts)


@quick
@given(st.lists(amount, min_size=1, max_size=12), st.decimals(0, 10_000, places=2))
def test_whole_cents_are_less_than_a_cent_off_the_exact_share(weights, total):
    exact, cents = split(total, weights), split(total, weights, decimals=2)
    assert sum(exact) == sum(cents) == total
    assert all(abs(one - other) < Decimal("0.01") for one, other in zip(exact, cents, strict=True))


@quick
@given(st.lists(amount, min_size=2, max_size=8), st.decimals(0, 10_000, places=2))
def test_who_weighs_more_gets_no_less(weights, total):
    parts = split(total, weights, decimals=2)
    ordered = sorted(zip(weights, parts, strict=True))
    slack = Decimal("0.01")
    assert all(first[1] <= then[1] + slack for first, then in pairwise(ordered))


@pytest.mark.parametrize(
    ("value", "minor", "near", "below"),
    [
        ("9.995", 2, "10", "9.99"),
        ("9.994", 2, "9.99", "9.99"),
        ("0.005", 2, "0.01", "0"),
        ("0.5", 0, "1", "0"),
        ("9.999", OPEN, "9.999", "9.999"),
    ],
)
def test_rounded_half_up_and_cut_off(value, minor, near, below):
    assert rounded(Decimal(value), minor) == Decimal(near)
    assert cut(Decimal(value), minor) == Decimal(below)
