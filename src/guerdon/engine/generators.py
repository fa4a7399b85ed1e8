"""What an evaluation may make anew: ids of transactions and codes of coupons. They are handed in, for the engine
knows no chance; where nothing is handed in, they follow from the seed in the facts, so they can be made again."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol
from uuid import UUID


class Generators(Protocol):
    """Makers of ids and codes. `turn` counts what was asked for in one evaluation, from 0."""

    def uuid(self, turn: int) -> str:
        """The id of a ledger transaction."""

    def code(self, turn: int, pattern: str, characters: Sequence[str]) -> str:
        """A code: each `#` of the pattern becomes one of the characters."""


class Seeded:
    """Ids and codes that follow from a seed: guessable by whoever knows it, the same every time."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def uuid(self, turn: int) -> str:
        """A UUID of version 8 (RFC 9562) of the seed and the turn."""
        digits = self._bytes("uuid", turn).hex()
        return str(UUID(f"{digits[:12]}8{digits[13:16]}{'89ab'[int(digits[16], 16) % 4]}{digits[17:32]}"))

    def code(self, turn: int, pattern: str, characters: Sequence[str]) -> str:
        """A code of the seed and the turn."""
        stream = self._bytes("code", turn)
        while len(stream) < 2 * len(pattern):
            stream += sha256(stream).digest()
        drawn = (int.from_bytes(stream[2 * at : 2 * at + 2], "big") for at in range(len(pattern)))
        return "".join(
            characters[number % len(characters)] if char == "#" else char
            for char, number in zip(pattern, drawn, strict=True)
        )

    def _bytes(self, what: str, turn: int) -> bytes:
        return sha256(f"{self._seed}\n{what}\n{turn}".encode()).digest()
