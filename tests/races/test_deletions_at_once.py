"""Sessions close while the back office deletes and edits what they use: each is judged before that or after it, and no
edit loses what was counted meanwhile."""

import pytest

import make
from checkout import coupon_rule, define, effects, line, running, update
from crowd import cancel, close

GATES = ["", "coupons", "campaigns"]


@pytest.fixture
def campaign(several):
    """A campaign with a code, and six open sessions that have the code; (URL of the campaign, URL of the code)."""
    rule = coupon_rule(["setDiscount", "Ten", 10])
    made, coupons = running(several.manager, rule, codes=[{"code": "CODE", "usageLimit": 0}])
    for number in range(6):
        members = {"profileId": f"p{number}", "couponCodes": ["CODE"], "cartItems": [line()]}
        update(several.shop, f"s{number}", members)
    url = f"{make.CAMPAIGNS}/{made['id']}"
    return url, f"{url}/coupons/{coupons['CODE']['id']}"


def closings():
    """Requests to close them all."""
    return [close(f"s{number}") for number in range(6)]


def outcomes(answers):
    """What came of the code in each of these closings: its effect, or the reason why not."""
    assert [one.status_code for one in answers] == [200] * len(answers), [one.text for one in answers]
    first = [effects(one.json())[0] for one in answers]
    return [props.get("rejectionReason", kind) for kind, props in first]


@pytest.mark.parametrize("gate", GATES)
def test_a_code_is_deleted(several, campaign, gate):
    _, code = campaign
    first, deleted, *answers = several.at_once(closings()[0], ("DELETE", code), *closings()[1:], gate=gate)
    assert deleted.status_code == 204, deleted.text
    assert set(outcomes([first, *answers])) <= {"acceptCoupon", "CouponNotFound"}
    assert several.sql("SELECT count(*) AS n FROM coupons")[0]["n"] == 0
    body = update(several.shop, "after", {"couponCodes": ["CODE"], "cartItems": [line()], "state": "closed"})
    assert outcomes_of(body) == ["CouponNotFound"]
    for answer in several.at_once(*[cancel(f"s{number}") for number in range(6)]):
        assert answer.status_code == 200, answer.text
    assert several.sql("SELECT coupon_redemption_count, discount_count FROM campaigns")[0][:2] == (0, 0)


def outcomes_of(body):
    """The same, of one answer's body."""
    return [props.get("rejectionReason", kind) for kind, props in effects(body)]


@pytest.mark.parametrize("gate", GATES)
def test_a_campaign_is_disabled(several, campaign, gate):
    url, _ = campaign
    disable = ("PUT", url, make.campaign(state="disabled"))
    first, changed, *answers = several.at_once(closings()[0], disable, *closings()[1:], gate=gate)
    assert changed.status_code == 200, changed.text
    found = outcomes([first, *answers])
    assert set(found) <= {"acceptCoupon", "CouponPartOfNotRunningCampaign"}
    assert several.sql("SELECT usage_counter FROM coupons")[0]["usage_counter"] == found.count("acceptCoupon")
    body = update(several.shop, "after", {"couponCodes": ["CODE"], "cartItems": [line()], "state": "closed"})
    assert outcomes_of(body) == ["CouponPartOfNotRunningCampaign"]


@pytest.mark.parametrize("gate", GATES)
def test_a_campaign_is_deleted(several, campaign, gate):
    url, _ = campaign
    first, deleted, *answers = several.at_once(closings()[0], ("DELETE", url), *closings()[1:], gate=gate)
    assert deleted.status_code == 204, deleted.text
    assert set(outcomes([first, *answers])) <= {"acceptCoupon", "CouponNotFound"}
    assert several.sql("SELECT (SELECT count(*) FROM coupons) + (SELECT count(*) FROM campaigns) AS n")[0]["n"] == 0
    requests = [cancel(f"s{number}") for number in range(6)]
    assert [one.status_code for one in several.at_once(*requests)] == [200] * 6


