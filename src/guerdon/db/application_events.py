"""The log as the back office reads it (management.md §17). It is written by events.py and customer_sessions.py.

Codes, rules and effects are those of the time. Campaigns are looked for by the name that they have now.
"""

from typing import Any

from msgspec import UNSET

from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row
from guerdon.engine.effects import Effect
from guerdon.wire.base import decoder
from guerdon.wire.events import ApplicationEvent

EVENTS = """
SELECT e.id, e.created, e.application_id, e.profile_id, e.session_id, e.type, e.effects,
    e.facts -> 'event_attributes' AS attributes,
    nullif(e.facts #>> '{session,store_integration_id}', '') AS store_integration_id,
    (SELECT s.id FROM stores s WHERE s.application_id = e.application_id
        AND s.integration_id = e.facts #>> '{session,store_integration_id}') AS store_id,
    (SELECT v.integration_id FROM advanced_events v
        WHERE v.application_id = e.application_id AND v.event_id = e.id) AS integration_id
FROM events e WHERE e.application_id = $1
"""
LIST = Listing(
    select=EVENTS,
    filters={
        "type": "e.type = ANY (?::text[])",
        "createdBefore": "e.created < ?",
        "createdAfter": "e.created > ?",
        "session": """e.session_id = (
            SELECT s.id FROM customer_sessions s WHERE s.application_id = $1 AND s.integration_id = ?)""",
        "profile": """e.profile_id = (
            SELECT p.id FROM profiles p JOIN applications a ON a.account_id = p.account_id AND a.sandbox = p.sandbox
            WHERE a.id = $1 AND p.integration_id = ?)""",
        "customerName": """EXISTS (SELECT FROM profiles p
            WHERE p.id = e.profile_id AND coalesce(p.attributes ->> 'Name', p.attributes ->> 'name') ILIKE ?)""",
        "customerEmail": """EXISTS (SELECT FROM profiles p
            WHERE p.id = e.profile_id AND coalesce(p.attributes ->> 'Email', p.attributes ->> 'email') ILIKE ?)""",
        "couponCode": "e.coupon_codes @> ARRAY[?::text] AND e.coupon_codes <> '{}'",
        "referralCode": "e.referral_code = ? AND e.referral_code <> ''",
        "ruleQuery": """EXISTS (
            SELECT FROM json_array_elements(e.effects) AS x WHERE x ->> 'ruleName' ILIKE ?)""",
        "campaignQuery": """EXISTS (
            SELECT FROM json_array_elements(e.effects) AS x
            JOIN campaigns c ON c.id = (x ->> 'campaignId')::bigint AND c.application_id = $1
            WHERE c.name ILIKE ?)""",
        "effectType": """EXISTS (
            SELECT FROM json_array_elements(e.effects) AS x WHERE x ->> 'effectType' = ?)""",
    },
    sorts={"id": "id", "created": "created", "type": "type"},
)


async def list_events(
    conn: Connection, application_id: int, wanted: dict[str, Any], page: Page
) -> tuple[list[ApplicationEvent], bool]:
    """One page of the Application's events and whether more follow."""
    rows, more = await LIST.fetch(conn, [application_id], wanted, page)
    return [_event(row) for row in rows], more


async def count_events(conn: Connection, application_id: int, wanted: dict[str, Any]) -> int:
    """How many of them match."""
    return await LIST.count(conn, [application_id], wanted)


def _event(row: Row) -> ApplicationEvent:
    values: dict[str, Any] = {name: UNSET if value is None else value for name, value in row.items()}
    values["attributes"] = decoder(dict[str, Any]).decode(row["attributes"] or "{}")
    values["effects"] = decoder(list[Effect]).decode(row["effects"])
    return ApplicationEvent(**values)
