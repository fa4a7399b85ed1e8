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

# $1 Application, $2 and $3 the period, $4 customers.
FIGURES = """
SELECT n.id, orders.*, codes.*,
    (SELECT count(*) FROM coupon_redemptions r
     WHERE r.profile_id = n.id AND r.application_id = $1 AND r.redeemed_at >= $2 AND r.redeemed_at < $3
        AND r.rolled_back_at IS NULL) AS redemptions,
    coalesce((SELECT m.name FROM events e
     CROSS JOIN LATERAL json_array_elements(e.effects) WITH ORDINALITY AS x (effect, place)
     JOIN campaigns m ON m.id = (x.effect ->> 'campaignId')::bigint AND m.application_id = e.application_id
     WHERE e.profile_id = n.id AND e.application_id = $1 AND e.created >= $2 AND e.created < $3
     ORDER BY e.id DESC, x.place LIMIT 1), '') AS campaign
FROM unnest($4::bigint[]) AS n (id)
CROSS JOIN LATERAL (
    SELECT count(*) AS orders, coalesce(sum(s.total), 0) AS revenue, coalesce(sum(s.total_discounts), 0) AS discounts,
        count(*) FILTER (WHERE NOT EXISTS (
            SELECT FROM coupon_redemptions r WHERE r.session_id = s.id AND r.rolled_back_at IS NULL)) AS without_coupon
    FROM customer_sessions s
    WHERE s.profile_id = n.id AND s.application_id = $1 AND s.closed_at >= $2 AND s.closed_at < $3
        AND s.state IN ('closed', 'partially_returned')) AS orders
CROSS JOIN LATERAL (
    SELECT count(*) AS attempts, count(*) FILTER (WHERE NOT accepted) AS failed
    FROM (
        SELECT bool_or(x ->> 'effectType' = 'acceptCoupon') AS accepted
        FROM events e CROSS JOIN LATERAL json_array_elements(e.effects) AS x
        WHERE e.profile_id = n.id AND e.application_id = $1 AND e.created >= $2 AND e.created < $3
            AND e.coupon_codes <> '{}' AND x ->> 'effectType' IN ('acceptCoupon', 'rejectCoupon')
        GROUP BY e.session_id, x #>> '{props,value}') AS tried) AS codes
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
