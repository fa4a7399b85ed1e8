"""Coupons from CSV files (management.md §15)."""

import gzip
import json
import re
from http.client import HTTPConnection

import pytest

import make
from checkout import define, new_key, refusal, refused_request
from conftest import INTEGRATION_KEY
from files import send, upload
from make import CAMPAIGNS

HEADER = "value,expirydate,startdate,recipientintegrationid,limitval,discountlimit,attributes\n"


@pytest.fixture
def server(shared):
    return shared


@pytest.fixture
def manager(shared_manager):
    return shared_manager


@pytest.fixture
def campaign(server, manager):
    """The id of an empty campaign; coupons of other tests are gone."""
    server.sql("DELETE FROM coupons")
    return make.new_campaign(manager)["id"]


@pytest.fixture(scope="module", autouse=True)
def attributes(shared_manager):
    define(shared_manager, "Coupon", "channel")
    define(shared_manager, "Coupon", "shelf", "number")


def imports(campaign):
    return f"{CAMPAIGNS}/{campaign}/import_coupons"


def listed(manager, campaign, **params):
    return manager.get(f"{CAMPAIGNS}/{campaign}/coupons", params=params).json()["data"]


def values(manager, campaign):
    return [one["value"] for one in listed(manager, campaign)]


def problems(server, manager, campaign, text, **params):
    """What is wrong with a file, of which nothing may stay: (line, title)."""
    files = {"upFile": ("coupons.csv", text)}
    status, body = refused_request(server, manager, "POST", imports(campaign), files=files, params=params)
    assert status == 400, body
    return [(one["source"]["line"], one["title"]) for one in body["errors"]]


def test_a_file_is_imported(server, manager, campaign):
    before = make.revision(server)
    text = (
        "\ufeff"
        + HEADER
        + 'SUMMER-1,2093-08-24T14:15:22+02:00,2020-01-24,ann,5,30.50,"{""channel"": ""web"", ""shelf"": 2}"\r\n'
        "\r\n"
        'ABC,,,,,,\n"a ""quoted""\ncode",,,,0,,"{""channel"": null}"\n'
    )
    noted = upload(manager, imports(campaign), text)
    assert noted.pop("created")
    assert noted == {"id": noted["id"], "accountId": 1, "userId": 1, "entity": "Coupon", "amount": 3}
    coupons = {one["value"]: one for one in listed(manager, campaign)}
    assert set(coupons) == {"SUMMER-1", "ABC", 'a "quoted"\ncode'}
    batch = coupons["ABC"]["batchId"]
    assert re.fullmatch("[a-z]{8}", batch)
    shared = {"campaignId": campaign, "importId": noted["id"], "batchId": batch, "usageCounter": 0,
              "discountCounter": 0, "reservationCounter": 0, "limits": [], "isReservationMandatory": False,
              "implicitlyReserved": False}  # fmt: skip
    for coupon in coupons.values():
        assert coupon.pop("created")
        assert coupon.pop("id")
    assert coupons["SUMMER-1"] == shared | {
        "value": "SUMMER-1",
        "expiryDate": "2093-08-24T12:15:22Z",
        "startDate": "2020-01-24T00:00:00Z",
        "recipientIntegrationId": "ann",
        "reservation": False,
        "usageLimit": 5,
        "discountLimit": 30.5,
        "discountRemainder": 30.5,
        "attributes": {"channel": "web", "shelf": 2},
    }
    assert coupons["ABC"] == shared | {"value": "ABC", "usageLimit": 1, "reservation": True, "attributes": {}}
    assert (coupons['a "quoted"\ncode']["usageLimit"], coupons['a "quoted"\ncode']["attributes"]) == (0, {})
    assert server.sql("SELECT id FROM profiles") == []  # recipients stay names
    assert make.revision(server) == before


def test_only_the_code_is_needed_in_any_column(manager, campaign):
    assert upload(manager, imports(campaign), "mood, VALUE \nglad,ABC\n")["amount"] == 1
    assert values(manager, campaign) == ["ABC"]
    assert upload(manager, imports(campaign), "value\n")["amount"] == 0


