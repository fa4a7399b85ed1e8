"""Coupons that are made and deleted in the background (management.md §6)."""

import re

import pytest

import make
from checkout import define, invalid, new_key, refusal, refused_request
from conftest import INTEGRATION_KEY
from make import CAMPAIGNS
from waiting import finished, until


@pytest.fixture
def server(shared):
    return shared


@pytest.fixture
def manager(shared_manager):
    return shared_manager


@pytest.fixture
def campaign(manager):
    return make.new_campaign(manager)["id"]


def order(**changes):
    return {"usageLimit": 1, "numberOfCoupons": 3, "attributes": {}} | changes


def pattern(text, characters="0123456789"):
    return {"couponPattern": text, "validCharacters": list(characters)}


def create(manager, campaign, **changes):
    """Have coupons made; the batch id."""
    answer = manager.post(f"{CAMPAIGNS}/{campaign}/coupons_async", json=order(**changes))
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["batchId"]
    return answer.json()["batchId"]


def created(manager, campaign, **changes):
    """Have coupons made, and wait until they are; the job."""
    return finished(manager, f"{CAMPAIGNS}/{campaign}/coupon_creation_jobs/{create(manager, campaign, **changes)}")


def deleted(manager, campaign, **filters):
    """Have coupons deleted, and wait until they are; the job."""
    url = f"{CAMPAIGNS}/{campaign}/coupons_deletion_jobs"
    answer = manager.post(url, json={"filters": filters})
    assert answer.status_code == 202, answer.text
    assert list(answer.json()) == ["id"]
    return finished(manager, f"{url}/{answer.json()['id']}")


def values(manager, campaign):
    found = manager.get(f"{CAMPAIGNS}/{campaign}/coupons", params={"sort": "value"}).json()
    return [one["value"] for one in found["data"]]


def test_coupons_are_made_in_the_background(server, manager, campaign):
    define(manager, "Coupon", "channel")
    before = make.revision(server)
    content = {
        "usageLimit": 5,
        "discountLimit": 30.5,
        "reservationLimit": 45,
        "startDate": "2020-01-24T14:15:22Z",
        "expiryDate": "2093-08-24T14:15:22Z",
        "attributes": {"channel": "web"},
        "isReservationMandatory": True,
    }
    job = created(manager, campaign, couponSettings=pattern("AS-####"), **content)
    assert re.fullmatch("[a-z]{8}", job["batchId"])
    assert job.pop("id") > 0
    assert job.pop("created")
    assert job == content | {
        "accountId": 1,
        "applicationId": 1,
        "campaignId": campaign,
        "numberOfCoupons": 3,
        "couponSettings": pattern("AS-####"),
        "batchId": job["batchId"],
        "status": "completed",
        "createdAmount": 3,
        "failCount": 0,
        "errors": [],
        "createdBy": 1,
        "communicated": False,
        "chunkExecutionCount": 1,
        "chunkSize": 20000,
    }
    coupons = manager.get(f"{CAMPAIGNS}/{campaign}/coupons").json()["data"]
    assert len({one["value"] for one in coupons}) == 3
    for coupon in coupons:
        assert re.fullmatch("AS-[0-9]{4}", coupon["value"])
        assert {name: coupon[name] for name in content} == content
        assert (coupon["batchId"], coupon["reservation"]) == (job["batchId"], True)
    assert make.revision(server) == before  # coupons are no part of the program


def test_several_chunks_make_the_number_that_was_wanted(server, manager, campaign):
    job = created(manager, campaign, numberOfCoupons=40_001)
    assert (job["status"], job["createdAmount"], job["chunkExecutionCount"]) == ("completed", 40_001, 3)
    counted = server.sql("SELECT count(DISTINCT value), count(*) FROM coupons WHERE campaign_id = $1", campaign)[0]
    assert tuple(counted) == (40_001, 40_001)
    job = deleted(manager, campaign)
    assert (job["status"], job["deletedAmount"]) == ("completed", 40_001)
    assert values(manager, campaign) == []


