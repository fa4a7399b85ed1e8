"""docs/howto/first-rule.md does what it says: its files are read, its Python and commands run, its curl sent."""

import contextlib
import io
import shlex
from pathlib import Path

import pytest

from guerdon import cli
from guides import HOWTO, blocks, converse, links

GUIDE = "first-rule.md"


def printed(run):
    """What a call prints, for good or ill."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        run()
    return out.getvalue()


def test_the_library_and_the_command_line_say_what_the_guide_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, said, compared = {}, None, 0
    for kind, file, text in blocks(GUIDE):
        if kind == "json" and file:
            Path(file).write_text(text)
        elif kind == "python":
            assert not said, f"the guide leaves out what was printed: {said}"
            said = printed(lambda text=text: exec(text, names))
        elif kind == "text":
            assert said == text
            said, compared = None, compared + 1
        elif kind == "console":
            command, _, expected = text.partition("\n")
            monkeypatch.setattr("sys.argv", shlex.split(command.removeprefix("$ ")))
            assert printed(cli.main) == expected
            compared += 1
    assert not said
    assert compared >= 10


def test_the_server_answers_what_the_guide_says(server):
    assert converse(GUIDE, server.url) == 2


@pytest.mark.parametrize("path", links(GUIDE))
def test_links_lead_somewhere(path):
    assert (HOWTO / path).exists()
