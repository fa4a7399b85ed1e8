"""The vendor's SDK for Python (talon-one-sdk 26.2) is the shop; its strict models accept every answer, and errors too."""

import json

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
