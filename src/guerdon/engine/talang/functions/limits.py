"""What the limits of the campaign and of the code leave (rules.md §4.1, §7.8)."""

from decimal import Decimal
from typing import Any

from guerdon.engine.talang.kinds import BOOLEAN, NUMBER
from guerdon.engine.talang.known import ACTION
from guerdon.engine.talang.registry import declare


@declare("budgetAvailable", ACTION, returns=BOOLEAN, frame=True,
         example=(["budgetAvailable", "setDiscount"], True))  # fmt: skip
def _budget_available(frame: Any, action: str) -> bool:
    """Whether there is anything left of an action: `["budgetAvailable", "setDiscount"]`. Holds where nothing limits
    it; a limit for each profile is an error where the session has none."""
    room = frame.limits.room(action)
    return room is None or room > 0


@declare("budgetEnoughFor", ACTION, NUMBER, returns=BOOLEAN, frame=True,
         example=(["budgetEnoughFor", "setDiscountEffect", 2], True))  # fmt: skip
def _budget_enough_for(frame: Any, action: str, value: Decimal) -> bool:
    """Whether so much is left of an action: an amount for `setDiscount`, a number of effects for most others."""
    room = frame.limits.room(action)
    return room is None or room >= value
