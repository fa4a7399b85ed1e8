"""Encoded slashes in paths: `/coupon_reservations/A%2FB` is about the code `A/B`.

The framework routes decoded paths, in which `%2F` looks like any other slash. So it travels as a NUL while the route
is looked up, and comes back before a handler reads it. No id can hold a NUL: paths that bring one are left alone.
"""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

STAND_IN = "\0"


def hide(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The same call, with the encoded slashes of its path where the router does not see them."""
    path: str = scope.get("raw_path", b"").decode("latin-1")
    if "%2f" not in path.lower() or "%00" in path:
        return scope
    hidden = unquote(path.replace("%2f", "%00").replace("%2F", "%00"))
    return {**scope, "path": hidden, "hidden_slashes": True}


async def restore(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard that puts them back into the parameters of the path."""
    if "hidden_slashes" in connection.scope:
        connection.scope["path_params"] = {
            name: value.replace(STAND_IN, "/") if isinstance(value, str) else value
            for name, value in connection.path_params.items()
        }
