"""POST /v2/events and /v3/events: what happened to a customer outside of sessions (core.md §9.1)."""

from datetime import datetime, timedelta

import pytest

import make
from checkout import define, effects, invalid, line, new_key, refusal, refused_request, rows, running, update
from guerdon.db.programs import RECORD_PARTS

URL, ADVANCED = "/v2/events", "/v3/events"
NOTHING = {"effects": [], "createdCoupons": [], "createdReferrals": []}
CONTENT = ["customerProfile", "triggeredCampaigns", "loyalty", "event", "awardedGiveaways", "ruleFailureReasons"]
STARS = [".", "Event", "Attributes", "stars"]
CREATED = ["createCoupon"]
BOTH = pytest.mark.parametrize("url", [URL, ADVANCED])


def note(title="Hello"):
    return ["showNotification", "Info", title, ""]


def event_type(manager, name="review", attribute="stars", kind="number"):
    """Define a type of events by an attribute of it."""
    define(manager, "Event", attribute, kind, eventType=name, title=f"{attribute} of {name}")


def event(**changes):
    return {"profileId": "kim", "type": "review"} | changes


_ids = iter(range(10**9))


def track(shop, body, *, url=URL, headers=None, **params):
    """Track an event, which must succeed; the body of the answer."""
    if url == ADVANCED:
        body = {"integrationId": f"e{next(_ids)}"} | body
    answer = shop.post(url, json=body, params={"silent": "no"} | params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_of(kind="review"):
    return ["=", [".", "Event", "Type"], kind]


@BOTH
def test_nothing_is_said_unless_asked_for(shop, manager, server, url):
    event_type(manager)
    running(manager, make.rule(effects=[note()]))
    for number, params in enumerate(({}, {"silent": "yes"})):
        answer = shop.post(url, json=event(integrationId=f"silent {number}", attributes={}), params=params)
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-type" not in answer.headers
    assert len(track(shop, event(), url=url)["effects"]) == 1
    logged = server.sql("SELECT type, profile_id, session_id, facts FROM events")
    assert [row["type"] for row in logged] == ["review"] * 3
    assert [row["session_id"] for row in logged] == [None] * 3
    [profile] = server.sql("SELECT id, integration_id, attributes FROM profiles")  # and no event of its creation
    assert {row["profile_id"] for row in logged} == {profile["id"]}
    assert (profile["integration_id"], profile["attributes"]) == ("kim", "{}")


def test_everything_that_is_answered(shop, manager, server):
    event_type(manager)
    campaign, _ = running(
        manager,
        make.rule(title="Good", condition=["and", is_of(), [">=", STARS, 4]], effects=[note()]),
        make.rule(title="Bad", condition=["and", ["<", STARS, 2]]),
    )
    sent = event(attributes={"stars": 4.50}, storeIntegrationId="berlin", responseContent=CONTENT)
    body = track(shop, sent)
    shown = body["event"]
    [logged] = server.sql("SELECT id, created FROM events")
    assert datetime.fromisoformat(shown["created"]) == logged["created"]
    assert shown == {
        "id": logged["id"],
        "created": shown["created"],
        "applicationId": 1,
        "profileId": "kim",
        "storeIntegrationId": "berlin",
        "type": "review",
        "attributes": {"stars": 4.5},
        "effects": [],
        "ledgerEntries": [],
    }
    assert body["effects"] == [
        {
            "campaignId": campaign["id"],
            "rulesetId": body["effects"][0]["rulesetId"],
            "ruleIndex": 0,
            "ruleName": "Good",
            "effectType": "showNotification",
            "props": {"notificationType": "Info", "title": "Hello", "body": ""},
            "evaluationGroupID": 1,
            "evaluationGroupMode": "stackable",
        }
    ]
    assert [one["id"] for one in body["triggeredCampaigns"]] == [campaign["id"]]
    [reason] = body["ruleFailureReasons"]
    assert (reason["ruleName"], reason["conditionIndex"]) == ("Bad", 0)
    profile = body["customerProfile"]
    assert (profile["integrationId"], profile["lastActivity"]) == ("kim", shown["created"])
    assert (body["loyalty"], body["awardedGiveaways"]) == ({"programs": {}}, [])
    assert sorted(body) == sorted([*CONTENT, *NOTHING])
    assert track(shop, event()) == NOTHING


def test_what_an_advanced_event_answers_and_what_is_read_of_it(shop, manager, server):
    event_type(manager)
    update(shop, "s1", {"profileId": "kim", "cartItems": [line()], "state": "closed"})
    sent = {
        "integrationId": "e/1 ü",
        "profileId": "kim",
        "type": "review",
        "attributes": {"stars": 4.50},
        "storeIntegrationId": "berlin",
        "connectedSessionId": "s1",
        "previousEventID": "e0",
        "responseContent": ["advancedEvent", "customerProfile"],
    }
    body = track(shop, sent, url=ADVANCED)
    assert sorted(body) == sorted(["advancedEvent", "customerProfile", *NOTHING])
    [logged] = server.sql("SELECT id FROM events WHERE type = 'review'")
    shown = body["advancedEvent"]
    assert shown == {
        "connectedSessionId": "s1",
        "connectedSessionID": "s1",
        "id": logged["id"],
        "created": shown["created"],
        "applicationId": 1,
        "profileId": "kim",
        "storeIntegrationId": "berlin",
        "type": "review",
        "attributes": {"stars": 4.5},
        "integrationId": "e/1 ü",
        "effects": [],
        "previousEventID": "e0",
    }
    assert shop.get("/v3/events/e%2F1%20%C3%BC").json() == shown
    plain = track(shop, event(responseContent=["advancedEvent"], integrationId="plain"), url=ADVANCED)["advancedEvent"]
    assert sorted(plain) == [
        "applicationId", "attributes", "created", "effects", "id", "integrationId", "profileId", "type",
    ]  # fmt: skip
    assert shop.get("/v3/events/plain").json() == plain


def test_an_event_that_is_not_there(shop, manager, server):
    event_type(manager)
    track(shop, event(), url=URL)
    for name in ("e1", "1", "%00", "x" * 1000):
        answer = shop.get(f"/v3/events/{name}")
        expected = 400 if name == "%00" else 404
        assert answer.status_code == expected
    assert shop.get("/v3/events/e1").json() == refusal("Event not found", status=404)


def test_an_id_is_used_once(shop, manager, server):
    event_type(manager)
    running(manager, make.rule(effects=[CREATED]))
    track(shop, event(integrationId="e1"), url=ADVANCED)
    again = [event(integrationId="e1"), event(integrationId="e1", profileId="lee"), event(integrationId="e1")]
    for body, params in zip(again, ({}, {"silent": "no"}, {"silent": "yes"}), strict=True):
        found = refused_request(server, shop, "POST", ADVANCED, json=body, params=params)
        assert found == (409, refusal("An event with this integration id already exists", status=409))
    track(shop, event(integrationId="E1"), url=ADVANCED)
    assert len(server.sql("SELECT id FROM coupons")) == 2


def test_an_id_is_of_one_application(shop, manager, server):
    event_type(manager)
    track(shop, event(integrationId="e1"), url=ADVANCED)
    other = manager.post("/v1/applications", json=make.application()).json()
    key = manager.post(
        f"/v1/applications/{other['id']}/api_keys", json={"title": "Other", "expires": "2099-01-01T00:00:00Z"}
    ).json()
    headers = {"Authorization": f"ApiKey-v1 {key['key']}"}
    assert shop.get("/v3/events/e1", headers=headers).status_code == 404
    body = track(shop, event(integrationId="e1", responseContent=["advancedEvent"]), url=ADVANCED, headers=headers)
    assert body["advancedEvent"]["applicationId"] == other["id"]
    assert shop.get("/v3/events/e1").json()["applicationId"] == 1


def test_the_attributes_of_two_types_do_not_mix(shop, manager, server):
    """Both types have `value`: a number here, a text there."""
    event_type(manager, "review", "value", "number")
    event_type(manager, "birthday", "value", "string")
    event_type(manager, "review", "words", "number")
    value = [".", "Event", "Attributes", "value"]
    running(
        manager,
        make.rule(title="Number", condition=["and", is_of("review"), [">=", value, 4]], effects=[note("number")]),
        make.rule(title="Text", condition=["and", is_of("birthday"), ["=", value, "4"]], effects=[note("text")]),
        make.rule(title="Any", condition=["and", ["=", ["+", value, 1], 5]], effects=[note("any")]),
    )

    def shown(**sent):
        return [props["title"] for _, props in effects(track(shop, event(**sent)))]

    assert shown(attributes={"value": 4}) == ["number", "any"]
    assert shown(type="birthday", attributes={"value": "4"}) == ["text"]
    for kind, attributes, error in (
        ("review", {"value": "4"}, ("/attributes/value", "Invalid type", 'Value of "value" attribute (4) is not a number')),
        ("birthday", {"value": 4}, ("/attributes/value", "Invalid type", 'Value of "value" attribute (4) is not a string')),
        ("birthday", {"words": 4},
         ("/attributes/words", "Unknown", 'The attribute "words" is not defined on Event entities.')),
    ):  # fmt: skip
        for url in (URL, ADVANCED):
            body = event(type=kind, attributes=attributes, integrationId="e1")
            assert refused_request(server, shop, "POST", url, json=body) == (400, invalid(error))


def test_a_type_that_rules_read_as_one_kind_becomes_another(shop, manager):
    """The rule was saved while there was one attribute of the name; the second makes it read either."""
    event_type(manager, "review", "value", "time")
    value = [".", "Event", "Attributes", "value"]
    running(manager, make.rule(condition=["and", ["after", value, "2026-01-01T00:00:00Z"]], effects=[note()]))
    late = {"value": "2026-01-01T02:00:00+01:00"}
    assert len(track(shop, event(attributes=late))["effects"]) == 1
    event_type(manager, "birthday", "value", "string")
    assert len(track(shop, event(attributes=late))["effects"]) == 1
    assert track(shop, event(type="birthday", attributes={"value": "soon"})) == NOTHING


def test_null_and_absent_attributes(shop, manager):
    event_type(manager)
    running(manager, make.rule(condition=["and", [">=", STARS, 0]], effects=[note()]))
    for attributes in ({}, {"stars": None}):
        body = track(shop, event(attributes=attributes, responseContent=["event", "ruleFailureReasons"]))
        assert body["event"]["attributes"] == {}
        assert body["ruleFailureReasons"][0]["details"] == "Condition 1: Event.Attributes.stars is not set"
    assert track(shop, event(attributes=None)) == NOTHING
    assert len(track(shop, event(attributes={"stars": 0}))["effects"]) == 1


def set_up(server, statement):
    """Something that rules name and that the team sets up."""
    server.sql(statement)
    server.sql("UPDATE applications SET revision = revision + 1")
    server.sql(RECORD_PARTS, [1])


def test_a_type_defined_by_itself(shop, server):
    set_up(server, "INSERT INTO event_types (account_id, title, name, created) VALUES (1, 'Opened', 'opened', now())")
    assert track(shop, event(type="opened")) == NOTHING
    error = ("/attributes/stars", "Unknown", 'The attribute "stars" is not defined on Event entities.')
    body = event(type="opened", attributes={"stars": 1})
    assert refused_request(server, shop, "POST", URL, json=body) == (400, invalid(error))


def test_what_rules_read_of_the_event(shop, manager, server):
    event_type(manager)
    created = [".", "Event", "Created"]
    running(manager, make.rule(condition=["and", is_of(), ["=", created, [".", "Now"]]], effects=[note()]))
    assert len(track(shop, event())["effects"]) == 1
    assert track(shop, event(), dry=True)["effects"] != []


def test_without_a_session(shop, manager):
    event_type(manager)
    running(
        manager,
        make.rule(title="Total", condition=["and", ["=", [".", "Session", "Total"], 0]], effects=[note()]),
        make.rule(title="Items", condition=["and", ["isEmpty", [".", "Session", "CartItems"]]], effects=[note()]),
        make.rule(title="Discount", effects=[["setDiscount", "Ten", 10]]),
        make.rule(title="Code", condition=["and", ["couponValid"]], effects=[note()]),
    )
    body = track(shop, event(responseContent=["ruleFailureReasons"]))
    assert body["effects"] == []
    assert [one["details"] for one in body["ruleFailureReasons"]] == [
        "Condition 1: the request has no session",
        "Condition 1: the request has no session",
        "Effect 1: no session is being judged",
        "Condition 1 does not hold",
    ]


# --- connected sessions


NAMES = pytest.mark.parametrize("name", ["connectedSessionId", "connectedSessionID"])


@NAMES
def test_rules_read_the_connected_session(shop, manager, server, name):
    event_type(manager)
    define(manager, "CustomerSession", "gift", "boolean")
    total, gift = [".", "Session", "Total"], [".", "Session", "Attributes", "gift"]
    conditions = ["and", is_of(), ["=", total, 42], gift, ["=", [".", "Session", "State"], "closed"]]
    running(
        manager,
        make.rule(title="Thanks", condition=conditions, effects=[note(), CREATED]),
        make.rule(title="Units", condition=["and", is_of(), ["=", ["count", [".", "Session", "CartItems"]], 1]], effects=[note("Units")]),
        make.rule(title="Discount", condition=["and", is_of()], effects=[["setDiscount", "Ten", 10]]),
        make.rule(title="Write", condition=["and", is_of()], effects=[["updateAttribute", ["Session", "Attributes", "gift"], False]]),
        codes=["CODE"],
    )  # fmt: skip
    session = {
        "profileId": "kim",
        "cartItems": [line(price=42)],
        "attributes": {"gift": True},
        "couponCodes": ["CODE", "NOPE"],
    }
    update(shop, "s1", session | {"state": "closed"})
    before = rows(server)["customer_sessions"]
    sent = event(responseContent=["ruleFailureReasons"]) | {name: "s1"}
    body = track(shop, sent, url=ADVANCED)
    assert [kind for kind, _ in effects(body)] == ["showNotification", "couponCreated", "showNotification"]
    assert [(one["ruleName"], one["details"]) for one in body["ruleFailureReasons"]] == [
        ("Discount", "Effect 1: no session is being judged"),
        ("Write", "Effect 1: no session is being judged"),
    ]
    assert rows(server)["customer_sessions"] == before
    assert shop.get("/v2/customer_sessions/s1").json()["customerSession"]["updateCount"] == 1


@NAMES
@pytest.mark.parametrize("dry", [False, True])
def test_a_session_that_cannot_be_connected(shop, manager, server, name, dry):
    event_type(manager)
    for state in ("open", "cancelled", "returned"):
        update(shop, state, {"profileId": "kim", "cartItems": [line()]})
    update(shop, "cancelled", {"state": "cancelled"})
    update(shop, "returned", {"state": "closed"})
    shop.post("/v2/customer_sessions/returned/returns", json={"return": {"returnedCartItems": [{"position": 0}]}})
    for session in ("open", "cancelled", "returned", "nope", "n\u00f6pe"):
        body = event(integrationId="e1") | {name: session}
        found = refused_request(server, shop, "POST", ADVANCED, json=body, params={"dry": dry})
        details = "the connected session must be there and closed"
        assert found == (400, invalid(("/connectedSessionId", "Invalid value", details)))


def test_a_session_of_somebody_else(shop, manager, server):
    """A gift is reviewed by who got it: the session may be another customer's, the profile is that of the event."""
    event_type(manager)
    conditions = ["and", ["=", [".", "Profile", "IntegrationId"], "kim"], ["=", [".", "Session", "ProfileId"], "lee"]]
    running(manager, make.rule(condition=conditions, effects=[CREATED]))
    update(shop, "s1", {"profileId": "lee", "cartItems": [line()], "state": "closed"})
    update(shop, "s2", {"cartItems": [line()], "state": "closed"})
    assert len(track(shop, event(connectedSessionId="s1"), url=ADVANCED)["createdCoupons"]) == 1
    body = track(shop, event(connectedSessionId="s2", responseContent=["customerProfile"]), url=ADVANCED)
    assert (body["effects"], body["customerProfile"]["integrationId"]) == ([], "kim")
    assert server.sql("SELECT closed_sessions FROM profiles WHERE integration_id = 'kim'")[0]["closed_sessions"] == 0


def test_an_event_of_v2_has_no_session(shop, manager):
    event_type(manager)
    body = track(shop, event(connectedSessionId="nope", sessionId="nope", responseContent=["event"]))
    assert "sessionId" not in body["event"]


# --- what is kept


def test_all_effects_are_kept_at_once(shop, manager, server):
    event_type(manager)
    define(manager, "CustomerProfile", "reviews", "number")
    reviews = ["Profile", "Attributes", "reviews"]
    more = ["+", ["catch", 0, [".", *reviews]], 1]
    coupon = ["createCoupon", {"pattern": "THX-####", "recipientId": [".", "Profile", "IntegrationId"]}]
    running(
        manager,
        make.rule(effects=[["updateAttribute", reviews, more], coupon, ["createReferral"]]),
        make.rule(effects=[["addFreeItem", "Mug", "MUG", 2], ["customEffect", 7, "wrap", ["kv", ["paper", "red"]]]]),
        features=["coupons", "referrals"],
    )
    for number in (1, 2):
        body = track(shop, event(responseContent=["customerProfile"]))
        assert [kind for kind, _ in effects(body)] == [
            "updateAttribute", "couponCreated", "referralCreated", "addFreeItem", "addFreeItem", "customEffect",
        ]  # fmt: skip
        assert body["customerProfile"]["attributes"] == {"reviews": number}
        [made], [referral] = body["createdCoupons"], body["createdReferrals"]
        assert server.sql("SELECT id FROM coupons WHERE value = $1", made["value"])[0]["id"] == made["id"]
        assert server.sql("SELECT id FROM referrals WHERE value = $1", referral["code"])[0]["id"] == referral["id"]
    [counts] = server.sql(
        "SELECT coupon_creation_count, referral_creation_count, add_free_item_effect_count, custom_effect_count "
        "FROM campaigns"
    )
    assert tuple(counts) == (2, 2, 4, 2)
    assert server.sql("SELECT attributes FROM profiles")[0]["attributes"] == '{"reviews": 2}'
    # The code is the customer's to use.
    running(manager, make.rule(effects=[["setDiscount", "Ten", 10]]))
    used = update(shop, "s1", {"profileId": "lee", "couponCodes": [made["value"]], "cartItems": [line()]})
    assert effects(used)[0] == (
        "rejectCoupon",
        {"value": made["value"], "rejectionReason": "CouponRecipientDoesNotMatch"},
    )


def test_limits_are_counted_once(shop, manager, server):
    event_type(manager)
    limits = [
        {"action": "createCoupon", "limit": 3, "entities": []},
        {"action": "createCoupon", "limit": 2, "entities": ["Profile"], "period": "daily"},
        {"action": "createCoupon", "limit": 1, "entities": ["Session"]},
    ]
    running(manager, make.rule(effects=[CREATED]), limits=limits)
    assert [len(track(shop, event())["effects"]) for _ in range(3)] == [1, 1, 0]
    assert [len(track(shop, event(profileId="lee"))["effects"]) for _ in range(2)] == [1, 0]
    used = server.sql("SELECT entities, used FROM limit_counters ORDER BY used, entities")
    assert [tuple(row) for row in used] == [(["Profile", "lee"], 1), (["Profile", "kim"], 2), ([], 3)]
    assert len(server.sql("SELECT id FROM coupons")) == 3


def test_a_limit_for_each_identifier_needs_one(shop, manager):
    """As for a session that closes: what is given for good must be counted somewhere."""
    event_type(manager)
    limit = {"action": "createCoupon", "limit": 1, "entities": ["Identifier"]}
    running(manager, make.rule(condition=["and", is_of()], effects=[CREATED]), limits=[limit])
    body = track(shop, event(responseContent=["ruleFailureReasons"]))
    assert body["effects"] == []
    assert body["ruleFailureReasons"][0]["details"].startswith("Effect 1: a limit is per identifier")
    update(shop, "s1", {"identifiers": ["device"], "state": "closed"})
    found = [len(track(shop, event(connectedSessionId="s1"), url=ADVANCED)["effects"]) for _ in range(2)]
    assert found == [1, 0]


def test_stores(shop, manager, server):
    """A campaign of a store runs for events of that store (rules.md §7.7)."""
    event_type(manager)
    columns = "application_id, name, description, integration_id, created, updated"
    set_up(server, f"INSERT INTO stores ({columns}) VALUES (1, 'Berlin', '', 'berlin', now(), now())")
    running(manager, make.rule(effects=[note()]), linkedStoreIds=[1])
    named = ["=", [".", "Store", "Name"], "Berlin"]
    running(manager, make.rule(condition=["and", named], effects=[note("Named")]))
    assert len(track(shop, event(storeIntegrationId="berlin"))["effects"]) == 2
    assert track(shop, event()) == track(shop, event(storeIntegrationId="nowhere")) == NOTHING
    update(shop, "s1", {"storeIntegrationId": "berlin", "state": "closed"})
    assert len(track(shop, event(connectedSessionId="s1"), url=ADVANCED)["effects"]) == 2
    body = event(connectedSessionId="s1", storeIntegrationId="elsewhere")
    assert track(shop, body, url=ADVANCED) == NOTHING


# --- dry


@BOTH
def test_a_dry_event_shows_everything_and_stores_nothing(shop, manager, server, url):
    event_type(manager)
    limit = {"action": "createCoupon", "limit": 1, "entities": ["Profile"]}
    running(manager, make.rule(effects=[CREATED]), limits=[limit])
    before = rows(server)
    content = ["customerProfile", "event" if url == URL else "advancedEvent"]
    for _ in range(2):
        body = track(shop, event(responseContent=content, integrationId="e1"), url=url, dry=True)
        assert [one["id"] for one in body["createdCoupons"]] == [0]
        assert (body[content[1]]["id"], body["customerProfile"]["id"]) == (0, 0)
        assert body["customerProfile"]["integrationId"] == "kim"
    answer = shop.post(url, json=event(integrationId="e1"), params={"dry": "true"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert rows(server) == before


@BOTH
def test_a_test_key_is_always_dry(shop, manager, server, url):
    event_type(manager)
    running(manager, make.rule(effects=[CREATED]))
    _, headers = new_key(manager, type="staging")
    before = rows(server)
    body = track(shop, event(integrationId="e1"), url=url, headers=headers)
    assert [one["id"] for one in body["createdCoupons"]] == [0]
    assert shop.get("/v3/events/e1", headers=headers).status_code == 401
    assert rows(server) == before


@BOTH
def test_which_campaigns_a_dry_event_asks_for(shop, manager, url):
    event_type(manager)
    running(manager, make.rule(effects=[note("On")]))
    off, _ = running(manager, make.rule(effects=[note("Off")]), state="disabled")
    asked = event(evaluableCampaignIds=[off["id"], 999])

    def shown(**params):
        return [props["title"] for _, props in effects(track(shop, asked, url=url, **params))]

    assert (shown(dry=True), shown()) == (["Off"], ["On"])


def test_eligibility(shop, manager):
    event_type(manager)
    campaign, _ = running(manager, make.rule(condition=["and", is_of("other")]))
    body = track(shop, event(responseContent=["campaignEligibility", "achievements"]), dry=True)
    assert [one["id"] for one in body["campaignEligibility"]] == [campaign["id"]]
    assert body["achievements"] == []
    assert "campaignEligibility" not in track(shop, event(responseContent=["campaignEligibility"]))


def test_the_modes_of_groups_may_be_left_aside(shop, manager, server):
    event_type(manager)
    for title in ("First", "Second"):
        running(manager, make.rule(effects=[note(title)]), name=title)
    set_up(server, "UPDATE evaluation_groups SET evaluation_mode = 'listOrder'")

    def shown(**params):
        return [props["title"] for _, props in effects(track(shop, event(), **params))]

    assert shown() == shown(dry=True) == ["First"]
    assert shown(dry=True, forceCompleteEvaluation=True) == ["First", "Second"]
    _, headers = new_key(manager, type="staging")
    assert shown(forceCompleteEvaluation=True, headers=headers) == ["First", "Second"]


@BOTH
def test_the_clock_of_a_key(shop, manager, url):
    event_type(manager)
    start = datetime.now().astimezone() + timedelta(days=9)
    running(manager, make.rule(effects=[note()]), startTime=start.isoformat())
    _, headers = new_key(manager, timeOffset=10 * 24 * 3600 * 10**9)
    assert track(shop, event(), url=url) == NOTHING
    assert len(track(shop, event(), url=url, headers=headers)["effects"]) == 1


def test_events_may_come_in_any_order(shop, manager, server):
    """The one that names another may come first, and one that comes late is judged by the time it comes."""
    event_type(manager)
    body = event(integrationId="later", previousEventID="earlier", responseContent=["advancedEvent"])
    assert track(shop, body, url=ADVANCED)["advancedEvent"]["previousEventID"] == "earlier"
    server.clock.travel(days=-2)
    track(shop, event(integrationId="earlier"), url=ADVANCED)
    times = [datetime.fromisoformat(shop.get(f"/v3/events/{one}").json()["created"]) for one in ("earlier", "later")]
    assert times[0] < times[1]
    activity = server.sql("SELECT last_activity FROM profiles")[0]["last_activity"]
    assert activity == times[0]  # the last one that was judged


@pytest.mark.parametrize("name", ["ünïcöde 🧾", "a/b/../c", "%2F", "x" * 1000, "e\u0301", "مرحبا", " "])
def test_any_text_is_an_id(shop, manager, server, name):
    event_type(manager)
    body = event(profileId=name, integrationId=name, responseContent=["customerProfile", "advancedEvent"])
    body = track(shop, body, url=ADVANCED)
    assert (body["customerProfile"]["integrationId"], body["advancedEvent"]["integrationId"]) == (name, name)
    assert [row["integration_id"] for row in server.sql("SELECT integration_id FROM profiles")] == [name]


# --- refusals


@pytest.fixture(scope="module")
def stocked(shared, shared_manager, shared_shop):
    """A server with a type of events, a campaign and a closed session."""
    event_type(shared_manager)
    event_type(shared_manager, "talon_own", "stars")
    running(shared_manager, make.rule(effects=[CREATED]))
    update(shared_shop, "s1", {"profileId": "kim", "state": "closed"})
    return shared


UNKNOWN = 'The event type "other" is not defined.'
OURS = "types that begin with talon_ are those of built-in events"


def wrong(kind, got):
    return f"Expected `{kind}`, got `{got}`"


@BOTH
@pytest.mark.parametrize("params", [{}, {"silent": "no"}, {"dry": "true"}])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"type": "other"}, ("/type", "Unknown", UNKNOWN)),
        ({"type": "Review"}, ("/type", "Unknown", 'The event type "Review" is not defined.')),
        ({"type": "talon_session_closed"}, ("/type", "Invalid value", OURS)),
        ({"type": "talon_profile_updated"}, ("/type", "Invalid value", OURS)),
        ({"type": "talon_own"}, ("/type", "Invalid value", OURS)),
        ({"type": ""}, ("/type", "minLength", "Expected `str` of length >= 1")),
        ({"type": 5}, ("/type", "Invalid type", wrong("str", "int"))),
        ({"profileId": ""}, ("/profileId", "minLength", "Expected `str` of length >= 1")),
        ({"profileId": "x" * 1001}, ("/profileId", "maxLength", "Expected `str` of length <= 1000")),
        ({"profileId": 5}, ("/profileId", "Invalid type", wrong("str", "int"))),
        ({"attributes": {"nope": 1}},
         ("/attributes/nope", "Unknown", 'The attribute "nope" is not defined on Event entities.')),
        ({"attributes": {"stars": "4"}},
         ("/attributes/stars", "Invalid type", 'Value of "stars" attribute (4) is not a number')),
        ({"attributes": {"stars": 10**16}},
         ("/attributes/stars", "Invalid type", f'Value of "stars" attribute ({10**16}) is not a number')),
        ({"attributes": []}, ("/attributes", "Invalid type", wrong("object", "array"))),
        ({"storeIntegrationId": ""}, ("/storeIntegrationId", "minLength", "Expected `str` of length >= 1")),
        ({"storeIntegrationId": "x" * 1001},
         ("/storeIntegrationId", "maxLength", "Expected `str` of length <= 1000")),
        ({"evaluableCampaignIds": [None]}, ("/evaluableCampaignIds/0", "Invalid type", wrong("int", "null"))),
        ({"loyaltyCards": ["card-1", "card-2"]}, ("/loyaltyCards", "maxItems", "Expected `array` of length <= 1")),
        ({"loyaltyCards": ["abc"]}, ("/loyaltyCards/0", "minLength", "Expected `str` of length >= 4")),
        ({"responseContent": ["customerSession"]},
         ("/responseContent/0", "enum", "Invalid enum value 'customerSession'")),
    ],
)  # fmt: skip
def test_bad_members(stocked, shared_shop, url, params, change, error):
    body = event(integrationId="e1") | change
    status, answer = refused_request(stocked, shared_shop, "POST", url, json=body, params=params)
    assert (status, answer) == (400, invalid(error))


