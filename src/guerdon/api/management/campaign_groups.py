"""Campaign groups: create, list, read, change, delete (management.md §19)."""

from datetime import datetime
from typing import Any

from litestar import delete, get, post, put

from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import campaign_groups
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.wire.base import TotalPage
from guerdon.wire.campaign_groups import CampaignGroup, NewCampaignGroup, UpdateCampaignGroup

TAGS = ["Campaign access groups"]
ALL = "/v1/campaign_groups"
ONE = "/v1/campaign_groups/{campaign_group_id:int}"


@post(ALL, operation_id="createCampaignGroup", tags=TAGS)
async def create_campaign_group(
    data: NewCampaignGroup, caller: Caller, conn: Connection, now: datetime
) -> CampaignGroup:
    return await campaign_groups.add_group(conn, caller.account_id, data, now)


@get(ALL, operation_id="getCampaignGroups", tags=TAGS)
async def get_campaign_groups(
    caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = ""
) -> TotalPage[CampaignGroup]:
    found, total = await campaign_groups.list_groups(conn, caller.account_id, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@get(ONE, operation_id="getCampaignGroup", tags=TAGS)
async def get_campaign_group(campaign_group_id: int, caller: Caller, conn: Connection) -> CampaignGroup:
    return await campaign_groups.get_group(conn, caller.account_id, campaign_group_id)


@put(ONE, operation_id="updateCampaignGroup", tags=TAGS)
async def update_campaign_group(
    campaign_group_id: int, data: UpdateCampaignGroup, caller: Caller, conn: Connection, now: datetime
) -> CampaignGroup:
    return await campaign_groups.change_group(conn, caller.account_id, campaign_group_id, data, now)


@delete(ONE, operation_id="deleteCampaignGroup", tags=TAGS)
async def delete_campaign_group(campaign_group_id: int, caller: Caller, conn: Connection) -> None:
    """Its campaigns stay."""
    await campaign_groups.remove_group(conn, caller.account_id, campaign_group_id)


handlers: list[Any] = [
    create_campaign_group,
    get_campaign_groups,
    get_campaign_group,
    update_campaign_group,
    delete_campaign_group,
]
