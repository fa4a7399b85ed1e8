"""Customers who go on shopping whatever happens to the servers, and write down what they were told.

Each session is one customer's alone: a cart, perhaps changes to it, a closing, perhaps a cancellation. A step is sent
until some server answers it: after a broken connection or a 5xx nobody knows whether it happened, so it is sent again,
to the next server. `Session.attempts` has every try, and `assert_kept` compares them with the log in the database.
"""

import random
import threading
from collections import defaultdict
from contextlib import contextmanager

import httpx

from books import effects_of
from checkout import coupon_rule, line, running
from serving import INTEGRATION_KEY

CODES = ("FEW", "CARD", "MANY")
PAUSE = 0.05  # seconds before a request is sent again
EVENTS = {
    "open": {"talon_session_created", "talon_session_updated"},
    "closed": {"talon_session_closed"},
    "cancelled": {"talon_session_cancelled", "talon_session_revoked"},
}
LOG = """
SELECT s.integration_id AS name, e.type, e.effects FROM customer_sessions s JOIN events e ON e.session_id = s.id
ORDER BY e.id
"""


def open_shop(manager):
    """Three codes that everybody wants: one of a few uses, one with a budget, one for all."""
    codes = [
        {"code": "FEW", "usageLimit": 25},
        {"code": "CARD", "usageLimit": 0, "discountLimit": 300},
        {"code": "MANY", "usageLimit": 0},
    ]
    for code in codes:
        running(manager, coupon_rule(["setDiscount", f"{code['code']} off", 7.77]), name=code["code"], codes=[code])


class Attempt:
    """A step as it was sent. `effects` are those of a 200; `unknown` is whether it may have happened unsaid."""

    def __init__(self, state):
        self.state, self.status, self.effects = state, None, None

    @property
    def unknown(self):
        """Nobody said whether it happened."""
        return self.status is None or self.status >= 500

    def __contains__(self, entry):
        """Whether an entry of the log, its type and effects, may come of this."""
        kind, effects = entry
        return kind in EVENTS[self.state] and (self.unknown or effects == self.effects)

    def __repr__(self):
        return f"{self.state}: {self.status} {self.effects if self.effects is not None else ''}"


class Session:
    """A session and everything that was tried with it."""

    def __init__(self, name):
        self.name, self.attempts = name, []


class Shopper(threading.Thread):
    """Shops until told to stop."""

    def __init__(self, crowd, number):
        super().__init__(daemon=True)
        self.crowd, self.number, self.chance = crowd, number, random.Random(number)
        self.sessions, self.failure = [], None

    def run(self):
        headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
        try:
            with httpx.Client(headers=headers, verify=False, timeout=30) as client:
                while not self.crowd.over.is_set():
                    self._shop(client)
        except BaseException as error:
            self.failure = error
            raise

    def _shop(self, client):
        session = Session(f"{self.number}-{len(self.sessions)}")
        self.sessions.append(session)
        cart = {"profileId": f"p{self.chance.randrange(3)}", "cartItems": [line(price=self.chance.choice([10, 19.99]))]}
        steps = [cart | {"couponCodes": self.chance.sample(CODES, self.chance.randrange(1, 4))}]
        steps += [{"cartItems": [line(price=30)]}] * self.chance.randrange(2)
        steps += [{"state": "closed"}]
        steps += [{"state": "cancelled"}] * (self.chance.random() < 0.4)
        for step in steps:
            if not self._do(client, session, step):
                return

    def _do(self, client, session, step):
        """Try until there is an answer; False when it is all over before."""
        while not self.crowd.over.is_set():
            attempt = Attempt(step.get("state", "open"))
            session.attempts.append(attempt)
            url = f"{self.crowd.next_url()}/v2/customer_sessions/{session.name}"
            try:
                answer = client.put(url, json={"customerSession": step})
            except httpx.TransportError as error:
                if isinstance(error, httpx.ConnectError):  # nobody was there to do it
                    session.attempts.remove(attempt)
                self.crowd.over.wait(PAUSE)
                continue
            attempt.status = answer.status_code
            if answer.status_code == 200:
                attempt.effects = effects_of(answer.content)["effects"]
                self.crowd.count()
                return True
            if answer.status_code == 400:  # it had happened already
                assert "Cannot move session" in answer.text, answer.text
                return True
            assert answer.status_code == 409 or attempt.unknown, answer.text
            self.crowd.over.wait(PAUSE)
        return False


class Crowd:
    """Shoppers at these servers."""

    def __init__(self, urls, size):
        self.urls, self.over, self._acknowledged = urls, threading.Event(), 0
        self._changed = threading.Condition()
        self._turn = 0
        self.shoppers = [Shopper(self, number) for number in range(size)]

    @property
    def sessions(self):
        """Every session of everybody."""
        return [session for shopper in self.shoppers for session in shopper.sessions]

    def next_url(self):
        """The servers take turns."""
        self._turn += 1
        return self.urls[self._turn % len(self.urls)]

    def count(self):
        """One more answer."""
        with self._changed:
            self._acknowledged += 1
            self._changed.notify_all()

    def wait_for_answers(self, number):
        """Until that many more requests have succeeded."""
        with self._changed:
            enough = self._acknowledged + number
            assert self._changed.wait_for(lambda: self._acknowledged >= enough, 30), "the shop does not recover"


@contextmanager
def shopping(urls, size=4):
    """A crowd that shops at these servers until the end of the block."""
    crowd = Crowd(urls, size)
    for shopper in crowd.shoppers:
        shopper.start()
    try:
        yield crowd
    finally:
        crowd.over.set()
        for shopper in crowd.shoppers:
            shopper.join(40)
    assert not any(shopper.is_alive() or shopper.failure for shopper in crowd.shoppers)


def assert_kept(sessions, sql):
    """Whatever was acknowledged is in the log as it was answered, in that order; of what was not, all or nothing; and
    there is nothing that nobody asked for."""
    logs = defaultdict(list)
    for row in sql(LOG):
        logs[row["name"]].append((row["type"], effects_of(row["effects"])))
    for session in sessions:
        log = logs.pop(session.name, [])
        assert follows(log, session.attempts), f"{session.name}: tried {session.attempts}, the log has {log}"
    assert not logs


def follows(log, attempts):
    """Whether these entries come of these attempts, in order."""
    reached = {0}  # how much of the log the attempts so far may account for
    for attempt in attempts:
        if attempt.status == 200:
            reached = {at + 1 for at in reached if at < len(log) and log[at] in attempt}
        elif attempt.unknown:
            reached |= {at + 1 for at in reached if at < len(log) and log[at] in attempt}
    return len(log) in reached
