"""Coupons: create, list, read, update, delete, one by one and in batches (management.md §6)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Response, delete, get, post, put
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from msgspec import UNSET, UnsetType

from guerdon.api import checks
from guerdon.api.lists import Flag, PageSize, Skip, Sort, Valid, flag, moment, page
from guerdon.api.responses import no_content, ok
from guerdon.db import applications, attributes, campaigns, codes, coupons
from guerdon.db.codes import Wanted
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

Silent = Literal["yes", "no"]
NewBatch = NewCoupons | NewCouponsForMultipleRecipients


async def filters(
    now: datetime,
    value: Annotated[str | None, Parameter(query="value", min_length=1)] = None,
    created_before: Annotated[str | None, Parameter(query="createdBefore")] = None,
    created_after: Annotated[str | None, Parameter(query="createdAfter")] = None,
    starts_before: Annotated[str | None, Parameter(query="startsBefore")] = None,
    starts_after: Annotated[str | None, Parameter(query="startsAfter")] = None,
    expires_before: Annotated[str | None, Parameter(query="expiresBefore")] = None,
    expires_after: Annotated[str | None, Parameter(query="expiresAfter")] = None,
    valid: Valid | None = None,
    usable: Flag | None = None,
    redeemed: Flag | None = None,
    referral_id: Annotated[int | None, Parameter(query="referralId")] = None,
    recipient_integration_id: Annotated[str | None, Parameter(query="recipientIntegrationId")] = None,
    batch_id: Annotated[str | None, Parameter(query="batchId")] = None,
    exact_match: Annotated[bool, Parameter(query="exactMatch")] = False,
) -> dict[str, Any]:
    """The query parameters that say which coupons of a campaign are meant."""
    if usable is not None and redeemed is not None:
        details = "redeemed cannot be used together with usable"
        raise Invalid(errors=[Problem.in_query("redeemed", "Invalid value", details)])
    wanted: dict[str, Any] = {
        "createdBefore": moment("createdBefore", created_before),
        "createdAfter": moment("createdAfter", created_after),
        "startsBefore": moment("startsBefore", starts_before),
        "startsAfter": moment("startsAfter", starts_after),
        "expiresBefore": moment("expiresBefore", expires_before),
        "expiresAfter": moment("expiresAfter", expires_after),
        "usable": flag(usable),
        "redeemed": flag(redeemed),
        "referralId": referral_id,
        "recipientIntegrationId": recipient_integration_id,
        "batchId": batch_id,
    }
    if valid is not None:
        wanted[valid] = now
    return wanted if value is None else wanted | coupons.value_filter(value, exact=exact_match)


FILTERS = {"wanted": Provide(filters)}
SILENT = {204: ResponseSpec(None, description="Done; the answer to silent=yes")}


async def _parents(
    conn: Connection, caller: Caller, application_id: int, campaign_id: int, now: datetime
) -> tuple[Application, Campaign]:
    application = await applications.get_application(conn, caller.account_id, application_id)
    return application, await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)


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


def _constraint_problems(data: NewBatch | UpdateCoupon | UpdateCouponBatch) -> list[Problem]:
    problems = checks.period(data.start_date, data.expiry_date, "expiryDate")
    if data.discount_limit is not UNSET and data.discount_limit < 0:
        problems.append(Problem.at("/discountLimit", "minimum", "Expected `number` >= 0"))
    return problems


async def _attribute_problems(
    conn: Connection, caller: Caller, application: Application, values: dict[str, Any] | UnsetType
) -> list[Problem]:
    """Of the attributes in a request; when it leaves them out, nothing changes and nothing is wrong."""
    if values is UNSET:
        return []
    definitions = await attributes.definitions(conn, caller.account_id, application.id)
    names = applications.mandatory(application, "coupons")
    return checks.attributes(values, "Coupon", definitions) + checks.mandatory(values, names)


def _wanted_codes(data: NewBatch) -> Wanted:
    prefix = (data.unique_prefix or "") if isinstance(data, NewCoupons) else ""
    return Wanted(data.coupon_pattern, data.valid_characters, "/couponPattern", prefix)


def _batch(data: NewBatch, values: dict[str, Any]) -> coupons.Batch:
    single = data if isinstance(data, NewCoupons) else None
    return coupons.Batch(
        usage_limit=data.usage_limit,
        discount_limit=None if data.discount_limit is UNSET else data.discount_limit,
        reservation_limit=None if data.reservation_limit is UNSET else data.reservation_limit,
        start_date=None if data.start_date is UNSET else data.start_date,
        expiry_date=None if data.expiry_date is UNSET else data.expiry_date,
        limits=[] if single is None else single.limits or [],
        attributes=values,
        is_reservation_mandatory=single is not None and single.is_reservation_mandatory is True,
        implicitly_reserved=single is not None and single.implicitly_reserved is True,
        batch_id=codes.new_batch_id(),
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
    defaults = {} if campaign.coupon_attributes is UNSET else campaign.coupon_attributes
    given = {} if data.attributes is UNSET else data.attributes
    values = coupons.without_nulls({**defaults, **given})
    problems = _constraint_problems(data) + await _attribute_problems(conn, caller, application, values)
    checks.refuse(problems)
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
    parents = await _parents(conn, caller, application_id, campaign_id, now)
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
    parents = await _parents(conn, caller, application_id, campaign_id, now)
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
    await _parents(conn, caller, application_id, campaign_id, now)
    found, _ = await coupons.list_coupons(conn, campaign_id, wanted, page(page_size, skip, sort))
    return TotalPage(total_result_size=await coupons.count_coupons(conn, campaign_id, wanted), data=found)


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
    await _parents(conn, caller, application_id, campaign_id, now)
    wanted_page = page(page_size, skip, sort)
    found, more = await coupons.list_coupons(conn, campaign_id, wanted, wanted_page, values_only=values_only)
    return MorePage(has_more=more, data=found)


@put(ALL, operation_id="updateCouponBatch", tags=TAGS, status_code=204)
async def update_coupon_batch(
    application_id: int, campaign_id: int, data: UpdateCouponBatch, caller: Caller, conn: Connection, now: datetime
) -> None:
    application, _ = await _parents(conn, caller, application_id, campaign_id, now)
    problems = _constraint_problems(data)
    checks.refuse(problems + await _attribute_problems(conn, caller, application, data.attributes))
    await coupons.change_batch(conn, campaign_id, data)


@delete(ALL, operation_id="deleteCoupons", tags=TAGS, dependencies=FILTERS)
async def delete_coupons(
    application_id: int, campaign_id: int, caller: Caller, conn: Connection, now: datetime, wanted: dict[str, Any]
) -> None:
    """Without a filter, every coupon of the campaign."""
    await _parents(conn, caller, application_id, campaign_id, now)
    await coupons.remove_coupons(conn, campaign_id, wanted)


async def _coupon(conn: Connection, parents: tuple[Application, Campaign], coupon_id: str) -> Coupon:
    application, campaign = parents
    code = fold(coupon_id, str(application.case_sensitivity))
    return await coupons.get_coupon(conn, campaign.id, coupon_id, code)


@get(ONE, operation_id="getCoupon", tags=TAGS)
async def get_coupon(
    application_id: int, campaign_id: int, coupon_id: str, caller: Caller, conn: Connection, now: datetime
) -> Coupon:
    """Ours, not the contract's: one coupon by its id or its code."""
    return await _coupon(conn, await _parents(conn, caller, application_id, campaign_id, now), coupon_id)


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
    parents = await _parents(conn, caller, application_id, campaign_id, now)
    old = await _coupon(conn, parents, coupon_id)
    problems = _constraint_problems(data) + _limit_problems(data.limits, single=not data.recipient_integration_id)
    checks.refuse(problems + await _attribute_problems(conn, caller, parents[0], data.attributes))
    return await coupons.change_coupon(conn, old.id, data)


@delete(ONE, operation_id="deleteCoupon", tags=TAGS)
async def delete_coupon(
    application_id: int, campaign_id: int, coupon_id: str, caller: Caller, conn: Connection, now: datetime
) -> None:
    coupon = await _coupon(conn, await _parents(conn, caller, application_id, campaign_id, now), coupon_id)
    await coupons.remove_coupon(conn, coupon.id)


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
