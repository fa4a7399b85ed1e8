"""How many of everything an account has (management.md §16)."""

from datetime import datetime

from guerdon.db.pool import Connection
from guerdon.wire.analytics import AccountAnalytics

# There are no webhooks and loyalty programs yet.
SELECT = """
WITH app AS (
    SELECT id, sandbox FROM applications WHERE account_id = $1
), campaign AS (
    SELECT c.id, c.active_ruleset_id, app.sandbox, c.state = 'enabled' AND coalesce(c.start_time <= $2, true)
        AND coalesce(c.end_time > $2, true) AS active
    FROM campaigns c JOIN app ON app.id = c.application_id
), coupon AS (
    SELECT count(*) AS all_of_them, count(*) FILTER (WHERE c.expiry_date <= $2) AS expired,
        count(*) FILTER (WHERE coalesce(c.start_date <= $2, true) AND coalesce(c.expiry_date > $2, true)) AS active
    FROM coupons c WHERE c.application_id IN (SELECT id FROM app)
), referral AS (
    SELECT count(*) AS all_of_them, count(*) FILTER (WHERE r.expiry_date <= $2) AS expired,
        count(*) FILTER (WHERE coalesce(r.start_date <= $2, true) AND coalesce(r.expiry_date > $2, true)) AS active
    FROM referrals r WHERE r.application_id IN (SELECT id FROM app)
)
SELECT
    (SELECT count(*) FROM app) AS applications,
    (SELECT count(*) FROM app WHERE NOT sandbox) AS live_applications,
    (SELECT count(*) FROM app WHERE sandbox) AS sandbox_applications,
    (SELECT count(*) FROM campaign) AS campaigns,
    (SELECT count(*) FROM campaign WHERE active) AS active_campaigns,
    (SELECT count(*) FROM campaign WHERE active AND NOT sandbox) AS live_active_campaigns,
    coupon.all_of_them AS coupons, coupon.active AS active_coupons, coupon.expired AS expired_coupons,
    referral.all_of_them AS referral_codes, referral.active AS active_referral_codes,
    referral.expired AS expired_referral_codes,
    (SELECT coalesce(sum(json_array_length(r.rules)), 0)::bigint
        FROM campaign c JOIN rulesets r ON r.id = c.active_ruleset_id WHERE c.active) AS active_rules,
    (SELECT count(*) FROM users WHERE account_id = $1 AND deleted IS NULL) AS users,
    (SELECT count(*) FROM roles WHERE account_id = $1) AS roles,
    (SELECT count(*) FROM attributes WHERE account_id = $1) AS custom_attributes,
    0 AS webhooks, 0 AS loyalty_programs, 0 AS live_loyalty_programs
FROM coupon, referral
"""


async def get_figures(conn: Connection, account_id: int, now: datetime) -> AccountAnalytics:
    """The figures as of now."""
    return AccountAnalytics(last_updated_at=now, **await conn.fetchrow(SELECT, account_id, now))
