"""Coupons through the Management API (management.md §6)."""

import re

import pytest

import make
from guerdon.api.management import coupons
from make import CAMPAIGNS

COUPONS = f"{CAMPAIGNS}/1/coupons"


@pytest.fixture
def campaign(manager):
    return make.new_campaign(manager)


def count(server):
    return server.sql("SELECT count(*) FROM coupons")[0][0]


def values(answer):
    assert answer.status_code == 200, answer.text
    return [one["value"] for one in answer.json()["data"]]


def fixed(manager, code, campaign_id=1, **changes):
    """One coupon with this code."""
    return make.new_coupons(manager, campaign_id, couponPattern=code, **changes)[0]


def test_new_coupons_are_made_silently_by_default(server, manager, campaign):
    before = make.revision(server)
    for params in ({}, {"silent": "yes"}):
        made = manager.post(COUPONS, json=make.coupons(numberOfCoupons=3), params=params)
        assert (made.status_code, made.content) == (204, b"")
    assert manager.post(COUPONS, json=make.coupons(), params={"silent": "maybe"}).status_code == 400
    listed = manager.get(COUPONS).json()
    assert listed["totalResultSize"] == 6
    assert len({one["batchId"] for one in listed["data"]}) == 2
    assert make.revision(server) == before  # coupons are no part of the program


def test_a_new_coupon_has_every_default(manager, campaign):
    made = manager.post(COUPONS, params={"silent": "no"}, json=make.coupons(usageLimit=0))
    assert made.status_code == 200, made.text
    assert made.json()["totalResultSize"] == 1
    coupon = made.json()["data"][0]
    assert manager.get(f"{COUPONS}/1").json() == coupon
    assert coupon.pop("created")
    assert re.fullmatch("[A-Z0-9]{8}", coupon.pop("value"))
    assert re.fullmatch("[a-z]{8}", coupon.pop("batchId"))
    assert coupon == {
        "id": 1,
        "campaignId": 1,
        "usageLimit": 0,
        "usageCounter": 0,
        "discountCounter": 0,
        "reservationCounter": 0,
        "limits": [],
        "attributes": {},
        "reservation": True,
        "isReservationMandatory": False,
        "implicitlyReserved": False,
    }


def test_a_coupon_is_returned_as_it_was_written(manager, campaign):
    manager.post("/v1/attributes", json=make.attribute("Coupon", "channel"))
    content = {
        "usageLimit": 5,
        "discountLimit": 30.5,
        "reservationLimit": 45,
        "startDate": "2020-01-24T14:15:22Z",
        "expiryDate": "2093-08-24T14:15:22Z",
        "limits": [{"action": "redeemCoupon", "limit": 1, "period": "yearly", "entities": ["Profile"]}],
        "attributes": {"channel": "web"},
        "isReservationMandatory": True,
        "implicitlyReserved": True,
    }
    coupon = fixed(manager, "SUMMER-2020", **content)
    assert {name: coupon[name] for name in content} == content
    assert (coupon["value"], coupon["discountCounter"], coupon["discountRemainder"]) == ("SUMMER-2020", 0, 30.5)


def test_the_pattern_of_the_request_goes_before_the_campaigns(manager, campaign):
    settings = {"couponPattern": "C-####", "validCharacters": ["x", "y"]}
    make.new_campaign(manager, couponSettings=settings)
    by_default = [one["value"] for one in make.new_coupons(manager, 2, numberOfCoupons=10)]
    assert all(re.fullmatch("C-[xy]{4}", value) for value in by_default)
    assert len(set(by_default)) == 10
    request = {"couponPattern": "R-##", "validCharacters": ["9"], "uniquePrefix": "P-"}
    assert [one["value"] for one in make.new_coupons(manager, 2, **request)] == ["P-R-99"]
    of_pattern = make.new_coupons(manager, 2, numberOfCoupons=8, couponPattern="R-###")
    assert all(re.fullmatch("R-[xy]{3}", one["value"]) for one in of_pattern)


