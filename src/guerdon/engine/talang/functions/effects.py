"""Messages, and attributes that rules write (rules.md §4.2)."""

from collections.abc import Callable
from typing import Any

from guerdon.engine.props import ShowNotification
from guerdon.engine.talang.bundles import units
from guerdon.engine.talang.kinds import ANY, EFFECT, ITEM, LAMBDA, TEXT, list_of
from guerdon.engine.talang.known import ITEM_ATTRIBUTE, TARGET
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import EvaluationError

NOTIFICATION_TYPES = ("Info", "Offer", "Error", "Misc")


@declare("showNotification", TEXT, TEXT, TEXT, returns=EFFECT, frame=True, failure=True, per_item=True)
def _show_notification(frame: Any, kind: str, title: str, body: str) -> None:
    """A message for the customer: type Info, Offer, Error or Misc, title and body."""
    if kind not in NOTIFICATION_TYPES:
        raise EvaluationError(f"the type of a notification is one of {', '.join(NOTIFICATION_TYPES)}, not {kind!r}")
    frame.emit(ShowNotification(notification_type=kind, title=title, body=body))


@declare("updateAttribute", TARGET, ANY, returns=EFFECT, frame=True)
def _update_attribute(frame: Any, target: tuple[str, str, str], value: Any) -> None:
    """A new value for a custom attribute: `["updateAttribute", ["Session", "Attributes", "tier"], "Gold"]`. It can be
    of Session, Profile, AdvocateProfile, Coupon or Referral; null clears it, and later rules see it at once."""
    frame.writes.update(target[0], target[1], value)


@declare("updateItemAttribute", list_of(ITEM), ITEM_ATTRIBUTE, LAMBDA, returns=EFFECT, frame=True, per_item=True)
def _update_item_attribute(
    frame: Any, items: list[Any], target: tuple[str, str, str], value: Callable[[Any], Any]
) -> None:
    """A new value for a custom attribute of each item of a list:
    `["updateItemAttribute", [".", "Session", "CartItems"], "gift", [["Item"], true]]`. The units of a line share it:
    the first of a line decides."""
    frame.writes.update_items(target[1], ((item, value(item)) for item, _ in units(frame, items)))
