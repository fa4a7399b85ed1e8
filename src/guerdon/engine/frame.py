"""The running state of one evaluation: what rules read from, and what their effects change until they fail.

Everything that can change is the list of effects and dicts that are written through `put`: what was granted,
attributes, values of bindings. A failed rule is undone from the log of old values. The facts never change.
What only some rules need (points, codes, audiences …) is made when it is first asked for.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from guerdon.engine.achievements import Achievements
from guerdon.engine.custom import Custom
from guerdon.engine.discounts import Discounts
from guerdon.engine.effects import Effect, effect_of
from guerdon.engine.facts import Coupon, Facts, Profile, Referral, Session, Store
from guerdon.engine.generators import Generators, Seeded
from guerdon.engine.giveaways import Giveaways
from guerdon.engine.items import Item, Unit
from guerdon.engine.limits import Limits
from guerdon.engine.memberships import Memberships
from guerdon.engine.new_codes import Codes
from guerdon.engine.points import Points
from guerdon.engine.program import Campaign, Program, Rule
from guerdon.engine.props import Props
from guerdon.engine.talang.scopes import Scope
from guerdon.engine.talang.values import ERRORS, MOST_STEPS, EvaluationError, reason, shown
from guerdon.engine.undo import Undo
from guerdon.engine.writes import AttributeWrites

_UNBOUND = object()


class _NoSession:
    """The session of a request that has none: whatever a rule reads of it is an error (core.md §9.1)."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        raise EvaluationError("the request has no session")