@pytest.mark.parametrize(
    ("url", "body", "pointer"),
    [
        (URL, {"type": "review"}, "/profileId"),
        (URL, {"type": "review", "profileId": None}, "/profileId"),
        (URL, {"profileId": "kim"}, "/type"),
        (ADVANCED, {"type": "review", "integrationId": "e1"}, "/profileId"),
        (ADVANCED, {"type": "review", "profileId": "kim"}, "/integrationId"),
        (ADVANCED, {"type": "review", "profileId": "kim", "integrationId": None}, "/integrationId"),
        (ADVANCED, {"profileId": "kim", "integrationId": "e1"}, "/type"),
    ],
)
def test_missing_members(stocked, shared_shop, url, body, pointer):
    status, answer = refused_request(stocked, shared_shop, "POST", url, json=body)
    [problem] = answer["errors"]
    assert (status, problem["title"], problem["source"]) == (400, "required", {"pointer": pointer})


@pytest.mark.parametrize("name", ["integrationId", "connectedSessionId", "connectedSessionID", "previousEventID"])
@pytest.mark.parametrize("value", ["", "x" * 1001, 5, ["e1"], {}])
def test_bad_ids(stocked, shared_shop, name, value):
    body = event(integrationId="e1") | {name: value}
    status, answer = refused_request(stocked, shared_shop, "POST", ADVANCED, json=body)
    [problem] = answer["errors"]
    assert (status, problem["source"]) == (400, {"pointer": f"/{name}"})


