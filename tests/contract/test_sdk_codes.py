"""The vendor's SDK for Python (talon-one-sdk 26.2): referrals and reservations, inventories, erasing a customer."""

import json

import pytest
import talon_one
from talon_one import models
from talon_one.exceptions import BadRequestException, NotFoundException, UnauthorizedException

import make
from checkout import define, running
from conftest import INTEGRATION_KEY, MANAGEMENT_KEY


def _client(server, scheme, prefix, key):
    configuration = talon_one.Configuration(host=server.url, api_key={scheme: key}, api_key_prefix={scheme: prefix})
    return talon_one.ApiClient(configuration)


@pytest.fixture
def sdk(server):
    return talon_one.IntegrationApi(_client(server, "api_key_v1", "ApiKey-v1", INTEGRATION_KEY))


@pytest.fixture
def office(server):
    return talon_one.ManagementApi(_client(server, "management_key", "ManagementKey-v1", MANAGEMENT_KEY))


@pytest.fixture
def campaign(manager):
    return make.new_campaign(manager, features=["referrals", "coupons"])


def test_new_referrals(sdk, server, campaign):
    new = models.NewReferral(
        campaign_id=campaign["id"], advocate_profile_integration_id="ann", friend_profile_integration_id="fred"
    )
    made = sdk.create_referral(new)
    assert (made.campaign_id, made.advocate_profile_integration_id, made.usage_limit) == (campaign["id"], "ann", 0)
    assert (made.friend_profile_integration_id, made.usage_counter, len(made.code)) == ("fred", 0, 12)
    several = models.NewReferralsForMultipleAdvocates(
        campaign_id=campaign["id"],
        advocate_profile_integration_ids=["ann", "bob"],
        usage_limit=1,
        referral_pattern="REF-####",
    )
    assert sdk.create_referrals_for_multiple_advocates(several) is None
    answer = sdk.create_referrals_for_multiple_advocates(several, silent="no")
    assert answer.total_result_size == 2
    assert [one.advocate_profile_integration_id for one in answer.data] == ["ann", "bob"]
    assert len(server.sql("SELECT id FROM referrals")) == 5


def test_referrals_that_are_refused(sdk, server):
    new = models.NewReferral(campaign_id=9, advocate_profile_integration_id="ann")
    with pytest.raises(BadRequestException) as refused:
        sdk.create_referral(new)
    assert refused.value.data.errors[0].source.pointer == "/campaignId"
    other = talon_one.IntegrationApi(_client(server, "api_key_v1", "ApiKey-v1", "0" * 64))
    with pytest.raises(UnauthorizedException):
        other.create_referral(new)
    assert server.sql("SELECT id FROM referrals") == []


def test_the_back_office_looks_after_referrals(office, shop, campaign):
    made = make.new_referral(shop, campaign["id"], "ann")
    listed = office.get_referrals_without_total_count(1, 1, advocate="ann", usable="true", valid="validNow")
    assert (listed.has_more, [one.code for one in listed.data]) == (False, [made["code"]])
    update = models.UpdateReferral(usage_limit=3, friend_profile_integration_id="fred")
    changed = office.update_referral(1, 1, str(made["id"]), update)
    assert (changed.usage_limit, changed.friend_profile_integration_id) == (3, "fred")
    office.delete_referral(1, 1, str(made["id"]))
    with pytest.raises(NotFoundException) as refused:
        office.delete_referral(1, 1, str(made["id"]))
    assert json.loads(refused.value.body)["message"] == "Referral not found"
    assert office.get_referrals_without_total_count(1, 1).data == []


def test_referrals_from_a_file(office, campaign):
    taken = office.import_referrals(1, 1, up_file="code,advocateprofileintegrationid,limitval\nAAAA,ann,3\n")
    assert (taken.entity, taken.amount) == ("Referral", 1)
    [made] = office.get_referrals_without_total_count(1, 1).data
    assert (made.code, made.usage_limit, made.import_id) == ("AAAA", 3, taken.id)
    with pytest.raises(BadRequestException) as refused:
        office.import_referrals(1, 1, up_file="code,advocateprofileintegrationid\nAAAA,ann\n")
    assert json.loads(refused.value.body)["errors"][0]["source"] == {"line": "2"}


