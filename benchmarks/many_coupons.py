"""Session updates with a million coupons in the campaign and ten million in the table, against a thousand in all.

Two servers (`guerdon serve`, one worker each), one with few coupons and one with many, take turns with the requests of
`session_update.py`. The goal is to lose less than a tenth. Filling the table takes some minutes and 5 GB of disk.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import asyncpg

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.session_update import CONNECTIONS, middle, processes, ratio, rounds, verdict
from benchmarks.shop import MUST_HOLD, Server, Shop, start_server

FEW, IN_CAMPAIGN, IN_ALL = 1_000, 1_000_000, 10_000_000
WANTED = 0.9
# Codes look like those that are drawn: twelve characters without an order.
FILL = """
INSERT INTO coupons (application_id, campaign_id, value, usage_limit, batch_id, created)
SELECT 1, $1::bigint, upper(substr(md5(n::text || ($1::bigint)::text), 1, 12)) || n, 1, 'batch-' || n % 100, now()
FROM generate_series(1, $2::bigint) AS n
"""


async def fill(server: Server, first: int, other: int, counts: tuple[int, int]) -> None:
    """So many coupons in the campaign whose coupons the sessions name, and in another one."""
    conn = await asyncpg.connect(server.database_url, command_timeout=3600)
    for campaign, count in zip((first, other), counts, strict=True):
        await conn.execute(FILL, campaign, count)
    await conn.execute("VACUUM ANALYZE coupons")
    await conn.execute("CHECKPOINT")
    await conn.close()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--all", type=int, default=IN_ALL, help="coupons in the table of the second server")
    options = parser.parse_args()
    counts = [(FEW, 0), (min(IN_CAMPAIGN, options.all), max(0, options.all - IN_CAMPAIGN))]
    with ExitStack() as stack:
        plans = []
        for number, count in enumerate(counts):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gb-", ignore_cleanup_errors=True)))
            server = stack.enter_context(start_server(folder))
            shop = Shop(server.url, CONNECTIONS)
            shop.create()
            asyncio.run(fill(server, min(shop.matching), max(shop.matching), count))
            shop.verify()
            host, port = server.address
            plan = folder / f"plan-{number}.json"
            requests = shop.requests(host)
            plan.write_text(json.dumps({"host": host, "port": port, "requests": requests, "must_hold": MUST_HOLD}))
            plans.append(("benchmarks.loadgen", str(plan)))
        sides = stack.enter_context(processes(*plans))
        few, many = rounds(sides, CONNECTIONS, options)
    share = ratio(many, few, "per_second")
    print(f"{FEW:>10} coupons in all: {middle(few, 'per_second'):7.0f} session updates/s")
    print(f"{options.all:>10} coupons in all: {middle(many, 'per_second'):7.0f} session updates/s")
    print(f"many : few  {share:6.2f}   (goal > {WANTED}: {verdict(share > WANTED)})")


if __name__ == "__main__":
    main()
