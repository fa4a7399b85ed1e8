"""Campaigns through the Management API (management.md §5)."""

from datetime import timedelta
from decimal import Decimal

import pytest

import make
from guerdon.engine.limits import label
from make import CAMPAIGNS

COUNTERS = [
    "couponRedemptionCount",
    "referralRedemptionCount",
    "discountCount",
    "discountEffectCount",
    "couponCreationCount",
    "customEffectCount",
    "referralCreationCount",
    "addFreeItemEffectCount",
    "awardedGiveawaysCount",
    "createdLoyaltyPointsCount",
    "createdLoyaltyPointsEffectCount",
    "redeemedLoyaltyPointsCount",
    "redeemedLoyaltyPointsEffectCount",
    "callApiEffectCount",
    "reservecouponEffectCount",
]


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


def test_a_new_campaign_has_every_default(server, manager):
    before = make.revision(server)
    made = make.new_campaign(manager)
    assert made.pop("created") == made.pop("updated")
    assert made == {
        "id": 1,
        "applicationId": 1,
        "userId": 1,
        "createdBy": "admin@example.com",
        "name": "Summer sale",
        "description": "",
        "attributes": {},
        "state": "enabled",
        "frontendState": "running",
        "tags": [],
        "reevaluateOnReturn": False,
        "features": ["coupons"],
        "limits": [],
        "budgets": [],
        "campaignGroups": [],
        "type": "advanced",
        "linkedStoreIds": [],
        "couponAttributes": {},
        "storesImported": False,
        "valueMapsIds": [],
        **dict.fromkeys(COUNTERS, 0),
    }
    assert make.revision(server) == before + 1
    assert server.sql("SELECT evaluation_group_id FROM campaigns")[0][0] == 1


def test_a_campaign_is_returned_as_it_was_written(server, manager):
    store_id = make.new_store(manager)["id"]
    manager.post("/v1/attributes", json=make.attribute("Campaign", "season"))
    manager.post("/v1/attributes", json=make.attribute("Coupon", "channel"))
    group = make.new_campaign_group(manager)["id"]
    content = make.campaign(
        description="Everything must go",
        startTime="2020-06-10T09:05:27.993483Z",
        endTime="2099-01-01T00:00:00Z",
        attributes={"season": "summer"},
        state="disabled",
        tags=["Sale", "Überraschung"],
        reevaluateOnReturn=True,
        features=["coupons", "loyalty"],
        couponSettings={"validCharacters": ["A", "B"], "couponPattern": "S-####"},
        referralSettings={"validCharacters": ["C"], "couponPattern": "R-####"},
        limits=[
            {"action": "redeemCoupon", "limit": 5, "entities": []},
            {"action": "setDiscount", "limit": 99.99, "period": "monthly", "entities": ["Profile"]},
        ],
        campaignGroups=[group],
        type="cartItem",
        linkedStoreIds=[store_id],
        couponAttributes={"channel": "web"},
    )
    made = make.new_campaign(manager, **content)
    assert {name: made[name] for name in content} == content
    assert made["budgets"] == [{"action": "redeemCoupon", "limit": 5, "counter": 0}]
    assert manager.get(f"{CAMPAIGNS}/1").json() == made


def counted(server, campaign_id, action, period, entities, used):
    insert = "INSERT INTO limit_counters (application_id, campaign_id, action, entities, period, used)"
    server.sql(f"{insert} VALUES (1, $1, $2, $4, $3, $5)", campaign_id, action, period, entities, used)


def limit(action, most, *entities, **more):
    return {"action": action, "limit": most, "entities": list(entities)} | more


def label_of(server, period):
    return label(period, server.clock(), "UTC")


