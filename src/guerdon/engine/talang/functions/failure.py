"""What is done when a condition does not hold (rules.md §5.4)."""

from collections.abc import Callable
from typing import Any

from guerdon.engine.talang.kinds import BOOLEAN, EFFECTS
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import ERRORS, expect


@declare("onFailure", BOOLEAN, EFFECTS, returns=BOOLEAN, frame=True, lazy=True,
         example=(["onFailure", True, [["showNotification", "Info", "Nearly", "10 to go"]]], True))  # fmt: skip
def _on_failure(frame: Any, condition: Callable[[], Any], effects: Callable[[], Any]) -> bool:
    """The condition itself; where it does not hold and the rule fails for it, the effects are done. They are
    notifications and custom effects, and do not make the rule succeed:
    `["onFailure", [">=", [".", "Session", "Total"], 50], [["showNotification", "Info", "Nearly", "10 to go"]]]`."""
    try:
        holds: bool = expect(bool, condition(), BOOLEAN)
    except ERRORS:
        frame.failed_conditions.append((frame.condition_index, effects()))
        raise
    if not holds:
        frame.failed_conditions.append((frame.condition_index, effects()))
    return holds
