"""Any request of the past can be run again and gives the same bytes, whatever happened since (invariant 10)."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

import make
from checkout import COUPON_VALID, TOTAL, cost, coupon_rule, define, line, new_key, rules_of, running
from guerdon.db import pool
from guerdon.errors import NotFound
from guerdon.flows.programs import Programs
from guerdon.flows.run_again import run_again
from guerdon.wire.base import encode_text
from rerun import again, assert_same_again, events

CART = [line("A", 2, 10.5, category="fruit"), line("B", 1, 4.333), line("C", 3, 0.1, category="fruit")]


class Answer(msgspec.Struct):
    effects: msgspec.Raw


class Log:
    """A shop that remembers the effects of each answer, as bytes, in the order of the requests."""

    def __init__(self, shop):
        self.shop, self.answers = shop, []

    def put(self, session_id, session, headers=None, content=()):
        body = {"customerSession": session, "responseContent": list(content)}
        answer = self.shop.put(f"/v2/customer_sessions/{session_id}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        self.answers.append(bytes(msgspec.json.decode(answer.content, type=Answer).effects).decode())


def in_filter(category):
    return [
        "filter",
        [".", "Session", "CartItems"],
        [["Item"], ["catch", False, ["=", [".", "Item", "Category"], category]]],
    ]


@pytest.fixture
def lived(shop, manager, server):
    """A shop's life, in which nearly everything changes between the requests; what each answered."""
    log = Log(shop)
    define(manager, "CustomerSession", "tier")
    define(manager, "CustomerProfile", "visits", "number")
    define(manager, "CartItem", "colour")
    fruit = {"name": "Fruit", "type": "cartItemFilter", "expression": in_filter("fruit")}
    per_item = [["Item"], ["*", [".", "Item", "Price"], ["/", 1, 3]]]
    third = ["setDiscountPerItem", "A third off fruit", [".", "Fruit"], per_item]
    first, _ = running(manager, make.rule(), name="Fruit")
    cost(manager, "ship")
    rules_of(manager, first, make.rule(title="Fruit", effects=[third]), bindings=[fruit])
    visits = ["+", ["catch", 0, [".", "Profile", "Attributes", "visits"]], 1]
    counting = [["updateAttribute", ["Profile", "Attributes", "visits"], visits]]
    tier = ["updateAttribute", ["Session", "Attributes", "tier"], ["concat", "gold", "-", "1"]]
    late = make.rule(
        title="Late", condition=["and", ["after", [".", "Now"], (server.clock() + timedelta(days=9)).isoformat()]]
    )
    second, _ = running(
        manager, make.rule(title="Visits", effects=counting), make.rule(title="Tier", effects=[tier]), late
    )
    codes = ["ONE", {"code": "TWO", "usageLimit": 3}, {"code": "OLD", "expiryDate": "2020-01-01T00:00:00Z"}]
    gift = coupon_rule(["setDiscount", "Percent", ["*", TOTAL, 0.07]], ["addFreeItem", "Mug", "MUG", 2])
    picky = make.rule(title="Picky", condition=["and", COUPON_VALID, [">", TOTAL, 1000]])
    third_campaign, made = running(manager, gift, picky, codes=codes, name="Codes")
    _, staging_like = new_key(manager, timeOffset=10 * 24 * 3600 * 10**9)

    log.put("anonymous", {"cartItems": CART})
    log.put("s1", {"profileId": "kim", "cartItems": CART, "couponCodes": ["TWO", "NOPE", "OLD", "ONE"]})
    log.put(
        "s1",
        {"attributes": {"tier": "tin"}, "additionalCosts": {"ship": {"price": 4.9}}},
        content=["ruleFailureReasons"],
    )
    log.put("s2", {"profileId": "kim", "cartItems": CART, "couponCodes": ["ONE"]}, headers=staging_like)
    log.put("s1", {"state": "closed"})
    log.put("s2", {"state": "closed"})
    server.clock.travel(days=5)
    rules_of(manager, third_campaign, coupon_rule(["setDiscount", "New", 1.999]), make.rule(title="And more"))
    log.put("s3", {"profileId": "kim", "cartItems": [line("ä€🧾", 7, 1e-7)], "couponCodes": ["TWO"], "state": "closed"})
    log.put("s1", {"state": "cancelled"})
    log.put("s4", {"profileId": "lee", "couponCodes": ["ONE"], "cartItems": [line(price=1e15)]})
    log.put("s4", {"state": "cancelled"})
    application = {"name": "Renamed", "timezone": "Asia/Tokyo", "currency": "JPY", "enableFlattenedCartItems": True,
                   "enableCascadingDiscounts": True, "caseSensitivity": "insensitive-uppercase"}  # fmt: skip
    manager.put("/v1/applications/1", json=application).raise_for_status()
    log.put("s5", {"profileId": "lee", "couponCodes": ["one", "two"], "cartItems": CART})
    server.clock.travel(days=5)
    log.put("s5", {})
    log.put("s5", {"state": "closed"})
    manager.delete(f"{make.CAMPAIGNS}/{first['id']}").raise_for_status()
    log.put("s6", {"profileId": "lee", "cartItems": CART})
    log.put("s5", {"state": "cancelled"})
    manager.put(f"{make.CAMPAIGNS}/{second['id']}", json=make.campaign(state="disabled")).raise_for_status()
    manager.delete(f"{make.CAMPAIGNS}/{third_campaign['id']}/coupons/{made['TWO']['id']}").raise_for_status()
    log.put("s3", {"state": "cancelled"})
    log.put("s6", {"profileId": ""})
    log.put("s6", {"state": "closed"})
    manager.delete(f"{make.CAMPAIGNS}/{third_campaign['id']}").raise_for_status()
    manager.delete(f"{make.CAMPAIGNS}/{second['id']}").raise_for_status()
    log.put("s7", {"cartItems": CART})
    shop.put("/v2/customer_sessions/s8", json={"customerSession": {"cartItems": CART}}, params={"dry": "true"})
    return log.answers


