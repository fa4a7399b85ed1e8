"""`guerdon serve`: database up, schema current, first run done, then HTTP until told to stop."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from litestar import Litestar
from msgspec import structs
from uvicorn.supervisors import Multiprocess

from guerdon.api.access_log import AccessLog
from guerdon.api.app import build_app
from guerdon.api.mail import Mailer
from guerdon.api.one_write import OneWriteProtocol
from guerdon.api.session_route import SessionRoute
from guerdon.db import pool
from guerdon.db.embedded import DataInUse, Embedded, running_url
from guerdon.db.migrate import NewerSchema, migrate
from guerdon.errors import ClientError
from guerdon.first_run import FirstRun, open_demo_shop, prepare
from guerdon.flows.programs import Programs
from guerdon.flows.run_again import explain_again, run_again
from guerdon.settings import Settings
from guerdon.wire.base import encode_text

KEYS_FILE = "keys.json"
DATABASE_ERRORS = (OSError, pool.DatabaseError, pool.Unreachable)


def serve(settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    embedded = listener = None
    try:
        listener = _listen(settings)
        if not settings.database_url:
            embedded = Embedded(settings.data)
        url = embedded.url if embedded else settings.database_url
        made = asyncio.run(prepare(url, settings, datetime.now(UTC)))
        if made is not None and settings.demo:
            asyncio.run(open_demo_shop(url, made))
            _remember(made, settings)
        _welcome(made, settings, listener.getsockname()[1])
        _run(settings, url, listener)
    except (DataInUse, CannotListen, NewerSchema) as error:
        return _refuse(str(error))
    except DATABASE_ERRORS as error:
        return _refuse(f"the database cannot be used: {error}")
    except KeyboardInterrupt:
        pass
    finally:
        if listener is not None:
            listener.close()
        if embedded is not None:
            embedded.stop()
    return 0


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _refuse(reason: str) -> int:
    sys.stderr.write(f"guerdon: {reason}\n")
    return 1


class CannotListen(Exception):
    """The address is taken or is none of this machine."""


def _listen(settings: Settings) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except (OSError, OverflowError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or error
        where = f"{settings.host}:{settings.port}"
        raise CannotListen(f"cannot listen on {where} ({why}); GUERDON_PORT chooses another port") from None
    listener.set_inheritable(True)
    return listener


def _run(settings: Settings, url: str, listener: socket.socket) -> None:
    os.environ["GUERDON_DATABASE_URL"] = url  # the workers read their settings from the environment, too
    config = uvicorn.Config(
        "guerdon.serve:worker",
        factory=True,
        workers=settings.workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=OneWriteProtocol,
        lifespan="on",
        timeout_graceful_shutdown=10,
    )
    if settings.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])


def worker() -> SessionRoute:
    """The application of one worker process, with its own connections."""
    settings = Settings.from_environment(os.environ)
    log = AccessLog(settings.access_log_days) if settings.access_log_days else None

    @asynccontextmanager
    async def connections(app: Litestar) -> AsyncIterator[None]:
        app.state.pool = await pool.open_pool(settings.database_url, settings.pool_size)
        async with log.writing(app.state) if log else nullcontext():
            yield
        await app.state.pool.close()

    return build_app({"access_log": log, "mailer": Mailer(settings)}, lifespan=[connections])


def _remember(made: FirstRun, settings: Settings) -> None:
    """Keep the demo shop's keys where `guerdon demo` finds them; only for the demo, only for this user."""
    if settings.database_url:
        return
    path = Path(settings.data) / KEYS_FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps({"integrationKey": made.integration_key, "managementKey": made.management_key}))


def _welcome(made: FirstRun | None, settings: Settings, port: int) -> None:
    url = structs.replace(settings, port=port).url
    lines = [f"Guerdon serves at {url} (API page: {url}/openapi). Ctrl-C stops it."]
    if made is not None:
        lines += [
            "",
            "First run. These are shown once; only hashes of them are stored:",
            f"  login            {made.email}  password {made.password}",
            f"  Integration key  {made.integration_key}",
            f"  Management key   {made.management_key}",
            "",
        ]
        lines += ["The demo shop is ready: run `make demo` in a second terminal."] if settings.demo else []
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def migrate_only(settings: Settings) -> int:
    """`guerdon migrate`: for operators who migrate before they deploy."""
    if not settings.database_url:
        return _refuse("migrate needs GUERDON_DATABASE_URL; the embedded database is migrated by serve")

    async def run() -> list[str]:
        conn = await pool.connect(settings.database_url)
        try:
            return await migrate(conn, datetime.now(UTC))
        finally:
            await conn.close()

    try:
        applied = asyncio.run(run())
    except NewerSchema as error:
        return _refuse(str(error))
    except DATABASE_ERRORS as error:
        return _refuse(f"the database cannot be used: {error}")
    sys.stdout.write(f"applied: {', '.join(applied)}\n" if applied else "the schema is current\n")
    return 0


def judge_again(settings: Settings, application_id: int, event_id: int, *, explained: bool) -> int:
    """`guerdon eval`: judge a logged request again and say whether the same came out; 1 when it did not. With
    `explained`, tell how it came about."""

    async def run(url: str) -> int:
        conn = await pool.connect(url)
        try:
            if explained:
                lines = await explain_again(conn, Programs(), application_id, event_id)
                sys.stdout.write("".join(f"{line}\n" for line in lines))
                return 0
            record, outcome = await run_again(conn, Programs(), application_id, event_id)
        finally:
            await conn.close()
        effects = encode_text(outcome.effects)
        same = effects == record.effects
        sys.stdout.write(f"{effects}\n")
        judged = f"judged at {record.judged_at:%Y-%m-%d %H:%M:%S} UTC by revision {record.revision}"
        sys.stderr.write(f"{record.type}, {judged}: {'the same bytes' if same else 'DIFFERENT from the log'}\n")
        return 0 if same else 1

    try:
        return asyncio.run(run(settings.database_url or running_url(settings.data)))
    except ClientError as error:
        return _refuse(str(error))
    except DATABASE_ERRORS as error:
        return _refuse(f"the database cannot be used: {error}")
