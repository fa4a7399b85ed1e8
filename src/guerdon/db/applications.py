"""Applications and their Integration keys (management.md §4)."""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, UnsetType

from guerdon.db import programs
from guerdon.db.keys import digest
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, changed, first
from guerdon.errors import Invalid, Problem
from guerdon.wire.applications import (
    Application,
    ApplicationAPIKey,
    CreateApplicationAPIKey,
    NewApplication,
    NewApplicationAPIKey,
    UpdateApplication,
)
from guerdon.wire.base import decoder, encode, encode_text
from guerdon.wire.limits import LimitConfig

INSERT = """
INSERT INTO applications (account_id, name, timezone, currency, sandbox, legacy_key, created, modified)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
RETURNING id
"""
INSERT_ROOT_GROUP = """
INSERT INTO evaluation_groups (application_id, name, created) VALUES ($1, 'Base group', $2) RETURNING id
"""
UPDATE = """
UPDATE applications SET name = $3, timezone = $4, currency = $5, description = $6, case_sensitivity = $7,
    attributes = $8, limits = $9, default_discount_scope = $10, enable_cascading_discounts = $11,
    enable_flattened_cart_items = $12, attributes_settings = $13, enable_partial_discounts = $14,
    default_discount_additional_cost_per_item_scope = $15, enable_campaign_state_management = $16,
    best_prior_price_settings = $17, default_evaluation_group_id = $18, default_cart_item_filter_id = $19,
    discount_decimals = $20, uncapped_discounts = $21, modified = $22
WHERE account_id = $1 AND id = $2
"""
SELECT = "SELECT * FROM applications WHERE account_id = $1 AND id = $2"
# New rows that refer to the Application, as of an import, are no reason to wait: its id stays.
SELECT_TO_CHANGE = "SELECT * FROM applications WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE"
HAS_FILTER = "SELECT EXISTS (SELECT FROM cart_item_filters WHERE application_id = $1 AND id = $2)"
HAS_GROUP = "SELECT EXISTS (SELECT FROM evaluation_groups WHERE application_id = $1 AND id = $2)"
SELECT_SUBSCRIBED = """
SELECT id FROM applications WHERE account_id = $1 AND ($2::bigint[] IS NULL OR id = ANY ($2)) ORDER BY id
"""
LIST = Listing(
    select="SELECT * FROM applications WHERE account_id = $1",
    filters={"ids": "id = ANY(?)"},
    sorts={"id": "id", "created": "created", "modified": "modified", "name": "name"},
)

INSERT_KEY = """
INSERT INTO application_keys (application_id, title, key_hash, platform, type, time_offset, created_by, created,
    expires)
SELECT a.id, $3, $4, $5, $6, $7, $8, $9, $10 FROM applications a WHERE a.account_id = $1 AND a.id = $2
RETURNING *
"""
SELECT_KEYS = "SELECT * FROM application_keys WHERE application_id = $1 ORDER BY id"
UPDATE_KEY = """
UPDATE application_keys k SET time_offset = $4 FROM applications a
WHERE a.id = k.application_id AND a.account_id = $1 AND k.application_id = $2 AND k.id = $3
RETURNING k.*
"""
DELETE_KEY = """
DELETE FROM application_keys k USING applications a
WHERE a.id = k.application_id AND a.account_id = $1 AND k.application_id = $2 AND k.id = $3
"""

DEFAULTS: dict[str, Any] = {
    "description": "",
    "case_sensitivity": "sensitive",
    "attributes": {},
    "limits": [],
    "default_discount_scope": "sessionTotal",
    "enable_cascading_discounts": False,
    "enable_flattened_cart_items": False,
    "attributes_settings": {},
    "enable_partial_discounts": False,
    "default_discount_additional_cost_per_item_scope": "price",
    "enable_campaign_state_management": False,
    "best_prior_price_settings": None,
    "default_evaluation_group_id": None,
    "default_cart_item_filter_id": None,
    "discount_decimals": None,
    "uncapped_discounts": None,
}
JSON = {"attributes", "limits", "attributes_settings", "best_prior_price_settings"}
HIDDEN = {"legacy_key", "revision", "campaign_set_version", "campaign_set_updated_by"}


def _application(row: Row) -> Application:
    values = {name: value for name, value in row.items() if name not in HIDDEN and value is not None}
    for name in JSON & values.keys():
        values[name] = decoder(Any).decode(values[name])
    return Application(**values, loyalty_programs=[])


def _settings(new: NewApplication | UpdateApplication, old: dict[str, Any]) -> list[Any]:
    values = []
    for name in DEFAULTS:
        given = getattr(new, name, UNSET)
        value = old[name] if given is UNSET else given
        values.append(encode_text(value) if name in JSON and value is not None else value)
    return values


async def add_application(conn: Connection, account_id: int, new: NewApplication, now: datetime) -> Application:
    """Create the Application with its base evaluation group."""
    sandbox = new.sandbox is True
    key = "" if new.key is UNSET else new.key
    application_id: int = await conn.fetchval(
        INSERT, account_id, new.name, new.timezone, new.currency, sandbox, key, now
    )
    group_id = await conn.fetchval(INSERT_ROOT_GROUP, application_id, now)
    settings = _settings(new, {**DEFAULTS, "default_evaluation_group_id": group_id})
    await _write(conn, account_id, application_id, new, settings, now)
    await programs.record_application(conn, application_id, created=True)
    return await get_application(conn, account_id, application_id)


