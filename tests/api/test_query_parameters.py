"""What is read has the query parameters it declares and no others (management.md §2)."""

import pytest

from checkout import refused_request
from guerdon.api.app import MANAGEMENT
from guerdon.api.lists import reads

READS = sorted(
    path.replace(":int}", "}").replace(":str}", "}")
    for handler in MANAGEMENT
    if reads(handler)
    for path in handler.paths
)


def test_there_are_many():
    assert len(READS) > 30


@pytest.mark.parametrize("path", READS)
def test_what_is_not_declared_is_refused(shared, shared_manager, path):
    method = "POST" if "_search" in path else "GET"
    url = path.format_map(_Ones())
    body = {"json": {}} if method == "POST" else {}
    status, answer = refused_request(shared, shared_manager, method, url, params={"nope": "1", "Sort": "id"}, **body)
    assert (status, answer["errors"]) == (
        400,
        [
            {"title": "Unknown", "details": "There is no such parameter", "source": {"parameter": name}}
            for name in ("Sort", "nope")
        ],
    )


class _Ones(dict):
    """1 for every parameter of a path."""

    def __missing__(self, name):
        return "1"
