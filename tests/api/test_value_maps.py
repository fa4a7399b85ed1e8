"""Value maps of a campaign through the Management API (management.md §15, §20)."""

import pytest

import make
from checkout import refused_request
from files import download, send, upload

URL = f"{make.CAMPAIGNS}/1/value_maps"


def test_a_value_map_is_filled_from_a_file(server, manager):
    make.new_campaign(manager)
    before = make.revision(server)
    made = manager.post(URL, json={})
    assert made.status_code == 201, made.text
    kept = made.json()
    assert kept.pop("created")
    assert kept == {"id": 1, "createdBy": 1, "campaignId": 1}
    assert make.revision(server) > before
    assert download(manager, f"{URL}/1/export") == "identifier,value\n"
    text = 'identifier,value\nSKU-1,10\n"Ä, €", -0.000000000000000000000000000001 \nSKU-3,1000000000000000\n'
    taken = upload(manager, f"{URL}/1/import", text)
    assert (taken["entity"], taken["amount"]) == ("ValueMap", 3)
    text = text.replace(" -", "-").replace("1 \n", "1\n")
    assert download(manager, f"{URL}/1/export") == text
    after = make.revision(server)
    upload(manager, f"{URL}/1/import", text)
    assert make.revision(server) == after, "the same again changes nothing"
    upload(manager, f"{URL}/1/import", "identifier,value\nA,1\n")
    assert download(manager, f"{URL}/1/export") == "identifier,value\nA,1\n"
    assert make.revision(server) > after
    assert manager.post(URL).json()["id"] == 2
    assert manager.get(f"{make.CAMPAIGNS}/1").json()["valueMapsIds"] == [1, 2]


@pytest.mark.parametrize(
    ("_case", "content", "line", "title"),
    [
        ("no value", "identifier,value\nA,1\nB,\n", "3", "Invalid type"),
        ("no number", "identifier,value\nA,1e3\n", "2", "Invalid type"),
        ("too exact", f"identifier,value\nA,0.{'1' * 31}\n", "2", "Invalid type"),
        ("no identifier", "identifier,value\n,1\n", "2", "required"),
        ("twice", "identifier,value\nA,1\nA,1\n", "3", "uniqueItems"),
        ("no columns", "sku,price\nA,1\n", "1", "required"),
    ],
)
def test_files_that_cannot_be_read_change_nothing(server, manager, _case, content, line, title):
    make.new_campaign(manager)
    manager.post(URL).raise_for_status()
    files = {"upFile": ("a.csv", content)}
    status, body = refused_request(server, manager, "POST", f"{URL}/1/import", files=files)
    problem = body["errors"][0]
    assert (status, problem["source"], problem["title"]) == (400, {"line": line}, title)


def test_no_more_than_twenty_problems_are_told(manager):
    make.new_campaign(manager)
    manager.post(URL).raise_for_status()
    answer = send(manager, f"{URL}/1/import", "identifier,value\n" + "".join(f"{number},x\n" for number in range(99)))
    assert [one["source"]["line"] for one in answer.json()["errors"]] == [str(line) for line in range(2, 22)]


def test_value_maps_of_others_are_not_found(server, manager, shop):
    make.new_campaign(manager)
    make.new_campaign(manager)
    manager.post(URL).raise_for_status()
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    files = {"upFile": ("a.csv", "identifier,value\nA,1\n")}
    for base in (
        f"{make.CAMPAIGNS}/2/value_maps",
        f"{make.CAMPAIGNS}/9/value_maps",
        "/v1/applications/2/campaigns/1/value_maps",
        f"{URL}/9/..",
    ):
        for method, end, more in (("GET", "/1/export", {}), ("POST", "/1/import", {"files": files})):
            if ".." not in base:
                assert refused_request(server, manager, method, base + end, **more)[0] == 404, (method, base + end)
    assert refused_request(server, manager, "POST", f"{make.CAMPAIGNS}/9/value_maps", json={})[0] == 404
    assert refused_request(server, manager, "GET", f"{URL}/9/export")[0] == 404
    assert refused_request(server, shop, "POST", URL, json={})[0] == 401
    manager.delete(f"{make.CAMPAIGNS}/1").raise_for_status()
    assert server.sql("SELECT count(*) FROM value_maps")[0][0] == 0
    parts = "SELECT data FROM program_parts WHERE kind = 'value_map' ORDER BY revision DESC"
    assert server.sql(parts)[0]["data"] is None
