"""The lists that an index is made of: which rules ask for a value, and which for at least so much.

Rules are known by their numbers here, and numbered by the session total that they need; so of any list, those that
need more than there is are the end of it. A large set of values that many rules ask for is kept once: from a value
to the sets that hold it, from a set to its rules. Thousands of rules over thousands of SKUs each take little room.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from itertools import accumulate
from operator import attrgetter
from typing import Any

from guerdon.engine.facts import Facts
from guerdon.engine.talang.kinds import BOOLEAN, NUMBER, TEXT
from guerdon.engine.texts import number_of, numbers_of, texts_of

_TYPES: dict[str, tuple[type, ...]] = {TEXT: (str,), NUMBER: (Decimal, int), BOOLEAN: (bool,)}
_OF_SESSION = {
    "Session.Total": "total",
    "Session.CartTotal": "cart_item_total",
    "Session.AdditionalCostTotal": "additional_cost_total",
    "Session.StoreIntegrationId": "store_integration_id",
    "Session.State": "state",
    "Session.ProfileId": "profile_id",
}
_OF_PROFILE = {
    "Profile.IntegrationId": "integration_id",
    "Profile.ClosedSessions": "closed_sessions",
    "Profile.TotalSales": "total_sales",
}
FIELDS = frozenset({*_OF_SESSION, *_OF_PROFILE, "Event.Type", "Item.SKU", "Item.Category"})
"""What can be looked up besides the custom attributes of session and profile."""


def reader(path: str) -> Callable[[Facts], Any]:
    """What reads a path from the facts; None where there is no such value."""
    if path == "Event.Type":
        return attrgetter("event")
    if path in _OF_SESSION:
        return attrgetter(f"session.{_OF_SESSION[path]}")
    if path in _OF_PROFILE:
        of_profile = attrgetter(_OF_PROFILE[path])
        return lambda facts: None if facts.profile is None else of_profile(facts.profile)
    entity, _, name = path.split(".", 2)
    if entity == "Session":
        return lambda facts: facts.session.attributes.get(name)
    return lambda facts: None if facts.profile is None else facts.profile.attributes.get(name)


class Values:
    """Rules by the values they ask for, all of one kind."""

    def __init__(self, kind: str) -> None:
        self.rules: dict[Any, list[int]] = {}
        self._types = _TYPES[kind]

    def add(self, values: Collection[Any], rule: int) -> None:
        """A rule that asks for one of these values; rules come in the order of their numbers."""
        for value in values:
            self.rules.setdefault(value, []).append(rule)

    def collect(self, value: Any, limit: int, found: list[int]) -> bool:
        """Add the rules below a number that ask for the value. A value of a type that is not expected may equal
        anything: then all rules are added, and the answer is False."""
        if type(value) not in self._types:
            for rules in self.rules.values():
                found += below(limit, rules)
            return False
        if value in self.rules:
            found += below(limit, self.rules[value])
        return True


class Sets:
    """Rules by large sets of texts: `present` are the texts that are in one of them."""

    def __init__(self) -> None:
        self.present: frozenset[str] = frozenset()
        self._rules: list[list[int]] = []
        self._known: dict[Collection[str], int] = {}
        self._starts: array[int] = array("I")
        self._groups: array[int] = array("I")

    def add(self, values: Collection[str], rule: int) -> None:
        """A rule that asks for one of these texts; rules come in the order of their numbers."""
        known = self._known.setdefault(values, len(self._rules))
        if known == len(self._rules):
            self._rules.append([])
        self._rules[known].append(rule)

    def settle(self) -> None:
        """Once all are there: find for every text the sets it is in. Those of the text with number `n` are
        `_groups[_starts[n] : _starts[n + 1]]`."""
        members = [numbers_of(values) for values in self._known]
        size = max(map(max, members)) + 1
        counts = array("I", bytes(4 * size))
        for numbers in members:
            for number in numbers:
                counts[number] += 1
        self._starts = array("I", accumulate(counts, initial=0))
        free, groups = array("I", self._starts), array("I", bytes(4 * self._starts[-1]))
        for group, numbers in enumerate(members):
            for number in numbers:
                at = free[number]
                groups[at] = group
                free[number] = at + 1
        self._groups = groups
        self.present = frozenset(texts_of(number for number in range(size) if counts[number]))

    def collect(self, text: str, limit: int, found: list[int]) -> None:
        """Add the rules below a number that ask for a text that is present."""
        number = number_of(text)
        for group in self._groups[self._starts[number] : self._starts[number + 1]]:
            found += below(limit, self._rules[group])


class Ordered:
    """Rules by a bound."""

    def __init__(self, entries: Iterable[tuple[Any, int]]) -> None:
        ordered = sorted(entries)
        self.bounds = [bound for bound, _ in ordered]
        self._rules = [rule for _, rule in ordered]

    def collect(self, value: Any, limit: int, found: list[int]) -> bool:
        """Add the rules below a number whose bound the value reaches; all of them, and False, where it is no number."""
        sure = type(value) in _TYPES[NUMBER]
        reached = self._rules[: bisect_right(self.bounds, value)] if sure else self._rules
        found += [rule for rule in reached if rule < limit]
        return sure

    def beyond(self, value: Any) -> list[int]:
        """The rules whose bound is above the value."""
        return self._rules[bisect_right(self.bounds, value) :]


def below(limit: int, rules: list[int]) -> list[int]:
    """The rules with numbers below a limit, of some in ascending order."""
    return rules if not rules or rules[-1] < limit else rules[: bisect_left(rules, limit)]
