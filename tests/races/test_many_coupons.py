"""What nobody waits for while coupons are made, imported and deleted in numbers."""

import asyncio
from datetime import UTC, datetime

import pytest

import make
from checkout import coupon_rule, line, running, update
from guerdon.db import pool
from guerdon.flows import jobs
from racing import holding
from waiting import finished, until

INSERTS = """
INSERT INTO coupons (application_id, campaign_id, value, usage_limit, created)
SELECT 1, 1, 'NEW-' || n, 1, now() FROM generate_series(1, 100) AS n
"""
DELETES = "DELETE FROM coupons WHERE value = 'GONE-1'"


@pytest.fixture
def impatient(monkeypatch):
    """A server that waits for locks only shortly; to be named before `server`."""
    monkeypatch.setattr(pool, "LOCK_TIMEOUT", "300ms")


def business_as_usual(manager, shop):
    """What shops and managers do while it goes on; none of it may wait for it."""
    session = {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()], "state": "closed"}
    kinds = [one["effectType"] for one in update(shop, "s1", session)["effects"]]
    assert kinds == ["acceptCoupon", "setDiscount"]
    for method, url, body in (
        ("PUT", "/v1/applications/1", make.application(name="Renamed")),
        ("POST", f"{make.CAMPAIGNS}/1/rulesets", make.ruleset() | {"activate": True}),
        ("POST", "/v1/additional_costs", make.cost()),
        ("PUT", f"{make.CAMPAIGNS}/1", make.campaign(name="Renamed")),
        ("POST", f"{make.CAMPAIGNS}/1/coupons", make.coupons(numberOfCoupons=10)),
        ("DELETE", f"{make.CAMPAIGNS}/1/coupons?value=TEN2&exactMatch=true", None),
    ):
        answer = manager.request(method, url, json=body)
        assert answer.status_code < 300, (url, answer.text)


@pytest.mark.parametrize("statement", [INSERTS, DELETES])
def test_nobody_waits_for_other_coupons(impatient, shop, manager, server, statement):
    running(manager, coupon_rule(["setDiscount", "Ten", 10]), codes=["TEN", "TEN2", "GONE-1"])

    async def race():
        async with holding(server, statement):
            business_as_usual(manager, shop)

    asyncio.run(race())


def test_a_deletion_waits_for_a_checkout_and_comes_back(impatient, manager, server):
    """A coupon that is held for too long is left for later."""
    make.new_campaign(manager)
    make.new_coupons(manager, 1, numberOfCoupons=3)
    url = f"{make.CAMPAIGNS}/1/coupons_deletion_jobs"

    async def race():
        async with holding(server, "UPDATE coupons SET usage_counter = 1 WHERE id = 2"):
            made = manager.post(url, json={"filters": {}}).json()["id"]
            failed = "SELECT failures FROM jobs WHERE failures > 0"
            await asyncio.to_thread(until, lambda: server.sql(failed))
        return made

    job = finished(manager, f"{url}/{asyncio.run(race())}")
    assert (job["status"], job["deletedAmount"], job["failCount"]) == ("completed", 3, 1)


def test_two_orders_share_what_is_left_of_a_pattern(manager, server):
    """Both draw the same codes at the same time; each gets its own in the end, and one that comes later finds none."""
    make.new_campaign(manager)
    order = {"usageLimit": 1, "numberOfCoupons": 500, "attributes": {}}
    order |= {"couponSettings": {"couponPattern": "S-###", "validCharacters": list("0123456789")}}

    async def turns():
        connections = await pool.open_pool(server.database, 3)
        try:
            for _ in range(4):
                await asyncio.gather(*(jobs.work(connections, datetime.now(UTC)) for _ in range(3)))
        finally:
            await connections.close()

    def ordered():
        return manager.post(f"{make.CAMPAIGNS}/1/coupons_async", json=order).json()["batchId"]

    def ended(batch):
        job = finished(manager, f"{make.CAMPAIGNS}/1/coupon_creation_jobs/{batch}")
        return job["status"], job["createdAmount"]

    batches = [ordered() for _ in range(2)]
    asyncio.run(turns())
    assert [ended(batch) for batch in batches] == [("completed", 500)] * 2
    assert ended(ordered()) == ("coupon pattern full", 0)
    counted = server.sql("SELECT count(*), count(DISTINCT value) FROM coupons WHERE value ~ '^S-[0-9]{3}$'")[0]
    assert tuple(counted) == (1000, 1000)
