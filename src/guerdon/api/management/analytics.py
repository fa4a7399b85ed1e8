"""Figures of campaigns, customers and the account, and why codes were refused (management.md §6, §16)."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from litestar import Response, get
from litestar.params import Parameter

from guerdon.api import csv_files
from guerdon.api.lists import PageSize, Skip, Sort, moment, numbers
from guerdon.db import account_figures, analytics, applications, campaigns, customer_figures
from guerdon.db.analytics import Figures
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection, connection
from guerdon.errors import NotFound
from guerdon.flows import figures
from guerdon.wire.analytics import AccountAnalytics, CampaignAnalytics, CouponFailureSummary, CustomerAnalytics
from guerdon.wire.base import TotalPage, Wire, rfc3339

Start = Annotated[str, Parameter(query="rangeStart")]
End = Annotated[str, Parameter(query="rangeEnd")]
Granularity = Literal["1 hour", "1 day", "1 week", "1 month", "1 year"]
COLUMNS = (
    "campaign_id", "start_date", "end_date", "revenue", "sessions", "average_session_value",
    "average_items_per_session", "coupons", "discounts",
)  # fmt: skip
CENT = Decimal("0.01")


@get(
    "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/analytics",
    operation_id="getCampaignAnalytics",
    tags=["Campaigns"],
)
async def get_campaign_analytics(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    connections: Any,
    now: datetime,
    range_start: Start,
    range_end: End,
    granularity: Granularity = "1 day",
) -> TotalPage[CampaignAnalytics]:
    """Every period that the range touches, as a whole, in the time zone of the Application."""
    async with connection(connections) as conn:
        application = await applications.get_application(conn, caller.account_id, application_id)
        await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
    start, end = _range(range_start, range_end)
    edges = figures.periods(start, end, granularity, application.timezone)
    await figures.catch_up(connections, application_id, now)
    async with connection(connections) as conn:
        total, found = await analytics.by_period(conn, application_id, campaign_id, edges)
    rows = []
    for date, one in zip(edges, found, strict=False):
        total += one
        rows.append(_row(date, one, total))
    return TotalPage(total_result_size=len(rows), data=rows)


def _range(start: str, end: str) -> tuple[datetime, datetime]:
    first, last = moment("rangeStart", start), moment("rangeEnd", end)
    assert first is not None
    assert last is not None
    return first, last


def _row(date: datetime, one: Figures, total: Figures) -> CampaignAnalytics:
    return CampaignAnalytics(
        date=date,
        campaign_revenue=one.revenue,
        total_campaign_revenue=total.revenue,
        campaign_refund=one.refund,
        total_campaign_refund=total.refund,
        campaign_discount_costs=one.discounts,
        total_campaign_discount_costs=total.discounts,
        campaign_refunded_discounts=one.refunded_discounts,
        total_campaign_refunded_discounts=total.refunded_discounts,
        campaign_free_items=one.free_items,
        total_campaign_free_items=total.free_items,
        coupon_redemptions=one.coupon_redemptions,
        total_coupon_redemptions=total.coupon_redemptions,
        coupon_rolledback_redemptions=one.coupon_rollbacks,
        total_coupon_rolledback_redemptions=total.coupon_rollbacks,
        referral_redemptions=one.referral_redemptions,
        total_referral_redemptions=total.referral_redemptions,
        coupons_created=one.coupons_created,
        total_coupons_created=total.coupons_created,
        referrals_created=one.referrals_created,
        total_referrals_created=total.referrals_created,
        added_loyalty_points=one.points_added,
        total_added_loyalty_points=total.points_added,
        deducted_loyalty_points=one.points_deducted,
        total_deducted_loyalty_points=total.points_deducted,
    )


@get(
    "/v1/applications/{application_id:int}/campaign_analytics/export",
    operation_id="exportApplicationCampaignAnalytics",
    tags=["Campaigns"],
    **csv_files.EXPORT,
)
async def export_application_campaign_analytics(
    application_id: int,
    caller: Caller,
    connections: Any,
    now: datetime,
    range_start: Start,
    range_end: End,
    campaign_ids: Annotated[list[str] | None, Parameter(query="campaignIds")] = None,
) -> Response[bytes]:
    """What was sold in the range, by campaigns, before anything was given back; first all closed sessions, then those
    that any campaign influenced."""
    start, end = figures.quarters(*_range(range_start, range_end))
    wanted = numbers("campaignIds", ",".join(campaign_ids)) if campaign_ids else None
    async with connection(connections) as conn:
        await applications.get_application(conn, caller.account_id, application_id)
        known = await analytics.list_campaigns(conn, application_id)
    await figures.catch_up(connections, application_id, now)
    async with connection(connections) as conn:
        found = await analytics.by_campaign(conn, application_id, start, end)
    dates = (rfc3339(start), rfc3339(end))
    everything = found.get(analytics.ALL_SESSIONS, Figures())
    influenced = found.get(analytics.INFLUENCED, Figures())
    by_campaigns = [one for campaign_id, one in found.items() if campaign_id > 0]
    codes = sum(one.coupon_redemptions for one in by_campaigns)
    discounts = sum((one.discounts for one in by_campaigns), Decimal(0))
    rows = [
        ["Total", *dates, *_sales(everything), "N/A", "N/A"],
        ["Influenced", *dates, *_sales(influenced), codes, f"{discounts:f}"],
    ]
    for campaign_id in known:
        if wanted is None or campaign_id in wanted:
            one = found.get(campaign_id, Figures())
            rows.append([campaign_id, *dates, *_sales(one), one.coupon_redemptions, f"{one.discounts:f}"])
    return await csv_files.answer("campaign_analytics", COLUMNS, rows)


def _sales(one: Figures) -> list[Any]:
    """Revenue, sessions, and both averages to two decimals."""
    value, items = (one.revenue / one.sessions, Decimal(one.items) / one.sessions) if one.sessions else (0, 0)
    averages = [f"{Decimal(average).quantize(CENT):f}" for average in (value, items)]
    return [f"{one.revenue:f}", one.sessions, *averages]


@get(
    "/v1/applications/{application_id:int}/customers/{customer_id:int}/analytics",
    operation_id="getCustomerAnalytics",
    tags=["Customer data"],
)
async def get_customer_analytics(
    application_id: int,
    customer_id: int,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> CustomerAnalytics:
    """What the customer's closed sessions come to today. There is one answer, so that pages and order mean nothing."""
    await applications.get_application(conn, caller.account_id, application_id)
    return await customer_figures.get_figures(conn, application_id, customer_id)


