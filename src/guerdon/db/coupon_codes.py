"""New coupon codes, drawn from a pattern (management.md §6)."""

from collections.abc import Iterator
from itertools import chain, islice
from math import gcd
from random import SystemRandom
from string import ascii_uppercase, digits

from msgspec import Struct

from guerdon.db.pool import Connection
from guerdon.engine.codes import fold
from guerdon.errors import Invalid, Problem

DEFAULT_PATTERN = "########"
DEFAULT_CHARACTERS = tuple(ascii_uppercase + digits)
LONGEST_CODE = 100
# Patterns of up to so many combinations are used up to the last code; of larger ones so many are tried.
MOST_TRIES = 200_000
LARGEST_BATCH = 20_000

SELECT_TAKEN = "SELECT value FROM coupons WHERE application_id = $1 AND value = ANY ($2)"

_random = SystemRandom()


class CodePattern(Struct, frozen=True):
    """`prefix` and `pattern`, in which each `#` stands for one of `characters`."""

    pattern: str
    characters: tuple[str, ...]
    prefix: str = ""

    @property
    def combinations(self) -> int:
        """How many codes there can be at most."""
        combinations: int = len(self.characters) ** self.pattern.count("#")
        return combinations

    def longest(self) -> int:
        """The length of the longest code."""
        places = self.pattern.count("#")
        return len(self.prefix) + len(self.pattern) + places * (max(map(len, self.characters)) - 1)

    def code(self, number: int) -> str:
        """The code of a combination, 0 ≤ number < combinations."""
        parts = [self.prefix]
        for place in self.pattern:
            if place == "#":
                number, index = divmod(number, len(self.characters))
                place = self.characters[index]
            parts.append(place)
        return "".join(parts)


def code_pattern(pattern: str, characters: tuple[str, ...], prefix: str, case_sensitivity: str) -> CodePattern:
    """The pattern with everything folded, so that two characters that compare equal count once."""
    folded = tuple(dict.fromkeys(fold(character, case_sensitivity) for character in characters))
    return CodePattern(fold(pattern, case_sensitivity), folded, fold(prefix, case_sensitivity))


async def draw_codes(conn: Connection, application_id: int, pattern: CodePattern, count: int) -> list[str]:
    """`count` random codes that the Application does not have yet, sorted; raises Invalid if there are too few.

    A pattern without `#` is the code itself, taken or not: the insert will tell.
    """
    if pattern.combinations < count:
        raise _too_few(pattern)
    if "#" not in pattern.pattern:
        return [pattern.code(0)]
    found: list[str] = []
    drawn, size = _draw(pattern, count), count
    while missing := count - len(found):
        batch = list(islice(drawn, min(size, LARGEST_BATCH)))
        if not batch:
            raise _too_few(pattern)
        taken = {row["value"] for row in await conn.fetch(SELECT_TAKEN, application_id, batch)}
        found += [code for code in batch if code not in taken][:missing]
        size = 4 * max(size, 100)  # a nearly used up pattern should take few rounds
    return sorted(found)  # two requests that draw the same codes wait for each other instead of deadlocking


def _draw(pattern: CodePattern, count: int) -> Iterator[str]:
    """Different codes: at first at random; where that finds too few, every combination in a scattered order."""
    total = pattern.combinations
    at_random = (_random.randrange(total) for _ in range(4 * count + 100))
    start, step = _random.randrange(total), _coprime(total)
    in_turn = ((start + index * step) % total for index in range(min(total, MOST_TRIES)))
    seen: set[str] = set()
    for number in chain(at_random, in_turn):
        code = pattern.code(number)
        if code not in seen:
            seen.add(code)
            yield code


def _coprime(total: int) -> int:
    """A step that, taken `total` times around a circle of `total` places, comes to each of them."""
    step = _random.randrange(total) + 1
    while gcd(step, total) != 1:
        step += 1
    return step


def _too_few(pattern: CodePattern) -> Invalid:
    details = f'Too few codes are left of the pattern "{pattern.prefix}{pattern.pattern}"'
    return Invalid(errors=[Problem.at("/couponPattern", "Invalid value", details)])
