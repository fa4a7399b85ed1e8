"""A million coupon codes, made by the server in several ways, against a bare `COPY` of the same rows to the same table.

The ways: one job (`coupons_async`), fifty requests of 20,000, and a CSV file. Each is followed by a `COPY` of the rows
that it made, by one client without any check, into the same table, which is empty again; the ratio is that of the
neighbours. Goals: the job and the requests at most 3 times the `COPY`, the file at most 4 times.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.session_update import verdict
from benchmarks.shop import MANAGEMENT_KEY, Server, start_server

AT_ONCE = 20_000
MOST_MADE, MOST_IMPORTED = 3, 4
COLUMNS = """application_id, campaign_id, value, usage_limit, reservation, attributes, batch_id, import_id, created,
    expiry_date, recipient_integration_id"""
CAMPAIGN = {"name": "Many", "state": "enabled", "tags": [], "features": ["coupons"], "limits": []}
Send = Callable[..., Any]


def seconds(send: Send, *arguments: Any, **options: Any) -> tuple[float, Any]:
    """How long a request took, and its answer."""
    began = time.perf_counter()
    answer = send(*arguments, **options)
    return time.perf_counter() - began, answer


def sender(server: Server) -> Send:
    """Sends requests to the Management API."""

    def send(path: str, body: Any = None, *, kind: str = "application/json") -> Any:
        headers = {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}", "Content-Type": kind}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{server.url}/v1/applications/1/{path}", content, headers)
        with urllib.request.urlopen(request, timeout=600) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    return send


def by_job(send: Send, count: int) -> float:
    """Seconds of one order, and waiting until it is done."""
    order = {"usageLimit": 1, "numberOfCoupons": count, "attributes": {}}
    began = time.perf_counter()
    batch = send("campaigns/1/coupons_async", order)["batchId"]
    while (job := send(f"campaigns/1/coupon_creation_jobs/{batch}"))["status"] == "pending":
        time.sleep(0.05)
    assert (job["status"], job["createdAmount"]) == ("completed", count), job
    return time.perf_counter() - began


def by_requests(send: Send, count: int) -> float:
    """Seconds of requests with as many codes as one may have."""
    order = {"usageLimit": 1, "numberOfCoupons": AT_ONCE}
    return sum(seconds(send, "campaigns/1/coupons", order)[0] for _ in range(count // AT_ONCE))


def by_file(send: Send, count: int) -> float:
    """Seconds of a form with a file whose rows have a recipient now and then, and an expiry date."""
    boundary = uuid4().hex
    rows = "".join(
        f"{uuid4().hex[:12].upper()},2030-01-0{1 + number % 9}T00:00:00Z,{f'c{number}' if number % 10 == 0 else ''},1\n"
        for number in range(count)
    )
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="upFile"; filename="a.csv"\r\n\r\n'
    text = f"{head}value,expirydate,recipientintegrationid,limitval\n{rows}\r\n--{boundary}--\r\n"
    kind = f"multipart/form-data; boundary={boundary}"
    took, made = seconds(send, "campaigns/1/import_coupons", text.encode(), kind=kind)
    assert made["amount"] == count, made
    return took


async def bare_copy(conn: asyncpg.Connection, count: int) -> float:
    """Seconds that a COPY takes of the rows that are there, in the order in which they were made."""
    kept = BytesIO()
    await conn.copy_from_query(f"SELECT {COLUMNS} FROM coupons ORDER BY id", output=kept, format="binary")
    await empty(conn)
    kept.seek(0)
    began = time.perf_counter()
    columns = [one.strip() for one in COLUMNS.split(",")]
    done = await conn.copy_to_table("coupons", source=kept, columns=columns, format="binary", timeout=600)
    took = time.perf_counter() - began
    assert done == f"COPY {count}", done
    await empty(conn)
    return took


async def empty(conn: asyncpg.Connection) -> None:
    """The table without rows, and the disk without work."""
    await conn.execute("TRUNCATE coupons CASCADE")
    await conn.execute("CHECKPOINT")


def most_memory(server: Server) -> int:
    """The most that the worker has used so far, in MB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


async def measure(server: Server, count: int, rounds: int) -> None:
    """Print every round."""
    send = sender(server)
    await asyncio.to_thread(send, "campaigns", CAMPAIGN)
    conn = await asyncpg.connect(server.database_url, command_timeout=600)
    ways = {"job": (by_job, MOST_MADE), "requests": (by_requests, MOST_MADE), "file": (by_file, MOST_IMPORTED)}
    for name, (way, most) in ways.items():
        for _ in range(rounds):
            await empty(conn)
            took = await asyncio.to_thread(way, send, count)
            bare = await bare_copy(conn, count)
            goal = f"(goal ≤ {most}: {verdict(took <= most * bare)})"
            print(f"{name:>9} {took:6.1f} s   COPY {bare:6.1f} s   ratio {took / bare:4.2f}   {goal}", flush=True)
        print(f"{'':>9} the worker has used {most_memory(server)} MB at most so far", flush=True)
    await conn.close()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gb-", ignore_cleanup_errors=True)))
        server = stack.enter_context(start_server(folder))
        asyncio.run(measure(server, options.count, options.rounds))


if __name__ == "__main__":
    main()
