"""The whole tree of an Application's evaluation groups and campaigns, read and written at once (rules.md §1.5)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import UNSET

from guerdon.db import evaluation_groups, programs
from guerdon.db.evaluation_groups import DEEPEST, Groups, refuse_move
from guerdon.db.pool import Connection, Row, first
from guerdon.errors import Conflict, Invalid, Problem
from guerdon.wire.base import camel
from guerdon.wire.evaluation_groups import CampaignSet, CampaignSetNode, NewCampaignSet

SELECT = """
SELECT a.id, a.campaign_set_version AS version, u.name AS updated_by
FROM applications a LEFT JOIN users u ON u.id = a.campaign_set_updated_by
WHERE a.account_id = $1 AND a.id = $2
"""
# The row of the Application itself is locked last, as in every change of what rules can see.
SELECT_CAMPAIGNS = """
SELECT id, evaluation_group_id, position FROM campaigns WHERE application_id = $1 ORDER BY position, id
"""
LOCK_CAMPAIGNS = "SELECT id FROM campaigns WHERE application_id = $1 ORDER BY id FOR UPDATE"
UPDATE_CAMPAIGNS = """
UPDATE campaigns c SET evaluation_group_id = moved.group_id, position = moved.position
FROM unnest($2::bigint[], $3::bigint[], $4::integer[]) AS moved (id, group_id, position)
WHERE c.application_id = $1 AND c.id = moved.id
    AND (c.evaluation_group_id, c.position) <> (moved.group_id, moved.position)
