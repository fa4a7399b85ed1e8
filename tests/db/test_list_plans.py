"""How PostgreSQL finds the first page of lists that may grow to a million rows: by an index, in the order of ids, and by
another one for each filter by an id or a code. As everywhere in db, `Listing` makes the statements."""

import asyncio
import json
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg
import pytest

from guerdon.db import (
    access_logs,
    application_events,
    application_sessions,
    changes,
    coupons,
    customer_activity,
    customers,
    message_logs,
    referrals,
)  # fmt: skip
from guerdon.db.paging import Listing

# Two accounts of which one has two Applications; most of everything is of Application 1 and campaign 1.
FILL = """
INSERT INTO accounts (name, created) VALUES ('Other', now());
INSERT INTO applications (account_id, name, timezone, currency, created, modified)
SELECT a, 'More', 'UTC', 'EUR', now(), now() FROM unnest('{1,2}'::bigint[]) AS a;
INSERT INTO evaluation_groups (application_id, name, created) SELECT id, 'Root', now() FROM applications WHERE id > 1;
INSERT INTO campaigns (application_id, user_id, name, state, evaluation_group_id, created, updated)
SELECT a.id, 1, 'c', 'enabled', (SELECT min(g.id) FROM evaluation_groups g WHERE g.application_id = a.id), now(), now()
FROM applications a, generate_series(1, 2) ORDER BY a.id;

INSERT INTO profiles (account_id, sandbox, integration_id, attributes, last_activity, created)
SELECT CASE WHEN n % 50 = 0 THEN 2 ELSE 1 END, n % 20 = 0, 'p' || n,
    CASE WHEN n % 2 = 0 THEN jsonb_build_object('note', 'n' || n) ELSE '{}' END, now(), now()
FROM generate_series(1, 20000) AS n;
INSERT INTO application_customers
SELECT CASE WHEN account_id = 2 THEN 3 WHEN id % 10 = 1 THEN 2 ELSE 1 END, id FROM profiles;

INSERT INTO customer_sessions (application_id, integration_id, profile_id, profile_integration_id, store_integration_id,
    state, first_session, coupon_codes, referral_code, content, effects, total, update_count, created, updated)
SELECT CASE WHEN n % 10 = 0 THEN 2 ELSE 1 END, 's' || n, 1 + n % 19000, 'p' || 1 + n % 19000,
    CASE WHEN n % 3 = 0 THEN 'store' || n % 50 ELSE '' END, 'closed', false,
    CASE WHEN n % 4 = 0 THEN ARRAY['C' || n] ELSE '{}' END, CASE WHEN n % 5 = 0 THEN 'R' || n ELSE '' END,
    '{}', '[]', 1, 1, now() - n * interval '1 minute', now()
FROM generate_series(1, 20000) AS n;
INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects, created,
    coupon_codes, referral_code)
SELECT CASE WHEN n % 10 = 0 THEN 2 ELSE 1 END, 'talon_session_' || (ARRAY['created', 'updated', 'closed'])[1 + n % 3],
    1 + n % 19000, 1 + n % 19000, 1, now(), '{}', '[]', now(),
    CASE WHEN n % 4 = 0 THEN ARRAY['C' || n] ELSE '{}' END, CASE WHEN n % 5 = 0 THEN 'R' || n ELSE '' END
FROM generate_series(1, 20000) AS n;

INSERT INTO coupons (application_id, campaign_id, value, usage_limit, batch_id, recipient_integration_id, referral_id,
    attributes, created)
SELECT c.application_id, c.id, 'C' || n, 1, 'batch' || n / 200, CASE WHEN n % 2 = 0 THEN 'p' || n END,
    CASE WHEN n % 3 = 0 THEN n END, CASE WHEN n % 2 = 0 THEN jsonb_build_object('note', 'n' || n) ELSE '{}' END, now()
FROM generate_series(1, 20000) AS n JOIN campaigns c ON c.id = CASE WHEN n % 10 = 0 THEN 3 WHEN n % 10 = 1 THEN 2 ELSE 1 END;
INSERT INTO referrals (application_id, campaign_id, value, advocate_integration_id, usage_limit, batch_id, created)
SELECT c.application_id, c.id, 'R' || n, 'p' || n, 1, 'batch' || n / 200, now()
FROM generate_series(1, 20000) AS n JOIN campaigns c ON c.id = CASE WHEN n % 10 = 0 THEN 3 WHEN n % 10 = 1 THEN 2 ELSE 1 END;
INSERT INTO changes (account_id, application_id, user_id, management_key_id, entity, created)
SELECT CASE WHEN n % 50 = 0 THEN 2 ELSE 1 END, 1 + n % 2, 1 + n % 7, n % 5, '/v1/x/' || n, now() - n * interval '1 minute'
FROM generate_series(1, 20000) AS n;
INSERT INTO access_logs (application_id, status, method, request_uri, request_payload, response_payload, mentions, time)
SELECT 1 + n % 2, 200, 'PUT', '/v2/x/' || n, '', '', '{}', now() - n * interval '1 minute'
FROM generate_series(1, 20000) AS n;
INSERT INTO message_logs (id, account_id, application_id, entity_type, service, notification_id, webhook_id, created)
SELECT gen_random_uuid(), CASE WHEN n % 50 = 0 THEN 2 ELSE 1 END, 1 + n % 2, 'notification', 'x', n % 9, n % 7,
    now() - n * interval '1 minute'
FROM generate_series(1, 20000) AS n;
ANALYZE;
"""


