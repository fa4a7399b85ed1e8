"""The stores of a campaign, its links and budgets, through the Management API (management.md §12)."""

import pytest

import make
from checkout import refused_request
from files import download, send, upload

LINKS = f"{make.CAMPAIGNS}/1/stores"
BUDGETS = f"{LINKS}/budgets"


@pytest.fixture
def three(manager):
    """Three stores and a campaign."""
    for number in (1, 2, 3):
        make.new_store(manager, name=f"Store {number}", integrationId=f"S{number}")
    return make.new_campaign(manager)


def linked(manager):
    return [one["id"] for one in manager.get("/v1/applications/1/stores", params={"campaignId": 1}).json()["data"]]


def test_links_come_from_a_file_and_replace_those_before(server, manager, three):
    manager.put(f"{make.CAMPAIGNS}/1", json=make.campaign(linkedStoreIds=[1])).raise_for_status()
    before = make.revision(server)
    made = upload(manager, f"{LINKS}/import", "store_integration_id\nS3\nS2\nS3\n")
    assert made.pop("created")
    assert made == {"id": 1, "accountId": 1, "userId": 1, "entity": "CampaignStore", "amount": 2}
    assert linked(manager) == [2, 3]
    campaign = manager.get(f"{make.CAMPAIGNS}/1").json()
    assert campaign["storesImported"] is True
    assert "linkedStoreIds" not in campaign
    assert campaign["updatedBy"] == "admin@example.com"
    assert download(manager, f"{LINKS}/export") == "store_integration_id\nS3\nS2\n"
    assert make.revision(server) == before + 1
    status, body = refused_request(
        server, manager, "PUT", f"{make.CAMPAIGNS}/1", json=make.campaign(linkedStoreIds=[1])
    )
    assert (status, body["errors"][0]["source"]) == (400, {"pointer": "/linkedStoreIds"})
    for again in ({}, {"linkedStoreIds": []}):
        manager.put(f"{make.CAMPAIGNS}/1", json=make.campaign(**again)).raise_for_status()
        assert linked(manager) == [2, 3]
    gone = manager.delete(LINKS)
    assert (gone.status_code, gone.content) == (204, b"")
    campaign = manager.get(f"{make.CAMPAIGNS}/1").json()
    assert (campaign["storesImported"], campaign["linkedStoreIds"], linked(manager)) == (False, [], [])
    assert download(manager, f"{LINKS}/export") == "store_integration_id\n"
    assert manager.delete(LINKS).status_code == 204


@pytest.mark.parametrize(
    ("_case", "content", "line", "title"),
    [
        ("unknown store", "store_integration_id\nS1\nS9\n", "3", "Unknown"),
        ("another column", "id\nS1\n", "1", "required"),
        ("empty", "store_integration_id\n", "N/A", "minItems"),
        ("an empty id", 'store_integration_id\n""\n', "2", "required"),
    ],
)
def test_links_that_cannot_be_are_refused(server, manager, three, _case, content, line, title):
    files = {"upFile": ("a.csv", content)}
    status, body = refused_request(server, manager, "POST", f"{LINKS}/import", files=files)
    problem = body["errors"][0]
    assert (status, problem["source"], problem["title"]) == (400, {"line": line}, title)


def limits(*pairs, **more):
    body = {"action": "setDiscount", "storeLimits": [{"storeId": store, "limit": most} for store, most in pairs]}
    return body | more


def budgets(manager, **params):
    answer = manager.get(BUDGETS, params=params or None)
    assert answer.status_code == 200, answer.text
    return [(one["store"]["integrationId"], one["limit"], one["period"]) for one in answer.json()["data"]]


