"""The stores of a campaign: links and budgets, from and to files (management.md §12)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from litestar import Response, delete, get, post

from guerdon.api import checks, csv_files
from guerdon.api.responses import created
from guerdon.db import campaign_stores, campaigns, store_budgets
from guerdon.db.campaign_stores import Place
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Problem
from guerdon.wire.imports import Import
from guerdon.wire.stores import (
    BudgetAction,
    NewCampaignStoreBudget,
    PeriodOrOverall,
    StoreBudgets,
    StoreBudgetSummaries,
)

ALL = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/stores"
BUDGETS = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/stores/budgets"
LINKS_TAGS, BUDGETS_TAGS = ["Stores"], ["Store budgets"]
LINKS_HEADER, BUDGETS_HEADER = ["store_integration_id"], ("store_integration_id", "limit")


async def _place(conn: Connection, caller: Caller, application_id: int, campaign_id: int, now: datetime) -> Place:
    """Where a campaign of the caller's stands; raises NotFound."""
    await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
    return application_id, campaign_id


async def _ids(conn: Connection, application_id: int, lines: dict[str, int]) -> list[int]:
    """The ids of the stores that a file names, which must all exist; by integration id, with their lines."""
    known = await campaign_stores.ids_of(conn, application_id, lines)
    problems = [
        Problem.in_file(line, "Unknown", f"The Application has no store {integration_id}")
        for integration_id, line in lines.items()
        if integration_id not in known
    ]
    if not lines:  # nothing would mean every store
        problems.append(Problem.in_file(None, "minItems", "The file names no store"))
    checks.refuse(problems[: csv_files.MOST_PROBLEMS])
    return [known[integration_id] for integration_id in lines]


@post(ALL + "/import", operation_id="importCampaignStores", tags=LINKS_TAGS, status_code=200, **csv_files.IMPORT)
async def import_campaign_stores(
    application_id: int, campaign_id: int, file: str, caller: Caller, conn: Connection, now: datetime
) -> Import:
    """Link the campaign to these stores and no others."""
    place = await _place(conn, caller, application_id, campaign_id, now)
    lines = await csv_files.in_thread(csv_files.read_texts, file, *LINKS_HEADER)
    store_ids = await _ids(conn, application_id, lines)
    owner = (caller.account_id, caller.user_id)
    return await campaign_stores.import_links(conn, owner, place, store_ids, now)


@get(ALL + "/export", operation_id="exportCampaignStores", tags=LINKS_TAGS, **csv_files.EXPORT)
async def export_campaign_stores(
    application_id: int, campaign_id: int, caller: Caller, conn: Connection, now: datetime
) -> Response[bytes]:
    place = await _place(conn, caller, application_id, campaign_id, now)
    linked = await campaign_stores.list_links(conn, place)
    return await csv_files.answer(f"stores_{campaign_id}", LINKS_HEADER, ([one] for one in linked))


@delete(ALL, operation_id="disconnectCampaignStores", tags=LINKS_TAGS)
async def disconnect_campaign_stores(
    application_id: int, campaign_id: int, caller: Caller, conn: Connection, now: datetime
) -> None:
    """The campaign then runs in all stores, and without one."""
    place = await _place(conn, caller, application_id, campaign_id, now)
    await campaign_stores.remove_links(conn, caller.user_id, place, now)


# --- budgets


