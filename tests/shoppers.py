"""Customers who go on shopping whatever happens to the servers, and write down what they were told.

Each session is one customer's alone: a cart, perhaps changes to it, a closing, perhaps a cancellation. A step is sent
until some server answers it: after a broken connection or a 5xx nobody knows whether it happened, so it is sent again,
to the next server. Every other customer is careful and sends an `Idempotency-Key`: then all tries of a step are one,
which happens once and has one answer. `Session.attempts` has every try, and `assert_kept` compares them with the log in
the database.
"""

import random
import threading
from collections import defaultdict
from contextlib import contextmanager

import httpx

import make
from books import effects_of
from checkout import coupon_rule, line, running, update
from serving import INTEGRATION_KEY

CODES = ("FEW", "CARD", "MANY")
PAUSE = 0.05  # seconds before a request is sent again
EVENTS = {
    "open": {"talon_session_created", "talon_session_updated"},
    "closed": {"talon_session_closed"},
    "cancelled": {"talon_session_cancelled", "talon_session_revoked"},
    "reopen": {"talon_session_reopened"},
    "returns": {"talon_session_partially_returned"},
}
LOG = """
SELECT s.integration_id AS name, e.type, e.effects FROM customer_sessions s JOIN events e ON e.session_id = s.id
ORDER BY e.id
"""
CREATED = "SELECT value FROM coupons WHERE value LIKE 'THANKS-%'"


def open_shop(shop, manager):
    """Codes that everybody wants: one of a few uses, one with a budget, one for all; a sale with a budget, which also
    makes codes; and a friend of everybody, whose referral is good for a few."""
    codes = [
        {"code": "FEW", "usageLimit": 25},
        {"code": "CARD", "usageLimit": 0, "discountLimit": 300},
        {"code": "MANY", "usageLimit": 0, "limits": [make.per_profile(limit=30)]},
    ]
    for code in codes:
        running(manager, coupon_rule(["setDiscount", f"{code['code']} off", 7.77]), name=code["code"], codes=[code])
    limits = [
        {"action": "setDiscount", "limit": 400, "entities": []},
        {"action": "createCoupon", "limit": 20, "entities": ["Profile"], "period": "yearly"},
    ]
    thanks = make.rule(
        title="Thanks", effects=[["createCoupon", {"pattern": "THANKS-########", "storeInSession": True}]]
    )
    running(manager, make.rule(effects=[["setDiscount", "Sale", 3.33]]), thanks, name="Sale", limits=limits)
    friend = make.rule(condition=["and", ["referralValid"]], effects=[["setDiscount", "Friend", 1]])
    campaign, _ = running(manager, friend, name="Friends", features=["referrals"])
    update(shop, "advocate", {"profileId": "ann"})
    return make.new_referral(shop, campaign["id"], usageLimit=15)["code"]


class Step:
    """A request on a session: what it is to come to, and how it is sent."""

    def __init__(self, kind, **session):
        self.kind = kind
        self.method, self.path, self.body = {
            "returns": ("POST", "/returns", {"return": {"returnedCartItems": [{"position": 0, "quantity": 1}]}}),
            "reopen": ("PUT", "/reopen", None),
        }.get(kind, ("PUT", "", {"customerSession": {"state": kind} | session}))


class Attempt:
    """A step as it was sent. `effects` are those of a 200; `unknown` is whether it may have happened unsaid."""

    def __init__(self, kind):
        self.kind, self.status, self.effects = kind, None, None

    @property
    def unknown(self):
        """Nobody said whether it happened."""
        return self.status is None or self.status >= 500

    def __contains__(self, entry):
        """Whether an entry of the log, its type and effects, may come of this."""
        event, effects = entry
        return event in EVENTS[self.kind] and (self.unknown or effects == self.effects)

    def __repr__(self):
        return f"{self.kind}: {self.status} {self.effects if self.effects is not None else ''}"


class Session:
    """A session and everything that was tried with it."""

    def __init__(self, name):
        self.name, self.attempts = name, []


