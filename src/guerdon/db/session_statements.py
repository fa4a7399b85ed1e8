"""The statements that write a session, put together of parts. `customer_sessions` says what their parameters are.

Each is one statement, so it is its own transaction. Parts that have nothing to do are left out: PostgreSQL sets each of
them up for every request, and in a crowd a second time for every row that somebody else just changed.
"""

from itertools import product

from guerdon.db.counters import EVERY_KIND, Kinds, counting

# The profile first, then the session, then what is shared, which is the lock order everywhere. A session that somebody
# else changed since it was read gives no row. With a version ($30), a profile that changed since it was read, or came
# to be, gives no row either. Nor is anything written of whom data was erased since it was read (db/customer_data):
# neither the session's own, nor the customer's, nor those of the advocate, whose row is looked at under a lock.
UPDATED_PROFILE = """(
    UPDATE profiles SET last_activity = $9,
        attributes = CASE WHEN $6::jsonb = '{}' THEN attributes ELSE jsonb_strip_nulls(attributes || $6) END,
        closed_sessions = closed_sessions + $7, total_sales = total_sales + $8,
        version = version + CASE WHEN $30::bigint IS NULL THEN 0 ELSE 1 END
    WHERE id = $4 AND ($30::bigint IS NULL OR version = $30) AND erasures = $32
    RETURNING id
)"""
UPDATED_SESSION = """(
    UPDATE customer_sessions SET profile_id = (SELECT id FROM profile), profile_integration_id = $5,
        store_integration_id = $10, state = $11, first_session = $12, coupon_codes = $13, coupon_keys = $14,
        referral_code = $15, content = $16, effects = $17, total = $18, total_discounts = $19,
        referral_key = $27, kept_codes = $28, charged = $29, update_count = update_count + 1, updated = $9,
        closed_at = CASE WHEN $11 = 'closed' THEN $9 ELSE closed_at END,
        cancelled_at = CASE WHEN $11 = 'cancelled' THEN $9 ELSE cancelled_at END
    FROM people WHERE customer_sessions.id = $2 AND update_count = $20 AND erasures = $31
    RETURNING customer_sessions.id
)"""
# A session that is known to be of a customer who is known, and no advocate: what a shop does all day.
KNOWN = (
    " profile AS "
    + UPDATED_PROFILE
    + ", people AS (SELECT FROM profile), session AS "
    + UPDATED_SESSION
    + ", not_needed AS (SELECT $3::text, $33::bigint, $34::bigint)"
)
ANY = (
    """ new_profile AS (
    INSERT INTO profiles (account_id, sandbox, integration_id, attributes, closed_sessions, total_sales,
        last_activity, created)
    SELECT a.account_id, a.sandbox, $5, jsonb_strip_nulls($6::jsonb), $7, $8, $9, $9 FROM applications a
    WHERE a.id = $1 AND $5 <> '' AND $4::bigint IS NULL
    ON CONFLICT ON CONSTRAINT profiles_integration_id_key
        DO UPDATE SET last_activity = excluded.last_activity WHERE $30::bigint IS NULL
    RETURNING id
), old_profile AS """
    + UPDATED_PROFILE
    + """, profile AS (
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
), old_session AS """
    + UPDATED_SESSION
    + """, session AS (
    SELECT id FROM new_session UNION ALL SELECT id FROM old_session
), customer AS (
    INSERT INTO application_customers (application_id, profile_id)
    SELECT $1, id FROM profile ON CONFLICT DO NOTHING
)"""
)

# Without a session the log entry breaks events_session_updated_alone, and nothing of the statement stays.
EVENT = """, event AS (
    INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects,
        response_content, created, coupon_codes, referral_code)
    SELECT $1, $21, (SELECT id FROM session), (SELECT id FROM profile), $22, $23, $24, $25, $26, $9, $13, $15
    RETURNING id
)
SELECT (SELECT id FROM session) AS session_id, (SELECT id FROM profile) AS profile_id, event.id AS event_id FROM event
"""

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


def settling(kinds: Kinds, known: bool) -> str:
    """The statement that writes a session which counts."""
    return "".join(
        (
            "WITH",
            KNOWN if known else ANY,
            GIVEN,
            counting(kinds),
            COUPON_REDEMPTIONS if kinds.coupons else "",
            REFERRAL_REDEMPTIONS if kinds.referrals else "",
            SETTLED,
        )
    )


WRITE = {known: "WITH" + (KNOWN if known else ANY) + EVENT for known in (False, True)}
SETTLE = {(kinds, known): settling(kinds, known) for kinds, known in product(EVERY_KIND, (False, True))}