class Case(NamedTuple):
    """A list, its scope, and what somebody looks for by an id or a code."""

    name: str
    listing: Listing
    scope: tuple
    lookups: tuple[dict, ...]


PERIOD = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
NOTE = {"attributes": '{"note": "n8"}', "sameAttributes": '{"note": "n8"}'}
OF_COUPONS = (
    {"exactValue": "C7"}, {"batchId": "batch7"}, {"recipientIntegrationId": "p8"}, {"referralId": 9}, NOTE
)  # fmt: skip
CASES = [
    Case("coupons of a campaign", coupons.LIST, (1, 1), OF_COUPONS),
    Case("coupons of an Application", coupons.LIST_OF_APPLICATION, (1,), (*OF_COUPONS, {"campaignIds": [2]})),
    Case("referrals", referrals.LIST, (1, 1), ({"advocate": "p7"},)),
    Case("customers of an environment", customers.OF_ENVIRONMENT, (1, False), (
        {"integrationIDs": ["p7", "p9"]}, {"profileIDs": [7, 9]}, {"integrationIDs": ["p7"], "profileIDs": [7]}, NOTE,
    )),
    Case("customers of an Application", customers.OF_APPLICATION, (1, 1), (
        {"integrationId": "p7"}, {"integrationIDs": ["p7", "p9"]}, {"profileIDs": [7, 9]}, NOTE,
    )),
    Case("activity of customers", customer_activity.LIST, (1, 1, *PERIOD), ({"integrationId": "p7"},)),
    Case("sessions", application_sessions.LIST, (1,), (
        {"profile": "p7"}, {"coupon": "C8"}, {"referral": "R10"}, {"integrationId": "s7"},
        {"storeIntegrationId": "store3"}, {"profile": "p7", "state": "closed"},
    )),
    Case("events", application_events.LIST, (1,), (
        {"session": "s7"}, {"profile": "p7"}, {"couponCode": "C8"}, {"referralCode": "R10"}, {"type": ["rated"]},
    )),
    Case("changes", changes.LIST, (1, False), ({"applicationId": 1}, {"userId": 7}, {"managementKeyId": 3})),
    Case("requests", access_logs.LIST, (1, *PERIOD), ()),
    Case("messages", message_logs.LIST, (1, "notification", None, None), ({"applicationId": 1},)),
]  # fmt: skip


def scanned(plan):
    """The tables that a plan reads from the first to the last row."""
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found.union(*map(scanned, plan.get("Plans", ())))


def kinds(plan):
    """The kinds of steps of a plan, not of what is asked about each row."""
    inner = [one for one in plan.get("Plans", ()) if one["Parent Relationship"] not in {"SubPlan", "InitPlan"}]
    return {plan["Node Type"]}.union(*map(kinds, inner))


@pytest.fixture(scope="module")
def full(shared):
    """The server's database with many rows; the names of the tables that have them (most months of the log do not)."""
    asyncio.run(fill(shared.database))
    return {
        row["relname"] for row in shared.sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > 9999")
    }


async def fill(database):
    conn = await asyncpg.connect(database)
    await conn.execute(FILL)
    await conn.close()


@pytest.fixture
def explain(shared, full):
    """Plans of a first page: for the values that are asked for, and for any."""

    async def plans(case, wanted):
        ordered, values = case.listing._ordered(case.scope, wanted, "")
        conn = await asyncpg.connect(shared.database)
        found = []
        try:
            for mode in ("force_custom_plan", "force_generic_plan"):
                await conn.execute(f"SET plan_cache_mode = {mode}")
                prepared = await conn.prepare(f"EXPLAIN (FORMAT JSON) {ordered} LIMIT 1001")
                found.append(json.loads(await prepared.fetchval(*values))[0]["Plan"])
            return found
        finally:
            await conn.close()

    return lambda case, wanted: asyncio.run(plans(case, wanted))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_first_page_is_found_by_an_index(explain, full, case):
    for wanted in ({}, *case.lookups):
        for plan in explain(case, wanted):
            assert not scanned(plan) & full, (wanted, json.dumps(plan, indent=1))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_first_page_is_not_sorted(explain, case):
    for plan in explain(case, {}):
        assert "Sort" not in kinds(plan), json.dumps(plan, indent=1)