async def change_application(
    conn: Connection, account_id: int, application_id: int, new: UpdateApplication, now: datetime
) -> Application:
    """Replace the settings; what is left out keeps its value. `sandbox` never changes.

    Raises NotFound, and Invalid when state management is to go off or evaluation group or filter are another's.
    """
    row = first(await conn.fetchrow(SELECT_TO_CHANGE, account_id, application_id), "Application")
    old = {name: decoder(Any).decode(row[name]) if name in JSON and row[name] else row[name] for name in DEFAULTS}
    if old["enable_campaign_state_management"] and new.enable_campaign_state_management is False:
        problem = Problem.at("/enableCampaignStateManagement", "Immutable", "Once enabled it cannot be disabled")
        raise Invalid(errors=[problem])
    group_id = new.default_evaluation_group_id
    if group_id is not UNSET and not await conn.fetchval(HAS_GROUP, application_id, group_id):
        details = f"The Application has no evaluation group {group_id}"
        raise Invalid(errors=[Problem.at("/defaultEvaluationGroupId", "Unknown", details)])
    filter_id = new.default_cart_item_filter_id
    if filter_id is not UNSET and not await conn.fetchval(HAS_FILTER, application_id, filter_id):
        details = f"The Application has no cart item filter {filter_id}"
        raise Invalid(errors=[Problem.at("/defaultCartItemFilterId", "Unknown", details)])
    await _write(conn, account_id, application_id, new, _settings(new, old), now)
    await programs.record_application(conn, application_id)
    return await get_application(conn, account_id, application_id)


async def _write(
    conn: Connection,
    account_id: int,
    application_id: int,
    new: NewApplication | UpdateApplication,
    settings: list[Any],
    now: datetime,
) -> None:
    await conn.execute(UPDATE, account_id, application_id, new.name, new.timezone, new.currency, *settings, now)


async def get_application(conn: Connection, account_id: int, application_id: int) -> Application:
    """The Application; raises NotFound."""
    return _application(first(await conn.fetchrow(SELECT, account_id, application_id), "Application"))


def mandatory(application: Application, kind: Literal["campaigns", "coupons"]) -> list[str]:
    """The attributes that a campaign or a coupon of the Application must set."""
    settings: Any = application.attributes_settings  # as stored: plain JSON
    names: list[str] = (settings.get("mandatory") or {}).get(kind) or []
    return names


def default_limits(application: Application) -> list[LimitConfig]:
    """The limits that a new campaign of the Application gets when it brings none (rules.md §5.13)."""
    found: list[LimitConfig] = decoder(list[LimitConfig]).decode(encode(application.limits or []))
    return found


async def list_applications(
    conn: Connection, account_id: int, wanted: dict[str, Any], page: Page
) -> tuple[list[Application], int]:
    """One page of the account's Applications and how many there are."""
    rows, _ = await LIST.fetch(conn, [account_id], wanted, page)
    return [_application(row) for row in rows], await LIST.count(conn, [account_id], wanted)


async def subscription(
    conn: Connection, account_id: int, ids: list[int] | UnsetType, pointer: str = "/subscribedApplicationsIds"
) -> list[int] | None:
    """The Applications that are to have something of the account, as it is kept: None for all, now and later. Raises
    Invalid, with the `pointer`, for one that is not the account's."""
    if ids is UNSET:
        return None
    wanted = sorted(set(ids))
    if len(await conn.fetch(SELECT_SUBSCRIBED, account_id, wanted)) != len(wanted):
        details = "The account has no Application of one of these ids"
        raise Invalid(errors=[Problem.at(pointer, "Unknown", details)])
    return wanted


async def subscribed(conn: Connection, account_id: int, ids: list[int] | UnsetType) -> list[int]:
    """The ids of the Applications that a subscription of the account means: all of them where it names none."""
    rows = await conn.fetch(SELECT_SUBSCRIBED, account_id, None if ids is UNSET else ids)
    return [row["id"] for row in rows]


def _key(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "key_hash" and value is not None}


async def add_key(
    conn: Connection,
    caller: tuple[int, int],
    application_id: int,
    new: CreateApplicationAPIKey,
    *,
    secret: str,
    now: datetime,
) -> NewApplicationAPIKey:
    """Create an Integration key for `caller` = (account id, user id). The only answer that shows the secret."""
    account_id, user_id = caller
    optional = [None if value is UNSET else value for value in (new.platform, new.type, new.time_offset)]
    row = await conn.fetchrow(
        INSERT_KEY, account_id, application_id, new.title, digest(secret), *optional, user_id, now, new.expires
    )
    return NewApplicationAPIKey(**_key(first(row, "Application")), account_id=account_id, key=secret)


async def list_keys(conn: Connection, account_id: int, application_id: int) -> list[ApplicationAPIKey]:
    """All Integration keys of an Application, without their secrets. Raises NotFound."""
    await get_application(conn, account_id, application_id)
    rows = await conn.fetch(SELECT_KEYS, application_id)
    return [ApplicationAPIKey(**_key(row), account_id=account_id) for row in rows]


async def change_key(
    conn: Connection, account_id: int, application_id: int, key_id: int, time_offset: int
) -> ApplicationAPIKey:
    """Change by how many nanoseconds the clock is moved for requests with this key. Raises NotFound."""
    row = first(await conn.fetchrow(UPDATE_KEY, account_id, application_id, key_id, time_offset), "API key")
    return ApplicationAPIKey(**_key(row), account_id=account_id)


async def remove_key(conn: Connection, account_id: int, application_id: int, key_id: int) -> None:
    """Delete a key; it stops working at once. Raises NotFound."""
    first(changed(await conn.execute(DELETE_KEY, account_id, application_id, key_id)) or None, "API key")