def test_attributes_of_the_campaign_and_mandatory_ones(server, manager, campaign):
    settings = {"mandatory": {"coupons": ["channel"]}}
    manager.put("/v1/applications/1", json=make.application(attributesSettings=settings)).raise_for_status()
    with_defaults = make.new_campaign(manager, couponAttributes={"channel": "web"})["id"]
    try:
        assert problems(server, manager, campaign, 'value,attributes\nABC,\nDEF,"{""shelf"": 1}"\n') == [
            ("2", "required"),
            ("3", "required"),
        ]
        upload(manager, imports(with_defaults), 'value,attributes\nABC,\nDEF,"{""channel"": ""shop""}"\n')
        assert [one["attributes"] for one in listed(manager, with_defaults)] == [
            {"channel": "web"},
            {"channel": "shop"},
        ]
    finally:
        settings = {"mandatory": {"coupons": []}}
        manager.put("/v1/applications/1", json=make.application(attributesSettings=settings)).raise_for_status()


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ("AB,,,,,,", "maxLength"),
        (",,,,,,", "maxLength"),
        (f"{'x' * 101},,,,,,", "maxLength"),
        (f"ABC,,,{'x' * 1001},,,", "maxLength"),
        ("ABC,soon,,,,,", "Invalid type"),
        ("ABC,,2020-13-01,,,,", "Invalid type"),
        ("ABC,2020-01-01,2020-01-02,,,,", "Invalid value"),
        ("ABC,,,,-1,,", "Invalid value"),
        ("ABC,,,,1.5,,", "Invalid value"),
        ("ABC,,,,1000000,,", "Invalid value"),
        ("ABC,,,,²,,", "Invalid value"),
        ("ABC,,,,,-1,", "Invalid value"),
        ("ABC,,,,,x,", "Invalid value"),
        ("ABC,,,,,NaN,", "Invalid value"),
        ("ABC,,,,,Infinity,", "Invalid value"),
        ("ABC,,,,,²,", "Invalid value"),
        ("ABC,,,,,1e99,", "Invalid value"),
        ("ABC,,,,,,[]", "Invalid type"),
        ("ABC,,,,,,{", "Invalid type"),
        ('ABC,,,,,,"{""nope"": 1}"', "Unknown"),
        ('ABC,,,,,,"{""channel"": 1}"', "Invalid type"),
        ('ABC,,,,,,"{""channel"": ""\\u0000""}"', "Invalid value"),
        ("A\0BC,,,,,,", "Invalid value"),
        ("ABC,,,a\0,,,", "Invalid value"),
        ("GOOD,,,,,,", "uniqueItems"),
        ("ABC", "Invalid row"),
        ('"ABC', "Invalid file"),
        (f'"{"x" * 200_000}"', "Invalid file"),
    ],
)
def test_a_bad_row_refuses_the_whole_file(server, manager, campaign, row, title):
    assert problems(server, manager, campaign, f"{HEADER}GOOD,,,,,,\n{row}\n") == [("3", title)]


def test_problems_have_the_lines_of_the_file(server, manager, campaign):
    rows = ['"X\nX\n1",,,,,,', "ok1,,,,,,", "A,,,,,,", "", "ok2,,,,x,,"]
    assert problems(server, manager, campaign, HEADER + "\n".join(rows)) == [
        ("6", "maxLength"),
        ("8", "Invalid value"),
    ]
    assert len(problems(server, manager, campaign, HEADER + "A,,,,,,\n" * 50)) == 20


def test_a_bad_row_after_many_good_ones(server, manager, campaign):
    """What was stored of the file before is undone."""
    rows = "".join(f"C-{number:05}\n" for number in range(25_000))
    assert problems(server, manager, campaign, f"value\n{rows}X\n") == [("25002", "maxLength")]
    assert problems(server, manager, campaign, f"value\n{rows}C-00007\n") == [("25002", "uniqueItems")]
    assert upload(manager, imports(campaign), f"value\n{rows}")["amount"] == 25_000
    assert problems(server, manager, campaign, f"value\nNEW1\n{rows}")[:2] == [
        ("3", "uniqueItems"),
        ("4", "uniqueItems"),
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "1"),
        (b"code\nABC\n", "1"),
        (b"\xff\xfev\0a\0l\0u\0e\0\n\0", "N/A"),
        ("value\nÄÖÜ\n".encode("latin-1"), "N/A"),
        (gzip.compress(b"value\nABC\n", mtime=0), "N/A"),
        (b"PK\x03\x04" + bytes(range(256)), "N/A"),
    ],
)
def test_files_that_are_no_csv(server, manager, campaign, content, line):
    assert problems(server, manager, campaign, content)[0][0] == line


