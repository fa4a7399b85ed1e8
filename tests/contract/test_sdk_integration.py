"""The vendor's SDK for Python (talon-one-sdk 26.2) is the shop; its strict models accept every answer, and errors too."""

import json

import httpx
import pytest
import talon_one
from talon_one import models
from talon_one.exceptions import ApiException, BadRequestException, NotFoundException, UnauthorizedException

import make
from checkout import TOTAL, coupon_rule, define, percent, rows, running
from conftest import INTEGRATION_KEY

CONTENT = [
    "customerSession",
    "customerProfile",
    "coupons",
    "triggeredCampaigns",
    "referral",
    "loyalty",
    "event",
    "awardedGiveaways",
    "ruleFailureReasons",
    "previousReturns",
]


def _api(server, key):
    scheme = "api_key_v1"
    prefix = {scheme: "ApiKey-v1"}
    configuration = talon_one.Configuration(host=server.url, api_key={scheme: key}, api_key_prefix=prefix)
    return talon_one.IntegrationApi(talon_one.ApiClient(configuration))


@pytest.fixture
def sdk(server):
    return _api(server, INTEGRATION_KEY)


def request(content=(), **session):
    return models.IntegrationRequest(
        customer_session=models.NewCustomerSessionV2(**session), response_content=list(content) or None
    )


CART = [
    models.CartItem(name="shoes1", sku="9696", quantity=1, price=60, category="shoes"),
    models.CartItem(name="shirt35", sku="6078", quantity=2, price=20.005, weight=0.25),
]


@pytest.fixture
def campaign(manager):
    define(manager, "CustomerSession", "tier")
    promo = coupon_rule(
        ["setDiscount", "20% Discount promo", percent(20)],
        ["addFreeItem", "Mug", "MUG"],
        ["showNotification", "Info", "Hello", "there"],
        ["customEffect", 7, "wrap", ["kv", ["paper", "red"]]],
        ["updateAttribute", ["Session", "Attributes", "tier"], "gold"],
        ["setDiscountPerItem", "Half", [".", "Session", "CartItems"], [["Item"], 0.5]],
    )
    never = make.rule(title="Never", condition=["and", [">", TOTAL, 10**6]])
    return running(manager, promo, never, codes=[{"code": "SPRING", "usageLimit": 9, "discountLimit": 100.5}])[0]


def test_a_session_from_open_to_cancelled(sdk, campaign):
    body = request(CONTENT, profile_id="kim", cart_items=CART, coupon_codes=["SPRING", "NOPE"])
    state = sdk.update_customer_session_v2("s1", body)
    kinds = ["rejectCoupon", "acceptCoupon", "setDiscount", "addFreeItem", "showNotification", "customEffect"]
    kinds += ["updateAttribute", *["setDiscountPerItem"] * 3]
    assert [effect.effect_type for effect in state.effects] == kinds
    assert (state.effects[0].campaign_id, state.effects[1].campaign_id) == (-1, campaign["id"])
    session = state.customer_session
    assert (session.state, session.total, session.coupon_codes) == ("open", 100.01, ["SPRING", "NOPE"])
    assert (session.attributes, session.first_session, session.update_count) == ({"tier": "gold"}, True, 1)
    assert [item.position for item in session.cart_items] == [0, 1]
    assert (state.customer_profile.integration_id, state.customer_profile.closed_sessions) == ("kim", 0)
    assert (state.coupons[0].value, state.coupons[0].usage_counter) == ("SPRING", 0)
    assert [one.id for one in state.triggered_campaigns] == [campaign["id"]]
    assert (state.event.type, state.event.session_id) == ("talon_session_created", "s1")
    assert [one.rule_name for one in state.rule_failure_reasons] == ["Never"]
    assert (state.loyalty.programs, state.awarded_giveaways, state.previous_returns) == ({}, [], [])
    assert sdk.get_customer_session("s1").customer_session == session

    state = sdk.update_customer_session_v2("s1", request(CONTENT, state="closed"))
    assert (state.customer_session.state, state.customer_profile.total_sales) == ("closed", 100.01)
    assert (state.coupons[0].usage_counter, state.coupons[0].profile_redemption_count) == (1, 1)
    read = sdk.get_customer_session("s1")
    assert (read.customer_session.state, [one.effect_type for one in read.effects]) == ("closed", kinds)

    state = sdk.update_customer_session_v2("s1", request(CONTENT, state="cancelled"))
    assert [one.effect_type for one in state.effects] == ["rollbackCoupon", *["rollbackDiscount"] * 4]
    assert (state.customer_profile.closed_sessions, state.coupons[0].usage_counter) == (0, 0)


