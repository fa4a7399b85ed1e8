"""Coupons that are made and deleted in the background (management.md §6, §20); flows/jobs.py does it."""

from datetime import datetime

from litestar import get, post
from msgspec import UNSET

from guerdon.api import checks
from guerdon.api.coupon_requests import (
    attribute_problems,
    attributes_of_new,
    batch,
    constraint_problems,
    find_parents,
)
from guerdon.db import applications, campaigns, codes, coupons, jobs
from guerdon.db.codes import Wanted
from guerdon.db.jobs import Job, Place
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection, row_id
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.flows.jobs import CREATE, CREATED_AT_ONCE, DELETE, Creation, Deletion
from guerdon.wire.coupon_jobs import (
    AsyncCouponCreationResponse,
    AsyncCouponDeletionJobResponse,
    CouponCreationJob,
    CouponDeletionFilters,
    CouponDeletionJob,
    NewAppWideCouponDeletionJob,
    NewCouponCreationJob,
    NewCouponDeletionJob,
)

TAGS = ["Coupons"]
APPLICATION = "/v1/applications/{application_id:int}"
CAMPAIGN = APPLICATION + "/campaigns/{campaign_id:int}"


@post(CAMPAIGN + "/coupons_async", operation_id="createCouponsAsync", tags=TAGS, status_code=200)
async def create_coupons_async(
    application_id: int, campaign_id: int, data: NewCouponCreationJob, caller: Caller, conn: Connection, now: datetime
) -> AsyncCouponCreationResponse:
    """Whether the pattern has enough codes left is found out later: `coupon pattern full`."""
    application, campaign = await find_parents(conn, caller, application_id, campaign_id, now)
    values = attributes_of_new(campaign, data.attributes)
    problems = constraint_problems(data) + await attribute_problems(conn, caller.account_id, application, values)
    checks.refuse(problems)
    settings = data.coupon_settings
    wanted = Wanted(
        UNSET if settings is UNSET else settings.coupon_pattern,
        UNSET if settings is UNSET else settings.valid_characters,
        "/couponSettings/couponPattern",
    )
    pattern = codes.code_pattern(codes.COUPONS, wanted, campaign.coupon_settings, str(application.case_sensitivity))
    if not pattern.places and data.number_of_coupons > 1:
        details = f'The pattern "{pattern.pattern}" is one code, and {data.number_of_coupons} are wanted'
        raise Invalid(errors=[Problem.at(wanted.pointer, "Invalid value", details)])
    shared = batch(data, values, is_reservation_mandatory=data.is_reservation_mandatory)
    request = Creation(number=data.number_of_coupons, pattern=pattern, batch=shared, settings=settings)
    place = Place(caller.account_id, application_id, campaign_id)
    await jobs.add_job(conn, place, CREATE, request, caller.user_id, now, batch_id=shared.batch_id)
    return AsyncCouponCreationResponse(batch_id=shared.batch_id)


@get(CAMPAIGN + "/coupon_creation_jobs/{batch_id:str}", operation_id="getCouponCreationJob", tags=TAGS)
async def get_coupon_creation_job(
    application_id: int, campaign_id: int, batch_id: str, caller: Caller, conn: Connection, now: datetime
) -> CouponCreationJob:
    """Where it is: `pending`, `completed`, `failed` or `coupon pattern full`."""
    await find_parents(conn, caller, application_id, campaign_id, now)
    place = Place(caller.account_id, application_id, campaign_id)
    job = await jobs.get_job_of_batch(conn, place, CREATE, batch_id)
    asked: Creation = job.asked(Creation)
    shared = asked.batch
    return CouponCreationJob(
        id=job.id,
        created=job.created,
        campaign_id=campaign_id,
        application_id=application_id,
        account_id=job.account_id,
        usage_limit=shared.usage_limit,
        discount_limit=UNSET if shared.discount_limit is None else shared.discount_limit,
        reservation_limit=UNSET if shared.reservation_limit is None else shared.reservation_limit,
        start_date=shared.start_date or UNSET,
        expiry_date=shared.expiry_date or UNSET,
        number_of_coupons=asked.number,
        coupon_settings=asked.settings,
        attributes=shared.attributes,
        is_reservation_mandatory=shared.is_reservation_mandatory,
        batch_id=batch_id,
        status=job.status,
        created_amount=job.done,
        fail_count=job.failures,
        errors=job.errors,
        created_by=job.created_by,
        communicated=False,
        chunk_execution_count=job.turns,
        chunk_size=CREATED_AT_ONCE,
    )


