"""Coupons: create, list, read, update, delete, one by one and in batches (management.md §6)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from msgspec import UNSET, UnsetType

from guerdon.api import checks
from guerdon.api.coupon_requests import (
    FILTERS,
    attribute_problems,
    attributes_of_new,
    batch,
    constraint_problems,
    find_parents,
)
from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.api.responses import no_content, ok
from guerdon.api.unit_of_work import UnitOfWork
from guerdon.db import codes, coupons
from guerdon.db.codes import Wanted
from guerdon.db.coupons import Some
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.codes import fold
from guerdon.errors import Invalid, Problem
from guerdon.wire.applications import Application
from guerdon.wire.base import MorePage, TotalPage
from guerdon.wire.campaigns import Campaign
from guerdon.wire.coupons import (
    Coupon,
    NewCoupons,
    NewCouponsForMultipleRecipients,
    UpdateCoupon,
    UpdateCouponBatch,
)
from guerdon.wire.limits import LimitConfig

TAGS = ["Coupons"]
CAMPAIGN = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}"
ALL = CAMPAIGN + "/coupons"
ONE = CAMPAIGN + "/coupons/{coupon_id:str}"
MOST_COUPONS = 20_000
MOST_COUPONS_WITH_PREFIX = 200_000
WRITTEN_AT_ONCE = 5_000

Silent = Literal["yes", "no"]
NewBatch = NewCoupons | NewCouponsForMultipleRecipients


SILENT = {204: ResponseSpec(None, description="Done; the answer to silent=yes")}


def _limit_problems(limits: list[LimitConfig] | UnsetType, *, single: bool) -> list[Problem]:
    """A coupon's own limits are per profile, and only for a single coupon that is not personal."""
    if limits is UNSET or not limits:
        return []
    if not single:
        details = "limits can only be set for a single coupon without a recipient"
        return [Problem.at("/limits", "Invalid value", details)]
    return checks.limits(limits) + [
        Problem.at(f"/limits/{index}/entities", "Invalid value", "The limits of a coupon must be per Profile")
        for index, limit in enumerate(limits)
        if set(limit.entities) - {"Coupon"} != {"Profile"}
    ]


def _wanted_codes(data: NewBatch) -> Wanted:
    prefix = (data.unique_prefix or "") if isinstance(data, NewCoupons) else ""
    return Wanted(data.coupon_pattern, data.valid_characters, "/couponPattern", prefix)


def _batch(data: NewBatch, values: dict[str, Any]) -> coupons.Batch:
    if not isinstance(data, NewCoupons):
        return batch(data, values)
    return batch(
        data,
        values,
        limits=data.limits,
        is_reservation_mandatory=data.is_reservation_mandatory,
        implicitly_reserved=data.implicitly_reserved,
    )


def _count_problems(data: NewCoupons) -> list[Problem]:
    most = MOST_COUPONS_WITH_PREFIX if data.unique_prefix else MOST_COUPONS
    if 1 <= data.number_of_coupons <= most:
        return []
    title = "minimum" if data.number_of_coupons < 1 else "maximum"
    return [Problem.at("/numberOfCoupons", title, f"numberOfCoupons must be from 1 to {most}")]


async def _create(
    conn: Connection,
    caller: Caller,
    parents: tuple[Application, Campaign],
    data: NewBatch,
    recipients: list[str | None],
    now: datetime,
    silent: Silent,
) -> Response[TotalPage[Coupon]]:
    application, campaign = parents
    values = attributes_of_new(campaign, data.attributes)
    problems = constraint_problems(data)
    checks.refuse(problems + await attribute_problems(conn, caller.account_id, application, values))
    case_sensitivity = str(application.case_sensitivity)
    pattern = codes.code_pattern(codes.COUPONS, _wanted_codes(data), campaign.coupon_settings, case_sensitivity)
    drawn = await codes.draw_codes(conn, application.id, codes.COUPONS, pattern, len(recipients))
    place = (application.id, campaign.id)
    made = await coupons.add_coupons(conn, place, drawn, recipients, _batch(data, values), now, show=silent == "no")
    return no_content() if silent == "yes" else ok(TotalPage(total_result_size=len(made), data=made))


@post(ALL, operation_id="createCoupons", tags=TAGS, status_code=200, responses=SILENT)
async def create_coupons(
    application_id: int,
    campaign_id: int,
    data: NewCoupons,
    caller: Caller,
    conn: Connection,
    now: datetime,
    silent: Silent = "yes",
) -> Response[TotalPage[Coupon]]:
    """204 without a body, unless `silent=no`."""
    parents = await find_parents(conn, caller, application_id, campaign_id, now)
    recipient = data.recipient_integration_id or None
    single = data.number_of_coupons == 1 and recipient is None
    checks.refuse(_count_problems(data) + _limit_problems(data.limits, single=single))
    return await _create(conn, caller, parents, data, [recipient] * data.number_of_coupons, now, silent)


@post(
    CAMPAIGN + "/coupons_with_recipients",
    operation_id="createCouponsForMultipleRecipients",
    tags=TAGS,
    status_code=200,
    responses=SILENT,
)
async def create_coupons_for_multiple_recipients(
    application_id: int,
    campaign_id: int,
    data: NewCouponsForMultipleRecipients,
    caller: Caller,
    conn: Connection,
    now: datetime,
    silent: Silent = "yes",
) -> Response[TotalPage[Coupon]]:
    """One personal code for each recipient. 204 without a body, unless `silent=no`."""
    parents = await find_parents(conn, caller, application_id, campaign_id, now)
    recipients = data.recipients_integration_ids
    if "" in recipients or len(set(recipients)) < len(recipients):
        details = "Recipients must be different, and none may be empty"
        raise Invalid(errors=[Problem.at("/recipientsIntegrationIds", "uniqueItems", details)])
    return await _create(conn, caller, parents, data, list(recipients), now, silent)


