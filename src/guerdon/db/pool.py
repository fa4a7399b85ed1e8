"""Connections, transactions, and what a database error means to a client. No SQL of any noun is here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeAlias

import asyncpg

from guerdon.errors import ClientError, Conflict, Invalid, NotFound, Retry, Unavailable

Connection: TypeAlias = asyncpg.Connection
DatabaseError = asyncpg.PostgresError
Row: TypeAlias = asyncpg.Record

# How long a request waits for another one to let go of a row before it is told to come back (core.md §1.5).
LOCK_TIMEOUT = "3s"

CONNECT_TIMEOUT = 10  # seconds

SESSION_BUSY = "Too many requests are updating this session at the same time"
BUSY = "Too many requests are changing the same data at the same time"
PROFILE_BUSY = "Too many requests are updating this profile at the same time"

# It is down, going down or coming up, or the connection broke.
UNREACHABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    ConnectionError,
    FileNotFoundError,  # the socket of a server that is not running
)

# Names of constraints are API: what breaking one means to the client.
CONSTRAINTS: dict[str, ClientError] = {
    "attributes_name_key": Conflict("An attribute with this name already exists for this entity"),
    "attributes_title_key": Conflict("An attribute with this title already exists for this entity"),
    "coupons_value_key": Conflict("A coupon with this code already exists in this Application"),
    "users_email_key": Conflict("A user with this email already exists"),
    "role_members_role_id_fkey": NotFound.of("Role"),
    "roles_name_key": Conflict("A role of this name already exists"),
    "events_session_updated_alone": Conflict(SESSION_BUSY),
    "customer_sessions_integration_id_key": Conflict(SESSION_BUSY),
    "advanced_events_key": Conflict("An event with this integration id already exists"),
    "referrals_value_key": Conflict("A referral with this code already exists in this Application"),
    "collections_account_name_key": Conflict("The account has a collection of this name already"),
    "collections_campaign_name_key": Conflict("The campaign has a collection of this name already"),
    "stores_integration_id_key": Conflict("A store with this integrationId already exists in this Application"),
    "store_budgets_key": Conflict("The campaign has store budgets for this action and period already"),
    "additional_costs_name_key": Conflict("An additional cost with this name already exists"),
    "cart_item_filters_name_key": Conflict("The Application has a cart item filter of this name already"),
    "event_types_name_key": Conflict("An event type with this name already exists"),
    **{
        # The Application was deleted while the request was at work.
        f"{table}_application_id_fkey": NotFound.of("Application")
        for table in (
            "advanced_events",
            "application_customers",
            "application_keys",
            "campaigns",
            "cart_item_filters",
            "collections",
            "coupons",
            "customer_sessions",
            "evaluation_groups",
            "idempotency_keys",
            "referrals",
            "rulesets",
            "store_budgets",
            "stores",
            "value_maps",
        )
    },
    "collections_campaign_id_fkey": NotFound.of("Campaign"),
    "value_maps_campaign_id_fkey": NotFound.of("Campaign"),
    "store_budgets_campaign_id_fkey": NotFound.of("Campaign"),
    "store_budgets_store_id_fkey": NotFound.of("Store"),
    "coupons_campaign_id_fkey": NotFound.of("Campaign"),
    "referrals_campaign_id_fkey": NotFound.of("Campaign"),
    "campaigns_evaluation_group_id_fkey": Conflict("The evaluation group was changed at the same time"),
    "custom_effects_name_key": Conflict("A custom effect with this name already exists"),
    "rulesets_campaign_id_fkey": NotFound.of("Campaign"),
}


async def _keep_as_is(_: Connection) -> None:
    """Connections carry no session state here, so the round trip of a reset is saved."""


REST = 60  # seconds


class Pool:
    """asyncpg's pool, but that a connection which comes back in good order goes to the next request directly: giving it
    back takes asyncpg a task each, which was a twentieth of a session update. After at most `REST` seconds it has them
    all back, so that it may close those that are idle."""

    def __init__(self, connections: asyncpg.Pool) -> None:
        self._pool = connections
        self._idle: list[Any] = []
        self._waiting = 0
        self._tidying: asyncio.Task[None] | None = None

    def acquire(self) -> "_Borrowed":
        """A context with a connection; that of a context which an exception ends is asyncpg's to look after."""
        return _Borrowed(self)

    async def take(self) -> Any:
        """A connection, once there is one."""
        while self._idle:
            conn = self._idle.pop()
            if _usable(conn):
                return conn
            await self._pool.release(conn)
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def give_back(self, conn: Any, *, good: bool) -> None:
        """Keep it for the next, unless somebody waits at asyncpg's pool or it is broken."""
        if not good or self._waiting or not _usable(conn):
            await self._pool.release(conn)
            return
        self._idle.append(conn)
        if self._tidying is None:
            self._tidying = asyncio.create_task(self._tidy())

    async def _tidy(self) -> None:
        await asyncio.sleep(REST)
        self._tidying = None
        await self._release_idle()

    async def _release_idle(self) -> None:
        while self._idle:
            await self._pool.release(self._idle.pop())

    async def close(self) -> None:
        """Close every connection; waits for those in use."""
        self._waiting += 1  # from here on all go back to asyncpg
        if self._tidying is not None:
            self._tidying.cancel()
        await self._release_idle()
        await self._pool.close()


