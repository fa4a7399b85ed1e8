"""Deleting an Application with everything that is its own (management.md §4). What is the account's stays: customers
with their figures, attributes, collections and the like.

Rows are locked in the order of all locks (ADR 0015) before any is deleted, so that requests which are at work finish
before it, or find nothing after it.
"""

from guerdon.db import campaigns
from guerdon.db.pool import Connection, first

EXISTS = "SELECT id FROM applications WHERE account_id = $1 AND id = $2"
LOCK_SESSIONS = """
SELECT count(*) FROM (SELECT id FROM customer_sessions WHERE application_id = $1 ORDER BY id FOR UPDATE) AS locked
"""
SELECT_CAMPAIGNS = "SELECT id FROM campaigns WHERE application_id = $1"
LOCK = EXISTS + " FOR UPDATE"
DELETE_LOG = "DELETE FROM events WHERE application_id = $1"
DELETE_PARTS = "DELETE FROM program_parts WHERE application_id = $1"
DELETE = "DELETE FROM applications WHERE account_id = $1 AND id = $2"
# Subscriptions of the account's things. Those of Management keys stay: a key without Applications would have all.
UNSUBSCRIBE = (
    """
UPDATE attributes SET subscribed_applications_ids = array_remove(subscribed_applications_ids, $2::bigint)
WHERE account_id = $1 AND $2 = ANY (subscribed_applications_ids)
""",
    """
UPDATE collections SET subscribed_applications_ids = array_remove(subscribed_applications_ids, $2::bigint)
WHERE account_id = $1 AND $2 = ANY (subscribed_applications_ids)
""",
    """
UPDATE additional_costs SET subscribed_applications_ids = array_remove(subscribed_applications_ids, $2::bigint)
WHERE account_id = $1 AND $2 = ANY (subscribed_applications_ids)
""",
    """
UPDATE campaign_groups SET subscribed_applications_ids = array_remove(subscribed_applications_ids, $2::bigint)
WHERE account_id = $1 AND $2 = ANY (subscribed_applications_ids)
""",
    """
UPDATE campaign_templates SET applications_ids = array_remove(applications_ids, $2::bigint)
WHERE account_id = $1 AND $2 = ANY (applications_ids)
""",
    """
UPDATE custom_effects SET application_ids = array_remove(application_ids, $2::bigint)
WHERE account_id = $1 AND $2 = ANY (application_ids)
""",
)
MOST_SECONDS = 600


async def remove_application(conn: Connection, account_id: int, application_id: int) -> None:
    """Delete an Application with its keys, campaigns, codes, sessions and log. Raises NotFound."""
    first(await conn.fetchval(EXISTS, account_id, application_id), "Application")
    await conn.fetchval(LOCK_SESSIONS, application_id, timeout=MOST_SECONDS)
    campaign_ids = [row["id"] for row in await conn.fetch(SELECT_CAMPAIGNS, application_id)]
    await conn.fetch(campaigns.HOLD, account_id, application_id, campaign_ids, timeout=MOST_SECONDS)
    first(await conn.fetchval(LOCK, account_id, application_id), "Application")
    for statement in UNSUBSCRIBE:
        await conn.execute(statement, account_id, application_id)
    for statement in (DELETE_LOG, DELETE_PARTS):
        await conn.execute(statement, application_id, timeout=MOST_SECONDS)
    await conn.execute(DELETE, account_id, application_id, timeout=MOST_SECONDS)
