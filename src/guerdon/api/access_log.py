"""The access log (management.md §16): requests of the Integration API are collected in memory and written in batches.

It stands in front of everything, the session route included, and must cost next to nothing there: what is kept of a
request are references to bytes that are there anyway. Written is every half second, and at the end; a worker that is
killed takes what it had not written with it. If the database is away, or slower than the shop, only so much waits.
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from guerdon.api.auth import credentials
from guerdon.api.unit_of_work import App, Message, Receive, Send
from guerdon.db import access_logs, pool
from guerdon.db.access_logs import NewEntry
from guerdon.wire.base import decoder

log = logging.getLogger("guerdon")

LONGEST = 16 * 1024  # bytes of a payload
MOST_WAITING = 32 * 1024 * 1024  # bytes in memory
OF_A_ROW = 1024  # what it takes beside its payloads, roughly
AT_A_TIME = 100
PAUSE = 0.5  # seconds
OLD_EVERY = 120  # pauses
MASK = b"***"
# Texts in members whose names end so, and those in lists of such.
_IDS = re.compile(rb'Ids?"\s*:\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\])')


class Seen(Struct):
    """A request that was answered: as little as can be done about it at once."""

    application_id: int
    status: int
    method: str
    path: bytes
    query: bytes
    authorization: bytes
    request: list[bytes]
    response: list[bytes]
    time: datetime
    size: int


class _Watch:
    """Looks on at one request: the beginnings of both bodies, and the status."""

    __slots__ = ("receive", "request", "response", "send", "status", "taken")

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive, self.send = receive, send
        self.request: list[bytes] = []
        self.response: list[bytes] = []
        self.status = 0
        self.taken = [0, 0]

    async def receiving(self) -> Message:
        message = await self.receive()
        body = message.get("body")
        if body and self.taken[0] < LONGEST:
            self.request.append(body)
            self.taken[0] += len(body)
        return message

    async def sending(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            body = message.get("body")
            if body and self.taken[1] < LONGEST:
                self.response.append(body)
                self.taken[1] += len(body)
        await self.send(message)


class AccessLog:
    """What was seen and is not written yet; `days` is how long rows are kept."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._waiting: deque[Seen] = deque()
        self._size = self._lost = 0
        self._state: Any = None
        self._writing = asyncio.Lock()

    async def watch(self, app: App, scope: Message, receive: Receive, send: Send) -> None:
        """Serve a request with `app`, and remember it if an Application was known by its key."""
        time: datetime = self._state.clock()
        watch = _Watch(receive, send)
        state: dict[str, Any] = scope.setdefault("state", {})
        try:
            await app(scope, watch.receiving, watch.sending)
        finally:
            if state.get("application_id") is not None:
                self._remember(_seen(scope, watch, time))

    def _remember(self, seen: Seen) -> None:
        if self._size + seen.size <= MOST_WAITING:
            self._size += seen.size
            self._waiting.append(seen)
        else:
            self._lost += 1

    async def flush(self) -> None:
        """Write all that waits. What cannot be written waits on."""
        async with self._writing:
            for _ in range(-(-len(self._waiting) // AT_A_TIME)):
                some = [self._waiting[number] for number in range(min(AT_A_TIME, len(self._waiting)))]
                async with pool.transaction(self._state.pool) as conn:
                    await access_logs.add_entries(conn, [_entry(one) for one in some])
                for one in some:
                    self._waiting.popleft()
                    self._size -= one.size
            if self._lost:
                log.warning("the access log lost %d requests: they came faster than they could be written", self._lost)
                self._lost = 0

    @asynccontextmanager
    async def writing(self, state: Any) -> AsyncIterator[None]:
        """Write in the background, with the pool and the clock of `state`; the rest at the end."""
        self._state = state
        task = asyncio.create_task(self._write())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._try(self.flush())

    async def _write(self) -> None:
        turn = 0
        while True:
            await self._try(self.flush())
            if turn % OLD_EVERY == 0:
                await self._try(self._remove_old())
            turn += 1
            await asyncio.sleep(PAUSE)

    async def _remove_old(self) -> None:
        now = self._state.clock()
        more = True
        while more:
            async with pool.transaction(self._state.pool) as conn:
                more = await access_logs.remove_old(conn, now - timedelta(days=self._days), now)

    async def _try(self, work: Any) -> None:
        try:
            await work
        except Exception as error:
            log.warning("the access log cannot be written at the moment: %s", error)


def _seen(scope: Message, watch: _Watch, time: datetime) -> Seen:
    return Seen(
        application_id=scope["state"]["application_id"],
        status=watch.status,
        method=scope["method"],
        path=scope.get("raw_path") or scope["path"].encode(),
        query=scope["query_string"],
        authorization=next((value for name, value in scope["headers"] if name == b"authorization"), b""),
        request=watch.request,
        response=watch.response,
        time=time,
        size=sum(watch.taken) + OF_A_ROW,
    )


def _entry(seen: Seen) -> NewEntry:
    path, query = seen.path.decode("latin-1"), seen.query.decode("latin-1")
    request, response = b"".join(seen.request)[:LONGEST], b"".join(seen.response)[:LONGEST]
    secret = credentials(seen.authorization.decode("latin-1"))[1].encode("latin-1")
    uri = f"{path}?{query}" if query else path
    return NewEntry(
        application_id=seen.application_id,
        status=seen.status,
        method=seen.method,
        request_uri=_text(uri.encode("latin-1"), secret),
        request_payload=_text(request, secret),
        response_payload=_text(response, secret),
        mentions=access_logs.digests(_mentions(path, query, request, response)),
        time=seen.time,
    )


def _text(body: bytes, secret: bytes) -> str:
    """What PostgreSQL can store of it; a character that is cut in half goes, and so does the key."""
    return (body.replace(secret, MASK) if secret else body).decode(errors="replace").replace("\0", "�")


def _mentions(path: str, query: str, *bodies: bytes) -> set[str]:
    """Every text that may be the id of a customer or a session: the names in the path, and members that say so."""
    found = {unquote(part) for part in path.split("/")[3:]}
    if query:
        found.update(value for _, value in parse_qsl(query))
    for body in bodies:
        for value in _IDS.findall(body):
            found.update(_strings(value))
    return found


def _strings(value: bytes) -> list[str]:
    try:
        read = decoder(Any).decode(value)
    except ValueError:
        return []
    return [one for one in (read if isinstance(read, list) else [read]) if isinstance(one, str)]
