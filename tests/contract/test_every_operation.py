"""Every operation that we serve and the vendor's SDK for Python (26.2) has is called with it in this folder, or named in
not_by_sdk.txt with the reason."""

import inspect
import re
from pathlib import Path

from talon_one import IntegrationApi, ManagementApi

from guerdon.api.app import INTEGRATION, MANAGEMENT, OPEN

HERE = Path(__file__).parent
PARAMETER = re.compile(r"{[^}]*}")


def camel(name):
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def in_sdk():
    """{(method, path): the name of the function}"""
    found = {}
    for api in (IntegrationApi, ManagementApi):
        for name in dir(api):
            if match := re.fullmatch(r"_(\w+)_serialize", name):
                source = inspect.getsource(getattr(api, name))
                method = re.search(r"method='(\w+)'", source)[1]
                path = re.search(r"resource_path='([^']+)'", source)[1]
                found[method, PARAMETER.sub("{}", path)] = match[1]
    return found


def served():
    """(method, path) of every operation."""
    for handler in [*INTEGRATION, *MANAGEMENT, *OPEN]:
        for path in handler.paths:
            for method in handler.http_methods:
                yield method, PARAMETER.sub("{}", path)


def test_each_is_called_or_excused():
    names = {name for operation, name in in_sdk().items() if operation in set(served())}
    assert len(names) > 70
    tests = "".join(path.read_text() for path in sorted(HERE.glob("test_sdk_*.py")))
    called = {name for name in names if re.search(rf"\.{name}\(|[\"']{camel(name)}[\"']", tests)}
    excuses = dict(line.split(": ", 1) for line in (HERE / "not_by_sdk.txt").read_text().splitlines() if line)
    excused = {name for name in names if camel(name) in excuses}
    assert sorted(names - called - excused) == []
    assert sorted(excuses) == sorted(camel(name) for name in excused - called)
    assert all(excuses.values())
