"""The vendor's SDK for Python (talon-one-sdk 26.2) drives the back office; its strict models accept every answer."""

import json
from datetime import UTC, datetime

import pytest
import talon_one
from talon_one import models
from talon_one.exceptions import BadRequestException, NotFoundException, UnauthorizedException

import make
from conftest import EMAIL, MANAGEMENT_KEY, PASSWORD


def _api(server, scheme, prefix, key):
    configuration = talon_one.Configuration(host=server.url, api_key={scheme: key}, api_key_prefix={scheme: prefix})
    return talon_one.ManagementApi(talon_one.ApiClient(configuration))


@pytest.fixture
def sdk(server):
    return _api(server, "management_key", "ManagementKey-v1", MANAGEMENT_KEY)


def test_applications(sdk):
    assert [one.id for one in sdk.get_applications(page_size=10).data] == [1]
    application = sdk.get_application(1)
    assert (application.id, application.timezone, application.loyalty_programs) == (1, "UTC", [])
    with pytest.raises(NotFoundException) as refused:
        sdk.get_application(9)
    assert json.loads(refused.value.body)["message"] == "Application not found"


def test_attributes(sdk):
    new = models.NewAttribute(
        entity="Coupon",
        name="channel",
        title="Channel",
        type="string",
        description="",
        suggestions=["web"],
        editable=True,
    )
    made = sdk.create_attribute(new)
    assert sdk.get_attribute(made.id) == made
    assert sdk.get_attributes(entity="Coupon", kind="custom").data == [made]
    new.description = "Where it was handed out"
    assert sdk.update_attribute(made.id, new).description == "Where it was handed out"


def test_campaigns(sdk, manager):
    made = make.new_campaign(
        manager,
        limits=[{"action": "setDiscount", "limit": 99.5, "period": "daily", "entities": []}],
        couponSettings={"couponPattern": "A-####", "validCharacters": ["A"]},
        startTime="2020-01-01",
    )
    campaign = sdk.get_campaign(1, 1)
    assert (campaign.id, campaign.frontend_state, campaign.budgets[0].limit) == (made["id"], "running", 99.5)
    listed = sdk.get_campaigns(1, campaign_state="running", tags="", created_after=datetime(2020, 1, 1, tzinfo=UTC))
    assert (listed.total_result_size, listed.data) == (1, [campaign])
    update = models.UpdateCampaign(name="New name", tags=["a"], limits=[], features=["coupons"], state="disabled")
    updated = sdk.update_campaign(1, 1, update)
    assert (updated.name, updated.frontend_state, updated.updated_by) == ("New name", "disabled", EMAIL)
    sdk.delete_campaign(1, 1)
    with pytest.raises(NotFoundException):
        sdk.get_campaign(1, 1)
    with pytest.raises(BadRequestException) as refused:
        sdk.get_campaigns(1, sort="moon")
    assert refused.value.data.errors[0].source.parameter == "sort"


def test_rulesets(sdk, manager):
    """The effects of these rules are empty: the SDK types each effect as an object, though the service sends lists,
    so its model refuses every real ruleset, the vendor's own as well (rules.md §1.3)."""
    make.new_campaign(manager)
    rule = make.rule(effects=[], bindings=[{"name": "ten", "expression": ["identity", 10]}])
    made = manager.post(f"{make.CAMPAIGNS}/1/rulesets", json=make.ruleset(rule, activate=True)).json()
    ruleset = sdk.get_ruleset(1, 1, made["id"])
    assert (ruleset.rules[0].title, ruleset.rules[0].condition) == ("Ten off", ["and", True])
    assert ruleset.activated_at == ruleset.created
    assert sdk.get_rulesets(1, 1).data == [ruleset]


def test_coupons(sdk, manager):
    make.new_campaign(manager)
    new = models.NewCoupons(usage_limit=1, number_of_coupons=2, discount_limit=10.5, coupon_pattern="AB-####")
    assert sdk.create_coupons(1, 1, new) is None
    made = sdk.create_coupons(1, 1, new, silent="no")
    assert (made.total_result_size, made.data[0].usage_limit, made.data[0].discount_limit) == (2, 1, 10.5)
    listed = sdk.get_coupons_without_total_count(1, 1, batch_id=made.data[0].batch_id, usable="true", valid="validNow")
    assert (listed.has_more, listed.data) == (False, made.data)
    short = sdk.get_coupons_without_total_count(1, 1, values_only=True, page_size=1)
    assert (short.has_more, len(short.data)) == (True, 1)

    coupon = made.data[0]
    update = models.UpdateCoupon(usage_limit=5, expiry_date=datetime(2040, 1, 1, tzinfo=UTC))
    updated = sdk.update_coupon(1, 1, str(coupon.id), update)
    assert (updated.usage_limit, updated.expiry_date) == (5, datetime(2040, 1, 1, tzinfo=UTC))
    batch = models.UpdateCouponBatch(usage_limit=7, batch_id=coupon.batch_id)
    assert sdk.update_coupon_batch(1, 1, batch) is None
    after = sdk.get_coupons_without_total_count(1, 1, batch_id=coupon.batch_id).data
    assert [(one.usage_limit, one.expiry_date) for one in after] == [(7, None)] * 2

    assert sdk.delete_coupon(1, 1, str(coupon.id)) is None
    assert sdk.delete_coupons(1, 1, batch_id=coupon.batch_id) is None
    assert len(sdk.get_coupons_without_total_count(1, 1).data) == 2
    assert sdk.delete_coupons(1, 1) is None
    assert sdk.get_coupons_without_total_count(1, 1).data == []


def test_coupons_for_several_recipients(sdk, manager):
    make.new_campaign(manager)
    new = models.NewCouponsForMultipleRecipients(usage_limit=1, recipients_integration_ids=["ann", "bob"])
    assert sdk.create_coupons_for_multiple_recipients(1, 1, new) is None
    made = sdk.create_coupons_for_multiple_recipients(1, 1, new, silent="no")
    assert [one.recipient_integration_id for one in made.data] == ["ann", "bob"]


def test_logins(server):
    stranger = talon_one.ManagementApi(talon_one.ApiClient(talon_one.Configuration(host=server.url)))
    session = stranger.create_session(models.LoginParams(email=EMAIL, password=PASSWORD))
    assert (session.user_id, len(session.token)) == (1, 43)
    sdk = _api(server, "manager_auth", "Bearer", session.token)
    assert sdk.get_application(1).id == 1
    assert sdk.destroy_session() is None
    for call in (
        lambda: sdk.get_application(1),
        lambda: stranger.create_session(models.LoginParams(email=EMAIL, password="x")),
    ):
        with pytest.raises(UnauthorizedException) as refused:
            call()
        assert json.loads(refused.value.body)["StatusCode"] == 401


def test_customer_sessions(sdk, shop):
    item = {"name": "Shirt", "sku": "S1", "quantity": 2, "price": 10.5}
    body = {"customerSession": {"profileId": "ann", "couponCodes": ["X"], "cartItems": [item]}}
    for number in (1, 2):
        assert shop.put(f"/v2/customer_sessions/order-{number}", json=body).status_code == 200
    listed = sdk.get_application_sessions(1, profile="ann", state="open")
    assert (listed.has_more, [one.integration_id for one in listed.data]) == (False, ["order-1", "order-2"])
    session = sdk.get_application_session(1, listed.data[0].id)
    assert (session.profileintegrationid, session.coupon, session.total) == ("ann", "X", 21)
    assert session.cart_items[0].sku == "S1"
    assert session.discounts == {}