def test_budgets_show_what_the_campaign_has_given_as_a_whole(server, manager):
    manager.put("/v1/applications/1", json=make.application(timezone="UTC")).raise_for_status()
    limits = [
        limit("redeemCoupon", 5),
        limit("setDiscount", 100, period="monthly"),
        limit("setDiscount", 1000, period="yearly"),
        limit("setDiscount", 9999),
        limit("redeemCoupon", 1, "Profile"),
    ]
    make.new_campaign(manager, limits=limits)
    make.new_campaign(manager, limits=limits[:1])
    counted(server, 1, "redeemCoupon", "", [], 3)
    counted(server, 1, "redeemCoupon", "", ["Profile", "jane"], 1)
    counted(server, 1, "setDiscount", label_of(server, "monthly"), [], Decimal("12.50"))
    counted(server, 1, "setDiscount", "Y2021M8", [], 77)
    campaign, other = manager.get(CAMPAIGNS).json()["data"]
    assert campaign["budgets"] == [
        {"action": "redeemCoupon", "limit": 5, "counter": 3},
        {"action": "setDiscount", "limit": 100, "counter": 12.5},
        {"action": "setDiscount", "limit": 1000, "counter": 0},
        {"action": "setDiscount", "limit": 9999, "counter": 0},
    ]
    assert other["budgets"] == [{"action": "redeemCoupon", "limit": 5, "counter": 0}]
    assert manager.get(f"{CAMPAIGNS}/1").json() == campaign


def test_the_counters_of_a_campaign_are_shown(server, manager):
    columns = {
        "coupon_redemption_count": ("couponRedemptionCount", 1),
        "referral_redemption_count": ("referralRedemptionCount", 2),
        "discount_count": ("discountCount", 12.5),
        "discount_effect_count": ("discountEffectCount", 4),
        "coupon_creation_count": ("couponCreationCount", 5),
        "referral_creation_count": ("referralCreationCount", 6),
        "custom_effect_count": ("customEffectCount", 7),
        "add_free_item_effect_count": ("addFreeItemEffectCount", 8),
        "call_api_effect_count": ("callApiEffectCount", 9),
        "reserve_coupon_effect_count": ("reservecouponEffectCount", 10),
    }
    make.new_campaign(manager)
    changes = ", ".join(f"{column} = {number}" for column, (_, number) in columns.items())
    server.sql(f"UPDATE campaigns SET {changes}, last_activity = now()")
    campaign = manager.get(f"{CAMPAIGNS}/1").json()
    assert {name: campaign[name] for name in COUNTERS if campaign[name]} == dict(columns.values())
    assert "lastActivity" in campaign


def test_what_was_counted_for_a_limit_goes_with_it(server, manager):
    limits = [
        limit("redeemCoupon", 5),
        limit("redeemCoupon", 1, "Profile"),
        limit("redeemCoupon", 1, "Profile", period="daily"),
        limit("setDiscount", 50, period="weekly"),
        limit("setDiscount", 60, period="monthly"),
        limit("setDiscount", 70, period="yearly"),
        limit("createCoupon", 1, "Profile", "Coupon"),
    ]
    campaign = make.new_campaign(manager, limits=limits)
    other = make.new_campaign(manager, limits=limits)
    own = make.new_coupons(manager, campaign["id"], limits=[make.per_profile(action="createCoupon")])[0]
    rows = [
        ("redeemCoupon", "", []),
        ("redeemCoupon", "", ["Profile", "jane"]),
        ("redeemCoupon", "Y2026M11D21", ["Profile", "jane"]),
        ("setDiscount", "Y2026W47", []),
        ("setDiscount", "Y2026M11", []),
        ("setDiscount", "Y2026", []),
        ("createCoupon", "", ["Coupon", "99", "Profile", "jane"]),
        ("createCoupon", "", ["Coupon", str(own["id"]), "Profile", "jane"]),
    ]
    for campaign_id in (campaign["id"], other["id"]):
        for row in rows:
            counted(server, campaign_id, *row, 1)
    kept = [limit("redeemCoupon", 9), limit("setDiscount", 1, period="monthly"), limit("setDiscount", 2, "Store")]
    manager.put(f"{CAMPAIGNS}/1", json=make.campaign(limits=kept)).raise_for_status()
    select = "SELECT action, period, entities FROM limit_counters WHERE campaign_id = $1 ORDER BY id"
    assert [tuple(row) for row in server.sql(select, 1)] == [rows[0], rows[4], rows[7]]
    assert [tuple(row) for row in server.sql(select, 2)] == rows