@get("/v1/accounts/{account_id:int}/analytics", operation_id="getAccountAnalytics", tags=["Accounts and users"])
async def get_account_analytics(account_id: int, caller: Caller, conn: Connection, now: datetime) -> AccountAnalytics:
    if account_id != caller.account_id:
        raise NotFound.of("Account")
    return await account_figures.get_figures(conn, account_id, now)


class Rejections(Wire, kw_only=True):
    """What generateCouponRejections answers."""

    data: list[CouponFailureSummary]


@get("/v1/coupon_rejections", operation_id="generateCouponRejections", tags=["Coupons"])
async def generate_coupon_rejections(
    caller: Caller,
    conn: Connection,
    session_integration_id: Annotated[str, Parameter(query="sessionIntegrationId")],
    application_id: Annotated[int | None, Parameter(query="applicationId")] = None,
    language: str | None = None,
    coupon_code: Annotated[str | None, Parameter(query="couponCode")] = None,
) -> Rejections:
    """What became of the codes that the session had at its last update. English is all we speak, whatever is asked."""
    place = (caller.account_id, caller.allowed_application_ids or None)
    found = await customer_figures.list_rejections(conn, place, session_integration_id, application_id, coupon_code)
    return Rejections(data=found)


handlers: list[Any] = [
    get_campaign_analytics,
    export_application_campaign_analytics,
    get_customer_analytics,
    get_account_analytics,
    generate_coupon_rejections,
]
