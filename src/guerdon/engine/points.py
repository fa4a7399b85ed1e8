"""Loyalty points as rules see and change them: balances, tiers, cards (core.md §5.3, loyalty.md §4, §5, §7).

The facts hold what is stored. What rules add and deduct here is counted on top, so that later rules of the same
request see it; it becomes final when the session closes.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial as bound_to
from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from guerdon.engine.durations import after, written
from guerdon.engine.facts import ZERO, Balance, Card
from guerdon.engine.library import LoyaltyProgram
from guerdon.engine.money import plain
from guerdon.engine.outcome import PointsChange
from guerdon.engine.props import AddLoyaltyPoints, ChangeLoyaltyTierLevel, DeductLoyaltyPoints
from guerdon.engine.talang.values import EvaluationError

CENT = Decimal("0.01")
MOST_POINTS = Decimal("999999999999.99")
NOTHING = Balance(program_id=0)
Marks = Mapping[str, Any]
EMPTY: Marks = {}


class Ledger(NamedTuple):
    """A ledger of a program: "" is the main one. It belongs to a profile, or to a card of a card-based program."""

    program_id: int
    subledger: str
    profile: str
    card: str


class Granted(NamedTuple):
    """Points with the time they are good for; `start` is None for at once, `expiry` None for ever."""

    amount: Decimal
    start: datetime | None = None
    expiry: datetime | None = None
    awaits: bool = False
    validity: str = ""


class Points:
    """The ledgers of one evaluation. `changes` is what was added and deducted, in order."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.changes: dict[int, PointsChange] = {}
        self._active: dict[Ledger, Decimal] = {}
        self._tiers: dict[Ledger, str] = {}
        customer = frame.facts.profile.integration_id if frame.facts.profile else ""
        self._stored = {
            Ledger(one.program_id, one.subledger, "" if one.card else customer, one.card): one
            for one in frame.facts.balances
        }

    # --- what rules read

    def balance(self, program_id: int, subledger: str, kind: str) -> Decimal:
        """A balance of the customer, or of the session's card: as stored, or with `tentativeCurrent` as it is after
        what rules added and deducted so far."""
        ledger = self._ledger(self._program(program_id), subledger)
        if kind == "tentativeCurrent":
            return self._current(ledger)
        found: Decimal = getattr(self._stored.get(ledger, NOTHING), kind)
        return found

    def balances(self, program: LoyaltyProgram, subledger: str) -> Mapping[str, Any]:
        """All balances of a ledger, by the names that paths have."""
        kinds = ("current", "pending", "negative", "expired", "spent", "tentativeCurrent")
        found = {f"{kind[0].upper()}{kind[1:]}Balance": self.balance(program.id, subledger, kind) for kind in kinds}
        return {**found, "TierName": None if program.card_based else self.tier(program.id, subledger)}

    def tier(self, program_id: int, subledger: str) -> str | None:
        """The tier of the customer, None without one; a rule may have lifted them in this very request."""
        program = self._program(program_id)
        if program.card_based:
            raise EvaluationError(f"the loyalty program {program.name} has cards, so it has no tiers")
        return self._tier(program, self._ledger(program, subledger)) or None

    def tier_expiry(self, program_id: int, subledger: str) -> datetime | None:
        """When the stored tier ends."""
        stored: Balance = self._stored.get(self._ledger(self._program(program_id), subledger), NOTHING)
        return stored.tier_expiry_date

    def any_card(self) -> Card:
        """The loyalty card of the session; an error where it carries none."""
        cards: tuple[Card, ...] = self.frame.facts.cards
        if not cards:
            raise EvaluationError("the session carries no loyalty card")
        return cards[0]

    def card(self, program: LoyaltyProgram, identifier: str = "") -> Card | None:
        """The session's card of a program, or the one of these with an identifier."""
        cards: tuple[Card, ...] = self.frame.facts.cards
        return next((one for one in cards if one.program_id == program.id and identifier in ("", one.identifier)), None)

    # --- what rules change

    def add(
        self,
        program: LoyaltyProgram,
        subledger: str,
        name: str,
        amount: Decimal,
        *,
        item: Any = None,
        marks: Marks = EMPTY,
        **options: Any,
    ) -> None:
        """Points for the customer, the advocate or the card. Amounts are rounded to two decimals, half away from
        zero; nothing is given for zero."""
        wanted = _rounded(amount, name)
        if not wanted:
            return
        whose, card = options.get("recipient", "Current"), options.get("card", "")
        ledger = self._ledger(program, subledger, whose=whose, card=card, changing=True)
        partial = self._partial(options.get("partial"))
        limits = self.frame.limits
        value = limits.take("createLoyaltyPoints", wanted, partial=partial, what=f"the points {name!r}")
        limits.take("createLoyaltyPointsEffect", what=f"the points {name!r}")
        granted = self._timed(program, value, options.get("start_date"), options.get("expiry_date"))
        change = self._note(ledger, name, granted)
        desired = plain(wanted) if partial else UNSET
        self.frame.emit(_added(change, granted, desired, item, marks))
        if granted.start is None and not granted.awaits:
            self._put_active(ledger, value)
            self._lift(program, ledger)

    def add_per_item(
        self,
        program: LoyaltyProgram,
        subledger: str,
        name: str,
        amounts: list[tuple[Any, Marks, Decimal]],
        **options: Any,
    ) -> None:
        """Points for single units, each with what its effect says of its bundle; those with a negative amount are
        passed over. With partial rewards the later units go without when the budget is used up; otherwise the effect
        fails."""
        partial, given = self._partial(options.get("partial")), False
        for item, marks, amount in amounts:
            if amount > 0 and self.frame.may_touch(item):
                one = bound_to(self.add, program, subledger, name, amount, item=item, marks=marks, **options)
                problem = self.frame.attempt(one)
                if problem and not (partial and given):
                    raise EvaluationError(problem)
                if problem:
                    return
                given = True

    def deduct(
        self,
        program: LoyaltyProgram,
        subledger: str,
        name: str,
        amount: Decimal,
        *,
        card: str = "",
        partial: Any = None,
    ) -> None:
        """Points spent: never more than are active. With partial rewards what there is, if there is any."""
        wanted = _rounded(amount, name)
        if not wanted:
            return
        ledger = self._ledger(program, subledger, card=card, changing=True)
        partial = self._partial(partial)
        current = self._current(ledger)
        if wanted > current and not (partial and current):
            raise EvaluationError(f"{plain(current)} points are there, not the {plain(wanted)} for {name!r}")
        limits = self.frame.limits
        what = f"the points {name!r}"
        value = limits.take("redeemLoyaltyPoints", min(wanted, current), partial=partial, what=what)
        limits.take("redeemLoyaltyPointsEffect", what=what)
        change = self._note(ledger, name or program.name, Granted(-value))
        self._put_active(ledger, -value)
        self.frame.emit(
            DeductLoyaltyPoints(
                rule_title=self.frame.rule.title,
                program_id=program.id,
                sub_ledger_id=subledger,
                value=plain(value),
                transaction_uuid=change.transaction_uuid,
                name=change.name,
                card_identifier=ledger.card or UNSET,
            )
        )

    # --- ledgers

    def _program(self, program_id: int) -> LoyaltyProgram:
        found: LoyaltyProgram | None = self.frame.program.library.loyalty_programs.get(program_id)
        if found is None:
            raise EvaluationError(f"there is no loyalty program {program_id} any more")
        return found

    def _partial(self, partial: bool | None) -> bool:
        return bool(self.frame.program.settings.partial if partial is None else partial)

    def _ledger(
        self, program: LoyaltyProgram, subledger: str, *, whose: str = "Current", card: str = "", changing: bool = False
    ) -> Ledger:
        """The ledger of a profile or card; an error where there is none, or where its points may not change."""
        if subledger and not program.allow_subledger:
            raise EvaluationError(f"the loyalty program {program.name} has no subledgers")
        if not program.card_based:
            if card:
                raise EvaluationError(f"the loyalty program {program.name} has no cards")
            return Ledger(program.id, subledger, self.frame.profile_of(whose).integration_id, "")
        found = self.card(program, card)
        if found is None:
            which = f"the card {card!r}" if card else "a card"
            raise EvaluationError(f"the session does not carry {which} of the loyalty program {program.name}")
        if changing and not found.active:
            raise EvaluationError(f"the loyalty card {found.identifier!r} is not active")
        return Ledger(program.id, subledger, "", found.identifier)

    def _current(self, ledger: Ledger) -> Decimal:
        """The active points now; what is added first makes up for negative ones."""
        stored: Balance = self._stored.get(ledger, NOTHING)
        return max(ZERO, stored.current - stored.negative + self._active.get(ledger, ZERO))

    def _put_active(self, ledger: Ledger, amount: Decimal) -> None:
        self.frame.before_change()
        self.frame.put(self._active, ledger, self._active.get(ledger, ZERO) + amount)

    def _timed(
        self, program: LoyaltyProgram, amount: Decimal, start: datetime | None, expiry: datetime | None
    ) -> Granted:
        """The time that points are good for: what the effect says, or else the program's own."""
        now, validity = self.frame.now, program.default_validity
        lasting = validity != "unlimited" and expiry is None
        if start is None and program.default_pending == "on_action":
            return Granted(amount, None, expiry, True, validity if lasting else "")
        if start is None and program.default_pending != "immediate":
            start = after(now, program.default_pending, program.timezone)
        start = None if start is not None and start <= now else start
        if lasting:
            expiry = after(start or now, validity, program.timezone)
        if expiry is not None and expiry <= (start or now):
            raise EvaluationError("the points would expire before they are active")
        return Granted(amount, start, expiry)

    def _note(self, ledger: Ledger, name: str, granted: Granted) -> PointsChange:
        change = PointsChange(
            program_id=ledger.program_id,
            subledger=ledger.subledger,
            recipient=ledger.profile or (self.frame.facts.profile.integration_id if self.frame.facts.profile else ""),
            card=ledger.card,
            amount=plain(granted.amount),
            transaction_uuid=self.frame.generators.uuid(self.frame.turn()),
            name=name,
            start_date=written(granted.start),
            expiry_date=written(granted.expiry),
            awaits_activation=granted.awaits,
            validity_duration=granted.validity,
        )
        self.frame.put(self.changes, len(self.changes), change)
        return change

    # --- tiers

    def _tier(self, program: LoyaltyProgram, ledger: Ledger) -> str:
        stored = self._stored.get(ledger)
        held = stored.tier if stored else _tier_at(program, ZERO)
        return self._tiers.get(ledger, held)

    def _lift(self, program: LoyaltyProgram, ledger: Ledger) -> None:
        """Another tier, where the points reach a higher one. Of the advocate no balances are known."""
        profile = self.frame.facts.profile
        if program.card_based or profile is None or ledger.profile != profile.integration_id:
            return
        before, earned = self._tier(program, ledger), _tier_at(program, self._current(ledger))
        levels = [tier.name for tier in sorted(program.tiers, key=lambda tier: tier.min_points)]
        if not earned or (before in levels and levels.index(before) >= levels.index(earned)):
            return
        self.frame.put(self._tiers, ledger, earned)
        self.frame.emit(
            ChangeLoyaltyTierLevel(
                rule_title=self.frame.rule.title,
                program_id=program.id,
                sub_ledger_id=ledger.subledger,
                new_tier_name=earned,
                previous_tier_name=before or UNSET,
            )
        )