def _check_filters(filters: CouponDeletionFilters) -> None:
    if filters.usable is not UNSET and filters.redeemed is not UNSET:
        details = "redeemed cannot be used together with usable"
        raise Invalid(errors=[Problem.at("/filters/redeemed", "Invalid value", details)])


async def _add_deletion(
    conn: Connection,
    caller: Caller,
    place: Place,
    campaign_ids: list[int],
    filters: CouponDeletionFilters,
    now: datetime,
) -> AsyncCouponDeletionJobResponse:
    _check_filters(filters)
    request = Deletion(campaign_ids=campaign_ids, filters=filters, last_id=await coupons.last_id(conn))
    job = await jobs.add_job(conn, place, DELETE, request, caller.user_id, now)
    return AsyncCouponDeletionJobResponse(id=job.id)


@post(CAMPAIGN + "/coupons_deletion_jobs", operation_id="createCouponsDeletionJob", tags=TAGS, status_code=202)
async def create_coupons_deletion_job(
    application_id: int, campaign_id: int, data: NewCouponDeletionJob, caller: Caller, conn: Connection, now: datetime
) -> AsyncCouponDeletionJobResponse:
    """Of the coupons that are there by now; without a filter, all of them."""
    await find_parents(conn, caller, application_id, campaign_id, now)
    place = Place(caller.account_id, application_id, campaign_id)
    return await _add_deletion(conn, caller, place, [campaign_id], data.filters, now)


@post(
    APPLICATION + "/coupons_deletion_jobs",
    operation_id="createCouponsDeletionJobApplicationWide",
    tags=TAGS,
    status_code=202,
)
async def create_coupons_deletion_job_application_wide(
    application_id: int, data: NewAppWideCouponDeletionJob, caller: Caller, conn: Connection, now: datetime
) -> AsyncCouponDeletionJobResponse:
    """Of the campaigns that it names, one after the other."""
    await applications.get_application(conn, caller.account_id, application_id)
    campaign_ids = list(dict.fromkeys(data.campaign_ids))
    for index, campaign_id in enumerate(campaign_ids):
        try:
            await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
        except NotFound:
            details = f"The Application has no campaign {campaign_id}"
            raise Invalid(errors=[Problem.at(f"/campaignids/{index}", "Unknown", details)]) from None
    place = Place(caller.account_id, application_id, None)
    return await _add_deletion(conn, caller, place, campaign_ids, data.filters, now)


def _shown(job: Job) -> CouponDeletionJob:
    asked: Deletion = job.asked(Deletion)
    return CouponDeletionJob(
        id=job.id,
        created=job.created,
        application_id=job.application_id,
        account_id=job.account_id,
        filters=asked.filters,
        status=job.status,
        deleted_amount=job.done,
        fail_count=job.failures,
        errors=job.errors,
        created_by=job.created_by,
        communicated=False,
        campaign_ids=asked.campaign_ids,
    )


@get(CAMPAIGN + "/coupons_deletion_jobs/{job_id:str}", operation_id="getCouponsDeletionJob", tags=TAGS)
async def get_coupons_deletion_job(
    application_id: int, campaign_id: int, job_id: str, caller: Caller, conn: Connection, now: datetime
) -> CouponDeletionJob:
    """Where it is: `pending`, `completed` or `failed`."""
    await find_parents(conn, caller, application_id, campaign_id, now)
    place = Place(caller.account_id, application_id, campaign_id)
    return _shown(await jobs.get_job(conn, place, DELETE, row_id(job_id) or 0))


@get(
    APPLICATION + "/coupons_deletion_jobs/{job_id:str}",
    operation_id="getCouponsDeletionJobApplicationWide",
    tags=TAGS,
)
async def get_coupons_deletion_job_application_wide(
    application_id: int, job_id: str, caller: Caller, conn: Connection
) -> CouponDeletionJob:
    """Ours, not the contract's: a deletion of the Application, of one campaign or of several."""
    await applications.get_application(conn, caller.account_id, application_id)
    place = Place(caller.account_id, application_id, None)
    return _shown(await jobs.get_job(conn, place, DELETE, row_id(job_id) or 0))


handlers = [
    create_coupons_async,
    get_coupon_creation_job,
    create_coupons_deletion_job,
    create_coupons_deletion_job_application_wide,
    get_coupons_deletion_job,
    get_coupons_deletion_job_application_wide,
]
