"""GET /v1/integration/campaigns: the campaigns that run, for shops."""

import pytest

import make
from checkout import new_key, refused_request, running
from conftest import MANAGEMENT_KEY

URL = "/v1/integration/campaigns"


@pytest.fixture(scope="module")
def world(shared, shared_manager):
    """1 runs with rules, a store and dates; 2 runs; 3 to 6 do not run; 7 is of another Application."""
    manager = shared_manager
    make.new_store(manager)
    dates = {"startTime": "2020-01-01T00:00:00Z", "endTime": "2090-01-01T00:00:00Z"}
    rules = [make.rule(title="One"), make.rule(title="Two")]
    running(manager, *rules, name="Summer", tags=["hot"], description="d", linkedStoreIds=[1], **dates)
    make.new_campaign(manager, name="Bare", features=[])
    make.new_campaign(manager, state="disabled")
    make.new_campaign(manager, state="archived")
    make.new_campaign(manager, startTime="2080-01-01T00:00:00Z")
    make.new_campaign(manager, endTime="2020-01-01T00:00:00Z")
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    manager.post("/v1/applications/2/campaigns", json=make.campaign()).raise_for_status()


@pytest.fixture
def shop(world, shared_shop):
    return shared_shop


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


def test_what_is_shown(shop):
    summer = {
        "id": 1,
        "applicationId": 1,
        "name": "Summer",
        "description": "d",
        "startTime": "2020-01-01T00:00:00Z",
        "endTime": "2090-01-01T00:00:00Z",
        "attributes": {},
        "state": "enabled",
        "tags": ["hot"],
        "features": ["coupons"],
        "rules": [{"title": "One"}, {"title": "Two"}],
        "linkedStoreIds": [1],
    }
    bare = {
        "id": 2,
        "applicationId": 1,
        "name": "Bare",
        "description": "",
        "attributes": {},
        "state": "enabled",
        "tags": [],
        "features": [],
        "rules": [],
        "linkedStoreIds": [],
    }
    assert shop.get(URL).json() == {"hasMore": False, "data": [summer, bare]}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"pageSize": 1}, [1]),
        ({"skip": 1}, [2]),
        ({"campaignIds": "2,3"}, [2]),
        ({"campaignIds": ["1", "2"]}, [1, 2]),
        ({"startAfter": "2019-01-01"}, [1]),
        ({"startBefore": "2019-01-01"}, []),
        ({"endAfter": "2089-01-01"}, [1]),
        ({"endBefore": "2091-01-01", "startBefore": "2021-01-01"}, [1]),
        ({"storeId": 1}, [1]),
        ({"storeId": 2}, []),
        ({"audienceId": 1}, []),
    ],
)
def test_filters(shop, wanted, found):
    assert ids(shop.get(URL, params=wanted)) == found


def test_pages(shop):
    assert shop.get(URL, params={"pageSize": 1}).json()["hasMore"] is True


def test_the_clock_of_the_key(shop, shared_manager):
    """A key may look ahead: sixty years, in nanoseconds."""
    _, headers = new_key(shared_manager, timeOffset=60 * 365 * 86400 * 10**9)
    assert ids(shop.get(URL, headers=headers)) == [1, 2, 5]


def test_bad_requests(shared, shop):
    wrong = [("pageSize", 0), ("pageSize", 1001), ("campaignIds", "x"), ("startAfter", "x"), ("storeId", "x")]
    for parameter, value in wrong:
        status, body = refused_request(shared, shop, "GET", URL, params={parameter: value})
        assert (status, body["errors"][0]["source"]) == (400, {"parameter": parameter})
    for parameter in ("storeId", "audienceId", "campaignIds"):
        assert refused_request(shared, shop, "GET", URL, params={parameter: 2**70})[0] == 400
    for header in ("", f"ManagementKey-v1 {MANAGEMENT_KEY}", "ApiKey-v1 x"):
        assert refused_request(shared, shop, "GET", URL, headers={"Authorization": header})[0] == 401
