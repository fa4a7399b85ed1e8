"""Change history (management.md §16): what a write through the Management API found and left, noted in one place.

A guard of the Management router looks at what the write is about before the handler does, by calling the handler that
reads the same path; the unit of work notes the change when a good answer is there, in the transaction of the write.
"""

import inspect
import re
from datetime import datetime
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from msgspec import Struct

from guerdon.api.permissions import reads
from guerdon.api.unit_of_work import LARGEST_BODY
from guerdon.db import changes
from guerdon.db.changes import NewChange
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection, OneConnection
from guerdon.errors import ClientError
from guerdon.wire.base import decoder, encode, encode_text

LONGEST = 32 * 1024
SECRETS = {"key", "apikey", "headers"}
SECRET_ENDINGS = ("password", "token", "secret")
MASK = "***"
APPLICATION = re.compile(r"/v\d+/applications/(\d+)")


class Write(Struct):
    """A write that is under way."""

    caller: Caller
    entity: str
    id_follows: bool
    old: str | None
    body: bytes
    now: datetime

    async def note(self, conn: Connection, answer: bytes) -> None:
        """Add it to the history, as it is answered."""
        given = _value(answer) if answer else _value(self.body)
        entity = self.entity
        if self.id_follows and answer and isinstance(given, dict) and isinstance(given.get("id"), int):
            entity = f"{entity}/{given['id']}"
        application = APPLICATION.match(entity)
        application_id = int(application.group(1)) if application else None
        new = NewChange(application_id=application_id, entity=entity, old=self.old, new=_kept(given))
        await changes.add_change(conn, self.caller, new, self.now)


class History:
    """Knows the handlers of the Management API by what they read, and of which paths single things are read below."""

    def __init__(self, handlers: list[Any]) -> None:
        self._readers = {_template(path): one for one in handlers if "GET" in one.http_methods for path in one.paths}
        of_one = (re.fullmatch(r"(.*)/{\w+}", path) for path in self._readers)
        self._lists = {match[1] for match in of_one if match}

    async def watch(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """A guard: keeps what the request finds with its unit of work, if it is a write."""
        if reads(handler):
            return
        template = connection.scope["path_template"]
        request: Request[Any, Any, Any] = connection  # type: ignore[assignment]
        posted = request.method == "POST"
        path = connection.scope["raw_path"].decode("latin-1")
        query = b"" if posted else connection.scope["query_string"]  # which of many were changed or deleted
        most: Any = handler.resolve_request_max_body_size() if isinstance(handler, HTTPRouteHandler) else None
        upload = most != LARGEST_BODY  # a file, whatever the client calls it: too large to be read here
        connection.scope["state"]["work"].write = Write(
            caller=connection.user,
            entity=f"{path}?{query.decode('latin-1')}" if query else path,
            id_follows=posted and template in self._lists,
            old=None if posted else await self._old(request, template, handler),
            body=b"" if upload else await request.body(),
            now=connection.app.state.clock(),
        )

    async def _old(self, request: Request[Any, Any, Any], template: str, handler: Any) -> str | None:
        """What reading the same path answers: only where that is one thing, and the handler works on the connection
        of the request."""
        reader = self._readers.get(template)
        if reader is None or not template.endswith("}") or "conn" not in inspect.signature(handler.fn).parameters:
            return None
        state = request.app.state
        conn = await request.scope["state"]["work"].connection()
        known = request.path_params | {
            "caller": request.user,
            "conn": conn,
            "now": state.clock(),
            "programs": state.programs,
            "request": request,
            "state": state,
        }
        wanted = inspect.signature(reader.fn).parameters
        try:
            async with OneConnection(conn).acquire():
                found = await reader.fn(**{name: known[name] for name in wanted if name in known})
        except ClientError:  # which the handler meets, too
            return None
        return _kept(_value(encode(found))) if isinstance(found, Struct) else None


def _template(path: str) -> str:
    return re.sub(r":\w+}", "}", path)


def _value(body: bytes) -> Any:
    """The JSON of a body without secrets; None of one that is none."""
    try:
        return _masked(decoder(Any).decode(body))
    except ValueError:  # msgspec's errors are such, too
        return None


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: MASK if sub and _is_secret(name) else _masked(sub) for name, sub in value.items()}


def _is_secret(name: str) -> bool:
    plain = name.lower().replace("_", "")
    return plain in SECRETS or plain.endswith(SECRET_ENDINGS)


def _kept(value: Any) -> str | None:
    """The JSON object that is kept of a value; of a long one its beginning, as text."""
    if value is None:
        return None
    text = encode_text(value if isinstance(value, dict) else {"data": value})
    return text if len(text) <= LONGEST else encode_text({"cut": text[:LONGEST]})
