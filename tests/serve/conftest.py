"""Data directories and servers of the real command."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from serving import Command, gone


@pytest.fixture
def folder():
    """A directory that PostgreSQL may use, too, when it has to run as another user."""
    made = Path(tempfile.mkdtemp(prefix="guerdon-serve-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def command(folder):
    """A server that is not started yet, on a directory that does not exist yet; all of it is gone after the test."""
    made = Command(folder / "data")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGKILL)
    if pid := made.postgres():
        os.kill(pid, signal.SIGQUIT)
        gone(pid)
