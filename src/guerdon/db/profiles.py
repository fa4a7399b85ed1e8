"""Customer profiles, shared by the Applications of one environment (core.md §3.4)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from guerdon.db.pool import Connection, Row, first
from guerdon.errors import NotFound
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.customers import CustomerProfile

# In order of integration id, so that two bulk updates cannot wait for each other. Null attributes are removed: a row
# that exists gets them from $3 again, since `excluded` is what would have been inserted, without the nulls.
UPSERT_MANY = """
WITH written AS (
    INSERT INTO profiles (account_id, sandbox, integration_id, attributes, last_activity, created)
    SELECT a.account_id, a.sandbox, n.key, jsonb_strip_nulls(n.value), $3, $3
    FROM applications a, jsonb_each($2::jsonb) AS n
    WHERE a.id = $1
    ORDER BY n.key
    ON CONFLICT ON CONSTRAINT profiles_integration_id_key
        DO UPDATE SET attributes = jsonb_strip_nulls(profiles.attributes || ($2::jsonb -> excluded.integration_id)),
            version = profiles.version + 1
    RETURNING *
), customer AS (
    INSERT INTO application_customers (application_id, profile_id)
    SELECT $1, id FROM written ON CONFLICT DO NOTHING
)
SELECT * FROM written
"""

SELECT = """
SELECT p.* FROM profiles p JOIN applications a ON a.account_id = p.account_id AND a.sandbox = p.sandbox
WHERE a.id = $1 AND p.integration_id = $2
"""
# Those that are not there yet, in order of integration id as well. One that is there is not touched at all.
INSERT_MISSING = """
INSERT INTO profiles (account_id, sandbox, integration_id, last_activity, created)
SELECT a.account_id, a.sandbox, n.id, $3, $3 FROM applications a, unnest($2::text[]) AS n (id)
WHERE a.id = $1
ORDER BY n.id
ON CONFLICT ON CONSTRAINT profiles_integration_id_key DO NOTHING
"""

# Locked in that order, too.
RAISE_VERSIONS = """
WITH locked AS (
    SELECT p.id FROM profiles p JOIN applications a ON a.account_id = p.account_id AND a.sandbox = p.sandbox
    WHERE a.id = $1 AND p.integration_id = ANY ($2::text[])
    ORDER BY p.integration_id FOR NO KEY UPDATE OF p
)
UPDATE profiles p SET version = p.version + 1 FROM locked WHERE p.id = locked.id
RETURNING p.id
"""

HIDDEN = ("version", "erasures")


def profile_of(row: Row) -> CustomerProfile:
    """The customer of a row of profiles."""
    return CustomerProfile(**values_of(row))


def values_of(row: Row) -> dict[str, Any]:
    """The members of a customer, of a row that has those of profiles at least."""
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in HIDDEN}
    values["attributes"] = decoder(dict[str, Any]).decode(values["attributes"])
    values["audience_memberships"] = []
    return values


async def put_profiles(
    conn: Connection, application_id: int, profiles: Mapping[str, dict[str, Any]], now: datetime
) -> list[CustomerProfile]:
    """Create or change profiles, each integration id with the attributes to merge; in the same order. Raises NotFound
    for an Application that was deleted since the key was looked up."""
    rows = await conn.fetch(UPSERT_MANY, application_id, encode_text(profiles), now)
    if len(rows) < len(profiles):
        raise NotFound.of("Application")
    written = {row["integration_id"]: profile_of(row) for row in rows}
    return [written[integration_id] for integration_id in profiles]


async def get_profile(conn: Connection, application_id: int, integration_id: str) -> CustomerProfile:
    """The customer of the Application's environment. Raises NotFound."""
    return profile_of(first(await conn.fetchrow(SELECT, application_id, integration_id), "Customer profile"))


async def add_missing(conn: Connection, application_id: int, integration_ids: Collection[str], now: datetime) -> None:
    """Create an empty profile for each integration id that the Application's environment does not know."""
    await conn.execute(INSERT_MISSING, application_id, integration_ids, now)


async def raise_versions(conn: Connection, application_id: int, integration_ids: Collection[str]) -> list[int]:
    """Say that something changed which rules see of these customers, and lock them; the ids of those that exist."""
    return [row["id"] for row in await conn.fetch(RAISE_VERSIONS, application_id, integration_ids)]
