"""Rulesets: append-only revisions of a campaign's rules (rules.md §1.2). Nothing here changes a stored rule."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from msgspec import UNSET, Raw

from guerdon.db import programs
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, changed, first
from guerdon.errors import Invalid
from guerdon.wire.base import encode_text
from guerdon.wire.rulesets import NewRuleset, Rule, Ruleset

# $1 account, $2 Application, $3 campaign.
SELECT = """
SELECT r.* FROM rulesets r JOIN applications a ON a.id = r.application_id
WHERE a.account_id = $1 AND r.application_id = $2 AND r.campaign_id = $3 AND r.id = $4
"""
LIST = Listing(
    select="""
    SELECT * FROM (
        SELECT r.* FROM rulesets r JOIN applications a ON a.id = r.application_id
        WHERE a.account_id = $1 AND r.application_id = $2 AND r.campaign_id = $3) AS ruleset
    WHERE true
    """,
    filters={},
    sorts={"id": "id", "created": "created", "activatedAt": "activated_at"},
)
# The lock puts the saves of one campaign in a row, so that each sees which ruleset was active before it.
SELECT_ACTIVE = """
SELECT c.id, c.active_ruleset_id FROM campaigns c JOIN applications a ON a.id = c.application_id
WHERE a.account_id = $1 AND c.application_id = $2 AND c.id = $3
FOR NO KEY UPDATE OF c
"""
INSERT = """
INSERT INTO rulesets (application_id, campaign_id, user_id, rules, strikethrough_rules, bindings, rb_version, activate,
    activated_at, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $8 THEN $9::timestamptz END, $9)
RETURNING *
"""
DELETE = """
DELETE FROM rulesets r USING applications a
WHERE a.id = r.application_id AND a.account_id = $1 AND r.application_id = $2 AND r.campaign_id = $3 AND r.id = $4
"""
ACTIVATE = "UPDATE campaigns SET active_ruleset_id = $2, updated_by = $3, updated = $4 WHERE id = $1"

Place = tuple[int, int, int]
"""Where a ruleset stands: account id, Application id, campaign id."""


def complete(rules: list[Rule]) -> None:
    """Give rules what they were sent without: an id, a list of bindings."""
    for rule in rules:
        if rule.id is UNSET:
            rule.id = str(uuid4())
        if rule.bindings is UNSET:
            rule.bindings = []


def content(new: NewRuleset) -> tuple[str, str | None, str, str]:
    """Rules, strikethrough rules, bindings and version, as they are stored."""
    strikethrough = None if new.strikethrough_rules is UNSET else encode_text(new.strikethrough_rules)
    return encode_text(new.rules), strikethrough, encode_text(new.bindings), new.rb_version


def shown(row: Row) -> Ruleset:
    """A stored ruleset as answers have it."""
    values: dict[str, Any] = {
        name: value for name, value in row.items() if name != "application_id" and value is not None
    }
    for name in ("rules", "strikethrough_rules", "bindings"):
        if name in values:  # what was stored goes out as it is, number for number
            values[name] = Raw(values[name].encode())
    return Ruleset(**values)


async def add_ruleset(
    conn: Connection, place: Place, user_id: int, new: NewRuleset, now: datetime, *, instead_of: int | None = None
) -> Ruleset:
    """Save a revision. It becomes active when `new` says so, or when `instead_of`, the ruleset that it replaces, was.

    Raises NotFound for the campaign, and for `instead_of`.
    """
    _, application_id, campaign_id = place
    campaign = first(await conn.fetchrow(SELECT_ACTIVE, *place), "Campaign")
    if instead_of is not None:
        await get_ruleset(conn, place, instead_of)
    activate = new.activate or (instead_of is not None and campaign["active_ruleset_id"] == instead_of)
    row = await conn.fetchrow(INSERT, application_id, campaign_id, user_id, *content(new), activate, now)
    if activate:
        await conn.execute(ACTIVATE, campaign_id, row["id"], user_id, now)
        await programs.record_campaign(conn, application_id, campaign_id)
    return shown(row)


async def get_ruleset(conn: Connection, place: Place, ruleset_id: int) -> Ruleset:
    """The ruleset; raises NotFound."""
    return shown(first(await conn.fetchrow(SELECT, *place, ruleset_id), "Ruleset"))


async def remove_ruleset(conn: Connection, place: Place, ruleset_id: int) -> None:
    """Delete a revision. Raises NotFound, and Invalid for the one that is active."""
    campaign = first(await conn.fetchrow(SELECT_ACTIVE, *place), "Campaign")
    if campaign["active_ruleset_id"] == ruleset_id:
        raise Invalid("The active ruleset of a campaign cannot be deleted")
    first(changed(await conn.execute(DELETE, *place, ruleset_id)) or None, "Ruleset")


async def list_rulesets(conn: Connection, place: Place, page: Page) -> tuple[list[Ruleset], int]:
    """One page of all revisions, oldest first, and how many there are."""
    rows, _ = await LIST.fetch(conn, place, {}, page)
    return [shown(row) for row in rows], await LIST.count(conn, place, {})
