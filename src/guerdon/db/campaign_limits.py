"""How much of their limits campaigns have used up, as far as the back office sees it (core.md §8)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from guerdon.db.pool import Connection
from guerdon.engine.limits import label
from guerdon.engine.money import plain
from guerdon.wire.campaigns import CampaignBudget

SELECT_USED = """
SELECT campaign_id, action, period, used FROM limit_counters
WHERE application_id = $1 AND campaign_id = ANY ($2) AND entities = '{}' AND period = ANY ($3)
"""
# Of the entities, which hold names and values in turn, the names. What a coupon's own limits have counted is not the
# campaign's to forget.
DELETE = """
DELETE FROM limit_counters l
USING unnest($3::text[], $4::text[], $5::text[]) AS gone (action, period, entities)
WHERE l.application_id = $1 AND l.campaign_id = $2 AND l.action = gone.action AND l.period ~ gone.period
    AND gone.entities = array_to_string(ARRAY(
        SELECT name FROM unnest(l.entities) WITH ORDINALITY AS e (name, place) WHERE place % 2 = 1 ORDER BY place), ' ')
    AND NOT EXISTS (
        SELECT FROM coupons k
        WHERE k.campaign_id = l.campaign_id
            AND k.id = CASE WHEN l.entities[1] = 'Coupon' THEN l.entities[2]::bigint END
            AND k.limits @> jsonb_build_array(jsonb_build_object('action', l.action)))
"""
SELECT_STORE_PERIODS = (
    "SELECT DISTINCT action, period FROM store_budgets WHERE application_id = $1 AND campaign_id = $2"
)

LABELS: Mapping[str, str] = {
    "": "^$",
    "yearly": "^Y[0-9]+$",
    "monthly": "^Y[0-9]+M[0-9]+$",
    "weekly": "^Y[0-9]+W[0-9]+$",
    "daily": "^Y[0-9]+M[0-9]+D[0-9]+$",
}
"""What the labels of a period look like (core.md §8.4)."""

Stored = Mapping[str, Any]
"""A LimitConfig as it is stored: `action`, `limit`, `entities` and perhaps `period`."""
Used = Mapping[tuple[int, str, str], Decimal]
"""What is used up in all, by campaign id, action and label of the period."""


async def used_up(
    conn: Connection, application_id: int, campaign_ids: list[int], now: datetime, timezone: str
) -> dict[tuple[int, str, str], Decimal]:
    """What campaigns have used up for good and in the periods that `now` lies in, counted for each as a whole."""
    labels = [label(period, now, timezone) for period in LABELS]
    rows = await conn.fetch(SELECT_USED, application_id, campaign_ids, labels)
    return {(row["campaign_id"], row["action"], row["period"]): plain(row["used"]) for row in rows}


def budgets(
    campaign_id: int, limits: Iterable[Stored], used: Used, now: datetime, timezone: str
) -> list[CampaignBudget]:
    """The limits of a campaign as a whole, each with its counter. One for each customer, coupon or the like has many
    counters and is not among them."""
    return [
        CampaignBudget(
            action=limit["action"],
            limit=limit["limit"],
            counter=used.get((campaign_id, limit["action"], label(limit.get("period"), now, timezone)), Decimal(0)),
        )
        for limit in limits
        if not limit["entities"]
    ]


async def forget(
    conn: Connection, application_id: int, campaign_id: int, old: Iterable[Stored], new: Iterable[Stored]
) -> None:
    """Delete the counters of limits that are no more: should there be such a limit again, counting starts anew
    (core.md §8.1). To be called before the campaign is locked."""
    gone = {_key(limit) for limit in old} - {_key(limit) for limit in new}
    for row in await conn.fetch(SELECT_STORE_PERIODS, application_id, campaign_id):
        gone.discard((row["action"], LABELS[row["period"]], "Store"))
    if gone:
        await conn.execute(DELETE, application_id, campaign_id, *(list(column) for column in zip(*gone, strict=True)))


def _key(limit: Stored) -> tuple[str, str, str]:
    return limit["action"], LABELS[limit.get("period") or ""], " ".join(sorted(set(limit["entities"])))