@pytest.mark.parametrize(
    ("_case", "state", "start", "end", "expected"),
    [
        ("no period", "enabled", None, None, "running"),
        ("starts later", "enabled", "2090-01-01T00:00:00Z", None, "scheduled"),
        ("ended", "enabled", None, "2020-01-01", "expired"),
        ("inside", "enabled", "2020-01-01T00:00:00+02:00", "2090-01-01", "running"),
        ("disabled and ended", "disabled", None, "2020-01-01", "disabled"),
        ("archived and not begun", "archived", "2090-01-01", None, "archived"),
    ],
)
def test_the_state_shown_follows_from_the_state_and_the_period(manager, _case, state, start, end, expected):
    period = {name: text for name, text in (("startTime", start), ("endTime", end)) if text}
    assert make.new_campaign(manager, state=state, **period)["frontendState"] == expected


def test_a_campaign_starts_and_ends_by_itself(server, manager):
    start, end = (server.clock() + timedelta(days=days) for days in (1, 3))
    seen = [make.new_campaign(manager, startTime=start.isoformat(), endTime=end.isoformat())["frontendState"]]
    for _ in range(2):
        server.clock.travel(days=2)
        seen.append(manager.get(f"{CAMPAIGNS}/1").json()["frontendState"])
    assert seen == ["scheduled", "running", "expired"]


def test_an_update_replaces_but_never_enables_by_omission(server, manager):
    made = make.new_campaign(
        manager, state="disabled", type="cartItem", startTime="2030-01-01", description="d", tags=["a"]
    )
    before = make.revision(server)
    replacement = {"name": "New", "tags": [], "features": [], "limits": []}
    changed = manager.put(f"{CAMPAIGNS}/1", json=replacement)
    assert changed.status_code == 200, changed.text
    new = changed.json()
    assert new["updated"] > made["updated"]
    expected = made | replacement | {"description": "", "updated": new["updated"], "updatedBy": "admin@example.com"}
    del expected["startTime"]
    assert new == expected
    assert make.revision(server) == before + 1


@pytest.mark.parametrize(
    ("_case", "change", "pointer", "title"),
    [
        ("ends before it starts", {"startTime": "2030-01-02", "endTime": "2030-01-01"}, "/endTime", "Invalid value"),
        ("ends as it starts", {"startTime": "2030-01-02", "endTime": "2030-01-02"}, "/endTime", "Invalid value"),
        ("not a time", {"startTime": "tomorrow"}, "/startTime", "Invalid type"),
        ("unknown attribute", {"attributes": {"mood": "good"}}, "/attributes/mood", "Unknown"),
        ("unknown coupon attribute", {"couponAttributes": {"mood": 1}}, "/couponAttributes/mood", "Unknown"),
        ("wrong type of attribute", {"attributes": {"season": 4}}, "/attributes/season", "Invalid type"),
        ("group of nobody", {"evaluationGroupId": 9}, "/evaluationGroupId", "Unknown"),
        ("ruleset of nobody", {"activeRulesetId": 9}, "/activeRulesetId", "Unknown"),
        ("empty name", {"name": ""}, "/name", "minLength"),
        ("51 tags", {"tags": ["t"] * 51}, "/tags", "maxItems"),
        ("long tag", {"tags": ["t" * 51]}, "/tags/0", "maxLength"),
        ("unknown feature", {"features": ["magic"]}, "/features/0", "enum"),
        (
            "negative limit",
            {"limits": [{"action": "setDiscount", "limit": -1, "entities": []}]},
            "/limits/0/limit",
            "minimum",
        ),
        ("51 stores", {"linkedStoreIds": list(range(51))}, "/linkedStoreIds", "maxItems"),
        ("store of nobody", {"linkedStoreIds": [5]}, "/linkedStoreIds", "Unknown"),
    ],
)
def test_impossible_campaigns_are_refused(server, manager, _case, change, pointer, title):
    manager.post("/v1/attributes", json=make.attribute("Campaign", "season"))
    old = make.new_campaign(manager)
    before = make.revision(server)
    for refused in (
        manager.post(CAMPAIGNS, json=make.campaign(**change)),
        manager.put(f"{CAMPAIGNS}/1", json=make.campaign(**change)),
    ):
        assert refused.status_code == 400
        problem = refused.json()["errors"][0]
        assert (problem["source"]["pointer"], problem["title"]) == (pointer, title)
    assert manager.get(CAMPAIGNS).json() == {"totalResultSize": 1, "data": [old]}
    assert make.revision(server) == before