def test_every_combination_can_be_used_and_no_more(server, manager, campaign):
    pattern = {"couponPattern": "A-#", "validCharacters": list("0123456789")}
    make.new_coupons(manager, 1, numberOfCoupons=7, **pattern)
    make.new_coupons(manager, 1, numberOfCoupons=3, **pattern)
    assert sorted(values(manager.get(COUPONS))) == [f"A-{digit}" for digit in "0123456789"]
    refused = manager.post(COUPONS, json=make.coupons(**pattern))
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["source"] == {"pointer": "/couponPattern"}
    assert count(server) == 10


def test_a_fixed_code_exists_once_in_an_application(server, manager, campaign):
    make.new_campaign(manager)
    fixed(manager, "SUMMER")
    taken = manager.post(f"{CAMPAIGNS}/2/coupons", json=make.coupons(couponPattern="SUMMER"))
    assert (taken.status_code, taken.json()["message"]) == (
        409,
        "A coupon with this code already exists in this Application",
    )
    assert manager.post(COUPONS, json=make.coupons(couponPattern="WINTER", numberOfCoupons=2)).status_code == 400
    assert count(server) == 1
    fixed(manager, "summer")  # this Application tells cases apart
    manager.post("/v1/applications", json=make.application())
    manager.post("/v1/applications/2/campaigns", json=make.campaign())
    other = manager.post("/v1/applications/2/campaigns/3/coupons", json=make.coupons(couponPattern="SUMMER"))
    assert other.status_code == 204


@pytest.mark.parametrize(("case", "stored"), [("insensitive-uppercase", "SÜM-1"), ("insensitive-lowercase", "süm-1")])
def test_codes_are_folded_as_the_application_compares_them(manager, campaign, case, stored):
    manager.put("/v1/applications/1", json=make.application(caseSensitivity=case))
    assert fixed(manager, "Süm-1")["value"] == stored
    assert manager.post(COUPONS, json=make.coupons(couponPattern="sÜM-1")).status_code == 409
    assert manager.get(f"{COUPONS}/SÜm-1").json()["value"] == stored
    one_of = {"couponPattern": "X##", "validCharacters": ["a", "A"]}  # one character, so one code
    assert manager.post(COUPONS, json=make.coupons(numberOfCoupons=2, **one_of)).status_code == 400
    assert manager.post(COUPONS, json=make.coupons(**one_of)).status_code == 204


def test_twenty_thousand_coupons_at_once(server, manager, campaign):
    made = manager.post(COUPONS, json=make.coupons(numberOfCoupons=20_000))
    assert made.status_code == 204
    assert count(server) == 20_000


@pytest.mark.parametrize(
    ("_case", "change", "pointer", "title"),
    [
        ("none", {"numberOfCoupons": 0}, "/numberOfCoupons", "minimum"),
        ("too many", {"numberOfCoupons": 20_001}, "/numberOfCoupons", "maximum"),
        (
            "too many even with a prefix",
            {"numberOfCoupons": 200_001, "uniquePrefix": "P"},
            "/numberOfCoupons",
            "maximum",
        ),
        ("usage limit", {"usageLimit": 1_000_000}, "/usageLimit", "maximum"),
        ("negative usage limit", {"usageLimit": -1}, "/usageLimit", "minimum"),
        ("negative discount limit", {"discountLimit": -0.5}, "/discountLimit", "minimum"),
        ("huge discount limit", {"discountLimit": 10**15 + 1}, "/discountLimit", "maximum"),
        (
            "expires before it starts",
            {"startDate": "2030-01-02", "expiryDate": "2030-01-01"},
            "/expiryDate",
            "Invalid value",
        ),
        ("short pattern", {"couponPattern": "##"}, "/couponPattern", "minLength"),
        ("code over 100 characters", {"couponPattern": "#" * 99, "uniquePrefix": "PR"}, "/couponPattern", "maxLength"),
        ("empty character", {"validCharacters": ["A", ""]}, "/validCharacters", "minLength"),
        ("unknown attribute", {"attributes": {"mood": 1}}, "/attributes/mood", "Unknown"),
        ("limits for two", {"numberOfCoupons": 2, "limits": [make.per_profile()]}, "/limits", "Invalid value"),
        (
            "limits for a recipient",
            {"recipientIntegrationId": "a", "limits": [make.per_profile()]},
            "/limits",
            "Invalid value",
        ),
        ("limits of all", {"limits": [make.per_profile(entities=[])]}, "/limits/0/entities", "Invalid value"),
    ],
)
def test_impossible_coupons_are_refused(server, manager, campaign, _case, change, pointer, title):
    refused = manager.post(COUPONS, json=make.coupons(**change))
    assert refused.status_code == 400
    problem = refused.json()["errors"][0]
    assert (problem["source"]["pointer"], problem["title"]) == (pointer, title)
    assert count(server) == 0


