"""Several server processes on one database."""

from types import SimpleNamespace

import pytest

from books import assert_books_balance, assert_limits_hold
from crowd import Crowd, client
from processes import Server, look_at

PROCESSES = 2
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
def several(nursery, database, tmp_path):
    """Two processes of `guerdon serve`: `at_once` sends requests to them (crowd.Crowd), `shop` and `manager` are
    clients of the first, `sql` looks at the database. After the test its books balance, its limits hold, and no server
    has complained, and there was no deadlock unless the test sets `may_deadlock`."""
    servers = [Server(nursery, tmp_path / f"{n}.log", GUERDON_DATABASE_URL=database).start() for n in range(PROCESSES)]
    urls = [server.ready().url for server in servers]
    with client(urls[0]) as shop, client(urls[0], management=True) as manager:
        made = SimpleNamespace(shop=shop, manager=manager, sql=look_at(database), at_once=Crowd(urls, database))
        made.urls, made.may_deadlock = urls, False
        yield made
    for server in servers:
        server.kill()
    assert [line for server in servers for line in server.said()] == []
    assert_books_balance(made.sql)
    assert_limits_hold(made.sql)
    assert made.may_deadlock or made.sql(DEADLOCKS)[0]["deadlocks"] == 0
