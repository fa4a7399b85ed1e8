"""Rulesets to a Program: everything about an Application's campaigns that can be known before a request comes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from guerdon.engine.attributes import Definitions, by_key
from guerdon.engine.codes import fold
from guerdon.engine.facts import AttributeDefinition, Facts, Limit, Needs
from guerdon.engine.index import Index, build_index
from guerdon.engine.layer import Way
from guerdon.engine.library import EMPTY, Library

Function = Callable[[Any], Any]


class Settings(Struct, frozen=True, kw_only=True):
    """The Application, as rules see it (rules.md §5.13).

    `capped` keeps discounts within what they are taken from; without it nothing is capped. `rounding` is the number
    of decimals of the currency, which discounts are then rounded to, half up; None leaves them exact.
    """

    id: int
    account_id: int
    name: str
    timezone: str
    currency: str
    case_sensitivity: str = "sensitive"
    sandbox: bool = False
    attributes: dict[str, Any] = {}
    discount_scope: str = "sessionTotal"
    item_scope: str = "price"
    cascading: bool = False
    partial: bool = False
    flattened: bool = False
    capped: bool = True
    rounding: int | None = None

    @property
    def number(self) -> Decimal:
        """The id, as rules see it."""
        return Decimal(self.id)

    def fold(self, code: str) -> str:
        """A code as the Application compares it (core.md §6.1)."""
        return fold(code, self.case_sensitivity)


class Group(Struct, frozen=True, kw_only=True):
    """A group of the evaluation tree (rules.md §5.7). `position` is its place among the groups and campaigns of its
    parent; the base group has no parent."""

    id: int
    name: str = ""
    parent_id: int | None = None
    mode: str = "stackable"
    scope: str = "session"
    position: int = 0


class CampaignSource(Struct, frozen=True, kw_only=True):
    """A campaign with its active ruleset; `rules` is None while it has none. `position` is its place in its group;
    `stores` are the integration ids of linked stores, none for all. With `reevaluate_on_return` its rules are run again
    on what a return leaves of the cart, if the return asks for rules."""

    id: int
    name: str
    state: str
    type: str = "advanced"
    features: tuple[str, ...] = ()
    start_time: datetime | None = None
    end_time: datetime | None = None
    attributes: dict[str, Any] = {}
    group_id: int
    group_mode: str = "stackable"
    ruleset_id: int | None = None
    rules: list[dict[str, Any]] | None = None
    bindings: list[dict[str, Any]] | None = None
    position: int = 0
    stores: frozenset[str] = frozenset()
    limits: tuple[Limit, ...] = ()
    description: str = ""
    tags: tuple[str, ...] = ()
    coupon_pattern: str = ""
    coupon_characters: str = ""
    referral_pattern: str = ""
    referral_characters: str = ""
    reevaluate_on_return: bool = False

    @property
    def known_ruleset_id(self) -> int:
        """The id of its ruleset as answers have it: -1 where it has none (core.md §4.2)."""
        return -1 if self.ruleset_id is None else self.ruleset_id

    value_maps: tuple[int, ...] = ()


class Rule(Struct, frozen=True, kw_only=True):
    """A compiled rule. `broken` says why it cannot run; it then always fails with that reason. `ways`, `plain` and
    `writes` are for the index (layer.Rule)."""

    index: int
    title: str
    any_of: bool = False
    conditions: tuple[Function, ...] = ()
    effects: tuple[Function, ...] = ()
    uses_coupon: bool = False
    redeems_coupon: bool = False
    checks_coupon: bool = False
    uses_referral: bool = False
    redeems_referral: bool = False
    checks_referral: bool = False
    broken: str = ""
    ways: tuple[Way, ...] = ()
    plain: bool = False
    writes: frozenset[str] = frozenset()


class Campaign(Struct, frozen=True, kw_only=True):
    """A compiled campaign. `coupon_bindings` are the indexes that must be computed anew for each coupon,
    `frozen_bindings` those of the ruleset itself. `names` is what its rules name of the library, as kind and name:
    it has to be compiled again when one of these changes."""

    source: CampaignSource
    rules: tuple[Rule, ...]
    bindings: tuple[Function, ...]
    coupon_bindings: tuple[int, ...]
    collections: Mapping[str, Collection[str]]
    frozen_bindings: tuple[int, ...] = ()
    names: frozenset[tuple[str, Any]] = frozenset()

    @property
    def number(self) -> Decimal:
        """The id, as rules see it."""
        return Decimal(self.source.id)

    def wrapper(self, rule: Rule | None) -> dict[str, Any]:
        """What its effects say about where they come from; without a rule, those of the engine (core.md §4.2)."""
        source = self.source
        return {
            "campaign_id": source.id,
            "ruleset_id": source.known_ruleset_id,
            "rule_index": rule.index if rule else 0,
            "rule_name": rule.title if rule else "",
            "evaluation_group_id": source.group_id,
            "evaluation_group_mode": source.group_mode,
        }

    def runs(self, now: datetime) -> bool:
        """Whether it is evaluated at this time: enabled, within its schedule, with a ruleset (rules.md §5.1)."""
        source = self.source
        return (
            source.state == "enabled"
            and source.rules is not None
            and (source.start_time is None or source.start_time <= now)
            and (source.end_time is None or now < source.end_time)
        )

    def runs_for(self, facts: Facts, now: datetime) -> bool:
        """Whether it is evaluated in this request: the request's own list of campaigns wins (rules.md §5.1); linked
        stores limit it to sessions of those stores (§7.7)."""
        source, wanted = self.source, facts.campaign_ids
        if source.stores and facts.session.store_integration_id not in source.stores:
            return False
        if wanted is None:
            return self.runs(now)
        return source.id in wanted and source.state != "archived" and source.rules is not None


class Branch(Struct, frozen=True, kw_only=True):
    """A group with what is in it: other groups, and campaigns by their places, which run from `first` to `end`."""

    group: Group
    elements: "tuple[Branch | int, ...]"
    first: int = 0
    end: int = 0


class Program(Struct, frozen=True, kw_only=True):
    """An Application's campaigns at one revision, compiled and in evaluation order: depth first through the tree of
    groups, then by position, then by id (rules.md §5.2)."""

    revision: int
    settings: Settings
    definitions: Definitions
    campaigns: tuple[Campaign, ...]
    by_id: Mapping[int, Campaign]
    index: Index
    library: Library = EMPTY
    tree: Branch | None = None

    def needs(self, profile_integration_id: str, codes: Iterable[str]) -> Needs:
        """What must be read to judge a session of this customer with these codes."""
        return Needs(profile_integration_id, tuple(dict.fromkeys(self.settings.fold(code) for code in codes)))


def compile_program(
    revision: int,
    settings: Settings,
    definitions: Iterable[AttributeDefinition],
    campaigns: Iterable[Campaign],
    *,
    library: Library = EMPTY,
    groups: Iterable[Group] = (),
    previous: Program | None = None,
) -> Program:
    """The program of an Application. A group that is not among `groups` hangs below the root, stackable. With the
    program of an earlier revision as `previous`, only campaigns that are new objects are indexed anew."""
    ordered, tree = arrange(campaigns, groups)
    return Program(
        revision=revision,
        settings=settings,
        definitions=by_key(definitions),
        campaigns=ordered,
        by_id={campaign.source.id: campaign for campaign in ordered},
        index=build_index(ordered, previous.index if previous else None),
        library=library,
        tree=tree,
    )


def arrange(campaigns: Iterable[Campaign], groups: Iterable[Group]) -> tuple[tuple[Campaign, ...], Branch | None]:
    """The campaigns in evaluation order, and their tree where a group is not simply stackable."""
    known = {group.id: group for group in groups}
    if all(group.mode == "stackable" for group in known.values()) and all(
        group.parent_id is None and not group.position for group in known.values()
    ):
        key = lambda campaign: (campaign.source.group_id, campaign.source.position, campaign.source.id)  # noqa: E731
        return tuple(sorted(campaigns, key=key)), None
    inside: dict[int | None, list[tuple[int, int, int, Campaign | Group]]] = {}
    for campaign in campaigns:
        source = campaign.source
        if source.group_id not in known:
            known[source.group_id] = Group(id=source.group_id)
        inside.setdefault(source.group_id, []).append((source.position, 1, source.id, campaign))
    for group in known.values():
        parent = group.parent_id if group.parent_id in known else None
        inside.setdefault(parent, []).append((group.position, 0, group.id, group))
    ordered: list[Campaign] = []
    root = Branch(group=Group(id=0), elements=_elements(None, inside, ordered))
    return tuple(ordered), root


def _elements(
    parent: int | None,
    inside: Mapping[int | None, list[tuple[int, int, int, Campaign | Group]]],
    ordered: list[Campaign],
) -> tuple["Branch | int", ...]:
    """What is in a group, in order: campaigns as their places in evaluation order."""
    found: list[Branch | int] = []
    for *_, element in sorted(inside.get(parent, ()), key=lambda entry: entry[:3]):
        if isinstance(element, Group):
            first = len(ordered)
            elements = _elements(element.id, inside, ordered)
            found.append(Branch(group=element, elements=elements, first=first, end=len(ordered)))
        else:
            found.append(len(ordered))
            ordered.append(element)
    return tuple(found)