def test_a_unique_prefix_allows_more_coupons(server, manager, campaign):
    made = manager.post(COUPONS, json=make.coupons(numberOfCoupons=20_001, uniquePrefix="P-"))
    assert made.status_code == 204
    assert server.sql("SELECT count(*) FROM coupons WHERE value ~ '^P-[A-Z0-9]{8}$'")[0][0] == 20_001


def test_coupons_take_the_campaigns_attributes_and_set_the_mandatory_ones(server, manager):
    for name in ("channel", "shelf"):
        manager.post("/v1/attributes", json=make.attribute("Coupon", name))
    make.new_campaign(manager, couponAttributes={"channel": "web", "shelf": "a"})
    coupon = fixed(manager, "ONE1", attributes={"shelf": "b"})
    assert coupon["attributes"] == {"channel": "web", "shelf": "b"}
    settings = {"mandatory": {"coupons": ["channel"]}}
    manager.put("/v1/applications/1", json=make.application(attributesSettings=settings))
    assert fixed(manager, "TWO2")["attributes"] == {"channel": "web", "shelf": "a"}
    refused = manager.post(COUPONS, json=make.coupons(attributes={"channel": None}))
    assert (refused.status_code, refused.json()["errors"][0]["title"]) == (400, "required")
    assert manager.put(f"{COUPONS}/ONE1", json={"attributes": {"shelf": "c"}}).status_code == 400
    assert manager.get(f"{COUPONS}/ONE1").json() == coupon
    assert count(server) == 2


def test_personal_coupons_for_several_recipients(server, manager, campaign):
    url = f"{CAMPAIGNS}/1/coupons_with_recipients"
    request = {"usageLimit": 1, "recipientsIntegrationIds": ["ann", "bob"], "couponPattern": "HI-####"}
    made = manager.post(url, params={"silent": "no"}, json=request)
    assert made.status_code == 200, made.text
    assert made.json()["totalResultSize"] == 2
    assert [one["recipientIntegrationId"] for one in made.json()["data"]] == ["ann", "bob"]
    assert {one["reservation"] for one in made.json()["data"]} == {False}
    assert len({one["batchId"] for one in made.json()["data"]}) == 1
    assert manager.post(url, json=request).content == b""
    for recipients in ([], ["a", "a"], [""], [str(number) for number in range(1001)]):
        refused = manager.post(url, json=request | {"recipientsIntegrationIds": recipients})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["source"]["pointer"] == "/recipientsIntegrationIds"
    assert count(server) == 4


