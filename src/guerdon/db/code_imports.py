"""Coupons and referrals from files (management.md §15), a batch of rows at a time in one transaction."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from guerdon.db.pool import Connection

# In order of their codes, so that two imports that share some wait for each other.
INSERT_COUPONS = """
INSERT INTO coupons (application_id, campaign_id, import_id, batch_id, created, value, recipient_integration_id,
    reservation, usage_limit, discount_limit, start_date, expiry_date, attributes)
SELECT $1, $2, $3, $4, $5, value, holder, holder IS NULL, usage_limit, discount_limit, start_date, expiry_date,
    attributes
FROM unnest($6::text[], $7::text[], $8::integer[], $9::numeric[], $10::timestamptz[], $11::timestamptz[], $12::jsonb[])
    WITH ORDINALITY AS new (value, holder, usage_limit, discount_limit, start_date, expiry_date, attributes, place)
ORDER BY value, place
ON CONFLICT ON CONSTRAINT coupons_value_key DO NOTHING
RETURNING value
"""
# Referrals have no limit of discounts; its place is there for imports of both to be called alike.
INSERT_REFERRALS = """
INSERT INTO referrals (application_id, campaign_id, import_id, batch_id, created, value, advocate_integration_id,
    usage_limit, start_date, expiry_date, attributes)
SELECT $1, $2, $3, $4, $5, value, holder, usage_limit, start_date, expiry_date, attributes
FROM unnest($6::text[], $7::text[], $8::integer[], $9::numeric[], $10::timestamptz[], $11::timestamptz[], $12::jsonb[])
    WITH ORDINALITY AS new (value, holder, usage_limit, discount_limit, start_date, expiry_date, attributes, place)
ORDER BY value, place
ON CONFLICT ON CONSTRAINT referrals_value_key DO NOTHING
RETURNING value
"""
SELECT_OTHER_COUPONS = """
SELECT value FROM coupons WHERE application_id = $1 AND value = ANY ($2) AND import_id IS DISTINCT FROM $3
"""
SELECT_OTHER_REFERRALS = """
SELECT value FROM referrals WHERE application_id = $1 AND value = ANY ($2) AND import_id IS DISTINCT FROM $3
"""


class Kind(Struct, frozen=True):
    """What is imported: its `entity` in the answer, how it is stored, and which of some codes others have."""

    entity: str
    insert: str
    select_others: str


COUPONS = Kind("Coupon", INSERT_COUPONS, SELECT_OTHER_COUPONS)
REFERRALS = Kind("Referral", INSERT_REFERRALS, SELECT_OTHER_REFERRALS)


class Target(Struct, frozen=True):
    """Where codes are imported to, and what all of one file share."""

    application_id: int
    campaign_id: int
    import_id: int
    batch_id: str
    created: datetime


class ImportedCode(NamedTuple):
    """A row of a file: the folded code, its recipient or advocate, and its attributes as JSON."""

    value: str
    holder: str | None
    usage_limit: int
    discount_limit: Decimal | None
    start_date: datetime | None
    expiry_date: datetime | None
    attributes: str


async def add_codes(conn: Connection, kind: Kind, target: Target, codes: Collection[ImportedCode]) -> set[str]:
    """Store the codes that are free, each once; returns them."""
    shared = (target.application_id, target.campaign_id, target.import_id, target.batch_id, target.created)
    rows = await conn.fetch(kind.insert, *shared, *map(list, zip(*codes, strict=True)))
    return {row["value"] for row in rows}


async def others_have(conn: Connection, kind: Kind, target: Target, values: Collection[str]) -> set[str]:
    """Which of these folded codes were there before the import."""
    rows = await conn.fetch(kind.select_others, target.application_id, values, target.import_id)
    return {row["value"] for row in rows}
