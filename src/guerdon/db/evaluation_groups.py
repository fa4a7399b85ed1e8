"""Evaluation groups: the tree that decides which campaigns get their turn, and in which order (rules.md §5.7).

The groups of an Application are locked before its tree is changed, so that one change is made after the other.
"""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from guerdon.db import programs
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.errors import Forbidden, Invalid, Problem
from guerdon.wire.evaluation_groups import (
    CampaignEvaluationGroup,
    NewCampaignEvaluationGroup,
    UpdateCampaignEvaluationGroup,
)

SELECT = "SELECT * FROM evaluation_groups WHERE application_id = $1 AND id = $2"
# Not FOR UPDATE: a campaign that comes into a group keeps others only from deleting it.
LOCK_ALL = "SELECT * FROM evaluation_groups WHERE application_id = $1 ORDER BY id FOR NO KEY UPDATE"
SELECT_ALL = "SELECT * FROM evaluation_groups WHERE application_id = $1"
SELECT_TARGET = """
SELECT g.id, g.name, g.locked FROM evaluation_groups g JOIN applications a ON a.id = g.application_id
WHERE a.id = $1 AND g.id = coalesce($2, a.default_evaluation_group_id)
FOR KEY SHARE OF g
"""
SELECT_DEFAULT = "SELECT default_evaluation_group_id FROM applications WHERE id = $1"
NEXT_PLACE = """
SELECT coalesce(max(position) + 1, 0) FROM (
    SELECT position FROM campaigns WHERE application_id = $1 AND evaluation_group_id = $2
    UNION ALL SELECT position FROM evaluation_groups WHERE application_id = $1 AND parent_id = $2) AS child
"""
SELECT_CAMPAIGNS = "SELECT id FROM campaigns WHERE application_id = $1 AND evaluation_group_id = $2 ORDER BY id"
INSERT = """
INSERT INTO evaluation_groups (application_id, name, parent_id, description, evaluation_mode, evaluation_scope, locked,
    position, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING *
"""
UPDATE = """
UPDATE evaluation_groups SET name = $3, parent_id = $4, description = coalesce($5, description), evaluation_mode = $6,
    evaluation_scope = $7, locked = $8, position = $9
WHERE application_id = $1 AND id = $2
RETURNING *
"""
DELETE = "DELETE FROM evaluation_groups WHERE application_id = $1 AND id = $2"
LIST = Listing(
    select="SELECT * FROM evaluation_groups WHERE application_id = $1", filters={}, sorts={"id": "id", "name": "name"}
)

DEEPEST = 2
"""How many levels of groups there may be below the base group."""

Groups = dict[int, Row]
"""All groups of an Application by id."""


def _group(row: Row) -> CampaignEvaluationGroup:
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in ("position", "created")}
    values["parent_id"] = values["parent_id"] or values["id"]
    return CampaignEvaluationGroup(**values)


def locked(name: str) -> Forbidden:
    """The refusal to change what is in a locked group."""
    return Forbidden(f'The evaluation group "{name}" is locked')


def _invalid(member: str, title: str, details: str) -> Invalid:
    return Invalid(errors=[Problem.at(f"/{member}", title, details)])


async def place_in(conn: Connection, application_id: int, group_id: int | None) -> tuple[int, int]:
    """The group that a campaign is to come into, None for the default one, and the place behind all others in it.

    Raises NotFound for the Application, Invalid for a group that is not its own, Forbidden for a locked one.
    """
    row = await conn.fetchrow(SELECT_TARGET, application_id, group_id)
    if row is None and group_id is not None:
        raise _invalid("evaluationGroupId", "Unknown", f"The Application has no evaluation group {group_id}")
    group = first(row, "Application")
    _refuse_locked(group)
    return group["id"], await _next_place(conn, application_id, group["id"])


async def refuse_locked(conn: Connection, application_id: int, group_id: int) -> None:
    """Raise Forbidden when the group is locked."""
    _refuse_locked(first(await conn.fetchrow(SELECT, application_id, group_id), "Evaluation group"))


def _refuse_locked(group: Row) -> None:
    if group["locked"]:
        raise locked(group["name"])


async def _next_place(conn: Connection, application_id: int, group_id: int) -> int:
    place: int = await conn.fetchval(NEXT_PLACE, application_id, group_id)
    return place


async def all_groups(conn: Connection, application_id: int) -> Groups:
    """The groups of an Application."""
    return {row["id"]: row for row in await conn.fetch(SELECT_ALL, application_id)}


async def lock_groups(conn: Connection, application_id: int) -> Groups:
    """The groups of an Application, locked."""
    return {row["id"]: row for row in await conn.fetch(LOCK_ALL, application_id)}


async def add_group(
    conn: Connection, application_id: int, new: NewCampaignEvaluationGroup, now: datetime
) -> CampaignEvaluationGroup:
    """Create a group as the last of its parent. Raises Invalid for the parent, Forbidden when that is locked."""
    groups = await lock_groups(conn, application_id)
    _check_parent(groups, new.parent_id, 1)
    place = await _next_place(conn, application_id, new.parent_id)
    description = "" if new.description is UNSET else new.description
    settings = (new.evaluation_mode, new.evaluation_scope, new.locked)
    row = await conn.fetchrow(INSERT, application_id, new.name, new.parent_id, description, *settings, place, now)
    await programs.record_part(conn, application_id, "group", row["id"])
    return _group(row)


