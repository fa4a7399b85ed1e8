"""Tests of what is not served yet: they are written, and begin to count on the day it is."""

import pytest


def must_be_there(several, request):
    """Skip the test while nobody serves this request; else it is done."""
    [answer] = several.at_once(request)
    if answer.status_code in (404, 405) and answer.json()["message"] in ("Not found", "Method not allowed"):
        pytest.skip(f"{request[0]} {request[1]} is not served yet")
    assert answer.status_code < 300, answer.text
    return answer
