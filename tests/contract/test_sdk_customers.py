"""The vendor's SDK for Python (talon-one-sdk 26.2) looks customers up: lists, searches, reports, friends, the log."""

import json
from datetime import UTC, datetime

import pytest
import talon_one
from talon_one import models
from talon_one.exceptions import BadRequestException, NotFoundException

import make
from checkout import coupon_rule, define, line, running, update
from conftest import MANAGEMENT_KEY

PERIOD = {"range_start": datetime(2020, 1, 1, tzinfo=UTC), "range_end": datetime(2099, 1, 1, tzinfo=UTC)}


@pytest.fixture(scope="module")
def sdk(shared, shared_manager, shared_shop):
    """A back office with Kim (1), who redeemed a coupon and Ann's (2) referral in a session."""
    manager, shop = shared_manager, shared_shop
    define(manager, "CustomerProfile", "Name")
    make.new_store(manager)
    invite = make.rule(title="Invited", condition=["and", ["referralValid"]], effects=[["setDiscount", "Five", 5]])
    running(manager, coupon_rule(), invite, name="Sale", codes=["SPRING"], features=["coupons", "referrals"])
    shop.put("/v2/customer_profiles/kim", json={"attributes": {"Name": "Kim"}}).raise_for_status()
    code = make.new_referral(shop, 1, "ann")["code"]
    session = {"profileId": "kim", "cartItems": [line()], "couponCodes": ["SPRING"], "referralCode": code}
    update(shop, "s1", session | {"state": "closed", "storeIntegrationId": "B-1"})
    configuration = talon_one.Configuration(
        host=shared.url,
        api_key={"management_key": MANAGEMENT_KEY},
        api_key_prefix={"management_key": "ManagementKey-v1"},
    )
    return talon_one.ManagementApi(talon_one.ApiClient(configuration))


def test_customers(sdk):
    [kim] = sdk.get_application_customers(1, with_total_result_size=True).data
    assert (kim.id, kim.integration_id, kim.advocate_integration_id, kim.total_sales) == (1, "kim", "ann", 100)
    assert sdk.get_application_customer(1, 1) == kim
    query = models.CustomerProfileSearchQuery(attributes={"Name": "Kim"}, integration_ids=["kim"], profile_ids=[1])
    found = sdk.get_application_customers_by_attributes(1, query, with_total_result_size=True)
    assert (found.total_result_size, found.has_more, found.data) == (1, False, [kim])
    found = sdk.get_customers_by_attributes(query, page_size=1, sandbox=False)
    assert (found.has_more, [one.id for one in found.data]) == (False, [1])
    listed = sdk.get_customer_profiles(page_size=1)
    assert (listed.has_more, listed.data[0]) == (True, sdk.get_customer_profile(1))
    with pytest.raises(NotFoundException) as refused:
        sdk.get_customer_profile(99)
    assert json.loads(refused.value.body)["message"] == "Customer profile not found"


def test_activity(sdk):
    [report] = sdk.get_customer_activity_reports_without_total_count(
        application_id=1, name="kim", campaign_name="Sale", **PERIOD
    ).data
    assert (report.coupon_redemptions, report.accrued_discounts, report.total_orders_no_coupon) == (1, 15, 0)
    assert sdk.get_customer_activity_report(application_id=1, customer_id=1, **PERIOD) == report
    with pytest.raises(BadRequestException):
        sdk.get_customer_activity_report(PERIOD["range_end"], PERIOD["range_start"], 1, 1)


def test_friends(sdk):
    found = sdk.get_application_customer_friends(1, "ann", sort="-created", with_total_result_size=True)
    [friend] = found.data
    assert (found.total_result_size, friend.friend_integration_id, friend.session_id) == (1, "kim", "s1")


def test_sessions(sdk):
    [session] = sdk.get_application_sessions(1, profile="kim", state="closed", coupon="SPRING").data
    assert sdk.get_application_session(1, session.id) == session
    assert (session.total, session.total_discounts, session.store_integration_id) == (100, 15, "B-1")


def test_events(sdk):
    [event] = sdk.get_application_events_without_total_count(
        1,
        type="talon_session_closed",
        profile="kim",
        coupon_code="SPRING",
        rule_query="invited",
        effect_type="setDiscount",
    ).data
    assert (event.profile_id, event.session_id, event.store_id) == (1, 1, 1)
    assert [one.effect_type for one in event.effects] == [
        "acceptCoupon", "setDiscount", "acceptReferral", "setDiscount",
    ]  # fmt: skip
    assert sdk.get_application_events_without_total_count(1, type="nothing").data == []