@post(BUDGETS, operation_id="createCampaignStoreBudget", tags=BUDGETS_TAGS)
async def create_campaign_store_budget(
    application_id: int,
    campaign_id: int,
    data: NewCampaignStoreBudget,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> Response[None]:
    place = await _place(conn, caller, application_id, campaign_id, now)
    amounts: dict[int, Decimal] = {}
    problems = [] if data.store_limits else [Problem.at("/storeLimits", "minItems", "Expected `array` of length >= 1")]
    known = await campaign_stores.existing(conn, application_id, [one.store_id for one in data.store_limits])
    for index, one in enumerate(data.store_limits):
        where = f"/storeLimits/{index}"
        if one.limit < 0:
            problems.append(Problem.at(f"{where}/limit", "minimum", "Expected `number` >= 0"))
        if one.store_id not in known:
            problems.append(Problem.at(f"{where}/storeId", "Unknown", f"The Application has no store {one.store_id}"))
        if one.store_id in amounts:
            problems.append(Problem.at(f"{where}/storeId", "uniqueItems", "The store is in the list already"))
        amounts[one.store_id] = one.limit
    checks.refuse(problems)
    await store_budgets.add_budgets(conn, place, (data.action, data.period or "overall"), amounts)
    return created(b"")


@get(BUDGETS, operation_id="listCampaignStoreBudgetLimits", tags=BUDGETS_TAGS)
async def list_campaign_store_budget_limits(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    action: BudgetAction | None = None,
    period: PeriodOrOverall | None = None,
) -> StoreBudgets:
    place = await _place(conn, caller, application_id, campaign_id, now)
    return StoreBudgets(data=await store_budgets.list_budgets(conn, place, (action, period)))


@delete(BUDGETS, operation_id="deleteCampaignStoreBudgets", tags=BUDGETS_TAGS)
async def delete_campaign_store_budgets(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    action: BudgetAction | None = None,
    period: PeriodOrOverall | None = None,
) -> None:
    """Without a filter, all of the campaign."""
    place = await _place(conn, caller, application_id, campaign_id, now)
    await store_budgets.remove_budgets(conn, place, (action, period))


@get(BUDGETS + "/summary", operation_id="summarizeCampaignStoreBudget", tags=BUDGETS_TAGS)
async def summarize_campaign_store_budget(
    application_id: int, campaign_id: int, caller: Caller, conn: Connection, now: datetime
) -> StoreBudgetSummaries:
    place = await _place(conn, caller, application_id, campaign_id, now)
    return StoreBudgetSummaries(data=await store_budgets.summary(conn, place))


@post(BUDGETS + "/import", operation_id="importCampaignStoreBudget", tags=BUDGETS_TAGS, **csv_files.IMPORT)
async def import_campaign_store_budget(
    application_id: int,
    campaign_id: int,
    file: str,
    caller: Caller,
    conn: Connection,
    now: datetime,
    action: BudgetAction = "setDiscount",
    period: PeriodOrOverall = "overall",
) -> Import:
    """Replaces the budgets of the action and the period."""
    place = await _place(conn, caller, application_id, campaign_id, now)
    rows = await csv_files.in_thread(csv_files.read_amounts, file, BUDGETS_HEADER)
    negative = [row.line for row in rows.values() if row.amount < 0]
    checks.refuse([Problem.in_file(line, "minimum", "Expected `number` >= 0") for line in negative])
    store_ids = await _ids(conn, application_id, {one: row.line for one, row in rows.items()})
    amounts = {store_id: row.amount for store_id, row in zip(store_ids, rows.values(), strict=True)}
    owner = (caller.account_id, caller.user_id)
    return await store_budgets.import_budgets(conn, owner, place, (action, period), amounts, now)


@get(BUDGETS + "/export", operation_id="exportCampaignStoreBudgets", tags=BUDGETS_TAGS, **csv_files.EXPORT)
async def export_campaign_store_budgets(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    action: BudgetAction | None = None,
    period: PeriodOrOverall | None = None,
) -> Response[bytes]:
    place = await _place(conn, caller, application_id, campaign_id, now)
    found = await store_budgets.list_budgets(conn, place, (action, period))
    rows = ((one.store.integration_id, f"{one.limit:f}") for one in found)
    return await csv_files.answer(f"store_budgets_{campaign_id}", BUDGETS_HEADER, rows)


handlers: list[Any] = [
    import_campaign_stores,
    export_campaign_stores,
    disconnect_campaign_stores,
    create_campaign_store_budget,
    list_campaign_store_budget_limits,
    delete_campaign_store_budgets,
    summarize_campaign_store_budget,
    import_campaign_store_budget,
    export_campaign_store_budgets,
]