def test_budgets_are_kept(server, manager, three):
    before = make.revision(server)
    made = manager.post(BUDGETS, json=limits((1, 100), (3, 12.50)))
    assert (made.status_code, made.content) == (201, b"")
    manager.post(BUDGETS, json=limits((2, 7), period="daily")).raise_for_status()
    assert make.revision(server) == before + 2
    assert manager.get(BUDGETS, params={"period": "overall"}).json()["data"][1] == {
        "store": {"id": 3, "integrationId": "S3", "name": "Store 3"},
        "limit": 12.5,
        "action": "setDiscount",
        "period": "overall",
    }
    assert budgets(manager) == [("S1", 100, "overall"), ("S3", 12.5, "overall"), ("S2", 7, "daily")]
    assert budgets(manager, action="setDiscount", period="daily") == [("S2", 7, "daily")]
    assert budgets(manager, period="weekly") == []
    assert manager.get(f"{BUDGETS}/summary").json() == {
        "data": [
            {"action": "setDiscount", "period": "overall", "storeCount": 2, "imported": False},
            {"action": "setDiscount", "period": "daily", "storeCount": 1, "imported": False},
        ]
    }
    csv = download(manager, f"{BUDGETS}/export", action="setDiscount", period="overall")
    assert csv == "store_integration_id,limit\nS1,100\nS3,12.5\n"
    gone = manager.delete(BUDGETS, params={"period": "overall"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert budgets(manager) == [("S2", 7, "daily")]
    manager.delete(BUDGETS).raise_for_status()
    assert manager.get(f"{BUDGETS}/summary").json() == {"data": []}
    assert make.revision(server) == before + 4


def test_budgets_come_from_a_file_and_replace_those_before(server, manager, three):
    manager.post(BUDGETS, json=limits((1, 1))).raise_for_status()
    manager.post(BUDGETS, json=limits((1, 1), period="weekly")).raise_for_status()
    made = upload(
        manager, f"{BUDGETS}/import", "limit,store_integration_id\n 12.50 ,S2\n0,S1\n", status=201, period="weekly"
    )
    assert (made["entity"], made["amount"]) == ("CampaignStoreBudget", 2)
    assert budgets(manager) == [("S1", 1, "overall"), ("S2", 12.5, "weekly"), ("S1", 0, "weekly")]
    summary = manager.get(f"{BUDGETS}/summary").json()["data"]
    assert [(one["period"], one["imported"]) for one in summary] == [("overall", False), ("weekly", True)]
    assert upload(manager, f"{BUDGETS}/import", "store_integration_id,limit\nS3,5\n", status=201)["id"] == 2
    assert budgets(manager, period="overall") == [("S3", 5, "overall")]


@pytest.mark.parametrize(
    ("_case", "content", "line", "title"),
    [
        ("unknown store", "store_integration_id,limit\nS9,1\n", "2", "Unknown"),
        ("no number", "store_integration_id,limit\nS1,1\nS2,much\n", "3", "Invalid type"),
        ("not a number", "store_integration_id,limit\nS1,NaN\n", "2", "Invalid type"),
        ("a huge number", "store_integration_id,limit\nS1,10000000000000001\n", "2", "Invalid type"),
        ("negative", "store_integration_id,limit\nS1,-1\n", "2", "minimum"),
        ("twice", "store_integration_id,limit\nS1,1\nS1,2\n", "3", "uniqueItems"),
        ("no limits", "store_integration_id\nS1\n", "1", "required"),
        ("empty", "store_integration_id,limit\n", "N/A", "minItems"),
    ],
)
def test_files_of_budgets_that_cannot_be_are_refused(server, manager, three, _case, content, line, title):
    manager.post(BUDGETS, json=limits((1, 1))).raise_for_status()
    status, body = refused_request(server, manager, "POST", f"{BUDGETS}/import", files={"upFile": ("a.csv", content)})
    problem = body["errors"][0]
    assert (status, problem["source"], problem["title"]) == (400, {"line": line}, title)


@pytest.mark.parametrize(
    ("_case", "body", "pointer", "title"),
    [
        ("another action", limits((1, 1), action="redeemCoupon"), "/action", "enum"),
        ("no stores", limits(), "/storeLimits", "minItems"),
        ("unknown store", limits((1, 1), (9, 1)), "/storeLimits/1/storeId", "Unknown"),
        ("negative", limits((1, -0.01)), "/storeLimits/0/limit", "minimum"),
        ("twice", limits((1, 1), (1, 2)), "/storeLimits/1/storeId", "uniqueItems"),
        ("no number", limits((1, "1")), "/storeLimits/0/limit", "Invalid type"),
        ("unknown period", limits((1, 1), period="overall"), "/period", "enum"),
        ("nothing", {}, "/action", "required"),
    ],
)
def test_impossible_budgets_are_refused(server, manager, three, _case, body, pointer, title):
    status, answer = refused_request(server, manager, "POST", BUDGETS, json=body)
    problem = answer["errors"][0]
    assert (status, problem["source"]["pointer"], problem["title"]) == (400, pointer, title)


def test_one_set_of_budgets_for_each_action_and_period(server, manager, three):
    manager.post(BUDGETS, json=limits((1, 1), period="yearly")).raise_for_status()
    status, body = refused_request(server, manager, "POST", BUDGETS, json=limits((2, 1), period="yearly"))
    assert (status, body["message"]) == (409, "The campaign has store budgets for this action and period already")
    for params in ({"action": "redeemCoupon"}, {"period": "hourly"}):
        for method, url in (("GET", BUDGETS), ("DELETE", BUDGETS), ("GET", f"{BUDGETS}/export")):
            assert refused_request(server, manager, method, url, params=params)[0] == 400


COUNTERS = "SELECT period, entities FROM limit_counters ORDER BY id"


def test_what_was_counted_for_a_budget_goes_with_it(server, manager, three):
    def count(period, *entities):
        server.sql(
            "INSERT INTO limit_counters (application_id, campaign_id, action, entities, period, used)"
            " VALUES (1, 1, 'setDiscount', $1, $2, 5)",
            list(entities),
            period,
        )

    def counters():
        return [(row["period"], *row["entities"]) for row in server.sql(COUNTERS)]

    rows = [
        ("", "Store", "S1"), ("", "Store", "S2"), ("", "Store", "S3"), ("Y2026M11D21", "Store", "S1"),
        ("Y2026M11", "Store", "S1"), ("Y2026W47", "Store", "S1"), ("Y2026", "Store", "S1"), ("",),
    ]  # fmt: skip
    for row in rows:
        count(*row)
    manager.post(BUDGETS, json=limits((1, 1), (2, 1))).raise_for_status()
    for period in ("daily", "monthly", "weekly", "yearly"):
        manager.post(BUDGETS, json=limits((1, 1), period=period)).raise_for_status()
    upload(manager, f"{BUDGETS}/import", "store_integration_id,limit\nS2,9\nS3,9\n", status=201)
    left = rows[1:]
    assert counters() == left
    for period, row in zip(("daily", "monthly", "weekly", "yearly"), rows[3:7], strict=True):
        manager.delete(BUDGETS, params={"period": period}).raise_for_status()
        left.remove(row)
        assert counters() == left
    each = {"action": "setDiscount", "limit": 1, "entities": ["Store"]}
    manager.put(f"{make.CAMPAIGNS}/1", json=make.campaign(limits=[each])).raise_for_status()
    manager.delete(BUDGETS).raise_for_status()
    assert counters() == [rows[1], rows[2], rows[7]], "the limit for each store counts on"
    manager.post(BUDGETS, json=limits((2, 1))).raise_for_status()
    manager.put(f"{make.CAMPAIGNS}/1", json=make.campaign()).raise_for_status()
    assert counters() == [rows[1], rows[2], rows[7]], "the budget counts on"
    before = make.revision(server)
    manager.delete("/v1/applications/1/stores/2").raise_for_status()
    assert counters() == [rows[2], rows[7]]
    assert budgets(manager) == []
    assert make.revision(server) == before + 2


def test_stores_of_the_campaigns_of_others_are_not_found(server, manager, shop, three):
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    files = {"upFile": ("a.csv", "store_integration_id,limit\nS1,1\n")}
    for base in ("/v1/applications/2/campaigns/1", "/v1/applications/1/campaigns/9", "/v1/applications/9/campaigns/1"):
        for method, end, more in (
            ("POST", "/stores/import", {"files": files}),
            ("GET", "/stores/export", {}),
            ("DELETE", "/stores", {}),
            ("POST", "/stores/budgets", {"json": limits((1, 1))}),
            ("GET", "/stores/budgets", {}),
            ("DELETE", "/stores/budgets", {}),
            ("GET", "/stores/budgets/summary", {}),
            ("POST", "/stores/budgets/import", {"files": files}),
            ("GET", "/stores/budgets/export", {}),
        ):
            assert refused_request(server, manager, method, base + end, **more)[0] == 404, (method, base + end)
    url = "/v1/applications/2/campaigns"
    manager.post(url, json=make.campaign()).raise_for_status()
    status, body = refused_request(server, manager, "POST", f"{url}/2/stores/budgets", json=limits((1, 1)))
    assert (status, body["errors"][0]["title"]) == (400, "Unknown")
    assert send(manager, f"{url}/2/stores/import", "store_integration_id\nS1\n").status_code == 400
    assert refused_request(server, shop, "GET", BUDGETS)[0] == 401