def test_dry(sdk, server, campaign):
    state = sdk.update_customer_session_v2("s1", request(CONTENT, profile_id="kim", cart_items=CART), dry=True)
    assert (state.customer_session.id, state.event.id, state.customer_profile.id) == (0, 0, 0)
    with pytest.raises(ApiException) as refused:
        sdk.get_customer_session("s1")
    assert refused.value.status == 404
    assert server.sql("SELECT id FROM profiles") == []


def test_an_anonymous_session(sdk):
    state = sdk.update_customer_session_v2("s1", request(CONTENT, cart_items=CART))
    assert (state.customer_session.profile_id, state.customer_profile, state.coupons) == ("", None, [])
    assert sdk.update_customer_session_v2("s2", request()).effects == []


def test_an_illegal_move(sdk):
    sdk.update_customer_session_v2("s1", request(state="closed"))
    with pytest.raises(BadRequestException) as refused:
        sdk.update_customer_session_v2("s1", request(state="open"))
    assert (refused.value.status, refused.value.data.errors) == (400, [])
    assert refused.value.data.message == 'Cannot move session to state "open" from state "closed"'


def test_an_unknown_attribute(sdk):
    with pytest.raises(BadRequestException) as refused:
        sdk.update_customer_session_v2("s1", request(attributes={"MyAttribute": "x"}))
    assert refused.value.data.message == "The submitted data was invalid"
    [problem] = refused.value.data.errors
    assert (problem.title, problem.source.pointer) == ("Unknown", "/attributes/MyAttribute")
    assert problem.details == 'The attribute "MyAttribute" is not defined on CustomerSession entities.'


def test_a_wrong_key(server):
    with pytest.raises(UnauthorizedException) as refused:
        _api(server, "0" * 64).update_customer_session_v2("s1", request())
    assert (refused.value.status, refused.value.data.message) == (401, "Invalid API key")
    assert refused.value.data.status_code == 401


def test_a_session_that_is_not_there(sdk):
    with pytest.raises(NotFoundException) as refused:
        sdk.get_customer_session("nope")
    assert json.loads(refused.value.body) == {"message": "Session not found", "errors": [], "StatusCode": 404}