def test_reservations(sdk, manager, server, campaign):
    make.new_coupons(manager, campaign["id"], couponPattern="SUMMER25%OFF")
    customers = models.CouponReservations(integration_ids=["kim", "lee"])
    assert sdk.create_coupon_reservation("SUMMER25%OFF", customers).reservation_counter == 2
    assert sdk.create_coupon_reservation("SUMMER25%OFF", customers).reservation_counter == 2
    answer = sdk.get_reserved_customers("SUMMER25%OFF")
    assert (answer.total_result_size, [one.integration_id for one in answer.data]) == (2, ["kim", "lee"])
    sdk.delete_coupon_reservation("SUMMER25%OFF", models.CouponReservations(integration_ids=["kim"]))
    assert [one.integration_id for one in sdk.get_reserved_customers("SUMMER25%OFF").data] == ["lee"]
    with pytest.raises(NotFoundException) as refused:
        sdk.create_coupon_reservation("NOPE", customers)
    assert json.loads(refused.value.body) == {"message": "Coupon not found", "errors": [], "StatusCode": 404}
    make.new_coupons(manager, campaign["id"], couponPattern="PERSONAL", recipientIntegrationId="kim")
    with pytest.raises(BadRequestException) as refused:
        sdk.create_coupon_reservation("PERSONAL", customers)
    assert refused.value.data.message == "A personal coupon cannot be reserved"
    assert len(server.sql("SELECT * FROM coupon_reservations")) == 1


def test_an_inventory(sdk, manager, shop, campaign):
    make.new_coupons(manager, 1, couponPattern="MINE", recipientIntegrationId="kim", discountLimit=9.5)
    referral = make.new_referral(shop, 1, "kim")
    found = sdk.get_customer_inventory("kim", True, True, True, True, True, True)
    assert (found.profile.integration_id, found.loyalty.programs) == ("kim", {})
    assert [(one.value, one.state, one.profile_redemption_count) for one in found.coupons] == [("MINE", "active", 0)]
    assert [(one.code, one.referred_customers) for one in found.referrals] == [(referral["code"], [])]
    assert (found.giveaways, found.achievements) == ([], [])
    bare = sdk.get_customer_inventory("kim")
    assert (bare.profile, bare.coupons) == (None, None)
    with pytest.raises(NotFoundException) as refused:
        sdk.get_customer_inventory("nobody")
    assert json.loads(refused.value.body)["message"] == "Customer profile not found"


def test_erasing_a_customer(sdk, manager, server):
    for entity in ("CustomerProfile", "CustomerSession", "CartItem"):
        define(manager, entity, "note")
    write = ["updateAttribute", ["Profile", "Attributes", "note"], [".", "Session", "Attributes", "note"]]
    running(manager, make.rule(effects=[write]))
    session = models.NewCustomerSessionV2(
        profile_id="kim",
        attributes={"note": "SECRET"},
        identifiers=["SECRET"],
        cart_items=[models.CartItem(sku="A", quantity=1, price=5, attributes={"note": "SECRET"})],
    )
    sdk.update_customer_session_v2("s1", models.IntegrationRequest(customer_session=session))
    assert sdk.delete_customer_data("kim") is None
    read = sdk.get_customer_session("s1")
    assert (read.customer_session.attributes, read.customer_session.identifiers) == ({}, [])
    assert (read.customer_session.cart_items[0].attributes, read.effects[0].effect_type) == ({}, "updateAttribute")
    assert sdk.get_customer_inventory("kim", profile=True).profile.attributes == {}
    with pytest.raises(NotFoundException) as refused:
        sdk.delete_customer_data("nobody")
    assert json.loads(refused.value.body)["message"] == "Customer profile not found"
