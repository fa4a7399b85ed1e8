"""Logins: a token for an email and a password, and its end (management.md §1)."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, delete, post

from guerdon.api import auth
from guerdon.db import keys
from guerdon.db.pool import Connection
from guerdon.errors import Unauthorized
from guerdon.wire.logins import LoginParams, Session

THREE_MONTHS = timedelta(days=91)
# Well-formed, and the hash of no password: checking against it costs an unknown user as long as a known one.
NOBODY = f"scrypt${'A' * 22}==${'A' * 86}=="


@post("/v1/sessions", operation_id="createSession", tags=["Sessions"])
async def create_session(data: LoginParams, conn: Connection, now: datetime) -> Session:
    user_id, stored = await keys.find_user_password(conn, data.email) or (None, NOBODY)
    fits = await auth.check_password(data.password, stored)
    if user_id is None or not fits:
        raise Unauthorized("Invalid email or password")
    token = secrets.token_urlsafe(32)
    await keys.add_login(conn, user_id, token, now, now + THREE_MONTHS)
    return Session(user_id=user_id, token=token, created=now)


@delete(
    "/v1/sessions",
    operation_id="destroySession",
    tags=["Sessions"],
    guards=[auth.require_manager],
    security=[{"manager_auth": []}],
)
async def destroy_session(request: Request[Any, Any, Any], conn: Connection) -> None:
    """Ends the login whose token is used; a Management key is no login and stays valid."""
    _, token = auth.credentials(request.headers.get("authorization", ""))
    await keys.remove_login(conn, token)


handlers = [create_session, destroy_session]
