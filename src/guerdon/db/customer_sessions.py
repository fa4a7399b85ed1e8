"""Customer sessions: the one read before a request is judged, and the one write after it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from guerdon.db import pool
from guerdon.db.counters import Uses, to_count
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.db.session_statements import SETTLE, WRITE
from guerdon.engine.effects import Effect
from guerdon.engine.facts import KeptCode, Limit
from guerdon.engine.outcome import LimitUse
from guerdon.engine.standing import Redemption, ReferralRedemption, Standing
from guerdon.errors import Retry
from guerdon.wire.base import decoder
from guerdon.wire.customer_sessions import BesideCart, SessionContent

# LIMIT 1 keeps the planner from joining profiles by environment alone, which it does while the table has no statistics.
# The key is looked up again here, so that one that was deleted, changed or has expired since it was cached is noticed
# without a round trip of its own.
READ = """
SELECT a.revision, k.id IS NOT NULL AS key_alive,
    s.id AS session_id, s.profile_integration_id AS session_profile, s.store_integration_id, s.state,
    s.first_session, s.coupon_codes, s.coupon_keys, s.referral_code, s.content, s.update_count,
    s.created AS session_created, s.updated AS session_updated, s.total, s.kept_codes, s.erasures AS session_erasures,
    p.id AS profile_id, p.integration_id AS profile_integration_id, p.attributes AS profile_attributes,
    p.closed_sessions, p.total_sales, p.last_activity, p.created AS profile_created, p.version, p.erasures,
    p.id IS NOT NULL AND EXISTS (
        SELECT FROM customer_sessions o WHERE o.profile_id = p.id AND o.id IS DISTINCT FROM s.id
    ) AS has_other_sessions,
    (SELECT json_agg(one) FROM (
        SELECT c.*, EXISTS (
            SELECT FROM coupon_reservations r WHERE r.coupon_id = c.id AND r.profile_id = p.id) AS reserved
        FROM coupons c
        WHERE c.application_id = a.id AND c.value = ANY (coalesce($5::text[], s.coupon_keys))) one) AS coupons
FROM applications a
LEFT JOIN application_keys k ON k.id = $2 AND k.application_id = a.id AND k.expires > $6
    AND k.type IS NOT DISTINCT FROM $7 AND k.time_offset IS NOT DISTINCT FROM $8
LEFT JOIN customer_sessions s ON s.application_id = a.id AND s.integration_id = $3
LEFT JOIN LATERAL (
    SELECT * FROM profiles one
    WHERE one.account_id = a.account_id AND one.sandbox = a.sandbox
        AND one.integration_id = coalesce($4::text, s.profile_integration_id)
    LIMIT 1
) p ON true
WHERE a.id = $1
"""

SELECT_EFFECTS = "SELECT effects FROM customer_sessions WHERE application_id = $1 AND id = $2 AND update_count = $3"

# What a closed session was given and what that counted on.
SELECT_STANDING = """
SELECT s.effects, s.charged,
    ARRAY(SELECT json_build_array(r.coupon_id, r.campaign_id)::text FROM coupon_redemptions r
        WHERE r.session_id = s.id AND r.rolled_back_at IS NULL ORDER BY r.coupon_id) AS redemptions,
    ARRAY(SELECT json_build_array(r.referral_id, r.campaign_id)::text FROM referral_redemptions r
        WHERE r.session_id = s.id AND r.rolled_back_at IS NULL ORDER BY r.referral_id) AS referrals
