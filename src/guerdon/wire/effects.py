"""Effects on the wire. They are the engine's own vocabulary, so they are defined there, once (layout.md §1)."""

from guerdon.engine.effects import Effect, RuleFailureReason

__all__ = ["Effect", "RuleFailureReason"]
