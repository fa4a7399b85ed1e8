"""What was imported from files: the list (management.md §15, §20)."""

from typing import Any

from litestar import get

from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import imports
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.wire.base import TotalPage
from guerdon.wire.imports import Import


@get("/v1/imports", operation_id="getImports", tags=["Logs"])
async def get_imports(
    caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = ""
) -> TotalPage[Import]:
    found, total = await imports.list_imports(conn, caller.account_id, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


handlers: list[Any] = [get_imports]
