"""Waiting for what a server does in the background."""

import threading
import time

PATIENCE = 60  # seconds; far more than it takes, for machines that are busy


def until(look):
    """What `look()` gives, as soon as that is anything."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if found := look():
            return found
        threading.Event().wait(0.02)
    raise AssertionError("it did not come")


def finished(client, url):
    """The job at this address, as soon as it is not pending any more."""

    def look():
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        return None if answer.json()["status"] == "pending" else answer.json()

    return until(look)
