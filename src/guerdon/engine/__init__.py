"""The engine as a library: rules in, effects out. Pure: standard library and msgspec, no I/O, no clock, no chance."""

from guerdon.engine.evaluate import evaluate
from guerdon.engine.facts import Facts
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Program, check_ruleset, compile_campaign, compile_program

__all__ = ["Facts", "Outcome", "Program", "check_ruleset", "compile_campaign", "compile_program", "evaluate"]
