"""POST …/import_referrals: referrals from a CSV file (management.md §15)."""

import pytest

import make
from checkout import define, new_key, refusal, refused_request
from conftest import INTEGRATION_KEY
from make import CAMPAIGNS

URL = f"{CAMPAIGNS}/1/import_referrals"
REFERRALS = f"{CAMPAIGNS}/1/referrals"
HEADER = "code,advocateprofileintegrationid,startdate,expirydate,limitval,attributes\n"


@pytest.fixture(autouse=True)
def campaign(manager):
    define(manager, "Referral", "channel")
    return make.new_campaign(manager, features=["referrals"])


def send(manager, text, url=URL):
    return manager.post(url, files={"upFile": ("referrals.csv", text)}, timeout=30)


def problems(server, manager, text):
    """What is wrong with the file, which must change nothing: (line, title)."""
    status, body = refused_request(server, manager, "POST", URL, files={"upFile": ("referrals.csv", text)})
    assert (status, body["message"]) == (400, "The submitted data was invalid")
    return [(one["source"]["line"], one["title"]) for one in body["errors"]]


def listed(manager):
    return manager.get(REFERRALS, params={"sort": "code"}).json()["data"]


def test_a_file_is_imported(manager, server):
    row = '"A/1 é",ann,2020-01-01T00:00:00+02:00,2090-01-01,0,"{""channel"": ""mail"", ""gone"": null}"\r\n'
    define(manager, "Referral", "gone")
    answer = send(manager, "\ufeff" + HEADER + row + "BBBB,bob,,,,\n" + "CCCC,ann, ,,7,{}\n")
    assert answer.status_code == 200, answer.text
    noted = answer.json()
    assert noted.pop("created")
    assert noted == {"id": 1, "accountId": 1, "userId": 1, "entity": "Referral", "amount": 3}
    first, second, third = listed(manager)
    assert second.pop("created")
    assert len({one.pop("batchId") for one in (first, second, third)}) == 1
    assert second == {
        "id": 2,
        "campaignId": 1,
        "advocateProfileIntegrationId": "bob",
        "usageLimit": 1,
        "usageCounter": 0,
        "attributes": {},
        "importId": 1,
        "code": "BBBB",
    }
    assert (first["code"], first["usageLimit"], first["attributes"]) == ("A/1 é", 0, {"channel": "mail"})
    assert (first["startDate"], first["expiryDate"]) == ("2019-12-31T22:00:00Z", "2090-01-01T00:00:00Z")
    assert (third["usageLimit"], "startDate" in third) == (7, False)
    assert server.sql("SELECT id FROM profiles") == []  # advocates stay names


def test_only_two_columns_are_needed_in_any_order(manager):
    text = "mood,AdvocateProfileIntegrationId,Code\nglad,ann,AAAA\n"
    assert send(manager, text).json()["amount"] == 1
    assert [(one["code"], one["advocateProfileIntegrationId"]) for one in listed(manager)] == [("AAAA", "ann")]
    assert send(manager, "code,advocateprofileintegrationid\n").json()["amount"] == 0


def test_codes_are_folded_as_the_application_compares_them(manager, server):
    application = manager.get("/v1/applications/1").json()
    manager.put("/v1/applications/1", json=application | {"caseSensitivity": "insensitive-uppercase"})
    assert send(manager, HEADER + "aBcd,ann,,,,\n").status_code == 200
    assert [one["code"] for one in listed(manager)] == ["ABCD"]
    assert problems(server, manager, HEADER + "ABCD,ann,,,,\n") == [("2", "uniqueItems")]
    assert problems(server, manager, HEADER + "dEfg,ann,,,,\nDEFG,ann,,,,\n") == [("3", "uniqueItems")]


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ("ABC,ann,,,,", "maxLength"),
        (f"{'x' * 101},ann,,,,", "maxLength"),
        ("AAAA,,,,,", "maxLength"),
        (f"AAAA,{'x' * 1001},,,,", "maxLength"),
        ("AAAA,ann,soon,,,", "Invalid type"),
        ("AAAA,ann,,2020-13-01,,", "Invalid type"),
        ("AAAA,ann,2020-01-02,2020-01-01,,", "Invalid value"),
        ("AAAA,ann,,,-1,", "Invalid value"),
        ("AAAA,ann,,,1.5,", "Invalid value"),
        ("AAAA,ann,,,1000000,", "Invalid value"),
        ("AAAA,ann,,,²,", "Invalid value"),
        ("AAAA,ann,,,,[]", "Invalid type"),
        ("AAAA,ann,,,,{", "Invalid type"),
        ('AAAA,ann,,,,"{""nope"": 1}"', "Unknown"),
        ('AAAA,ann,,,,"{""channel"": 1}"', "Invalid type"),
        ("AAAA,ann", "Invalid row"),
        ('"AAAA', "Invalid file"),
    ],
)
def test_a_bad_row_refuses_the_whole_file(server, manager, row, title):
    assert problems(server, manager, f"{HEADER}GOOD,ann,,,,\n{row}\n") == [("3", title)]


