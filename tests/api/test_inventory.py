"""GET /v1/customer_profiles/{id}/inventory (core.md §9.4)."""

from datetime import timedelta
from functools import partial
from urllib.parse import quote

import pytest

import make
from checkout import coupon_rule, line, new_key, refusal, refused_request, running, update
from conftest import MANAGEMENT_KEY

FLAGS = ("profile", "referrals", "coupons", "loyalty", "giveaways", "achievements")


@pytest.fixture
def refused(server, shop):
    """Send a request that must change nothing; its status and body."""
    return partial(refused_request, server, shop)


def url(customer="kim"):
    return f"/v1/customer_profiles/{quote(customer, safe='')}/inventory"


def inventory(shop, customer="kim", **flags):
    answer = shop.get(url(customer), params=flags)
    assert answer.status_code == 200, answer.text
    return answer.json()


def states(shop, customer="kim"):
    """{code: (state, redemptions)}, in order."""
    found = inventory(shop, customer, coupons=True)["coupons"]
    return {one["value"]: (one["state"], one["profileRedemptionCount"]) for one in found}


def coupon(manager, code, campaign_id=1, **changes):
    return make.new_coupons(manager, campaign_id, couponPattern=code, **changes)[0]


def reserve(shop, code, *customers):
    answer = shop.post(f"/v1/coupon_reservations/{code}", json={"integrationIDs": list(customers)})
    assert answer.status_code == 201, answer.text


def test_only_what_is_asked_for(shop, manager):
    update(shop, "s1", {"profileId": "kim"})
    assert inventory(shop) == {}
    assert inventory(shop, **dict.fromkeys(FLAGS, False)) == {}
    whole = inventory(shop, **dict.fromkeys(FLAGS, True))
    assert whole.pop("profile")["integrationId"] == "kim"
    assert whole == {"referrals": [], "coupons": [], "loyalty": {"programs": {}}, "giveaways": [], "achievements": []}
    for flag in FLAGS:
        assert set(inventory(shop, **{flag: True})) == {flag}


def test_the_profile(shop, manager):
    update(shop, "s1", {"profileId": "kim", "state": "closed", "cartItems": [line(price=12.5)]})
    profile = inventory(shop, profile="true")["profile"]
    assert profile.pop("created") == profile.pop("lastActivity")
    assert profile == {
        "id": 1,
        "integrationId": "kim",
        "attributes": {},
        "accountId": 1,
        "closedSessions": 1,
        "totalSales": 12.5,
        "audienceMemberships": [],
        "sandbox": False,
    }


def test_which_coupons(shop, manager, server):
    running(manager, coupon_rule(), codes=["REDEEMED", "RETURNED", "UNTOUCHED", "RESERVED"])
    make.new_campaign(manager)
    coupon(manager, "HARD", 2, isReservationMandatory=True)
    coupon(manager, "MINE", 2, recipientIntegrationId="kim")
    coupon(manager, "THEIRS", 2, recipientIntegrationId="lee", implicitlyReserved=True)
    coupon(manager, "EVERYBODY", 2, implicitlyReserved=True)
    reserve(shop, "RESERVED", "kim", "lee")
    reserve(shop, "HARD", "kim")
    for number, (customer, code) in enumerate([("kim", "REDEEMED"), ("kim", "RETURNED"), ("lee", "UNTOUCHED")]):
        session = {"profileId": customer, "couponCodes": [code], "cartItems": [line()], "state": "closed"}
        update(shop, f"s{number}", session)
    update(shop, "s1", {"state": "cancelled"})
    update(shop, "open", {"profileId": "kim", "couponCodes": ["UNTOUCHED"]})
    assert states(shop) == {
        "REDEEMED": ("used", 1),
        "RESERVED": ("active", 0),
        "HARD": ("active", 0),
        "MINE": ("active", 0),
        "EVERYBODY": ("active", 0),
    }
    assert set(states(shop, "lee")) == {"UNTOUCHED", "RESERVED", "THEIRS", "EVERYBODY"}


def test_a_coupon_is_shown_whole(shop, manager):
    make.new_campaign(manager)
    made = coupon(manager, "MINE", recipientIntegrationId="kim", discountLimit=30.5, expiryDate="2090-01-01")
    update(shop, "s1", {"profileId": "kim"})
    [shown] = inventory(shop, coupons=True)["coupons"]
    assert shown == made | {"state": "active", "profileRedemptionCount": 0}


def test_the_number_of_redemptions(shop, manager):
    running(manager, coupon_rule(), codes=[{"code": "TEN", "usageLimit": 0}])
    for number in range(3):
        session = {"profileId": "kim", "couponCodes": ["TEN"], "cartItems": [line()], "state": "closed"}
        update(shop, f"s{number}", session)
    assert states(shop) == {"TEN": ("used", 3)}
    update(shop, "s1", {"state": "cancelled"})
    assert states(shop) == {"TEN": ("used", 2)}


