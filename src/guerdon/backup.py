"""`guerdon backup` and `guerdon restore`: everything in one file, with PostgreSQL's own pg_dump and pg_restore, which
come with the embedded one. A backup is of one moment; the server may go on meanwhile.
"""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from guerdon.db import pool
from guerdon.db.embedded import DataInUse, Embedded, program, running_url
from guerdon.db.migrate import analyze, is_empty
from guerdon.settings import Settings

T = TypeVar("T")


def backup(settings: Settings, file: Path) -> int:
    """Write the whole database to a new file; returns the exit code."""
    if file.exists():
        return _refuse(f"{file} exists already")
    if not (settings.database_url or settings.data.exists()):
        return _refuse(f"there is no data in {settings.data}; GUERDON_DATA says where it is")
    part = file.with_name(f"{file.name}.part")  # so that a file of this name is always whole

    def write(url: str) -> int:
        try:
            part.touch(mode=0o600)
            subprocess.run([program("pg_dump"), "--format=custom", "--no-owner", f"--file={part}", url], check=True)
            part.rename(file)
        finally:
            part.unlink(missing_ok=True)
        sys.stdout.write(f"{file}: {file.stat().st_size:,} bytes\n")
        return 0

    return _with_database(settings, write, running=True)


def restore(settings: Settings, file: Path) -> int:
    """Fill an empty database from a file of `backup`, all of it or nothing; returns the exit code. The next `serve`
    brings an older schema up to date."""
    if not file.is_file():
        return _refuse(f"there is no file {file}")

    def read(url: str) -> int:
        if not asyncio.run(_asked(url, is_empty)):
            return _refuse("the database is not empty: a backup is restored into a new one only")
        options = ["--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={url}"]
        subprocess.run([program("pg_restore"), *options, str(file)], check=True)
        asyncio.run(_asked(url, analyze))
        sys.stdout.write(f"{file} is restored\n")
        return 0

    return _with_database(settings, read, running=False)


def _with_database(settings: Settings, work: Callable[[str], int], *, running: bool) -> int:
    """Do it with the database of the settings: your own, the embedded one that a server runs (where that is
    `running` matters), or the embedded one, started for it."""
    try:
        if settings.database_url:
            return work(settings.database_url)
        try:
            embedded = Embedded(settings.data)
        except DataInUse:
            if not running:
                raise
            return work(running_url(settings.data))
        try:
            return work(embedded.url)
        finally:
            embedded.stop()
    except DataInUse as error:
        return _refuse(str(error))
    except subprocess.CalledProcessError as error:
        return _refuse(f"{Path(error.cmd[0]).name} failed; what it says is above")
    except (OSError, pool.DatabaseError, pool.Unreachable) as error:
        return _refuse(str(error))


async def _asked(url: str, what: Callable[[pool.Connection], Awaitable[T]]) -> T:
    """What the database answers, on a connection of its own."""
    conn = await pool.connect(url)
    try:
        return await what(conn)
    finally:
        await conn.close()


def _refuse(reason: str) -> int:
    sys.stderr.write(f"guerdon: {reason}\n")
    return 1