def test_bad_files(server, manager):
    assert problems(server, manager, "") == [("1", "required")] * 2
    assert problems(server, manager, "code\nAAAA\n") == [("1", "required")]
    assert problems(server, manager, b"\xff\xfe") == [("N/A", "Invalid file")]
    assert len(problems(server, manager, HEADER + "A,,,,,\n" * 50)) == 20
    assert refused_request(server, manager, "POST", URL, json={})[0] == 400
    assert problems(server, manager, HEADER + "A\0AA,ann,,,,\n") == [("2", "Invalid value")]


def test_codes_that_the_application_has(server, manager, shop):
    make.new_campaign(manager)
    assert send(manager, HEADER + "AAAA,ann,,,,\n", f"{CAMPAIGNS}/2/import_referrals").status_code == 200
    make.new_coupons(manager, 1, couponPattern="BBBB")  # coupons have codes of their own
    assert problems(server, manager, HEADER + "BBBB,ann,,,,\nAAAA,ann,,,,\n") == [("3", "uniqueItems")]
    assert send(manager, HEADER + "BBBB,ann,,,,\n").status_code == 200


def test_many_rows(manager):
    rows = "".join(f"C-{number:05},p{number},,,,\n" for number in range(20_000))
    assert send(manager, HEADER + rows).json()["amount"] == 20_000
    assert manager.get(REFERRALS, params={"pageSize": 1}).json()["totalResultSize"] == 20_000


def test_an_imported_code_is_refused_until_there_is_an_advocate(manager, shop):
    rule = make.rule(condition=["and", ["referralValid"]])
    made = manager.post(f"{CAMPAIGNS}/1/rulesets", json=make.ruleset(rule) | {"activate": True})
    assert made.status_code == 201, made.text
    send(manager, HEADER + "AAAA,ann,,,,\n").raise_for_status()
    session = {"profileId": "lee", "referralCode": "AAAA", "cartItems": [{"sku": "A", "quantity": 1, "price": 9}]}

    def kinds():
        answer = shop.put("/v2/customer_sessions/s1", json={"customerSession": session}).json()
        return [(one["effectType"], one["props"].get("rejectionReason")) for one in answer["effects"]]

    assert kinds() == [("rejectReferral", "AdvocateNotFound")]
    shop.put("/v2/customer_profiles", json={"customerProfiles": [{"integrationId": "ann"}]}).raise_for_status()
    assert kinds()[0] == ("acceptReferral", None)


def test_others_and_wrong_keys(server, manager):
    files = {"upFile": ("a.csv", HEADER + "AAAA,ann,,,,\n")}
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    missing = refusal("Campaign not found", status=404)
    for url in (f"/v1/applications/{other}/campaigns/1/import_referrals", f"{CAMPAIGNS}/9/import_referrals"):
        assert refused_request(server, manager, "POST", url, files=files) == (404, missing)
    _, test_key = new_key(manager, type="staging")
    for headers in ({"Authorization": ""}, {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}, test_key):
        answer = refused_request(server, manager, "POST", URL, files=files, headers=headers)
        assert answer == (401, refusal("Invalid API key", status=401))
