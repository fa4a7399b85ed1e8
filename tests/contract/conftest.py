"""The vendor's SDKs of all generations, each called the same way; those that cannot live here, in processes of their own."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import talon_one
from talon_one import models
from talon_one.exceptions import ApiException

from conftest import INTEGRATION_KEY, MANAGEMENT_KEY

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "sdks"
SDKS = ROOT / ".venv" / "sdks"
NO_NODE = "there is no Node (node, npm) here, so the SDKs for JavaScript are not asked"


def snake(name):
    return re.sub(r"([A-Z])", r"_\1", name).lower()


class Process:
    """An SDK in a process that takes a call a line."""

    def __init__(self, *command, cwd=None):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, cwd=cwd, **pipes)

    def __call__(self, **call):
        self.process.stdin.write(json.dumps(call) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "failure" not in answer, answer["failure"]
        return answer

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def newest(url, header, api, method, args):
    """talon-one-sdk, which lives here."""
    client = talon_one.ApiClient(talon_one.Configuration(host=url))
    client.set_default_header("Authorization", header)

    def shown(value):
        return {"type": type(value).__name__, "value": client.sanitize_for_serialization(value), "problems": []}

    options = args.pop() if args and isinstance(args[-1], dict) and "model" not in args[-1] else {}
    given = [getattr(models, one["model"]).from_dict(one["value"]) if isinstance(one, dict) else one for one in args]
    try:
        return shown(getattr(getattr(talon_one, api)(client), method)(*given, **options))
    except ApiException as error:
        return {"status": error.status} | shown(models.ErrorResponseWithStatus.from_json(error.body))


@pytest.fixture(scope="session")
def installed():
    """The SDKs are there, in the versions that are pinned (scripts/sdks)."""
    subprocess.run([ROOT / "scripts" / "sdks"], check=True)


@pytest.fixture(scope="module")
def python_9(installed):
    """talon-one-python-sdk 9.0.0."""
    process = Process(SDKS / "python-9" / "bin" / "python", HERE / "witness.py")
    yield process
    process.end()


@pytest.fixture(scope="module")
def node(installed):
    """Both generations for JavaScript."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip(NO_NODE)
    process = Process("node", "-e", (HERE / "witness.js").read_text(), cwd=SDKS / "node")
    yield process
    process.end()


class Shop:
    """An SDK in the hands of a shop, or of its back office: `shop("method", argument, …)` gives what it read, of which
    the SDK finds nothing to complain about. Names are those of the contract; `(model, value)` is a body."""

    def __init__(self, call, url, *, python):
        self._call, self._url, self.python = call, url, python
        self.header = f"ApiKey-v1 {INTEGRATION_KEY}"

    def ask(self, method, *args, api="IntegrationApi", header=None):
        """The whole answer: `type`, `value`, `problems` and, of a refusal, `status`."""
        given = [{"model": one[0], "value": one[1]} if isinstance(one, tuple) else one for one in args]
        name = snake(method) if self.python else method
        return self._call(url=self._url, header=header or self.header, api=api, method=name, args=given)

    def __call__(self, method, *args):
        answer = self.ask(method, *args)
        assert "status" not in answer, answer
        assert answer["problems"] == []
        return answer["value"]

    def manage(self, method, *args):
        """The same of the Management API."""
        answer = self.ask(method, *args, api="ManagementApi", header=f"ManagementKey-v1 {MANAGEMENT_KEY}")
        assert "status" not in answer, answer
        assert answer["problems"] == []
        return answer["value"]

    def refused(self, method, *args, header=None):
        """Status and body of a refusal."""
        answer = self.ask(method, *args, header=header)
        assert answer["problems"] == []
        return answer["status"], answer["value"]


@pytest.fixture(params=["python-26", "python-9", "js-4", "js-5"])
def generation(request, server):
    """Each SDK in turn."""
    return sdk_of(request, server, request.param)


@pytest.fixture
def sdk(request, server):
    """The SDK of a generation, e.g. `sdk("js-4")`."""
    return lambda name: sdk_of(request, server, name)


def sdk_of(request, server, name):
    if name == "python-26":
        return Shop(newest, server.url, python=True)
    if name == "python-9":
        return Shop(request.getfixturevalue("python_9"), server.url, python=True)
    node = request.getfixturevalue("node")
    return Shop(lambda **call: node(sdk=f"talon-one-{name[-1]}", **call), server.url, python=False)
