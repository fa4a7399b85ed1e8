"""The history of a code, or of a campaign's limits, that several clients redeem, give back and read at once, through
several server processes, is one that a single counter could have had. And the checker that says so can say no."""

import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import make
from checkout import coupon_rule, effects, line, running
from crowd import cancel, client, close, session
from linearizability import NEVER, Operation, coupon, linearization
from processes import Server

AMOUNT = Decimal(10)  # that a closing gives
LIMITS = [(3, 1000, False), (1000, Decimal("35.5"), True), (5, 40, False)]  # uses, budget, whether it may be less


class Recorder:
    """Clients at several servers, and what they saw when."""

    def __init__(self, urls, limited):
        self.urls, self.limited, self.history = urls, limited, []

    def run(self, clients, sessions):
        """The history of so many clients at once, with so many sessions each."""
        with ThreadPoolExecutor(clients) as threads:
            list(threads.map(self._shop, range(clients), [sessions] * clients))
        return self.history

    def look(self, manager):
        """What is counted now."""
        return self._seen(manager.get(self.limited).json(), "read")

    def _shop(self, number, sessions):
        chance = random.Random(number)
        url = self.urls[number % len(self.urls)]
        with client(url) as shop, client(url, management=True) as manager:
            for count in range(sessions):
                self._session(shop, f"{number}-{count}", chance)
                if chance.random() < 0.5:
                    self._do(manager, ("GET", self.limited), "read")

    def _session(self, shop, name, chance):
        members = {"profileId": f"p{name}", "couponCodes": ["CODE"], "cartItems": [line(price=100)]}
        if chance.random() < 0.3:
            self._do(shop, session(name, **members), "ask")
        given = self._do(shop, close(name, **members), "close")
        if given and chance.random() < 0.7:
            self._do(shop, cancel(name), ("cancel", given))

    def _do(self, http, request, call):
        """Send it until there is an answer, which is returned; what was refused as a conflict did not happen."""
        method, path, *body = request
        while True:
            called = time.monotonic()
            try:
                answer = http.request(method, path, **({"json": body[0]} if body else {}))
            except httpx.ConnectError:  # never sent
                time.sleep(0.02)
                continue
            except httpx.TransportError:
                self.history.append(Operation(called, NEVER, call, None))
                return None
            returned = time.monotonic()
            if answer.status_code != 409:
                break
        assert answer.status_code == 200, answer.text
        seen = self._seen(answer.json(), call)
        self.history.append(Operation(called, returned, call, seen))
        return seen

    def _seen(self, body, call):
        if call == "read":
            counters = {one["action"]: one["counter"] for one in body.get("budgets", ())}
            uses, given = counters.get("redeemCoupon", body.get("usageCounter")), counters.get("setDiscount")
            return int(uses), Decimal(str(body["discountCounter"] if given is None else given))
        wanted = "rollbackDiscount" if isinstance(call, tuple) else "setDiscount"
        return sum(Decimal(str(props["value"])) for kind, props in effects(body) if kind == wanted)


def code_with(manager, uses, budget, parts):
    """A code that takes ten off, with limits of its own; its URL."""
    codes = [{"code": "CODE", "usageLimit": uses, "discountLimit": float(budget)}]
    campaign, made = running(manager, coupon_rule(["setDiscount", "Ten", 10, {"partial": parts}]), codes=codes)
    return f"{make.CAMPAIGNS}/{campaign['id']}/coupons/{made['CODE']['id']}"


def campaign_with(manager, uses, budget, parts):
    """The same, with limits of the campaign; the URL of that."""
    limits = [("redeemCoupon", uses), ("setDiscount", float(budget))]
    limits = [{"action": action, "limit": limit, "entities": []} for action, limit in limits]
    codes = [{"code": "CODE", "usageLimit": 0}]
    campaign, _ = running(
        manager, coupon_rule(["setDiscount", "Ten", 10, {"partial": parts}]), codes=codes, limits=limits
    )
    return f"{make.CAMPAIGNS}/{campaign['id']}"


@pytest.mark.parametrize("limited", [code_with, campaign_with])
@pytest.mark.parametrize(("uses", "budget", "parts"), LIMITS)
def test_the_history_of_a_code_and_of_a_campaign(several, uses, budget, parts, limited):
    recorder = Recorder(several.urls, limited(several.manager, uses, budget, parts))
    history = recorder.run(clients=6, sessions=12)
    model = coupon(uses, budget, AMOUNT, parts=parts)
    assert linearization(history, model, (0, 0)) is not None, history

    # It is not so because anything goes: one more use, one cent more or an older reading cannot be explained.
    last = uses_now, given_now = recorder.look(several.manager)
    wrong = next(answer for answer in (Decimal(0), AMOUNT) if model(last, "close", answer) is None)
    end = max(one.returned for one in history)
    for call, answer in [
        ("read", (uses_now + 1, given_now)),
        ("read", (uses_now, given_now + Decimal("0.01"))),
        ("close", wrong),
        ("ask", wrong),
        (("cancel", AMOUNT), 0),
    ]:
        late = Operation(end + 1, end + 2, call, answer)
        assert linearization([*history, late], model, (0, 0)) is None, late
    assert linearization([*history, Operation(end + 1, end + 2, "read", last)], model, (0, 0)) is not None


