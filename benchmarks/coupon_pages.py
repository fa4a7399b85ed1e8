"""First pages over a million coupons in the campaign and nine hundred thousand before them, through HTTP.

Each request is sent twenty times, alone; the median and the slowest are printed. The goal is 50 ms for what an index is
meant for; the others are there to know what they cost.
"""

import asyncio
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.session_update import verdict
from benchmarks.shop import MANAGEMENT_KEY, Server, start_server

BEFORE, MANY = 900_000, 1_000_000
GOAL, TIMES = 50.0, 20
CAMPAIGN = {"name": "Many", "state": "enabled", "tags": [], "features": ["coupons"], "limits": []}
ATTRIBUTE = {
    "entity": "Coupon",
    "name": "channel",
    "type": "string",
    "title": "Channel",
    "description": "",
    "suggestions": [],
    "editable": True,
}
FILL = """
INSERT INTO coupons (application_id, campaign_id, value, usage_limit, batch_id, recipient_integration_id, attributes,
    created)
SELECT 1, $1::bigint, upper(substr(md5(n::text || ($1::bigint)::text), 1, 12)), 1, 'batch' || n / 100000,
    CASE WHEN n % 10 = 0 THEN 'c' || n END,
    CASE WHEN n % 100000 = 1 THEN '{"channel": "rare"}' ELSE '{"channel": "web"}' END::jsonb, now()
FROM generate_series(1, $2::bigint) AS n
"""
ONE = "SELECT lower(value) FROM coupons WHERE campaign_id = 2 ORDER BY id LIMIT 1 OFFSET 777777"
OF_CAMPAIGN = "/v1/applications/1/campaigns/2/coupons"
SEARCH = "/v1/applications/1/coupons_search_advanced/no_total"
Request = tuple[str, str, Any]


def requests(code: str) -> tuple[dict[str, Request], dict[str, Request]]:
    """What must be quick, and what need not be."""
    quick: dict[str, Request] = {
        "first page of 1000": ("GET", f"{OF_CAMPAIGN}/no_total", None),
        "first page of 50": ("GET", f"{OF_CAMPAIGN}/no_total?pageSize=50", None),
        "of the Application": ("POST", f"{SEARCH}?pageSize=50", {}),
        "by code, descending": ("GET", f"{OF_CAMPAIGN}/no_total?pageSize=50&sort=-value", None),
        "newest first": ("GET", f"{OF_CAMPAIGN}/no_total?pageSize=50&sort=-id", None),
        "a batch": ("GET", f"{OF_CAMPAIGN}/no_total?pageSize=50&batchId=batch9", None),
        "a batch, everywhere": ("POST", f"{SEARCH}?pageSize=50&batchId=batch9", {}),
        "a code in any case": ("POST", f"{SEARCH}?value={code}&exactMatch=true", {}),
        "a recipient": ("POST", f"{SEARCH}?recipientIntegrationId=c777770", {}),
        "a rare attribute": ("POST", SEARCH, {"channel": "rare"}),
        "usable": ("GET", f"{OF_CAMPAIGN}/no_total?pageSize=50&usable=true", None),
    }
    slow: dict[str, Request] = {
        "a part of a code": ("GET", f"{OF_CAMPAIGN}/no_total?pageSize=50&value={code[2:9]}", None),
        "an attribute of most": ("POST", f"{SEARCH}?pageSize=50", {"channel": "web"}),
        "redeemed, of which none are": ("GET", f"{OF_CAMPAIGN}/no_total?pageSize=50&redeemed=true", None),
        "sorted by expiry": ("GET", f"{OF_CAMPAIGN}/no_total?pageSize=50&sort=expiryDate", None),
        "with a total": ("GET", f"{OF_CAMPAIGN}?pageSize=50", None),
    }
    return quick, slow


def sender(server: Server) -> Any:
    """Sends requests to the Management API over one connection."""
    connection = HTTPConnection(*server.address, timeout=600)
    headers = {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}", "Content-Type": "application/json"}

    def send(method: str, path: str, body: Any) -> bytes:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text
        return text

    return send


async def fill(server: Server) -> str:
    """Two campaigns' coupons, one after the other; one of the codes."""
    conn = await asyncpg.connect(server.database_url, command_timeout=3600)
    await conn.execute(FILL, 1, BEFORE)
    await conn.execute(FILL, 2, MANY)
    await conn.execute("VACUUM ANALYZE coupons")
    await conn.execute("CHECKPOINT")
    code: str = await conn.fetchval(ONE)
    await conn.close()
    return code


def main() -> None:
    """Entry point."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gb-", ignore_cleanup_errors=True)))
        server = stack.enter_context(start_server(folder))
        send = sender(server)
        for _ in range(2):
            send("POST", "/v1/applications/1/campaigns", CAMPAIGN)
        send("POST", "/v1/attributes", ATTRIBUTE)
        code = asyncio.run(fill(server))
        send = sender(server)  # the server has closed the other connection by now
        for kind, times in zip(requests(code), (TIMES, 3), strict=True):
            for name, request in kind.items():
                taken = []
                for _ in range(times):
                    began = time.perf_counter()
                    send(*request)
                    taken.append(1000 * (time.perf_counter() - began))
                goal = f"   (goal ≤ {GOAL:.0f}: {verdict(median(taken) <= GOAL)})" if times == TIMES else ""
                print(f"{name:>28} {median(taken):8.1f} ms   slowest {max(taken):8.1f}{goal}", flush=True)


if __name__ == "__main__":
    main()
