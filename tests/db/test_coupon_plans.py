"""First pages of lists of coupons come from indexes, whatever is filtered by, as long as an index is meant for it."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

import make
from guerdon.db import coupons

MANY = 100_000
# Two campaigns of Application 1, one half each, in batches of a hundredth; every thousandth coupon has more to it.
FILL = """
INSERT INTO coupons (application_id, campaign_id, value, usage_limit, batch_id, referral_id, recipient_integration_id,
    attributes, created)
SELECT 1, CASE WHEN n <= $1 / 2 THEN 1 ELSE 2 END, upper(substr(md5(n::text), 1, 12)), 1, 'batch' || n / 1000,
    CASE WHEN n % 1000 = 0 THEN n END, CASE WHEN n % 1000 = 1 THEN 'c' || n END,
    CASE WHEN n % 1000 = 2 THEN jsonb_build_object('venueId', n)
         WHEN n % 2 = 0 THEN '{"channel": "web"}' ELSE '{}' END,
    now()
FROM generate_series(1, $1) AS n
"""


@pytest.fixture(scope="module")
def plan(shared, shared_manager):
    """`plan(listing, scope, wanted, sort)`: how the first page is found, a node a line."""
    for _ in range(2):
        make.new_campaign(shared_manager)

    async def run(conn, listing, scope, wanted, sort):
        statement, given = listing._where(listing.select, scope, wanted)
        lines = await conn.fetch(f"EXPLAIN {statement} ORDER BY {listing._order(sort, wanted)} LIMIT 1001", *given)
        return "\n".join(row[0] for row in lines)

    async def fill(conn):
        await conn.execute(FILL, MANY)
        await conn.execute("VACUUM ANALYZE coupons")

    with asyncio.Runner() as runner:
        conn = runner.run(asyncpg.connect(shared.database))
        runner.run(fill(conn))
        yield lambda *asked: runner.run(run(conn, *asked))
        runner.run(conn.close())


NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVED = [
    ({}, "", "coupons_campaign", "coupons_application"),
    ({}, "-id", "coupons_campaign", "coupons_application"),
    ({}, "value", "coupons_value_key", "coupons_value_key"),
    ({}, "-value", "coupons_value_key", "coupons_value_key"),
    ({"batchId": "batch7"}, "", "coupons_batch", "coupons_batch"),
    ({"exactValue": "c4ca4238a0b9"}, "", "coupons_code", "coupons_code"),
    ({"referralId": 5000}, "", "coupons_referral", "coupons_referral"),
    ({"recipientIntegrationId": "c5001"}, "", "coupons_recipient", "coupons_recipient"),
    (coupons.attribute_filter({"venueId": 5002}), "", "coupons_attributes", "coupons_attributes"),
    ({"usable": True}, "", "coupons_campaign", "coupons_application"),
    ({"redeemed": False}, "", "coupons_campaign", "coupons_application"),
    ({"createdAfter": NOW}, "", "coupons_campaign", "coupons_application"),
    ({"validNow": NOW}, "", "coupons_campaign", "coupons_application"),
    ({"batchId": "batch7", "usable": True}, "", "coupons_batch", "coupons_batch"),
]


@pytest.mark.parametrize(("wanted", "sort", "of_campaign", "of_application"), SERVED)
def test_a_first_page_is_found_by_an_index(plan, wanted, sort, of_campaign, of_application):
    for listing, scope, index in (
        (coupons.LIST, [1, 1], of_campaign),
        (coupons.LIST_OF_APPLICATION, [1], of_application),
    ):
        found = plan(listing, scope, wanted, sort)
        assert "Seq Scan" not in found, found
        assert index in found, found
        if not sort and index in ("coupons_campaign", "coupons_application", "coupons_batch"):
            assert "Sort" not in found, found


def test_a_page_of_campaigns_in_a_state_is_read_in_order(plan):
    found = plan(coupons.LIST_OF_APPLICATION, [1], {"campaignIds": [1, 2]}, "")
    assert "Seq Scan" not in found, found
    assert "Sort" not in found, found
