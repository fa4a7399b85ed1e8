"""Customer profiles, shared by the Applications of one environment (core.md §3.4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from guerdon.db.pool import Connection, Row
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.customers import CustomerProfile

# In order of integration id, so that two bulk updates cannot wait for each other. Null attributes are removed.
UPSERT_MANY = """
INSERT INTO profiles (account_id, sandbox, integration_id, attributes, last_activity, created)
SELECT a.account_id, a.sandbox, n.integration_id, jsonb_strip_nulls(n.attributes), $4, $4
FROM applications a, unnest($2::text[], $3::jsonb[]) AS n (integration_id, attributes)
WHERE a.id = $1
ORDER BY n.integration_id
ON CONFLICT ON CONSTRAINT profiles_integration_id_key
    DO UPDATE SET attributes = jsonb_strip_nulls(profiles.attributes || excluded.attributes)
RETURNING *
"""


def _profile(row: Row) -> CustomerProfile:
    values: dict[str, Any] = dict(row)
    values["attributes"] = decoder(dict[str, Any]).decode(values["attributes"])
    return CustomerProfile(**values, audience_memberships=[])


async def put_profiles(
    conn: Connection, application_id: int, profiles: Sequence[tuple[str, dict[str, Any]]], now: datetime
) -> list[CustomerProfile]:
    """Create or change profiles, each (integration id, attributes to merge); in the order of their ids."""
    ids = [integration_id for integration_id, _ in profiles]
    attributes = [encode_text(values) for _, values in profiles]
    return [_profile(row) for row in await conn.fetch(UPSERT_MANY, application_id, ids, attributes, now)]