def test_settings_come_from_the_campaign_where_the_order_has_none(manager):
    define(manager, "Coupon", "shelf")
    made = make.new_campaign(manager, couponSettings=pattern("C#-#", "xy"), couponAttributes={"shelf": "a"})
    job = created(manager, made["id"], numberOfCoupons=4)
    assert values(manager, made["id"]) == ["Cx-x", "Cx-y", "Cy-x", "Cy-y"]
    assert "couponSettings" not in job
    assert job["attributes"] == {"shelf": "a"}


def test_a_pattern_that_is_used_up(manager, campaign):
    taken = created(manager, campaign, numberOfCoupons=7, couponSettings=pattern("FULL-#"))
    assert (taken["status"], len(values(manager, campaign))) == ("completed", 7)
    job = created(manager, campaign, numberOfCoupons=4, couponSettings=pattern("FULL-#"))
    assert (job["status"], job["createdAmount"], job["failCount"]) == ("coupon pattern full", 0, 1)
    reason = "it has 10, of which 3 are left, and 4 are wanted"
    assert job["errors"] == [f'Too few codes are left of the pattern "FULL-#": {reason}']
    job = created(manager, campaign, numberOfCoupons=11, couponSettings=pattern("FUL2-#"))
    assert job["errors"] == ['Too few codes are left of the pattern "FUL2-#": it has 10, and 11 are wanted']
    created(manager, campaign, numberOfCoupons=3, couponSettings=pattern("FULL-#"))
    assert values(manager, campaign) == [f"FULL-{number}" for number in range(10)]


def test_a_fixed_code_in_the_background(manager, campaign):
    assert created(manager, campaign, numberOfCoupons=1, couponSettings=pattern("FIXED"))["status"] == "completed"
    job = created(manager, campaign, numberOfCoupons=1, couponSettings=pattern("FIXED"))
    assert (job["status"], job["errors"]) == ("coupon pattern full", ["The code FIXED exists already"])
    assert values(manager, campaign) == ["FIXED"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"numberOfCoupons": 0}, ("/numberOfCoupons", "minimum", "Expected `int` >= 1")),
        ({"numberOfCoupons": 5_000_001}, ("/numberOfCoupons", "maximum", "Expected `int` <= 5000000")),
        ({"numberOfCoupons": "3"}, ("/numberOfCoupons", "Invalid type", "Expected `int`, got `str`")),
        ({"numberOfCoupons": 10**30}, None),
        ({"usageLimit": -1}, ("/usageLimit", "minimum", "Expected `int` >= 0")),
        ({"usageLimit": None}, ("/usageLimit", "required", "Object missing required field `usageLimit`")),
        ({"attributes": None}, ("/attributes", "required", "Object missing required field `attributes`")),
        ({"attributes": {"mood": 1}}, None),
        ({"discountLimit": -1}, ("/discountLimit", "minimum", "Expected `number` >= 0")),
        ({"startDate": "2030-01-02", "expiryDate": "2030-01-01"}, None),
        ({"couponSettings": {"couponPattern": "##"}}, None),
        ({"couponSettings": pattern("A B#")}, None),
        ({"couponSettings": pattern("FIXED")}, (
            "/couponSettings/couponPattern", "Invalid value", 'The pattern "FIXED" is one code, and 3 are wanted'
        )),
    ],
)  # fmt: skip
def test_impossible_orders(server, manager, campaign, change, problem):
    status, body = refused_request(
        server, manager, "POST", f"{CAMPAIGNS}/{campaign}/coupons_async", json=order(**change)
    )
    assert status == 400
    if problem is not None:
        assert body == invalid(problem)


