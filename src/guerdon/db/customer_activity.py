"""What customers of an Application did in a period (management.md §17): orders, what they came to, and codes.

Orders are sessions that were closed in the period and are not cancelled; redemptions are those that were not taken
back. Using a code is tried once for each session and code, however often the session was updated; it failed when the
code was never accepted there. The campaign is the last one that gave the customer anything.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.engine.money import plain
from guerdon.wire.customers import CustomerActivityReport

# $1 account, $2 Application, $3 and $4 the period.
CUSTOMERS = """
SELECT * FROM (
    SELECT p.id, p.integration_id, p.created, p.last_activity,
        coalesce(p.attributes ->> 'Name', p.attributes ->> 'name', '') AS name
    FROM application_customers c
    JOIN applications a ON a.id = c.application_id
    JOIN profiles p ON p.id = c.profile_id AND p.account_id = a.account_id AND p.sandbox = a.sandbox
    WHERE a.account_id = $1 AND c.application_id = $2) AS customer
WHERE $3::timestamptz < $4::timestamptz
"""
SELECT = CUSTOMERS + " AND id = $5"
LIST = Listing(
    select=CUSTOMERS,
    filters={
        "name": "name ILIKE ?",
        "integrationId": "integration_id = ?",
        "campaignName": """EXISTS (
            SELECT FROM events e
            CROSS JOIN LATERAL json_array_elements(e.effects) AS x
            JOIN campaigns m ON m.id = (x ->> 'campaignId')::bigint AND m.application_id = e.application_id
            WHERE e.application_id = $2 AND e.profile_id = customer.id AND e.created >= $3 AND e.created < $4
                AND m.name ILIKE ?)""",
        "advocateName": """EXISTS (
            SELECT FROM referral_redemptions d
            JOIN referrals r ON r.id = d.referral_id
            JOIN applications a ON a.id = d.application_id
            JOIN profiles p ON p.account_id = a.account_id AND p.sandbox = a.sandbox
                AND p.integration_id = r.advocate_integration_id
            WHERE d.application_id = $2 AND d.profile_id = customer.id AND d.rolled_back_at IS NULL
                AND coalesce(p.attributes ->> 'Name', p.attributes ->> 'name') ILIKE ?)""",
    },
    sorts={
        "id": "id",
        "created": "created",
        "name": "name",
        "integrationId": "integration_id",
        "lastActivity": "last_activity",
    },
)

# $1 Application, $2 and $3 the period, $4 customers. The log is gone through once for all of them.
FIGURES = """
WITH effects AS MATERIALIZED (
    SELECT e.profile_id, e.id, e.session_id, x.place, (x.effect ->> 'campaignId')::bigint AS campaign_id,
        x.effect ->> 'effectType' AS type, x.effect #>> '{props,value}' AS code
    FROM events e CROSS JOIN LATERAL json_array_elements(e.effects) WITH ORDINALITY AS x (effect, place)
    WHERE e.profile_id = ANY ($4::bigint[]) AND e.application_id = $1 AND e.created >= $2 AND e.created < $3
), tries AS (
    SELECT profile_id, count(*) AS attempts, count(*) FILTER (WHERE NOT accepted) AS failed
    FROM (
        SELECT profile_id, bool_or(type = 'acceptCoupon') AS accepted FROM effects
        WHERE type IN ('acceptCoupon', 'rejectCoupon') GROUP BY profile_id, session_id, code) AS tried
    GROUP BY profile_id
), campaign AS (
    SELECT DISTINCT ON (x.profile_id) x.profile_id, m.name
    FROM effects x JOIN campaigns m ON m.id = x.campaign_id AND m.application_id = $1
    ORDER BY x.profile_id, x.id DESC, x.place
), redeemed AS (
    SELECT r.profile_id, count(*) AS redemptions FROM coupon_redemptions r
    WHERE r.profile_id = ANY ($4) AND r.application_id = $1 AND r.redeemed_at >= $2 AND r.redeemed_at < $3
        AND r.rolled_back_at IS NULL
    GROUP BY r.profile_id
), orders AS (
    SELECT s.profile_id, count(*) AS orders, sum(s.total) AS revenue, sum(s.total_discounts) AS discounts,
        count(*) FILTER (WHERE NOT EXISTS (
            SELECT FROM coupon_redemptions r WHERE r.session_id = s.id AND r.rolled_back_at IS NULL)) AS without_coupon
    FROM customer_sessions s
    WHERE s.profile_id = ANY ($4) AND s.application_id = $1 AND s.closed_at >= $2 AND s.closed_at < $3
        AND s.state IN ('closed', 'partially_returned')
    GROUP BY s.profile_id
)
SELECT n.id, coalesce(t.attempts, 0) AS attempts, coalesce(t.failed, 0) AS failed, coalesce(c.name, '') AS campaign,
    coalesce(r.redemptions, 0) AS redemptions, coalesce(o.orders, 0) AS orders, coalesce(o.revenue, 0) AS revenue,
    coalesce(o.discounts, 0) AS discounts, coalesce(o.without_coupon, 0) AS without_coupon
FROM unnest($4) AS n (id)
LEFT JOIN tries t ON t.profile_id = n.id
LEFT JOIN campaign c ON c.profile_id = n.id
LEFT JOIN redeemed r ON r.profile_id = n.id
LEFT JOIN orders o ON o.profile_id = n.id
"""

Scope = tuple[int, int, datetime, datetime]
"""Account id, Application id, and a period: from the first time on, before the second."""


async def get_report(conn: Connection, scope: Scope, profile_id: int) -> CustomerActivityReport:
    """What one customer did; raises NotFound."""
    row = first(await conn.fetchrow(SELECT, *scope, profile_id), "Customer profile")
    [report] = await _reports(conn, scope, [row])
    return report


async def list_reports(
    conn: Connection, scope: Scope, wanted: dict[str, Any], page: Page
) -> tuple[list[CustomerActivityReport], bool]:
    """One page of the Application's customers, those without any activity too, and whether more follow."""
    rows, more = await LIST.fetch(conn, scope, wanted, page)
    return await _reports(conn, scope, rows), more


async def count_reports(conn: Connection, scope: Scope, wanted: dict[str, Any]) -> int:
    """How many customers match."""
    return await LIST.count(conn, scope, wanted)


async def _reports(conn: Connection, scope: Scope, customers: list[Row]) -> list[CustomerActivityReport]:
    ids = [row["id"] for row in customers]
    figures = {row["id"]: row for row in await conn.fetch(FIGURES, *scope[1:], ids)}
    return [_report(row, figures[row["id"]]) for row in customers]


def _report(customer: Row, figures: Row) -> CustomerActivityReport:
    revenue: Decimal = figures["revenue"]
    discounts: Decimal = figures["discounts"]
    return CustomerActivityReport(
        integration_id=customer["integration_id"],
        created=customer["created"],
        name=customer["name"],
        customer_id=customer["id"],
        last_activity=customer["last_activity"],
        coupon_redemptions=figures["redemptions"],
        coupon_use_attempts=figures["attempts"],
        coupon_failed_attempts=figures["failed"],
        accrued_discounts=plain(discounts),
        accrued_revenue=plain(revenue),
        total_orders=figures["orders"],
        total_orders_no_coupon=figures["without_coupon"],
        campaign_name=figures["campaign"],
    )
