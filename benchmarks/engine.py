"""What the engine costs as campaigns grow, beside other engines (`.venv/bin/python benchmarks/engine.py`).

Four questions: how long matching takes beside zen-engine, a CEL and closures written by hand; whether the cost
follows what can fire (invariant 5), also where campaigns are limited by thousands of products; what ten thousand
campaigns cost to compile, in time and memory; and how long a very large cart takes. Only the engine: no database,
no HTTP. Prints a line for each goal with PASS or MISS. Compare ratios; the times are those of this machine.

Every contender gets its rules compiled and the session as plain data, from which it has to find the ids of exactly
the same three campaigns: zen and CEL in one expression for all, which is their best form.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cel
import zen
from msgspec import structs

from guerdon.engine import Facts, Program, compile_campaign, compile_program, evaluate, matching
from guerdon.engine.program import CampaignSource
from guerdon.wire.base import decoder, encode

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import large_cart
from benchmarks.campaigns import ATTRIBUTES, MATCHING, NOW, SETTINGS, TYPES, asked, contest, facts, mix, session_data

SIZES = (10, 100, 1_000, 10_000)
ROUNDS = 9
SECONDS_OF_A_ROUND = 0.02
EXPECTED = tuple(range(1, MATCHING + 1))
Contender = Callable[[], tuple[int, ...]]


def compiled(sources: Iterable[CampaignSource]) -> Program:
    """The program of these campaigns."""
    return compile_program(1, SETTINGS, ATTRIBUTES, [compile_campaign(one, TYPES) for one in sources])


def times(contenders: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The best time of each in seconds, measured in turns."""
    best: dict[str, float] = {}
    counts: dict[str, int] = {}
    for name, run in contenders.items():
        began = time.perf_counter()
        run()
        counts[name] = max(1, int(SECONDS_OF_A_ROUND / (time.perf_counter() - began)))
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            count = counts[name]
            began = time.perf_counter()
            for _ in range(count):
                run()
            took = (time.perf_counter() - began) / count
            best[name] = min(took, best.get(name, took))
    return best


class Report:
    """The goals, and whether they were met."""

    def __init__(self) -> None:
        self.missed = 0

    def goal(self, what: str, value: float, limit: float, *, least: bool = False, unit: str = "") -> None:
        """A line for a goal: the value must be at most the limit, or at least with `least`."""
        met = value >= limit if least else value <= limit
        self.missed += not met
        word = "at least" if least else "at most"
        print(f"{'PASS' if met else 'MISS'}  {what}: {value:.2f}{unit} ({word} {limit:g}{unit})")


# --- the contest


def contenders(size: int, program: Program, given: Facts) -> dict[str, Contender]:
    """What finds the three campaigns among `size`."""
    wanted = [asked(number) for number in range(size)]
    ids = range(1, size + 1)
    data = session_data(given)
    of_zen = [f"total >= {total} and tier == '{tier}' and '{sku}' in skus" for total, tier, sku in wanted]
    of_cel = [f"total >= {total}.0 && tier == '{tier}' && '{sku}' in skus" for total, tier, sku in wanted]
    by_zen = zen.compile_expression(f"[{', '.join(of_zen)}]")
    by_cel = cel.compile(f"[{', '.join(of_cel)}]")
    context = cel.Context(data)
    needed = {name: data[name] for name in ("total", "tier", "skus")}
    prepared = {**needed, "total": given.session.total, "skus": frozenset(data["skus"])}
    by_hand = [(one, _closure(*what)) for one, what in zip(ids, wanted, strict=True)]

    def with_new_cart() -> tuple[int, ...]:
        given.session.__dict__.clear()  # what the session remembers of its products
        return matching(program, given, NOW)

    return {
        "guerdon": partial(matching, program, given, NOW),
        "zen": lambda: tuple(itertools.compress(ids, by_zen.evaluate(data))),
        "cel": lambda: tuple(itertools.compress(ids, by_cel.execute(data))),
        "closures": lambda: tuple([one for one, holds in by_hand if holds(prepared)]),
        "guerdon, new cart": with_new_cart,
        "zen, no cart": lambda: tuple(itertools.compress(ids, by_zen.evaluate(needed))),
        "cel, no cart": lambda: tuple(itertools.compress(ids, by_cel.execute(needed))),
        "cel, converted before": lambda: tuple(itertools.compress(ids, by_cel.execute(context))),
    }


def _closure(total: int, tier: str, sku: str) -> Callable[[dict[str, Any]], bool]:
    least = Decimal(total)
    return lambda session: session["total"] >= least and session["tier"] == tier and sku in session["skus"]


