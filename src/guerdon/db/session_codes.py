"""Codes around a session: the referral it names, those that its rules make, and the coupons that they reserve."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from guerdon.db.coupons import coupon_of
from guerdon.db.pool import Connection, changed
from guerdon.db.referrals import referral_of
from guerdon.engine.new_codes import every_code
from guerdon.engine.outcome import CreatedCode
from guerdon.errors import Retry
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.coupons import Coupon
from guerdon.wire.referrals import InventoryReferral, Referral

# $2 is the folded code, $3 the customer's integration id.
SELECT_REFERRAL = """
SELECT row_to_json(r) AS referral, row_to_json(p) AS advocate, EXISTS (
        SELECT FROM referral_redemptions d JOIN profiles f ON f.id = d.profile_id
        WHERE d.application_id = a.id AND d.rolled_back_at IS NULL
            AND f.account_id = a.account_id AND f.sandbox = a.sandbox AND f.integration_id = $3
    ) AS already_referred
FROM applications a
JOIN referrals r ON r.application_id = a.id AND r.value = $2
LEFT JOIN profiles p ON p.account_id = a.account_id AND p.sandbox = a.sandbox
    AND p.integration_id = r.advocate_integration_id
WHERE a.id = $1
"""
SELECT_WITH_FRIENDS = """
SELECT r.*, ARRAY(
    SELECT p.integration_id FROM referral_redemptions d JOIN profiles p ON p.id = d.profile_id
    WHERE d.referral_id = r.id AND d.rolled_back_at IS NULL ORDER BY d.redeemed_at, p.id) AS referred_customers
FROM referrals r WHERE r.application_id = $1 AND r.value = $2
"""
SELECT_TAKEN = {
    "coupon": "SELECT value FROM coupons WHERE application_id = $1 AND value = ANY ($2::text[])",
    "referral": "SELECT value FROM referrals WHERE application_id = $1 AND value = ANY ($2::text[])",
}
INSERT_COUPONS = """
INSERT INTO coupons (application_id, campaign_id, value, recipient_integration_id, reservation, usage_limit,
    discount_limit, start_date, expiry_date, attributes, created)
SELECT $1, n.campaign_id, n.code, nullif(n.recipient, ''), n.recipient = '', n.usage_limit, n.discount_limit,
    n.start_date, n.expiry_date, n.attributes, $3
FROM json_to_recordset($2::json) AS n (campaign_id bigint, code text, recipient text, friend text,
    usage_limit integer, discount_limit numeric, start_date timestamptz, expiry_date timestamptz, attributes jsonb)
ORDER BY n.code
ON CONFLICT ON CONSTRAINT coupons_value_key DO NOTHING
RETURNING *
"""
INSERT_REFERRALS = """
INSERT INTO referrals (application_id, campaign_id, value, advocate_integration_id, friend_integration_id, usage_limit,
    start_date, expiry_date, attributes, created)
SELECT $1, n.campaign_id, n.code, n.recipient, nullif(n.friend, ''), n.usage_limit, n.start_date, n.expiry_date,
    n.attributes, $3
FROM json_to_recordset($2::json) AS n (campaign_id bigint, code text, recipient text, friend text,
    usage_limit integer, discount_limit numeric, start_date timestamptz, expiry_date timestamptz, attributes jsonb)
ORDER BY n.code
ON CONFLICT ON CONSTRAINT referrals_value_key DO NOTHING
RETURNING *
"""
INSERT_RESERVATIONS = """
INSERT INTO coupon_reservations (coupon_id, profile_id, created)
SELECT c.id, $3, $4 FROM coupons c WHERE c.application_id = $1 AND c.id = ANY ($2::bigint[])
ON CONFLICT DO NOTHING
"""
UPDATE_COUPON_ATTRIBUTES = """
UPDATE coupons SET attributes = jsonb_strip_nulls(attributes || $3)
WHERE application_id = $1 AND id = $2 AND attributes = $4
"""
UPDATE_REFERRAL_ATTRIBUTES = """
UPDATE referrals SET attributes = jsonb_strip_nulls(attributes || $3)
WHERE application_id = $1 AND id = $2 AND attributes = $4
"""
UPDATE_PROFILE_ATTRIBUTES = """
UPDATE profiles p SET attributes = jsonb_strip_nulls(p.attributes || $3), version = version + 1
FROM applications a
WHERE a.id = $1 AND p.account_id = a.account_id AND p.sandbox = a.sandbox AND p.integration_id = $2
    AND p.attributes = $4
