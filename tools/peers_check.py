"""Run the promotion cases of other platforms through the engine: `peers_check.py ../shared [id …]`.

Each vector of vectors/peers.json is written as rules of ours (tools/peers/), judged, and compared with what its
platform gave. What we do not reproduce is listed with the reason in peers_exceptions.txt, which may only shrink: a
vector that fails without a line there fails the check, and so does a line that is not needed. With ids, it shows
the rules of those vectors and what came of them.
"""

import sys
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import msgspec

from guerdon.wire.base import encode
from peers import kinds
from peers.kinds import Vector
from peers.shop import ANY_PRICE, Unknown
from peers.steps import run_lifecycle

KINDS = kinds.KINDS | {"lifecycle": run_lifecycle}
EXCEPTIONS = Path(__file__).parent / "peers_exceptions.txt"
UNKNOWN = (Unknown, LookupError, TypeError, ValueError, ArithmeticError)
BINARY = Context(prec=14)


def main() -> int:
    """Exit status 1 when a vector fails that is not listed, or one that is listed does not."""
    vectors = read((Path(sys.argv[1]) / "vectors" / "peers.json").read_bytes())["vectors"]
    if sys.argv[2:]:
        return show([vector for vector in vectors if vector["id"] in sys.argv[2:]])
    excepted = exceptions(EXCEPTIONS.read_text())
    found = problems(vectors, excepted)
    print("\n".join([*found, summary(vectors, excepted, len(found))]))
    return 1 if found else 0


def read(text: bytes) -> Any:
    """JSON with exact amounts."""
    return msgspec.json.Decoder(Any, float_hook=Decimal).decode(text)


def problems(vectors: list[Vector], excepted: dict[str, str]) -> list[str]:
    """Vectors that fail and are not listed, and lines that are not needed. Vectors that are not here need none."""
    found = []
    for vector in vectors:
        name, why = vector["id"], difference(vector)
        if why and name not in excepted:
            found.append(f"{name}: {why}")
        if not why and name in excepted:
            found.append(f"{name}: reproduced, so take its line out of {EXCEPTIONS.name}")
    return found


def summary(vectors: list[Vector], excepted: dict[str, str], wrong: int) -> str:
    """How many there are of each."""
    listed = [excepted[vector["id"]] for vector in vectors if vector["id"] in excepted]
    design, inexpressible = (sum(reason.startswith(kind) for reason in listed) for kind in REASONS)
    reproduced = len(vectors) - len(listed) - wrong
    return (
        f"{reproduced} of {len(vectors)} reproduced, {design} differ by design, "
        f"{inexpressible} cannot be expressed, {wrong} wrong"
    )


REASONS = ("by design: ", "not expressible: ")


def exceptions(text: str) -> dict[str, str]:
    """The listed vectors with their reasons: `<id> by design: …` or `<id> not expressible: …`."""
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            if not reason.startswith(REASONS):
                raise SystemExit(f"{EXCEPTIONS.name}: {name} needs a reason that begins with one of {REASONS}")
            found[name] = reason
    return found


def difference(vector: Vector) -> str:
    """What is different from the vector's expectation; empty where nothing is."""
    try:
        found = KINDS[vector["kind"]](vector) if vector["kind"] in KINDS else {}
    except UNKNOWN as error:
        return f"not known here: {type(error).__name__} {error}"
    if not found:
        return f"not known here: kind {vector['kind']}"
    for name, value in found.items():
        wanted = vector["expect"][name]
        if not same(wanted, value, ordered=vector["expect"].get("order") != "any"):
            return f"{name} should be {plain(wanted)}, but is {plain(value)}"
    return ""


def same(wanted: Any, found: Any, *, ordered: bool) -> bool:
    """Whether a value is the expected one; amounts are compared as decimals, those with more digits than binary
    fractions have as near as these are."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(
            same(wanted[name], found[name], ordered=ordered) for name in wanted
        )
    if isinstance(wanted, list) and isinstance(found, list):
        if not ordered:
            wanted, found = sorted(wanted, key=str), sorted(found, key=str)
            return sorted(map(plain, wanted)) == sorted(map(plain, found))
        return len(wanted) == len(found) and all(same(*pair, ordered=True) for pair in zip(wanted, found, strict=True))
    if isinstance(found, Decimal | int) and not isinstance(wanted, bool):
        return BINARY.plus(amount(wanted)) == BINARY.plus(Decimal(found))
    return bool(wanted == found)


def amount(value: Any) -> Decimal:
    """An amount of a vector; "x" is the price that was put in for it."""
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return ANY_PRICE


def plain(value: Any) -> str:
    """A value as it is compared without order, and shown."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {plain(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(plain, value)) + "]"
    return f"{Decimal(value).normalize():f}" if isinstance(value, Decimal | int) else str(value)


def show(vectors: list[Vector]) -> int:
    """Print vectors, the cases they become, and the difference."""
    kinds.watchers.append(lambda case: print(encode(case).decode()))
    for vector in vectors:
        print(encode(vector).decode())
        print(difference(vector) or "reproduced")
    return 0


if __name__ == "__main__":
    sys.exit(main())
