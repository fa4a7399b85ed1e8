"""The first page of lists over a million rows, and an export of a million coupons.

One server (`guerdon serve`, one worker), asked over HTTP by one client: the median of some requests, which the goal
wants under 50 ms. Filling the tables takes some minutes and 5 GB of disk.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.session_update import verdict
from benchmarks.shop import MANAGEMENT_KEY, Server, Shop, start_server, worker_memory

GOAL, MOST_GROWTH = 50, 40
MILLION = 1_000_000
FILL = {
    "coupons": """
INSERT INTO coupons (application_id, campaign_id, value, usage_limit, batch_id, recipient_integration_id, attributes,
    created)
SELECT 1, 1, upper(substr(md5(n::text), 1, 12)) || n, 1, 'batch-' || n / 1000, CASE WHEN n % 10 = 0 THEN 'p' || n END,
    CASE WHEN n % 4 = 0 THEN jsonb_build_object('channel', 'c' || n / 100) ELSE '{}' END, now()
FROM generate_series(1, $1::bigint) AS n""",
    "referrals": """
INSERT INTO referrals (application_id, campaign_id, value, advocate_integration_id, usage_limit, created)
SELECT 1, 1, 'R' || n, 'p' || n, 1, now() FROM generate_series(1, $1::bigint) AS n""",
    "profiles": """
WITH made AS (
    INSERT INTO profiles (account_id, sandbox, integration_id, attributes, last_activity, created)
    SELECT 1, false, 'p' || n, jsonb_build_object('Name', 'Customer ' || n, 'city', 'city ' || n / 100), now(), now()
    FROM generate_series(1, $1::bigint) AS n RETURNING id)
INSERT INTO application_customers SELECT 1, id FROM made""",
    "customer_sessions": """
INSERT INTO customer_sessions (application_id, integration_id, profile_id, profile_integration_id, state, first_session,
    coupon_codes, content, effects, total, update_count, created, updated, closed_at)
SELECT 1, 's' || n, p.id, p.integration_id, 'closed', false, CASE WHEN n % 4 = 0 THEN ARRAY['C' || n] ELSE '{}' END,
    '{"cartItems": [{"sku": "A", "quantity": 1, "price": 9.5, "position": 0}], "attributes": {}}', '[]', 9.5, 1,
    now() - n * interval '1 second', now(), now()
FROM generate_series(1, $1::bigint) AS n JOIN profiles p ON p.account_id = 1 AND NOT p.sandbox
    AND p.integration_id = 'p' || n""",
    "events": """
INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects, created,
    coupon_codes)
SELECT 1, 'talon_session_closed', s.id, s.profile_id, 1, now(),
    '{"session": {"store_integration_id": "", "total": 9.5}, "event_attributes": {}}',
    '[{"campaignId": 1, "rulesetId": 1, "ruleIndex": 0, "ruleName": "r", "effectType": "setDiscount",
       "props": {"name": "d", "value": 1}}]', now(), s.coupon_codes
FROM customer_sessions s WHERE s.application_id = 1 ORDER BY s.id LIMIT $1::bigint""",
}
APPLICATION = "/v1/applications/1"
PERIOD = "rangeStart=2020-01-01&rangeEnd=2099-01-01"
LISTS: list[tuple[str, str, Any]] = [
    ("coupons of a campaign", f"{APPLICATION}/campaigns/1/coupons/no_total?", None),
    ("coupons of a batch", f"{APPLICATION}/campaigns/1/coupons/no_total?batchId=batch-7", None),
    ("referrals", f"{APPLICATION}/campaigns/1/referrals/no_total?", None),
    ("customers of the account", "/v1/customers/no_total?", None),
    ("customers of an Application", f"{APPLICATION}/customers?", None),
    ("customers by an attribute", f"{APPLICATION}/customer_search?", {"attributes": {"city": "city 77"}}),
    ("sessions", f"{APPLICATION}/sessions?", None),
    ("sessions with a coupon", f"{APPLICATION}/sessions?coupon=C4000", None),
    ("sessions of a customer", f"{APPLICATION}/sessions?profile=p4000", None),
    ("events", f"{APPLICATION}/events/no_total?", None),
    ("events with a coupon", f"{APPLICATION}/events/no_total?couponCode=C4000", None),
    ("activity reports", f"{APPLICATION}/customer_activity_reports/no_total?{PERIOD}", None),
]
SIZES = (50, 1000)


async def fill(server: Server, rows: int) -> None:
    """So many rows in each table."""
    conn = await asyncpg.connect(server.database_url, command_timeout=3600)
    await conn.execute("SET synchronous_commit = off")
    for table, statement in FILL.items():
        begun = time.monotonic()
        await conn.execute(statement, rows)
        print(f"{table}: {rows} rows in {time.monotonic() - begun:.0f} s", flush=True)
    await conn.execute("VACUUM ANALYZE")
    await conn.execute("CHECKPOINT")
    await conn.close()


def asked(server: Server, path: str, body: Any) -> Any:
    """A request to the back office, and what reads its answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}", "Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(server.url + path, data, headers), timeout=600)


def milliseconds(server: Server, path: str, body: Any, times: int) -> tuple[float, int]:
    """The median of some answers, and how many rows an answer has."""
    taken = []
    for _ in range(times + 2):
        begun = time.perf_counter()
        with asked(server, path, body) as answer:
            text = answer.read()
        taken.append(1000 * (time.perf_counter() - begun))
    return median(taken[2:]), len(json.loads(text)["data"])


def exported(server: Server) -> Iterator[int]:
    """The sizes of what comes of an export, piece by piece."""
    with asked(server, f"{APPLICATION}/export_coupons", None) as answer:
        while piece := answer.read(1 << 20):
            yield len(piece)


def report_lists(server: Server, times: int) -> None:
    """A line for each list."""
    print(f"{'ms, pages of':>30} " + " ".join(f"{size:>7}" for size in SIZES))
    for name, path, body in LISTS:
        joint = path if path.endswith("?") else path + "&"
        found = [milliseconds(server, f"{joint}pageSize={size}", body, times) for size in SIZES]
        rows = ", ".join(str(count) for _, count in found)
        slowest = max(taken for taken, _ in found)
        figures = " ".join(f"{taken:7.1f}" for taken, _ in found)
        print(f"{name:>30} {figures}  ({rows} rows; goal {GOAL}: {verdict(slowest < GOAL)})", flush=True)


def report_export(server: Server, rows: int) -> None:
    """How long it takes, and what the worker holds meanwhile."""
    before, begun, received, largest = worker_memory(server.pid), time.monotonic(), 0, 0.0
    for size in exported(server):
        received += size
        largest = max(largest, worker_memory(server.pid))
    taken = time.monotonic() - begun
    print(f"export of {rows} coupons: {taken:.1f} s, {received / 1e6:.0f} MB, {rows / taken:.0f} a second")
    met = verdict(largest - before < MOST_GROWTH)
    print(f"worker: {before:.0f} MB before, {largest:.0f} MB at most (goal: {MOST_GROWTH} more at most, {met})")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=MILLION)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gb-", ignore_cleanup_errors=True))
        server = stack.enter_context(start_server(Path(folder)))
        Shop(server.url, 1).create()
        asyncio.run(fill(server, options.rows))
        report_lists(server, options.times)
        report_export(server, options.rows)


if __name__ == "__main__":
    main()
