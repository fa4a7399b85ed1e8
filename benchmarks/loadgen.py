"""A light load generator: prebuilt requests over raw keep-alive connections, in a process of its own.

It reads one order per line from stdin (`{"concurrency": 8, "seconds": 4}`) and answers each with one line of
figures, so that connections and code are warm before anything is counted. The bench machine has two cores:
every microsecond spent here is taken from the server, so there is no HTTP library.
"""

import asyncio
import json
import sys
import time
from collections.abc import Coroutine
from typing import Any, cast

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Connection(asyncio.Protocol):
    """One keep-alive connection that sends a request and waits for the whole answer."""

    def __init__(self) -> None:
        self.transport: asyncio.WriteTransport | None = None
        self.buffer = bytearray()
        self.body_at = -1
        self.end = -1
        self.answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)  # uvloop's own classes are not derived from it

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.end < 0:
            self.body_at = self.buffer.find(HEAD_END)
            if self.body_at < 0:
                return
            head = bytes(self.buffer[: self.body_at]).lower()
            at = head.find(LENGTH)
            length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self.end = self.body_at + len(HEAD_END) + length
        if len(self.buffer) >= self.end and self.answer is not None:
            self.answer.set_result(bytes(self.buffer[: self.end]))

    def close(self) -> None:
        """Close the connection."""
        if self.transport is not None:
            self.transport.close()

    async def ask(self, request: bytes) -> bytes:
        """The whole answer to one request."""
        assert self.transport is not None
        self.buffer.clear()
        self.end = -1
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


class Load:
    """Sends each connection's own requests in turn: no two connections ever share a session."""

    def __init__(self, address: tuple[str, int], requests: list[list[bytes]], must_hold: list[bytes]) -> None:
        self.address = address
        self.requests = requests
        self.must_hold = must_hold
        self.connections: list[Connection] = []

    async def prepare(self, concurrency: int) -> None:
        """Fresh connections: while the other side was measured the server may have closed idle ones."""
        loop = asyncio.get_running_loop()
        for connection in self.connections:
            connection.close()
        opened = [await loop.create_connection(Connection, *self.address) for _ in range(concurrency)]
        self.connections = [protocol for _, protocol in opened]

    def good(self, answer: bytes) -> bool:
        """Whether the answer is a 200 that holds what it must."""
        return answer.startswith(b"HTTP/1.1 200") and all(part in answer for part in self.must_hold)

    async def run(self, number: int, until: float, times: list[float], bad: list[bytes]) -> None:
        """One connection's turn until the clock says stop."""
        connection, requests = self.connections[number], self.requests[number]
        count = len(requests)
        turn = 0
        clock = time.perf_counter
        started = clock()
        while started < until:
            answer = await connection.ask(requests[turn % count])
            ended = clock()
            times.append(ended - started)
            if not self.good(answer):
                bad.append(answer)
            started = ended
            turn += 1


async def figures(concurrency: int, seconds: float, run: Any) -> dict[str, Any]:
    """Run `run(number, until, times, bad)` for each number at once and sum up."""
    times: list[float] = []
    bad: list[bytes] = []
    began = time.perf_counter()
    work: list[Coroutine[Any, Any, None]] = [run(n, began + seconds, times, bad) for n in range(concurrency)]
    await asyncio.gather(*work)
    took = time.perf_counter() - began
    times.sort()
    return {
        "count": len(times),
        "per_second": len(times) / took,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[int(len(times) * 0.99)] * 1000,
        "bad": len(bad),
        "first_bad": bad[0].decode(errors="replace")[:2000] if bad else "",
    }


async def obey(run: Any, prepare: Any = None) -> None:
    """Answer orders from stdin until it ends; `prepare(concurrency)` goes before each and is not counted."""
    print(json.dumps({"ready": True}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        if prepare is not None:
            await prepare(order["concurrency"])
        print(json.dumps(await figures(order["concurrency"], order["seconds"], run)), flush=True)


async def main() -> None:
    """Read the requests from the file named on the command line, and obey."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: ASYNC230 - nothing else runs yet
        plan = json.load(file)
    requests = [[text.encode() for text in own] for own in plan["requests"]]
    load = Load((plan["host"], plan["port"]), requests, [text.encode() for text in plan["must_hold"]])
    await obey(load.run, load.prepare)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
