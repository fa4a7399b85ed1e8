"""How an answer becomes bytes, what an error means to a client, and the shapes no struct can give."""

import logging
from typing import Any

from litestar import Response

from guerdon.db import pool
from guerdon.errors import ClientError, Conflict, ErrorResponse, Retry, Unavailable
from guerdon.wire.base import encode

log = logging.getLogger("guerdon")


class JsonResponse(Response[Any]):
    """Writes decimals as exact JSON numbers."""

    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:
        return content if isinstance(content, bytes) else encode(content)


def no_content() -> Response[Any]:
    """204 with no body at all, for operations that answer so only sometimes."""
    return JsonResponse(b"", status_code=204)


def ok(content: Any) -> Response[Any]:
    """200 with this body, the other answer of such operations."""
    return JsonResponse(content, status_code=200, media_type="application/json")


def created(content: Any) -> Response[Any]:
    """201 with this body."""
    return JsonResponse(content, status_code=201, media_type="application/json")


def refusal(error: Exception, request: str) -> tuple[int, bytes]:
    """Status and body for an error: a refusal, a database error that means one, or a bug, which is logged with its
    stack in the name of the `request` and never shown."""
    known = error if isinstance(error, ClientError | Retry) else pool.client_error(error)
    if isinstance(known, Retry):
        known = Conflict(pool.BUSY)
    if isinstance(known, Unavailable):
        log.warning("%s: %s (%s)", request, known.message, error)
    if known is not None:
        return known.status, encode(known.body())
    log.error("%s failed", request, exc_info=error)
    return 500, encode(ErrorResponse("Internal server error", [], 500))