_NO_SESSION: Any = _NoSession()


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
        self.session: Session = facts.session if facts.session.integration_id else _NO_SESSION
        self.now = now
        self.effects: list[Effect] = []
        self.attributes: dict[Any, Mapping[str, Any]] = {
            "Session": facts.session.attributes,
            "Profile": facts.profile.attributes if facts.profile else {},
        }
        self.item_attributes: dict[int, Mapping[str, Any]] = {}
        self._undo = Undo()
        self.limits = Limits(program.settings, facts, now, self._undo)
        self.discounts = Discounts(self.session, program.settings, self.limits, self._undo)
        self.campaign: Campaign
        self.rule: Rule
        self.coupon: Coupon | None = None
        self.referral: Referral | None = None
        self.condition_index = 0
        self.failing: int | None = None
        self.failed_conditions: list[tuple[int, Callable[[], Any]]] = []
        self.only: frozenset[Unit] | None = None
        self.generators = generators or Seeded(facts.seed)
        self.scope = Scope()
        self.patterns: set[str] = set()
        self._frozen = False
        self._items: list[Item] | None = None
        self._values: dict[Any, Any] = {}
        self._steps = 0
        self._turns: dict[str, int] = {}
        if facts.standing is not None:
            self.discounts.stand(facts.standing.effects, self.items())

    # --- what only some rules need

    @cached_property
    def writes(self) -> AttributeWrites:
        """Custom attributes that effects write."""
        return AttributeWrites(self)

    @cached_property
    def points(self) -> Points:
        """Loyalty points, tiers and cards."""
        return Points(self)

    @cached_property
    def codes(self) -> Codes:
        """Codes that rules make and reserve."""
        return Codes(self)

    @cached_property
    def giveaways(self) -> Giveaways:
        """Giveaways that rules award."""
        return Giveaways(self)

    @cached_property
    def memberships(self) -> Memberships:
        """Who is in which audience."""
        return Memberships(self)

    @cached_property
    def achievements(self) -> Achievements:
        """The progress of the customer."""
        return Achievements(self)

    @cached_property
    def custom(self) -> Custom:
        """Custom effects and webhooks."""
        return Custom(self)

    # --- what rules read

    def items(self) -> list[Item]:
        """The cart, unit by unit where the Application flattens it (rules.md §5.12). Units keep their numbers when
        others are returned, which go first (core.md §3.8)."""
        if self._items is None:
            if self.program.settings.flattened:
                lines = self.session.cart_items
                self._items = [Item(line, at) for line in lines for at in range(line.returned_quantity, line.quantity)]
            else:
                self._items = [Item(line, None) for line in self.session.cart_items if line.remaining > 0]
        return self._items

    def known_profile(self) -> Profile:
        """The customer; an error in an anonymous session."""
        if self.facts.profile is None:
            raise EvaluationError("the session has no profile")
        return self.facts.profile

    def known_advocate(self) -> Profile:
        """Who referred the customer; an error where nobody did."""
        if self.facts.advocate is None:
            raise EvaluationError("there is no advocate: no valid referral code is at hand")
        return self.facts.advocate

    def profile_of(self, whose: str) -> Profile:
        """The profile that "Current" or "Advocate" names."""
        return self.known_advocate() if whose == "Advocate" else self.known_profile()

    def known_store(self) -> Store:
        """The store of the session; an error where it names none."""
        if self.facts.store is None:
            raise EvaluationError("the session names no store")
        return self.facts.store

    def current_referral(self) -> Referral:
        """The referral being judged; an error where there is none."""
        if self.referral is None:
            raise EvaluationError("no referral is being judged")
        return self.referral

    def current_coupon(self) -> Coupon:
        """The code being judged; an error where there is none."""
        if self.coupon is None:
            raise EvaluationError("no coupon is being judged")
        return self.coupon

    def counted_coupon(self) -> Coupon:
        """The same for its counters, which then must still be what they are now when the outcome is written."""
        coupon = self.current_coupon()
        self.limits.rely_on_code(coupon)
        return coupon

    def counted_referral(self) -> Referral:
        """The same for the counter of the referral being judged."""
        referral = self.current_referral()
        self.limits.rely_on_code(referral)
        return referral

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

    def collection(self, name: str) -> Collection[str] | None:
        """A collection of the campaign, or else of the account."""
        found = self.campaign.collections.get(name)
        return self.program.library.collections.get(name) if found is None else found

    def mapped_items(self) -> list[Item]:
        """The cart items that are in the value map of the campaign, each with its value."""
        for one in self.campaign.source.value_maps:
            values = self.program.library.value_maps.get(one)
            if values is not None:
                return [unit.with_value(values[unit.line.sku]) for unit in self.items() if unit.line.sku in values]
        raise EvaluationError("the campaign has no value map")

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

    def timezone(self) -> ZoneInfo:
        """The timezone of the Application."""
        try:
            return ZoneInfo(self.program.settings.timezone)
        except (KeyError, ValueError, OSError):
            raise EvaluationError(f"there is no timezone {self.program.settings.timezone!r}") from None

    def local(self, moment: datetime) -> datetime:
        """A time in the timezone of the Application."""
        return moment.astimezone(self.timezone())

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
        """The next rule, for a code or for none: nothing is set yet that its expressions share, and bindings that look
        at the coupon are computed anew for each."""
        self.rule = rule
        self.scope = Scope()
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

    def before_change_of_session(self) -> None:
        """The same for discounts and what else becomes of a session: an error where none is judged (core.md §9.1)."""
        if not self.facts.of_session:
            raise EvaluationError("no session is being judged")
        self.before_change()

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

    def turn(self) -> int:
        """How many ids and codes were made before; the count of a failing rule is undone."""
        count = self._turns.get("", 0)
        self.put(self._turns, "", count + 1)
        return count

    def emit(self, props: Props) -> None:
        """Add an effect in the name of the rule whose turn it is."""
        self.emit_all((props,))

    def emit_all(self, several: Iterable[Props]) -> None:
        """Add many effects at once."""
        wrapper = self.wrapper()
        self.effects.extend([effect_of(props, wrapper) for props in several])

    def wrapper(self) -> dict[str, Any]:
        """What every effect says about where it comes from (core.md §4.2)."""
        wrapper = self.campaign.wrapper(self.rule)
        if self.coupon is not None:
            wrapper["triggered_by_coupon"] = self.coupon.id
        if self.failing is not None:
            wrapper["condition_index"] = self.failing
        return wrapper

    # --- the outcome

    def made(self) -> dict[str, Any]:
        """The members of the Outcome that effects filled."""
        found: dict[str, Any] = {}
        held = vars(self)  # what no rule needed was never made
        if "writes" in held:
            found["attribute_changes"] = self.writes.changes()
        if "points" in held:
            found["points"] = tuple(self.points.changes.values())
        if "codes" in held:
            found["created_codes"] = tuple(self.codes.created.values())
        if "giveaways" in held:
            found["giveaway_ids"] = tuple(one.id for one in self.giveaways.awarded.values())
        if "custom" in held:
            found["webhook_calls"] = tuple(self.custom.calls.values())
        return found
