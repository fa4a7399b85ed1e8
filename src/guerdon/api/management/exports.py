"""Exports of an Application as CSV, streamed while they are read, and the list of them (management.md §15).

Each begins in the transaction of its request, where it is noted; what it reads it reads in another one (csv_files.py).
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

from litestar import Request, get
from litestar.di import Provide
from litestar.params import Parameter
from litestar.response import Stream

from guerdon.api import coupon_requests, csv_files
from guerdon.api.csv_files import DateFormat
from guerdon.api.lists import CampaignState, Flag, PageSize, Skip, Sort, Valid, flag, moment, page
from guerdon.db import applications, exports
from guerdon.db.keys import Caller
from guerdon.db.paging import Listing
from guerdon.db.pool import Connection, Row
from guerdon.engine.effects import Effect
from guerdon.wire.base import TotalPage, decoder, encode_text
from guerdon.wire.exports import Entity, Export

APPLICATION = "/v1/applications/{application_id:int}"
Format = Annotated[DateFormat, Parameter(query="dateFormat")]
CampaignId = Annotated[int | None, Parameter(query="campaignId")]
Before = Annotated[str | None, Parameter(query="createdBefore")]
After = Annotated[str | None, Parameter(query="createdAfter")]
SessionState = Literal["open", "closed", "partially_returned", "cancelled"]

NEVER = datetime(1, 1, 1, tzinfo=UTC)
COUPONS = (
    "id,created,campaignid,value,expirydate,startdate,attributes,applicationid,deleted,deleted_changelogid,accountid,"
    "referralid,recipientintegrationid,importid,batchid,reservation,limits,limitval,counter,discount_counter,"
    "discount_limitval,is_reservation_mandatory,reservation_counter,reservation_limitval"
)
REFERRALS = (
    "id,created,campaignid,advocateprofileintegrationid,friendprofileintegrationid,startdate,expirydate,code,importid,"
    "attributes,batchid,counter,limitval"
)
EFFECTS = (
    "created,name,applicationid,campaignid,rulesetid,ruleindex,sessionintegrationid,profileintegrationid,sessionid,"
    "profileid,eventid,event_type,total_revenue,props,couponid,store_id,store_integration_id"
)
SESSIONS = (
    "id,firstsession,integrationid,applicationid,profileid,profileintegrationid,created,state,cartitems,discounts,total,"
    "attributes,closedat,cancelledat,referral,identifiers,additional_costs,updated,store_integration_id,coupons"
)


class Kind(NamedTuple):
    """What there is to export: under which entity it is noted, the columns, and the rows that a row of the database is
    written as."""

    entity: Entity
    header: str
    listing: Listing
    cells: Callable[[Row], Iterable[Collection[Any]]]


class Asked(NamedTuple):
    """An export that was asked for; `campaign_id` None for all campaigns."""

    request: Request[Any, Any, Any]
    caller: Caller
    conn: Connection
    application_id: int
    campaign_id: int | None
    now: datetime
    date_format: DateFormat


async def of_application(
    application_id: int,
    request: Request[Any, Any, Any],
    caller: Caller,
    conn: Connection,
    now: datetime,
    date_format: Format = "ISO8601",
) -> Asked:
    """An export of all that the Application has. Raises NotFound."""
    await applications.get_application(conn, caller.account_id, application_id)
    return Asked(request, caller, conn, application_id, None, now, date_format)


async def of_campaigns(asked: Asked, campaign_id: CampaignId = None) -> Asked:
    """The same, or of one campaign."""
    return asked._replace(campaign_id=campaign_id)


ASKED = {"asked": Provide(of_application)}
OF_CAMPAIGNS = ASKED | {"asked_of": Provide(of_campaigns)}


async def _answer(asked: Asked, kind: Kind, name: str, wanted: dict[str, Any], sort: str = "") -> Stream:
    conn, caller, place = asked.conn, asked.caller, (asked.application_id, asked.campaign_id)
    scope = (caller.account_id, asked.application_id, asked.now)
    await kind.listing.check(conn, scope, wanted, sort)
    query = dict(asked.request.query_params)
    await exports.add_export(conn, (caller.account_id, caller.user_id), place, kind.entity, query, asked.now)
    reading = await csv_files.snapshot(asked.request)
    rows = _all_cells(kind.listing.stream(reading, scope, wanted, sort), kind)
    return await csv_files.stream(f"{name}_{asked.application_id}", kind.header.split(","), rows, asked.date_format)


async def _all_cells(rows: AsyncIterator[Row], kind: Kind) -> AsyncIterator[Collection[Any]]:
    async for row in rows:
        for cells in kind.cells(row):
            yield cells


def _period(before: str | None, after: str | None) -> dict[str, Any]:
    return {"createdBefore": moment("createdBefore", before), "createdAfter": moment("createdAfter", after)}


def _coupon(row: Row) -> Iterator[Collection[Any]]:
    yield (
        *(row["id"], row["created"], row["campaign_id"], row["value"], row["expiry_date"], row["start_date"]),
        *(row["attributes"], row["application_id"], False, None, row["account_id"], row["referral_id"]),
        *(row["recipient_integration_id"], row["import_id"], row["batch_id"], row["reservation"], row["limits"]),
        *(row["usage_limit"], row["usage_counter"], row["discount_counter"], row["discount_limit"]),
        *(row["is_reservation_mandatory"], row["reservation_counter"], row["reservation_limit"]),
    )


def _value(row: Row) -> Iterator[Collection[Any]]:
    yield (row["value"],)


@get(
    APPLICATION + "/export_coupons",
    operation_id="exportCoupons",
    tags=["Coupons"],
    dependencies=OF_CAMPAIGNS,
    **csv_files.EXPORT,
)
async def export_coupons(
    application_id: int,
    asked_of: Asked,
    sort: Sort = "",
    value: str | None = None,
    created_before: Before = None,
    created_after: After = None,
    valid: Valid | None = None,
    usable: Flag | None = None,
    referral_id: Annotated[int | None, Parameter(query="referralId")] = None,
    recipient_integration_id: Annotated[str | None, Parameter(query="recipientIntegrationId")] = None,
    batch_id: Annotated[str | None, Parameter(query="batchId")] = None,
    exact_match: Annotated[bool, Parameter(query="exactMatch")] = False,
    campaign_state: Annotated[CampaignState | None, Parameter(query="campaignState")] = None,
    values_only: Annotated[bool, Parameter(query="valuesOnly")] = False,
    deleted_before: Annotated[str | None, Parameter(query="deletedBefore")] = None,
    deleted_after: Annotated[str | None, Parameter(query="deletedAfter")] = None,
) -> Stream:
    """`deleted` is always false: deleted coupons are gone."""
    wanted = await coupon_requests.filters(
        asked_of.now,
        value=value,
        created_before=created_before,
        created_after=created_after,
        valid=valid,
        usable=usable,
        referral_id=referral_id,
        recipient_integration_id=recipient_integration_id,
        batch_id=batch_id,
        exact_match=exact_match,
    )
    wanted |= {
        "campaignId": asked_of.campaign_id,
        "campaignState": campaign_state,
        "deletedBefore": moment("deletedBefore", deleted_before),
        "deletedAfter": moment("deletedAfter", deleted_after),
    }
    header, cells = ("value", _value) if values_only else (COUPONS, _coupon)
    return await _answer(asked_of, Kind("Coupon", header, exports.COUPONS, cells), "coupons", wanted, sort)


def _referral(row: Row) -> Iterator[Collection[Any]]:
    yield (
        *(row["id"], row["created"], row["campaign_id"], row["advocate_integration_id"], row["friend_integration_id"]),
        *(row["start_date"], row["expiry_date"], row["value"], row["import_id"], row["attributes"], row["batch_id"]),
        *(row["usage_counter"], row["usage_limit"]),
    )


@get(
    APPLICATION + "/export_referrals",
    operation_id="exportReferrals",
    tags=["Referrals"],
    dependencies=OF_CAMPAIGNS,
    **csv_files.EXPORT,
)
async def export_referrals(
    application_id: int,
    asked_of: Asked,
    created_before: Before = None,
    created_after: After = None,
    valid: Valid | None = None,
    usable: Flag | None = None,
    batch_id: Annotated[str | None, Parameter(query="batchId")] = None,
) -> Stream:
    wanted: dict[str, Any] = {
        **_period(created_before, created_after),
        "campaignId": asked_of.campaign_id,
        "usable": flag(usable),
        "batchId": batch_id,
    }
    if valid is not None:
        wanted[valid] = asked_of.now
    return await _answer(asked_of, Kind("Referral", REFERRALS, exports.REFERRALS, _referral), "referrals", wanted)


def _effects(campaign_id: int | None, row: Row) -> Iterator[Collection[Any]]:
    """One row for each effect of an event."""
    for effect in decoder(list[Effect]).decode(row["effects"]):
        if campaign_id in (None, effect.campaign_id):
            coupon_id = effect.triggered_by_coupon or None
            yield (
                *(row["created"], effect.effect_type, row["application_id"], effect.campaign_id, effect.ruleset_id),
                *(effect.rule_index, row["session_integration_id"], row["profile_integration_id"], row["session_id"]),
                *(row["profile_id"], row["id"], row["type"], row["total"], encode_text(effect.props), coupon_id),
                *(row["store_id"], row["store_integration_id"]),
            )


@get(
    APPLICATION + "/export_effects",
    operation_id="exportEffects",
    tags=["Analytics"],
    dependencies=OF_CAMPAIGNS,
    **csv_files.EXPORT,
)
async def export_effects(
    application_id: int, asked_of: Asked, created_before: Before = None, created_after: After = None
) -> Stream:
    """Of every event of the log: those of a session that was updated several times come several times."""
    wanted = {**_period(created_before, created_after), "campaignId": asked_of.campaign_id}
    cells = partial(_effects, asked_of.campaign_id)
    return await _answer(asked_of, Kind("Effect", EFFECTS, exports.EFFECTS, cells), "effects", wanted)


def _session(row: Row) -> Iterator[Collection[Any]]:
    yield (
        *(row["id"], row["first_session"], row["integration_id"], row["application_id"], row["profile_id"]),
        *(row["profile_integration_id"], row["created"], row["state"], row["cart_items"] or "[]"),
        *(row["discounts"] or "{}", _money(row["total"]), row["attributes"] or "{}", row["closed_at"] or NEVER),
        *(row["cancelled_at"] or NEVER, row["referral_code"], row["identifiers"] or "null"),
        *(row["additional_costs"] or "{}", row["updated"], row["store_integration_id"]),
        encode_text(row["coupon_codes"]),
    )


def _money(amount: Decimal) -> str:
    """With two decimals, or as many as there are."""
    return f"{amount:f}" if amount % Decimal("0.01") else f"{amount:.2f}"


@get(
    APPLICATION + "/export_customer_sessions",
    operation_id="exportCustomerSessions",
    tags=["Analytics"],
    dependencies=ASKED,
    **csv_files.EXPORT,
)
async def export_customer_sessions(
    application_id: int,
    asked: Asked,
    created_before: Before = None,
    created_after: After = None,
    updated_before: Annotated[str | None, Parameter(query="updatedBefore")] = None,
    updated_after: Annotated[str | None, Parameter(query="updatedAfter")] = None,
    profile_integration_id: Annotated[str | None, Parameter(query="profileIntegrationId")] = None,
    customer_session_state: Annotated[SessionState | None, Parameter(query="customerSessionState")] = None,
) -> Stream:
    wanted = {
        **_period(created_before, created_after),
        "updatedBefore": moment("updatedBefore", updated_before),
        "updatedAfter": moment("updatedAfter", updated_after),
        "profileIntegrationId": profile_integration_id,
        "customerSessionState": customer_session_state,
    }
    kind = Kind("CustomerSession", SESSIONS, exports.SESSIONS, _session)
    return await _answer(asked, kind, "customer_sessions", wanted)


@get("/v1/exports", operation_id="getExports", tags=["Logs"])
async def get_exports(
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    application_id: Annotated[int | None, Parameter(query="applicationId")] = None,
    campaign_id: CampaignId = None,
    entity: Entity | None = None,
) -> TotalPage[Export]:
    """The newest first; who is limited to Applications sees theirs."""
    wanted = {
        "applicationId": application_id,
        "applicationIds": caller.allowed_application_ids or None,
        "campaignId": campaign_id,
        "entity": entity,
    }
    found, total = await exports.list_exports(conn, caller.account_id, wanted, page(page_size, skip, ""))
    return TotalPage(total_result_size=total, data=found)


handlers: list[Any] = [export_coupons, export_referrals, export_effects, export_customer_sessions, get_exports]