@pytest.mark.parametrize("gate", GATES)
def test_edits_lose_nothing_that_is_counted(several, campaign, gate):
    url, code = campaign
    renamed = make.campaign(name="Renamed", activeRulesetId=several.manager.get(url).json()["activeRulesetId"])
    edits = [("PUT", code, {"usageLimit": 1000}), ("PUT", url, renamed)]
    answers = several.at_once(*closings()[:3], *edits, *closings()[3:], gate=gate)
    assert [one.status_code for one in answers] == [200] * 8
    assert outcomes([*answers[:3], *answers[5:]]) == ["acceptCoupon"] * 6
    [row] = several.sql("SELECT usage_counter, usage_limit, discount_counter FROM coupons")
    assert tuple(row) == (6, 1000, 60)
    [row] = several.sql("SELECT name, coupon_redemption_count, discount_count FROM campaigns")
    assert tuple(row) == ("Renamed", 6, 60)


@pytest.mark.parametrize("gate", ["", "profiles"])
def test_the_data_of_a_customer_is_deleted(several, campaign, gate):
    """The sums stay; only what tells of the person goes (core.md §9.3)."""
    for number in range(6):
        update(several.shop, f"s{number}", {"profileId": "kim"})
    delete = ("DELETE", "/v1/customer_data/kim")
    answers = several.at_once(*closings()[:3], delete, *closings()[3:], gate=gate)
    assert answers.pop(3).status_code == 204
    assert outcomes(answers) == ["acceptCoupon"] * 6
    [row] = several.sql("SELECT closed_sessions, total_sales FROM profiles WHERE integration_id = 'kim'")
    assert tuple(row) == (6, 600)


@pytest.mark.parametrize("gate", ["", "customer_sessions", "campaigns"])
def test_an_application_is_deleted(several, campaign, gate):
    """Each closing comes before it, or finds that there is nothing any more."""
    first, deleted, *answers = several.at_once(
        closings()[0], ("DELETE", "/v1/applications/1"), *closings()[1:], gate=gate
    )
    assert deleted.status_code == 204, deleted.text
    assert {one.status_code for one in (first, *answers)} <= {200, 401, 404, 409}
    for table in ("applications", "campaigns", "coupons", "customer_sessions", "coupon_redemptions", "limit_counters"):
        assert several.sql(f"SELECT count(*) AS n FROM {table}")[0]["n"] == 0, table
    # What customers have bought stays, though the log of it is gone, by which the books are checked.
    bought = several.sql("SELECT sum(closed_sessions) AS n FROM profiles")[0]["n"] or 0
    assert bought == [one.status_code for one in (first, *answers)].count(200)
    several.sql("UPDATE profiles SET closed_sessions = 0, total_sales = 0")


LATE = {
    "an event": ("POST", "/v2/events?silent=no", {"profileId": "p0", "type": "visit"}),
    "a profile": ("PUT", "/v2/customer_profiles/p0", {"attributes": {"Name": "Kim"}}),
    "a profile with rules": ("PUT", "/v2/customer_profiles/p0?runRuleEngine=true", {"attributes": {"Name": "Kim"}}),
    "profiles": (
        "PUT",
        "/v2/customer_profiles?silent=no",
        {"customerProfiles": [{"integrationId": "p0", "attributes": {}}]},
    ),
    "a session": ("PUT", "/v2/customer_sessions/s0", {"customerSession": {"profileId": "p0"}}),
    "a new session": ("PUT", "/v2/customer_sessions/new", {"customerSession": {"profileId": "p0"}}),
}


@pytest.mark.parametrize("name", LATE)
def test_what_waits_for_its_customer_while_its_application_is_deleted_comes_too_late(several, campaign, name):
    define(several.manager, "Event", "page", eventType="visit")
    define(several.manager, "CustomerProfile", "Name")
    kim = "SELECT attributes, version, last_activity FROM profiles WHERE integration_id = 'p0'"
    before = several.sql(kim)

    def delete():
        assert several.manager.delete("/v1/applications/1").status_code == 204

    [answer] = several.at_once(LATE[name], gate="profiles", meanwhile=delete)
    assert answer.status_code in (401, 404, 409), answer.text
    assert several.sql("SELECT count(*) AS n FROM events")[0]["n"] == 0
    assert several.sql(kim) == before
