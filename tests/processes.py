"""Real processes of servers and of PostgreSQL that are started, killed and started again."""

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import httpx

from guerdon.db.embedded import Embedded
from serving import INTEGRATION_KEY, MANAGEMENT_KEY, PATIENCE, free_port, gone

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


def look_at(url):
    """`sql(statement, *values)` on this database, each on a connection of its own."""

    async def fetch(statement, values):
        conn = await asyncpg.connect(url)
        try:
            return await conn.fetch(statement, *values)
        finally:
            await conn.close()

    return lambda statement, *values: asyncio.run(fetch(statement, values))


class Nursery:
    """Starts servers quickly; see nursery.py."""

    def __init__(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        script = Path(__file__).with_name("nursery.py")
        self.process = subprocess.Popen([sys.executable, script], env=environment, text=True, **pipes)

    def start(self, log, settings):
        """The pid of a new server with these settings, which writes to this file."""
        self.process.stdin.write(json.dumps({"log": str(log), "settings": settings}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        """End it, and with it every server that still runs."""
        self.process.stdin.close()
        self.process.wait(PATIENCE)


class Server:
    """A `guerdon serve` at an address that stays, however often it is killed and started again."""

    def __init__(self, nursery, log, **settings):
        self.nursery, self.log, self.pid = nursery, Path(log), None
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.settings = {
            "GUERDON_PORT": str(port),
            "GUERDON_DEMO": "0",
            "GUERDON_INTEGRATION_KEY": INTEGRATION_KEY,
            "GUERDON_MANAGEMENT_KEY": MANAGEMENT_KEY,
        } | settings

    def start(self):
        """Start it; `ready` waits for it."""
        self.pid = self.nursery.start(self.log, self.settings)
        return self

    def ready(self):
        """Wait until it can work."""
        ends = time.monotonic() + PATIENCE
        with httpx.Client(base_url=self.url, verify=False) as client:
            while time.monotonic() < ends:
                assert not _ended(self.pid), self.log.read_text()
                try:
                    if client.get("/readyz").status_code == 200:
                        return self
                except httpx.TransportError:
                    pass
                time.sleep(0.01)
        raise AssertionError(f"no answer; {self.log.read_text()}")

    def kill(self):
        """SIGKILL to its whole process group, and wait until it is gone."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        assert gone(self.pid)

    def said(self):
        """What it wrote, but for the welcome."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if not line.startswith("Guerdon serves at ")]


class Postgres:
    """A PostgreSQL of one's own, as durable as an operator's: it waits for the disk, and recovers after a kill."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._running = None

    def start(self):
        """Start it, which after a kill recovers what was written; its URL, the same every time."""
        with _adopting():
            self._running = Embedded(self.folder)
        return self._running.url

    def kill(self):
        """SIGKILL to every process of it at once, and wait until they are gone."""
        os.waitpid(kill_postgres(self.folder), 0)
        self._running.stop()  # nothing is left to stop; the directory is free again


def kill_postgres(folder):
    """SIGKILL to every process of the PostgreSQL in this data directory; the pid of the one that led them."""
    postmaster = int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
    for pid in (postmaster, *children(postmaster)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return postmaster


@contextmanager
def _adopting():
    """What a child leaves behind becomes a child of this process, so that it can be waited for."""
    prctl = ctypes.CDLL(None).prctl
    prctl(SUBREAPER, 1)
    try:
        yield
    finally:
        prctl(SUBREAPER, 0)


def children(pid):
    """The child processes of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
