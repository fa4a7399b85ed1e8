"""The vendor's SDK for Python (talon-one-sdk 26.2): coupons made, searched, changed, imported and deleted in numbers."""

import pytest
import talon_one
from talon_one import models
from talon_one.exceptions import ApiException

import make
from checkout import define
from conftest import MANAGEMENT_KEY
from waiting import finished


@pytest.fixture(scope="module")
def office(shared):
    configuration = talon_one.Configuration(
        host=shared.url,
        api_key={"management_key": MANAGEMENT_KEY},
        api_key_prefix={"management_key": "ManagementKey-v1"},
    )
    return talon_one.ManagementApi(talon_one.ApiClient(configuration))


@pytest.fixture(scope="module")
def campaign(shared_manager):
    define(shared_manager, "Coupon", "channel")
    return make.new_campaign(shared_manager)["id"]


def constraints(**changes):
    return {"usageLimit": 1, "numberOfCoupons": 2, "attributes": {}} | changes


def test_coupons_in_the_background(office, shared_manager, campaign):
    settings = {"couponPattern": "AS-####", "validCharacters": ["A", "B"]}
    order = constraints(couponSettings=settings, attributes={"channel": "web"}, discountLimit=5)
    batch = office.create_coupons_async(1, campaign, models.NewCouponCreationJob.from_dict(order)).batch_id
    url = f"{make.CAMPAIGNS}/{campaign}/coupon_creation_jobs/{batch}"
    job = models.CouponCreationJob.from_dict(finished(shared_manager, url))
    assert (job.status, job.created_amount, job.number_of_coupons, job.attributes) == (
        "completed", 2, 2, {"channel": "web"}
    )  # fmt: skip
    assert job.coupon_settings.to_dict() == settings
    found = office.search_coupons_advanced_without_total_count(1, campaign, {"channel": "web"}, batch_id=batch)
    assert (found.has_more, len(found.data)) == (False, 2)
    assert {one.batch_id for one in found.data} == {batch}
    wide = office.search_coupons_advanced_application_wide_without_total_count(
        1, {"channel": "web"}, batch_id=batch, campaign_state="running", valid="validNow", usable="true", page_size=1
    )
    assert (wide.has_more, wide.data) == (True, found.data[:1])
    exact = office.search_coupons_advanced_application_wide_without_total_count(
        1, {}, value=found.data[0].value.lower(), exact_match=True
    )
    assert exact.data == found.data[:1]
    filters = models.CouponDeletionFilters(batch_id=batch, valid="validNow", redeemed=False)
    started = office.create_coupons_deletion_job(1, campaign, models.NewCouponDeletionJob(filters=filters))
    url = f"{make.CAMPAIGNS}/{campaign}/coupons_deletion_jobs/{started.id}"
    gone = models.CouponDeletionJob.from_dict(finished(shared_manager, url))
    assert (gone.status, gone.deleted_amount, gone.campaign_ids) == ("completed", 2, [campaign])
    assert gone.filters.batch_id == batch


def test_coupons_from_a_file(office, campaign):
    taken = office.import_coupons(1, campaign, up_file="value,limitval\nFILE-1,3\nFILE-2,\n")
    assert (taken.entity, taken.amount) == ("Coupon", 2)
    skipped = office.import_coupons(1, campaign, skip_duplicates=True, up_file="value\nFILE-2\nFILE-3\n")
    assert skipped.amount == 1
    with pytest.raises(ApiException) as refused:
        office.import_coupons(1, campaign, up_file="value\nFILE-4\nFILE-2\n")
    assert refused.value.status == 400
    body = models.ErrorResponseWithStatus.from_json(refused.value.body)
    assert body.errors[0].source.line == "3"
    found = office.get_coupons_without_total_count(1, campaign, value="FILE", sort="value")
    assert [(one.value, one.usage_limit) for one in found.data] == [("FILE-1", 3), ("FILE-2", 1), ("FILE-3", 1)]


def test_coupons_one_by_one_and_in_batches(office, campaign):
    new = models.NewCoupons.from_dict(constraints(couponPattern="SDK-####", usageLimit=5))
    made = office.create_coupons(1, campaign, new, silent="no").data
    personal = models.NewCouponsForMultipleRecipients.from_dict(
        {"usageLimit": 1, "recipientsIntegrationIds": ["ann", "bob"], "couponPattern": "REC-###", "attributes": {}}
    )
    for_two = office.create_coupons_for_multiple_recipients(1, campaign, personal, silent="no")
    assert [one.recipient_integration_id for one in for_two.data] == ["ann", "bob"]
    changed = office.update_coupon(1, campaign, str(made[0].id), models.UpdateCoupon(usage_limit=7))
    assert (changed.value, changed.usage_limit) == (made[0].value, 7)
    office.update_coupon_batch(1, campaign, models.UpdateCouponBatch(batch_id=made[0].batch_id, usage_limit=9))
    listed = office.get_coupons_without_total_count(1, campaign, batch_id=made[0].batch_id)
    assert [one.usage_limit for one in listed.data] == [9, 9]
    office.delete_coupon(1, campaign, str(made[0].id))
    office.delete_coupons(1, campaign, batch_id=made[0].batch_id)
    office.delete_coupons(1, campaign, value="REC-", recipient_integration_id="bob")
    left = office.get_coupons_without_total_count(1, campaign, value="-", recipient_integration_id="ann")
    assert [one.value for one in left.data] == [for_two.data[0].value]
