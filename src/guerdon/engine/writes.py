"""Custom attributes that effects write (rules.md §4.2): later rules see the new value at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from guerdon.engine.attributes import check_attributes
from guerdon.engine.money import plain
from guerdon.engine.outcome import AttributeChange
from guerdon.engine.props import UpdateAttribute
from guerdon.engine.talang.paths import ATTRIBUTES
from guerdon.engine.talang.values import EvaluationError, text

DEEPEST_WRITTEN = 20  # of a value that leaves the engine; inside, values.DEEPEST_VALUE
STEPS_OF_A_VALUE = 10


class AttributeWrites:
    """What one evaluation wrote. `frame.attributes` holds the values of the session, the profile, the advocate, the
    referral and each coupon, `frame.item_attributes` those of cart items by position."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.changed: dict[tuple[str, int | None, str], Any] = {}

    def current(self, entity: str) -> Mapping[str, Any]:
        """The attributes as they are now; an error where there is no such entity."""
        written: Mapping[str, Any] | None = self.frame.attributes.get(self._place(entity))
        return self._given(entity) if written is None else written

    def update(self, entity: str, name: str, value: Any) -> None:
        """A new value of an attribute; null clears it."""
        before = self._given(entity) if entity != "Session" else {}
        written = self._checked(entity, name, value)
        if entity == "Session":
            self.frame.before_change_of_session()
        else:
            self.frame.before_change()
        place = self._place(entity)
        now = {**self.frame.attributes.get(place, before), name: written}
        self.frame.put(self.frame.attributes, place, now)
        self.frame.put(self.changed, (self._role(entity), self._id(entity), name), written)
        self.frame.emit(UpdateAttribute(path=f"{entity}.Attributes.{name}", value=written))

    def update_items(self, name: str, values: Iterable[tuple[Any, Any]]) -> None:
        """New values of an attribute of cart items. The units of a line share their attributes: the first of a line
        decides."""
        seen: set[int] = set()
        for item, value in values:
            line = item.line
            if line.position in seen or not self.frame.may_touch(item):
                continue
            self.frame.before_change_of_session()
            seen.add(line.position)
            written = self._checked("Item", name, value)
            attributes = self.frame.item_attributes.get(line.position, line.attributes)
            self.frame.put(self.frame.item_attributes, line.position, {**attributes, name: written})
            self.frame.put(self.changed, ("Item", line.position, name), written)
            self.frame.emit(UpdateAttribute(path=f"Session.CartItems.{line.position}.Attributes.{name}", value=written))

    def changes(self) -> tuple[AttributeChange, ...]:
        """All that was written, in order."""
        return tuple(
            AttributeChange(entity=entity, name=name, value=value, id=UNSET if of is None else of)
            for (entity, of, name), value in self.changed.items()
        )

    def _given(self, entity: str) -> Mapping[str, Any]:
        frame = self.frame
        if entity == "Coupon":
            found: Mapping[str, Any] = frame.current_coupon().attributes
        elif entity == "Referral":
            found = frame.current_referral().attributes
        else:
            found = (frame.known_advocate() if entity == "AdvocateProfile" else frame.known_profile()).attributes
        return found

    def _id(self, entity: str) -> int | None:
        return self.frame.current_coupon().id if entity == "Coupon" else None

    def _place(self, entity: str) -> Any:
        return self._role(entity) if entity != "Coupon" else (entity, self._id(entity))

    def _role(self, entity: str) -> str:
        """Whose attributes they are: who types their own code is one person, though not their own friend."""
        if entity != "AdvocateProfile":
            return entity
        return "Profile" if self.frame.facts.own_code else entity

    def _checked(self, entity: str, name: str, value: Any) -> Any:
        written = as_json(self.frame, value)
        problems = check_attributes({name: written}, ATTRIBUTES[entity][0], self.frame.program.definitions)
        if problems:
            raise EvaluationError(problems[0].details)
        return written


def as_json(frame: Any, value: Any, depth: int = 0) -> Any:
    """A value of a rule as JSON has it: times are texts, numbers exact. A cart item has no such form."""
    frame.visit(STEPS_OF_A_VALUE)
    if depth > DEEPEST_WRITTEN:
        raise EvaluationError(f"lists and maps stand at most {DEEPEST_WRITTEN} deep in each other")
    if isinstance(value, datetime):
        return text(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, list):
        return [as_json(frame, part, depth + 1) for part in value]
    if isinstance(value, Mapping):
        return {key: as_json(frame, part, depth + 1) for key, part in value.items()}
    if value is None or isinstance(value, str | bool | int):
        return value
    raise EvaluationError("a cart item cannot be written into an effect")