def _tier_at(program: LoyaltyProgram, points: Decimal) -> str:
    """The tier of so many active points, "" below the lowest."""
    reached = [tier for tier in program.tiers if tier.min_points <= points]
    return max(reached, key=lambda tier: tier.min_points).name if reached else ""


def _rounded(amount: Decimal, name: str) -> Decimal:
    if amount < 0:
        raise EvaluationError(f"the points {name!r} are negative")
    if amount > MOST_POINTS:
        raise EvaluationError(f"the points {name!r} are more than {MOST_POINTS}")
    return plain(amount.quantize(CENT, ROUND_HALF_UP))


def _added(
    change: PointsChange, granted: Granted, desired: Decimal | UnsetType, item: Any, marks: Marks
) -> AddLoyaltyPoints:
    return AddLoyaltyPoints(
        name=change.name,
        program_id=change.program_id,
        sub_ledger_id=change.subledger,
        value=change.amount,
        recipient_integration_id=change.recipient,
        transaction_uuid=change.transaction_uuid,
        desired_value=desired,
        start_date=change.start_date or UNSET,
        expiry_date=change.expiry_date or UNSET,
        cart_item_position=UNSET if item is None else item.line.position,
        cart_item_sub_position=UNSET if item is None or item.sub_position is None else item.sub_position,
        card_identifier=change.card or UNSET,
        awaits_activation=True if granted.awaits else UNSET,
        validity_duration=granted.validity or UNSET,
        **marks,
    )
