"""What a campaign may give in each of its stores (management.md §12, rules.md §7.7).

A period is daily, weekly, monthly or yearly, or "overall" for good; the tables have an empty text for that.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from guerdon.db import imports, programs
from guerdon.db.pool import Connection, first
from guerdon.engine.money import plain
from guerdon.errors import Conflict
from guerdon.wire.imports import Import
from guerdon.wire.stores import ListCampaignStoreBudgets, ListCampaignStoreBudgetsStore, SummaryCampaignStoreBudget

HOLD = "SELECT id FROM campaigns WHERE application_id = $1 AND id = $2 FOR NO KEY UPDATE"
EXISTS = """
SELECT EXISTS (
    SELECT FROM store_budgets WHERE application_id = $1 AND campaign_id = $2 AND action = $3 AND period = $4)
"""
INSERT = """
INSERT INTO store_budgets (application_id, campaign_id, action, period, store_id, amount, imported)
SELECT $1, $2, $3, $4, new.store_id, new.amount, $7
FROM unnest($5::bigint[], $6::numeric[]) WITH ORDINALITY AS new (store_id, amount, place) ORDER BY place
"""
# Filters that are null match all.
DELETE = """
DELETE FROM store_budgets
WHERE application_id = $1 AND campaign_id = $2 AND action = coalesce($3, action) AND period = coalesce($4, period)
"""
LIST = """
SELECT b.action, b.period, b.amount, s.id, s.integration_id, s.name
FROM store_budgets b JOIN stores s ON s.id = b.store_id
WHERE b.application_id = $1 AND b.campaign_id = $2 AND b.action = coalesce($3, b.action)
    AND b.period = coalesce($4, b.period)
ORDER BY b.id
"""
SUMMARY = """
SELECT action, period, count(*) AS store_count, bool_or(imported) AS imported
FROM store_budgets WHERE application_id = $1 AND campaign_id = $2
GROUP BY action, period ORDER BY min(id)
"""
# What was counted in a store for a budget that is about to go; where the campaign has the same limit for each store,
# that counts on. Of the campaign or of the store that is given; stores in $6 keep theirs.
FORGET = """
DELETE FROM limit_counters l
USING store_budgets b JOIN stores s ON s.id = b.store_id JOIN campaigns c ON c.id = b.campaign_id
WHERE l.application_id = $1 AND l.campaign_id = b.campaign_id AND b.application_id = $1
    AND b.campaign_id = coalesce($2, b.campaign_id) AND b.store_id = coalesce($3, b.store_id)
    AND b.action = coalesce($4, b.action) AND b.period = coalesce($5, b.period)
    AND NOT b.store_id = ANY ($6)
    AND l.action = b.action AND l.entities = ARRAY['Store', s.integration_id]
    AND b.period = CASE WHEN l.period = '' THEN '' WHEN l.period ~ 'D' THEN 'daily' WHEN l.period ~ 'M' THEN 'monthly'
        WHEN l.period ~ 'W' THEN 'weekly' ELSE 'yearly' END
    AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(c.limits) AS one
        WHERE one ->> 'action' = b.action AND coalesce(one ->> 'period', '') = b.period
            AND one -> 'entities' = '["Store"]')
"""
CAMPAIGNS_OF_STORE = "SELECT DISTINCT campaign_id FROM store_budgets WHERE application_id = $1 AND store_id = $2"

Place = tuple[int, int]
"""Application id and campaign id."""
Wanted = tuple[str | None, str | None]
"""The action and the period that are meant; None for any."""


def _kept(wanted: Wanted) -> Wanted:
    """As the tables have it."""
    return wanted[0], "" if wanted[1] == "overall" else wanted[1]


async def add_budgets(conn: Connection, place: Place, kind: Wanted, amounts: Mapping[int, Decimal]) -> None:
    """Define what may be given in stores that exist, by their ids. Raises Conflict when there are budgets of that
    action and period."""
    first(await conn.fetchval(HOLD, *place), "Campaign")
    if await conn.fetchval(EXISTS, *place, *_kept(kind)):
        raise Conflict("The campaign has store budgets for this action and period already")
    await conn.execute(INSERT, *place, *_kept(kind), list(amounts), list(amounts.values()), False)
    await programs.record_campaign(conn, *place)


async def import_budgets(
    conn: Connection, caller: tuple[int, int], place: Place, kind: Wanted, amounts: Mapping[int, Decimal], now: datetime
) -> Import:
    """Replace the budgets of an action and period; stores that have one before and after go on counting."""
    await conn.execute(FORGET, place[0], place[1], None, *_kept(kind), list(amounts))
    first(await conn.fetchval(HOLD, *place), "Campaign")
    await conn.execute(DELETE, *place, *_kept(kind))
    await conn.execute(INSERT, *place, *_kept(kind), list(amounts), list(amounts.values()), True)
    await programs.record_campaign(conn, *place)
    return await imports.add_import(conn, caller, "CampaignStoreBudget", len(amounts), now)


async def remove_budgets(conn: Connection, place: Place, wanted: Wanted) -> None:
    """Delete the budgets that match, with what was counted for them."""
    await conn.execute(FORGET, place[0], place[1], None, *_kept(wanted), [])
    first(await conn.fetchval(HOLD, *place), "Campaign")
    await conn.execute(DELETE, *place, *_kept(wanted))
    await programs.record_campaign(conn, *place)


async def forget_store(conn: Connection, application_id: int, store_id: int) -> list[int]:
    """A store is about to be deleted: what was counted for its budgets goes. Returns the campaigns that had some."""
    await conn.execute(FORGET, application_id, None, store_id, None, None, [])
    rows = await conn.fetch(CAMPAIGNS_OF_STORE, application_id, store_id)
    return sorted(row["campaign_id"] for row in rows)


async def list_budgets(conn: Connection, place: Place, wanted: Wanted) -> list[ListCampaignStoreBudgets]:
    """The budgets that match."""
    return [
        ListCampaignStoreBudgets(
            store=ListCampaignStoreBudgetsStore(id=row["id"], integration_id=row["integration_id"], name=row["name"]),
            limit=plain(row["amount"]),
            action=row["action"],
            period=row["period"] or "overall",
        )
        for row in await conn.fetch(LIST, *place, *_kept(wanted))
    ]


async def summary(conn: Connection, place: Place) -> list[SummaryCampaignStoreBudget]:
    """For each action and period that has budgets: of how many stores, and whether they were imported."""
    rows: list[Any] = await conn.fetch(SUMMARY, *place)
    return [SummaryCampaignStoreBudget(**{**row, "period": row["period"] or "overall"}) for row in rows]
