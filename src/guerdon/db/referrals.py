"""Referrals (management.md §7). Codes are folded as the Application compares them; new ones come from codes.py.

Nothing here raises the program revision: a referral is read with the session that names it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct

from guerdon.db.coupons import without_nulls
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first, row_id
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.referrals import Referral, UpdateReferral, UpdateReferralBatch

INSERT = """
INSERT INTO referrals (application_id, campaign_id, value, advocate_integration_id, friend_integration_id,
    usage_limit, start_date, expiry_date, attributes, batch_id, created)
SELECT $1, $2, code, advocate, $5, $6, $7, $8, $9, $10, $11
FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS new (code, advocate, place)
ORDER BY place
RETURNING *
"""

LIST = Listing(
    select="SELECT * FROM referrals WHERE application_id = $1 AND campaign_id = ANY (ARRAY[$2::bigint])",
    within={"": ("campaign_id",)},
    filters={
        # As people write codes: without the separators, in any case.
        "looseValue": "regexp_replace(lower(value), '[^a-z0-9]', '', 'g') LIKE ?",
        "value": "value ILIKE ?",
        "createdBefore": "created < ?",
        "createdAfter": "created > ?",
        "expired": "expiry_date <= ?",
        "validNow": "COALESCE(start_date <= ?, true) AND COALESCE(expiry_date > ?, true)",
        "validFuture": "start_date > ?",
        "usable": "(usage_limit = 0 OR usage_counter < usage_limit) = ?",
        "advocate": "advocate_integration_id = ?",
    },
    sorts={
        "id": "id",
        "created": "created",
        "code": "value",
        "usageLimit": "usage_limit",
        "usageCounter": "usage_counter",
        "startDate": "start_date",
        "expiryDate": "expiry_date",
        "advocateProfileIntegrationId": "advocate_integration_id",
        "batchId": "batch_id",
    },
)

# $1 campaign, $2 an id or null, $3 a folded code. A code that looks like an id gives way to the id.
SELECT = """
SELECT * FROM referrals WHERE campaign_id = $1 AND (id = $2 OR value = $3)
ORDER BY id = $2 DESC NULLS LAST LIMIT 1
"""
# What is left out keeps its value (management.md §7); an empty friend is none.
UPDATE = """
UPDATE referrals SET friend_integration_id = CASE WHEN $3::text IS NULL THEN friend_integration_id
        ELSE nullif($3, '') END,
    start_date = COALESCE($4, start_date), expiry_date = COALESCE($5, expiry_date),
    usage_limit = COALESCE($6, usage_limit), attributes = COALESCE($7, attributes)
WHERE campaign_id = $1 AND id = $2
RETURNING *
"""
# Locked in the order of ids first, as everywhere.
UPDATE_BATCH = """
WITH held AS (SELECT id FROM referrals WHERE campaign_id = $1 AND batch_id = $2 ORDER BY id FOR UPDATE)
UPDATE referrals SET start_date = COALESCE($3, start_date), expiry_date = COALESCE($4, expiry_date),
    usage_limit = COALESCE($5, usage_limit), attributes = COALESCE($6, attributes)
FROM held WHERE referrals.id = held.id
"""
DELETE = "DELETE FROM referrals WHERE campaign_id = $1 AND id = $2"


class Batch(Struct, frozen=True, kw_only=True):
    """What all referrals of one request share; `usage_limit` 0 is no limit."""

    friend_integration_id: str | None = None
    usage_limit: int
    start_date: datetime | None
    expiry_date: datetime | None
    attributes: dict[str, Any]
    batch_id: str | None = None


def referral_of(row: Row) -> Referral:
    """The referral of a row of referrals."""
    return Referral(
        id=row["id"],
        created=row["created"],
        start_date=_or_unset(row["start_date"]),
        expiry_date=_or_unset(row["expiry_date"]),
        usage_limit=row["usage_limit"],
        campaign_id=row["campaign_id"],
        advocate_profile_integration_id=row["advocate_integration_id"],
        friend_profile_integration_id=_or_unset(row["friend_integration_id"]),
        attributes=decoder(Any).decode(row["attributes"]),
        import_id=_or_unset(row["import_id"]),
        code=row["value"],
        usage_counter=row["usage_counter"],
        batch_id=_or_unset(row["batch_id"]),
    )


def _or_unset(value: Any) -> Any:
    return UNSET if value is None else value


def _or_none(value: Any) -> Any:
    return None if value is UNSET else value


async def add_referrals(
    conn: Connection,
    campaign: tuple[int, int],
    codes: Sequence[str],
    advocates: Sequence[str],
    batch: Batch,
    now: datetime,
) -> list[Referral]:
    """Create a referral of `campaign` = (Application id, campaign id) for each folded code and its advocate; in this
    order. Raises Conflict when a code is taken."""
    rows = await conn.fetch(
        INSERT,
        *campaign,
        codes,
        advocates,
        batch.friend_integration_id,
        batch.usage_limit,
        batch.start_date,
        batch.expiry_date,
        encode_text(batch.attributes),
        batch.batch_id,
        now,
    )
    return [referral_of(row) for row in rows]


async def get_referral(conn: Connection, campaign_id: int, referral_id: str, code: str) -> Referral:
    """The referral with this id or, failing that, this folded code. Raises NotFound."""
    return referral_of(first(await conn.fetchrow(SELECT, campaign_id, row_id(referral_id), code), "Referral"))


async def change_referral(conn: Connection, campaign_id: int, referral_id: int, new: UpdateReferral) -> Referral:
    """Change a referral; what is left out keeps its value. Raises NotFound."""
    friend = _or_none(new.friend_profile_integration_id)
    row = await conn.fetchrow(UPDATE, campaign_id, referral_id, friend, *_shared(new))
    return referral_of(first(row, "Referral"))


async def change_batch(conn: Connection, campaign_id: int, new: UpdateReferralBatch) -> None:
    """Change all referrals of a batch; what is left out keeps its value."""
    await conn.execute(UPDATE_BATCH, campaign_id, new.batch_id, *_shared(new))


def _shared(new: UpdateReferral | UpdateReferralBatch) -> list[Any]:
    attributes = None if new.attributes is UNSET else encode_text(without_nulls(new.attributes))
    return [_or_none(new.start_date), _or_none(new.expiry_date), _or_none(new.usage_limit), attributes]


async def remove_referral(conn: Connection, campaign_id: int, referral_id: int) -> None:
    """Delete a referral that exists. Who redeemed it is remembered."""
    await conn.execute(DELETE, campaign_id, referral_id)


async def list_referrals(
    conn: Connection, campaign: tuple[int, int], wanted: dict[str, Any], page: Page
) -> tuple[list[Referral], bool]:
    """One page of the referrals of `campaign` = (Application id, campaign id) and whether more follow."""
    rows, more = await LIST.fetch(conn, campaign, wanted, page)
    return [referral_of(row) for row in rows], more


async def count_referrals(conn: Connection, campaign: tuple[int, int], wanted: dict[str, Any]) -> int:
    """How many of the campaign's referrals match."""
    return await LIST.count(conn, campaign, wanted)
