"""Referrals (management.md §7). Codes are folded as the Application compares them; new ones come from codes.py.

Nothing here raises the program revision: a referral is read with the session that names it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct

from guerdon.db.pool import Connection, Row
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.referrals import Referral

INSERT = """
INSERT INTO referrals (application_id, campaign_id, value, advocate_integration_id, friend_integration_id,
    usage_limit, start_date, expiry_date, attributes, batch_id, created)
SELECT $1, $2, code, advocate, $5, $6, $7, $8, $9, $10, $11
FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS new (code, advocate, place)
ORDER BY place
RETURNING *
"""


class Batch(Struct, frozen=True, kw_only=True):
    """What all referrals of one request share; `usage_limit` 0 is no limit."""

    friend_integration_id: str | None = None
    usage_limit: int
    start_date: datetime | None
    expiry_date: datetime | None
    attributes: dict[str, Any]
    batch_id: str | None = None


def _referral(row: Row) -> Referral:
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
    return [_referral(row) for row in rows]
