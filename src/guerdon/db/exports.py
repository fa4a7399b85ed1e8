"""What is exported, row by row, and the list of what was (management.md §15)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guerdon.db import coupons, referrals
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.exports import Export

# Of all of these, $1 is the account, $2 the Application and $3 the time, by which campaigns have their states.
COUPONS = Listing(
    select="""
SELECT * FROM (
    SELECT c.*, a.account_id, m.state AS campaign_state,
        CASE WHEN m.state <> 'enabled' THEN m.state
             WHEN m.start_time > $3::timestamptz THEN 'scheduled'
             WHEN m.end_time <= $3::timestamptz THEN 'expired'
             ELSE 'running' END AS frontend_state
    FROM coupons c
    JOIN campaigns m ON m.id = c.campaign_id
    JOIN applications a ON a.id = c.application_id
    WHERE a.account_id = $1 AND c.application_id = $2) AS coupon
WHERE true
""",
    filters={
        **coupons.LIST.filters,
        "campaignId": "campaign_id = ?",
        "campaignState": "?::text IN (campaign_state, frontend_state)",
        # Coupons that were deleted are gone, so none was deleted at any time.
        "deletedBefore": "?::timestamptz IS NULL",
        "deletedAfter": "?::timestamptz IS NULL",
    },
    sorts=coupons.LIST.sorts,
)
REFERRALS = Listing(
    select="""
SELECT * FROM (
    SELECT r.* FROM referrals r JOIN applications a ON a.id = r.application_id
    WHERE a.account_id = $1 AND r.application_id = $2) AS referral
WHERE $3::timestamptz IS NOT NULL
""",
    filters={**referrals.LIST.filters, "campaignId": "campaign_id = ?", "batchId": "batch_id = ?"},
    sorts={},
)
# A row has all effects of an event. Totals are those of the time.
EFFECTS = Listing(
    select="""
SELECT e.id, e.created, e.application_id, e.type, e.session_id, e.profile_id, e.effects,
    s.integration_id AS session_integration_id, p.integration_id AS profile_integration_id,
    CASE WHEN e.session_id IS NOT NULL THEN e.facts #>> '{session,total}' END AS total,
    t.id AS store_id, nullif(e.facts #>> '{session,store_integration_id}', '') AS store_integration_id
FROM events e
JOIN applications a ON a.id = e.application_id
LEFT JOIN customer_sessions s ON s.id = e.session_id
LEFT JOIN profiles p ON p.id = e.profile_id
LEFT JOIN stores t ON t.application_id = e.application_id
    AND t.integration_id = e.facts #>> '{session,store_integration_id}'
WHERE a.account_id = $1 AND e.application_id = $2 AND $3::timestamptz IS NOT NULL
""",
    filters={
        "createdBefore": "e.created < ?",
        "createdAfter": "e.created > ?",
        "campaignId": """EXISTS (
            SELECT FROM json_array_elements(e.effects) AS x WHERE (x ->> 'campaignId')::bigint = ?)""",
    },
    sorts={},
)
SESSIONS = Listing(
    select="""
SELECT s.id, s.first_session, s.integration_id, s.application_id, s.profile_id, s.profile_integration_id, s.created,
    s.state, s.content -> 'cartItems' AS cart_items, v.discounts, s.total, s.content -> 'attributes' AS attributes,
    s.closed_at, s.cancelled_at, s.referral_code, s.content -> 'identifiers' AS identifiers,
    s.content -> 'additionalCosts' AS additional_costs, s.updated, s.store_integration_id, s.coupon_codes
FROM customer_sessions s
JOIN applications a ON a.id = s.application_id
LEFT JOIN v1_sessions v ON v.session_id = s.id AND v.update_count = s.update_count
WHERE a.account_id = $1 AND s.application_id = $2 AND $3::timestamptz IS NOT NULL
""",
    filters={
        "createdBefore": "s.created < ?",
        "createdAfter": "s.created > ?",
        "updatedBefore": "s.updated < ?",
        "updatedAfter": "s.updated > ?",
        "profileIntegrationId": """s.profile_id = (
            SELECT p.id FROM profiles p JOIN applications o ON o.account_id = p.account_id AND o.sandbox = p.sandbox
            WHERE o.id = $2 AND p.integration_id = ?)""",
        "customerSessionState": "s.state = ?",
    },
    sorts={},
)

INSERT = """
INSERT INTO exports (account_id, user_id, application_id, campaign_id, entity, filter, created)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
LIST = Listing(
    select="SELECT * FROM exports WHERE account_id = $1",
    filters={
        "applicationId": "application_id = ?",
        "applicationIds": "application_id = ANY (?)",
        "campaignId": "campaign_id = ?",
        "entity": "entity = ?",
    },
    sorts={},
    order="id DESC",
)
HIDDEN = ("application_id", "campaign_id")

Place = tuple[int | None, int | None]
"""Application id and campaign id, None for all of them."""


async def add_export(
    conn: Connection, caller: tuple[int, int], place: Place, entity: str, query: Mapping[str, Any], now: datetime
) -> None:
    """Note an export by `caller` = (account id, user id); `query` has the parameters of the request."""
    await conn.execute(INSERT, *caller, *place, entity, encode_text(query), now)


async def list_exports(
    conn: Connection, account_id: int, wanted: dict[str, Any], page: Page
) -> tuple[list[Export], int]:
    """One page of the account's exports, the newest first, and how many match."""
    rows, _ = await LIST.fetch(conn, [account_id], wanted, page)
    return [_export(row) for row in rows], await LIST.count(conn, [account_id], wanted)


def _export(row: Row) -> Export:
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in HIDDEN}
    values["filter"] = decoder(dict[str, Any]).decode(values["filter"])
    return Export(**values)