def test_mandatory_attributes_must_be_set(manager):
    manager.post("/v1/attributes", json=make.attribute("Campaign", "season"))
    settings = {"mandatory": {"campaigns": ["season"]}}
    manager.put("/v1/applications/1", json=make.application(attributesSettings=settings))
    for attributes in ({}, {"season": None}):
        refused = manager.post(CAMPAIGNS, json=make.campaign(attributes=attributes))
        assert refused.status_code == 400
        assert refused.json()["errors"] == [
            {
                "title": "required",
                "details": 'The attribute "season" is mandatory.',
                "source": {"pointer": "/attributes/season"},
            }
        ]
    assert manager.get(CAMPAIGNS).json()["totalResultSize"] == 0
    make.new_campaign(manager, attributes={"season": "winter"})


def test_with_state_management_a_campaign_is_not_updated_directly(manager):
    old = make.new_campaign(manager)
    manager.put("/v1/applications/1", json=make.application(enableCampaignStateManagement=True))
    assert manager.put(f"{CAMPAIGNS}/1", json=make.campaign(name="New")).status_code == 400
    assert manager.get(f"{CAMPAIGNS}/1").json() == old


def test_the_active_ruleset_is_one_of_the_campaign(server, manager):
    for _ in range(2):
        make.new_campaign(manager)
        number = len(manager.get(CAMPAIGNS).json()["data"])
        manager.post(f"{CAMPAIGNS}/{number}/rulesets", json=make.ruleset())
    assert manager.put(f"{CAMPAIGNS}/1", json=make.campaign(activeRulesetId=2)).status_code == 400
    changed = manager.put(f"{CAMPAIGNS}/1", json=make.campaign(activeRulesetId=1)).json()
    assert changed["activeRulesetId"] == 1
    ruleset = manager.get(f"{CAMPAIGNS}/1/rulesets/1").json()
    assert ruleset["activatedAt"] == changed["updated"]
    server.clock.travel(hours=1)
    manager.put(f"{CAMPAIGNS}/1", json=make.campaign(activeRulesetId=1))
    assert manager.get(f"{CAMPAIGNS}/1/rulesets/1").json() == ruleset
    assert "activeRulesetId" not in manager.put(f"{CAMPAIGNS}/1", json=make.campaign()).json()