def test_a_conflict(sdk, server):
    """Somebody else writes the session between our read and our write, so our update finds no row."""
    sdk.update_customer_session_v2("s1", request())
    server.sql("CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    server.sql("CREATE TRIGGER skip BEFORE UPDATE ON customer_sessions FOR EACH ROW EXECUTE FUNCTION skip()")
    before = rows(server)
    with pytest.raises(ApiException) as refused:
        sdk.update_customer_session_v2("s1", request(profile_id="kim"))
    assert refused.value.status == 409
    assert refused.value.data.message == "Too many requests are updating this session at the same time"
    assert rows(server) == before


def test_the_bulk_update_of_profiles(sdk, manager, server):
    define(manager, "CustomerProfile", "city")
    item = models.MultipleCustomerProfileIntegrationRequestItem
    profiles = [item(integration_id="lee", attributes={"city": "Paris"}), item(integration_id="kim")]
    body = models.MultipleCustomerProfileIntegrationRequest(customer_profiles=profiles)
    assert sdk.update_customer_profiles_v2(body) is None
    made = sdk.update_customer_profiles_v2(body, silent="no").integration_states
    shown = [(one.customer_profile.integration_id, one.customer_profile.attributes) for one in made]
    assert shown == [("lee", {"city": "Paris"}), ("kim", {})]
    assert len(server.sql("SELECT id FROM profiles")) == 2
    wrong = [item(integration_id="new", attributes={"nope": 1})]
    body = models.MultipleCustomerProfileIntegrationRequest(customer_profiles=wrong)
    with pytest.raises(BadRequestException) as refused:
        sdk.update_customer_profiles_v2(body)
    assert refused.value.data.errors[0].source.pointer == "/customerProfiles/0/attributes/nope"
    assert refused.value.data.status_code == 400
    assert len(server.sql("SELECT id FROM profiles")) == 2


EVERYTHING = ["customerProfile", "triggeredCampaigns", "loyalty", "event", "awardedGiveaways", "ruleFailureReasons"]


@pytest.fixture
def reviews(manager):
    """Rules about reviews and new customers."""
    define(manager, "Event", "stars", "number", eventType="review")
    define(manager, "CustomerProfile", "city")
    stars = [".", "Event", "Attributes", "stars"]
    thanks = make.rule(
        title="Thanks", condition=["and", [">=", stars, 4]], effects=[["createCoupon"], ["createReferral"]]
    )
    is_new = ["=", [".", "Event", "Type"], "talon_profile_created"]
    hello = make.rule(title="Hello", condition=["and", is_new], effects=[["showNotification", "Info", "Hello", ""]])
    return running(manager, thanks, hello, features=["coupons", "referrals"])[0]


def test_an_update_of_a_profile(sdk, reviews):
    body = models.CustomerProfileIntegrationRequestV2(attributes={"city": "Rome"}, response_content=EVERYTHING)
    dry = sdk.update_customer_profile_v2("kim", body, run_rule_engine=True, dry=True)
    assert (dry.customer_profile.id, dry.event.id) == (0, 0)
    state = sdk.update_customer_profile_v2("kim", body, run_rule_engine=True)
    assert (
        [one.effect_type for one in state.effects] == [one.effect_type for one in dry.effects] == ["showNotification"]
    )
    assert (state.customer_profile.attributes, state.event.type) == ({"city": "Rome"}, "talon_profile_created")
    assert [one.id for one in state.triggered_campaigns] == [reviews["id"]]
    assert [one.rule_name for one in state.rule_failure_reasons] == ["Thanks"]
    assert (state.loyalty.programs, state.awarded_giveaways) == ({}, [])
    again = sdk.update_customer_profile_v2("kim", models.CustomerProfileIntegrationRequestV2(attributes={"city": None}))
    assert (again.effects, again.created_coupons, again.customer_profile) == ([], [], None)


def test_an_event(sdk, reviews):
    body = models.IntegrationEventV2Request(
        profile_id="kim", type="review", attributes={"stars": 4.5}, response_content=EVERYTHING
    )
    assert sdk.track_event_v2(body) is None
    state = sdk.track_event_v2(body, silent="no")
    assert [one.effect_type for one in state.effects] == ["couponCreated", "referralCreated"]
    assert [one.value for one in state.created_coupons] == [state.effects[0].props["value"]]
    assert [one.code for one in state.created_referrals] == [state.effects[1].props["value"]]
    assert (state.event.type, state.event.attributes, state.event.session_id) == ("review", {"stars": 4.5}, None)
    assert [one.rule_name for one in state.rule_failure_reasons] == ["Hello"]
    dry = sdk.track_event_v2(body, silent="no", dry=True, force_complete_evaluation=True)
    assert (dry.event.id, dry.created_coupons[0].id) == (0, 0)


def test_an_event_that_is_refused(sdk, reviews):
    with pytest.raises(BadRequestException) as refused:
        sdk.track_event_v2(models.IntegrationEventV2Request(profile_id="kim", type="other"))
    assert [(one.title, one.source.pointer) for one in refused.value.data.errors] == [("Unknown", "/type")]
    assert refused.value.data.status_code == 400


def test_an_advanced_event(sdk, server, reviews):
    """The SDK has its models, and no method that sends it."""
    sdk.update_customer_session_v2("s1", request(profile_id="kim", state="closed"))
    body = models.IntegrationEventV3Request(
        profile_id="kim", type="review", integration_id="e1", attributes={"stars": 5}, connected_session_id="s1",
        previous_event_id="e0", response_content=EVERYTHING,
    )  # fmt: skip
    headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
    params = {"silent": "no"}
    answer = httpx.post(f"{server.url}/v3/events", json=body.to_dict(), params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    state = models.IntegrationEventV3Response.from_dict(answer.json())
    assert (state.event.integration_id, state.event.type, len(state.effects)) == ("e1", "review", 2)
    read = models.EventV3.from_dict(httpx.get(f"{server.url}/v3/events/e1", headers=headers).json())
    assert (read.integration_id, read.connected_session_id, read.previous_event_id) == ("e1", "s1", "e0")


def test_a_busy_customer(sdk, server, reviews):
    """Somebody else writes the customer between our read and our write, each time that we try."""
    sdk.update_customer_profile_v2("kim", models.CustomerProfileIntegrationRequestV2())
    server.sql("CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    server.sql("CREATE TRIGGER skip BEFORE UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION skip()")
    before = rows(server)
    for call in (
        lambda: sdk.track_event_v2(models.IntegrationEventV2Request(profile_id="kim", type="review")),
        lambda: sdk.update_customer_profile_v2(
            "kim", models.CustomerProfileIntegrationRequestV2(), run_rule_engine=True
        ),
    ):
        with pytest.raises(ApiException) as refused:
            call()
        assert refused.value.status == 409
        assert refused.value.data.message == "Too many requests are updating this profile at the same time"
    assert rows(server) == before
