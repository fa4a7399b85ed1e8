"""One request, one transaction, for everything that Litestar serves: opened when a handler asks for a connection,
committed when a good answer is about to leave, undone when it is a refusal or there is none.

It stands around the framework because a dependency of Litestar's own is not closed when another one fails.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from guerdon.api import slashes
from guerdon.api.responses import refusal
from guerdon.db import pool
from guerdon.db.pool import Connection
from guerdon.errors import TooLarge

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
Job = Callable[[], Awaitable[None]]

log = logging.getLogger("guerdon")

LARGEST_BODY = 10 * 1024 * 1024


class _Undo(Exception):
    """Ends a transaction without its changes."""


class UnitOfWork:
    """The transaction of one request; `end` may be called any number of times. `connections` are for handlers that
    open transactions themselves, `then` for what must not hold them up: it is done once a good answer has left, and not
    at all when there is none. `write` is what goes into the change history with a good answer (api/changes.py)."""

    def __init__(self, connections: Any) -> None:
        self.connections = connections
        self.write: Any = None
        self._open: AbstractAsyncContextManager[Connection] | None = None
        self._conn: Connection | None = None
        self._jobs: list[Job] = []
        self._reading = AsyncExitStack()

    async def connection(self) -> Connection:
        """The connection of the request, in its transaction."""
        if self._open is None:
            opened = pool.transaction(self.connections)
            self._conn = await opened.__aenter__()
            self._open = opened
        return self._conn

    async def snapshot(self, turn: AbstractAsyncContextManager[None]) -> Connection:
        """A connection for a long answer, which reads the database as it is now until the answer has left, or whoever
        asked has gone. Commits first, so that a request never holds two connections; then waits for its turn."""
        await self.end(commit=True)
        await self._reading.enter_async_context(turn)
        return await self._reading.enter_async_context(pool.snapshot(self.connections))

    async def close(self) -> None:
        """Undo what was not committed, and stop reading."""
        try:
            await self.end(commit=False)
        finally:
            await self._reading.aclose()

    async def end(self, *, commit: bool) -> None:
        """Commit or undo, and give the connection back; raises what the commit was refused with."""
        opened, self._open = self._open, None
        if opened is None:
            return
        if commit:
            await opened.__aexit__(None, None, None)
        else:
            undo = _Undo()
            await opened.__aexit__(_Undo, undo, None)

    def then(self, job: Job) -> None:
        """Do this after the answer."""
        self._jobs.append(job)

    async def afterwards(self) -> None:
        """Do what was left for after the answer; what goes wrong is for the log, since the client has its answer."""
        for job in self._jobs:
            try:
                await job()
            except Exception:
                log.exception("What was to be done after an answer failed")


class _Answer:
    """Lets an answer go when the transaction has ended; that to a write as a whole, because it is noted with it. `good`
    is whether what was done stays."""

    def __init__(self, work: UnitOfWork, scope: Message, send: Send) -> None:
        self._work, self._scope, self._send = work, scope, send
        self._held: list[Message] = []
        self._refused = False
        self.good = False

    async def __call__(self, message: Message) -> None:
        """Send, as ASGI has it."""
        if message["type"] == "http.response.start" and self._work.write is not None and message["status"] < 400:
            self._held = [message]
        elif self._held:
            self._held.append(message)
            if not message.get("more_body"):
                await self._end(commit=True)
                await self._pass_on(*self._held)
                self._held = []
        else:
            if message["type"] == "http.response.start":
                await self._end(commit=message["status"] < 400)
            await self._pass_on(message)

    async def _end(self, *, commit: bool) -> None:
        work = self._work
        try:
            if self._held:
                await work.write.note(await work.connection(), b"".join(one.get("body", b"") for one in self._held))
            await work.end(commit=commit)
            self.good = commit
        except Exception as error:
            self._refused = True
            await send_refusal(error, self._scope, self._send)

    async def _pass_on(self, *messages: Message) -> None:
        for one in messages if not self._refused else ():
            await self._send(one)


async def serve(app: App, connections: Any, scope: Message, receive: Receive, send: Send) -> None:
    """Call the framework with a unit of work in `scope["state"]`."""
    work = UnitOfWork(connections)
    scope.setdefault("state", {})["work"] = work
    answer = _Answer(work, scope, send)
    try:
        await app(slashes.hide(scope), receive, answer)
    finally:
        await work.close()
    if answer.good:
        await work.afterwards()


async def send_refusal(error: Exception, scope: Message, send: Send) -> None:
    """Answer with what the error means to a client; a bug goes to the log."""
    status, content = refusal(error, f"{scope['method']} {scope['path']}")
    await send_json(status, content, send)


async def send_json(status: int, content: bytes, send: Send) -> None:
    """A whole answer; one without content (204) says nothing about it."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers if content else []})
    await send({"type": "http.response.body", "body": content})


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request; raises TooLarge."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise TooLarge("The request body is too large")
    return body
