"""Value maps of a campaign: create, import, export (management.md §15, §20)."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post

from guerdon.api import csv_files
from guerdon.db import campaigns, value_maps
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.db.value_maps import Place
from guerdon.wire.imports import Import
from guerdon.wire.value_maps import ValueMap

TAGS = ["Value maps"]
ALL = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/value_maps"
ONE = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/value_maps/{value_map_id:int}"
HEADER = ("identifier", "value")


async def _place(conn: Connection, caller: Caller, application_id: int, campaign_id: int, now: datetime) -> Place:
    await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
    return caller.account_id, application_id, campaign_id


@post(ALL, operation_id="createValueMap", tags=TAGS)
async def create_value_map(
    application_id: int, campaign_id: int, caller: Caller, conn: Connection, now: datetime
) -> ValueMap:
    """An empty one; of several that were filled, the newest is the one that rules mean by default."""
    place = await _place(conn, caller, application_id, campaign_id, now)
    return await value_maps.add_value_map(conn, place, caller.user_id, now)


@post(ONE + "/import", operation_id="importCampaignValueMap", tags=TAGS, status_code=200, **csv_files.IMPORT)
async def import_campaign_value_map(
    application_id: int,
    campaign_id: int,
    value_map_id: int,
    file: str,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> Import:
    """Replaces all values."""
    place = await _place(conn, caller, application_id, campaign_id, now)
    rows = await csv_files.in_thread(csv_files.read_amounts, file, HEADER)
    values = {identifier: row.amount for identifier, row in rows.items()}
    return await value_maps.import_values(conn, place, caller.user_id, value_map_id, values, now)


@get(ONE + "/export", operation_id="exportCampaignValueMap", tags=TAGS, **csv_files.EXPORT)
async def export_campaign_value_map(
    application_id: int, campaign_id: int, value_map_id: int, caller: Caller, conn: Connection, now: datetime
) -> Response[bytes]:
    place = await _place(conn, caller, application_id, campaign_id, now)
    found = await value_maps.get_values(conn, place, value_map_id)
    rows = ((identifier, f"{amount:f}") for identifier, amount in found)
    return await csv_files.answer(f"value_map_{value_map_id}", HEADER, rows)


handlers: list[Any] = [create_value_map, import_campaign_value_map, export_campaign_value_map]
