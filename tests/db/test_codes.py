"""New codes: every character as likely as any other, every combination in the end."""

import asyncio
import re
from collections import Counter

import asyncpg
import pytest

import make
from guerdon.db.codes import COUPONS, CodePattern, PatternFull, draw_codes

DIGITS = tuple("0123456789")
FILL = """
INSERT INTO coupons (application_id, campaign_id, value, usage_limit, created)
SELECT 1, 1, 'L-' || lpad(n::text, 5, '0'), 1, now() FROM generate_series(0, 99999) AS n WHERE n % 10000 <> 77
"""


def pattern(text, characters=DIGITS, prefix=""):
    return CodePattern(text, tuple(characters), prefix, "/couponPattern")


@pytest.mark.parametrize(
    "characters",
    ["A", "AB", "ABC", DIGITS, [chr(33 + n) for n in range(200)], "ÄÖÜß", "AЖ中", ["AB", "C"], [chr(400 + n) for n in range(300)]],
)  # fmt: skip
def test_every_character_is_as_likely_as_any_other(characters):
    codes = pattern("##", characters).at_random(20_000)
    assert len(codes) == 20_000
    counted = Counter(
        "".join(codes) if all(len(one) == 1 for one in characters) else re.findall("AB|C", "".join(codes))
    )
    assert set(counted) == set(characters)
    expected = 40_000 / len(characters)
    assert all(0.3 * expected < count < 1.8 * expected for count in counted.values())


def test_what_is_no_place_stays():
    made = pattern("%#-##%s.#+@_", "xy", prefix="#%").at_random(50)
    assert all(re.fullmatch(r"#%%[xy]-[xy]{2}%s\.[xy]\+@_", code) for code in made)
    assert len(set(made)) > 8


def test_every_combination_comes_once():
    batches = list(pattern("A#-##", DIGITS).every())
    assert [code for batch in batches for code in batch] == [f"A{n // 100}-{n % 100:02}" for n in range(1000)]
    assert [len(batch) for batch in pattern("#####", DIGITS).every()] == [20_000] * 5


def test_the_last_codes_of_a_large_pattern_are_found(shared, shared_manager):
    make.new_campaign(shared_manager)
    shared.sql(FILL)

    async def drawn(count):
        conn = await asyncpg.connect(shared.database)
        try:
            return await draw_codes(conn, 1, COUPONS, pattern("L-#####"), count)
        finally:
            await conn.close()

    left = [f"L-{n}0077" for n in range(10)]
    assert asyncio.run(drawn(10)) == left
    assert set(asyncio.run(drawn(9))) < set(left)
    with pytest.raises(PatternFull) as refused:
        asyncio.run(drawn(11))
    reason = "it has 100000, of which 10 are left, and 11 are wanted"
    assert refused.value.errors[0].details == f'Too few codes are left of the pattern "L-#####": {reason}'
