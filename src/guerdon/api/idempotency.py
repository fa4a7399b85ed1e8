"""`Idempotency-Key`: a request that comes again under its key is answered as before, and done once (core.md §1.3).

It stands around the session route and the framework alike. The request runs on one connection in one transaction, and
its answer is kept by that transaction: after a crash either both are there or neither. Requests without the header, dry
ones, which change nothing, and operations that take no key do not come here.
"""

import re
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from guerdon.api.auth import find_integration_key
from guerdon.api.unit_of_work import App, Message, Receive, Send, read_body, send_json, send_refusal
from guerdon.db import idempotency, pool
from guerdon.db.idempotency import Claim, Reply
from guerdon.errors import Invalid, Problem

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
OPERATIONS = {
    ("PUT", "/v2/customer_sessions/{}"),
    ("POST", "/v2/customer_sessions/{}/returns"),
    ("PUT", "/v2/customer_sessions/{}/reopen"),
    ("PUT", "/v2/customer_profiles/{}"),
    ("PUT", "/v2/customer_profiles"),
    ("POST", "/v2/events"),
}
_TAKES_KEY = re.compile("|".join(f"{method} {path.replace('{}', '[^/]+')}" for method, path in OPERATIONS))
_NAME = HEADER.lower().encode()
NOT_KEPT = (401, 409)  # and what went wrong on our side: it may be otherwise the next time


def has_key(scope: Message) -> bool:
    """Whether the request has a key that counts for its operation."""
    if not any(name == _NAME for name, _ in scope["headers"]):
        return False
    return _TAKES_KEY.fullmatch(f"{scope['method']} {_path(scope)}") is not None


def _path(scope: Message) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1")


async def serve(app: App, state: Any, scope: Message, receive: Receive, send: Send) -> None:
    """Answer a request that has_key(): what it was answered before, or what `app` answers now, which finds the
    connections to use in `scope["state"]`, and the Integration key, so that it need not look for it again."""
    try:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        key = await find_integration_key(state, header)
        scope.setdefault("state", {})["application_id"] = key.application_id
        body = await read_body(receive)
        claim = _claim(scope, key.application_id, body)
        if key.type == "staging" or _is_dry(scope):
            await app(scope, _again(body), send)
            return
        scope["state"]["key"] = key
        reply = await _once(app, state, claim, scope, body)
    except Exception as error:
        await send_refusal(error, scope, send)
    else:
        await send_json(reply.status, reply.content, send)


async def _once(app: App, state: Any, claim: Claim, scope: Message, body: bytes) -> Reply:
    now: datetime = state.clock()
    async with pool.transaction(state.pool) as conn:
        reply = await idempotency.find(conn, claim, now)
        if reply is None:
            scope["state"]["connections"] = pool.OneConnection(conn)
            reply = await _reply(app, scope, body)
            if reply.status < 500 and reply.status not in NOT_KEPT:
                await idempotency.remember(conn, claim, reply, now)
        return reply


async def _reply(app: App, scope: Message, body: bytes) -> Reply:
    status, content = 500, b""

    async def hold(message: Message) -> None:
        nonlocal status, content
        if message["type"] == "http.response.start":
            status = message["status"]
        content += message.get("body", b"")

    await app(scope, _again(body), hold)
    return Reply(status, content)


def _claim(scope: Message, application_id: int, body: bytes) -> Claim:
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == _NAME]
    if len(given) != 1 or not 1 <= len(given[0]) <= LONGEST_KEY:
        details = f"one {HEADER} of 1 to {LONGEST_KEY} characters"
        raise Invalid(errors=[Problem.in_query(HEADER, "maxLength", details)])
    asked = (str(application_id), scope["method"], _path(scope), given[0])
    return Claim(
        application_id=application_id,
        digest=sha256("\n".join(asked).encode()).digest(),
        request_digest=sha256(scope["query_string"] + b"\n" + body).digest(),
    )


def _is_dry(scope: Message) -> bool:
    return parse_qs(scope["query_string"].decode("latin-1")).get("dry", [""])[-1].lower() in ("true", "1")


def _again(body: bytes) -> Receive:
    """A body that was read, to be read once more."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
