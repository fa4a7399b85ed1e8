"""Events and profile updates of one customer at once, over several server processes: each counts, or is refused and
leaves nothing; no limit is exceeded."""

import asyncio
from collections import Counter

import pytest

import make
from checkout import define, effects, line, refusal, rows, running
from crowd import close, session
from racing import holding, waits
from rerun import assert_same_again

BUSY = refusal("Too many requests are updating this profile at the same time", status=409)
TAKEN = refusal("An event with this integration id already exists", status=409)
VISITS = ["Profile", "Attributes", "visits"]
COUNT = ["updateAttribute", VISITS, ["+", ["catch", 0, [".", *VISITS]], 1]]
GATES = pytest.mark.parametrize("gate", ["", "profiles", "events"])


def event(profile="kim", **members):
    return "POST", "/v2/events?silent=no", {"profileId": profile, "type": "visit"} | members


def advanced(integration_id, profile="kim"):
    return "POST", "/v3/events?silent=no", {"profileId": profile, "type": "visit", "integrationId": integration_id}


def profile(name="kim", *, rules=True, **attributes):
    url = f"/v2/customer_profiles/{name}?runRuleEngine={str(rules).lower()}"
    return "PUT", url, {"attributes": attributes}


@pytest.fixture
def visits(several):
    """A type of events, and a number that rules count up."""
    define(several.manager, "Event", "page", eventType="visit")
    define(several.manager, "CustomerProfile", "visits", "number")
    several.database = several.at_once.database
    return several


def done(answers, *also):
    """How many requests got through; the others were told to come back."""
    for answer in answers:
        assert answer.status_code == 200 or answer.json() in (BUSY, *also), answer.text
    return sum(answer.status_code == 200 for answer in answers)


def made(answers):
    return sum(len(answer.json()["createdCoupons"]) for answer in answers if answer.status_code == 200)


def visited(sql, name="kim"):
    query = "SELECT (attributes ->> 'visits')::int AS n FROM profiles WHERE integration_id = $1"
    return [row["n"] for row in sql(query, name)]


@GATES
@pytest.mark.parametrize("known", [False, True])
def test_every_event_sees_those_before_it(visits, gate, known):
    running(visits.manager, make.rule(effects=[COUNT]))
    before = done(visits.at_once(event())) if known else 0
    requests = [event(), profile(), advanced("a"), event(), profile(), advanced("b"), event(), event()]
    through = done(visits.at_once(*requests, gate=gate))
    assert through >= 1
    assert visited(visits.sql) == [before + through]
    assert visits.sql("SELECT count(*) FROM events")[0][0] == before + through
    assert_same_again(visits)


@GATES
def test_a_limit_for_each_customer(visits, gate):
    limit = {"action": "createCoupon", "limit": 3, "entities": ["Profile"]}
    running(visits.manager, make.rule(effects=[["createCoupon"]]), limits=[limit])
    answers = visits.at_once(*[event() for _ in range(8)], gate=gate)
    assert made(answers) == min(3, done(answers))
    assert visits.sql("SELECT count(*) FROM coupons")[0][0] == made(answers)
    while made(visits.at_once(event())):
        pass
    assert visits.sql("SELECT count(*) FROM coupons")[0][0] == 3
    assert visits.sql("SELECT used FROM limit_counters")[0]["used"] == 3


@pytest.mark.parametrize("gate", ["", "limit_counters", "events"])
def test_a_limit_that_customers_share(visits, gate):
    limit = {"action": "createCoupon", "limit": 3, "entities": []}
    running(visits.manager, make.rule(effects=[["createCoupon"]]), limits=[limit])
    answers = visits.at_once(*[event(f"p{number}") for number in range(8)], gate=gate)
    assert (done(answers), made(answers)) == (8, 3)
    assert visits.sql("SELECT used FROM limit_counters")[0]["used"] == 3


def test_a_limit_that_events_and_closings_share(visits):
    limit = {"action": "customEffect", "limit": 4, "entities": []}
    running(visits.manager, make.rule(effects=[["customEffect", 7, "wrap", ["kv", ["paper", "red"]]]]), limits=[limit])
    requests = [event("a"), close("s1"), profile("b"), close("s2", profileId="c"), event("c"), close("s3"), event("d")]
    answers = visits.at_once(*requests, gate="limit_counters")
    assert sum(len(effects(answer.json())) for answer in answers if answer.status_code == 200) == 4
    assert visits.sql("SELECT used FROM limit_counters")[0]["used"] == 4


@GATES
def test_events_of_a_customer_whose_sessions_close(visits, gate):
    """Nothing that one of them did to the customer is lost to another."""
    running(visits.manager, make.rule(effects=[COUNT]))
    sale = {"profileId": "kim", "cartItems": [line()]}
    assert done(visits.at_once(session("s1", **sale), session("s2", **sale), gate="")) == 2
    [start] = visited(visits.sql)
    answers = visits.at_once(event(), close("s1"), event(), close("s2"), profile(), close("s3", **sale), gate=gate)
    found = Counter(answer.status_code for answer in answers)
    assert set(found) <= {200, 409}
    [row] = visits.sql("SELECT closed_sessions, total_sales FROM profiles")
    closed = sum(answers[at].status_code == 200 for at in (1, 3, 5))
    assert tuple(row) == (closed, 100 * closed)
    assert visited(visits.sql) == [start + found[200]]
    assert_same_again(visits)


@pytest.mark.parametrize("gate", ["", "advanced_events", "profiles"])
@pytest.mark.parametrize("profiles", [["kim"], ["kim", "lee", "ann"]])
def test_an_id_is_used_once(visits, gate, profiles):
    running(visits.manager, make.rule(effects=[["createCoupon"]]))
    requests = [advanced("e1", profiles[number % len(profiles)]) for number in range(6)]
    answers = visits.at_once(*requests, gate=gate)
    assert (done(answers, TAKEN), made(answers)) == (1, 1)
    assert visits.sql("SELECT count(*) FROM events")[0][0] == 1
    assert visits.sql("SELECT count(*) FROM coupons")[0][0] == 1


def test_attributes_set_at_once_are_all_there(visits):
    names = "abcdefgh"
    for name in names:
        define(visits.manager, "CustomerProfile", name, "number")
    requests = [profile(rules=number % 2 == 0, **{name: number}) for number, name in enumerate(names)]
    answers = visits.at_once(*requests, gate="profiles")
    through = {name: n for n, name in enumerate(names) if answers[n].status_code == 200}
    done(answers)
    [row] = visits.sql("SELECT attributes::text FROM profiles")
    assert {name: n for name, n in through.items() if f'"{name}": {n}' in row["attributes"]} == through != {}


def test_a_customer_who_is_held_for_too_long(shop, manager, server):
    define(manager, "Event", "page", eventType="visit")
    assert shop.post("/v2/events", json={"profileId": "kim", "type": "visit"}).status_code == 204
    before = rows(server)

    async def race():
        loop = asyncio.get_running_loop()
        async with holding(server, "SELECT id FROM profiles FOR UPDATE") as conn:
            sent = [loop.run_in_executor(None, send, *one) for one in (event(), profile(), profile(rules=False))]
            await waits(conn)
            return await asyncio.gather(*sent)

    def send(method, url, body):
        return shop.request(method, url, json=body, timeout=20)

    assert [answer.json() for answer in asyncio.run(race())] == [BUSY] * 3
    assert rows(server) == before