@BOTH
@pytest.mark.parametrize(
    "name", ["profileId", "integrationId", "connectedSessionId", "previousEventID", "storeIntegrationId"]
)
def test_what_cannot_be_stored(stocked, shared_shop, url, name):
    if url == URL and name in ("integrationId", "connectedSessionId", "previousEventID"):
        return  # not looked at
    body = event(integrationId="e1") | {name: "a\0b"}
    status, answer = refused_request(stocked, shared_shop, "POST", url, json=body)
    assert (status, answer["StatusCode"]) == (400, 400)


@BOTH
@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"{", b"null", b'{"type":"\xff"}', b"[" * 100_000])
def test_a_broken_body(stocked, shared_shop, url, body):
    status, answer = refused_request(stocked, shared_shop, "POST", url, content=body)
    assert (status, answer["StatusCode"]) == (400, 400)


@BOTH
@pytest.mark.parametrize("name", ["dry", "silent", "forceCompleteEvaluation"])
def test_bad_parameters(stocked, shared_shop, url, name):
    body = event(integrationId="e1")
    status, answer = refused_request(stocked, shared_shop, "POST", url, json=body, params={name: "maybe"})
    assert status == 400
    assert answer["errors"][0]["source"] == {"parameter": name}


@BOTH
def test_a_complete_evaluation_is_for_dry_events(stocked, shared_shop, url):
    params = {"forceCompleteEvaluation": "true"}
    status, answer = refused_request(stocked, shared_shop, "POST", url, json=event(integrationId="e1"), params=params)
    details = "forceCompleteEvaluation goes with dry=true only"
    problem = {"title": "Invalid value", "source": {"parameter": "forceCompleteEvaluation"}, "details": details}
    assert (status, answer["errors"]) == (400, [problem])


@BOTH
def test_wrong_keys(stocked, shared_shop, shared_manager, url):
    _, expired = new_key(shared_manager, expires="2020-01-01T00:00:00Z")
    of_manager = {"Authorization": shared_manager.headers["Authorization"]}
    for headers in ({"Authorization": ""}, {"Authorization": "ApiKey-v1 0"}, of_manager, expired):
        found = refused_request(stocked, shared_shop, "POST", url, json=event(integrationId="e1"), headers=headers)
        assert found == (401, refusal("Invalid API key", status=401))
        assert refused_request(stocked, shared_shop, "GET", "/v3/events/e1", headers=headers)[0] == 401


def test_an_attribute_of_another_application(stocked, shared_shop, shared_manager):
    """A type that is defined for other Applications only is none of this one's."""
    other = shared_manager.post("/v1/applications", json=make.application()).json()
    define(shared_manager, "Event", "stars", eventType="visit", title="Visit", subscribedApplicationsIds=[other["id"]])
    status, answer = refused_request(stocked, shared_shop, "POST", URL, json=event(type="visit"))
    assert (status, answer) == (400, invalid(("/type", "Unknown", 'The event type "visit" is not defined.')))
