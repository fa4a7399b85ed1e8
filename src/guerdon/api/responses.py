"""How an answer becomes bytes, and the two shapes that a handler cannot give by returning a struct."""

from typing import Any

from litestar import Response

from guerdon.wire.base import encode


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
