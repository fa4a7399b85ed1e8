"""Exports as CSV and the list of them (management.md §15); formulas in cells; whoever goes away before the end."""

import csv
import json
import re
import socket
import time
from io import StringIO
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

import make
import people
from checkout import coupon_rule, define, line, refused_request, running, update
from conftest import INTEGRATION_KEY, MANAGEMENT_KEY
from files import download, upload
from make import CAMPAIGNS

APPLICATION = "/v1/applications/1"
NAMES = ("coupons", "referrals", "effects", "customer_sessions")


def url(name, application_id=1):
    return f"/v1/applications/{application_id}/export_{name}"


@pytest.fixture(scope="module")
def world(shared, shared_manager, shared_shop):
    """Campaign 1 with coupons 1 to 3 and a referral, campaign 2 is disabled and has coupon 4; a session with effects."""
    manager, shop = shared_manager, shared_shop
    for entity in ("Coupon", "CustomerSession"):
        define(manager, entity, "note")
    manager.post("/v1/additional_costs", json=make.cost(name="shipping")).raise_for_status()
    make.new_store(manager)
    running(manager, coupon_rule(), name="Spring sale", features=["coupons", "referrals"])
    more = {"startDate": "2020-01-01T00:00:00Z", "expiryDate": "2098-01-01T00:00:00.5+01:00", "discountLimit": 99.5}
    note = {"note": 'say "hi", you'}
    make.new_coupons(manager, 1, couponPattern="SPRING", usageLimit=2, attributes=note, **more)
    make.new_coupons(manager, 1, couponPattern="OLD", expiryDate="2020-01-01T00:00:00Z")
    make.new_coupons(manager, 1, couponPattern="=1+1", recipientIntegrationId="@ann")
    make.new_campaign(manager, state="disabled", name="Off")
    make.new_coupons(manager, 2, couponPattern="OTHER")
    make.new_referral(shop, 1, "ann", startDate="2020-01-01T00:00:00Z", usageLimit=3)
    session = {
        "profileId": "kim",
        "cartItems": [line("A", 2, 10.5)],
        "couponCodes": ["SPRING"],
        "attributes": {"note": "+1"},
        "additionalCosts": {"shipping": {"price": 4}},
        "identifiers": ["1.2.3.4"],
        "storeIntegrationId": "B-1",
        "state": "closed",
    }
    update(shop, "s1", session)
    update(shop, "-s2", {})


@pytest.fixture
def manager(world, shared_manager):
    return shared_manager


