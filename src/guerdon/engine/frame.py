"""The running state of one evaluation: what rules read from, and what their effects change until they fail.

Everything that can change is the list of effects and dicts that are written through `put`: what was granted,
attributes, values of bindings. A failed rule is undone from the log of old values. The facts never change.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from guerdon.engine import props as kinds
from guerdon.engine.attributes import check_attributes
from guerdon.engine.discounts import Discounts
from guerdon.engine.effects import Effect, effect_of
from guerdon.engine.facts import CartItem, Coupon, Facts, Profile, Referral
from guerdon.engine.generators import Generators, Seeded
from guerdon.engine.limits import Limits
from guerdon.engine.money import plain
from guerdon.engine.outcome import AttributeChange
from guerdon.engine.program import Campaign, Program, Rule
from guerdon.engine.props import Props
from guerdon.engine.talang.values import ERRORS, EvaluationError, reason, shown, text
from guerdon.engine.undo import Undo

_UNBOUND = object()
Unit = tuple[int, int | None]
MOST_STEPS = 1_000_000
DEEPEST_VALUE = 20
STEPS_OF_A_VALUE = 10


class Item:
    """One unit of a cart line; without flattening, the whole line. `sub_position` is its number in the line, None for
    a whole line; `unit` tells units apart; `mapped` is its value in a value map."""

    __slots__ = ("count", "line", "mapped", "sub_position", "unit")

    def __init__(self, line: CartItem, sub_position: int | None, mapped: Decimal | None = None) -> None:
        self.line = line
        self.sub_position = sub_position
        self.unit = (line.position, sub_position)
        self.count = line.remaining if sub_position is None else 1
        self.mapped = mapped

    def with_value(self, mapped: Decimal) -> "Item":
        """The same unit with its value in a value map."""
        return Item(self.line, self.sub_position, mapped)

    @property
    def position(self) -> Decimal:
        """The place of the line in the cart."""
        return Decimal(self.line.position)

    @property
    def number(self) -> Decimal:
        """The number of the unit in its line."""
        return Decimal(self.sub_position or 0)

    @property
    def quantity(self) -> Decimal:
        """How many units it stands for."""
        return Decimal(self.count)

    @property
    def total(self) -> Decimal:
        """Price and additional costs of the unit."""
        return self.line.price + self.line.costs


class _NoValue:
    """What a binding is whose computation failed."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Mark(Struct, frozen=True):
    """Where a frame stood: how many effects it had, and how many changes."""

    effects: int
    changes: int