def test_the_history_of_a_code_while_servers_are_killed(several, nursery, database, tmp_path):
    """Closings that nobody answered count at most once, whenever that was."""
    uses, budget, parts = LIMITS[1]
    mortal = Server(nursery, tmp_path / "mortal.log", GUERDON_DATABASE_URL=database).start().ready()
    recorder = Recorder([mortal.url, *several.urls], code_with(several.manager, uses, budget, parts))
    done = threading.Event()

    def kill():
        for _ in range(5):
            done.wait(random.random() * 0.1)
            mortal.kill()
            mortal.start().ready()

    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(kill)
        history = recorder.run(clients=6, sessions=24)
        done.set()
        killed.result()
    mortal.kill()
    assert linearization(history, coupon(uses, budget, AMOUNT, parts=parts), (0, 0)) is not None, history


# --- the checker


def test_a_history_out_of_a_book():
    """Two take the last use though the first was answered before the second asked; a reading from before."""
    model = coupon(1, 100, 10)
    first, second = Operation(0, 1, "close", 10), Operation(2, 3, "close", 10)
    assert linearization([first], model, (0, 0)) == [first]
    assert linearization([first, second], model, (0, 0)) is None
    assert linearization([first, second._replace(called=0.5)], model, (0, 0)) is None
    assert linearization([first, second._replace(answer=0)], model, (0, 0)) is not None
    stale = Operation(2, 3, "read", (0, 0))
    assert linearization([first, stale], model, (0, 0)) is None
    assert linearization([first, stale._replace(called=0.5)], model, (0, 0)) == [stale._replace(called=0.5), first]
    back = Operation(4, 5, ("cancel", 10), 10)
    again = Operation(6, 7, "close", 10)
    assert linearization([first, back, again], model, (0, 0)) == [first, back, again]
    assert linearization([first, again], model, (0, 0)) is None
    lost = Operation(2, NEVER, ("cancel", 10), None)
    assert linearization([first, lost, again], model, (0, 0)) == [first, lost, again]
    assert linearization([first, lost, again._replace(called=1.5, returned=1.7)], model, (0, 0)) is None


def explained(history, model, state):
    """The definition, tried out: some order that keeps to the times explains every answer."""
    answered = [one for one in history if one.returned != NEVER]
    lost = [one for one in history if one.returned == NEVER]
    for count in range(len(lost) + 1):
        for happened in itertools.combinations(lost, count):
            for order in itertools.permutations([*answered, *happened]):
                if any(b.returned < a.called for a, b in itertools.combinations(order, 2)):
                    continue
                now = state
                for one in order:
                    now = None if now is None else model(now, one.call, one.answer)
                if now is not None:
                    return True
    return False


CALLS = st.sampled_from(["close", "ask", "read", ("cancel", 10), ("cancel", 5)])
ANSWERS = {
    "close": [0, 10], "ask": [0, 10], "read": [(0, 0), (1, 10), (2, 20), (1, 5)],
    ("cancel", 10): [10], ("cancel", 5): [5],
}  # fmt: skip


@st.composite
def operations(draw):
    """Any call, any answer, at any time."""
    called, length, call = draw(st.integers(0, 8)), draw(st.integers(1, 5)), draw(CALLS)
    if draw(st.integers(0, 9)) == 0:
        return Operation(called, NEVER, call, None)
    return Operation(called, called + length - 0.5, call, draw(st.sampled_from(ANSWERS[call])))


@settings(max_examples=200, deadline=None)
@given(st.lists(operations(), max_size=6))
def test_the_checker_agrees_with_the_definition(history):
    model = coupon(2, 25, 10)
    assert (linearization(history, model, (0, 0)) is not None) == explained(history, model, (0, 0))


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_one_counter_did_is_linearizable_and_what_two_did_is_not(chance):
    """A long history of a single counter, with calls and answers around the moments that it had; then the same of a
    counter that gives out its last use twice."""
    model, state, history = coupon(4, 100, 10), (0, 0), []
    standing = 0
    for moment in range(120):
        call = chance.choice(["close", "close", "ask", "read", ("cancel", 10) if standing else "read"])
        for answer in [state] if call == "read" else [10, 0]:
            if (after := model(state, call, answer)) is not None:
                break
        standing += (call == "close" and answer == 10) - (call == ("cancel", 10))
        state = after
        history.append(Operation(moment - 3 * chance.random(), moment + 3 * chance.random(), call, answer))
    assert linearization(history, model, (0, 0)) is not None
    twice = [*history, *[Operation(130 + n, 130.5 + n, "close", 10) for n in range(5)]]
    assert linearization(twice, model, (0, 0)) is None