def test_what_is_no_file(server, manager, campaign):
    url = imports(campaign)
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    whole = b'--x\r\nContent-Disposition: form-data; name="upFile"; filename="a"\r\n\r\nvalue\nABC\r\n--x--\r\n'
    for request in (
        {"json": {"upFile": "value\nABC"}},
        {"content": b"value\nABC"},
        {"content": b""},
        {"data": {"upFile": "value\nABC"}},
        {"files": {"file": ("a.csv", b"value\nABC")}},
        {"content": whole, "headers": {"Content-Type": "multipart/form-data"}},
        {"content": whole[:-8], "headers": form},
        {"content": b"nothing", "headers": form},
        {"content": whole.replace(b"; name", b"; nam"), "headers": form},
        {"content": gzip.compress(whole), "headers": form | {"Content-Encoding": "gzip"}},
        {"content": whole, "headers": form | {"Content-Encoding": "deflate"}},
        {"content": b"--x\r\nA: b\r\n\r\n\r\n" * 30 + whole, "headers": form},
    ):
        status, body = refused_request(server, manager, "POST", url, **request)
        assert (status, body["errors"][0]["source"]) == (400, {"line": "N/A"}), request
    assert manager.post(url, content=whole, headers=form).json()["amount"] == 1
    assert manager.post(url, files={"upFile": (None, "value\nDEF\n")}).json()["amount"] == 1  # as the SDK sends it


def test_a_file_may_be_larger_than_other_bodies_but_not_without_end(server, manager, campaign):
    wide = "".join(f"W-{number},{'y' * 1000}\n" for number in range(12_000))
    assert upload(manager, imports(campaign), f"value,mood\n{wide}")["amount"] == 12_000
    connection = HTTPConnection(manager.base_url.host, manager.base_url.port)
    connection.putrequest("POST", imports(campaign))
    for name, value in (
        ("Authorization", manager.headers["Authorization"]),
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("Content-Length", str(257 * 1024 * 1024)),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)) == (413, refusal("The request body is too large", status=413))
    connection.close()


def test_codes_that_are_there_already(server, manager, campaign):
    elsewhere = make.new_campaign(manager)["id"]
    make.new_coupons(manager, elsewhere, couponPattern="TAKEN")
    text = "value,limitval\nNEW1,1\nTAKEN,2\nNEW2,3\nNEW1,4\n"
    assert problems(server, manager, campaign, text) == [("3", "uniqueItems"), ("5", "uniqueItems")]
    assert problems(server, manager, campaign, text, skipDuplicates="false") == [
        ("3", "uniqueItems"),
        ("5", "uniqueItems"),
    ]
    assert upload(manager, imports(campaign), text, skipDuplicates="true")["amount"] == 2
    assert {one["value"]: one["usageLimit"] for one in listed(manager, campaign)} == {"NEW1": 1, "NEW2": 3}
    assert listed(manager, elsewhere)[0]["usageLimit"] == 1
    assert upload(manager, imports(campaign), text, skipDuplicates="true")["amount"] == 0
    answer = send(manager, imports(campaign), text, skipDuplicates="perhaps")
    assert (answer.status_code, answer.json()["errors"][0]["source"]) == (400, {"parameter": "skipDuplicates"})


def test_codes_are_folded_as_the_application_compares_them(server, manager, campaign):
    manager.put("/v1/applications/1", json=make.application(caseSensitivity="insensitive-uppercase"))
    try:
        assert upload(manager, imports(campaign), "value\naBcß\n")["amount"] == 1
        assert values(manager, campaign) == ["ABCSS"]
        assert problems(server, manager, campaign, "value\nabcSS\n") == [("2", "uniqueItems")]
        assert problems(server, manager, campaign, "value\ndef\nDEF\n") == [("3", "uniqueItems")]
    finally:
        manager.put("/v1/applications/1", json=make.application(caseSensitivity="sensitive")).raise_for_status()


def test_others_and_wrong_keys(server, manager, campaign):
    files = {"upFile": ("a.csv", "value\nABC\n")}
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    missing = refusal("Campaign not found", status=404)
    for url in (f"/v1/applications/{other}/campaigns/{campaign}/import_coupons", imports(99_999)):
        assert refused_request(server, manager, "POST", url, files=files) == (404, missing)
    _, test_key = new_key(manager, type="staging")
    for headers in ({"Authorization": ""}, {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}, test_key):
        answer = refused_request(server, manager, "POST", imports(campaign), files=files, headers=headers)
        assert answer == (401, refusal("Invalid API key", status=401))
