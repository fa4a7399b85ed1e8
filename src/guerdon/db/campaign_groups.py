"""Campaign groups: who may work on which campaigns (management.md §19). They mean nothing to rules.

A group is locked before the campaigns that are in it.
"""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.db import applications
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, changed, first
from guerdon.errors import Invalid, Problem
from guerdon.wire.campaign_groups import CampaignGroup, NewCampaignGroup, UpdateCampaignGroup

GROUPS = """
SELECT * FROM (
    SELECT g.*, ARRAY(
        SELECT c.id FROM campaigns c JOIN applications a ON a.id = c.application_id
        WHERE c.campaign_groups @> ARRAY[g.id] AND a.account_id = g.account_id ORDER BY c.id) AS campaign_ids
    FROM campaign_groups g WHERE g.account_id = $1) AS shown
WHERE true
"""
SELECT = GROUPS + " AND id = $2"
LIST = Listing(
    select=GROUPS,
    filters={},
    sorts={"id": "id", "created": "created", "modified": "modified", "name": "name"},
)
INSERT = """
INSERT INTO campaign_groups (account_id, name, description, subscribed_applications_ids, created, modified)
VALUES ($1, $2, $3, $4, $5, $5)
RETURNING id
"""
LOCK = "SELECT * FROM campaign_groups WHERE account_id = $1 AND id = $2 FOR UPDATE"
UPDATE = """
UPDATE campaign_groups SET name = $3, description = $4, subscribed_applications_ids = $5, modified = $6
WHERE account_id = $1 AND id = $2
"""
DELETE = "DELETE FROM campaign_groups WHERE account_id = $1 AND id = $2"
# Of an Application ($2), or of the whole account.
SELECT_KNOWN = """
SELECT id FROM campaign_groups
WHERE account_id = $1 AND (subscribed_applications_ids IS NULL OR $2 = ANY (subscribed_applications_ids))
    AND id = ANY ($3)
FOR KEY SHARE
"""
SELECT_CAMPAIGNS = """
SELECT c.id FROM campaigns c JOIN applications a ON a.id = c.application_id
WHERE a.account_id = $1 AND c.id = ANY ($2) AND ($3::bigint[] IS NULL OR a.id = ANY ($3))
"""
LOCK_CAMPAIGNS = """
SELECT c.id FROM campaigns c JOIN applications a ON a.id = c.application_id
WHERE a.account_id = $1 AND (c.id = ANY ($3) OR c.campaign_groups @> ARRAY[$2::bigint]) ORDER BY c.id FOR UPDATE OF c
"""
UPDATE_CAMPAIGNS = """
UPDATE campaigns c SET campaign_groups = CASE WHEN c.id = ANY ($3) THEN c.campaign_groups || $2::bigint
    ELSE array_remove(c.campaign_groups, $2::bigint) END
FROM applications a
WHERE a.id = c.application_id AND a.account_id = $1
    AND (c.id = ANY ($3)) <> (c.campaign_groups @> ARRAY[$2::bigint])
    AND (c.id = ANY ($3) OR c.campaign_groups @> ARRAY[$2::bigint])
"""


def _group(row: Row) -> CampaignGroup:
    return CampaignGroup(**{name: value for name, value in row.items() if value is not None})


async def add_group(conn: Connection, account_id: int, new: NewCampaignGroup, now: datetime) -> CampaignGroup:
    """Create a group with its campaigns. Raises Invalid for Applications and campaigns of others."""
    subscribed = await applications.subscription(conn, account_id, new.subscribed_applications_ids)
    members = await _members(conn, account_id, new.campaign_ids, subscribed)
    description = "" if new.description is UNSET else new.description
    group_id = await conn.fetchval(INSERT, account_id, new.name, description, subscribed, now)
    await _set_members(conn, account_id, group_id, members or [])
    return await get_group(conn, account_id, group_id)


async def change_group(
    conn: Connection, account_id: int, group_id: int, new: UpdateCampaignGroup, now: datetime
) -> CampaignGroup:
    """Change a group; what is left out stays. Raises NotFound and Invalid."""
    first(await conn.fetchrow(LOCK, account_id, group_id), "Campaign group")
    old = await get_group(conn, account_id, group_id)
    given = new.subscribed_applications_ids
    subscribed = await applications.subscription(
        conn, account_id, old.subscribed_applications_ids if given is UNSET else given
    )
    wanted = old.campaign_ids if new.campaign_ids is UNSET else new.campaign_ids
    members = await _members(conn, account_id, wanted, subscribed)
    description = old.description if new.description is UNSET else new.description
    await _set_members(conn, account_id, group_id, members or [])
    await conn.execute(UPDATE, account_id, group_id, new.name, description, subscribed, now)
    return await get_group(conn, account_id, group_id)


async def remove_group(conn: Connection, account_id: int, group_id: int) -> None:
    """Delete a group; its campaigns stay. Raises NotFound."""
    first(changed(await conn.execute(DELETE, account_id, group_id)) or None, "Campaign group")
    await _set_members(conn, account_id, group_id, [])


async def _members(
    conn: Connection, account_id: int, campaign_ids: list[int] | UnsetType, subscribed: list[int] | None
) -> list[int] | None:
    """The campaigns, which must be of the account and its subscribed Applications; None where none are named."""
    if campaign_ids is UNSET:
        return None
    rows = await conn.fetch(SELECT_CAMPAIGNS, account_id, campaign_ids, subscribed)
    known = {row["id"] for row in rows}
    for place, campaign_id in enumerate(campaign_ids):
        if campaign_id not in known:
            details = f"The subscribed Applications have no campaign {campaign_id}"
            raise Invalid(errors=[Problem.at(f"/campaignIds/{place}", "Unknown", details)])
    return sorted(known)


async def _set_members(conn: Connection, account_id: int, group_id: int, campaign_ids: list[int]) -> None:
    await conn.fetch(LOCK_CAMPAIGNS, account_id, group_id, campaign_ids)
    await conn.execute(UPDATE_CAMPAIGNS, account_id, group_id, campaign_ids)


async def check(conn: Connection, account_id: int, application_id: int, group_ids: list[int]) -> None:
    """Raise Invalid for a group that campaigns of the Application cannot be in."""
    known = await known_in(conn, account_id, application_id, group_ids)
    for place, group_id in enumerate(group_ids):
        if group_id not in known:
            details = f"The Application has no campaign group {group_id}"
            raise Invalid(errors=[Problem.at(f"/campaignGroups/{place}", "Unknown", details)])


async def exists(conn: Connection, account_id: int, group_id: int) -> bool:
    """Whether the account has the group."""
    return await conn.fetchrow(SELECT, account_id, group_id) is not None


async def known_in(conn: Connection, account_id: int, application_id: int, group_ids: list[int]) -> set[int]:
    """Those of the groups that campaigns of the Application can be in."""
    return {row["id"] for row in await conn.fetch(SELECT_KNOWN, account_id, application_id, group_ids)}


async def get_group(conn: Connection, account_id: int, group_id: int) -> CampaignGroup:
    """The group; raises NotFound."""
    return _group(first(await conn.fetchrow(SELECT, account_id, group_id), "Campaign group"))


async def list_groups(conn: Connection, account_id: int, page: Page) -> tuple[list[CampaignGroup], int]:
    """One page of the account's groups, and how many there are."""
    none: dict[str, Any] = {}
    rows, _ = await LIST.fetch(conn, [account_id], none, page)
    return [_group(row) for row in rows], await LIST.count(conn, [account_id], none)
