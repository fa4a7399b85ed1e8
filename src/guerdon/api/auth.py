"""Who is calling: the guards in front of both APIs, and passwords. Wrong kind of key, wrong key, no key: 401."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers.base import BaseRouteHandler

from guerdon.api import permissions
from guerdon.db import keys, pool
from guerdon.db.keys import IntegrationKey
from guerdon.errors import Unauthorized

INTEGRATION_SCHEME = "apikey-v1"
MANAGEMENT_SCHEME = "managementkey-v1"
BEARER_SCHEME = "bearer"


def credentials(header: str) -> tuple[str, str]:
    """Scheme in lower case and secret of an Authorization header; both empty when it is malformed."""
    scheme, _, secret = header.strip().partition(" ")
    secret = secret.strip()
    return (scheme.lower(), secret) if secret and " " not in secret else ("", "")


async def require_integration_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of the Integration API; leaves the key as `request.user`."""
    known: IntegrationKey | None = connection.scope["state"].get("key")  # found for an Idempotency-Key
    header = connection.headers.get("authorization", "")
    key = known or await find_integration_key(connection.app.state, header)
    connection.scope["user"] = key
    connection.scope["state"]["application_id"] = key.application_id


async def find_integration_key(state: State, header: str) -> IntegrationKey:
    """The Integration key that an Authorization header names, read from the database; raises Unauthorized."""
    scheme, secret = credentials(header)
    if scheme != INTEGRATION_SCHEME:
        raise Unauthorized
    async with pool.connection(state.pool) as conn:
        key = await keys.find_integration_key(conn, secret, state.clock())
    if key is None:
        raise Unauthorized
    return key


def require_live(key: IntegrationKey) -> None:
    """Refuse a test key: all its requests are dry, which this one cannot be (core.md §1.1)."""
    if key.type == "staging":
        raise Unauthorized


async def require_manager(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of the Management API; leaves the caller as `request.user`."""
    scheme, secret = credentials(connection.headers.get("authorization", ""))
    find = {MANAGEMENT_SCHEME: keys.find_management_key, BEARER_SCHEME: keys.find_login}.get(scheme)
    if find is None:
        raise Unauthorized
    state = connection.app.state
    now = state.clock()
    async with pool.connection(state.pool) as conn:
        caller = await find(conn, secret, now)
        if caller is None:
            raise Unauthorized
        await keys.touch(conn, caller, now)
    connection.scope["user"] = await permissions.require(caller, handler, connection)


def hash_password(password: str) -> str:
    """A salted scrypt hash, with its parameters, as text."""
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    return "$".join(["scrypt", base64.b64encode(salt).decode(), base64.b64encode(digest).decode()])


async def hash_in_thread(password: str) -> str:
    """The same, off the event loop."""
    return await asyncio.to_thread(hash_password, password)


async def check_password(password: str, stored: str) -> bool:
    """Whether the password fits; takes about 50 ms, off the event loop."""
    _, salt, digest = stored.split("$")
    found = await asyncio.to_thread(hashlib.scrypt, password.encode(), salt=base64.b64decode(salt), n=2**14, r=8, p=1)
    return hmac.compare_digest(found, base64.b64decode(digest))