def test_a_deleted_campaign_takes_its_coupons_and_rules_with_it(server, manager):
    make.new_campaign(manager)
    kept = make.new_campaign(manager)
    manager.post(f"{CAMPAIGNS}/1/rulesets", json=make.ruleset(activate=True))
    make.new_coupons(manager, 1)
    before = make.revision(server)
    deleted = manager.delete(f"{CAMPAIGNS}/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert manager.get(f"{CAMPAIGNS}/1").status_code == 404
    assert manager.delete(f"{CAMPAIGNS}/1").status_code == 404
    assert manager.get(CAMPAIGNS).json()["data"] == [kept]
    assert server.sql("SELECT (SELECT count(*) FROM coupons) + (SELECT count(*) FROM rulesets)")[0][0] == 0
    assert make.revision(server) == before + 1
    part = server.sql("SELECT data FROM program_parts WHERE kind = 'campaign' AND part_id = 1 ORDER BY revision DESC")[
        0
    ]
    assert part["data"] is None


def test_campaigns_are_filtered(server, manager):
    store_id = make.new_store(manager)["id"]
    group = make.new_campaign_group(manager)["id"]
    make.new_campaign(manager, name="Summer sale", tags=["Hot"], startTime="2030-01-01", campaignGroups=[group])
    make.new_campaign(
        manager, name="Winter 100% sale", tags=["cold", "hot drinks"], endTime="2020-01-01", linkedStoreIds=[store_id]
    )
    make.new_campaign(manager, name="Spring", state="disabled")
    make.new_campaign(manager, name="Autumn", state="archived")
    make.new_campaign(manager, name="Always", startTime="2020-01-01", endTime="2030-06-01")
    for wanted, expected in (
        ({"campaignState": "enabled"}, [1, 2, 5]),
        ({"campaignState": "scheduled"}, [1]),
        ({"campaignState": "expired"}, [2]),
        ({"campaignState": "running"}, [5]),
        ({"campaignState": "disabled"}, [3]),
        ({"campaignState": "archived"}, [4]),
        ({"campaignState": "staged"}, []),
        ({"name": "SALE"}, [1, 2]),
        ({"name": "100%"}, [2]),
        ({"tags": "hot"}, [1, 2]),
        ({"tags": ["cold", "none"]}, [2]),
        ({"tags": "cold,none"}, [2]),
        ({"name": "spring", "tags": "COLD"}, [2, 3]),
        ({"startAfter": "2029-01-01"}, [1]),
        ({"startBefore": "2029-01-01T00:00:00Z"}, [5]),
        ({"endBefore": "2021-01-01"}, [2]),
        ({"endAfter": "2021-01-01"}, [5]),
        ({"createdBefore": "2020-01-01"}, []),
        ({"createdAfter": "2020-01-01T00:00:00+02:00"}, [1, 2, 3, 4, 5]),
        ({"campaignGroupId": group}, [1]),
        ({"storeId": 1}, [2]),
        ({"templateId": 1}, []),
        ({"sort": "-name", "pageSize": 2}, [2, 1]),
        ({"sort": "name", "skip": 3, "campaignState": "enabled"}, []),
    ):
        assert ids(manager.get(CAMPAIGNS, params=wanted)) == expected, wanted
    assert manager.get(CAMPAIGNS, params={"pageSize": 2}).json()["totalResultSize"] == 5
    for wrong in (
        {"campaignState": "off"},
        {"sort": "budgets"},
        {"createdAfter": "x"},
        {"pageSize": 0},
        {"storeId": "x"},
    ):
        refused = manager.get(CAMPAIGNS, params=wrong)
        assert refused.status_code == 400, wrong
        assert refused.json()["errors"][0]["source"] == {"parameter": next(iter(wrong))}, wrong


def test_campaigns_of_other_applications_and_accounts_are_not_found(server, manager):
    make.new_campaign(manager)
    manager.post("/v1/applications", json=make.application())
    missing = {"message": "Campaign not found", "errors": [], "StatusCode": 404}
    for method in ("GET", "PUT", "DELETE"):
        body = make.campaign() if method == "PUT" else None
        assert manager.request(method, "/v1/applications/2/campaigns/1", json=body).json() == missing
        assert manager.request(method, f"{CAMPAIGNS}/2", json=body).json() == missing
    assert manager.get("/v1/applications/2/campaigns").json() == {"totalResultSize": 0, "data": []}
    assert manager.get("/v1/applications/9/campaigns").status_code == 404
    assert manager.post("/v1/applications/9/campaigns", json=make.campaign()).status_code == 404
    server.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    server.sql("UPDATE applications SET account_id = 2")
    assert manager.get(f"{CAMPAIGNS}/1").status_code == 404
    assert manager.delete(f"{CAMPAIGNS}/1").status_code == 404
    assert manager.get(CAMPAIGNS).status_code == 404
    assert server.sql("SELECT count(*) FROM campaigns")[0][0] == 1


def test_a_campaign_without_limits_gets_those_of_its_application(manager):
    limits = [limit("setDiscount", 99.5, period="monthly")]
    manager.put("/v1/applications/1", json=make.application(limits=limits)).raise_for_status()
    assert make.new_campaign(manager)["limits"] == limits
    own = [limit("redeemCoupon", 5)]
    made = make.new_campaign(manager, limits=own)
    assert made["limits"] == own
    changed = manager.put(f"{CAMPAIGNS}/2", json=make.campaign(limits=[])).json()
    assert changed["limits"] == [], "only a new campaign gets them"
