"""The account: read and change (management.md §18)."""

from datetime import datetime

from litestar import get, put

from guerdon.db import accounts
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.wire.accounts import Account, UpdateAccount

TAGS = ["Accounts and users"]
ONE = "/v1/accounts/{account_id:int}"


def _require_own(account_id: int, caller: Caller) -> None:
    if account_id != caller.account_id:
        raise NotFound.of("Account")


@get(ONE, operation_id="getAccount", tags=TAGS)
async def get_account(account_id: int, caller: Caller, conn: Connection, now: datetime) -> Account:
    _require_own(account_id, caller)
    return await accounts.get_account(conn, account_id, now)


@put(ONE, operation_id="updateAccount", tags=TAGS)
async def update_account(
    account_id: int, data: UpdateAccount, caller: Caller, conn: Connection, now: datetime
) -> Account:
    """What is left out stays. `attributes` are any JSON object; nothing is done at `planExpires`. An account cannot be
    deactivated: nobody could activate it again."""
    _require_own(account_id, caller)
    if data.state == "deactivated":
        raise Invalid(errors=[Problem.at("/state", "Immutable", "An account cannot be deactivated")])
    return await accounts.change_account(conn, account_id, data, now)


handlers = [get_account, update_account]
