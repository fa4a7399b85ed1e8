"""New codes of coupons and referrals, drawn from a pattern (management.md §6)."""

from collections.abc import Collection, Iterator
from itertools import chain, islice
from math import gcd
from random import SystemRandom
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from guerdon.db.pool import Connection
from guerdon.engine import new_codes
from guerdon.engine.codes import fold
from guerdon.errors import Invalid, Problem

LONGEST_CODE = 100
# Patterns of up to so many combinations are used up to the last code; of larger ones so many are tried.
MOST_TRIES = 200_000
LARGEST_BATCH = 20_000

SELECT_TAKEN_COUPONS = "SELECT value FROM coupons WHERE application_id = $1 AND value = ANY ($2)"
SELECT_TAKEN_REFERRALS = "SELECT value FROM referrals WHERE application_id = $1 AND value = ANY ($2)"

_random = SystemRandom()


class Kind(Struct, frozen=True):
    """Coupons or referrals: what their codes look like where nobody says, and which of some codes are taken."""

    pattern: str
    characters: tuple[str, ...]
    select_taken: str


COUPONS = Kind("########", tuple(ascii_uppercase + digits), SELECT_TAKEN_COUPONS)
REFERRALS = Kind(new_codes.DEFAULT_PATTERN, tuple(new_codes.DEFAULT_CHARACTERS), SELECT_TAKEN_REFERRALS)


class Wanted(Struct, frozen=True):
    """What a request says about new codes; `pointer` is where a problem with the pattern stands."""

    pattern: str | UnsetType
    characters: list[str] | UnsetType
    pointer: str
    prefix: str = ""


class CodePattern(Struct, frozen=True):
    """`prefix` and `pattern`, in which each `#` stands for one of `characters`; `pointer` as in Wanted."""

    pattern: str
    characters: tuple[str, ...]
    prefix: str
    pointer: str

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


def code_pattern(kind: Kind, wanted: Wanted, settings: Any, case_sensitivity: str) -> CodePattern:
    """The pattern of the request, else of the campaign (its code `settings` as stored: plain JSON or UNSET), else the
    usual one; folded, so that two characters that compare equal count once. Raises Invalid."""
    ours: dict[str, Any] = {} if settings is UNSET else settings
    characters = wanted.characters or ours.get("validCharacters") or kind.characters
    if "" in characters:
        raise Invalid(errors=[Problem.at("/validCharacters", "minLength", "Expected `str` of length >= 1")])
    found = CodePattern(
        pattern=fold(wanted.pattern or ours.get("couponPattern") or kind.pattern, case_sensitivity),
        characters=tuple(dict.fromkeys(fold(character, case_sensitivity) for character in characters)),
        prefix=fold(wanted.prefix, case_sensitivity),
        pointer=wanted.pointer,
    )
    if found.longest() > LONGEST_CODE:
        details = f"The codes would be longer than {LONGEST_CODE} characters"
        raise Invalid(errors=[Problem.at(wanted.pointer, "maxLength", details)])
    return found


def new_batch_id() -> str:
    """What the codes of one request share, e.g. `tqyrgahe`."""
    return "".join(_random.choices(ascii_lowercase, k=8))


async def find_taken(conn: Connection, application_id: int, kind: Kind, values: Collection[str]) -> set[str]:
    """Which of these folded codes the Application has already."""
    return {row["value"] for row in await conn.fetch(kind.select_taken, application_id, values)}


async def draw_codes(conn: Connection, application_id: int, kind: Kind, pattern: CodePattern, count: int) -> list[str]:
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
        taken = await find_taken(conn, application_id, kind, batch)
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
    return Invalid(errors=[Problem.at(pattern.pointer, "Invalid value", details)])