class Frame:
    """One evaluation. `campaign` and `rule` are whose turn it is, `coupon` and `referral` the codes being judged,
    `condition_index` the condition; `failing` is the condition whose failure effects run. `only` are the units that
    effects may touch, None for all."""

    def __init__(self, program: Program, facts: Facts, now: datetime, generators: Generators | None = None) -> None:
        self.program = program
        self.facts = facts
        self.session = facts.session
        self.now = now
        self.effects: list[Effect] = []
        self.attributes: dict[str, dict[str, Any]] = {
            "Session": facts.session.attributes,
            "Profile": facts.profile.attributes if facts.profile else {},
        }
        self.changed: dict[tuple[str, str], Any] = {}
        self._undo = Undo()
        self.limits = Limits(program.settings, facts, now, self._undo)
        self.discounts = Discounts(facts.session, program.settings, self.limits, self._undo)
        self.campaign: Campaign
        self.rule: Rule
        self.coupon: Coupon | None = None
        self.referral: Referral | None = None
        self.condition_index = 0
        self.failing: int | None = None
        self.failed_conditions: list[tuple[int, Callable[[], Any]]] = []
        self.only: frozenset[Unit] | None = None
        self.generators = generators or Seeded(facts.seed)
        self._frozen = False
        self._items: list[Item] | None = None
        self._values: dict[Any, Any] = {}
        self._steps = 0

    # --- what rules read

    def items(self) -> list[Item]:
        """The cart, unit by unit where the Application flattens it (rules.md §5.12)."""
        if self._items is None:
            if self.program.settings.flattened:
                lines = self.session.cart_items
                self._items = [Item(line, number) for line in lines for number in range(line.remaining)]
            else:
                self._items = [Item(line, None) for line in self.session.cart_items if line.remaining > 0]
        return self._items

    def known_profile(self) -> Profile:
        """The customer; an error in an anonymous session."""
        if self.facts.profile is None:
            raise EvaluationError("the session has no profile")
        return self.facts.profile

    def current_coupon(self) -> Coupon:
        """The code being judged; an error where there is none."""
        if self.coupon is None:
            raise EvaluationError("no coupon is being judged")
        return self.coupon

    def coupon_remainder(self) -> Decimal | None:
        """What the coupon can still give; None without a discount limit."""
        return self.limits.coupon_left(self.current_coupon())

    def coupon_valid(self) -> bool:
        """Whether a valid code is being judged; codes that failed their checks never get here."""
        return self.coupon is not None

    def unit(self, value: Any) -> Item:
        """An element of a list that must hold cart items."""
        if not isinstance(value, Item):
            raise EvaluationError(f"expected a cart item, got {shown(value)}")
        return value

    def may_touch(self, item: Item) -> bool:
        """Whether effects may touch the unit: in a group that gives each unit to one campaign, another may have it."""
        return self.only is None or item.unit in self.only

    def visit(self, count: int) -> None:
        """Count list elements that are about to be walked over; a campaign may visit a million of them."""
        self._steps += count
        if self._steps > MOST_STEPS:
            raise EvaluationError("the rule takes too many steps")

    def collection(self, name: str) -> frozenset[str] | None:
        """A collection of the campaign."""
        return self.campaign.collections.get(name)

    def bound(self, index: int) -> Any:
        """The value of a binding, computed when it is first asked for; so is the error where it has none."""
        value = self._values.get(index, _UNBOUND)
        if value is _UNBOUND:
            value = self._compute(index)
        if type(value) is _NoValue:
            raise EvaluationError(value.reason)
        return value

    def _compute(self, index: int) -> Any:
        try:
            value = self.campaign.bindings[index](self)
        except ERRORS as error:
            value = _NoValue(reason(error))
        self.put(self._values, index, value)
        return value

    # --- turns

    def begin_campaign(self, campaign: Campaign, referral: Referral | None = None) -> None:
        """Start a campaign: nothing of it is bound yet."""
        self.campaign = campaign
        self.coupon = None
        self.referral = referral
        self._values = {}
        self._frozen = not campaign.frozen_bindings
        self._steps = 0
        self.limits.begin(campaign, None)

    def begin_rule(self, rule: Rule, coupon: Coupon | None) -> None:
        """The next rule, for a code or for none: bindings that look at the coupon are computed anew for each."""
        self.rule = rule
        if coupon is not self.coupon:
            self.coupon = coupon
            self.limits.begin(self.campaign, coupon)
            for index in self.campaign.coupon_bindings:
                self._values.pop(index, None)
            self._frozen = not self.campaign.frozen_bindings

    def before_change(self) -> None:
        """Something that bindings may look at is about to change: those of the ruleset that have no value yet get
        theirs now, so that all of them see the state before it (rules.md §5.3)."""
        if not self._frozen:
            self._frozen = True
            for index in self.campaign.frozen_bindings:
                if index not in self._values:
                    self._compute(index)

    def mark(self) -> Mark:
        """Where the frame stands."""
        return Mark(len(self.effects), self._undo.mark())

    def restore(self, mark: Mark) -> None:
        """Take back every effect and change since the mark."""
        del self.effects[mark.effects :]
        self._undo.back_to(mark.changes)
        self._frozen = False

    def attempt(self, action: Callable[[], Any]) -> str:
        """Run an effect; where it fails it leaves nothing, and the reason is returned."""
        start = self.mark()
        try:
            action()
        except ERRORS as error:
            self.restore(start)
            return reason(error)
        return ""

    def run_failure_effects(self) -> None:
        """The rule failed: what was attached to the conditions that failed is done (rules.md §5.4)."""
        if self.failed_conditions:
            for index, effects in self.failed_conditions:
                self.failing = index
                self.attempt(effects)
            self.failed_conditions.clear()
            self.failing = None

    def put(self, where: dict[Any, Any], key: Any, value: Any) -> None:
        """Change a value so that a failing rule can be undone."""
        self._undo.put(where, key, value)

    def emit(self, props: Props) -> None:
        """Add an effect in the name of the rule whose turn it is."""
        self.emit_all((props,))

    def emit_all(self, several: Iterable[Props]) -> None:
        """Add many effects at once."""
        wrapper = self.wrapper()
        self.effects.extend([effect_of(props, wrapper) for props in several])

    def wrapper(self) -> dict[str, Any]:
        """What every effect says about where it comes from (core.md §4.2)."""
        source = self.campaign.source
        wrapper: dict[str, Any] = {
            "campaign_id": source.id,
            "ruleset_id": source.ruleset_id if source.ruleset_id is not None else -1,
            "rule_index": self.rule.index,
            "rule_name": self.rule.title,
            "evaluation_group_id": source.group_id,
            "evaluation_group_mode": source.group_mode,
        }
        if self.coupon is not None:
            wrapper["triggered_by_coupon"] = self.coupon.id
        if self.failing is not None:
            wrapper["condition_index"] = self.failing
        return wrapper

    # --- effects

    def show_notification(self, kind: str, title: str, body: str) -> None:
        """A message for the customer."""
        self.emit(kinds.ShowNotification(notification_type=kind, title=title, body=body))

    def custom_effect(self, effect_id: int, name: str, payload: dict[str, Any]) -> None:
        """An effect of the shop's own."""
        self.emit(kinds.CustomEffect(effect_id=effect_id, name=name, payload=self._json(payload)))

    def update_attribute(self, target: tuple[str, str, str], value: Any) -> None:
        """A new value for a session or profile attribute; later rules see it at once."""
        entity, name, _ = target
        if entity == "Profile":
            self.known_profile()
        owner = {"Session": "CustomerSession", "Profile": "CustomerProfile"}[entity]
        written = self._json(value)
        problems = check_attributes({name: written}, owner, self.program.definitions)
        if problems:
            raise EvaluationError(problems[0].details)
        self.before_change()
        self.put(self.attributes, entity, {**self.attributes[entity], name: written})
        self.put(self.changed, (entity, name), written)
        self.emit(kinds.UpdateAttribute(path=f"{entity}.Attributes.{name}", value=written))

    def attribute_changes(self) -> tuple[AttributeChange, ...]:
        """What the effects made of the custom attributes."""
        return tuple(
            AttributeChange(entity=entity, name=name, value=value) for (entity, name), value in self.changed.items()
        )

    def _json(self, value: Any, depth: int = 0) -> Any:
        """A value of a rule as JSON has it."""
        self.visit(STEPS_OF_A_VALUE)
        if depth > DEEPEST_VALUE:
            raise EvaluationError(f"lists and maps stand at most {DEEPEST_VALUE} deep in each other")
        if isinstance(value, datetime):
            return text(value)
        if isinstance(value, Decimal):
            return plain(value)
        if isinstance(value, list):
            return [self._json(part, depth + 1) for part in value]
        if isinstance(value, dict):
            return {key: self._json(part, depth + 1) for key, part in value.items()}
        if value is None or isinstance(value, str | bool | int):
            return value
        raise EvaluationError(f"{shown(value)} cannot be written into an effect")
