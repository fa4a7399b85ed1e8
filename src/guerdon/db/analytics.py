"""Figures of campaigns (management.md §16): counted from the log of events and the redemptions of codes.

What is some time old is counted once and kept by quarters of an hour (`campaign_figures`), which time zones and their
changes can be put together from, with sums of whole days beside them; the rest is counted when somebody looks.
`figures_progress` is the line between the two: it moves in the transaction that counts, so that every event is in
exactly one of them.

A session that closes is revenue of every campaign that gave it anything but a refusal of a code. What is returned,
cancelled or opened again later is a refund of the same campaigns, at its own time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from guerdon.db.pool import Connection, Row
from guerdon.engine.money import plain

ALL_SESSIONS, INFLUENCED = 0, -1
# An event is in the log a moment after it is `created`; nothing is as late as this.
SETTLED_AFTER = timedelta(minutes=10)
EVENTS_AT_ONCE = 5_000
FIRST_DAY, DAY = datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=1)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)

# The events that figures are made of, in the words of the index events_counted, so that it is used.
COUNTED = """
    AND (e.type IN ('talon_session_closed', 'talon_session_revoked', 'talon_session_reopened',
            'talon_session_partially_returned')
        OR e.effects::text LIKE '%Created"%'
        OR (e.type NOT LIKE 'talon_session_%' AND e.effects::text LIKE '%LoyaltyPoints"%'))
"""
# $1 is the Application, $2 and $3 the period, from inclusive to exclusive; $4 the only campaign that is wanted, null
# for all. Whether it is named in the text of the effects is looked at before they are read.
EVENTS = (
    """
