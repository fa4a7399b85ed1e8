"""Where what is killed keeps its data, and the servers that are killed."""

import shutil
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from processes import Server, kill_postgres


@pytest.fixture
def folder():
    """A directory that PostgreSQL may use, too, when it has to run as another user; what runs in it ends with it."""
    made = Path(tempfile.mkdtemp(prefix="guerdon-crash-"))
    yield made
    for data in made.iterdir():
        with suppress(OSError, IndexError):
            kill_postgres(data)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def servers(nursery, folder):
    """Makes servers with these settings, which are gone after the test."""
    with ExitStack() as made:

        def server(name, **settings):
            new = Server(nursery, folder / f"{name}.log", **settings).start()
            made.callback(new.kill)
            return new.ready()

        yield server
