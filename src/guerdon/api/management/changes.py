"""Change history: the list (management.md §16). Rows are added by api/changes.py."""

from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from guerdon.api.lists import PageSize, Skip, Sort, WithTotal, either_page, moment, page
from guerdon.db import changes
from guerdon.db.keys import Caller
from guerdon.db.paging import substring
from guerdon.db.pool import Connection
from guerdon.wire.base import EitherPage
from guerdon.wire.changes import Change


@get("/v1/changes", operation_id="getChanges", tags=["Logs"])
async def get_changes(
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    with_total: WithTotal = False,
    application_id: Annotated[int | None, Parameter(query="applicationId")] = None,
    entity_path: Annotated[str | None, Parameter(query="entityPath")] = None,
    user_id: Annotated[int | None, Parameter(query="userId")] = None,
    created_before: Annotated[str | None, Parameter(query="createdBefore")] = None,
    created_after: Annotated[str | None, Parameter(query="createdAfter")] = None,
    management_key_id: Annotated[int | None, Parameter(query="managementKeyId")] = None,
    include_old: Annotated[bool, Parameter(query="includeOld")] = True,
) -> EitherPage[Change]:
    wanted: dict[str, Any] = {
        "applicationId": application_id,
        "entityPath": substring(entity_path),
        "userId": user_id,
        "createdBefore": moment("createdBefore", created_before),
        "createdAfter": moment("createdAfter", created_after),
        "managementKeyId": management_key_id,
    }
    scope = (caller.account_id, include_old)
    return either_page(*await changes.list_changes(conn, scope, wanted, page(page_size, skip, sort), total=with_total))


handlers: list[Any] = [get_changes]
