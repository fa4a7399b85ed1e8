"""Custom effects, which rules give by id or name, and picklists for their parameters (rules.md §1.6)."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from guerdon.db import applications, programs
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.custom_effects import CustomEffect, NewCustomEffect, NewPicklist, Picklist, TemplateArgDef

INSERT = """
INSERT INTO custom_effects (account_id, application_ids, is_per_item, name, title, payload, description, enabled,
    params, created_by, created, modified)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
RETURNING *
"""
SELECT = "SELECT * FROM custom_effects WHERE account_id = $1 AND id = $2"
SELECT_TO_CHANGE = "SELECT * FROM custom_effects WHERE account_id = $1 AND id = $2 FOR UPDATE"
UPDATE = """
UPDATE custom_effects SET application_ids = $3, is_per_item = $4, name = $5, title = $6, payload = $7, description = $8,
    enabled = $9, params = $10, modified_by = $11, modified = $12
WHERE account_id = $1 AND id = $2
RETURNING *
"""
DELETE = "DELETE FROM custom_effects WHERE account_id = $1 AND id = $2"
LIST = Listing(
    select="SELECT * FROM custom_effects WHERE account_id = $1",
    filters={},
    sorts={"id": "id", "created": "created", "modified": "modified", "name": "name", "title": "title"},
)
INSERT_PICKLIST = """
INSERT INTO picklists (account_id, type, values, created_by, created) VALUES ($1, $2, $3, $4, $5) RETURNING *
"""
SELECT_PICKLISTS = "SELECT id, type FROM picklists WHERE account_id = $1 AND id = ANY ($2)"


def _effect(row: Row) -> CustomEffect:
    values: dict[str, Any] = {name: value for name, value in row.items() if value is not None}
    values["params"] = decoder(list[TemplateArgDef]).decode(row["params"])
    return CustomEffect(**values)


async def _content(conn: Connection, account_id: int, new: NewCustomEffect) -> list[Any]:
    """The values of INSERT and UPDATE from the Applications on; raises Invalid for what is not the account's."""
    ids = await applications.subscription(conn, account_id, new.application_ids, "/applicationIds")
    params = [] if new.params is UNSET else new.params
    await _check_picklists(conn, account_id, params)
    description = "" if new.description is UNSET else new.description
    text = (new.name, new.title, new.payload, description)
    return [ids, new.is_per_item is True, *text, new.enabled, encode_text(params)]


async def _check_picklists(conn: Connection, account_id: int, params: list[TemplateArgDef]) -> None:
    wanted = [one.picklist_id for one in params if one.picklist_id is not UNSET]
    types = {row["id"]: row["type"] for row in await conn.fetch(SELECT_PICKLISTS, account_id, wanted)}
    for place, one in enumerate(params):
        if one.picklist_id is not UNSET and types.get(one.picklist_id) not in (one.type, _element(one.type)):
            details = f"The account has no picklist {one.picklist_id} of this type"
            raise Invalid(errors=[Problem.at(f"/params/{place}/picklistID", "Unknown", details)])


def _element(kind: str) -> str:
    return kind.removeprefix("(list ").removesuffix(")")


async def add_effect(conn: Connection, caller: tuple[int, int], new: NewCustomEffect, now: datetime) -> CustomEffect:
    """Define an effect as `caller` = (account id, user id). Raises Conflict when the name is taken, and Invalid for
    Applications and picklists of others."""
    account_id, user_id = caller
    row = await conn.fetchrow(INSERT, account_id, *await _content(conn, account_id, new), user_id, now)
    await programs.record_shared_part(conn, account_id, "custom_effect", row["id"], [row["application_ids"]])
    return _effect(row)


async def change_effect(
    conn: Connection, caller: tuple[int, int], effect_id: int, new: NewCustomEffect, now: datetime
) -> CustomEffect:
    """Replace an effect. Raises NotFound, Conflict and Invalid."""
    account_id, user_id = caller
    old = first(await conn.fetchrow(SELECT_TO_CHANGE, account_id, effect_id), "Custom effect")
    row = await conn.fetchrow(UPDATE, account_id, effect_id, *await _content(conn, account_id, new), user_id, now)
    subscriptions = [old["application_ids"], row["application_ids"]]
    await programs.record_shared_part(conn, account_id, "custom_effect", effect_id, subscriptions)
    return _effect(row)


async def remove_effect(conn: Connection, account_id: int, effect_id: int) -> None:
    """Delete an effect. Raises NotFound."""
    old = first(await conn.fetchrow(SELECT_TO_CHANGE, account_id, effect_id), "Custom effect")
    await conn.execute(DELETE, account_id, effect_id)
    await programs.record_shared_part(conn, account_id, "custom_effect", effect_id, [old["application_ids"]])


async def get_effect(conn: Connection, account_id: int, effect_id: int) -> CustomEffect:
    """The effect; raises NotFound."""
    return _effect(first(await conn.fetchrow(SELECT, account_id, effect_id), "Custom effect"))


async def list_effects(conn: Connection, account_id: int, page: Page) -> tuple[list[CustomEffect], int]:
    """One page of the account's effects, and how many there are."""
    rows, _ = await LIST.fetch(conn, [account_id], {}, page)
    return [_effect(row) for row in rows], await LIST.count(conn, [account_id], {})


async def add_picklist(conn: Connection, caller: tuple[int, int], new: NewPicklist, now: datetime) -> Picklist:
    """Keep a picklist as `caller` = (account id, user id)."""
    row = await conn.fetchrow(INSERT_PICKLIST, caller[0], new.type, new.values, caller[1], now)
    return Picklist(**row, imported=False)
