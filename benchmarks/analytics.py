"""How long figures take on ten million effects in the log.

A `guerdon serve` with one worker; a year of closed sessions of fifty campaigns, five effects each, one in thirty
cancelled later; then five minutes as busy as a sale. Asked is over HTTP: the first question of all, which
waits for the log to be counted, and then every one by itself, with the median of seven. Filling the log takes minutes
and some 6 GB of disk.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.session_update import verdict
from benchmarks.shop import MANAGEMENT_KEY, Server, start_server

EFFECTS, OF_A_SESSION, CAMPAIGNS, LATEST = 10_000_000, 5, 50, 20_000
MOST_SECONDS = 0.5
FILL_CAMPAIGNS = """
INSERT INTO campaigns (application_id, user_id, name, state, evaluation_group_id, created, updated)
SELECT 1, 1, 'Campaign ' || n, 'enabled', (SELECT min(id) FROM evaluation_groups WHERE application_id = 1), now(), now()
FROM generate_series(1, $1::int) AS n
"""
# $1 sessions from $2 on, spread evenly up to $3; $4 is the number of the first, $5 how many effects each has.
FILL_EVENTS = """
INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects, created)
SELECT 1, 'talon_session_closed', $4 + n, 1 + n % 100000, 1, t.at,
    format('{"event":"talon_session_closed","session":{"integration_id":"s%s","state":"closed","cart_items":[%s],'
        '"total":%s}}', $4 + n,
        '{"position":0,"sku":"SHIRT-1","quantity":2,"price":49.9},{"position":1,"sku":"HAT","quantity":1,"price":9}',
        108.8 + n % 90)::json,
    (SELECT '[' || string_agg(format('{"campaignId":%s,"rulesetId":1,"ruleIndex":0,"ruleName":"A tenth off everything",'
        '"effectType":"%s","props":{"name":"10%% off","value":%s,"scope":"sessionTotal"}}', 1 + (n * 7 + k * 3) % 50,
        (ARRAY['setDiscount', 'setDiscountPerItem', 'addFreeItem', 'showNotification', 'acceptCoupon'])[1 + k % 5],
        10.88 + k), ',') || ']' FROM generate_series(0, $5 - 1) AS k)::json,
    t.at
FROM generate_series(0, $1::bigint - 1) AS n,
    LATERAL (SELECT $2::timestamptz + ($3::timestamptz - $2::timestamptz) * (n::float8 / $1) AS at) AS t
"""
CANCEL = """
INSERT INTO events (application_id, type, session_id, profile_id, revision, judged_at, facts, effects, created)
SELECT 1, 'talon_session_revoked', session_id, profile_id, 1, created, facts,
    (SELECT json_agg(json_build_object('campaignId', (e ->> 'campaignId')::int, 'effectType', 'rollbackDiscount',
        'props', json_build_object('value', e -> 'props' -> 'value')))
    FROM json_array_elements(effects) e WHERE e ->> 'effectType' LIKE 'setDiscount%'),
    created + interval '3 days'
FROM events WHERE application_id = 1 AND session_id % 30 = 0 AND created < $1
"""


async def fill(server: Server, effects: int, now: datetime) -> None:
    """The log of a year."""
    conn = await asyncpg.connect(server.database_url, command_timeout=7200)
    await conn.execute("SET synchronous_commit = off")
    await conn.execute(FILL_CAMPAIGNS, CAMPAIGNS)
    start = now - timedelta(days=365)
    await conn.execute(FILL_EVENTS, effects // OF_A_SESSION, start, now, 1, OF_A_SESSION)
    await conn.execute(CANCEL, now - timedelta(days=4))
    await conn.execute("VACUUM ANALYZE events")
    await conn.execute("CHECKPOINT")
    await conn.close()


async def fill_latest(server: Server, effects: int) -> None:
    """Sessions of the last minutes, which are not counted for good yet."""
    conn = await asyncpg.connect(server.database_url, command_timeout=600)
    now = datetime.now(UTC)
    await conn.execute(FILL_EVENTS, LATEST, now - timedelta(minutes=5), now, effects // OF_A_SESSION + 1, OF_A_SESSION)
    await conn.close()


def ask(server: Server, path: str, **params: str) -> float:
    """Seconds until the whole answer is there."""
    url = f"{server.url}{path}?{urllib.parse.urlencode(params)}"
    request = urllib.request.Request(url, headers={"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=3600) as answer:
        answer.read()
    return time.perf_counter() - began


def report(server: Server, name: str, path: str, **params: str) -> None:
    """The first answer, and the median of seven."""
    first = ask(server, path, **params)
    median = statistics.median(ask(server, path, **params) for _ in range(7))
    met = verdict(median < MOST_SECONDS)
    print(f"{name:<32} first {first:6.3f} s, then {median:6.3f} s   (< {MOST_SECONDS}: {met})")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--effects", type=int, default=EFFECTS)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gb-", ignore_cleanup_errors=True)))
        server = stack.enter_context(start_server(folder))
        now = datetime.now(UTC)
        began = time.perf_counter()
        asyncio.run(fill(server, options.effects, now))
        sessions = options.effects // OF_A_SESSION
        print(f"{options.effects} effects of {sessions} sessions, written in {time.perf_counter() - began:.0f} s")
        year, month = (
            {"rangeStart": (now - timedelta(days=days)).isoformat(), "rangeEnd": now.isoformat()} for days in (365, 30)
        )
        one, every = "/v1/applications/1/campaigns/{}/analytics", "/v1/applications/1/campaign_analytics/export"
        print(f"the first question of all, which counts the log: {ask(server, one.format(1), **year):.1f} s")
        report(server, "a campaign, a year by days", one.format(2), **year, granularity="1 day")
        report(server, "a campaign, a year by hours", one.format(3), **year, granularity="1 hour")
        report(server, "a campaign, a month by days", one.format(4), **month, granularity="1 day")
        report(server, "all campaigns as CSV, a year", every, **year)
        report(server, "all campaigns as CSV, a month", every, **month)
        report(server, "the account", "/v1/accounts/1/analytics")
        asyncio.run(fill_latest(server, options.effects))
        print(f"and with {LATEST} sessions that closed in the last five minutes:")
        report(server, "a campaign, a month by days", one.format(4), **month, granularity="1 day")
        report(server, "all campaigns as CSV, a month", every, **month)


if __name__ == "__main__":
    main()