FROM customer_sessions s WHERE s.application_id = $1 AND s.id = $2 AND s.update_count = $3
"""


class CouponRow(Struct, kw_only=True):
    """A coupon as it is stored."""

    id: int
    created: datetime
    campaign_id: int
    value: str
    usage_limit: int
    usage_counter: int
    discount_limit: Decimal | None
    discount_counter: Decimal
    reservation_limit: int | None
    reservation_counter: int
    start_date: datetime | None
    expiry_date: datetime | None
    limits: tuple[Limit, ...]
    attributes: dict[str, Any]
    referral_id: int | None
    recipient_integration_id: str | None
    import_id: int | None
    reservation: bool
    batch_id: str | None
    is_reservation_mandatory: bool
    implicitly_reserved: bool
    reserved: bool = False


class StoredSession(Struct, kw_only=True):
    """A session as it was before the request."""

    id: int
    profile_integration_id: str
    store_integration_id: str
    state: str
    first_session: bool
    coupon_codes: tuple[str, ...]
    referral_code: str
    document: str
    update_count: int
    created: datetime
    updated: datetime
    total: Decimal
    erasures: int
    kept_codes: tuple[KeptCode, ...] = ()

    @property
    def content(self) -> SessionContent:
        """The document; reading it takes a while."""
        found: SessionContent = decoder(SessionContent).decode(self.document)
        return found

    @property
    def beside_cart(self) -> BesideCart:
        """The same without the cart, which is most of it and which most requests replace."""
        found: BesideCart = decoder(BesideCart).decode(self.document)
        return found


class StoredProfile(Struct, kw_only=True):
    """The customer as they were before the request."""

    id: int
    integration_id: str
    attributes: dict[str, Any]
    closed_sessions: int
    total_sales: Decimal
    last_activity: datetime
    created: datetime
    version: int
    erasures: int


class Read(Struct, kw_only=True):
    """What one read brings: the revision the request must be judged at, and all that is stored around it.
    `advocate_erasures` comes with the referral, where there is one (flows/complete.py)."""

    revision: int
    key_alive: bool
    session: StoredSession | None
    profile: StoredProfile | None
    has_other_sessions: bool
    coupons: list[CouponRow]
    advocate_erasures: int = 0


class Write(Struct, kw_only=True):
    """What one write stores, in the order of the statements' parameters; JSON members are text already. `session_id`
    and `profile_id` are None when new. `profile_version` is the version that the profile must still have, None where
    any will do."""

    application_id: int
    session_id: int | None
    integration_id: str
    profile_id: int | None
    profile_integration_id: str
    profile_changes: str
    closed_sessions: int
    sales: Decimal
    now: datetime
    store_integration_id: str
    state: str
    first_session: bool
    coupon_codes: tuple[str, ...]
    coupon_keys: tuple[str, ...]
    referral_code: str
    content: str
    effects: str
    total: Decimal
    total_discounts: Decimal
    update_count: int
    event: str
    revision: int
    judged_at: datetime
    facts: str
    event_effects: str
    response_content: list[str]
    referral_key: str
    kept_codes: str
    charged: str
    profile_version: int | None
    session_erasures: int
    profile_erasures: int
    advocate_id: int | None
    advocate_erasures: int


class Written(Struct):
    """The ids of what was written."""

    session_id: int
    profile_id: int | None
    event_id: int


async def read(
    conn: Connection,
    key: IntegrationKey,
    integration_id: str,
    wanted: tuple[str | None, tuple[str, ...] | None],
    now: datetime,
) -> Read:
    """Everything a request on a session needs, in one statement. `wanted` is the customer and the folded codes that
    the request names, None for those that are stored."""
    row = await conn.fetchrow(READ, key.application_id, key.id, integration_id, *wanted, now, key.type, key.time_offset)
    if row is None:
        return Read(revision=0, key_alive=False, session=None, profile=None, has_other_sessions=False, coupons=[])
    return Read(
        revision=row["revision"],
        key_alive=row["key_alive"],
        session=None if row["session_id"] is None else _session(row),
        profile=None if row["profile_id"] is None else _profile(row),
        has_other_sessions=row["has_other_sessions"],
        coupons=[] if row["coupons"] is None else decoder(list[CouponRow]).decode(row["coupons"]),
    )


def _session(row: Any) -> StoredSession:
    return StoredSession(
        id=row["session_id"],
        profile_integration_id=row["session_profile"],
        store_integration_id=row["store_integration_id"],
        state=row["state"],
        first_session=row["first_session"],
        coupon_codes=tuple(row["coupon_codes"]),
        referral_code=row["referral_code"],
        document=row["content"],
        update_count=row["update_count"],
        created=row["session_created"],
        updated=row["session_updated"],
        total=row["total"],
        erasures=row["session_erasures"],
        kept_codes=() if row["kept_codes"] == "[]" else decoder(tuple[KeptCode, ...]).decode(row["kept_codes"]),
    )


def _profile(row: Any) -> StoredProfile:
    return StoredProfile(
        id=row["profile_id"],
        integration_id=row["profile_integration_id"],
        attributes=decoder(dict[str, Any]).decode(row["profile_attributes"]),
        closed_sessions=row["closed_sessions"],
        total_sales=row["total_sales"],
        last_activity=row["last_activity"],
        created=row["profile_created"],
        version=row["version"],
        erasures=row["erasures"],
    )


async def write(conn: Connection, new: Write, known: bool) -> Written:
    """Store the session, its customer and the log entry; raises Conflict when the session changed meanwhile. `known` is
    whether both are stored already, as each other's, and there is no advocate."""
    return Written(**await conn.fetchrow(WRITE[known], *astuple(new)))


async def settle(conn: Connection, new: Write, known: bool, uses: Uses) -> Written:
    """The same with redemptions and counters, all or nothing. Raises Retry when anything changed meanwhile that the
    decision depended on: the session, the customer, what is left of a limit."""
    try:
        return Written(**await conn.fetchrow(SETTLE[uses.kinds(), known], *astuple(new), *to_count(uses)))
    except pool.DatabaseError as error:
        if pool.session_changed(error):
            raise Retry from error
        raise


async def find_effects(conn: Connection, application_id: int, stored: StoredSession) -> list[Effect] | None:
    """The effects stored with a session, properties as plain dicts; None when it changed since it was read."""
    found = await conn.fetchval(SELECT_EFFECTS, application_id, stored.id, stored.update_count)
    return None if found is None else decoder(list[Effect]).decode(found)


async def find_standing(conn: Connection, application_id: int, stored: StoredSession) -> Standing | None:
    """What a closed session was given and what that counted on; None when it changed since it was read."""
    row = await conn.fetchrow(SELECT_STANDING, application_id, stored.id, stored.update_count)
    if row is None:
        return None
    return Standing(
        effects=decoder(tuple[Effect, ...]).decode(row["effects"]),
        redemptions=tuple(Redemption(*decoder(list[int]).decode(one)) for one in row["redemptions"]),
        referrals=tuple(ReferralRedemption(*decoder(list[int]).decode(one)) for one in row["referrals"]),
        charged=decoder(tuple[LimitUse, ...]).decode(row["charged"]),
    )