def test_coupons_are_filtered_listed_and_deleted_by_the_same_filters(server, manager, campaign):
    make.new_campaign(manager)
    fixed(manager, "ELSEWHERE", 2)
    fixed(manager, "Summer-2020", expiryDate="2020-09-01")
    fixed(manager, "summer_2030", startDate="2030-06-01", usageLimit=0)
    fixed(manager, "WINTER", startDate="2020-01-01", expiryDate="2090-01-01", recipientIntegrationId="ann")
    batch = fixed(manager, "%%%")["batchId"]
    server.sql("UPDATE coupons SET usage_counter = 1 WHERE value IN ('WINTER', 'summer_2030')")
    server.sql("UPDATE coupons SET referral_id = 9 WHERE value = 'WINTER'")
    filters = (
        ({"value": "SUMMER 20"}, ["Summer-2020", "summer_2030"]),
        ({"value": "mer2"}, ["Summer-2020", "summer_2030"]),
        ({"value": "SUMMER-2020", "exactMatch": True}, ["Summer-2020"]),
        ({"value": "SUMMER2020", "exactMatch": True}, []),
        ({"value": "%%"}, ["%%%"]),
        ({"valid": "expired"}, ["Summer-2020"]),
        ({"valid": "validNow"}, ["WINTER", "%%%"]),
        ({"valid": "validFuture"}, ["summer_2030"]),
        ({"usable": "true"}, ["Summer-2020", "summer_2030", "%%%"]),
        ({"usable": "false"}, ["WINTER"]),
        ({"redeemed": "true"}, ["summer_2030", "WINTER"]),
        ({"redeemed": "false"}, ["Summer-2020", "%%%"]),
        ({"referralId": 9}, ["WINTER"]),
        ({"recipientIntegrationId": "ann"}, ["WINTER"]),
        ({"batchId": batch}, ["%%%"]),
        ({"startsAfter": "2025-01-01"}, ["summer_2030"]),
        ({"startsBefore": "2025-01-01"}, ["WINTER"]),
        ({"expiresAfter": "2025-01-01"}, ["WINTER"]),
        ({"expiresBefore": "2025-01-01"}, ["Summer-2020"]),
        ({"createdBefore": "2020-01-01"}, []),
        ({"createdAfter": "2020-01-01", "value": "inter"}, ["WINTER"]),
        ({"value": "inter", "valid": "expired"}, []),
    )
    for wanted, expected in filters:
        assert values(manager.get(COUPONS, params=wanted)) == expected, wanted
        assert values(manager.get(f"{COUPONS}/no_total", params=wanted)) == expected, wanted
        assert manager.get(COUPONS, params=wanted).json()["totalResultSize"] == len(expected)
    left = ["ELSEWHERE", "Summer-2020", "summer_2030", "WINTER", "%%%"]
    for wanted in ({"valid": "expired"}, {"value": "WINTER"}, {"batchId": batch}, {"value": "winter"}):
        left = [one for one in left if one not in values(manager.get(COUPONS, params=wanted))]
        deleted = manager.delete(COUPONS, params=wanted)
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert [row["value"] for row in server.sql("SELECT value FROM coupons ORDER BY id")] == left
    assert left == ["ELSEWHERE", "summer_2030"]
    assert manager.delete(COUPONS).status_code == 204
    assert [row["value"] for row in server.sql("SELECT value FROM coupons")] == ["ELSEWHERE"]


def test_a_wrong_filter_deletes_nothing(server, manager, campaign):
    fixed(manager, "SUMMER")
    for wrong in (
        {"value": ""},
        {"valid": "never"},
        {"usable": "yes"},
        {"usable": "true", "redeemed": "true"},
        {"createdBefore": "soon"},
        {"referralId": "x"},
    ):
        for refused in (manager.delete(COUPONS, params=wrong), manager.get(COUPONS, params=wrong)):
            assert refused.status_code == 400, wrong
            assert refused.json()["errors"][0]["source"] == {"parameter": list(wrong)[-1]}, wrong
    assert count(server) == 1