def _usable(conn: Any) -> bool:
    try:
        return not conn.is_closed()
    except asyncpg.InterfaceError:  # the pool took it back when it broke
        return False


class _Borrowed:
    """See `Pool.acquire`."""

    __slots__ = ("_conn", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        self._conn = await self._pool.take()
        return self._conn

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._pool.give_back(self._conn, good=kind is None)


async def open_pool(url: str, size: int) -> Pool:
    """A pool of at most `size` connections. Works behind pgbouncer in transaction mode from version 1.21 on."""
    return Pool(
        await asyncpg.create_pool(
            url,
            min_size=min(2, size),
            max_size=size,
            reset=_keep_as_is,
            command_timeout=60,
            server_settings={"lock_timeout": LOCK_TIMEOUT, "application_name": "guerdon", "timezone": "UTC"},
        )
    )


@asynccontextmanager
async def connection(pool: Pool, busy: str = BUSY) -> AsyncIterator[Connection]:
    """A connection without a transaction: each statement commits alone. For reads and one-statement writes. `busy` is
    what a client is told when a lock is not had in time."""
    async with pool.acquire() as conn:
        try:
            yield conn
        except asyncpg.PostgresError as error:
            _raise_for_client(error, busy)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction: committed at the end of the block, undone by any exception."""
    async with pool.acquire() as conn:
        try:
            async with conn.transaction():
                yield conn
        except asyncpg.PostgresError as error:
            _raise_for_client(error)


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction that only reads and sees the database as it was at its first statement, however long it takes."""
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        yield conn


GET_IN_LINE = "SELECT pg_advisory_xact_lock($1, $2)"
LINE = 0x6775  # so that other users of the database have advisory locks of their own


@asynccontextmanager
async def in_line(pool: Pool, number: int, busy: str = BUSY) -> AsyncIterator[Connection]:
    """A transaction that others in the same line wait for."""
    async with pool.acquire() as conn:
        try:
            async with conn.transaction():
                await conn.execute(GET_IN_LINE, LINE, number)
                yield conn
        except asyncpg.PostgresError as error:
            _raise_for_client(error, busy)


class OneConnection:
    """A connection with an open transaction, handed out where a pool is expected: what is done through it, also in
    transactions of its own (savepoints), stays or goes with that transaction."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """The connection; what is done with it is undone by any exception."""
        async with self._conn.transaction():
            yield self._conn


def _raise_for_client(error: asyncpg.PostgresError, busy: str = BUSY) -> NoReturn:
    known = client_error(error, busy)
    if known is None:
        raise error
    raise known from error


def client_error(error: Exception, busy: str = BUSY) -> ClientError | Retry | None:
    """What a database error means to a client; None when it is a bug of ours."""
    if isinstance(error, asyncpg.SerializationError | asyncpg.DeadlockDetectedError):
        return Retry()
    if isinstance(error, UNREACHABLE):
        return Unavailable()
    if isinstance(error, asyncpg.LockNotAvailableError):
        return Conflict(busy)
    if isinstance(error, asyncpg.ProgramLimitExceededError):  # names a constraint, too: whose index cannot hold it
        return Invalid("A text is too long")
    known = CONSTRAINTS.get(getattr(error, "constraint_name", None) or "")
    if known is not None:
        return type(known)(known.message)
    if isinstance(error, asyncpg.UntranslatableCharacterError | asyncpg.CharacterNotInRepertoireError):
        return Invalid("The text contains a character that cannot be stored")
    if isinstance(error, asyncpg.NumericValueOutOfRangeError) or isinstance(error.__cause__, OverflowError):
        return Invalid("A number or a time is out of range")
    return None


def session_changed(error: Exception) -> bool:
    """Whether a write was refused because somebody else had changed the session, or made it."""
    return getattr(error, "constraint_name", None) == "events_session_updated_alone"


def bad_pattern(error: Exception) -> bool:
    """Whether a statement failed for a regular expression: it is none, or matching it took too long."""
    return isinstance(error, asyncpg.InvalidRegularExpressionError | asyncpg.QueryCanceledError)


def changed(status: str) -> int:
    """How many rows a command touched, from PostgreSQL's answer such as `UPDATE 3`."""
    return int(status.rsplit(" ", 1)[-1])


def first(row: Any, resource: str) -> Any:
    """The row, or `NotFound` naming the resource."""
    if row is None:
        raise NotFound.of(resource)
    return row


LARGEST_ID = 2**63 - 1


def row_id(text: str) -> int | None:
    """The id that a path names, None when the text cannot be one."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if 0 < number <= LARGEST_ID else None


PING = "SELECT 1"


async def answers(pool: Pool) -> bool:
    """Whether the database answers within two seconds."""
    try:
        async with asyncio.timeout(2), pool.acquire() as conn:
            return bool(await conn.fetchval(PING))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


class Unreachable(Exception):
    """There is no database to speak to at the URL; the message says why."""


async def connect(url: str) -> Connection:
    """One connection, for the work around serving: migrating, the first run. Raises Unreachable."""
    try:
        conn: Connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT)
    except TimeoutError as error:
        raise Unreachable(f"no answer within {CONNECT_TIMEOUT} seconds") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, OverflowError) as error:
        raise Unreachable(str(error)) from error
    return conn
