"""What a session update costs, as a multiple of the least it could cost (`make bench`).

A real `guerdon serve` with one worker answers PUT /v2/customer_sessions/{id}: five cart lines, one coupon code,
ten active campaigns of which three match (or more lines and campaigns, by option), durable commits, concurrency 8. The
floor (see `floor.py`) is measured in the same run on the same PostgreSQL, in turns with the server, because timings of
one machine drift.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from guerdon.db.embedded import Embedded

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import floor
from benchmarks.shop import CAMPAIGNS, MUST_HOLD, Shop, add_campaigns, start_server, worker_memory

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 8
LEAST_SHARE, WANTED_SHARE = 0.30, 0.40
MOST_SLOWER = 2.5
MOST_MEMORY = 150


class Process:
    """A helper process that is given orders line by line."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        pipe = subprocess.PIPE
        self.name = module
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
        self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the helper process {self.name} ended early")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def measure(self, concurrency: int, seconds: float) -> dict[str, Any]:
        """Figures of one round."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"concurrency": concurrency, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        found = self._read()
        if found["bad"]:
            raise SystemExit(f"{found['bad']} of {found['count']} answers were wrong, the first:\n{found['first_bad']}")
        return found

    def close(self) -> None:
        """End of orders."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


@contextmanager
def processes(*wanted: tuple[str, ...]) -> Iterator[list[Process]]:
    """Helper processes, closed at the end."""
    with ExitStack() as stack:
        started = []
        for module, *arguments in wanted:
            process = Process(module, *arguments)
            stack.callback(process.close)
            started.append(process)
        yield started


def rounds(sides: list[Process], concurrency: int, options: argparse.Namespace) -> list[list[dict[str, Any]]]:
    """For each side its figures, round by round, the sides in turns; the first round is not counted."""
    found: list[list[dict[str, Any]]] = [[] for _ in sides]
    for number in range(options.rounds + 1):
        for own, side in zip(found, sides, strict=True):
            figures = side.measure(concurrency, options.seconds if number else 1)
            if number:
                own.append(figures)
    return found


def middle(figures: list[dict[str, Any]], name: str) -> float:
    """The median of one figure over the rounds."""
    return float(statistics.median(each[name] for each in figures))


def ratio(upper: list[dict[str, Any]], lower: list[dict[str, Any]], name: str) -> float:
    """The median of the ratios of neighbouring rounds: drift of the machine falls out."""
    return float(statistics.median(a[name] / b[name] for a, b in zip(upper, lower, strict=True)))


def verdict(met: bool) -> str:
    """In a word."""
    return "met" if met else "MISSED"


def report_floor(many: list[dict[str, Any]], one: list[dict[str, Any]]) -> None:
    """The floor alone."""
    print(f"floor, concurrency {CONNECTIONS}: {middle(many, 'per_second'):8.0f} transactions/s")
    print(f"floor, concurrency 1: {middle(one, 'p50_ms'):8.2f} ms p50")


def report(many: list[list[dict[str, Any]]], one: list[list[dict[str, Any]]], memory: float) -> None:
    """Floor, server, ratios and targets."""
    report_floor(many[0], one[0])
    print(f"server, concurrency {CONNECTIONS}: {middle(many[1], 'per_second'):7.0f} session updates/s")
    print(f"server, concurrency 1: {middle(one[1], 'p50_ms'):7.2f} ms p50")
    share = ratio(many[1], many[0], "per_second")
    slower = ratio(one[1], one[0], "p50_ms")
    goal = f"target >= {LEAST_SHARE:.2f}, goal {WANTED_SHARE:.2f}"
    print(f"throughput, server : floor   {share:6.2f}   ({goal}: {verdict(share >= LEAST_SHARE)})")
    print(f"p50 alone, server : floor    {slower:6.2f}   (target <= {MOST_SLOWER}: {verdict(slower <= MOST_SLOWER)})")
    print(f"worker memory            {memory:7.0f} MB  (target <= {MOST_MEMORY}: {verdict(memory <= MOST_MEMORY)})")


def floor_url(url: str) -> str:
    """The floor's own database; refuses a PostgreSQL that does not wait for the disk."""
    if not asyncio.run(floor.durable(url)):
        raise SystemExit("fsync or synchronous_commit is off: the figures would mean nothing")
    return asyncio.run(floor.prepare(url))


def only_floor(options: argparse.Namespace, folder: Path) -> None:
    """`--raw-floor`."""
    postgres = Embedded(folder)
    try:
        with processes(("benchmarks.floor", floor_url(postgres.url), str(CONNECTIONS), str(options.lines))) as sides:
            report_floor(rounds(sides, CONNECTIONS, options)[0], rounds(sides, 1, options)[0])
    finally:
        postgres.stop()


def floor_and_server(options: argparse.Namespace, folder: Path) -> None:
    """The whole comparison."""
    with start_server(folder) as server:
        shop = Shop(server.url, CONNECTIONS, options.lines)
        shop.create()
        asyncio.run(add_campaigns(server.database_url, options.campaigns - len(CAMPAIGNS)))
        shop.verify()
        plan = folder / "plan.json"
        host, port = server.address
        plan.write_text(
            json.dumps({"host": host, "port": port, "requests": shop.requests(host), "must_hold": MUST_HOLD})
        )
        wanted = (
            ("benchmarks.floor", floor_url(server.database_url), str(CONNECTIONS), str(options.lines)),
            ("benchmarks.loadgen", str(plan)),
        )
        with processes(*wanted) as sides:
            many = rounds(sides, CONNECTIONS, options)
            one = rounds(sides, 1, options)
        report(many, one, worker_memory(server.pid))


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw-floor", action="store_true", help="measure only the floor")
    parser.add_argument("--lines", type=int, default=5, help="cart lines: 5 or more")
    parser.add_argument("--campaigns", type=int, default=len(CAMPAIGNS), help="active campaigns: 10 or more")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gb-", ignore_cleanup_errors=True) as name:
        (only_floor if options.raw_floor else floor_and_server)(options, Path(name))


if __name__ == "__main__":
    main()
