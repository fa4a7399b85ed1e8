"""The parts of a program that are no campaigns: what the library holds, and the groups of the evaluation tree."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct, structs

from guerdon.db import programs
from guerdon.db.pool import Connection, Row
from guerdon.engine.facts import AttributeDefinition, Store
from guerdon.engine.library import AdditionalCost, CustomEffectDefinition, Library
from guerdon.engine.program import Group
from guerdon.engine.talang.known import COLLECTION, COST, CUSTOM_EFFECT, FILTER
from guerdon.engine.texts import Texts, set_of
from guerdon.wire.base import decoder

Names = set[tuple[str, Any]]


class CollectionPart(Struct, frozen=True):
    """A collection; one without a campaign is the account's. `content_id` is None while it was never filled."""

    name: str
    campaign_id: int | None
    content_id: int | None


class ValueMapPart(Struct, frozen=True):
    """A value map of a campaign."""

    campaign_id: int
    content_id: int | None


class FilterPart(Struct, frozen=True):
    """A cart item filter of the Application with its active expression."""

    name: str
    expression: Any


class EventTypePart(Struct, frozen=True):
    """A type of custom events."""

    name: str


class AttributePart(Struct, frozen=True):
    """A custom attribute. `applications` are those that have it, None for all; `content_id` is its allowed list."""

    definition: AttributeDefinition
    applications: list[int] | None
    content_id: int | None

    def is_in(self, application_id: int) -> bool:
        """Whether the Application has it."""
        return self.applications is None or application_id in self.applications


def attribute_part(data: str) -> AttributePart:
    """What is recorded of an attribute; before there were allowed lists, nothing of them."""
    recorded = decoder(dict[str, Any]).decode(data)
    definition = decoder(AttributeDefinition).decode(data)
    return AttributePart(definition, recorded["applications"], recorded.get("content_id"))


KINDS: Mapping[str, type[Struct]] = {
    "group": Group,
    "store": Store,
    "collection": CollectionPart,
    "value_map": ValueMapPart,
    "additional_cost": AdditionalCost,
    "cart_item_filter": FilterPart,
    "custom_effect": CustomEffectDefinition,
    "event_type": EventTypePart,
}
# What the rules of any campaign may name, and is compiled into those that do.
_NAMED: Mapping[type, str] = {
    CollectionPart: COLLECTION,
    AdditionalCost: COST,
    FilterPart: FILTER,
    CustomEffectDefinition: CUSTOM_EFFECT,
}


class Parts:
    """The parts of an Application as of a revision."""

    def __init__(self) -> None:
        self._parts: dict[type, dict[int, Any]] = {kind: {} for kind in KINDS.values()}
        self._contents: dict[int, Any] = {}

    def copy(self) -> "Parts":
        """The same, to be changed by itself."""
        other = Parts()
        other._parts = {kind: dict(parts) for kind, parts in self._parts.items()}
        other._contents = dict(self._contents)
        return other

    async def change(
        self, conn: Connection, application_id: int, rows: Iterable[Row], attributes: Iterable[AttributePart]
    ) -> tuple[Names, set[int]]:
        """Take over changed parts, where these are all the attributes. Returns what campaigns have to be compiled again
        for: what they name of the library, as Campaign.names has it, and the ids of those with something of their own
        that changed."""
        names: Names = set()
        campaign_ids: set[int] = set()
        for row in rows:
            kind, data = KINDS[row["kind"]], row["data"]
            old = self._parts[kind].pop(row["part_id"], None)
            new = None if data is None else decoder(kind).decode(data)
            if new is not None:
                self._parts[kind][row["part_id"]] = new
            for part in filter(None, (old, new)):
                campaign_id = getattr(part, "campaign_id", None)
                if campaign_id is not None:
                    campaign_ids.add(campaign_id)
                elif kind in _NAMED:
                    names.update(((_NAMED[kind], part.name), (_NAMED[kind], row["part_id"])))
        await self._load_contents(conn, application_id, attributes)
        return names, campaign_ids

    def definition(self, part: AttributePart) -> AttributeDefinition:
        """The attribute with its allowed list."""
        return structs.replace(part.definition, allowed=self._content(part, frozenset()))

    async def _load_contents(self, conn: Connection, application_id: int, attributes: Iterable[AttributePart]) -> None:
        """Have the contents that parts name, and no others."""
        filled = [*self._of(CollectionPart), *self._of(ValueMapPart), *attributes]
        wanted = {part.content_id for part in filled if part.content_id is not None}
        self._contents = {one: content for one, content in self._contents.items() if one in wanted}
        if missing := wanted - self._contents.keys():
            for row in await programs.list_contents(conn, application_id, missing):
                items, amounts = row["items"], row["amounts"]
                content = set_of(items) if amounts is None else dict(zip(items, amounts, strict=True))
                self._contents[row["id"]] = content

    def groups(self) -> Iterable[Group]:
        """The groups of the evaluation tree."""
        return self._of(Group)

    def library(self, definitions: Iterable[AttributeDefinition]) -> Library:
        """What rules may name; an attribute of events defines their type, too."""
        of_attributes = {one.event_type for one in definitions if one.entity == "Event" and one.event_type}
        return Library(
            additional_costs={cost.name: cost for cost in self._of(AdditionalCost)},
            custom_effects={effect.id: effect for effect in self._of(CustomEffectDefinition)},
            cart_item_filters={part.name: part.expression for part in self._of(FilterPart)},
            collections=self.collections().get(None, {}),
            value_maps={one: self._content(part, {}) for one, part in self._parts[ValueMapPart].items()},
            stores={store.integration_id: store for store in self._of(Store)},
            event_types=frozenset(of_attributes.union(part.name for part in self._of(EventTypePart))),
        )

    def collections(self) -> dict[int | None, dict[str, frozenset[str] | Texts]]:
        """The collections by name, for each campaign that has some of its own, and under None those of the account."""
        found: dict[int | None, dict[str, frozenset[str] | Texts]] = {}
        for part in self._of(CollectionPart):
            found.setdefault(part.campaign_id, {})[part.name] = self._content(part, frozenset())
        return found

    def _of(self, kind: type) -> Collection[Any]:
        return self._parts[kind].values()

    def _content(self, part: CollectionPart | ValueMapPart | AttributePart, otherwise: Any) -> Any:
        return otherwise if part.content_id is None else self._contents[part.content_id]
