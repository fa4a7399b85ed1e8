"""Passwords: chosen with an invitation, forgotten, changed (management.md §18); and the list of users, which has the
path that invitations are accepted at.

Nothing here tells whether an address is known: what is asked about one answers before anything is looked up, and a
token is refused in the same words, after the same work, whatever is wrong with it.
"""

import secrets
from datetime import datetime
from functools import partial
from typing import Any

from litestar import Request, get, post, put
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec

from guerdon.api import auth
from guerdon.api.lists import PageSize, Skip, Sort, page, refuse_undeclared
from guerdon.db import login_attempts, pool, users
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Forbidden, Invalid, Problem
from guerdon.wire.base import TotalPage
from guerdon.wire.users import ChangeProfilePassword, NewPassword, NewPasswordEmail, NewUser, User

TAGS = ["Accounts and users"]
LOGGED_IN: dict[str, Any] = {"guards": [auth.require_manager, refuse_undeclared], "security": [{"manager_auth": []}]}
SHORTEST, LONGEST = 10, 200


def _repeats(body: type) -> ResponseSpec:
    """The contract declares the request as the body of these answers, which HTTP leaves without one (204)."""
    return ResponseSpec(body, description="Done; there is no body", generate_examples=False)


def _check(password: str, pointer: str, email: str = "") -> None:
    """A password has 10 to 200 characters of any kind, of which not all are the same, and is not the address."""
    if not SHORTEST <= len(password) <= LONGEST:
        title = "minLength" if len(password) < SHORTEST else "maxLength"
        details = f"A password has {SHORTEST} to {LONGEST} characters"
    elif len(set(password)) == 1 or password.casefold() == email.casefold():
        title, details = "Invalid value", "A password is neither one character repeated nor the email"
    else:
        return
    raise Invalid(errors=[Problem.at(pointer, title, details)])


@get("/v1/users", operation_id="getUsers", tags=TAGS, **LOGGED_IN)
async def get_users(
    request: Request[Any, Any, Any], conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = ""
) -> TotalPage[User]:
    caller: Caller = request.user
    found, total = await users.list_users(conn, caller.account_id, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@post("/v1/users", operation_id="createUser", tags=TAGS)
async def create_user(data: NewUser, conn: Connection, now: datetime) -> User:
    """Accept an invitation; it is used up."""
    _check(data.password, "/password", data.email)
    hashed = await auth.hash_in_thread(data.password)
    return await users.accept(conn, data.email, data.invite_token, hashed, name=data.name, now=now)


@post(
    "/v1/password_recovery_emails",
    operation_id="createPasswordRecoveryEmail",
    tags=TAGS,
    status_code=204,
    responses={204: _repeats(NewPasswordEmail)},
)
async def create_password_recovery_email(data: NewPasswordEmail, then: Any, now: datetime, state: State) -> None:
    """Mail a token for a new password, valid for 30 minutes; to the address of an active user only, and at most once a
    minute. Whether there is one is looked up after the answer."""
    then(partial(_recover, state, data.email, now))


async def _recover(state: State, email: str, now: datetime) -> None:
    token = secrets.token_urlsafe(32)
    async with pool.connection(state.pool) as conn:
        found = await users.start_recovery(conn, email, token, now)
    if found is not None:
        await state.mailer.recover(*found, token, now)


@post(
    "/v1/reset_password",
    operation_id="resetPassword",
    tags=TAGS,
    status_code=204,
    responses={204: _repeats(NewPassword)},
)
async def reset_password(data: NewPassword, conn: Connection, now: datetime) -> None:
    """Set a new password; the token is used up, and all logins of the user end."""
    _check(data.password, "/password")
    hashed = await auth.hash_in_thread(data.password)
    email = await users.reset_password(conn, data.reset_token, hashed, now)
    await login_attempts.forget(conn, email)


@put(
    "/v1/users/{user_id:int}/password",
    operation_id="changeProfilePassword",
    tags=TAGS,
    status_code=204,
    **LOGGED_IN,
)
async def change_profile_password(
    user_id: int,
    data: ChangeProfilePassword,
    request: Request[Any, Any, Any],
    connections: Any,
    now: datetime,
) -> None:
    """Change one's own password, with the old one; all other logins end. A wrong guess counts as one to log in."""
    caller: Caller = request.user
    if caller.key_id is not None or user_id != caller.user_id:
        raise Forbidden("A password is changed by its user, with a login")
    owner = (caller.account_id, caller.user_id)
    async with pool.connection(connections) as conn:
        email, stored = await users.password_of(conn, *owner)
        _check(data.new_password, "/newPassword", email)
        await login_attempts.count(conn, email, now)
    if not await auth.check_password(data.password, stored):
        raise Invalid(errors=[Problem.at("/password", "Invalid value", "This is not your password")])
    hashed = await auth.hash_in_thread(data.new_password)
    _, login = auth.credentials(request.headers.get("authorization", ""))
    async with pool.connection(connections) as conn:
        await users.change_password(conn, owner, hashed, login=login, now=now)
        await login_attempts.forget(conn, email)


handlers = [get_users, create_user, create_password_recovery_email, reset_password, change_profile_password]
