"""A flash sale: 64 clients close open sessions that all name one coupon, which has a usage limit.

The floor is the least that a redemption must do: one transaction that updates one hot row and inserts one row, by a
bare asyncpg client, 64 at once, on the same PostgreSQL with durable commits. Floor and server (`guerdon serve`, one
worker) take turns. The goal is half of the floor; and exactly as many sessions as the limit allows redeem.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncpg

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import floor
from benchmarks.loadgen import Connection
from benchmarks.session_update import verdict
from benchmarks.shop import INTEGRATION_KEY, MANAGEMENT_KEY, Server, call, start_server

CLIENTS = 64
WANTED = 0.5
DATABASE = "bench_flash"
TABLES = """
CREATE TABLE hot (id bigint PRIMARY KEY, used bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE redemptions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session text NOT NULL, hot bigint NOT NULL
);
INSERT INTO hot VALUES (1, 0);
"""
UPDATE = "UPDATE hot SET used = used + 1 WHERE id = 1"
INSERT = "INSERT INTO redemptions (session, hot) VALUES ($1, 1)"
COUNTED = "SELECT usage_counter FROM coupons WHERE value = $1"
RULE = {
    "title": "Sale",
    "condition": ["and", ["couponValid"]],
    "effects": [["setDiscount", "Half price", ["/", [".", "Session", "Total"], 2]]],
}


async def spread(clients: list[Any], jobs: list[Any], work: Callable[[Any, Any], Coroutine[Any, Any, None]]) -> float:
    """Let each client take the next job until none is left; jobs per second."""
    waiting = iter(jobs)

    async def run(client: Any) -> None:
        for job in waiting:
            await work(client, job)

    started = time.perf_counter()
    await asyncio.gather(*(run(client) for client in clients))
    return len(jobs) / (time.perf_counter() - started)


class Floor:
    """The bare transactions."""

    async def open(self, url: str) -> None:
        """A database of its own beside the server's."""
        conn = await asyncpg.connect(url)
        await conn.execute(f"CREATE DATABASE {DATABASE}")
        await conn.close()
        own = url.replace("/postgres?", f"/{DATABASE}?")
        self.conns = [await asyncpg.connect(own) for _ in range(CLIENTS)]
        await self.conns[0].execute(TABLES)

    async def round(self, count: int) -> float:
        """Transactions per second."""

        async def redeem(conn: Any, number: int) -> None:
            async with conn.transaction():
                await conn.execute(UPDATE)
                await conn.execute(INSERT, f"session-{number}")

        return await spread(self.conns, list(range(count)), redeem)


class Sale:
    """A campaign, and for each round a coupon and open sessions that name it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.rounds = 0

    def _manage(self, path: str, body: Any) -> Any:
        return call(self.server.url, "POST", path, body, f"ManagementKey-v1 {MANAGEMENT_KEY}")

    async def open(self) -> None:
        """The campaign and the connections."""
        new = {"name": "Flash sale", "state": "enabled", "tags": [], "features": ["coupons"], "limits": []}
        campaign = self._manage("/v1/applications/1/campaigns", new)["id"]
        self.path = f"/v1/applications/1/campaigns/{campaign}"
        self._manage(f"{self.path}/rulesets", {"rules": [RULE], "bindings": [], "activate": True})
        loop = asyncio.get_running_loop()
        opened = [await loop.create_connection(Connection, *self.server.address) for _ in range(CLIENTS)]
        self.connections = [protocol for _, protocol in opened]

    def _request(self, number: int, session: dict[str, Any]) -> bytes:
        body = json.dumps({"customerSession": session}, separators=(",", ":"))
        return (
            f"PUT /v2/customer_sessions/sale-{self.rounds}-{number} HTTP/1.1\r\nHost: shop\r\n"
            f"Authorization: ApiKey-v1 {INTEGRATION_KEY}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
        ).encode()

    async def round(self, count: int, limit: int, conn: Any) -> float:
        """Closings per second; ends the benchmark where not exactly `limit` of them redeemed."""
        self.rounds += 1
        code = f"FLASH-{self.rounds}"
        self._manage(f"{self.path}/coupons", {"usageLimit": limit, "numberOfCoupons": 1, "couponPattern": code})
        accepted = 0

        async def ask(connection: Connection, request: bytes) -> None:
            nonlocal accepted
            answer = await connection.ask(request)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"a wrong answer:\n{answer.decode()}")
            accepted += b'"acceptCoupon"' in answer

        cart = [{"sku": f"SKU-{place}", "quantity": 1, "price": 10} for place in range(5)]
        opening = [
            self._request(number, {"profileId": f"p-{self.rounds}-{number}", "couponCodes": [code], "cartItems": cart})
            for number in range(count)
        ]
        await spread(self.connections, opening, ask)
        accepted = 0
        closing = [self._request(number, {"state": "closed"}) for number in range(count)]
        speed = await spread(self.connections, closing, ask)
        counted = await conn.fetchval(COUNTED, code)
        if (accepted, counted) != (limit, limit):
            raise SystemExit(f"the limit is {limit}, {accepted} closings redeemed, the counter is at {counted}")
        return speed


async def compare(server: Server, options: argparse.Namespace) -> None:
    """Rounds in turns, and what came of them."""
    if not await floor.durable(server.database_url):
        raise SystemExit("fsync or synchronous_commit is off: the figures would mean nothing")
    bare, sale = Floor(), Sale(server)
    await bare.open(server.database_url)
    await sale.open()
    conn = await asyncpg.connect(server.database_url)
    limit = options.count * 5 // 6
    found = []
    for number in range(options.rounds + 1):
        least = await bare.round(options.count)
        most = await sale.round(options.count, limit, conn)
        if number:  # the first round warms up
            found.append((most, least))
    share = statistics.median(most / least for most, least in found)
    print(f"floor, {CLIENTS} clients on one row: {statistics.median(least for _, least in found):7.0f} transactions/s")
    print(f"server, {CLIENTS} clients, one code: {statistics.median(most for most, _ in found):7.0f} closings/s")
    print(f"redeemed in each round: {limit} of {options.count}, exactly the limit")
    print(f"server : floor  {share:6.2f}   (goal >= {WANTED}: {verdict(share >= WANTED)})")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1800, help="sessions closed in each round")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="gb-", ignore_cleanup_errors=True) as name,
        start_server(Path(name)) as server,
    ):
        asyncio.run(compare(server, options))


if __name__ == "__main__":
    main()