def read(client, address, **params):
    """An export as (header, rows by column)."""
    rows = list(csv.reader(StringIO(download(client, address, **params), newline="")))
    return ",".join(rows[0]), [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_coupons(manager):
    header, rows = read(manager, url("coupons"))
    assert header == (
        "id,created,campaignid,value,expirydate,startdate,attributes,applicationid,deleted,deleted_changelogid,accountid,"
        "referralid,recipientintegrationid,importid,batchid,reservation,limits,limitval,counter,discount_counter,"
        "discount_limitval,is_reservation_mandatory,reservation_counter,reservation_limitval"
    )
    assert [row["value"] for row in rows] == ["SPRING", "OLD", "'=1+1", "OTHER"]
    spring, old, personal, _ = rows
    assert spring.pop("created").endswith("Z")
    assert len(spring.pop("batchid")) == 8
    assert json.loads(spring.pop("attributes")) == {"note": 'say "hi", you'}
    assert spring == {
        "id": "1",
        "campaignid": "1",
        "value": "SPRING",
        "expirydate": "2097-12-31T23:00:00.500000Z",
        "startdate": "2020-01-01T00:00:00Z",
        "applicationid": "1",
        "deleted": "false",
        "deleted_changelogid": "",
        "accountid": "1",
        "referralid": "",
        "recipientintegrationid": "",
        "importid": "",
        "reservation": "true",
        "limits": "[]",
        "limitval": "2",
        "counter": "1",
        "discount_counter": "2.5",
        "discount_limitval": "99.5",
        "is_reservation_mandatory": "false",
        "reservation_counter": "0",
        "reservation_limitval": "",
    }
    assert (old["startdate"], old["discount_limitval"], old["attributes"]) == ("", "", "{}")
    assert (personal["recipientintegrationid"], personal["reservation"]) == ("'@ann", "false")


COUPONS = [
    ({"campaignId": 2}, ["OTHER"]),
    ({"campaignId": 9}, []),
    ({"sort": "-value", "campaignId": 1}, ["SPRING", "OLD", "'=1+1"]),
    ({"value": "pring"}, ["SPRING"]),
    ({"value": "pring", "exactMatch": True}, []),
    ({"value": "SPRING", "exactMatch": True}, ["SPRING"]),
    ({"valid": "expired"}, ["OLD"]),
    ({"valid": "validNow", "campaignId": 1}, ["SPRING", "'=1+1"]),
    ({"valid": "validFuture"}, []),
    ({"usable": "false"}, []),
    ({"recipientIntegrationId": "@ann"}, ["'=1+1"]),
    ({"referralId": 1}, []),
    ({"batchId": "nothing"}, []),
    ({"createdBefore": "2020-01-01"}, []),
    ({"createdAfter": "2020-01-01", "campaignState": "disabled"}, ["OTHER"]),
    ({"campaignState": "running"}, ["SPRING", "OLD", "'=1+1"]),
    ({"campaignState": "enabled"}, ["SPRING", "OLD", "'=1+1"]),
    ({"campaignState": "expired"}, []),
    ({"deletedAfter": "2020-01-01"}, []),
    ({"deletedBefore": "2099-01-01"}, []),
]


@pytest.mark.parametrize(("wanted", "found"), COUPONS)
def test_which_coupons(manager, wanted, found):
    assert [row["value"] for row in read(manager, url("coupons"), **wanted)[1]] == found
    assert download(manager, url("coupons"), valuesOnly=True, **wanted) == "\n".join(["value", *found, ""])


def test_referrals(manager):
    header, [row] = read(manager, url("referrals"))
    assert header == (
        "id,created,campaignid,advocateprofileintegrationid,friendprofileintegrationid,startdate,expirydate,code,importid,"
        "attributes,batchid,counter,limitval"
    )
    assert row.pop("created").endswith("Z")
    assert len(row.pop("code")) == 12
    assert row == {
        "id": "1",
        "campaignid": "1",
        "advocateprofileintegrationid": "ann",
        "friendprofileintegrationid": "",
        "startdate": "2020-01-01T00:00:00Z",
        "expirydate": "",
        "importid": "",
        "attributes": "{}",
        "batchid": row["batchid"],
        "counter": "0",
        "limitval": "3",
    }
    for wanted, count in (
        ({"campaignId": 1, "valid": "validNow", "usable": "true"}, 1),
        ({"campaignId": 2}, 0),
        ({"valid": "expired"}, 0),
        ({"usable": "false"}, 0),
        ({"batchId": "x"}, 0),
        ({"createdAfter": "2098-01-01"}, 0),
        ({"createdBefore": "2098-01-01"}, 1),
    ):
        assert len(read(manager, url("referrals"), **wanted)[1]) == count, wanted


def test_effects(manager):
    header, rows = read(manager, url("effects"))
    assert header == (
        "created,name,applicationid,campaignid,rulesetid,ruleindex,sessionintegrationid,profileintegrationid,sessionid,"
        "profileid,eventid,event_type,total_revenue,props,couponid,store_id,store_integration_id"
    )
    assert [row["name"] for row in rows] == ["acceptCoupon", "setDiscount"]
    assert rows[1].pop("created").endswith("Z")
    profile_id = rows[1].pop("profileid")
    assert int(profile_id) > 0
    assert rows[1] == {
        "name": "setDiscount",
        "applicationid": "1",
        "campaignid": "1",
        "rulesetid": "1",
        "ruleindex": "0",
        "sessionintegrationid": "s1",
        "profileintegrationid": "kim",
        "sessionid": "1",
        "eventid": "1",
        "event_type": "talon_session_closed",
        "total_revenue": "25",
        "props": '{"name":"10% off","value":2.5}',
        "couponid": "1",
        "store_id": "1",
        "store_integration_id": "B-1",
    }
    assert len(read(manager, url("effects"), campaignId=1)[1]) == 2
    assert read(manager, url("effects"), campaignId=2)[1] == []
    assert read(manager, url("effects"), createdBefore="2020-01-01")[1] == []


def test_sessions(manager):
    header, rows = read(manager, url("customer_sessions"))
    assert header == (
        "id,firstsession,integrationid,applicationid,profileid,profileintegrationid,created,state,cartitems,discounts,total,"
        "attributes,closedat,cancelledat,referral,identifiers,additional_costs,updated,store_integration_id,coupons"
    )
    full, bare = rows
    assert full["closedat"] == full["updated"] == full.pop("created")
    del full["closedat"], full["updated"]
    assert int(full.pop("profileid")) > 0
    [item] = json.loads(full.pop("cartitems"))
    assert (item["sku"], item["quantity"], item["price"]) == ("A", 2, 10.5)
    assert full == {
        "id": "1",
        "firstsession": "true",
        "integrationid": "s1",
        "applicationid": "1",
        "profileintegrationid": "kim",
        "state": "closed",
        "discounts": "{}",
        "total": "25.00",
        "attributes": '{"note": "+1"}',
        "cancelledat": "0001-01-01T00:00:00Z",
        "referral": "",
        "identifiers": '["1.2.3.4"]',
        "additional_costs": '{"shipping": {"price": 4}}',
        "store_integration_id": "B-1",
        "coupons": '["SPRING"]',
    }
    assert (bare["integrationid"], bare["profileid"], bare["identifiers"], bare["coupons"]) == (
        "'-s2",
        "",
        "null",
        "[]",
    )
    assert (bare["closedat"], bare["total"], bare["cartitems"]) == ("0001-01-01T00:00:00Z", "0.00", "[]")
    for wanted, found in (
        ({"profileIntegrationId": "kim"}, ["s1"]),
        ({"profileIntegrationId": "kim", "customerSessionState": "open"}, []),
        ({"customerSessionState": "open"}, ["'-s2"]),
        ({"createdBefore": "2020-01-01"}, []),
        ({"updatedAfter": "2020-01-01", "createdAfter": "2020-01-01", "customerSessionState": "closed"}, ["s1"]),
        ({"updatedBefore": "2020-01-01"}, []),
    ):
        assert [row["integrationid"] for row in read(manager, url("customer_sessions"), **wanted)[1]] == found, wanted


def test_dates_for_spreadsheets(manager):
    row = read(manager, url("coupons"), dateFormat="excel")[1][0]
    assert (row["startdate"], row["expirydate"]) == ("2020-01-01 00:00:00", "2097-12-31 23:00:00")
    assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", row["created"])
    row = read(manager, url("customer_sessions"), dateFormat="excel")[1][0]
    assert row["cancelledat"] == "0001-01-01 00:00:00"
    assert read(manager, url("coupons"), dateFormat="ISO8601")[1][0]["startdate"] == "2020-01-01T00:00:00Z"


def test_the_list_of_exports(shared, manager):
    shared.sql("DELETE FROM exports")
    download(manager, url("coupons"), campaignId=2, value="x y", usable="true")
    download(manager, url("effects"))
    collection = manager.post("/v1/collections", json={"name": "Listed"}).json()["id"]
    download(manager, f"/v1/collections/{collection}/export")
    answer = manager.get("/v1/exports").json()
    assert answer["totalResultSize"] == 3
    assert {(one["accountId"], one["userId"]) for one in answer["data"]} == {(1, 1)}
    assert all(one["created"].endswith("Z") for one in answer["data"])
    assert [(one["entity"], one["filter"]) for one in answer["data"]] == [
        ("Collection", {"collectionId": str(collection)}),
        ("Effect", {}),
        ("Coupon", {"campaignId": "2", "value": "x y", "usable": "true"}),
    ]
    for wanted, found in (
        ({"applicationId": 1}, ["Effect", "Coupon"]),
        ({"applicationId": 2}, []),
        ({"campaignId": 2}, ["Coupon"]),
        ({"entity": "Collection"}, ["Collection"]),
        ({"entity": "AudienceMembership"}, []),
        ({"pageSize": 1, "skip": 1}, ["Effect"]),
    ):
        assert [one["entity"] for one in manager.get("/v1/exports", params=wanted).json()["data"]] == found, wanted
    other = manager.post("/v1/applications", json=make.application()).json()["id"]
    for application_id, count in ((1, 2), (other, 0)):
        limited = people.new_key(manager, allowedApplicationIds=[application_id])
        assert manager.get("/v1/exports", headers=limited).json()["totalResultSize"] == count
    shared.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    shared.sql("UPDATE exports SET account_id = (SELECT max(id) FROM accounts) WHERE entity = 'Effect'")
    assert len(manager.get("/v1/exports").json()["data"]) == 2


ODD = ["=1+1", "+A1", "-A1", "@x", "\tx", "\rx", "'=x", "''-x", "'x", "'", "x=", "-5", "+5.5", "-", "5", "'-5", "a,b", "👋",
       "-5e3", 'say "x"', "a\rb", " =x"]  # fmt: skip
WRITTEN = {one: "'" + one for one in ("=1+1", "+A1", "-A1", "@x", "\tx", "\rx", "'=x", "''-x", "-", "'-5", "-5e3")}


def test_cells_that_spreadsheets_would_run(manager):
    """They come with an apostrophe, and an import takes it off again; numbers are left alone."""
    made = manager.post("/v1/collections", json={"name": "Odd"}).json()["id"]
    address = f"/v1/collections/{made}"
    text = StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["item"], *([WRITTEN.get(one, one)] for one in ODD)])
    upload(manager, f"{address}/import", text.getvalue())
    stored = [one["item"] for one in manager.get(f"{address}/items").json()["data"]]
    assert sorted(stored) == sorted(ODD)
    first = download(manager, f"{address}/export")
    cells = [row[0] for row in csv.reader(StringIO(first, newline=""))]
    assert sorted(cells[1:]) == sorted(WRITTEN.get(one, one) for one in ODD)
    upload(manager, f"{address}/import", first)
    assert download(manager, f"{address}/export") == first


