"""New codes of coupons and referrals, drawn from a pattern (management.md §6)."""

from asyncio import to_thread
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice, product
from os import urandom
from random import SystemRandom
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from guerdon.db.pool import Connection
from guerdon.engine import new_codes
from guerdon.engine.codes import fold
from guerdon.errors import Invalid, Problem

LONGEST_CODE = 100
# Of patterns of so few combinations, those that are left are counted before any is drawn.
FEW = 50_000
# Patterns of up to so many are used up to the last code; larger ones are full when 19 of 20 codes are taken.
MOST_COUNTED = 2_000_000
ONE_OF = 20
LARGEST_BATCH = 20_000
BYTE = 256

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
    def places(self) -> int:
        """How many characters of a code are drawn."""
        return self.pattern.count("#")

    @property
    def combinations(self) -> int:
        """How many codes there can be at most."""
        combinations: int = len(self.characters) ** self.places
        return combinations

    def longest(self) -> int:
        """The length of the longest code."""
        return len(self.prefix) + len(self.pattern) + self.places * (max(map(len, self.characters)) - 1)

    def at_random(self, count: int) -> list[str]:
        """So many codes, which nobody can foresee; some may be the same."""
        drawn = _characters(self.characters, count * self.places)
        return self._codes(drawn[start : start + self.places] for start in range(0, len(drawn), self.places))

    def every(self) -> Iterator[list[str]]:
        """Each code once, in batches."""
        combinations = product(self.characters, repeat=self.places)
        while batch := list(islice(combinations, LARGEST_BATCH)):
            yield self._codes(batch)

    def _codes(self, drawn: Iterable[Sequence[str]]) -> list[str]:
        template = self.pattern.replace("%", "%%").replace("#", "%s")
        return [self.prefix + template % tuple(characters) for characters in drawn]


def _characters(alphabet: Sequence[str], count: int) -> Sequence[str]:
    """So many of the alphabet, each as likely as any other, from the operating system's source of secrets."""
    size = len(alphabet)
    if size > BYTE or any(len(character) != 1 or ord(character) >= BYTE for character in alphabet):
        return _random.choices(alphabet, k=count)
    # Bytes become characters without a loop; those above the last multiple of the size would favour some.
    table = bytes(ord(alphabet[byte % size]) for byte in range(BYTE))
    left_over = bytes(range(BYTE - BYTE % size, BYTE))
    drawn = b""
    while len(drawn) < count:
        drawn += urandom(count - len(drawn) + count // 8 + 16).translate(table, left_over)
    return drawn[:count].decode("latin-1")


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
        raise _too_few(pattern, count)
    if not pattern.places:
        return [pattern.prefix + pattern.pattern]
    found: set[str] = set()
    size, fruitful = count, pattern.combinations > FEW
    while fruitful and (missing := count - len(found)):
        drawn = set(await to_thread(pattern.at_random, min(size, LARGEST_BATCH))) - found
        free = drawn - await find_taken(conn, application_id, kind, drawn)
        found.update(islice(free, missing))
        fruitful = ONE_OF * len(free) > len(drawn)
        size = 4 * max(missing, 100)  # a nearly used up pattern should take few rounds
    if missing := count - len(found):
        left = await _left(conn, application_id, kind, pattern, found)
        if len(left) < missing:
            raise _too_few(pattern, count, len(left) + len(found))
        found.update(_random.sample(left, missing))
    return sorted(found)  # two requests that draw the same codes wait for each other instead of deadlocking


async def _left(
    conn: Connection, application_id: int, kind: Kind, pattern: CodePattern, found: Collection[str]
) -> list[str]:
    """Every code of the pattern that is neither taken nor found; raises Invalid where that would take too long."""
    if pattern.combinations > MOST_COUNTED:
        raise _too_few(pattern)
    left: list[str] = []
    batches = pattern.every()
    while batch := await to_thread(next, batches, None):
        taken = await find_taken(conn, application_id, kind, batch)
        left += [code for code in batch if code not in taken and code not in found]
    return left


class PatternFull(Invalid):
    """Too few codes are left of a pattern."""


def _too_few(pattern: CodePattern, wanted: int | None = None, left: int | None = None) -> PatternFull:
    details = f'Too few codes are left of the pattern "{pattern.prefix}{pattern.pattern}"'
    if wanted is not None:
        of_them = "" if left is None else f", of which {left} are left"
        details += f": it has {pattern.combinations}{of_them}, and {wanted} are wanted"
    return PatternFull(errors=[Problem.at(pattern.pointer, "Invalid value", details)])
