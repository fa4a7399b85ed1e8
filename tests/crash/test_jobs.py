"""Servers are killed in the middle of jobs: in the end everything is done, and nothing twice."""

import random

import make
from crowd import client
from guerdon.db.embedded import running_url
from make import CAMPAIGNS
from processes import look_at
from waiting import finished, until

KILLS, WANTED = 4, 120_000


def test_coupons_in_the_background_are_made_and_deleted_once(servers, folder):
    """Two servers on one database; whichever is there does the next part."""
    chance = random.Random()
    data = folder / "data"
    first = servers("first", GUERDON_DATA=str(data))
    url = running_url(data)
    second = servers("second", GUERDON_DATABASE_URL=url)
    sql = look_at(url)
    with client(first.url, management=True) as manager:
        campaign = make.new_campaign(manager)["id"]
        order = {"usageLimit": 1, "numberOfCoupons": WANTED, "attributes": {}}
        made = [manager.post(f"{CAMPAIGNS}/{campaign}/coupons_async", json=order).json()["batchId"] for _ in range(2)]
    done = "SELECT sum(done) FROM jobs"
    for _ in range(KILLS):
        before = sql(done)[0][0]
        until(lambda before=before: sql(done)[0][0] > before or before == 2 * WANTED)
        victim = chance.choice([first, second])
        victim.kill()
        victim.start().ready()
    with client(first.url, management=True) as manager:
        for batch in made:
            job = finished(manager, f"{CAMPAIGNS}/{campaign}/coupon_creation_jobs/{batch}")
            assert (job["status"], job["createdAmount"], job["errors"]) == ("completed", WANTED, [])
        counted = sql("SELECT batch_id, count(*), count(DISTINCT value) FROM coupons GROUP BY 1")
        assert sorted(map(tuple, counted)) == sorted((batch, WANTED, WANTED) for batch in made)
        asked = manager.post(
            f"{CAMPAIGNS}/{campaign}/coupons_deletion_jobs", json={"filters": {"batchId": made[0]}}
        ).json()
    for victim in (first, second):
        until(lambda: sql("SELECT done FROM jobs WHERE kind = 'delete coupons'")[0][0])
        victim.kill()
        victim.start().ready()
    with client(first.url, management=True) as manager:
        job = finished(manager, f"{CAMPAIGNS}/{campaign}/coupons_deletion_jobs/{asked['id']}")
        assert (job["status"], job["deletedAmount"]) == ("completed", WANTED)
    assert [tuple(row) for row in sql("SELECT batch_id, count(*) FROM coupons GROUP BY 1")] == [(made[1], WANTED)]