RETURNING c.id
"""
RAISE_VERSION = """
UPDATE applications SET campaign_set_version = $3, campaign_set_updated_by = $4
WHERE account_id = $1 AND id = $2 AND campaign_set_version = $3 - 1
RETURNING id
"""
OPERATORS = {"listOrder": "FIRST"}


class _Place(NamedTuple):
    """Where a node stands: its pointer, the group it is in (None for the base group), and its place there."""

    pointer: str
    parent_id: int | None
    position: int
    level: int
    node: CampaignSetNode


async def get_set(conn: Connection, account_id: int, application_id: int) -> CampaignSet:
    """The tree; raises NotFound for the Application."""
    row = first(await conn.fetchrow(SELECT, account_id, application_id), "Application")
    groups = await evaluation_groups.all_groups(conn, application_id)
    campaigns = await conn.fetch(SELECT_CAMPAIGNS, application_id)
    children: dict[int | None, list[tuple[int, int, int, Row]]] = {}
    for kind, owner, rows in ((0, "parent_id", groups.values()), (1, "evaluation_group_id", campaigns)):
        for one in rows:
            children.setdefault(one[owner], []).append((one["position"], kind, one["id"], one))
    return CampaignSet(
        application_id=application_id,
        id=application_id,
        version=row["version"],
        set=_branch(children[None][0][-1], children),
        updated_by=UNSET if row["updated_by"] is None else row["updated_by"],
    )


def _branch(group: Row, children: dict[int | None, list[tuple[int, int, int, Row]]]) -> CampaignSetNode:
    inside = sorted(children.get(group["id"], ()), key=lambda entry: entry[:3])
    return CampaignSetNode(
        type="SET",
        name=group["name"],
        operator=OPERATORS.get(group["evaluation_mode"], "ALL"),  # type: ignore[arg-type]
        elements=[_branch(row, children) if kind == 0 else _leaf(row) for _, kind, _, row in inside],
        group_id=group["id"],
        locked=group["locked"],
        description=group["description"],
        evaluation_mode=group["evaluation_mode"],
        evaluation_scope=group["evaluation_scope"],
    )


def _leaf(campaign: Row) -> CampaignSetNode:
    return CampaignSetNode(type="CAMPAIGN", campaign_id=campaign["id"])


async def change_set(
    conn: Connection, caller: tuple[int, int], application_id: int, new: NewCampaignSet
) -> CampaignSet:
    """Replace the tree, as `caller` = (account id, user id): every group and every campaign of the Application stands
    in it once. `version` is one more than that of the tree that was read.

    Raises NotFound, Conflict for another version, Invalid, and Forbidden where a locked group would lose or get
    something.
    """
    first(await conn.fetchrow(SELECT, caller[0], application_id), "Application")
    await conn.fetch(LOCK_CAMPAIGNS, application_id)
    groups = await evaluation_groups.lock_groups(conn, application_id)
    before = {row["id"]: row for row in await conn.fetch(SELECT_CAMPAIGNS, application_id)}
    places = list(_places(_Place("/set", None, 0, 0, new.set)))
    _check(places, groups, before)
    branches = {place.node.group_id: place for place in places if place.node.type == "SET"}
    leaves = {place.node.campaign_id: place for place in places if place.node.type == "CAMPAIGN"}
    _refuse_locked(groups, before, branches, leaves)
    if not await conn.fetchval(RAISE_VERSION, caller[0], application_id, new.version, caller[1]):
        raise Conflict("The campaign set was changed in the meantime: its version is another one")
    for group_id, place in branches.items():
        await evaluation_groups.write_group(conn, groups[group_id], _content(place))  # type: ignore[index]
    columns = zip(*((one, place.parent_id, place.position) for one, place in leaves.items()), strict=True)
    moved = await conn.fetch(UPDATE_CAMPAIGNS, application_id, *columns) if leaves else []
    await programs.record_campaigns(conn, application_id, [row["id"] for row in moved])
    return await get_set(conn, caller[0], application_id)


def _places(place: _Place) -> Iterator[_Place]:
    """A node with all that are below it."""
    yield place
    node = place.node
    if node.type == "SET" and node.elements and node.group_id is not UNSET:
        for position, child in enumerate(node.elements):
            pointer = f"{place.pointer}/elements/{position}"
            yield from _places(_Place(pointer, node.group_id, position, place.level + 1, child))


def _content(place: _Place) -> tuple[Any, ...]:
    """What a branch makes of its group, as evaluation_groups.UPDATE takes it."""
    node = place.node
    description = None if node.description is UNSET else node.description
    settings = (node.evaluation_mode, node.evaluation_scope, node.locked)
    return (node.name, place.parent_id, description, *settings, place.position)


def _check(places: list[_Place], groups: Groups, campaigns: dict[int, Row]) -> None:
    """Raise Invalid unless every group and campaign stands in the tree once, the base group at its top."""
    problems: list[Problem] = []
    seen: dict[str, set[Any]] = {"groupId": set(), "campaignId": set()}
    for place in places:
        problems += _problems(place, groups, campaigns, seen)
    if not problems:
        for what, member, known in (("group", "groupId", groups), ("campaign", "campaignId", campaigns)):
            if missing := sorted(known.keys() - seen[member]):
                problems.append(Problem.at("/set", "required", f"The tree lacks the {what} {missing[0]}"))
    if problems:
        raise Invalid(errors=problems)


def _problems(place: _Place, groups: Groups, campaigns: dict[int, Row], seen: dict[str, set[Any]]) -> Iterator[Problem]:
    node, pointer = place.node, place.pointer
    member, known, needed = "campaignId", campaigns, ("campaign_id",)
    if node.type == "SET":
        member, known = "groupId", groups
        needed = ("group_id", "name", "elements", "locked", "evaluation_mode", "evaluation_scope")  # type: ignore[assignment]
    for name in needed:
        if getattr(node, name) is UNSET:
            yield Problem.at(f"{pointer}/{camel(name)}", "required", f"A node of type {node.type} must have it")
    one = node.group_id if node.type == "SET" else node.campaign_id
    if one is UNSET:
        return
    if one not in known:
        yield Problem.at(f"{pointer}/{member}", "Unknown", f"The Application has none of the id {one}")
    elif one in seen[member]:
        yield Problem.at(f"{pointer}/{member}", "uniqueItems", "It stands in the tree already")
    elif node.type == "SET" and (groups[one]["parent_id"] is None) != (place.level == 0):
        yield Problem.at(f"{pointer}/{member}", "Invalid value", "The base group, and no other, stands at the top")
    elif node.type == "CAMPAIGN" and place.level == 0:
        yield Problem.at(f"{pointer}/type", "Invalid value", "The base group stands at the top")
    elif node.type == "SET" and place.level > DEEPEST:
        details = f"Below the base group there are at most {DEEPEST} levels of evaluation groups"
        yield Problem.at(pointer, "Invalid value", details)
    seen[member].add(one)


def _refuse_locked(
    groups: Groups, campaigns: dict[int, Row], branches: dict[Any, _Place], leaves: dict[Any, _Place]
) -> None:
    """Raise Forbidden where something would leave or join a locked group."""
    moves = [(groups[one]["parent_id"], place.parent_id) for one, place in branches.items()]
    for one, place in branches.items():
        if groups[one]["parent_id"] != place.parent_id:
            refuse_move(groups, groups[one])
    moves += [(campaigns[one]["evaluation_group_id"], place.parent_id) for one, place in leaves.items()]
    for was, is_now in moves:
        for group_id in (was, is_now):
            if was != is_now and groups[group_id]["locked"]:  # type: ignore[index]
                raise evaluation_groups.locked(groups[group_id]["name"])  # type: ignore[index]