def test_what_is_exported_can_be_imported(manager):
    """All short texts of what matters: none comes out as a formula, and each comes back as it was."""
    made = manager.post("/v1/collections", json={"name": "All of them"}).json()["id"]
    address = f"/v1/collections/{made}"
    texts = ["".join(one) for length in (1, 2, 3) for one in product("'=-+@\t\r5x", repeat=length)]
    text = StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["item"], *([one] for one in texts)])
    upload(manager, f"{address}/import", text.getvalue())
    items = manager.get(f"{address}/items").json()
    sent = download(manager, f"{address}/export")
    cells = [row[0] for row in csv.reader(StringIO(sent, newline=""))]
    assert {one for one in cells if one[0] in "=-+@\t\r"} == {f"{sign}{n}" for sign in "-+" for n in ("5", "55")}
    upload(manager, f"{address}/import", sent)
    assert manager.get(f"{address}/items").json() == items
    assert len(items["data"]) > 700


def test_numbers_of_files_stay_numbers(manager):
    value_map = manager.post(f"{CAMPAIGNS}/1/value_maps").json()["id"]
    address = f"{CAMPAIGNS}/1/value_maps/{value_map}"
    upload(manager, f"{address}/import", "identifier,value\n'=a,-5\nb,+1.50\n")
    assert download(manager, f"{address}/export") == "identifier,value\n'=a,-5\nb,1.50\n"


