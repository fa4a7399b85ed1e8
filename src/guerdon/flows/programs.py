"""Compiled programs, cached by the Application's revision (invariant 4). No expiry guesses, no stale process."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import structs

from guerdon.db import programs as parts
from guerdon.db.pool import Connection
from guerdon.engine.attributes import types_of
from guerdon.engine.facts import AttributeDefinition
from guerdon.engine.library import EMPTY, Library
from guerdon.engine.program import Campaign, CampaignSource, Program, Settings, compile_program
from guerdon.engine.ruleset import compile_campaign
from guerdon.errors import Unauthorized
from guerdon.flows.library import KINDS, AttributePart, Names, Parts, attribute_part
from guerdon.wire.base import decoder

MOST_KEPT = 1000


class _Loaded:
    """An Application's parts as of a revision, with the campaigns compiled."""

    def __init__(self) -> None:
        self.revision = 0
        self.settings: Settings | None = None
        self.definitions: dict[int, AttributePart] = {}
        self.sources: dict[int, CampaignSource] = {}
        self.campaigns: dict[int, Campaign] = {}
        self.parts = Parts()
        self.program: Program | None = None


class Programs:
    """The programs of one process."""

    def __init__(self) -> None:
        self._loaded: dict[int, _Loaded] = {}

    def newest(self, application_id: int) -> Program | None:
        """The newest program this process has; it may be behind, which the revision of the read tells."""
        loaded = self._loaded.get(application_id)
        return loaded.program if loaded else None

    async def at(self, conn: Connection, application_id: int, revision: int) -> Program:
        """The program at a revision. Going forward, only the parts that changed are read and compiled again;
        a revision of the past is built for the occasion and not kept."""
        loaded = self._loaded.get(application_id)
        if loaded is None or revision < loaded.revision:
            fresh = _Loaded()
            program = await _advance(fresh, conn, application_id, revision)
            if loaded is None:
                self._keep(application_id, fresh)
            return program
        if revision > loaded.revision or loaded.program is None:
            ahead = _copy(loaded)  # two requests may load at the same time; each builds its own
            program = await _advance(ahead, conn, application_id, revision)
            self._keep(application_id, ahead)
            return program
        return loaded.program

    async def current(self, conn: Connection, application_id: int) -> Program:
        """The program of an Application that exists, as it is now."""
        return await self.at(conn, application_id, await parts.revision(conn, application_id))

    async def library(
        self, conn: Connection, application_id: int, campaign_id: int, *, elsewhere: int | None = None
    ) -> Library:
        """What the rules of this campaign may name now: the Application's library with the campaign's own collections,
        and no value maps but its own. With `elsewhere`, what they could name in that Application."""
        program = await self.current(conn, application_id)
        library, campaign = program.library, program.by_id.get(campaign_id)
        own_maps = library.value_maps
        if elsewhere is not None:
            library = (await self.current(conn, elsewhere)).library
        own = self._loaded[application_id].parts.collections().get(campaign_id, {})
        value_maps = campaign.source.value_maps if campaign else ()
        return structs.replace(
            library,
            collections={**library.collections, **own},
            value_maps={one: own_maps[one] for one in value_maps},
        )

    def own_collections(self, application_id: int) -> Mapping[int | None, Mapping[str, Collection[str]]]:
        """The collections of the campaigns of an Application whose program is here."""
        return self._loaded[application_id].parts.collections()

    def _keep(self, application_id: int, loaded: _Loaded) -> None:
        known = self._loaded.pop(application_id, None)
        self._loaded[application_id] = loaded if known is None or known.revision <= loaded.revision else known
        while len(self._loaded) > MOST_KEPT:
            del self._loaded[next(iter(self._loaded))]


def _copy(loaded: _Loaded) -> _Loaded:
    copy = _Loaded()
    copy.revision, copy.settings = loaded.revision, loaded.settings
    copy.definitions, copy.sources = dict(loaded.definitions), dict(loaded.sources)
    copy.campaigns, copy.program = dict(loaded.campaigns), loaded.program
    copy.parts = loaded.parts.copy()
    return copy


async def _advance(loaded: _Loaded, conn: Connection, application_id: int, revision: int) -> Program:
    attributes_changed = False
    changed: set[int] = set()
    named = []
    for row in await parts.list_parts(conn, application_id, loaded.revision, revision):
        kind, part_id, data = row["kind"], row["part_id"], row["data"]
        if kind == "application":
            loaded.settings = decoder(Settings).decode(data)
        elif kind == "attribute":
            _change_attribute(loaded, part_id, data)
            attributes_changed = True
        elif kind in KINDS:
            named.append(row)
        else:
            _change_campaign(loaded, part_id, data)
            changed.add(part_id)
    if loaded.settings is None:
        raise Unauthorized
    subscribed = [one for one in loaded.definitions.values() if one.is_in(application_id)]
    names: Names = set()
    own: set[int] = set()
    if named or attributes_changed:
        names, own = await loaded.parts.change(conn, application_id, named, subscribed)
    definitions = [loaded.parts.definition(one) for one in subscribed]
    library = loaded.program.library if loaded.program else EMPTY
    if named or attributes_changed:
        library = loaded.parts.library(definitions)
    concerned = loaded.sources if attributes_changed else {*changed, *own, *_naming(loaded, names)}
    _compile(loaded, definitions, library, concerned)
    loaded.revision = revision
    loaded.program = compile_program(
        revision,
        loaded.settings,
        definitions,
        loaded.campaigns.values(),
        library=library,
        groups=loaded.parts.groups(),
        previous=loaded.program,
    )
    return loaded.program


def _change_attribute(loaded: _Loaded, attribute_id: int, data: str | None) -> None:
    if data is None:
        loaded.definitions.pop(attribute_id, None)
    else:
        loaded.definitions[attribute_id] = attribute_part(data)


def _change_campaign(loaded: _Loaded, campaign_id: int, data: str | None) -> None:
    source = decoder(CampaignSource | None).decode(data or "null")
    if source is None:
        loaded.sources.pop(campaign_id, None)
        loaded.campaigns.pop(campaign_id, None)
    else:
        loaded.sources[campaign_id] = source


def _naming(loaded: _Loaded, names: Names) -> list[int]:
    """The campaigns whose rules name one of these things."""
    if not names:
        return []
    return [one for one, campaign in loaded.campaigns.items() if not campaign.names.isdisjoint(names)]


def _compile(
    loaded: _Loaded, definitions: Iterable[AttributeDefinition], library: Library, campaign_ids: Iterable[int]
) -> None:
    types = types_of(definitions)
    own = loaded.parts.collections()
    for campaign_id in campaign_ids:
        if campaign_id in loaded.sources:
            source = loaded.sources[campaign_id]
            campaign = compile_campaign(source, types, library, collections=own.get(campaign_id))
            loaded.campaigns[campaign_id] = campaign
            loaded.sources[campaign_id] = campaign.source  # whose large collections take less room
