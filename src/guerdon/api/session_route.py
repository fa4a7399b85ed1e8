"""PUT and GET /v2/customer_sessions/{id} as plain ASGI, in front of the framework: what a shop calls all day.

The handlers are those that Litestar documents; only what the framework would do around them is done here: route,
key, query, body, refusals. Measured, the framework was a third of an update (benchmarks/RESULTS.md, ADR 0006);
and it cannot route an id with an encoded slash, which is why the read is here, too.
"""

from typing import Any, cast
from urllib.parse import parse_qs, unquote

from litestar import Litestar

from guerdon.api import idempotency, unit_of_work
from guerdon.api.auth import find_integration_key
from guerdon.api.integration.customer_sessions import get_customer_session, update_session
from guerdon.api.unit_of_work import Message, Receive, Send, read_body, send_json, send_refusal
from guerdon.db import pool
from guerdon.db.keys import IntegrationKey
from guerdon.errors import Invalid, Problem, Unauthorized
from guerdon.wire.base import decode, encode
from guerdon.wire.customer_sessions import IntegrationRequest

PREFIX = b"/v2/customer_sessions/"
MOST_KEYS = 10_000
FLAGS = {"true": True, "1": True, "false": False, "0": False}


class SessionRoute:
    """The application: this one path, and everything else in Litestar."""

    def __init__(self, app: Litestar) -> None:
        self.app = app
        self._keys: dict[str, IntegrationKey] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        log = self.app.state.access_log
        if log is not None and scope["type"] == "http":
            await log.watch(self._once, scope, receive, send)
        else:
            await self._once(scope, receive, send)

    async def _once(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and idempotency.has_key(scope):
            await idempotency.serve(self._serve, self.app.state, scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("PUT", "GET"):
            path: bytes = scope.get("raw_path") or scope["path"].encode()
            session_id = path.removeprefix(PREFIX)
            if session_id and path.startswith(PREFIX) and b"/" not in session_id:
                await self._respond(scope, session_id, receive, send)
                return
        if scope["type"] == "http":
            await unit_of_work.serve(cast("Any", self.app), self._connections(scope), scope, receive, send)
        else:
            await self.app(cast("Any", scope), cast("Any", receive), cast("Any", send))

    async def _respond(self, scope: Message, session_id: bytes, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] == "GET":
                content = await self._show(scope, session_id)
            else:
                content = await self._update(scope, session_id, receive)
        except Exception as error:
            await send_refusal(error, scope, send)
        else:
            await send_json(200, content, send)

    async def _update(self, scope: Message, session_id: bytes, receive: Receive) -> bytes:
        header = _authorization(scope)
        found: IntegrationKey | None = scope.get("state", {}).get("key")
        cached = None if found else self._keys.get(header)
        key = found or cached or await self._find_key(header)
        scope.setdefault("state", {})["application_id"] = key.application_id
        body = decode(await read_body(receive), IntegrationRequest, envelope="/customerSession")
        query = _query(scope["query_string"]) | {"connections": self._connections(scope)}
        try:
            return await self._call(session_id, key, body, query)
        except Unauthorized:
            # The key was deleted, changed or has expired since it was cached: look again, once.
            self._keys.pop(header, None)
            if cached is None:
                raise
            return await self._call(session_id, await self._find_key(header), body, query)

    def _connections(self, scope: Message) -> Any:
        """What the request runs on: the pool, or the one connection of a request with an Idempotency-Key."""
        return scope.get("state", {}).get("connections") or self.app.state.pool

    async def _show(self, scope: Message, session_id: bytes) -> bytes:
        state = self.app.state
        key = await self._find_key(_authorization(scope))
        scope.setdefault("state", {})["application_id"] = key.application_id
        async with pool.connection(state.pool) as conn:
            answer = await get_customer_session.fn(
                customer_session_id=_text(session_id), key=key, conn=conn, now=state.clock(), state=state
            )
        return encode(answer)

    async def _call(
        self, session_id: bytes, key: IntegrationKey, body: IntegrationRequest, query: dict[str, Any]
    ) -> bytes:
        state = self.app.state
        return await update_session(_text(session_id), body, key=key, now=state.clock(), state=state, **query)

    async def _find_key(self, header: str) -> IntegrationKey:
        """The key from the database; it is kept, and every read of a session checks that it still holds."""
        key = await find_integration_key(self.app.state, header)
        if len(self._keys) >= MOST_KEYS:
            self._keys.clear()
        self._keys[header] = key
        return key


def _authorization(scope: Message) -> str:
    found: bytes = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    return found.decode("latin-1")


def _text(session_id: bytes) -> str:
    try:
        return unquote(session_id.decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        raise Invalid("The session id is not valid UTF-8") from None


def _query(query: bytes) -> dict[str, Any]:
    """The parameters of the operation; those it does not have are ignored."""
    if not query:
        return {}
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    found: dict[str, Any] = {}
    if "dry" in given:
        flag = FLAGS.get(given["dry"][-1].lower())
        if flag is None:
            raise Invalid(errors=[Problem.in_query("dry", "Invalid type", "dry must be true or false")])
        found["dry"] = flag
    if "now" in given:
        found["judged_at"] = given["now"][-1]
    return found
