"""A real PostgreSQL for every test: the embedded one, started once per worker, a fresh database per test."""

import asyncio
import itertools
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import httpx
import pytest
import uvicorn
from litestar import Litestar

from guerdon import first_run
from guerdon.api.access_log import AccessLog
from guerdon.api.app import build_framework, complete
from guerdon.api.mail import Mailer
from guerdon.api.one_write import OneWriteProtocol
from guerdon.api.session_route import SessionRoute
from guerdon.db import pool as db_pool
from guerdon.db.embedded import Embedded
from guerdon.settings import Settings
from mail_server import open_mailbox
from processes import Nursery, look_at
from serving import INTEGRATION_KEY, MANAGEMENT_KEY

MEMORY, ENOUGH = Path("/dev/shm"), 4 * 1024**3
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
    tempfile.tempdir = str(MEMORY)  # making databases is most of the time of the tests, and takes a disk thrice as long

TEMPLATE = "guerdon_template"
EMAIL, PASSWORD = "admin@example.com", "correct horse battery"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a running PostgreSQL with a migrated, seeded template database."""
    folder = Path(tempfile.mkdtemp(prefix="guerdon-test-"))
    server = Embedded(folder)
    asyncio.run(_make_template(server.url))
    yield server.url
    # Nothing is kept, so the checkpoint of a clean stop is not waited for.
    postmaster = int((folder / "postgresql" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts server processes quickly."""
    made = Nursery()
    yield made
    made.close()


async def _make_template(url: str) -> None:
    conn = await asyncpg.connect(url)
    # What a power cut would do is not tested here, and waiting for the disk is most of the time of a test.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        await conn.execute(f"ALTER SYSTEM SET {setting} = off")
    await conn.execute("SELECT pg_reload_conf()")
    await conn.execute(f"CREATE DATABASE {TEMPLATE}")
    await conn.close()
    settings = Settings(
        demo=False,
        admin_email=EMAIL,
        admin_password=PASSWORD,
        integration_key=INTEGRATION_KEY,
        management_key=MANAGEMENT_KEY,
    )
    await first_run.prepare(_database(url, TEMPLATE), settings, datetime.now(UTC))


def _database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


@contextmanager
def _fresh_database(postgres: str) -> Iterator[str]:
    name = f"t{os.getpid()}_{next(_numbers)}"

    async def execute(statement: str) -> None:
        conn = await asyncpg.connect(postgres)
        await conn.execute(statement)
        await conn.close()

    asyncio.run(execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY"))
    yield _database(postgres, name)
    asyncio.run(execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """URL of a fresh database: account 1, administrator 1, Application 1 with its keys, nothing else."""
    with _fresh_database(postgres) as url:
        yield url


class Clock:
    """The time as the server sees it; tests travel by adding to it."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def travel(self, **by: float) -> None:
        self.offset += timedelta(**by)


_idle: list[Litestar] = []  # frameworks that no server uses: to build one takes longer than most tests


@asynccontextmanager
async def _connections(app: Litestar) -> AsyncIterator[None]:
    state = app.state
    state.pool = await db_pool.open_pool(state.database, 10)
    async with state.access_log.writing(state) if state.access_log else nullcontext():
        yield
    await state.pool.close()


@contextmanager
def _serve(database: str, access_log: AccessLog | None = None, **more: object) -> Iterator[SimpleNamespace]:
    clock = Clock()
    framework = _idle.pop() if _idle else build_framework({}, lifespan=[_connections])
    for name in list(framework.state):
        del framework.state[name]
    framework.state.update(complete({"clock": clock, "access_log": access_log, "database": database, **more}))
    app = SessionRoute(framework)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on", http=OneWriteProtocol)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.005)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield SimpleNamespace(url=url, clock=clock, database=database, sql=look_at(database))
    running.should_exit = True
    thread.join(10)
    if not thread.is_alive():
        _idle.append(framework)


@pytest.fixture
def server(database: str) -> Iterator[SimpleNamespace]:
    """A real server on a free port: `url`, `clock`, `database`, and `sql(statement, *values)` to look at rows."""
    with _serve(database) as running:
        yield running


@pytest.fixture
def logging_server(database: str) -> Iterator[SimpleNamespace]:
    """A `server` with an access log, which the others do without: it writes when it likes."""
    with _serve(database, AccessLog(7)) as running:
        yield running


@pytest.fixture(scope="module")
def shared(postgres: str) -> Iterator[SimpleNamespace]:
    """One `server` for a module of tests that leave nothing behind or do not mind what others left."""
    with _fresh_database(postgres) as database, _serve(database) as running:
        yield running


@pytest.fixture(scope="module")
def mailed(postgres: str) -> Iterator[SimpleNamespace]:
    """A `shared` server that sends its mails, with the `mailbox` that takes them."""
    with open_mailbox() as mailbox, _fresh_database(postgres) as database:
        settings = Settings(
            smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_security="none", public_url="https://shop.example"
        )
        with _serve(database, mailer=Mailer(settings)) as running:
            running.mailbox = mailbox
            yield running


@pytest.fixture(scope="module")
def shared_manager(shared: SimpleNamespace) -> Iterator[httpx.Client]:
    """`manager` of the module's server."""
    with httpx.Client(base_url=shared.url, headers={"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}) as client:
        yield client


@pytest.fixture(scope="module")
def shared_shop(shared: SimpleNamespace) -> Iterator[httpx.Client]:
    """`shop` of the module's server."""
    with httpx.Client(base_url=shared.url, headers={"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}) as client:
        yield client


@pytest.fixture
def manager(server: SimpleNamespace) -> Iterator[httpx.Client]:
    """An HTTP client with the Management key."""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}) as client:
        yield client


@pytest.fixture
def shop(server: SimpleNamespace) -> Iterator[httpx.Client]:
    """An HTTP client with the Integration key of Application 1."""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}) as client:
        yield client