async def change_group(
    conn: Connection, application_id: int, group_id: int, new: UpdateCampaignEvaluationGroup
) -> CampaignEvaluationGroup:
    """Change a group; one that moves is the last of its new parent. A description that is left out stays.

    Raises NotFound, Invalid for the parent, Forbidden when the group or one of its parents is locked and it moves.
    """
    groups = await lock_groups(conn, application_id)
    old = first(groups.get(group_id), "Evaluation group")
    parent_id, place = old["parent_id"], old["position"]
    if new.parent_id != (parent_id or group_id):
        if parent_id is None:
            raise _invalid("parentId", "Immutable", "The base group cannot be moved")
        if new.parent_id in _below(groups, group_id):
            raise _invalid("parentId", "Invalid value", "A group cannot be moved into itself")
        _check_parent(groups, new.parent_id, height(groups, group_id))
        refuse_move(groups, old)
        parent_id, place = new.parent_id, await _next_place(conn, application_id, new.parent_id)
    description = None if new.description is UNSET else new.description
    settings = (new.evaluation_mode, new.evaluation_scope, new.locked)
    await write_group(conn, old, (new.name, parent_id, description, *settings, place))
    return await get_group(conn, application_id, group_id)


async def write_group(conn: Connection, old: Row, content: tuple[Any, ...]) -> None:
    """Store what UPDATE takes from the name on, and record what of it rules can see. Campaigns carry the mode of their
    group."""
    application_id, group_id = old["application_id"], old["id"]
    row = await conn.fetchrow(UPDATE, application_id, group_id, *content)
    seen = ("name", "parent_id", "evaluation_mode", "evaluation_scope", "position")
    if any(row[name] != old[name] for name in seen):
        await programs.record_part(conn, application_id, "group", group_id)
    if row["evaluation_mode"] != old["evaluation_mode"]:
        inside = [one["id"] for one in await conn.fetch(SELECT_CAMPAIGNS, application_id, group_id)]
        await programs.record_campaigns(conn, application_id, inside)


def _check_parent(groups: Groups, parent_id: int, levels: int) -> None:
    """Whether a group with so many levels of groups, itself included, may come into this one."""
    parent = groups.get(parent_id)
    if parent is None:
        raise _invalid("parentId", "Unknown", f"The Application has no evaluation group {parent_id}")
    if _level(groups, parent_id) + levels > DEEPEST:
        details = f"Below the base group there are at most {DEEPEST} levels of evaluation groups"
        raise _invalid("parentId", "Invalid value", details)
    _refuse_locked(parent)


def refuse_move(groups: Groups, group: Row) -> None:
    """Raise Forbidden when this group may not leave its place: it or its parent is locked."""
    for one in (group, groups[group["parent_id"]]):
        _refuse_locked(one)


def _level(groups: Groups, group_id: int) -> int:
    parent_id = groups[group_id]["parent_id"]
    return 0 if parent_id is None else 1 + _level(groups, parent_id)


def _below(groups: Groups, group_id: int) -> set[int]:
    """The group with all that are below it."""
    children = [one for one, row in groups.items() if row["parent_id"] == group_id]
    return {group_id}.union(*(_below(groups, child) for child in children))


def height(groups: Groups, group_id: int) -> int:
    """How many levels of groups there are from this one down."""
    level = _level(groups, group_id)
    return 1 + max(_level(groups, one) - level for one in _below(groups, group_id))


async def remove_group(conn: Connection, application_id: int, group_id: int) -> None:
    """Delete a group that is empty. Raises NotFound, Invalid when it is not, or is the base group or the one that new
    campaigns come into, and Forbidden when it or its parent is locked."""
    groups = await lock_groups(conn, application_id)
    old = first(groups.get(group_id), "Evaluation group")
    if old["parent_id"] is None:
        raise Invalid("The base group cannot be deleted")
    refuse_move(groups, old)
    if await conn.fetchval(SELECT_DEFAULT, application_id) == group_id:
        raise Invalid("The default evaluation group of the Application cannot be deleted")
    if len(_below(groups, group_id)) > 1 or await conn.fetch(SELECT_CAMPAIGNS, application_id, group_id):
        raise Invalid("The evaluation group still has campaigns or groups in it")
    await conn.execute(DELETE, application_id, group_id)
    await programs.record_part(conn, application_id, "group", group_id)


async def get_group(conn: Connection, application_id: int, group_id: int) -> CampaignEvaluationGroup:
    """The group; raises NotFound."""
    return _group(first(await conn.fetchrow(SELECT, application_id, group_id), "Evaluation group"))


async def list_groups(conn: Connection, application_id: int, page: Page) -> tuple[list[CampaignEvaluationGroup], int]:
    """One page of the groups of an Application, and how many there are."""
    rows, _ = await LIST.fetch(conn, [application_id], {}, page)
    return [_group(row) for row in rows], await LIST.count(conn, [application_id], {})
