"""Users: read, change, delete, and invite (management.md §18). Their list is in passwords.py: a path has one file."""

import secrets
from datetime import datetime
from functools import partial
from typing import Any

from litestar import delete, get, post, put
from litestar.datastructures import State
from msgspec import UNSET

from guerdon.db import roles, users
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.db.users import Invitation
from guerdon.wire.users import (
    NewExternalInvitation,
    NewInvitation,
    NewInviteEmail,
    UpdateUser,
    User,
    UserByEmail,
)

TAGS = ["Accounts and users"]
ONE = "/v1/users/{user_id:int}"


@get(ONE, operation_id="getUser", tags=TAGS)
async def get_user(user_id: int, caller: Caller, conn: Connection) -> User:
    return await users.get_user(conn, caller.account_id, user_id)


@put(ONE, operation_id="updateUser", tags=TAGS)
async def update_user(user_id: int, data: UpdateUser, caller: Caller, conn: Connection, now: datetime) -> User:
    """`roles` are replaced. Whoever is deactivated is logged out, and its Management keys are disabled."""
    return await users.change_user(conn, caller.account_id, user_id, data, by=caller.user_id, now=now)


@delete(ONE, operation_id="deleteUser", tags=TAGS)
async def delete_user(user_id: int, caller: Caller, conn: Connection, now: datetime) -> None:
    await users.remove_user(conn, caller.account_id, user_id, by=caller.user_id, now=now)


@post("/v1/users/delete", operation_id="deleteUserByEmail", tags=TAGS, status_code=204)
async def delete_user_by_email(data: UserByEmail, caller: Caller, conn: Connection, now: datetime) -> None:
    user_id = await users.find(conn, caller.account_id, data.email)
    await users.remove_user(conn, caller.account_id, user_id, by=caller.user_id, now=now)


@post("/v1/users/activate", operation_id="activateUserByEmail", tags=TAGS, status_code=204)
async def activate_user_by_email(data: UserByEmail, caller: Caller, conn: Connection, now: datetime) -> None:
    user_id = await users.find(conn, caller.account_id, data.email)
    await users.set_state(conn, caller.account_id, user_id, "active", by=caller.user_id, now=now)


@post("/v1/users/deactivate", operation_id="deactivateUserByEmail", tags=TAGS, status_code=204)
async def deactivate_user_by_email(data: UserByEmail, caller: Caller, conn: Connection, now: datetime) -> None:
    user_id = await users.find(conn, caller.account_id, data.email)
    await users.set_state(conn, caller.account_id, user_id, "deactivated", by=caller.user_id, now=now)


@post("/v1/users/invite", operation_id="inviteUserExternal", tags=TAGS, status_code=204)
async def invite_user_external(
    data: NewExternalInvitation, caller: Caller, conn: Connection, then: Any, now: datetime, state: State
) -> None:
    """For directories of people: groups are the roles of their names, those that no role has are passed over."""
    groups = UNSET if data.user_groups is UNSET else await roles.named(conn, caller.account_id, data.user_groups)
    token = secrets.token_urlsafe(32)
    invitation = Invitation(email=data.email, name=data.name, roles=groups)
    user = await users.invite(conn, caller.account_id, invitation, token, now)
    then(partial(state.mailer.invite, user.email, user.name, token, now))


@post("/v2/invites", operation_id="createInviteV2", tags=TAGS)
async def create_invite_v2(
    data: NewInvitation, caller: Caller, conn: Connection, then: Any, now: datetime, state: State
) -> User:
    """The only answer that shows the token, which is mailed as well; it lasts 24 hours. Whoever has not accepted yet
    can be invited again."""
    token = secrets.token_urlsafe(32)
    invitation = Invitation(email=data.email, name=data.name, is_admin=data.is_admin, roles=data.roles)
    user = await users.invite(conn, caller.account_id, invitation, token, now)
    then(partial(state.mailer.invite, user.email, user.name, token, now))
    return user


@post("/v1/invite_emails", operation_id="createInviteEmail", tags=TAGS)
async def create_invite_email(
    data: NewInviteEmail, caller: Caller, conn: Connection, then: Any, now: datetime, state: State
) -> NewInviteEmail:
    """Mail an invitation once more; it lasts 24 hours from now."""
    email, name = await users.renew_invitation(conn, caller.account_id, data.email, data.token, now)
    then(partial(state.mailer.invite, email, name, data.token, now))
    return data


handlers = [
    get_user,
    update_user,
    delete_user,
    delete_user_by_email,
    activate_user_by_email,
    deactivate_user_by_email,
    invite_user_external,
    create_invite_v2,
    create_invite_email,
]
