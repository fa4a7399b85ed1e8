"""The vendor's SDK for Python (talon-one-sdk 26.2) reads figures; its strict models accept every answer."""

from datetime import UTC, datetime, timedelta

import pytest
import talon_one

import checkout
import make
from conftest import MANAGEMENT_KEY


@pytest.fixture
def sdk(server):
    key, prefix = {"management_key": MANAGEMENT_KEY}, {"management_key": "ManagementKey-v1"}
    configuration = talon_one.Configuration(host=server.url, api_key=key, api_key_prefix=prefix)
    return talon_one.ManagementApi(talon_one.ApiClient(configuration))


def test_figures(sdk, shop, manager, server):
    campaign, _ = checkout.running(manager, make.rule(effects=[["setDiscount", "Tenth", 2.5]]))
    line = checkout.line(price=12.5)
    checkout.update(shop, "s1", {"profileId": "ann", "cartItems": [line], "state": "closed"})
    now = datetime.now(UTC)
    for granularity in ("1 hour", "1 day", "1 week", "1 month", "1 year"):
        found = sdk.get_campaign_analytics(1, campaign["id"], now, now + timedelta(seconds=1), granularity)
        assert found.total_result_size in (1, 2)
        row = found.data[0]
        assert (row.campaign_revenue, row.total_campaign_discount_costs, row.coupons_created) == (12.5, 2.5, 0)
    (ann,) = server.sql("SELECT id FROM profiles")
    customer = sdk.get_customer_analytics(1, ann["id"], page_size=10, skip=0, sort="")
    assert (customer.total_orders, customer.total_revenue, customer.total_discounts) == (1, 12.5, 2.5)
    account = sdk.get_account_analytics(1)
    assert (account.applications, account.active_campaigns, account.active_rules) == (1, 1, 1)


def test_rejections(sdk, shop):
    checkout.update(shop, "s1", {"couponCodes": ["NONE"]})
    (one,) = sdk.generate_coupon_rejections("s1", application_id=1, language="en", coupon_code="NONE").data
    assert (one.status, one.session_id, one.summary) == (
        "rejected", "s1", "The code NONE was rejected: there is no such code.",
    )  # fmt: skip