def hold_contest(report: Report) -> None:
    """Matching beside the others, and the full Outcome."""
    given = facts()
    costs: dict[int, dict[str, float]] = {}
    for size in SIZES:
        program = compiled(contest(size))
        running: dict[str, Callable[[], Any]] = {**contenders(size, program, given)}
        assert all(run() == EXPECTED for run in running.values())
        assert evaluate(program, given, NOW).triggered_campaign_ids == EXPECTED
        running["outcome"] = partial(evaluate, program, given, NOW)
        costs[size] = times(running)
    names = list(costs[SIZES[0]])
    print(f"{'µs at':>24}" + "".join(f"{size:>10}" for size in SIZES))
    for name in names:
        print(f"{name:>24}" + "".join(f"{costs[size][name] * 1e6:10.1f}" for size in SIZES))
    for size in SIZES:
        cost = costs[size]
        others = min(cost["zen"], cost["cel"])
        report.goal(f"{size:6} campaigns, the best of zen and CEL", others / cost["guerdon"],
                    5 if size == 10 else 10, least=True, unit=" times matching")  # fmt: skip
        if size >= 100:
            hand = cost["closures"] / cost["guerdon"]
            report.goal(f"{size:6} campaigns, closures by hand", hand, 1, least=True, unit=" times matching")
        report.goal(f"{size:6} campaigns, the full Outcome", cost["outcome"] * 1e3, 0.5, unit=" ms")
    for name in ("guerdon", "outcome"):
        report.goal(f"{name}, 10,000 campaigns beside 10", costs[SIZES[-1]][name] / costs[10][name], 2, unit=" times")


# --- the mix


def scale_mix(report: Report, *, shared: bool) -> None:
    """Matching and the Outcome among ten and ten thousand campaigns that are limited in different ways."""
    given, kind = facts(), "shared" if shared else "own"
    programs = {size: compiled(mix(size, shared=shared)) for size in (10, 10_000)}
    running: dict[str, Callable[[], Any]] = {}
    for size, program in programs.items():
        assert matching(program, given, NOW) == EXPECTED
        running[f"matching {size}"] = partial(matching, program, given, NOW)
        running[f"outcome {size}"] = partial(evaluate, program, given, NOW)
    cost = times(running)
    for what in ("matching", "outcome"):
        few, many = cost[f"{what} 10"], cost[f"{what} 10000"]
        report.goal(f"{what} with {kind} sets of products, 10,000 beside 10 ({few * 1e6:.1f} µs)", many / few, 2,
                    unit=" times")  # fmt: skip


# --- compiling, each in a process of its own

CASES: dict[str, Callable[[int], Iterable[CampaignSource]]] = {
    "contest": contest,
    "shared sets": lambda size: mix(size, shared=True),
    "own sets": lambda size: mix(size, shared=False),
}


def compile_case(name: str) -> None:
    """Compile ten thousand campaigns from their JSON, then one of them once more; print what it took, in seconds of
    this process."""
    decode, clock = decoder(CampaignSource).decode, time.process_time
    seconds = 0.0
    campaigns = []
    for text in map(encode, CASES[name](SIZES[-1])):
        began = clock()
        campaigns.append(compile_campaign(decode(text), TYPES))
        seconds += clock() - began
    began = clock()
    program = compile_program(1, SETTINGS, ATTRIBUTES, campaigns)
    seconds += clock() - began
    assert matching(program, facts(), NOW) == EXPECTED
    again = []
    for number in range(4, 12):
        changed = structs.replace(campaigns[number].source, name="Changed")
        began = clock()
        campaigns[number] = compile_campaign(changed, TYPES)
        program = compile_program(2, SETTINGS, ATTRIBUTES, campaigns, previous=program)
        again.append(clock() - began)
    assert matching(program, facts(), NOW) == EXPECTED
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    print(json.dumps({"seconds": seconds, "again": median(again) * 1e3, "peak": peak}))


def measure_compiling(report: Report) -> None:
    """Time and memory of every case."""
    for name in CASES:
        answer = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True, env=os.environ)
        found = json.loads(answer.stdout)
        report.goal(f"compiling 10,000 campaigns, {name}", found["seconds"], 20, unit=" s")
        report.goal(f"peak memory of that, {name}", found["peak"], 400, unit=" MB")
        report.goal(f"compiling one changed campaign among them, {name}", found["again"], 50, unit=" ms")


def measure_large_cart(report: Report) -> None:
    """A discount on each of ten thousand units (large_cart.py has more of the kind)."""
    milliseconds, effects = large_cart.cost(*large_cart.EFFECTS["15% off each item"])
    assert effects == large_cart.LINES * large_cart.QUANTITY
    report.goal("1,000 lines of 10, a discount on each unit", milliseconds, 100, unit=" ms")


def main() -> None:
    """All of it; exits 1 where a goal was missed."""
    if len(sys.argv) > 1:
        compile_case(sys.argv[1])
        return
    report = Report()
    hold_contest(report)
    for shared in (True, False):
        scale_mix(report, shared=shared)
    measure_compiling(report)
    measure_large_cart(report)
    raise SystemExit(report.missed > 0)


if __name__ == "__main__":
    main()
