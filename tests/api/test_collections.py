"""Collections of the account and of campaigns through the Management API (management.md §10)."""

import httpx
import pytest

import make
from checkout import refused_request
from conftest import EMAIL, PASSWORD
from files import download, send, upload

ACCOUNT = "/v1/collections"
CAMPAIGN = f"{make.CAMPAIGNS}/1/collections"


def create(manager, url=ACCOUNT, **changes):
    answer = manager.post(url, json={"name": "Sale"} | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def revisions(server):
    return [row["revision"] for row in server.sql("SELECT revision FROM applications ORDER BY id")]


def test_a_collection_of_the_account_is_kept(server, manager):
    before = make.revision(server)
    made = create(manager)
    assert made.pop("created") == made.pop("modified")
    assert made == {"id": 1, "accountId": 1, "name": "Sale", "description": "", "createdBy": 1, "payload": []}
    assert make.revision(server) == before + 1
    body = {"description": "On sale", "subscribedApplicationsIds": [1], "name": "Other"}
    changed = manager.put(f"{ACCOUNT}/1", json=body).json()
    assert changed.pop("modified") > changed.pop("created")
    assert changed == made | {"description": "On sale", "subscribedApplicationsIds": [1], "modifiedBy": 1}
    kept = manager.put(f"{ACCOUNT}/1", json={}).json()
    assert (kept["description"], kept["subscribedApplicationsIds"]) == ("On sale", [1])
    assert manager.get(f"{ACCOUNT}/1").json() == kept
    deleted = manager.delete(f"{ACCOUNT}/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert manager.get(f"{ACCOUNT}/1").status_code == 404
    assert manager.delete(f"{ACCOUNT}/1").status_code == 404


def test_a_collection_of_a_campaign_is_kept(server, manager):
    make.new_campaign(manager)
    before = make.revision(server)
    made = create(manager, CAMPAIGN, description="d")
    assert made.pop("created") == made.pop("modified")
    expected = {"id": 1, "accountId": 1, "applicationId": 1, "campaignId": 1, "name": "Sale", "description": "d"}
    assert made == expected | {"createdBy": 1, "payload": []}
    assert make.revision(server) == before + 1
    changed = manager.put(f"{CAMPAIGN}/1", json={"description": "e"}).json()
    assert (changed["description"], changed["modifiedBy"]) == ("e", 1)
    assert make.revision(server) == before + 1, "rules cannot see a description"
    assert manager.get(f"{CAMPAIGN}/1").json() == changed
    assert manager.get(f"{ACCOUNT}/1").status_code == 404
    assert manager.delete(f"{CAMPAIGN}/1").status_code == 204
    assert make.revision(server) == before + 2
    assert manager.get(f"{CAMPAIGN}/1").status_code == 404


def test_collections_are_listed_with_or_without_their_number(manager):
    for name in ("B", "A", "Ä € 'x'"):
        create(manager, name=name)
    make.new_campaign(manager)
    make.new_campaign(manager)
    create(manager, CAMPAIGN, name="A")
    create(manager, f"{make.CAMPAIGNS}/2/collections", name="A")
    first = manager.get(ACCOUNT, params={"pageSize": 2, "sort": "name"}).json()
    assert (first["hasMore"], [one["name"] for one in first["data"]]) == (True, ["A", "B"])
    assert "totalResultSize" not in first
    assert "payload" not in first["data"][0]
    counted = manager.get(ACCOUNT, params={"withTotalResultSize": "true", "skip": 2}).json()
    assert (counted["hasMore"], counted["totalResultSize"], counted["data"][0]["name"]) == (False, 3, "Ä € 'x'")
    assert [one["id"] for one in manager.get(ACCOUNT, params={"name": "A"}).json()["data"]] == [2]
    assert [one["id"] for one in manager.get(CAMPAIGN).json()["data"]] == [4]
    of_application = manager.get("/v1/applications/1/collections", params={"withTotalResultSize": "true"}).json()
    assert (of_application["totalResultSize"], [one["id"] for one in of_application["data"]]) == (2, [4, 5])
    assert manager.get(ACCOUNT, params={"sort": "payload"}).status_code == 400


@pytest.mark.parametrize("url", [ACCOUNT, CAMPAIGN])
def test_items_come_from_a_file_and_replace_those_before(server, manager, url):
    make.new_campaign(manager)
    create(manager, url)
    before = make.revision(server)
    text = '\ufeffITEM,note\nB,1\n"A, ""quoted""\n",2\n\n Ä ,3\nB,4\n'
    made = upload(manager, f"{url}/1/import", text)
    assert made.pop("created")
    assert made == {"id": 1, "accountId": 1, "userId": 1, "entity": "Collection", "amount": 3}
    items = ["B", 'A, "quoted"\n', " Ä "]
    shown = manager.get(f"{url}/1").json()
    assert (shown["payload"], shown["modifiedBy"]) == (items, 1)
    assert manager.get(f"{ACCOUNT}/1/items").json() == {"hasMore": False, "data": [{"item": one} for one in items]}
    paged = manager.get(f"{ACCOUNT}/1/items", params={"pageSize": 1, "skip": 1}).json()
    assert paged == {"hasMore": True, "data": [{"item": items[1]}]}
    exported = download(manager, f"{url}/1/export")
    assert exported == 'item\nB\n"A, ""quoted""\n"\n Ä \n'
    assert make.revision(server) == before + 1
    upload(manager, f"{url}/1/import", exported)
    assert make.revision(server) == before + 1, "the same again changes nothing"
    assert manager.post(f"{url}/1/import", files={"upFile": (None, "item\nC\n")}).status_code == 200
    assert manager.get(f"{url}/1").json()["payload"] == ["C"]
    assert upload(manager, f"{url}/1/import", "item\n")["amount"] == 0
    assert download(manager, f"{url}/1/export") == "item\n"


def test_the_payload_shows_no_more_than_the_contract_admits(manager):
    create(manager)
    upload(manager, f"{ACCOUNT}/1/import", "item\n" + "\n".join(str(number) for number in range(51)))
    assert manager.get(f"{ACCOUNT}/1").json()["payload"] == [str(number) for number in range(50)]
    assert manager.get(f"{ACCOUNT}/1/items", params={"skip": 50}).json()["data"] == [{"item": "50"}]


def test_a_large_collection(manager):
    create(manager)
    lines = [f"SKU-{number:07}-with-a-rather-long-name" for number in range(500_000)]
    assert upload(manager, f"{ACCOUNT}/1/import", "\n".join(["item", *lines]))["amount"] == 500_000
    last = manager.get(f"{ACCOUNT}/1/items", params={"skip": 499_999}).json()
    assert last == {"hasMore": False, "data": [{"item": lines[-1]}]}
    assert download(manager, f"{ACCOUNT}/1/export").split() == ["item", *lines]
    refused = send(manager, f"{ACCOUNT}/1/import", "\n".join(["item", *lines, "one more"]))
    assert (refused.status_code, refused.json()["errors"][0]["source"]) == (400, {"line": "500002"})


@pytest.mark.parametrize(
    ("_case", "content", "line", "title"),
    [
        ("no column", "sku\nA\n", "1", "required"),
        ("nothing", "", "1", "required"),
        ("empty item", 'item,b\nA,1\n"",2\n', "3", "required"),
        ("too few columns", "item,b\nA\n", "2", "Invalid row"),
        ("open quote", 'item\n"A\n', "2", "Invalid file"),
        ("no text", b"item\n\xff\xfe\n", "N/A", "Invalid file"),
        ("no CSV", b"\x00\x01\x02", "1", "required"),
    ],
)
def test_files_that_cannot_be_read_change_nothing(server, manager, _case, content, line, title):
    create(manager)
    upload(manager, f"{ACCOUNT}/1/import", "item\nA\n")
    content = content if isinstance(content, bytes) else content.encode()
    files = {"upFile": ("list.csv", content)}
    status, body = refused_request(server, manager, "POST", f"{ACCOUNT}/1/import", files=files)
    problem = body["errors"][0]
    assert (status, problem["source"], problem["title"]) == (400, {"line": line}, title)


def test_what_is_no_file_is_refused(server, manager):
    create(manager)
    url = f"{ACCOUNT}/1/import"
    for request in (
        {"json": {"upFile": "item\nA"}},
        {"content": b"item\nA"},
        {"files": {"file": ("a.csv", b"item\nA")}},
    ):
        status, body = refused_request(server, manager, "POST", url, **request)
        assert (status, body["errors"][0]["source"]) == (400, {"line": "N/A"})
    status, body = refused_request(server, manager, "POST", url, files={"upFile": ("a.csv", b"item\nA\0B\n")})
    assert status == 400
    large = {"upFile": ("a.csv", b"x" * (65 * 1024 * 1024))}
    assert refused_request(server, manager, "POST", url, files=large)[0] == 413


@pytest.mark.parametrize(
    ("_case", "url", "body", "pointer", "title"),
    [
        ("no name", ACCOUNT, {}, "/name", "required"),
        ("empty name", ACCOUNT, {"name": ""}, "/name", "minLength"),
        ("space first", CAMPAIGN, {"name": " a"}, "/name", "pattern"),
        ("control character", CAMPAIGN, {"name": "a\tb"}, "/name", "pattern"),
        ("name of another type", CAMPAIGN, {"name": 4}, "/name", "Invalid type"),
        ("nobody's Application", ACCOUNT, {"name": "a", "subscribedApplicationsIds": [9]}, "/subscribedApplicationsIds", "Unknown"),
        ("no ids", ACCOUNT, {"name": "a", "subscribedApplicationsIds": 1}, "/subscribedApplicationsIds", "Invalid type"),
    ],
)  # fmt: skip
def test_impossible_collections_are_refused(server, manager, _case, url, body, pointer, title):
    make.new_campaign(manager)
    status, answer = refused_request(server, manager, "POST", url, json=body)
    problem = answer["errors"][0]
    assert (status, problem["source"]["pointer"], problem["title"]) == (400, pointer, title)


def test_ids_out_of_range_are_refused(server, manager):
    body = {"name": "a", "subscribedApplicationsIds": [10**30]}
    status, answer = refused_request(server, manager, "POST", ACCOUNT, json=body)
    assert (status, answer["message"]) == (400, "A number or a time is out of range")
    assert refused_request(server, manager, "GET", f"{ACCOUNT}/{10**30}")[0] == 400


def test_names_are_unique_in_the_account_and_in_the_campaign(server, manager):
    make.new_campaign(manager)
    make.new_campaign(manager)
    create(manager)
    create(manager, CAMPAIGN)
    create(manager, f"{make.CAMPAIGNS}/2/collections")
    for url, sentence in (
        (ACCOUNT, "The account has a collection of this name already"),
        (CAMPAIGN, "The campaign has a collection of this name already"),
    ):
        status, body = refused_request(server, manager, "POST", url, json={"name": "Sale"})
        assert (status, body["message"]) == (409, sentence)


def test_collections_of_others_are_not_found(server, manager, shop):
    make.new_campaign(manager)
    make.new_campaign(manager)
    create(manager, CAMPAIGN)
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    files = {"upFile": ("a.csv", b"item\nA")}
    for base in (
        ACCOUNT,
        f"{make.CAMPAIGNS}/2/collections",
        f"{make.CAMPAIGNS}/9/collections",
        "/v1/applications/2/campaigns/1/collections",
        "/v1/applications/9/campaigns/1/collections",
    ):
        for method, end, more in (
            ("GET", "/1", {}),
            ("PUT", "/1", {"json": {}}),
            ("DELETE", "/1", {}),
            ("GET", "/1/export", {}),
            ("POST", "/1/import", {"files": files}),
        ):
            assert refused_request(server, manager, method, base + end, **more)[0] == 404, (method, base + end)
    for url in ("/v1/applications/9/collections", f"{make.CAMPAIGNS}/9/collections", f"{ACCOUNT}/9/items"):
        assert refused_request(server, manager, "GET", url)[0] == 404
    assert refused_request(server, manager, "POST", f"{make.CAMPAIGNS}/9/collections", json={"name": "a"})[0] == 404
    with httpx.Client(base_url=server.url) as stranger:
        assert refused_request(server, stranger, "GET", f"{ACCOUNT}/1")[0] == 401
    assert refused_request(server, shop, "POST", f"{CAMPAIGN}/1/import", files=files)[0] == 401


def test_collections_of_other_accounts_are_not_found(server, manager):
    create(manager)
    make.new_campaign(manager)
    create(manager, CAMPAIGN)
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE collections SET account_id = 2")
    server.sql("UPDATE applications SET account_id = 2")
    assert manager.get(ACCOUNT).json()["data"] == []
    for url in (f"{ACCOUNT}/1", f"{CAMPAIGN}/2", f"{ACCOUNT}/2/items", f"{ACCOUNT}/1/export"):
        assert refused_request(server, manager, "GET", url)[0] == 404


def test_only_applications_that_have_it_move_on(server, manager):
    for name in ("B", "C"):
        manager.post("/v1/applications", json=make.application(name=name)).raise_for_status()
    before = revisions(server)

    def moved():
        return [now - then for now, then in zip(revisions(server), before, strict=True)]

    create(manager, subscribedApplicationsIds=[1, 2])
    assert moved() == [1, 1, 0]
    upload(manager, f"{ACCOUNT}/1/import", "item\nA\n")
    assert moved() == [2, 2, 0]
    manager.put(f"{ACCOUNT}/1", json={"subscribedApplicationsIds": [2, 3]}).raise_for_status()
    assert moved() == [3, 3, 1]
    manager.put(f"{ACCOUNT}/1", json={"description": "d"}).raise_for_status()
    manager.put(f"{ACCOUNT}/1", json={"subscribedApplicationsIds": [3, 2, 2]}).raise_for_status()
    assert moved() == [3, 3, 1]
    manager.delete(f"{ACCOUNT}/1").raise_for_status()
    assert moved() == [3, 4, 2]
    parts = server.sql(
        "SELECT application_id, data IS NULL AS gone FROM program_parts WHERE kind = 'collection' ORDER BY 1, revision"
    )
    assert [tuple(row) for row in parts] == [
        (1, False), (1, False), (1, True), (2, False), (2, False), (2, False), (2, True), (3, False), (3, True),
    ]  # fmt: skip


def test_a_campaign_takes_its_collections_with_it(server, manager):
    make.new_campaign(manager)
    create(manager, CAMPAIGN)
    manager.delete(f"{make.CAMPAIGNS}/1").raise_for_status()
    assert server.sql("SELECT count(*) FROM collections")[0][0] == 0
    part = "SELECT data FROM program_parts WHERE kind = 'collection' ORDER BY revision DESC LIMIT 1"
    assert server.sql(part)[0]["data"] is None


def test_a_login_may_do_all_of_it(server):
    with httpx.Client(base_url=server.url) as client:
        token = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        create(client)
        assert upload(client, f"{ACCOUNT}/1/import", "item\nA\n")["userId"] == 1
