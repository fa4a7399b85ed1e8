"""docs/howto/first-rule.md does what it says: its files are read, its Python and commands run, its curl sent."""

import contextlib
import io
import json
import re
import shlex
from pathlib import Path

import httpx
import pytest

from conftest import INTEGRATION_KEY, MANAGEMENT_KEY
from guerdon import cli

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "howto" / "first-rule.md").read_text()
BLOCKS = re.findall(r"^```([a-z]+)(?: (\S+))?\n(.*?)^```$", GUIDE, re.M | re.S)
KEYS = {"$INTEGRATION": f"Authorization: ApiKey-v1 {INTEGRATION_KEY}", "$MANAGEMENT": f"Authorization: ManagementKey-v1 {MANAGEMENT_KEY}"}  # fmt: skip


def printed(run):
    """What a call prints, for good or ill."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        run()
    return out.getvalue()


def test_the_library_and_the_command_line_say_what_the_guide_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, said, compared = {}, None, 0
    for kind, file, text in BLOCKS:
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


def sent(command, url, campaign):
    """The answer to a curl command of the guide."""
    for name, header in KEYS.items():
        command = command.replace(f'"{name}"', shlex.quote(header))
    words = iter(shlex.split(command.replace("http://127.0.0.1:8080", url).replace("/7/", f"/{campaign}/")))
    method, headers, body, where = "POST", {}, None, ""
    assert [next(words), next(words)] == ["curl", "-s"]
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            where = word
    return httpx.request(method, where, headers=headers, content=body)


def part_of(shown, whole):
    """Whether everything that is shown is there: members may be left out of objects, not out of lists."""
    if isinstance(shown, dict):
        return isinstance(whole, dict) and all(name in whole and part_of(shown[name], whole[name]) for name in shown)
    if isinstance(shown, list):
        return len(shown) == len(whole) and all(part_of(*pair) for pair in zip(shown, whole, strict=True))
    return shown == whole


def test_the_server_answers_what_the_guide_says(server):
    campaign, answer, compared = None, None, 0
    for kind, file, text in BLOCKS:
        if kind == "sh":
            answer = sent(text, server.url, campaign)
            campaign = campaign or answer.json()["id"]
        elif kind == "json" and not file:
            assert part_of(json.loads(text), answer.json()), answer.text
            assert (answer.status_code == 400) == ("errors" in answer.json())
            answer, compared = None, compared + 1
        if answer is not None:
            assert answer.status_code < 300 or "Oops" in text, answer.text
    assert compared == 2


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((\.\.[^)#]*)\)", GUIDE))))
def test_links_lead_somewhere(path):
    assert (Path(__file__).parent.parent.parent / "docs" / "howto" / path).exists()
