"""Referrals that a shop makes: POST /v1/referrals and POST /v1/referrals_for_multiple_advocates (core.md §7)."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

import make
from checkout import define, invalid, new_key, refusal, refused_request, rows
from conftest import INTEGRATION_KEY, MANAGEMENT_KEY

ONE, MANY = "/v1/referrals", "/v1/referrals_for_multiple_advocates"
LOUD = {"silent": "no"}
USUAL = "[A-HJ-NP-Z2-9]{12}"


@pytest.fixture
def campaign(manager):
    return make.new_campaign(manager, features=["referrals"])


@pytest.fixture
def refused(server, shop):
    """Send a request that must change nothing; its status and body."""
    return partial(refused_request, server, shop)


def one(campaign_id=1, **changes):
    return {"campaignId": campaign_id, "advocateProfileIntegrationId": "ann"} | changes


def many(*advocates, campaign_id=1, **changes):
    advocates = list(advocates) or ["ann", "bob"]
    return {"campaignId": campaign_id, "advocateProfileIntegrationIds": advocates, "usageLimit": 1} | changes


def codes(answer):
    assert answer.status_code == 201, answer.text
    return [made["code"] for made in answer.json()["data"]]


def only_digits(manager, places, digits="01", **changes):
    """A campaign whose referral codes are R and so many of these digits."""
    settings = {"couponPattern": "R-" + "#" * places, "validCharacters": list(digits)}
    return make.new_campaign(manager, referralSettings=settings, **changes)


def test_a_referral_has_every_default(shop, server, campaign):
    before = make.revision(server)
    made = make.new_referral(shop, campaign["id"])
    assert made.pop("created")
    assert re.fullmatch(USUAL, made.pop("code"))
    assert made == {
        "id": 1,
        "campaignId": 1,
        "advocateProfileIntegrationId": "ann",
        "usageLimit": 0,
        "usageCounter": 0,
        "attributes": {},
    }
    assert make.revision(server) == before  # referrals are no part of the program
    assert server.sql("SELECT referral_creation_count AS n FROM campaigns")[0]["n"] == 0  # what rules made


def test_a_referral_is_returned_as_it_was_written(shop, manager, campaign):
    define(manager, "Referral", "channel")
    content = {
        "friendProfileIntegrationId": "fred",
        "startDate": "2020-01-24T14:15:22Z",
        "expiryDate": "2093-08-24T14:15:22Z",
        "usageLimit": 5,
        "attributes": {"channel": "mail"},
    }
    sent = content | {"attributes": {"channel": "mail", "gone": None}} | {"unknown": {"member": 1}}
    define(manager, "Referral", "gone")
    made = make.new_referral(shop, campaign["id"], **sent)
    assert {name: made[name] for name in content} == content


def test_an_empty_friend_is_none(shop, campaign):
    assert "friendProfileIntegrationId" not in make.new_referral(shop, 1, friendProfileIntegrationId="")


def test_the_advocate_becomes_a_customer_and_the_friend_does_not(shop, server, campaign):
    make.new_referral(shop, 1, "ann", friendProfileIntegrationId="fred")
    before = server.sql("SELECT * FROM profiles")
    assert [row["integration_id"] for row in before] == ["ann"]
    make.new_referral(shop, 1, "ann")
    assert server.sql("SELECT * FROM profiles") == before  # nor does it count as an activity


def test_the_campaign_says_how_codes_look(shop, manager):
    only_digits(manager, 8)
    assert re.fullmatch("R-[01]{8}", make.new_referral(shop, 1)["code"])
    made = codes(shop.post(MANY, json=many(), params=LOUD))
    assert [bool(re.fullmatch("R-[01]{8}", code)) for code in made] == [True, True]


def test_the_request_may_say_it_too(shop, manager):
    only_digits(manager, 8)
    made = codes(shop.post(MANY, json=many(referralPattern="X-###-#", validCharacters=["a", "b"]), params=LOUD))
    assert [bool(re.fullmatch("X-[ab]{3}-[ab]", code)) for code in made] == [True, True]
    [code] = codes(shop.post(MANY, json=many("ann", validCharacters=["7"]), params=LOUD))
    assert code == "R-77777777"


def test_many_are_made_silently_by_default(shop, server, campaign):
    for params in ({}, {"silent": "yes"}):
        made = shop.post(MANY, json=many(), params=params)
        assert (made.status_code, made.content) == (204, b"")
    assert len(server.sql("SELECT id FROM referrals")) == 4
    assert shop.post(MANY, json=many(), params={"silent": "maybe"}).status_code == 400


def test_many_on_request(shop, server, campaign):
    made = shop.post(MANY, json=many("zoe", "ann", "zoe", usageLimit=7), params=LOUD).json()
    assert made["totalResultSize"] == 3
    assert [one["advocateProfileIntegrationId"] for one in made["data"]] == ["zoe", "ann", "zoe"]
    assert {one["usageLimit"] for one in made["data"]} == {7}
    assert len({one["code"] for one in made["data"]}) == 3
    [batch] = {one["batchId"] for one in made["data"]}
    assert re.fullmatch("[a-z]{8}", batch)
    assert len(server.sql("SELECT id FROM profiles")) == 2


def test_a_thousand_advocates(shop, server, campaign):
    made = codes(shop.post(MANY, json=many(*[f"p{number}" for number in range(1000)]), params=LOUD))
    assert len(set(made)) == 1000
    assert server.sql("SELECT count(*) AS n FROM profiles")[0]["n"] == 1000


def test_codes_are_folded_as_the_application_compares_them(shop, manager, server):
    application = manager.get("/v1/applications/1").json()
    manager.put("/v1/applications/1", json=application | {"caseSensitivity": "insensitive-lowercase"})
    settings = {"couponPattern": "Ref-##", "validCharacters": ["a", "A"]}
    make.new_campaign(manager, referralSettings=settings)
    assert make.new_referral(shop, 1)["code"] == "ref-aa"
    answer = shop.post(ONE, json=one())
    details = 'Too few codes are left of the pattern "ref-##": it has 1, of which 0 are left, and 1 are wanted'
    assert (answer.status_code, answer.json()) == (400, invalid(("/campaignId", "Invalid value", details)))


def test_every_code_of_a_pattern_can_be_drawn_and_then_no_more(shop, manager, refused):
    only_digits(manager, 3)
    drawn = {make.new_referral(shop, 1)["code"] for _ in range(8)}
    assert len(drawn) == 8
    problem = invalid(
        (
            "/campaignId",
            "Invalid value",
            'Too few codes are left of the pattern "R-###": it has 8, of which 0 are left, and 1 are wanted',
        )
    )
    assert refused("POST", ONE, json=one()) == (400, problem)


def test_codes_are_unique_in_the_application(shop, manager, refused):
    """Another campaign with the same pattern shares its codes; coupons are something else."""
    first, second = (only_digits(manager, 1)["id"] for _ in range(2))
    make.new_coupons(manager, first, couponPattern="R-0")
    assert {make.new_referral(shop, campaign_id)["code"] for campaign_id in (first, second)} == {"R-0", "R-1"}
    assert refused("POST", ONE, json=one(second))[0] == 400


def test_too_few_for_all_makes_none(refused, manager):
    only_digits(manager, 1)
    problem = invalid(
        ("/campaignId", "Invalid value", 'Too few codes are left of the pattern "R-#": it has 2, and 3 are wanted')
    )
    assert refused("POST", MANY, json=many("a", "b", "c")) == (400, problem)
    problem = invalid(
        ("/referralPattern", "Invalid value", 'Too few codes are left of the pattern "X#X": it has 1, and 2 are wanted')
    )
    body = many("a", "b", referralPattern="X#X", validCharacters=["1"])
    assert refused("POST", MANY, json=body) == (400, problem)


def test_a_fixed_code_is_there_once(shop, refused, campaign):
    body = many("ann", referralPattern="FRIENDS")
    assert codes(shop.post(MANY, json=body, params=LOUD)) == ["FRIENDS"]
    taken = refusal("A referral with this code already exists in this Application", status=409)
    assert refused("POST", MANY, json=body) == (409, taken)


def test_many_requests_at_once_share_the_codes(shop, server, manager):
    only_digits(manager, 5)

    def send(_):
        headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            return [client.post(ONE, json=one()).status_code for _ in range(10)]

    with ThreadPoolExecutor(4) as threads:
        found = [status for statuses in threads.map(send, range(4)) for status in statuses]
    # 32 codes for 40 requests: one that was drawn by two at the same time is a conflict for the later of them.
    made = server.sql("SELECT count(*) AS n, count(DISTINCT value) AS codes FROM referrals")[0]
    assert set(found) <= {201, 400, 409}
    assert (made["n"], made["codes"]) == (found.count(201), found.count(201))
    assert made["n"] <= 32


def test_a_campaign_of_another_application(shop, manager, refused):
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    campaign = manager.post(f"/v1/applications/{other}/campaigns", json=make.campaign()).json()
    for wrong in (campaign["id"], 99, 0, -1):
        problem = invalid(("/campaignId", "Unknown", f"The Application has no campaign {wrong}"))
        assert refused("POST", ONE, json=one(wrong)) == (400, problem)
        assert refused("POST", MANY, json=many(campaign_id=wrong)) == (400, problem)


@pytest.mark.parametrize(
    "authorization",
    ["", "ApiKey-v1", f"ApiKey-v1 {'0' * 64}", f"ManagementKey-v1 {MANAGEMENT_KEY}", f"Bearer {INTEGRATION_KEY}"],
)
def test_a_wrong_key(refused, campaign, authorization):
    for url, body in ((ONE, one()), (MANY, many())):
        answer = refused("POST", url, json=body, headers={"Authorization": authorization})
        assert answer == (401, refusal("Invalid API key", status=401))


def test_a_test_key_makes_none(shop, manager, server, campaign):
    _, headers = new_key(manager, type="staging")
    before = rows(server)
    for url, body in ((ONE, one()), (MANY, many())):
        answer = shop.post(url, json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (401, refusal("Invalid API key", status=401))
    assert rows(server) == before


@pytest.mark.parametrize(
    ("changes", "pointer", "title"),
    [
        ({"campaignId": None}, "/campaignId", "required"),
        ({"campaignId": "1"}, "/campaignId", "Invalid type"),
        ({"campaignId": 1.5}, "/campaignId", "Invalid type"),
        ({"advocateProfileIntegrationId": None}, "/advocateProfileIntegrationId", "required"),
        ({"advocateProfileIntegrationId": ""}, "/advocateProfileIntegrationId", "minLength"),
        ({"advocateProfileIntegrationId": "x" * 1001}, "/advocateProfileIntegrationId", "maxLength"),
        ({"advocateProfileIntegrationId": ["ann"]}, "/advocateProfileIntegrationId", "Invalid type"),
        ({"friendProfileIntegrationId": "x" * 1001}, "/friendProfileIntegrationId", "maxLength"),
        ({"usageLimit": -1}, "/usageLimit", "minimum"),
        ({"usageLimit": 1_000_000}, "/usageLimit", "maximum"),
        ({"usageLimit": "1"}, "/usageLimit", "Invalid type"),
        ({"startDate": "soon"}, "/startDate", "Invalid type"),
        ({"expiryDate": 5}, "/expiryDate", "Invalid type"),
        ({"startDate": "2030-01-02", "expiryDate": "2030-01-01"}, "/expiryDate", "Invalid value"),
        ({"startDate": "2030-01-02", "expiryDate": "2030-01-02"}, "/expiryDate", "Invalid value"),
        ({"attributes": []}, "/attributes", "Invalid type"),
        ({"attributes": {"nope": 1}}, "/attributes/nope", "Unknown"),
        ({"attributes": {"channel": 1}}, "/attributes/channel", "Invalid type"),
    ],
)
def test_bad_members(refused, manager, campaign, changes, pointer, title):
    define(manager, "Referral", "channel")
    define(manager, "Coupon", "nope")  # of another entity
    status, body = refused("POST", ONE, json=one(**changes))
    assert (status, body["message"]) == (400, "The submitted data was invalid")
    assert [(error["source"]["pointer"], error["title"]) for error in body["errors"]] == [(pointer, title)]


@pytest.mark.parametrize(
    ("changes", "pointer", "title"),
    [
        ({"usageLimit": None}, "/usageLimit", "required"),
        ({"advocateProfileIntegrationIds": []}, "/advocateProfileIntegrationIds", "minItems"),
        ({"advocateProfileIntegrationIds": ["x"] * 1001}, "/advocateProfileIntegrationIds", "maxItems"),
        ({"advocateProfileIntegrationIds": ["a", ""]}, "/advocateProfileIntegrationIds/1", "minLength"),
        ({"advocateProfileIntegrationIds": "ann"}, "/advocateProfileIntegrationIds", "Invalid type"),
        ({"referralPattern": "##"}, "/referralPattern", "minLength"),
        ({"referralPattern": "#" * 101}, "/referralPattern", "maxLength"),
        ({"referralPattern": "#" * 60, "validCharacters": ["ab"]}, "/referralPattern", "maxLength"),
        ({"validCharacters": ["a", ""]}, "/validCharacters", "minLength"),
        ({"validCharacters": "abc"}, "/validCharacters", "Invalid type"),
    ],
)
def test_bad_members_for_many(refused, campaign, changes, pointer, title):
    status, body = refused("POST", MANY, json=many(**changes))
    assert status == 400
    assert [(error["source"]["pointer"], error["title"]) for error in body["errors"]] == [(pointer, title)]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"x"', b'{"campaignId": 1e400}', b"\xff"])
def test_a_broken_body(refused, campaign, content):
    for url in (ONE, MANY):
        assert refused("POST", url, content=content)[0] == 400


def test_texts_that_cannot_be_stored(refused, campaign):
    for name in ("advocateProfileIntegrationId", "friendProfileIntegrationId"):
        status, body = refused("POST", ONE, json=one(**{name: "a\0b"}))
        assert (status, body["message"]) == (400, "The text contains a character that cannot be stored")
    assert refused("POST", ONE, json=one(campaignId=2**63))[0] == 400


def test_odd_texts(shop, campaign):
    for advocate in ("ann/ben", "\u202eann", "Zoë 🙂", "a" * 1000, "'; DROP TABLE referrals; --"):
        assert make.new_referral(shop, 1, advocate)["advocateProfileIntegrationId"] == advocate
