"""The vendor's SDK for Python (talon-one-sdk 26.2) exports what an Application has."""

from datetime import UTC, datetime

import pytest
import talon_one
from talon_one.exceptions import BadRequestException

import make
from checkout import coupon_rule, line, running, update
from conftest import MANAGEMENT_KEY

LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def sdk(shared, shared_manager, shared_shop):
    """A back office with a coupon, a referral and a session."""
    running(shared_manager, coupon_rule(), codes=["SPRING"], features=["coupons", "referrals"])
    make.new_referral(shared_shop, 1, "ann")
    update(shared_shop, "s1", {"profileId": "kim", "cartItems": [line()], "couponCodes": ["SPRING"]})
    configuration = talon_one.Configuration(
        host=shared.url,
        api_key={"management_key": MANAGEMENT_KEY},
        api_key_prefix={"management_key": "ManagementKey-v1"},
    )
    return talon_one.ManagementApi(talon_one.ApiClient(configuration))


def columns(text):
    """Header and first row as a dict; no cell has a comma."""
    header, row, *_ = text.splitlines()
    return dict(zip(header.split(","), row.split(","), strict=False))


def test_coupons(sdk):
    found = sdk.export_coupons(1, campaign_id=1, sort="-id", created_after=LONG_AGO, valid="validNow", usable="true")
    assert (columns(found)["value"], columns(found)["limitval"]) == ("SPRING", "1")
    assert sdk.export_coupons(1, values_only=True, value="SPRING", exact_match=True) == "value\nSPRING\n"
    assert sdk.export_coupons(1, values_only=True, campaign_state="expired") == "value\n"


def test_referrals(sdk):
    found = sdk.export_referrals(1, created_before=LATER, valid="validNow", date_format="excel")
    assert columns(found)["advocateprofileintegrationid"] == "ann"
    assert "T" not in columns(found)["created"]


def test_effects(sdk):
    found = sdk.export_effects(1, campaign_id=1, created_after=LONG_AGO)
    assert [line.split(",")[1] for line in found.splitlines()] == ["name", "acceptCoupon", "setDiscount"]


def test_sessions(sdk):
    found = sdk.export_customer_sessions(1, profile_integration_id="kim", customer_session_state="open")
    assert (columns(found)["integrationid"], columns(found)["state"]) == ("s1", "open")


def test_the_list_of_exports(sdk):
    sdk.export_effects(1)
    found = sdk.get_exports(page_size=1, application_id=1, entity="Effect")
    assert (found.total_result_size >= 1, found.data[0].entity, found.data[0].filter) == (True, "Effect", {})
    with pytest.raises(BadRequestException):
        sdk.export_coupons(1, sort="limits")