class Shopper(threading.Thread):
    """Shops until told to stop."""

    def __init__(self, crowd, number):
        super().__init__(daemon=True)
        self.crowd, self.number, self.chance = crowd, number, random.Random(number)
        self.careful = number % 2 == 0
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
        for step in self._plan():
            if not self._do(client, session, step):
                return

    def _plan(self):
        """A cart with codes, perhaps changed; a closing, perhaps done again; perhaps something comes back, or all."""
        chance = self.chance
        cart = {"cartItems": [line(quantity=2, price=chance.choice([10, 19.99]))]}
        cart |= {"couponCodes": chance.sample(CODES, chance.randrange(1, 4)), "profileId": f"p{chance.randrange(3)}"}
        cart |= {"referralCode": self.crowd.referral} if chance.random() < 0.3 else {}
        yield Step("open", **cart)
        if chance.random() < 0.4:
            yield Step("open", cartItems=[line(price=30), line("B")])
        yield Step("closed")
        if chance.random() < 0.2:
            yield Step("reopen")
            yield Step("closed")
        if chance.random() < 0.3:
            yield Step("returns")
        if chance.random() < 0.4:
            yield Step("cancelled")

    def _do(self, client, session, step):
        """Try until there is an answer; False when it is all over before."""
        key = {"Idempotency-Key": f"{session.name}-{len(session.attempts)}"} if self.careful else {}
        attempt, lost = None, False
        while not self.crowd.over.is_set():
            if attempt is None or not self.careful:
                attempt = Attempt(step.kind)
                session.attempts.append(attempt)
            url = f"{self.crowd.next_url()}/v2/customer_sessions/{session.name}{step.path}"
            try:
                answer = client.request(step.method, url, json=step.body, headers=key)
            except httpx.TransportError as error:
                if isinstance(error, httpx.ConnectError) and not self.careful:  # nobody was there to do it
                    session.attempts.remove(attempt)
                lost = lost or not isinstance(error, httpx.ConnectError)
                self.crowd.over.wait(PAUSE)
                continue
            if answer.status_code in (200, 201):
                attempt.status, attempt.effects = 200, effects_of(answer.content)["effects"]
                self.crowd.count()
                return True
            if not self.careful:
                attempt.status = answer.status_code
            if answer.status_code == 400 and lost and not self.careful:  # it had happened already
                return True
            assert answer.status_code == 409 or answer.status_code >= 500, answer.text
            lost = lost or answer.status_code >= 500
            self.crowd.over.wait(PAUSE)
        return False


class Crowd:
    """Shoppers at these servers."""

    def __init__(self, urls, referral, size):
        self.urls, self.referral, self.over, self._acknowledged = urls, referral, threading.Event(), 0
        self._changed = threading.Condition()
        self._turn = 0
        self.shoppers = [Shopper(self, number) for number in range(size)]

    @property
    def sessions(self):
        """Every session of everybody."""
        return [session for shopper in self.shoppers for session in shopper.sessions]

    @property
    def failures(self):
        """What was answered that should not have been."""
        return [shopper.failure for shopper in self.shoppers if shopper.failure]

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
            assert self._changed.wait_for(lambda: self._acknowledged >= enough, 30), f"no answers; {self.failures}"


@contextmanager
def shopping(urls, referral, size=4):
    """A crowd that shops at these servers, some with the referral of a friend, until the end of the block."""
    crowd = Crowd(urls, referral, size)
    for shopper in crowd.shoppers:
        shopper.start()
    try:
        yield crowd
    finally:
        crowd.over.set()
        for shopper in crowd.shoppers:
            shopper.join(40)
    assert not crowd.failures, crowd.failures
    assert not any(shopper.is_alive() for shopper in crowd.shoppers)


def assert_kept(sessions, sql):
    """Whatever was acknowledged is in the log as it was answered, in that order; of what was not, all or nothing; and
    there is nothing that nobody asked for."""
    logs = defaultdict(list)
    for row in sql(LOG):
        logs[row["name"]].append((row["type"], effects_of(row["effects"])))
    told = {props["value"] for log in logs.values() for _, effects in log for props in created(effects)}
    stored = {row["value"] for row in sql(CREATED)}
    assert told == stored, f"codes that are told of but not there, or the other way round: {told ^ stored}"
    del logs["advocate"]
    for session in sessions:
        log = logs.pop(session.name, [])
        assert follows(log, session.attempts), f"{session.name}: tried {session.attempts}, the log has {log}"
    assert not logs


def created(effects):
    """The codes that these effects made, or keep."""
    return (one["props"] for one in effects if one["effectType"] == "couponCreated")


def follows(log, attempts):
    """Whether these entries come of these attempts, in order."""
    reached = {0}  # how much of the log the attempts so far may account for
    for attempt in attempts:
        if attempt.status == 200:
            reached = {at + 1 for at in reached if at < len(log) and log[at] in attempt}
        elif attempt.unknown:
            reached |= {at + 1 for at in reached if at < len(log) and log[at] in attempt}
    return len(log) in reached
