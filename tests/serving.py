"""The real command, as an operator runs it: its own process group, its own data directory, a free port."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

INTEGRATION_KEY = "11" * 32
MANAGEMENT_KEY = "22" * 32
GUERDON = str(Path(sys.executable).with_name("guerdon"))
PATIENCE = 20  # seconds; far more than it takes, for machines that are busy


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(*arguments, **settings):
    """Run a command that ends by itself."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")} | settings
    return subprocess.run(
        [GUERDON, *arguments], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


class Command:
    """A `guerdon serve` on a data directory; started, stopped and started again."""

    def __init__(self, data, **settings):
        self.port = free_port()
        self.settings = {
            "GUERDON_PORT": str(self.port),
            "GUERDON_DEMO": "0",
            "GUERDON_INTEGRATION_KEY": INTEGRATION_KEY,
            "GUERDON_MANAGEMENT_KEY": MANAGEMENT_KEY,
        } | settings
        self.process = None
        self.use(data)

    def use(self, data):
        """Keep the data in this directory from the next start on."""
        self.data = Path(data)
        self.settings["GUERDON_DATA"] = str(data)

    def start(self):
        """Start and wait for an answer; the seconds that took."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(
            [GUERDON, "serve"], env=environment | self.settings, text=True, start_new_session=True, **pipes
        )
        begun = time.monotonic()
        while time.monotonic() < begun + PATIENCE:
            assert self.process.poll() is None, self.process.communicate()
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200:
                    return time.monotonic() - begun
            except httpx.TransportError:
                time.sleep(0.02)
        raise AssertionError("no answer")

    def end(self, sent=signal.SIGINT):
        """Send the signal as a terminal does, to the whole group; (exit code, stdout, stderr)."""
        os.killpg(self.process.pid, sent)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def postgres(self):
        """The pid of its PostgreSQL, while that runs."""
        try:
            pid = int((self.data / "postgresql" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, IndexError):
            return None
        return pid

    def put(self, session_id="s1", **session):
        headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
        url = f"http://127.0.0.1:{self.port}/v2/customer_sessions/{session_id}"
        body = {"customerSession": session, "responseContent": ["customerSession", "event"]}
        return httpx.put(url, json=body, headers=headers, timeout=PATIENCE)


def gone(pid):
    """Wait until a process is no more."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False
