"""Notifications, custom effects and attributes (rules.md §4.2). What they do to the running session is in frame.py."""

from decimal import Decimal
from typing import Any

from guerdon.engine.talang.kinds import ANY, EFFECT, MAP, NUMBER, TEXT
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import EvaluationError

NOTIFICATION_TYPES = ("Info", "Offer", "Error", "Misc")
LARGEST_ID = 2**53


@declare("showNotification", TEXT, TEXT, TEXT, returns=EFFECT, frame=True, failure=True, per_item=True)
def _show_notification(frame: Any, kind: str, title: str, body: str) -> None:
    """A message for the customer: type Info, Offer, Error or Misc, title and body."""
    if kind not in NOTIFICATION_TYPES:
        raise EvaluationError(f"the type of a notification is one of {', '.join(NOTIFICATION_TYPES)}, not {kind!r}")
    frame.show_notification(kind, title, body)


@declare("customEffect", NUMBER, TEXT, MAP, optional=1, returns=EFFECT, frame=True, failure=True)
def _custom_effect(frame: Any, effect_id: Decimal, name: str, payload: dict[str, Any] | None = None) -> None:
    """An effect of the shop's own: id, name and payload: `["customEffect", 7, "wrap", ["kv", ["paper", "red"]]]`."""
    if effect_id != effect_id.to_integral_value() or not 0 <= effect_id <= LARGEST_ID:
        raise EvaluationError("the id of a custom effect is a whole number")
    frame.custom_effect(int(effect_id), name, payload or {})


@declare("updateAttribute", "path", ANY, returns=EFFECT, frame=True)
def _update_attribute(frame: Any, target: tuple[str, str, str], value: Any) -> None:
    """A new value for a custom attribute: `["updateAttribute", ["Session", "Attributes", "tier"], "Gold"]`."""
    frame.update_attribute(target, value)