@get(ALL, operation_id="getCoupons", tags=TAGS, dependencies=FILTERS)
async def get_coupons(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> TotalPage[Coupon]:
    await find_parents(conn, caller, application_id, campaign_id, now)
    found, _ = await coupons.list_coupons(conn, (application_id, campaign_id), wanted, page(page_size, skip, sort))
    return TotalPage(
        total_result_size=await coupons.count_coupons(conn, (application_id, campaign_id), wanted), data=found
    )


@get(ALL + "/no_total", operation_id="getCouponsWithoutTotalCount", tags=TAGS, dependencies=FILTERS)
async def get_coupons_without_total_count(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    values_only: Annotated[bool, Parameter(query="valuesOnly")] = False,
) -> MorePage[Coupon]:
    await find_parents(conn, caller, application_id, campaign_id, now)
    wanted_page = page(page_size, skip, sort)
    found, more = await coupons.list_coupons(
        conn, (application_id, campaign_id), wanted, wanted_page, values_only=values_only
    )
    return MorePage(has_more=more, data=found)


async def _in_parts(
    work: UnitOfWork, write: Callable[[Connection, Some], Awaitable[tuple[int, int | None]]], wanted: dict[str, Any]
) -> None:
    """Write to the coupons that match and are there by now, each part in a transaction of its own: a session that names
    one of them waits no longer than for its part. The last part ends with the request."""
    until = await coupons.last_id(await work.connection())
    count, last = WRITTEN_AT_ONCE, 0
    while count == WRITTEN_AT_ONCE:
        if last:
            await work.end(commit=True)
        some = Some(wanted, last, until, WRITTEN_AT_ONCE)
        count, found = await write(await work.connection(), some)
        last = found or last


@put(ALL, operation_id="updateCouponBatch", tags=TAGS, status_code=204)
async def update_coupon_batch(
    application_id: int, campaign_id: int, data: UpdateCouponBatch, caller: Caller, work: UnitOfWork, now: datetime
) -> None:
    """Of a batch or of the campaign. Many are changed a part at a time: what breaks off is to be sent again."""
    conn = await work.connection()
    application, _ = await find_parents(conn, caller, application_id, campaign_id, now)
    problems = constraint_problems(data)
    checks.refuse(problems + await attribute_problems(conn, caller.account_id, application, data.attributes))

    async def write(conn: Connection, some: Some) -> tuple[int, int | None]:
        return await coupons.change_some(conn, (application_id, campaign_id), some, data)

    await _in_parts(work, write, {"batchId": None if data.batch_id is UNSET else data.batch_id})


@delete(ALL, operation_id="deleteCoupons", tags=TAGS, dependencies=FILTERS)
async def delete_coupons(
    application_id: int, campaign_id: int, caller: Caller, work: UnitOfWork, now: datetime, wanted: dict[str, Any]
) -> None:
    """Without a filter, every coupon of the campaign. Many are deleted a part at a time: what breaks off is to be sent
    again."""
    await find_parents(await work.connection(), caller, application_id, campaign_id, now)

    async def write(conn: Connection, some: Some) -> tuple[int, int | None]:
        return await coupons.remove_some(conn, (application_id, campaign_id), some)

    await _in_parts(work, write, wanted)


async def _coupon(conn: Connection, parents: tuple[Application, Campaign], coupon_id: str) -> Coupon:
    application, campaign = parents
    code = fold(coupon_id, str(application.case_sensitivity))
    return await coupons.get_coupon(conn, campaign.id, coupon_id, code)


@get(ONE, operation_id="getCoupon", tags=TAGS)
async def get_coupon(
    application_id: int, campaign_id: int, coupon_id: str, caller: Caller, conn: Connection, now: datetime
) -> Coupon:
    """Ours, not the contract's: one coupon by its id or its code."""
    return await _coupon(conn, await find_parents(conn, caller, application_id, campaign_id, now), coupon_id)


@put(ONE, operation_id="updateCoupon", tags=TAGS)
async def update_coupon(
    application_id: int,
    campaign_id: int,
    coupon_id: str,
    data: UpdateCoupon,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> Coupon:
    parents = await find_parents(conn, caller, application_id, campaign_id, now)
    old = await _coupon(conn, parents, coupon_id)
    problems = constraint_problems(data) + _limit_problems(data.limits, single=not data.recipient_integration_id)
    checks.refuse(problems + await attribute_problems(conn, caller.account_id, parents[0], data.attributes))
    return await coupons.change_coupon(conn, application_id, old.id, data)


@delete(ONE, operation_id="deleteCoupon", tags=TAGS)
async def delete_coupon(
    application_id: int, campaign_id: int, coupon_id: str, caller: Caller, conn: Connection, now: datetime
) -> None:
    coupon = await _coupon(conn, await find_parents(conn, caller, application_id, campaign_id, now), coupon_id)
    await coupons.remove_coupon(conn, application_id, coupon.id)


handlers = [
    create_coupons,
    create_coupons_for_multiple_recipients,
    get_coupons,
    get_coupons_without_total_count,
    update_coupon_batch,
    delete_coupons,
    get_coupon,
    update_coupon,
    delete_coupon,
]