REFUSED = [
    ({"dateFormat": "unix"}, "dateFormat"),
    ({"createdBefore": "x"}, "createdBefore"),
    ({"campaignId": "x"}, "campaignId"),
]


def test_bad_requests(shared, manager):
    """Nothing is noted of an export that is refused."""
    for name in NAMES[:3]:
        for wrong, parameter in REFUSED:
            status, body = refused_request(shared, manager, "GET", url(name), params=wrong)
            assert (status, body["errors"][0]["source"]) == (400, {"parameter": parameter}), (name, wrong)
    for name, wrong in (
        ("coupons", {"sort": "limits"}),
        ("coupons", {"valid": "x"}),
        ("coupons", {"value": "\0"}),
        ("coupons", {"campaignState": "x"}),
        ("coupons", {"valuesOnly": "x"}),
        ("referrals", {"usable": "maybe"}),
        ("referrals", {"batchId": "\0"}),
        ("effects", {"campaignId": 2**70}),
        ("customer_sessions", {"customerSessionState": "lost"}),
        ("customer_sessions", {"updatedAfter": "x"}),
    ):
        assert refused_request(shared, manager, "GET", url(name), params=wrong)[0] == 400, (name, wrong)
    assert refused_request(shared, manager, "GET", "/v1/exports", params={"entity": "Store"})[0] == 400
    for name in NAMES:
        assert refused_request(shared, manager, "GET", url(name, 99))[0] == 404
        for header in ("", f"ApiKey-v1 {INTEGRATION_KEY}", "ManagementKey-v1 x"):
            assert refused_request(shared, manager, "GET", url(name), headers={"Authorization": header})[0] == 401


