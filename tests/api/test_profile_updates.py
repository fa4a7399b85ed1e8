"""PUT /v2/customer_profiles/{id}: attributes by themselves, and with rules (core.md §9.2)."""

from datetime import datetime, timedelta

import pytest

import make
from checkout import define, effects, invalid, new_key, refusal, refused_request, rows, running, update

URL = "/v2/customer_profiles/kim"
IS_NEW = ["=", [".", "Event", "Type"], "talon_profile_created"]
CITY = ["Profile", "Attributes", "city"]
CONTENT = ["customerProfile", "triggeredCampaigns", "loyalty", "event", "awardedGiveaways", "ruleFailureReasons"]
NOTHING = {"effects": [], "createdCoupons": [], "createdReferrals": []}
RULES = {"runRuleEngine": True}


def put(shop, body=None, *, url=URL, headers=None, **params):
    answer = shop.put(url, json=body or {}, params=params or None, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def note(title="Hello"):
    return ["showNotification", "Info", title, ""]


def stored(server):
    return [row["attributes"] for row in server.sql("SELECT attributes FROM profiles ORDER BY id")]


# --- without rules


def test_attributes_are_merged_and_null_removes_one(shop, manager, server):
    define(manager, "CustomerProfile", "city")
    define(manager, "CustomerProfile", "age", "number")
    assert put(shop, {"attributes": {"city": "Rome", "age": 30.50}}) == NOTHING
    assert stored(server) == ['{"age": 30.5, "city": "Rome"}']
    assert put(shop, {"attributes": {"age": 31}}) == NOTHING
    assert put(shop, {"attributes": {"city": None}}) == NOTHING
    assert put(shop, {}) == put(shop, {"attributes": None}) == NOTHING
    assert stored(server) == ['{"age": 31}']
    assert server.sql("SELECT id FROM events") == []


def test_only_the_profile_is_answered(shop, manager, server):
    running(manager, make.rule(effects=[note()]))
    body = put(shop, {"responseContent": CONTENT})
    profile = body.pop("customerProfile")
    assert body == NOTHING
    assert profile == {
        "id": profile["id"],
        "created": profile["lastActivity"],
        "integrationId": "kim",
        "attributes": {},
        "accountId": 1,
        "closedSessions": 0,
        "totalSales": 0,
        "audienceMemberships": [],
        "lastActivity": profile["lastActivity"],
        "sandbox": False,
    }
    server.clock.travel(days=1)
    assert put(shop, {"responseContent": ["customerProfile"]})["customerProfile"] == profile


def test_a_dry_update_stores_nothing_also_without_rules(shop, manager, server):
    define(manager, "CustomerProfile", "city")
    before = rows(server)
    body = put(shop, {"attributes": {"city": "Rome"}, "responseContent": ["customerProfile"]}, dry=True)
    assert (body["customerProfile"]["id"], body["customerProfile"]["attributes"]) == (0, {"city": "Rome"})
    assert put(shop, {"attributes": {"city": "Rome"}}, dry=True) == NOTHING
    assert rows(server) == before


# --- with rules


def test_everything_that_is_answered(shop, manager, server):
    define(manager, "CustomerProfile", "city")
    campaign, _ = running(
        manager,
        make.rule(title="Welcome", condition=["and", IS_NEW], effects=[note(), ["updateAttribute", CITY, "Oslo"]]),
        make.rule(title="Never", condition=["and", ["=", [".", "Profile", "Attributes", "city"], "Bonn"]]),
    )
    body = put(shop, {"attributes": {"city": "Rome"}, "responseContent": CONTENT}, **RULES)
    event, profile, reasons = body["event"], body["customerProfile"], body["ruleFailureReasons"]
    wrapper = {
        "campaignId": campaign["id"],
        "rulesetId": body["effects"][0]["rulesetId"],
        "ruleIndex": 0,
        "ruleName": "Welcome",
        "evaluationGroupID": 1,
        "evaluationGroupMode": "stackable",
    }
    assert body["effects"] == [
        wrapper
        | {
            "effectType": "showNotification",
            "props": {"notificationType": "Info", "title": "Hello", "body": ""},
        },
        wrapper | {"effectType": "updateAttribute", "props": {"path": "Profile.Attributes.city", "value": "Oslo"}},
    ]
    assert event == {
        "id": server.sql("SELECT id FROM events")[0]["id"],
        "created": event["created"],
        "applicationId": 1,
        "profileId": "kim",
        "type": "talon_profile_created",
        "attributes": {},
        "effects": [],
        "ledgerEntries": [],
    }
    assert profile["attributes"] == {"city": "Oslo"}
    assert profile["created"] == profile["lastActivity"] == event["created"]
    assert profile["id"] == server.sql("SELECT id FROM profiles")[0]["id"]
    [reason] = reasons
    assert (reason["ruleName"], reason["conditionIndex"]) == ("Never", 0)
    assert [one["id"] for one in body["triggeredCampaigns"]] == [campaign["id"]]
    assert (body["loyalty"], body["awardedGiveaways"]) == ({"programs": {}}, [])
    assert (body["createdCoupons"], body["createdReferrals"]) == ([], [])
    assert sorted(body) == sorted([*CONTENT, *NOTHING])
    assert stored(server) == ['{"city": "Oslo"}']


def test_a_known_customer_is_updated_and_active(shop, manager, server):
    define(manager, "CustomerProfile", "city")
    running(
        manager, make.rule(condition=["and", ["=", [".", "Event", "Type"], "talon_profile_updated"]], effects=[note()])
    )
    assert put(shop, {}, **RULES) == NOTHING
    [before] = server.sql("SELECT * FROM profiles")
    server.clock.travel(hours=1)
    body = put(shop, {"responseContent": ["customerProfile", "event"]}, **RULES)
    assert effects(body)[0][0] == "showNotification"
    [after] = server.sql("SELECT * FROM profiles")
    assert after["last_activity"] - before["last_activity"] >= timedelta(hours=1)
    assert (after["created"], after["version"] > before["version"]) == (before["created"], True)
    assert datetime.fromisoformat(body["customerProfile"]["lastActivity"]) == after["last_activity"]
    assert [row["type"] for row in server.sql("SELECT type FROM events ORDER BY id")] == [
        "talon_profile_created",
        "talon_profile_updated",
    ]


def test_rules_see_the_attributes_of_the_request(shop, manager):
    define(manager, "CustomerProfile", "city")
    running(
        manager, make.rule(condition=["and", ["=", [".", "Profile", "Attributes", "city"], "Rome"]], effects=[note()])
    )
    assert put(shop, {"attributes": {"city": "Oslo"}}, **RULES) == NOTHING
    assert len(put(shop, {"attributes": {"city": "Rome"}}, **RULES)["effects"]) == 1
    assert len(put(shop, {}, **RULES)["effects"]) == 1
    assert put(shop, {"attributes": {"city": None}}, **RULES) == NOTHING


def test_null_from_the_request_and_from_a_rule(shop, manager, server):
    define(manager, "CustomerProfile", "city")
    define(manager, "CustomerProfile", "tier")
    clear = make.rule(effects=[["updateAttribute", CITY, None]])
    running(manager, clear)
    body = {"attributes": {"city": "Rome", "tier": None}, "responseContent": ["customerProfile"]}
    for _ in range(2):
        assert put(shop, body, **RULES)["customerProfile"]["attributes"] == {}
        assert stored(server) == ["{}"]


def test_a_rule_that_reads_a_session_fails_and_a_discount_makes_it_fail(shop, manager, server):
    for change in ({}, {"uncappedDiscounts": True}):
        manager.put("/v1/applications/1", json=make.application() | change).raise_for_status()
        running(
            manager,
            make.rule(title="Reads", condition=["and", ["<", [".", "Session", "Total"], 5]], effects=[note("Reads")]),
            make.rule(title="First", condition=["and", [".", "Session", "FirstSession"]], effects=[note("First")]),
            make.rule(title="Discount", effects=[note("Lost"), ["setDiscount", "Ten", 10]]),
            make.rule(
                title="Items", effects=[["setDiscountPerItem", "One", [".", "Session", "CartItems"], [["Item"], 1]]]
            ),
            name="No session",
        )
    body = put(shop, {"responseContent": ["ruleFailureReasons"]}, **RULES)
    assert body["effects"] == []
    found = [(one["ruleName"], one["details"]) for one in body["ruleFailureReasons"]]
    assert (
        found
        == [
            ("Reads", "Condition 1: the request has no session"),
            ("First", "Condition 1: the request has no session"),
            ("Discount", "Effect 2: no session is being judged"),
            ("Items", "Effect 1: the request has no session"),
        ]
        * 2
    )
    assert put(shop, {}, **RULES) == NOTHING
    assert server.sql("SELECT discount_count FROM campaigns WHERE discount_count > 0") == []


def test_created_codes_are_there_at_once(shop, manager, server):
    coupon = ["createCoupon", {"pattern": "HI-####", "recipientId": [".", "Profile", "IntegrationId"]}]
    rule = make.rule(condition=["and", IS_NEW], effects=[coupon, ["createReferral"]])
    running(manager, rule, features=["coupons", "referrals"])
    body = put(shop, {}, **RULES)
    [made], [referral] = body["createdCoupons"], body["createdReferrals"]
    assert effects(body) == [
        ("couponCreated", {"value": made["value"], "profileId": "kim"}),
        ("referralCreated", {"value": referral["code"]}),
    ]
    [row] = server.sql("SELECT id, value FROM coupons")
    assert (row["id"], row["value"]) == (made["id"], made["value"])
    assert (made["recipientIntegrationId"], referral["advocateProfileIntegrationId"]) == ("kim", "kim")
    assert server.sql("SELECT id FROM referrals")[0]["id"] == referral["id"]
    [counts] = server.sql("SELECT coupon_creation_count, referral_creation_count FROM campaigns")
    assert tuple(counts) == (1, 1)
    assert put(shop, {}, **RULES) == NOTHING


@pytest.mark.parametrize("action", ["customEffect", "addFreeItemEffect", "createCoupon"])
def test_limits_are_counted_at_once(shop, manager, server, action):
    effect = {
        "customEffect": ["customEffect", 7, "wrap", ["kv", ["paper", "red"]]],
        "addFreeItemEffect": ["addFreeItem", "Mug", "MUG"],
        "createCoupon": ["createCoupon"],
    }[action]
    limit = {"action": action, "limit": 2, "entities": ["Profile"]}
    running(manager, make.rule(effects=[effect]), limits=[limit])
    found = [len(put(shop, {}, **RULES)["effects"]) for _ in range(3)]
    assert found == [1, 1, 0]
    assert len(put(shop, {}, url="/v2/customer_profiles/lee", **RULES)["effects"]) == 1
    used = server.sql("SELECT entities, used FROM limit_counters ORDER BY entities")
    assert [tuple(row) for row in used] == [(["Profile", "kim"], 2), (["Profile", "lee"], 1)]
    body = put(shop, {"responseContent": ["ruleFailureReasons"]}, **RULES)
    [reason] = body["ruleFailureReasons"]
    assert reason["effectIndex"] == 0


def test_a_dry_update_shows_everything_and_stores_nothing(shop, manager, server):
    define(manager, "CustomerProfile", "city")
    limit = {"action": "createCoupon", "limit": 1, "entities": ["Profile"]}
    running(manager, make.rule(effects=[["createCoupon"], ["updateAttribute", CITY, "Oslo"]]), limits=[limit])
    before = rows(server)
    for _ in range(2):
        body = put(shop, {"responseContent": CONTENT}, dry=True, **RULES)
        assert [kind for kind, _ in effects(body)] == ["couponCreated", "updateAttribute"]
        assert [one["id"] for one in body["createdCoupons"]] == [0]
        assert (body["event"]["id"], body["event"]["type"]) == (0, "talon_profile_created")
        assert (body["customerProfile"]["id"], body["customerProfile"]["attributes"]) == (0, {})
    assert rows(server) == before


def test_which_campaigns_a_dry_update_asks_for(shop, manager):
    on, _ = running(manager, make.rule(effects=[note("On")]))
    off, _ = running(manager, make.rule(effects=[note("Off")]), state="disabled")
    asked = {"evaluableCampaignIds": [off["id"], 999]}
    shown = [props["title"] for _, props in effects(put(shop, asked, dry=True, **RULES))]
    assert shown == ["Off"]
    assert [props["title"] for _, props in effects(put(shop, asked, **RULES))] == ["On"]  # without dry it is ignored
    body = put(shop, asked | {"responseContent": ["campaignEligibility"]}, dry=True, **RULES)
    assert [one["id"] for one in body["campaignEligibility"]] == [off["id"]]
    assert "campaignEligibility" not in put(shop, {"responseContent": ["campaignEligibility"]}, **RULES)
    assert on["id"] != off["id"]


def test_a_test_key_is_always_dry(shop, manager, server):
    running(manager, make.rule(effects=[note()]))
    _, headers = new_key(manager, type="staging")
    before = rows(server)
    assert len(put(shop, {}, headers=headers, **RULES)["effects"]) == 1
    assert put(shop, {"responseContent": ["customerProfile"]}, headers=headers)["customerProfile"]["id"] == 0
    assert rows(server) == before


def test_the_clock_of_a_key(shop, manager):
    start = datetime.now().astimezone() + timedelta(days=9)
    running(manager, make.rule(effects=[note()]), startTime=start.isoformat())
    _, headers = new_key(manager, timeOffset=10 * 24 * 3600 * 10**9)
    assert put(shop, {}, **RULES) == NOTHING
    assert len(put(shop, {}, headers=headers, **RULES)["effects"]) == 1


def test_the_next_session_sees_what_rules_wrote(shop, manager):
    define(manager, "CustomerProfile", "city")
    running(manager, make.rule(condition=["and", IS_NEW], effects=[["updateAttribute", CITY, "Oslo"]]))
    running(manager, make.rule(condition=["and", ["=", [".", "Profile", "Attributes", "city"], "Oslo"]]))
    put(shop, {}, **RULES)
    assert (
        len(
            update(shop, "s1", {"profileId": "kim", "cartItems": [{"sku": "A", "quantity": 1, "price": 20}]})["effects"]
        )
        == 1
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("%C3%BCn%C3%AFc%C3%B6de%20%F0%9F%A7%BE", "ünïcöde 🧾"),
        ("a%2Fb%2fc", "a/b/c"),
        ("..%2F..", "../.."),
        ("%25%3F%23", "%?#"),
        ("x" * 1000, "x" * 1000),
        ("%D9%85%D8%B1%D8%AD%D8%A8%D8%A7", "مرحبا"),
        ("e%CC%81", "e\u0301"),
    ],
)
@pytest.mark.parametrize("rules", [False, True])
def test_any_text_is_an_id(shop, server, path, name, rules):
    body = put(shop, {"responseContent": ["customerProfile"]}, url=f"/v2/customer_profiles/{path}", runRuleEngine=rules)
    assert body["customerProfile"]["integrationId"] == name
    assert [row["integration_id"] for row in server.sql("SELECT integration_id FROM profiles")] == [name]