def test_what_a_deletion_deletes(server, manager, campaign):
    elsewhere = make.new_campaign(manager)["id"]
    make.new_coupons(manager, elsewhere, couponPattern="D-OTHER")
    make.new_coupons(manager, campaign, couponPattern="D-OLD", expiryDate="2020-09-01")
    make.new_coupons(manager, campaign, couponPattern="D-NEW", startDate="2090-06-01", usageLimit=0)
    make.new_coupons(manager, campaign, couponPattern="D-ANN", recipientIntegrationId="ann")
    batch = make.new_coupons(manager, campaign, couponPattern="D-BATCH")[0]["batchId"]
    make.new_coupons(manager, campaign, couponPattern="d-used")
    server.sql("UPDATE coupons SET usage_counter = 1, referral_id = 9 WHERE value = 'd-used'")
    for filters, gone in (
        ({"valid": "validFuture", "usable": False}, []),
        ({"value": "D-US", "exactMatch": True}, []),
        ({"createdBefore": "2020-01-01T00:00:00Z"}, []),
        ({"referralId": 8}, []),
        ({"startsAfter": "2095-01-01T00:00:00Z"}, []),
        ({"startsBefore": "2080-01-01T00:00:00Z"}, []),
        ({"expiresAfter": "2080-01-01T00:00:00Z"}, []),
        ({"valid": "expired"}, ["D-OLD"]),
        ({"recipientIntegrationId": "ann", "createdAfter": "2020-01-01T00:00:00Z"}, ["D-ANN"]),
        ({"batchId": batch, "redeemed": False}, ["D-BATCH"]),
        ({"value": "D US", "referralId": 9}, ["d-used"]),
        ({}, ["D-NEW"]),
    ):
        left = values(manager, campaign)
        job = deleted(manager, campaign, **filters)
        assert (job["status"], job["deletedAmount"], job["filters"]) == ("completed", len(gone), filters)
        assert sorted(left) == sorted([*gone, *values(manager, campaign)])
    assert values(manager, elsewhere) == ["D-OTHER"]
    assert {name: job[name] for name in ("accountId", "applicationId", "campaignIDs", "createdBy", "failCount")} == {
        "accountId": 1, "applicationId": 1, "campaignIDs": [campaign], "createdBy": 1, "failCount": 0
    }  # fmt: skip


def test_a_deletion_leaves_what_comes_after_it(manager, campaign):
    """What counts is when it was asked for, not when it is done."""
    make.new_coupons(manager, campaign, numberOfCoupons=3)
    url = f"{CAMPAIGNS}/{campaign}/coupons_deletion_jobs"
    made = manager.post(url, json={"filters": {}}).json()["id"]
    make.new_coupons(manager, campaign, couponPattern="LATE-1")
    assert finished(manager, f"{url}/{made}")["deletedAmount"] == 3
    assert values(manager, campaign) == ["LATE-1"]


def test_coupons_of_several_campaigns_are_deleted(manager, campaign):
    others = [make.new_campaign(manager)["id"] for _ in range(2)]
    for number, one in enumerate([campaign, *others]):
        make.new_coupons(manager, one, couponPattern=f"SEV-{number}")
    url = "/v1/applications/1/coupons_deletion_jobs"
    body = {"filters": {"value": "SEV"}, "campaignids": [others[1], campaign, campaign]}
    answer = manager.post(url, json=body)
    assert answer.status_code == 202, answer.text
    job = finished(manager, f"{url}/{answer.json()['id']}")
    assert (job["status"], job["deletedAmount"], job["campaignIDs"]) == ("completed", 2, [others[1], campaign])
    assert [values(manager, one) for one in (campaign, *others)] == [[], ["SEV-1"], []]
    of_campaign = manager.get(f"{CAMPAIGNS}/{campaign}/coupons_deletion_jobs/{answer.json()['id']}")
    assert (of_campaign.status_code, of_campaign.json()["message"]) == (404, "Job not found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/filters"),
        ({"filters": []}, "/filters"),
        ({"filters": {"valid": "never"}}, "/filters/valid"),
        ({"filters": {"usable": "true"}}, "/filters/usable"),
        ({"filters": {"usable": True, "redeemed": True}}, "/filters/redeemed"),
        ({"filters": {"createdBefore": "soon"}}, "/filters/createdBefore"),
        ({"filters": {"value": ""}}, "/filters/value"),
        ({"filters": {"referralId": "x"}}, "/filters/referralId"),
    ],
)
def test_impossible_deletions(server, manager, campaign, body, pointer):
    for url, more in ((f"{CAMPAIGNS}/{campaign}", {}), ("/v1/applications/1", {"campaignids": [campaign]})):
        status, answer = refused_request(server, manager, "POST", f"{url}/coupons_deletion_jobs", json=body | more)
        assert (status, answer["errors"][0]["source"]) == (400, {"pointer": pointer})


