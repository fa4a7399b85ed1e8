"""What rules name cannot be taken away from them."""

from collections.abc import Iterable

from guerdon.db.pool import Connection
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


def _used(kind: str, campaign_id: int) -> Invalid:
    return Invalid(f"The {kind} is used by the rules of campaign {campaign_id}")