def test_pages_without_a_total_tell_whether_more_follow(manager, campaign):
    for code in ("AAA1", "BBB2", "CCC3"):
        fixed(manager, code)
    first = manager.get(f"{COUPONS}/no_total", params={"pageSize": 2, "sort": "-value"})
    assert (first.json()["hasMore"], values(first)) == (True, ["CCC3", "BBB2"])
    last = manager.get(f"{COUPONS}/no_total", params={"pageSize": 2, "sort": "-value", "skip": 2})
    assert (last.json()["hasMore"], values(last)) == (False, ["AAA1"])
    short = manager.get(f"{COUPONS}/no_total", params={"valuesOnly": True, "pageSize": 1}).json()["data"][0]
    assert set(short) == {"id", "created", "campaignId", "value", "usageLimit", "usageCounter"}
    assert manager.get(COUPONS, params={"sort": "secret"}).status_code == 400


def test_a_coupon_is_found_by_its_id_or_its_code(manager, campaign):
    first = fixed(manager, "SUMMER")
    second = fixed(manager, "111")
    assert manager.get(f"{COUPONS}/1").json() == first
    assert manager.get(f"{COUPONS}/SUMMER").json() == first
    assert manager.get(f"{COUPONS}/111").json() == second
    for unknown in ("9", "summer", "9" * 30, "²"):
        assert manager.get(f"{COUPONS}/{unknown}").json()["message"] == "Coupon not found"


def test_an_update_clears_left_out_dates_and_recipient_and_keeps_the_rest(server, manager, campaign):
    manager.post("/v1/attributes", json=make.attribute("Coupon", "channel"))
    old = fixed(
        manager,
        "SUMMER",
        startDate="2020-01-01",
        expiryDate="2030-01-01",
        recipientIntegrationId="ann",
        discountLimit=10.10,
        attributes={"channel": "web"},
        isReservationMandatory=True,
    )
    server.sql("UPDATE coupons SET usage_counter = 3, discount_counter = 4.10")
    before = make.revision(server)
    changed = manager.put(f"{COUPONS}/{old['id']}", json={"usageLimit": 2})
    assert changed.status_code == 200, changed.text
    expected = old | {
        "usageLimit": 2,
        "usageCounter": 3,
        "discountCounter": 4.1,
        "discountRemainder": 6,
        "reservation": True,
    }
    for name in ("startDate", "expiryDate", "recipientIntegrationId"):
        del expected[name]
    assert changed.json() == expected
    content = {
        "discountLimit": 5,
        "reservationLimit": 7,
        "startDate": "2021-01-01T00:00:00Z",
        "expiryDate": "2022-01-01T00:00:00Z",
        "recipientIntegrationId": "bob",
        "attributes": {},
        "isReservationMandatory": False,
        "implicitlyReserved": True,
    }
    by_code = manager.put(f"{COUPONS}/SUMMER", json=content).json()
    assert by_code == expected | content | {"discountRemainder": 0.9, "reservation": False}
    assert make.revision(server) == before


def test_an_impossible_update_changes_nothing(manager, campaign):
    old = fixed(manager, "SUMMER", limits=[make.per_profile()])
    for change, pointer in (
        ({"usageLimit": 1_000_000}, "/usageLimit"),
        ({"discountLimit": -1}, "/discountLimit"),
        ({"startDate": "2030-01-02", "expiryDate": "2030-01-01"}, "/expiryDate"),
        ({"attributes": {"mood": 1}}, "/attributes/mood"),
        ({"limits": [make.per_profile()], "recipientIntegrationId": "ann"}, "/limits"),
        ({"limits": [make.per_profile(action="sing")]}, "/limits/0/action"),
    ):
        refused = manager.put(f"{COUPONS}/SUMMER", json=change)
        assert (refused.status_code, refused.json()["errors"][0]["source"]) == (400, {"pointer": pointer})
    assert manager.get(f"{COUPONS}/SUMMER").json() == old


