"""Logins: a token for an email and a password, and its end (management.md §1)."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, delete, post

from guerdon.api import auth
from guerdon.db import keys, login_attempts, pool
from guerdon.db.pool import Connection
from guerdon.errors import Unauthorized
from guerdon.wire.logins import LoginParams, Session

THREE_MONTHS = timedelta(days=91)
# Well-formed, and the hash of no password: checking against it costs an unknown user as long as a known one.
NOBODY = f"scrypt${'A' * 22}==${'A' * 86}=="


@post("/v1/sessions", operation_id="createSession", tags=["Sessions"])
async def create_session(data: LoginParams, connections: Any, now: datetime) -> Session:
    """Ten wrong passwords for an email, known or not, within 15 minutes, and more are refused until those are over. No
    connection is held while the password is hashed, and guesses stay counted though they are refused."""
    async with pool.connection(connections) as conn:
        await login_attempts.count(conn, data.email, now)
        user = await keys.find_user_password(conn, data.email)
    fits = await auth.check_password(data.password, user[1] if user else NOBODY)
    token = secrets.token_urlsafe(32)
    async with pool.connection(connections) as conn:
        if user is None or not fits or not await keys.add_login(conn, user, token, now, now + THREE_MONTHS):
            raise Unauthorized("Invalid email or password")
        await login_attempts.forget(conn, data.email)
    return Session(user_id=user[0], token=token, created=now)


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