counted AS MATERIALIZED (
    SELECT e.id, e.created, e.type, e.session_id, e.facts, e.effects
    FROM events e WHERE e.application_id = $1 AND e.created >= $2 AND e.created < $3
"""
    + COUNTED
    + """
    AND ($4::bigint IS NULL OR strpos(e.effects::text, '"campaignId":' || $4 || ',') > 0
        OR e.type IN ('talon_session_revoked', 'talon_session_reopened', 'talon_session_partially_returned'))
), given AS MATERIALIZED (
    SELECT c.id, c.created, c.type, x."campaignId" AS campaign_id, x."effectType" AS kind, x.props,
        x."conditionIndex" IS NULL AND x."effectType" NOT IN ('rejectCoupon', 'rejectReferral') AS counts,
        -- What this request gave for good.
        c.type IN ('talon_session_closed', 'talon_session_partially_returned')
            OR c.type NOT LIKE 'talon_session_%' AS final
    FROM counted c, json_to_recordset(c.effects)
        AS x ("campaignId" bigint, "effectType" text, props json, "conditionIndex" integer)
    WHERE x."campaignId" > 0 AND ($4 IS NULL OR x."campaignId" = $4)
), influenced AS MATERIALIZED (
    SELECT DISTINCT id, campaign_id FROM given WHERE counts AND type = 'talon_session_closed'
), closed AS MATERIALIZED (
    SELECT c.id, c.created, s.total, (
        SELECT coalesce(sum(i.quantity - coalesce(i.returned_quantity, 0)), 0)
        FROM json_to_recordset(s.cart_items) AS i (quantity bigint, returned_quantity bigint)) AS items
    FROM counted c, json_to_record(c.facts -> 'session') AS s (total numeric, cart_items json)
    WHERE c.type = 'talon_session_closed' AND ($4 IS NULL OR c.id IN (SELECT id FROM influenced))
), credited AS (
    SELECT i.campaign_id, closed.* FROM influenced i JOIN closed ON closed.id = i.id
    UNION ALL SELECT -1, * FROM closed WHERE id IN (SELECT id FROM influenced)
    UNION ALL SELECT 0, * FROM closed
), refunded AS (
    SELECT c.created, gave.campaign_id, last.total - CASE WHEN c.type = 'talon_session_partially_returned'
        THEN (c.facts #>> '{session,total}')::numeric ELSE 0 END AS amount
    FROM counted c
    -- What is added to the order keeps PostgreSQL from going through all events by their id: a session has few.
    CROSS JOIN LATERAL (
        SELECT (p.facts #>> '{session,total}')::numeric AS total FROM events p
        WHERE p.application_id = $1 AND p.session_id = c.session_id AND p.id < c.id
            AND p.type IN ('talon_session_closed', 'talon_session_partially_returned')
        ORDER BY p.id + 0 DESC LIMIT 1) last
    CROSS JOIN LATERAL (
        SELECT p.effects FROM events p
        WHERE p.application_id = $1 AND p.session_id = c.session_id AND p.id < c.id
            AND p.type = 'talon_session_closed'
        ORDER BY p.id + 0 DESC LIMIT 1) closing
    CROSS JOIN LATERAL (
        SELECT DISTINCT x."campaignId" AS campaign_id FROM json_to_recordset(closing.effects)
            AS x ("campaignId" bigint, "effectType" text, "conditionIndex" integer)
        WHERE x."campaignId" > 0 AND x."conditionIndex" IS NULL
            AND x."effectType" NOT IN ('rejectCoupon', 'rejectReferral')) gave
    WHERE c.type IN ('talon_session_revoked', 'talon_session_reopened', 'talon_session_partially_returned')
), made AS (
    SELECT g.created, g.campaign_id, g.kind FROM given g JOIN counted c ON c.id = g.id
    WHERE g.kind IN ('couponCreated', 'referralCreated') AND NOT EXISTS (
        SELECT FROM json_array_elements(c.facts -> 'kept_codes') k
        WHERE k ->> 'kind' || 'Created' = g.kind AND k ->> 'code' = g.props ->> 'value')
), figure (campaign_id, created, name, amount, sessions, items) AS (
    SELECT campaign_id, created, 'revenue', total, 1, items FROM credited
    UNION ALL SELECT campaign_id, created, 'refund', amount, 0, 0 FROM refunded
    UNION ALL SELECT campaign_id, created, CASE kind
            WHEN 'addFreeItem' THEN 'free_items'
            WHEN 'addLoyaltyPoints' THEN 'points_added'
            WHEN 'deductLoyaltyPoints' THEN 'points_deducted'
            ELSE 'discounts' END,
        CASE kind WHEN 'addFreeItem' THEN 1 ELSE (props ->> 'value')::numeric END, 0, 0
    FROM given WHERE final AND kind IN ('addFreeItem', 'addLoyaltyPoints', 'deductLoyaltyPoints', 'setDiscount',
        'setDiscountPerItem', 'setDiscountPerAdditionalCost', 'setDiscountPerAdditionalCostPerItem')
    UNION ALL SELECT campaign_id, created, 'refunded_discounts', (props ->> 'value')::numeric, 0, 0
    FROM given WHERE kind = 'rollbackDiscount'
    UNION ALL SELECT campaign_id, created, CASE kind WHEN 'couponCreated' THEN 'coupons_created'
        ELSE 'referrals_created' END, 1, 0, 0 FROM made
    UNION ALL SELECT campaign_id, redeemed_at, 'coupon_redemptions', 1, 0, 0 FROM coupon_redemptions
    WHERE application_id = $1 AND redeemed_at >= $2 AND redeemed_at < $3
    UNION ALL SELECT campaign_id, rolled_back_at, 'coupon_rollbacks', 1, 0, 0 FROM coupon_redemptions
    WHERE application_id = $1 AND rolled_back_at >= $2 AND rolled_back_at < $3
    UNION ALL SELECT campaign_id, redeemed_at, 'referral_redemptions', 1, 0, 0 FROM referral_redemptions
    WHERE application_id = $1 AND redeemed_at >= $2 AND redeemed_at < $3
), latest AS (
    SELECT campaign_id, date_bin('15 minutes', created, '2000-01-01T00:00:00Z') AS starts,
        coalesce(sum(amount) FILTER (WHERE name = 'revenue'), 0) AS revenue,
        coalesce(sum(amount) FILTER (WHERE name = 'refund'), 0) AS refund,
        coalesce(sum(amount) FILTER (WHERE name = 'discounts'), 0) AS discounts,
        coalesce(sum(amount) FILTER (WHERE name = 'refunded_discounts'), 0) AS refunded_discounts,
        count(*) FILTER (WHERE name = 'free_items') AS free_items,
        count(*) FILTER (WHERE name = 'coupon_redemptions') AS coupon_redemptions,
        count(*) FILTER (WHERE name = 'coupon_rollbacks') AS coupon_rollbacks,
        count(*) FILTER (WHERE name = 'referral_redemptions') AS referral_redemptions,
        count(*) FILTER (WHERE name = 'coupons_created') AS coupons_created,
        count(*) FILTER (WHERE name = 'referrals_created') AS referrals_created,
        coalesce(sum(amount) FILTER (WHERE name = 'points_added'), 0) AS points_added,
        coalesce(sum(amount) FILTER (WHERE name = 'points_deducted'), 0) AS points_deducted,
        sum(sessions) AS sessions, sum(items)::bigint AS items
    FROM figure WHERE $4 IS NULL OR campaign_id = $4 GROUP BY campaign_id, starts
)
"""
)
START = """
INSERT INTO figures_progress (application_id, counted_until) VALUES ($1, '0001-01-01T00:00:00Z')
ON CONFLICT (application_id) DO NOTHING
"""
HOLD = "SELECT counted_until FROM figures_progress WHERE application_id = $1 FOR UPDATE"
# Thousands of events at a time are counted in memory, and others who count wait for that.
PREPARE = "SELECT set_config('work_mem', '64MB', true), set_config('lock_timeout', '30s', true)"
# So many events on, or where the period ends: what is counted in one go.
NEXT = (
    """
SELECT max(created) AS last, count(*) AS events FROM (
    SELECT e.created FROM events e WHERE e.application_id = $1 AND e.created >= $2 AND e.created < $3
"""
    + COUNTED
    + """
    ORDER BY e.created LIMIT $4) next
"""
)
SUMS = """
    sum(revenue) AS revenue, sum(refund) AS refund, sum(discounts) AS discounts,
    sum(refunded_discounts) AS refunded_discounts, sum(free_items)::bigint AS free_items,
    sum(coupon_redemptions)::bigint AS coupon_redemptions, sum(coupon_rollbacks)::bigint AS coupon_rollbacks,
    sum(referral_redemptions)::bigint AS referral_redemptions, sum(coupons_created)::bigint AS coupons_created,
    sum(referrals_created)::bigint AS referrals_created, sum(points_added) AS points_added,
    sum(points_deducted) AS points_deducted, sum(sessions)::bigint AS sessions, sum(items)::bigint AS items
"""
KEEP = (
    "WITH"
    + EVENTS
    + """, of_days AS (SELECT campaign_id, date_bin('1 day', starts, '2000-01-01T00:00:00Z') AS day,"""
    + SUMS
    + """FROM latest GROUP BY campaign_id, day)
INSERT INTO campaign_figures AS f (application_id, whole_day, campaign_id, starts, revenue, refund, discounts,
    refunded_discounts, free_items, coupon_redemptions, coupon_rollbacks, referral_redemptions, coupons_created,
    referrals_created, points_added, points_deducted, sessions, items)
SELECT $1, false, * FROM latest UNION ALL SELECT $1, true, * FROM of_days
ON CONFLICT (application_id, campaign_id, whole_day, starts) DO UPDATE SET
    revenue = f.revenue + excluded.revenue,
    refund = f.refund + excluded.refund,
    discounts = f.discounts + excluded.discounts,
    refunded_discounts = f.refunded_discounts + excluded.refunded_discounts,
    free_items = f.free_items + excluded.free_items,
    coupon_redemptions = f.coupon_redemptions + excluded.coupon_redemptions,
    coupon_rollbacks = f.coupon_rollbacks + excluded.coupon_rollbacks,
    referral_redemptions = f.referral_redemptions + excluded.referral_redemptions,
    coupons_created = f.coupons_created + excluded.coupons_created,
    referrals_created = f.referrals_created + excluded.referrals_created,
    points_added = f.points_added + excluded.points_added,
    points_deducted = f.points_deducted + excluded.points_deducted,
    sessions = f.sessions + excluded.sessions,
    items = f.items + excluded.items
"""
)
ADVANCE = "UPDATE figures_progress SET counted_until = $2 WHERE application_id = $1"
LIST_APPLICATIONS = "SELECT id FROM applications ORDER BY id"
LIST_CAMPAIGNS = "SELECT id FROM campaigns WHERE application_id = $1 ORDER BY id"
PROGRESS = """
SELECT coalesce((SELECT counted_until FROM figures_progress WHERE application_id = $1), '0001-01-01T00:00:00Z') AS until
"""
COLUMNS = """campaign_id, starts, revenue, refund, discounts, refunded_discounts, free_items, coupon_redemptions,
    coupon_rollbacks, referral_redemptions, coupons_created, referrals_created, points_added, points_deducted, sessions,
    items
"""
KEPT = " FROM campaign_figures WHERE application_id = $1 AND "
# Sums of what is kept and of what is not yet. The line between the two must be where it was when $2 was read. Of one
# campaign by the periods between $5 up to $6; whole days up to $7, which is not after the first of them.
BY_PERIOD = (
    "WITH"
    + EVENTS
    + ", every_figure AS (SELECT "
    + COLUMNS
    + KEPT
    + "campaign_id = $4 AND whole_day AND starts < $7 UNION ALL SELECT "
    + COLUMNS
    + KEPT
    + "campaign_id = $4 AND NOT whole_day AND starts >= $7 AND starts < $6 UNION ALL SELECT "
    + COLUMNS
    + """FROM latest)
SELECT width_bucket(starts, $5::timestamptz[]) AS period, ("""
    + PROGRESS
    + ") AS until,"
    + SUMS
    + "FROM every_figure WHERE starts < $6 GROUP BY 1 ORDER BY 1"
)
# By campaigns, from $5 to $6; whole days from $7 to $8 among it.
BY_CAMPAIGN = (
    "WITH"
    + EVENTS
    + ", every_figure AS (SELECT "
    + COLUMNS
    + KEPT
    + "whole_day AND starts >= $7 AND starts < $8 UNION ALL SELECT "
    + COLUMNS
    + KEPT
    + "NOT whole_day AND starts >= $5 AND starts < $7 UNION ALL SELECT "
    + COLUMNS
    + KEPT
    + "NOT whole_day AND starts >= $8 AND starts < $6 UNION ALL SELECT "
    + COLUMNS
    + """FROM latest WHERE starts >= $5 AND starts < $6)
SELECT campaign_id, ("""
    + PROGRESS
    + ") AS until,"
    + SUMS
    + "FROM every_figure GROUP BY campaign_id ORDER BY campaign_id"
)


class Figures(Struct, kw_only=True):
    """Figures of a campaign in some period."""

    revenue: Decimal = Decimal(0)
    refund: Decimal = Decimal(0)
    discounts: Decimal = Decimal(0)
    refunded_discounts: Decimal = Decimal(0)
    free_items: int = 0
    coupon_redemptions: int = 0
    coupon_rollbacks: int = 0
    referral_redemptions: int = 0
    coupons_created: int = 0
    referrals_created: int = 0
    points_added: Decimal = Decimal(0)
    points_deducted: Decimal = Decimal(0)
    sessions: int = 0
    items: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


async def list_applications(conn: Connection) -> list[int]:
    """The ids of all Applications."""
    return [row["id"] for row in await conn.fetch(LIST_APPLICATIONS)]


async def advance(conn: Connection, application_id: int, now: datetime) -> bool:
    """Count the next events that are old enough for good; whether there may be more. Several who do this take turns:
    whoever asks for figures helps, because what is not counted for good by then would be counted for that answer."""
    since, until = await conn.fetchval(PROGRESS, application_id), now - SETTLED_AFTER
    found = await conn.fetchrow(NEXT, application_id, since, until, EVENTS_AT_ONCE)
    if not found["events"]:
        return False
    await conn.fetchrow(PREPARE)
    await conn.execute(START, application_id)
    if await conn.fetchval(HOLD, application_id) != since:
        return True
    more: bool = found["events"] == EVENTS_AT_ONCE
    if more:
        until = found["last"] + timedelta(microseconds=1)
    await conn.execute(KEEP, application_id, since, until, None)
    await conn.execute(ADVANCE, application_id, until)
    return more


async def list_campaigns(conn: Connection, application_id: int) -> list[int]:
    """The ids of the Application's campaigns."""
    return [row["id"] for row in await conn.fetch(LIST_CAMPAIGNS, application_id)]


async def by_period(
    conn: Connection, application_id: int, campaign_id: int, edges: Sequence[datetime]
) -> tuple[Figures, list[Figures]]:
    """The campaign's figures from before the first edge, and of each period between two edges."""
    day = edges[0] - (edges[0] - FIRST_DAY) % DAY
    rows = await _read(conn, BY_PERIOD, application_id, campaign_id, edges[:-1], edges[-1], day)
    found = {row["period"]: _figures(row) for row in rows}
    return found.get(0, Figures()), [found.get(place, Figures()) for place in range(1, len(edges))]


async def by_campaign(conn: Connection, application_id: int, since: datetime, until: datetime) -> dict[int, Figures]:
    """The figures of every campaign in the period, of all sessions and of those that campaigns influenced."""
    first_day, last_day = since + (FIRST_DAY - since) % DAY, until - (until - FIRST_DAY) % DAY
    days = (first_day, last_day) if first_day < last_day else (until, until)
    rows = await _read(conn, BY_CAMPAIGN, application_id, None, since, until, *days)
    return {row["campaign_id"]: _figures(row) for row in rows}


async def _read(conn: Connection, statement: str, application_id: int, *values: Any) -> list[Row]:
    """The rows, of one state of things: if more is kept by now than when the statement was started, again."""
    while True:
        until = await conn.fetchval(PROGRESS, application_id)
        rows: list[Row] = await conn.fetch(statement, application_id, until, END_OF_TIME, *values)
        if all(row["until"] == until for row in rows):
            return rows


def _figures(row: Row) -> Figures:
    values: dict[str, Any] = {name: row[name] for name in Figures.__struct_fields__}
    values |= {name: plain(one) for name, one in values.items() if isinstance(one, Decimal)}
    return Figures(**values)