def test_deletions_of_campaigns_that_are_not_there(server, manager, campaign):
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    foreign = manager.post(f"/v1/applications/{other}/campaigns", json=make.campaign()).json()["id"]
    url = "/v1/applications/1/coupons_deletion_jobs"
    for ids, pointer in (
        ([], "/campaignids"), ([campaign, foreign], "/campaignids/1"), ([99_999], "/campaignids/0"),
        (["x"], "/campaignids/0"),
    ):  # fmt: skip
        status, body = refused_request(server, manager, "POST", url, json={"filters": {}, "campaignids": ids})
        assert (status, body["errors"][0]["source"]) == (400, {"pointer": pointer})


def test_a_campaign_that_is_deleted_takes_its_orders_along(server, manager):
    campaign = make.new_campaign(manager)["id"]
    batch = create(manager, campaign, numberOfCoupons=5_000_000)
    assert manager.delete(f"{CAMPAIGNS}/{campaign}").status_code == 204
    ended = "SELECT status, errors FROM jobs WHERE batch_id = $1 AND status <> 'pending'"
    assert tuple(until(lambda: server.sql(ended, batch))[0]) == ("failed", ["Campaign not found"])
    assert server.sql("SELECT count(*) FROM coupons WHERE campaign_id = $1", campaign)[0][0] == 0


def test_an_application_that_is_deleted_takes_its_jobs_along(server, manager):
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    url = f"/v1/applications/{other}"
    campaign = manager.post(f"{url}/campaigns", json=make.campaign()).json()["id"]
    for path, body in (("coupons_async", order(numberOfCoupons=5_000_000)), ("coupons_deletion_jobs", {"filters": {}})):
        assert manager.post(f"{url}/campaigns/{campaign}/{path}", json=body).status_code in (200, 202)
    # A part that is at work and the deletion may wait for one another, of which one gives way.
    until(lambda: manager.delete(url, timeout=60).status_code == 204)
    assert server.sql("SELECT id FROM jobs WHERE application_id = $1", other) == []
    assert server.sql("SELECT id FROM coupons WHERE application_id = $1", other) == []


def test_others_and_wrong_keys(server, manager, campaign):
    batch = created(manager, campaign)["batchId"]
    job = deleted(manager, campaign, value="none of them")["id"]
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    second = make.new_campaign(manager)["id"]
    calls = [
        ("POST", "coupons_async", order()),
        ("GET", f"coupon_creation_jobs/{batch}", None),
        ("POST", "coupons_deletion_jobs", {"filters": {}}),
        ("GET", f"coupons_deletion_jobs/{job}", None),
    ]
    missing = refusal("Campaign not found", status=404)
    for method, path, body in calls:
        for url in (f"/v1/applications/{other}/campaigns/{campaign}", f"{CAMPAIGNS}/99999"):
            assert refused_request(server, manager, method, f"{url}/{path}", json=body) == (404, missing)
        _, test_key = new_key(manager, type="staging")
        for headers in ({"Authorization": ""}, {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}, test_key):
            answer = refused_request(
                server, manager, method, f"{CAMPAIGNS}/{campaign}/{path}", json=body, headers=headers
            )
            assert answer == (401, refusal("Invalid API key", status=401))
    unknown = refusal("Job not found", status=404)
    for path in (
        f"{CAMPAIGNS}/{second}/coupon_creation_jobs/{batch}",
        f"{CAMPAIGNS}/{second}/coupons_deletion_jobs/{job}",
        f"{CAMPAIGNS}/{campaign}/coupon_creation_jobs/abcdefgh",
        f"{CAMPAIGNS}/{campaign}/coupons_deletion_jobs/99999999999999999999",
        f"{CAMPAIGNS}/{campaign}/coupons_deletion_jobs/²",
        f"/v1/applications/{other}/coupons_deletion_jobs/{job}",
        "/v1/applications/1/coupons_deletion_jobs/0",
    ):
        assert refused_request(server, manager, "GET", path) == (404, unknown)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null", b'"x"'])
def test_broken_bodies(server, manager, campaign, body):
    for path in ("coupons_async", "coupons_deletion_jobs"):
        status, _ = refused_request(server, manager, "POST", f"{CAMPAIGNS}/{campaign}/{path}", content=body)
        assert status == 400
