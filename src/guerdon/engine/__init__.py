"""The engine as a library: rules in, effects out. Pure: no I/O, no clock, no chance; nothing
but the standard library, msgspec and RE2."""

from guerdon.engine.case import Case, CaseProblem, read_case
from guerdon.engine.evaluate import evaluate
from guerdon.engine.facts import Facts
from guerdon.engine.judge import judge
from guerdon.engine.library import Library
from guerdon.engine.matching import matching
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program, compile_program
from guerdon.engine.ruleset import check_filter, check_ruleset, compile_campaign

__all__ = [
    "Case", "CaseProblem", "Facts", "Library", "Outcome", "Program", "check_filter", "check_ruleset",
    "compile_campaign", "compile_program", "evaluate", "judge", "matching", "read_case",
]  # fmt: skip