def test_the_states(shop, manager, server):
    """What holds first wins: disabled, used, expired, pending, active."""
    campaigns = {
        "RUNNING": {},
        "LATER": {"startTime": "2090-01-01"},
        "OVER": {"endTime": "2021-01-01"},
        "DISABLED": {"state": "disabled"},
        "ARCHIVED": {"state": "archived"},
    }
    coupons = {
        "A": {},
        "P": {"startDate": "2090-01-01"},
        "E": {"expiryDate": "2021-01-01"},
        "U": {"expiryDate": "2021-01-01", "startDate": "2020-01-01"},
    }
    for campaign_id, (name, changes) in enumerate(campaigns.items(), 1):
        make.new_campaign(manager, **changes)
        for code, more in coupons.items():
            coupon(manager, f"{name}-{code}", campaign_id, recipientIntegrationId="kim", **more)
    server.sql("UPDATE coupons SET usage_counter = 1 WHERE value LIKE '%-U'")
    update(shop, "s1", {"profileId": "kim"})
    alive = {"A": "active", "P": "pending", "E": "expired", "U": "used"}
    expected = {f"{name}-{code}": alive[code] for name in ("RUNNING", "LATER") for code in coupons}
    expected |= {f"{name}-{code}": "disabled" for name in ("OVER", "DISABLED", "ARCHIVED") for code in coupons}
    assert {code: state for code, (state, _) in states(shop).items()} == expected


def test_the_states_change_with_the_time(shop, manager, server):
    starts, expires, ends = ((server.clock() + timedelta(days=days)).isoformat() for days in (1, 3, 5))
    make.new_campaign(manager, endTime=ends)
    coupon(manager, "MINE", recipientIntegrationId="kim", startDate=starts, expiryDate=expires)
    update(shop, "s1", {"profileId": "kim"})
    found = [states(shop)["MINE"][0]]
    for _ in range(3):
        server.clock.travel(days=2)
        found.append(states(shop)["MINE"][0])
    assert found == ["pending", "active", "expired", "disabled"]


def test_referrals_with_the_friends_who_came(shop, manager, server):
    make.new_campaign(manager, features=["referrals"])
    make.new_campaign(manager, features=["referrals"])
    first, second = (make.new_referral(shop, campaign_id, "kim") for campaign_id in (1, 2))
    make.new_referral(shop, 1, "lee", friendProfileIntegrationId="kim")
    for number, friend in enumerate(("zoe", "amy", "bob")):
        update(shop, f"s{number}", {"profileId": friend})
    server.sql("""
        INSERT INTO referral_redemptions
            (session_id, referral_id, application_id, campaign_id, profile_id, redeemed_at, rolled_back_at)
        SELECT s.id, 1, 1, 1, s.profile_id, now(), CASE WHEN p.integration_id = 'bob' THEN now() END
        FROM customer_sessions s JOIN profiles p ON p.id = s.profile_id
    """)
    assert inventory(shop, referrals=True) == {
        "referrals": [first | {"referredCustomers": ["zoe", "amy"]}, second | {"referredCustomers": []}]
    }
    assert inventory(shop, "zoe", referrals=True) == {"referrals": []}


def test_other_applications_keep_theirs(shop, manager, server):
    """Customers are shared, coupons and referrals are not."""
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    key = {"title": "Theirs", "expires": "2099-01-01T00:00:00Z"}
    key = manager.post(f"/v1/applications/{other}/api_keys", json=key).json()["key"]
    make.new_campaign(manager, features=["referrals"])
    coupon(manager, "MINE", recipientIntegrationId="kim")
    coupon(manager, "EVERYBODY", implicitlyReserved=True)
    coupon(manager, "RESERVED")
    reserve(shop, "RESERVED", "kim")
    make.new_referral(shop, 1, "kim")
    theirs = {"Authorization": f"ApiKey-v1 {key}"}
    params = {"coupons": True, "referrals": True}
    assert shop.get(url(), params=params, headers=theirs).json() == {"coupons": [], "referrals": []}
    server.sql("UPDATE applications SET sandbox = true WHERE id = $1", other)
    answer = shop.get(url(), headers=theirs)
    assert (answer.status_code, answer.json()) == (404, refusal("Customer profile not found", status=404))


@pytest.mark.parametrize("customer", ["nobody", "KIM", "kim ", "/", "kim/", "x" * 2000, "²", "🙂"])
def test_an_unknown_customer(shop, refused, customer):
    update(shop, "s1", {"profileId": "kim"})
    missing = refusal("Customer profile not found", status=404)
    assert refused("GET", url(customer), params={"profile": True}) == (404, missing)


@pytest.mark.parametrize("customer", ["kim/lee", "a b+c", "%2F", "Zoë 🙂", "../kim", "inventory"])
def test_ids_that_have_to_be_encoded(shop, customer):
    update(shop, "s1", {"profileId": customer})
    assert inventory(shop, customer, profile=True)["profile"]["integrationId"] == customer


@pytest.mark.parametrize("flag", FLAGS)
def test_bad_flags(shop, refused, flag):
    update(shop, "s1", {"profileId": "kim"})
    for value in ("maybe", "", "2"):
        status, body = refused("GET", url(), params={flag: value})
        assert (status, body["errors"][0]["source"]) == (400, {"parameter": flag})


def test_wrong_keys(shop, manager, refused):
    update(shop, "s1", {"profileId": "kim"})
    _, test_key = new_key(manager, type="staging")
    wrong = ({"Authorization": ""}, {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}, test_key)
    for headers in wrong:
        assert refused("GET", url(), headers=headers) == (401, refusal("Invalid API key", status=401))


def test_a_text_that_cannot_be_stored(refused):
    assert refused("GET", "/v1/customer_profiles/a%00b/inventory")[0] == 400