"""


class ReferralRow(Struct, kw_only=True):
    """A referral as it is stored."""

    id: int
    created: datetime
    campaign_id: int
    value: str
    advocate_integration_id: str
    friend_integration_id: str | None
    usage_limit: int
    usage_counter: int
    start_date: datetime | None
    expiry_date: datetime | None
    attributes: dict[str, Any]
    import_id: int | None
    batch_id: str | None


class AdvocateRow(Struct, kw_only=True):
    """The profile of the one who referred."""

    id: int
    integration_id: str
    attributes: dict[str, Any]
    closed_sessions: int
    total_sales: Decimal
    last_activity: datetime
    created: datetime
    erasures: int


class FoundReferral(Struct, kw_only=True):
    """The referral that a code names; `advocate` is None where there is no such profile."""

    referral: ReferralRow
    advocate: AdvocateRow | None
    already_referred: bool


async def find_referral(
    conn: Connection, application_id: int, key: str, profile_integration_id: str
) -> FoundReferral | None:
    """The referral with this folded code, as this customer would use it."""
    row = await conn.fetchrow(SELECT_REFERRAL, application_id, key, profile_integration_id)
    if row is None:
        return None
    return FoundReferral(
        referral=decoder(ReferralRow).decode(row["referral"]),
        advocate=None if row["advocate"] is None else decoder(AdvocateRow).decode(row["advocate"]),
        already_referred=row["already_referred"],
    )


async def find_inventory_referral(conn: Connection, application_id: int, key: str) -> InventoryReferral | None:
    """The referral with this folded code and the friends who redeemed it, in order."""
    row = await conn.fetchrow(SELECT_WITH_FRIENDS, application_id, key)
    if row is None:
        return None
    return InventoryReferral(**asdict(referral_of(row)), referred_customers=row["referred_customers"])


async def find_taken(conn: Connection, application_id: int, created: Collection[CreatedCode]) -> list[str]:
    """Which of the codes exist already; where one does that is of few, all of those that exist."""
    found: set[str] = set()
    for kind in sorted({one.kind for one in created}):
        ours = [one for one in created if one.kind == kind]
        found |= await _taken(conn, application_id, kind, [one.code for one in ours])
        families = {one.family for one in ours if one.family is not None and one.code in found}
        if families:
            every = [code for family in families for code in every_code(family)]
            found |= await _taken(conn, application_id, kind, every)
    return sorted(found)


async def _taken(conn: Connection, application_id: int, kind: str, codes: list[str]) -> set[str]:
    return {row["value"] for row in await conn.fetch(SELECT_TAKEN[kind], application_id, codes)}


async def add_created(
    conn: Connection, application_id: int, created: Sequence[CreatedCode], now: datetime
) -> tuple[list[Coupon], list[Referral]]:
    """Store the codes that rules made; raises Retry where one of them came to be meanwhile."""
    coupons = [one for one in created if one.kind == "coupon"]
    referrals = [one for one in created if one.kind == "referral"]
    made: list[Coupon] = []
    invited: list[Referral] = []
    if coupons:
        made = [coupon_of(row) for row in await conn.fetch(INSERT_COUPONS, application_id, encode_text(coupons), now)]
    if referrals:
        rows = await conn.fetch(INSERT_REFERRALS, application_id, encode_text(referrals), now)
        invited = [referral_of(row) for row in rows]
    if len(made) + len(invited) < len(created):
        raise Retry
    order = {one.code: place for place, one in enumerate(created)}
    made.sort(key=lambda coupon: order[coupon.value])
    invited.sort(key=lambda referral: order[referral.code])
    return made, invited


async def reserve(
    conn: Connection, application_id: int, coupon_ids: Collection[int], profile_id: int, now: datetime
) -> None:
    """Reserve coupons for a customer; raises Retry where one of them is reserved for them already."""
    done = await conn.execute(INSERT_RESERVATIONS, application_id, list(coupon_ids), profile_id, now)
    if done != f"INSERT 0 {len(coupon_ids)}":
        raise Retry


class AttributesOf(Struct, frozen=True, kw_only=True):
    """New attributes of a coupon or referral (by id) or of the advocate (by integration id); null clears one. `seen`
    are all of its attributes, as the decision was made."""

    entity: str
    key: int | str
    seen: dict[str, Any]
    changes: dict[str, Any]


UPDATES = {
    "Coupon": UPDATE_COUPON_ATTRIBUTES,
    "Referral": UPDATE_REFERRAL_ATTRIBUTES,
    "AdvocateProfile": UPDATE_PROFILE_ATTRIBUTES,
}


async def update_attributes(conn: Connection, application_id: int, new: AttributesOf) -> None:
    """Write them; raises Retry when they are not what was seen any more."""
    written = (encode_text(new.changes), encode_text(new.seen))
    if not changed(await conn.execute(UPDATES[new.entity], application_id, new.key, *written)):
        raise Retry
