"""Management keys: create, list, delete (management.md §1)."""

import secrets
from datetime import datetime

from litestar import delete, get, post

from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import management_keys
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.wire.base import TotalPage
from guerdon.wire.management_keys import CreateManagementKey, ManagementKey, NewManagementKey

TAGS = ["Management keys"]


@post("/v1/management_keys", operation_id="createManagementKey", tags=TAGS)
async def create_management_key(
    data: CreateManagementKey, caller: Caller, conn: Connection, now: datetime
) -> NewManagementKey:
    """The only answer that shows the key. It may do what its creator may, at the endpoints and in the Applications that
    it names; none named means all."""
    owner = (caller.account_id, caller.user_id)
    return await management_keys.add_key(conn, owner, data, secret=secrets.token_hex(32), now=now)


@get("/v1/management_keys", operation_id="getManagementKeys", tags=TAGS)
async def get_management_keys(
    caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = ""
) -> TotalPage[ManagementKey]:
    found, total = await management_keys.list_keys(conn, caller.account_id, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@delete("/v1/management_keys/{management_key_id:int}", operation_id="deleteManagementKey", tags=TAGS)
async def delete_management_key(management_key_id: int, caller: Caller, conn: Connection) -> None:
    await management_keys.remove_key(conn, caller.account_id, management_key_id)


handlers = [create_management_key, get_management_keys, delete_management_key]
