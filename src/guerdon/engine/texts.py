"""Large sets of texts, such as the SKUs of a collection, in little room.

A frozenset of 5,000 texts takes a quarter of a megabyte or more; thousands of campaigns with sets of their own would
not fit into a process. Here every text that is in such a set has a number, and a set is its numbers: four bytes a
member. A number stays taken while the process lives, so memory grows with the different texts ever seen in large
sets (about 150 bytes each), not with the sets.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from threading import Lock

FEW = 100


class _Numbers(dict[str, int]):
    """The number of every text; `texts` are the texts by number."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._lock = Lock()

    def __missing__(self, text: str) -> int:
        with self._lock:
            if text not in self:
                self.texts.append(text)
                self[text] = len(self.texts) - 1
            return self[text]


_NUMBERS = _Numbers()


def numbers_of(texts: Iterable[str]) -> "array[int]":
    """The numbers of texts, in their order."""
    return texts.numbers if isinstance(texts, Texts) else array("I", map(_NUMBERS.__getitem__, texts))


def number_of(text: str) -> int:
    """The number of a text that has one."""
    return _NUMBERS[text]


def texts_of(numbers: Iterable[int]) -> list[str]:
    """The texts of numbers, in their order."""
    return list(map(_NUMBERS.texts.__getitem__, numbers))


class Texts(Collection[str]):
    """An immutable set of texts, as `numbers` in the order they were given.

    >>> skus = Texts(["B", "A"])
    >>> list(skus), "A" in skus, "C" in skus, len(skus)
    (['B', 'A'], True, False, 2)
    """

    __slots__ = ("_hash", "_sorted", "numbers")

    def __init__(self, members: Iterable[str]) -> None:
        self.numbers = numbers_of(members)
        self._hash = hash(self.numbers.tobytes())
        self._sorted: array[int] | None = None

    def __contains__(self, member: object) -> bool:
        number = _NUMBERS.get(member, -1)  # type: ignore[call-overload]
        if self._sorted is None:  # most are never searched: the index knows what is in them
            self._sorted = array("I", sorted(self.numbers))
        at = bisect_left(self._sorted, number)
        return at < len(self._sorted) and self._sorted[at] == number

    def __iter__(self) -> Iterator[str]:
        return iter(texts_of(self.numbers))

    def __len__(self) -> int:
        return len(self.numbers)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Texts) and self._hash == other._hash and self.numbers == other.numbers


def set_of(members: list[str]) -> frozenset[str] | Texts:
    """A set of texts; few of them are quicker to look up in a frozenset."""
    return frozenset(members) if len(members) <= FEW else Texts(members)