# --- refusals


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"attributes": {"nope": 1}}, ("/attributes/nope", "Unknown",
         'The attribute "nope" is not defined on CustomerProfile entities.')),
        ({"attributes": {"city": 5}}, ("/attributes/city", "Invalid type", 'Value of "city" attribute (5) is not a string')),
        ({"attributes": []}, ("/attributes", "Invalid type", "Expected `object`, got `array`")),
        ({"responseContent": ["customerSession"]}, ("/responseContent/0", "enum",
         "Invalid enum value 'customerSession'")),
        ({"responseContent": "event"}, ("/responseContent", "Invalid type", "Expected `array`, got `str`")),
        ({"evaluableCampaignIds": ["1"]}, ("/evaluableCampaignIds/0", "Invalid type", "Expected `int`, got `str`")),
        ({"evaluableCampaignIds": [1.5]}, ("/evaluableCampaignIds/0", "Invalid type", "Expected `int`, got `float`")),
        ({"audiencesChanges": {"adds": []}}, ("/audiencesChanges/deletes", "required",
         "Object missing required field `deletes`")),
        ({"audiencesChanges": {"adds": [7], "deletes": []}}, ("/audiencesChanges/adds/0", "Unknown",
         "there is no audience 7")),
        ({"audiencesChanges": {"adds": [], "deletes": [10**30]}}, ("/audiencesChanges/deletes/0", "Unknown",
         f"there is no audience {10**30}")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("params", [{}, RULES, {"dry": True}])
def test_bad_members(shared, shared_shop, shared_manager, body, error, params):
    if not shared.sql("SELECT id FROM attributes"):
        define(shared_manager, "CustomerProfile", "city")
    status, answer = refused_request(shared, shared_shop, "PUT", URL, json=body, params=params)
    assert (status, answer) == (400, invalid(error))


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"{", b"null", b'{"attributes":\xff}', b"[" * 100_000])
def test_a_broken_body(shared, shared_shop, body):
    status, answer = refused_request(shared, shared_shop, "PUT", URL, content=body)
    assert (status, answer["StatusCode"]) == (400, 400)


