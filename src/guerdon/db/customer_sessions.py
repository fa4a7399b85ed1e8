"""Customer sessions: the one read before a request is judged, and the one write after it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from guerdon.db import pool
from guerdon.db.counters import EVERY_KIND, Kinds, Uses, counting, to_count
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.effects import Effect
from guerdon.engine.facts import KeptCode, Limit
from guerdon.engine.outcome import LimitUse
from guerdon.engine.standing import Redemption, ReferralRedemption, Standing
from guerdon.errors import Retry
from guerdon.wire.base import decoder
from guerdon.wire.customer_sessions import SessionContent

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

# The profile first, then the session, then what is shared, which is the lock order everywhere. A session that somebody
# else changed since it was read gives no row. With a version ($30), a profile that changed since it was read, or came
# to be, gives no row either. Nor is anything written of whom data was erased since it was read (db/customer_data):
# neither the session's own, nor the customer's, nor those of the advocate, whose row is looked at under a lock.
PROFILE_AND_SESSION = """
new_profile AS (
    INSERT INTO profiles (account_id, sandbox, integration_id, attributes, closed_sessions, total_sales,
        last_activity, created)
    SELECT a.account_id, a.sandbox, $5, jsonb_strip_nulls($6::jsonb), $7, $8, $9, $9 FROM applications a
    WHERE a.id = $1 AND $5 <> '' AND $4::bigint IS NULL
    ON CONFLICT ON CONSTRAINT profiles_integration_id_key
        DO UPDATE SET last_activity = excluded.last_activity WHERE $30::bigint IS NULL
    RETURNING id
), old_profile AS (
    UPDATE profiles SET last_activity = $9,
        attributes = CASE WHEN $6 = '{}' THEN attributes ELSE jsonb_strip_nulls(attributes || $6) END,
        closed_sessions = closed_sessions + $7, total_sales = total_sales + $8,
        version = version + CASE WHEN $30::bigint IS NULL THEN 0 ELSE 1 END
    WHERE id = $4 AND ($30::bigint IS NULL OR version = $30) AND erasures = $32
    RETURNING id
), profile AS (
    SELECT id FROM new_profile UNION ALL SELECT id FROM old_profile
), advocate AS (
    SELECT id FROM profiles WHERE id = $33 AND erasures = $34 FOR KEY SHARE
), people AS (
    SELECT WHERE ($5 = '' OR EXISTS (SELECT FROM profile)) AND ($33::bigint IS NULL OR EXISTS (SELECT FROM advocate))
), new_session AS (
    INSERT INTO customer_sessions (application_id, integration_id, profile_id, profile_integration_id,
        store_integration_id, state, first_session, coupon_codes, coupon_keys, referral_code, content, effects,
        total, total_discounts, update_count, created, updated, closed_at, referral_key, kept_codes, charged)
    SELECT $1, $3, (SELECT id FROM profile), $5, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 1, $9, $9,
        CASE WHEN $11 = 'closed' THEN $9 END, $27, $28, $29
    FROM people WHERE $2::bigint IS NULL
    ON CONFLICT ON CONSTRAINT customer_sessions_integration_id_key DO NOTHING
    RETURNING id
), old_session AS (
    UPDATE customer_sessions SET profile_id = (SELECT id FROM profile), profile_integration_id = $5,
        store_integration_id = $10, state = $11, first_session = $12, coupon_codes = $13, coupon_keys = $14,
        referral_code = $15, content = $16, effects = $17, total = $18, total_discounts = $19,
        referral_key = $27, kept_codes = $28, charged = $29, update_count = update_count + 1, updated = $9,
        closed_at = CASE WHEN $11 = 'closed' THEN $9 ELSE closed_at END,
        cancelled_at = CASE WHEN $11 = 'cancelled' THEN $9 ELSE cancelled_at END
    FROM people WHERE id = $2 AND update_count = $20 AND erasures = $31
    RETURNING id
), session AS (
    SELECT id FROM new_session UNION ALL SELECT id FROM old_session
), customer AS (
    INSERT INTO application_customers (application_id, profile_id)
    SELECT $1, id FROM profile ON CONFLICT DO NOTHING
)"""

# One statement, so it is its own transaction. Without a session the log entry breaks events_session_updated_alone, and
# nothing of the statement stays.
WRITE = (
    "WITH"
    + PROFILE_AND_SESSION
    + """, event AS (
    INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects,
        response_content, created, coupon_codes, referral_code)
    SELECT $1, $21, (SELECT id FROM session), (SELECT id FROM profile), $22, $23, $24, $25, $26, $9, $13, $15
    RETURNING id
)
SELECT (SELECT id FROM session) AS session_id, (SELECT id FROM profile) AS profile_id, event.id AS event_id FROM event
"""
)

# The same with everything that others share, counted last: the log entry has a session only where all that was decided
# still holds.
GIVEN = """, given AS (
    SELECT $1::bigint AS application_id, $35::json AS coupons, $36::json AS referrals, $37::json AS limits,
        $38::json AS campaigns, $9::timestamptz AS now, session.id AS session_id,
        (SELECT id FROM profile) AS profile_id
    FROM session
)"""
COUPON_REDEMPTIONS = """, redeemed_coupon AS (
    INSERT INTO coupon_redemptions (session_id, coupon_id, application_id, campaign_id, profile_id, redeemed_at)
    SELECT given.session_id, u.coupon_id, $1, u.campaign_id, given.profile_id, $9 FROM given, coupon_use u
    WHERE u.redemptions > 0
), returned_coupon AS (
    UPDATE coupon_redemptions r SET rolled_back_at = $9 FROM given, coupon_use u
    WHERE r.session_id = given.session_id AND r.coupon_id = u.coupon_id AND u.redemptions < 0
        AND r.rolled_back_at IS NULL
)"""
REFERRAL_REDEMPTIONS = """, redeemed_referral AS (
    INSERT INTO referral_redemptions (session_id, referral_id, application_id, campaign_id, profile_id, redeemed_at)
    SELECT given.session_id, u.referral_id, $1, u.campaign_id, given.profile_id, $9 FROM given, referral_use u
    WHERE u.redemptions > 0
), returned_referral AS (
    UPDATE referral_redemptions r SET rolled_back_at = $9 FROM given, referral_use u
    WHERE r.session_id = given.session_id AND r.referral_id = u.referral_id AND u.redemptions < 0
        AND r.rolled_back_at IS NULL
)"""
SETTLED = """, event AS (
    INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects,
        response_content, created, coupon_codes, referral_code)
    SELECT $1, $21,
        (SELECT given.session_id FROM given, all_done WHERE all_done.fine), (SELECT id FROM profile),
        $22, $23, $24, $25, $26, $9, $13, $15
    RETURNING id, session_id
)
SELECT session_id, (SELECT id FROM profile) AS profile_id, id AS event_id FROM event
"""


def settling(kinds: Kinds) -> str:
    """The statement that writes a session which counts."""
    return "".join(
        (
            "WITH",
            PROFILE_AND_SESSION,
            GIVEN,
            counting(kinds),
            COUPON_REDEMPTIONS if kinds.coupons else "",
            REFERRAL_REDEMPTIONS if kinds.referrals else "",
            SETTLED,
        )
    )


SETTLE = {kinds: settling(kinds) for kinds in EVERY_KIND}


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
    content: SessionContent
    update_count: int
    created: datetime
    updated: datetime
    total: Decimal
    erasures: int
    kept_codes: tuple[KeptCode, ...] = ()


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
        content=decoder(SessionContent).decode(row["content"]),
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


async def write(conn: Connection, new: Write) -> Written:
    """Store the session, its customer and the log entry; raises Conflict when the session changed meanwhile."""
    return Written(**await conn.fetchrow(WRITE, *astuple(new)))


async def settle(conn: Connection, new: Write, uses: Uses) -> Written:
    """The same with redemptions and counters, all or nothing. Raises Retry when anything changed meanwhile that the
    decision depended on: the session, the customer, what is left of a limit."""
    try:
        return Written(**await conn.fetchrow(SETTLE[uses.kinds()], *astuple(new), *to_count(uses)))
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
