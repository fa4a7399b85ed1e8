"""Servers and PostgreSQL are killed under load: what was acknowledged is there, and nothing is half done."""

import random

from books import assert_books_balance, assert_limits_hold
from crowd import client
from guerdon.db.embedded import running_url
from processes import Postgres, kill_postgres, look_at
from serving import gone
from shoppers import assert_kept, open_shop, shopping

KILLS_OF_SERVERS, KILLS_OF_POSTGRES = 40, 12  # the issue asks for fifty


def set_up(server):
    """The shop that all go to; the referral of a friend."""
    with client(server.url) as shop, client(server.url, management=True) as manager:
        return open_shop(shop, manager)


def moment(crowd, chance):
    """Some time later, in the middle of something."""
    crowd.wait_for_answers(chance.randrange(1, 15))
    crowd.over.wait(chance.random() * 0.02)


def assert_nothing_lost(crowd, sql):
    """What everybody was told is what there is."""
    assert_kept(crowd.sessions, sql)
    assert_books_balance(sql)
    assert_limits_hold(sql)


def test_servers_are_killed(servers, folder):
    """Two servers: one with the embedded PostgreSQL, which outlives it, and one on the same database. Each is killed
    and started again, now and then both and PostgreSQL with them, as in a power cut."""
    chance = random.Random()
    data = folder / "data"
    first = servers("first", GUERDON_DATA=str(data))
    url = running_url(data)
    second = servers("second", GUERDON_DATABASE_URL=url)
    referral = set_up(first)
    with shopping([first.url, second.url], referral) as crowd:
        for number in range(KILLS_OF_SERVERS):
            moment(crowd, chance)
            if number % 8 == 7:
                first.kill()
                second.kill()
                assert gone(kill_postgres(data))
                first.start().ready()
                second.start()
            else:
                victim = chance.choice([first, second]).ready()
                victim.kill()
                victim.start()
        crowd.wait_for_answers(10)
    assert_nothing_lost(crowd, look_at(url))


def test_postgresql_is_killed(servers, folder):
    """The servers stay up; they go on by themselves as soon as PostgreSQL is back."""
    chance = random.Random()
    postgres = Postgres(folder / "own")
    url = postgres.start()
    both = [servers(name, GUERDON_DATABASE_URL=url) for name in ("first", "second")]
    referral = set_up(both[0])
    with shopping([one.url for one in both], referral) as crowd:
        for _ in range(KILLS_OF_POSTGRES):
            moment(crowd, chance)
            postgres.kill()
            postgres.start()
            for one in both:
                one.ready()
        crowd.wait_for_answers(10)
    assert_nothing_lost(crowd, look_at(url))
