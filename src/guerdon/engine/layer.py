"""Some campaigns, by what their rules need: the part of an index that is made in one go.

Every rule stands under one of its keys: the SKUs one of which the cart must hold, the value an attribute must have,
what a number must reach. A rule that needs a code of its campaign stands nowhere; one that says nothing of the kind
is always looked at. Rules are numbered by the session total that they need, so that is never looked up.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from guerdon.engine.facts import Facts, Session
from guerdon.engine.postings import Ordered, Sets, Values, below, reader
from guerdon.engine.talang.kinds import NUMBER, TEXT
from guerdon.engine.texts import FEW

CODE = "code"
AUDIENCES = "Profile.Audiences"
SKU, CATEGORY, TOTAL, STORE = "Item.SKU", "Item.Category", "Session.Total", "Session.StoreIntegrationId"
OF_SESSION = "Session.Attributes."
ANY_TOTAL = Decimal("-Infinity")


class Key(Struct, frozen=True, gc=False):
    """A necessary condition: what is read from the request at `path` (of the kind `kind`) is one of `values`, or at
    least `least`; or, with the path `CODE`, a code of the campaign is at hand. `exact` says that the condition also
    holds where the key is met; `proves` is then its place among the conditions of the rule, -1 for none."""

    path: str
    kind: str = ""
    values: Collection[Any] = ()
    least: Decimal | None = None
    exact: bool = False
    proves: int = -1


Way = tuple[Key, ...]
"""One of these keys is met where the rule fires; of no keys, never."""


class Rule(Protocol):
    """What the index looks at in a rule (program.Rule): `ways` all hold where it fires; the conditions of a `plain`
    one may be tested one by one, in any order."""

    @property
    def ways(self) -> tuple[Way, ...]: ...
    @property
    def plain(self) -> bool: ...
    @property
    def conditions(self) -> tuple[Any, ...]: ...
    @property
    def writes(self) -> frozenset[str]: ...
    @property
    def broken(self) -> str: ...


class Campaign(Protocol):
    """What the index looks at in a campaign (program.Campaign)."""

    @property
    def source(self) -> Any: ...
    @property
    def rules(self) -> Sequence[Rule]: ...


class Entry(NamedTuple):
    """A rule in a layer: the number of its campaign there and the campaign's id, and whether that is bound to dates
    or stores; its conditions where they are plain, and what may still fail of them once it was found: session
    attributes that must have a value, and other conditions."""

    number: int
    campaign_id: int
    bound: bool
    conditions: tuple[Any, ...] | None
    equal: tuple[tuple[str, Any], ...]
    unproven: tuple[Any, ...]


class Layer:
    """Campaigns with their rules as entries; `written` are paths that rules may write to, which are no keys."""

    def __init__(self, campaigns: Sequence[Campaign], written: frozenset[str]) -> None:
        self.campaigns = campaigns
        rules = [
            (_least_total(rule), number, rule, _ways(rule, campaign.source))
            for number, campaign in enumerate(campaigns)
            if campaign.source.state == "enabled" and campaign.source.rules is not None
            for rule in campaign.rules
            if not rule.broken
        ]
        rules.sort(key=itemgetter(0, 1))
        choice = _Choice([ways for *_, ways in rules], written)
        lists = _Lists()
        self.entries: list[Entry] = []
        for entry, (total, number, rule, ways) in enumerate(rules):
            source, way = campaigns[number].source, choice.way(ways)
            lists.add(entry, way, source.end_time)
            bound = bool(source.start_time or source.end_time or source.stores)
            conditions = rule.conditions if rule.plain else None
            self.entries.append(Entry(number, source.id, bound, conditions, *_unproven(rule, way, total)))
        self._totals = sorted({total for total, *_ in rules})
        self._limits = [bisect_right(rules, total, key=itemgetter(0)) for total in self._totals]
        self._always, self._ends = lists.always, Ordered(lists.ends) if lists.ends else None
        for sets in lists.sets.values():
            sets.settle()
        self._of_session, self._others = lists.by_reader()
        self._audiences = lists.values.get((AUDIENCES, NUMBER))
        self._units = lists.by_unit()
        self._sets = [(path, lists.sets[path]) for path in (SKU, CATEGORY) if path in lists.sets]

    def met(self, facts: Facts, now: datetime) -> tuple[list[int], bool]:
        """The entries whose key is met, some of them twice, and whether the keys prove what they say: a value of
        another type than its attribute has does not."""
        session = facts.session
        reached = bisect_right(self._totals, session.total)
        limit = self._limits[reached - 1] if reached else 0
        found: list[int] = []
        sure = True
        if self._always:
            found += below(limit, self._always)
        for name, values in self._of_session:
            if (value := session.attributes.get(name)) is not None:
                sure = values.collect(value, limit, found) and sure
        for read, lists in self._others:
            if (value := read(facts)) is not None:
                sure = lists.collect(value, limit, found) and sure
        if self._audiences is not None and facts.profile is not None:
            for audience in facts.profile.audiences:
                self._audiences.collect(audience, limit, found)
        if self._ends:
            found += self._ends.beyond(now)
        if self._units or self._sets:
            self._of_units(session, limit, found)
        return found, sure

    def _of_units(self, session: Session, limit: int, found: list[int]) -> None:
        for path, asked, rules in self._units:
            for name in asked & (session.skus if path is SKU else session.categories):
                for entry in rules[name]:
                    if entry >= limit:
                        break
                    found.append(entry)
        for path, sets in self._sets:
            for name in sets.present & (session.skus if path is SKU else session.categories):
                sets.collect(name, limit, found)


class _Lists:
    """The lists of a layer while it is made."""

    def __init__(self) -> None:
        self.always: list[int] = []
        self.ends: list[tuple[datetime, int]] = []
        self.least: defaultdict[str, list[tuple[Decimal, int]]] = defaultdict(list)
        self.values: dict[tuple[str, str], Values] = {}
        self.sets: defaultdict[str, Sets] = defaultdict(Sets)

    def add(self, entry: int, way: Way | None, end: datetime | None) -> None:
        """An entry under the keys of its way. Without any, it is looked at until its campaign ends."""
        if way is None and end is not None:
            self.ends.append((end, entry))
        elif way is None:
            self.always.append(entry)
        for key in way or ():
            if key.least is not None:
                self.least[key.path].append((key.least, entry))
            elif key.path in (SKU, CATEGORY) and len(key.values) > FEW:
                self.sets[key.path].add(key.values, entry)
            elif key.path != CODE:
                self.values.setdefault((key.path, key.kind), Values(key.kind)).add(key.values, entry)

    def by_reader(self) -> tuple[list[tuple[str, Values]], list[tuple[Any, Values | Ordered]]]:
        """Names of session attributes with their lists, then what reads other values with theirs."""
        of_session: list[tuple[str, Values]] = []
        others: list[tuple[Any, Values | Ordered]] = [(reader(path), Ordered(of)) for path, of in self.least.items()]
        for (path, _), values in self.values.items():
            if path.startswith(OF_SESSION):
                of_session.append((path.removeprefix(OF_SESSION), values))
            elif path not in (SKU, CATEGORY, AUDIENCES):
                others.append((reader(path), values))
        return of_session, others

    def by_unit(self) -> list[tuple[str, frozenset[Any], dict[Any, list[int]]]]:
        """What rules ask of the cart: the path, the values they ask for, the rules by value."""
        asked = [(path, self.values[path, TEXT].rules) for path in (SKU, CATEGORY) if (path, TEXT) in self.values]
        return [(path, frozenset(rules), rules) for path, rules in asked]


def _unproven(rule: Rule, way: Way | None, total: Decimal) -> tuple[tuple[tuple[str, Any], ...], tuple[Any, ...]]:
    """What may still fail of a rule where its key is met and its total is reached (`Entry`)."""
    proved = {key.proves for key in way or ()}
    equal = {}
    for key in (key for one in rule.ways for key in one if key.proves not in proved):
        if _of_total(key) and key.least == total:
            proved.add(key.proves)
        elif key.path.startswith(OF_SESSION) and len(key.values) == 1:
            equal[key.proves] = (key.path.removeprefix(OF_SESSION), *key.values)
    equal = {place: what for place, what in equal.items() if place not in proved and place >= 0}
    rest = [condition for place, condition in enumerate(rule.conditions) if place not in proved and place not in equal]
    return tuple(equal.values()), tuple(rest)


def _ways(rule: Rule, source: Any) -> tuple[Way, ...]:
    """The ways of a rule, with what its campaign needs so that it runs: one of its stores."""
    stores: frozenset[str] = source.stores
    return (*rule.ways, (Key(STORE, kind=TEXT, values=stores),)) if stores else rule.ways


def _least_total(rule: Rule) -> Decimal:
    """The session total below which the rule cannot fire."""
    return max(
        (key.least for way in rule.ways if len(way) == 1 for key in way if key.path == TOTAL and key.least is not None),
        default=ANY_TOTAL,
    )


class _Choice:
    """Chooses under which of its keys a rule stands: the one that is probably met least often. A value that many
    rules ask for is one that many sessions have. The session total is looked at in any case."""

    def __init__(self, rules: Iterable[tuple[Way, ...]], written: frozenset[str]) -> None:
        self._written = written
        self._asked: Counter[tuple[str, Any]] = Counter()
        self._all: Counter[str] = Counter()
        for ways in rules:
            for key in (key for way in ways for key in way):
                if key.least is None and len(key.values) <= FEW:
                    self._asked.update([(key.path, value) for value in key.values])
                    self._all[key.path] += 1

    def way(self, ways: tuple[Way, ...]) -> Way | None:
        """The way that says most; None where there is none."""
        safe = [way for way in ways if not any(key.path in self._written or _of_total(key) for key in way)]
        return min(safe, key=lambda way: sum(map(self._chance, way))) if safe else None

    def _chance(self, key: Key) -> float:
        if key.path == CODE:
            return 0
        if key.least is not None or len(key.values) > FEW:
            return 0.5
        share = sum(self._asked[key.path, value] for value in key.values) / self._all[key.path]
        return min(0.4, 10 * share) if key.path in (SKU, CATEGORY) else min(0.9, share)


def _of_total(key: Key) -> bool:
    return key.path == TOTAL and key.least is not None