def test_an_export_has_nothing_of_other_applications(shared, manager):
    made = manager.post("/v1/applications", json=make.application()).json()["id"]
    for name in NAMES:
        assert read(manager, url(name, made))[1] == []


def resident():
    """Bytes of memory that this process holds; the server runs in it."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


FILL = """
INSERT INTO coupons (application_id, campaign_id, value, usage_limit, attributes, created)
SELECT 1, 1, 'BIG-' || n, 1, jsonb_build_object('note', repeat('x', 5000)), now() FROM generate_series(1, 20000) AS n
"""


@pytest.fixture(scope="module")
def many(shared, world):
    """A hundred megabytes of coupons."""
    shared.sql(FILL)


def test_the_memory_that_an_export_takes_is_bounded(shared_manager, many):
    sizes, received = [], 0
    with shared_manager.stream("GET", url("coupons"), params={"value": "BIG-"}, timeout=60) as answer:
        assert answer.status_code == 200
        before = resident()
        for chunk in answer.iter_raw():
            received += len(chunk)
            sizes.append(resident())
    assert received > 100_000_000
    assert max(sizes) - before < 40_000_000


def transactions(server):
    """What is read or waits inside a transaction, besides whoever asks."""
    return server.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND state <> 'idle'"
    )


def test_whoever_goes_away_ends_the_query(shared, shared_manager, many):
    """More often than there are connections, or turns; and the server still answers."""
    place = urlsplit(shared.url)
    for _ in range(12):
        with socket.create_connection((place.hostname, place.port)) as client:
            request = (
                f"GET {url('coupons')} HTTP/1.1\r\nHost: x\r\nAuthorization: ManagementKey-v1 {MANAGEMENT_KEY}\r\n\r\n"
            )
            client.sendall(request.encode())
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
    deadline = time.monotonic() + 20
    while transactions(shared):
        assert time.monotonic() < deadline, "an export that nobody waits for goes on"
    assert shared_manager.get("/v1/exports", params={"pageSize": 1}, timeout=5).status_code == 200
    assert len(read(shared_manager, url("referrals"))[1]) == 1


def test_a_file_that_breaks_off_is_not_taken_for_a_whole_one(shared, shared_manager, many):
    with shared_manager.stream("GET", url("coupons"), timeout=60) as answer:
        chunks = answer.iter_raw()
        next(chunks)
        [reading] = transactions(shared)
        shared.sql("SELECT pg_terminate_backend($1)", reading["pid"])
        with pytest.raises(httpx.RemoteProtocolError):
            list(chunks)
    assert len(read(shared_manager, url("referrals"))[1]) == 1


def test_an_export_sees_one_moment(shared, shared_manager, many):
    """What is deleted while a file is sent is in it all the same."""
    with shared_manager.stream("GET", url("coupons"), params={"valuesOnly": True}, timeout=60) as answer:
        chunks = answer.iter_raw()
        first = next(chunks)
        shared.sql("DELETE FROM coupons WHERE value LIKE 'BIG-%'")
        text = b"".join([first, *chunks])
    assert text.count(b"BIG-") == 20_000