def test_every_request_gives_the_same_bytes_again(server, lived):
    logged = events(server)
    assert [row["effects"] for row in logged] == lived
    assert len(lived) == 19
    kinds = "created created updated created closed closed closed revoked created cancelled created updated closed"
    kinds += " created revoked revoked updated closed created"
    assert [row["type"] for row in logged] == [f"talon_session_{kind}" for kind in kinds.split()]
    assert sum(effects != "[]" for effects in lived) == 17
    ids = [row["id"] for row in logged]
    for order, programs in ((ids, Programs()), (ids[::-1], Programs()), (ids, None)):
        for record, outcome in again(server, order, programs):
            assert encode_text(outcome.effects) == record.effects, (record.id, record.type)


def test_a_fresh_process_says_the_same(server, lived):
    logged = events(server)
    environment = os.environ | {"GUERDON_DATABASE_URL": server.database}
    guerdon = [str(Path(sys.executable).with_name("guerdon")), "eval"]
    for row in (logged[1], logged[7]):
        done = subprocess.run([*guerdon, str(row["id"])], env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, row["effects"] + "\n"), done.stderr
        assert done.stderr.startswith(f"{row['type']}, judged at 20")
        assert done.stderr.endswith(": the same bytes\n")
    done = subprocess.run(
        [*guerdon, "1", "--application", "2"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "guerdon: Event not found\n")
    server.sql("UPDATE events SET effects = '[]' WHERE id = $1", logged[1]["id"])
    done = subprocess.run(
        [*guerdon, str(logged[1]["id"])], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, logged[1]["effects"] + "\n")
    assert done.stderr.endswith(": DIFFERENT from the log\n")


def test_a_logged_request_is_explained(server, lived):
    logged = events(server)
    environment = os.environ | {"GUERDON_DATABASE_URL": server.database}
    guerdon = [str(Path(sys.executable).with_name("guerdon")), "eval", "--explain"]
    fired = next(row for row in logged if "acceptCoupon" in row["effects"])
    done = subprocess.run([*guerdon, str(fired["id"])], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "      ✓ couponValid\n" in done.stdout
    assert "      → acceptCoupon value " in done.stdout
    cancelled = next(row for row in logged if row["type"] == "talon_session_cancelled")
    done = subprocess.run(
        [*guerdon, str(cancelled["id"])], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "No rules ran: what the session had been given was taken back.\n"


def test_events_and_profile_updates(server, shop, manager):
    """Entries without a session, and one with a session that it only read, after all that they looked at changed."""
    define(manager, "CustomerProfile", "visits", "number")
    define(manager, "Event", "page", eventType="visit")
    visits = ["Profile", "Attributes", "visits"]
    counting = ["updateAttribute", visits, ["+", ["catch", 0, [".", *visits]], 1]]
    limit = {"action": "createCoupon", "limit": 2, "entities": ["Profile"]}
    rule = make.rule(effects=[counting, ["createCoupon", {"storeInSession": False}]])
    thanks = make.rule(
        title="Thanks", condition=["and", [">", TOTAL, 20]], effects=[["showNotification", "Info", "a", ""]]
    )
    campaign, _ = running(manager, rule, thanks, limits=[limit])
    shop.put("/v2/customer_sessions/s1", json={"customerSession": {"cartItems": CART, "state": "closed"}})

    def told(method, url, body):
        params = {"silent": "no", "runRuleEngine": "true"}
        answer = shop.request(method, url, json=body, params=params)
        assert answer.status_code == 200, answer.text
        return bytes(msgspec.json.decode(answer.content, type=Answer).effects).decode()

    visit = {"profileId": "kim", "type": "visit", "attributes": {"page": "ä€🧾"}}
    found = [
        told("PUT", "/v2/customer_profiles/kim", {"attributes": {"visits": 4.50}}),
        told("POST", "/v2/events", visit),
        told("POST", "/v2/events", visit),  # the limit is used up
        told("POST", "/v3/events", visit | {"integrationId": "e1", "connectedSessionId": "s1"}),
    ]
    server.clock.travel(days=2)
    manager.post("/v1/attributes", json=make.attribute("Event", "page", eventType="other", title="Other"))
    shop.put("/v2/customer_sessions/s1/reopen").raise_for_status()
    shop.put("/v2/customer_profiles/kim", json={"attributes": {"visits": 100}}).raise_for_status()
    manager.delete(f"{make.CAMPAIGNS}/{campaign['id']}").raise_for_status()
    logged = [row for row in events(server) if not row["type"].startswith("talon_session_")]
    assert [row["type"] for row in logged] == ["talon_profile_created", "visit", "visit", "visit"]
    assert [row["effects"] for row in logged] == found
    assert ["couponCreated" in one for one in found] == [True, True, False, False]
    assert ["showNotification" in one for one in found] == [False, False, False, True]
    assert_same_again(server)
    environment = os.environ | {"GUERDON_DATABASE_URL": server.database}
    guerdon = [str(Path(sys.executable).with_name("guerdon")), "eval", "--explain"]
    done = subprocess.run(
        [*guerdon, str(logged[1]["id"])], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "the request has no session" in done.stdout


def test_events_of_other_applications_are_not_found(server, shop):
    shop.put("/v2/customer_sessions/s1", json={"customerSession": {}}).raise_for_status()

    async def run():
        conn = await pool.connect(server.database)
        try:
            with pytest.raises(NotFound):
                await run_again(conn, Programs(), 2, 1)
        finally:
            await conn.close()

    asyncio.run(run())