@pytest.mark.parametrize("name", ["dry", "runRuleEngine"])
def test_bad_parameters(shared, shared_shop, name):
    status, answer = refused_request(shared, shared_shop, "PUT", URL, json={}, params={name: "maybe"})
    assert status == 400
    assert answer["errors"][0]["source"] == {"parameter": name}


@pytest.mark.parametrize(("path", "status"), [("x" * 1001, 400), ("a/b", 404), ("%ff", 400), ("%00", 400)])
def test_bad_ids(shared, shared_shop, path, status):
    for params in ({}, RULES):
        found, _ = refused_request(shared, shared_shop, "PUT", f"/v2/customer_profiles/{path}", json={}, params=params)
        assert found == status


def test_what_cannot_be_stored(shared, shared_shop, shared_manager):
    define(shared_manager, "CustomerProfile", "nul")
    for params in ({}, RULES):
        body = {"attributes": {"nul": "a\0b"}}
        status, answer = refused_request(shared, shared_shop, "PUT", URL, json=body, params=params)
        assert (status, answer) == (400, refusal("The text contains a character that cannot be stored"))


def test_combinations_of_contents(shared, shared_shop):
    message = "campaignEligibility cannot be combined with triggeredCampaigns or ruleFailureReasons"
    body = {"responseContent": ["campaignEligibility", "triggeredCampaigns"]}
    params = RULES | {"dry": True}
    status, answer = refused_request(shared, shared_shop, "PUT", URL, json=body, params=params)
    assert (status, answer) == (400, invalid(("/responseContent", "Invalid combination", message)))


def test_wrong_keys(shared, shared_shop, shared_manager):
    _, expired = new_key(shared_manager, expires="2020-01-01T00:00:00Z")
    of_manager = {"Authorization": shared_manager.headers["Authorization"]}
    for headers in ({"Authorization": ""}, {"Authorization": "ApiKey-v1 0"}, of_manager, expired):
        for params in ({}, RULES):
            found = refused_request(shared, shared_shop, "PUT", URL, json={}, params=params, headers=headers)
            assert found == (401, refusal("Invalid API key", status=401))


def test_unknown_members_are_ignored(shop):
    assert (
        put(shop, {"name": "Kim", "id": 5, "sandbox": True, "audiencesChanges": {"adds": [], "deletes": []}}, **RULES)
        == NOTHING
    )
