"""Requests that come to several servers at the same moment, each over a connection of its own."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import asyncpg
import httpx

from serving import INTEGRATION_KEY, MANAGEMENT_KEY

WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def client(url, *, management=False):
    """An HTTP client of the shop, or of its back office."""
    key = f"ManagementKey-v1 {MANAGEMENT_KEY}" if management else f"ApiKey-v1 {INTEGRATION_KEY}"
    return httpx.Client(base_url=url, headers={"Authorization": key}, verify=False, timeout=30)


class Crowd:
    """Sends requests to servers that share a database, all at once."""

    def __init__(self, urls, database):
        self.urls, self.database = urls, database

    def __call__(self, *requests, gate="", hold=False, meanwhile=None):
        """The answers of these requests, each (method, path) or (method, path, body), in order; none is a 5xx.

        They start together, each at the next server. With `gate`, a table or a SELECT that locks rows, they all come to
        know what is stored now, and nobody can write there, before the first of them may: the closest that a race can
        be. What is to happen `meanwhile` is called before it opens. With `hold` it opens when all have given up.
        """
        begin = threading.Barrier(len(requests))
        urls = [self.urls[number % len(self.urls)] for number in range(len(requests))]

        def send(url, request):
            method, path, *body = request
            with client(url, management=path.startswith("/v1/applications")) as http:
                http.get("/healthz")
                begin.wait()
                return http.request(method, path, **({"json": body[0]} if body else {}))

        with ThreadPoolExecutor(len(requests)) as threads, _shut(self.database, gate) as pass_through:
            sent = [threads.submit(send, url, request) for url, request in zip(urls, requests, strict=True)]
            pass_through(sent, hold, meanwhile)
        answers = [one.result() for one in sent]
        assert all(one.status_code < 500 for one in answers), [one.text for one in answers]
        return answers


@contextmanager
def _shut(database, gate):
    """Hold a table, or rows, until the requests wait for a lock or are answered; what is stored can still be read."""
    if not gate:
        yield lambda *_: None
        return
    with asyncio.Runner() as runner:
        conn = runner.run(asyncpg.connect(database))
        lock = gate if gate.startswith("SELECT") else f"LOCK TABLE {gate} IN EXCLUSIVE MODE"
        runner.run(conn.execute(f"BEGIN; {lock}"))

        def pass_through(sent, hold, meanwhile):
            ends = time.monotonic() + (30 if hold else 2)  # two seconds are not so long that a server gives up
            while time.monotonic() < ends:
                runner.run(conn.execute("SELECT pg_stat_clear_snapshot()"))
                waiting = 0 if hold else runner.run(conn.fetchval(WAITING))
                if waiting + sum(one.done() for one in sent) >= len(sent):
                    break
                time.sleep(0.005)
            if meanwhile is not None:
                meanwhile()
            runner.run(conn.execute("COMMIT"))

        try:
            yield pass_through
        finally:
            runner.run(conn.close())


def session(session_id, **members):
    """A request that updates a session."""
    return "PUT", f"/v2/customer_sessions/{session_id}", {"customerSession": members}


def close(session_id, **members):
    """A request that closes a session."""
    return session(session_id, state="closed", **members)


def cancel(session_id):
    """A request that cancels a session."""
    return session(session_id, state="cancelled")


def take_back(session_id, position=0, quantity=1):
    """A request that returns units of a line of a closed session."""
    units = [{"position": position, "quantity": quantity}]
    return "POST", f"/v2/customer_sessions/{session_id}/returns", {"return": {"returnedCartItems": units}}


def reopen(session_id):
    """A request that opens a closed session again."""
    return "PUT", f"/v2/customer_sessions/{session_id}/reopen"
