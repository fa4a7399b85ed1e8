"""The rule language, by itself: `evaluate` an expression; whatever is wrong with one is a TalangError."""

from guerdon.engine.talang.interpret import evaluate
from guerdon.engine.talang.values import TalangError

__all__ = ["TalangError", "evaluate"]
