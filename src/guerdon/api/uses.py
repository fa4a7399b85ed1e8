"""What rules name cannot be taken away from them."""

from collections.abc import Iterable
from typing import Any

from guerdon.db.pool import Connection
from guerdon.engine.attributes import types_of
from guerdon.engine.ruleset import compile_campaign
from guerdon.engine.talang.known import COLLECTION
from guerdon.errors import Invalid
from guerdon.flows.programs import Programs


async def refuse_used(
    conn: Connection, programs: Programs, application_ids: Iterable[int], kind: str, name: str | int
) -> None:
    """Raise Invalid when rules of one of these Applications name this thing of the library, unless their campaign is
    archived (management.md §10)."""
    for application_id in application_ids:
        program = await programs.current(conn, application_id)
        for campaign in program.campaigns:
            own = kind == COLLECTION and name in campaign.collections  # it means a collection of its own by the name
            if (kind, name) in campaign.names and campaign.source.state != "archived" and not own:
                raise _used(kind, campaign.source.id)


async def refuse_used_collection(conn: Connection, programs: Programs, place: tuple[int, int], name: str) -> None:
    """The same for a collection of the campaign at `place` = (Application id, campaign id)."""
    program = await programs.current(conn, place[0])
    campaign = program.by_id.get(place[1])
    if campaign is not None and (COLLECTION, name) in campaign.names and campaign.source.state != "archived":
        raise _used(COLLECTION, campaign.source.id)


async def refuse_used_attribute(
    conn: Connection, programs: Programs, application_ids: Iterable[int], key: tuple[str, str, str]
) -> None:
    """Raise Invalid when rules of one of these Applications, archived campaigns apart, cannot run without the attribute
    of this `key` (AttributeDefinition.key)."""
    for application_id in application_ids:
        program = await programs.current(conn, application_id)
        others = types_of(definition for one, definition in program.definitions.items() if one != key)
        own = programs.own_collections(application_id)
        for campaign in program.campaigns:
            source = campaign.source
            if source.state == "archived" or not _mentions([source.rules, source.bindings], key[2]):
                continue
            without = compile_campaign(source, others, program.library, collections=own.get(source.id))
            if [rule.broken for rule in without.rules] != [rule.broken for rule in campaign.rules]:
                raise _used("attribute", source.id)


def _mentions(value: Any, name: str) -> bool:
    """Whether the name is part of a text somewhere in this JSON."""
    inside = [value]
    while inside:
        match inside.pop():
            case str(text) if name in text:
                return True
            case list(parts):
                inside += parts
            case dict(members):
                inside += members.values()
    return False


def _used(kind: str, campaign_id: int) -> Invalid:
    return Invalid(f"The {kind} is used by the rules of campaign {campaign_id}")