def test_a_batch_is_updated_together(manager, campaign):
    first = make.new_coupons(manager, 1, numberOfCoupons=2, startDate="2020-01-01", discountLimit=5)
    other = make.new_coupons(manager, 1, startDate="2020-01-01")
    make.new_campaign(manager)
    foreign = make.new_coupons(manager, 2, startDate="2020-01-01")
    request = {"batchID": first[0]["batchId"], "usageLimit": 9, "expiryDate": "2031-01-01T00:00:00Z"}
    updated = manager.put(COUPONS, json=request)
    assert (updated.status_code, updated.content) == (204, b"")
    listed = manager.get(COUPONS).json()["data"]
    assert listed[2:] == other
    for old, new in zip(first, listed[:2], strict=True):
        del old["startDate"]
        assert new == old | {"usageLimit": 9, "expiryDate": "2031-01-01T00:00:00Z"}
    assert manager.put(COUPONS, json={}).status_code == 204
    assert all("startDate" not in one and "expiryDate" not in one for one in manager.get(COUPONS).json()["data"])
    assert manager.get(f"{CAMPAIGNS}/2/coupons").json()["data"] == foreign
    assert manager.put(COUPONS, json={"attributes": {"mood": 1}}).status_code == 400


def test_a_coupon_is_deleted(server, manager, campaign):
    coupon = fixed(manager, "SUMMER")
    fixed(manager, "WINTER")
    deleted = manager.delete(f"{COUPONS}/{coupon['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert manager.delete(f"{COUPONS}/{coupon['id']}").status_code == 404
    assert manager.delete(f"{COUPONS}/WINTER").status_code == 204
    assert count(server) == 0


def test_coupons_of_other_campaigns_are_not_found(server, manager, campaign):
    make.new_campaign(manager)
    fixed(manager, "SUMMER")
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        for code in ("1", "SUMMER"):
            answer = manager.request(method, f"{CAMPAIGNS}/2/coupons/{code}", json=body)
            assert (answer.status_code, answer.json()["message"]) == (404, "Coupon not found")
        for url in (f"{CAMPAIGNS}/9/coupons", "/v1/applications/9/campaigns/1/coupons"):
            assert manager.request(method, url, json=body).status_code == 404
            assert manager.request(method, f"{url}/1", json=body).status_code == 404
    for url in (f"{CAMPAIGNS}/9/coupons", "/v1/applications/9/campaigns/1/coupons"):
        assert manager.post(url, json=make.coupons()).status_code == 404
        assert manager.get(f"{url}/no_total").status_code == 404
        recipients = {"usageLimit": 1, "recipientsIntegrationIds": ["ann"]}
        assert manager.post(f"{url}_with_recipients", json=recipients).status_code == 404
    assert count(server) == 1


def test_many_are_changed_and_deleted_a_part_at_a_time(server, manager, campaign, monkeypatch):
    """Each part is a transaction of its own; together they reach all that were there."""
    monkeypatch.setattr(coupons, "WRITTEN_AT_ONCE", 50)
    batch = [make.new_coupons(manager, 1, numberOfCoupons=number)[0]["batchId"] for number in (100, 51, 1)]
    make.new_campaign(manager)
    make.new_coupons(manager, 2, numberOfCoupons=2)
    assert manager.put(COUPONS, json={"batchID": batch[1], "usageLimit": 7}).status_code == 204
    changed = "SELECT batch_id, count(*), count(DISTINCT xmin::text) FROM coupons WHERE usage_limit = 7 GROUP BY 1"
    assert [tuple(row) for row in server.sql(changed)] == [(batch[1], 51, 2)]
    assert manager.put(COUPONS, json={"batchID": "", "usageLimit": 8}).status_code == 204
    assert server.sql("SELECT id FROM coupons WHERE usage_limit = 8") == []
    assert manager.delete(COUPONS, params={"batchId": batch[0]}).status_code == 204
    assert count(server) == 54
    assert manager.put(COUPONS, json={"expiryDate": "2031-01-01T00:00:00Z"}).status_code == 204
    assert server.sql("SELECT count(*) FROM coupons WHERE expiry_date IS NOT NULL AND campaign_id = 1")[0][0] == 52
    assert manager.delete(COUPONS).status_code == 204
    assert [tuple(row) for row in server.sql("SELECT campaign_id, count(*) FROM coupons GROUP BY 1")] == [(2, 2)]
