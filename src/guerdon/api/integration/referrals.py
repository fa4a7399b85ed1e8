"""Referrals that a shop makes for its customers (core.md §7). Budgets of the campaign are not looked at."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Response, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from msgspec import UNSET, UnsetType

from guerdon.api import checks
from guerdon.api.auth import require_live
from guerdon.api.responses import created, no_content
from guerdon.db import applications, attributes, campaigns, codes, profiles, referrals
from guerdon.db.codes import Wanted
from guerdon.db.coupons import without_nulls
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.wire.base import TotalPage
from guerdon.wire.campaigns import Campaign
from guerdon.wire.referrals import NewReferral, NewReferralsForMultipleAdvocates, Referral

TAGS = ["Referrals"]
Silent = Annotated[Literal["yes", "no"], Parameter(query="silent")]
New = NewReferral | NewReferralsForMultipleAdvocates


async def _campaign(conn: Connection, key: IntegrationKey, campaign_id: int, now: datetime) -> Campaign:
    """The campaign that the body names; one that is not of the key's Application is an error of the body."""
    try:
        return await campaigns.get_campaign(conn, key.account_id, key.application_id, campaign_id, now)
    except NotFound:
        details = f"The Application has no campaign {campaign_id}"
        raise Invalid(errors=[Problem.at("/campaignId", "Unknown", details)]) from None


async def _check(conn: Connection, key: IntegrationKey, data: New) -> None:
    definitions = await attributes.definitions(conn, key.account_id, key.application_id)
    problems = checks.period(data.start_date, data.expiry_date, "expiryDate")
    checks.refuse(problems + checks.attributes(data.attributes, "Referral", definitions))


def _batch(data: New, friend: str | UnsetType, batch_id: str | None) -> referrals.Batch:
    return referrals.Batch(
        friend_integration_id=friend or None,
        usage_limit=0 if data.usage_limit is UNSET else data.usage_limit,
        start_date=None if data.start_date is UNSET else data.start_date,
        expiry_date=None if data.expiry_date is UNSET else data.expiry_date,
        attributes={} if data.attributes is UNSET else without_nulls(data.attributes),
        batch_id=batch_id,
    )


async def _create(
    conn: Connection,
    key: IntegrationKey,
    data: New,
    wanted: Wanted,
    advocates: list[str],
    batch: referrals.Batch,
    now: datetime,
) -> list[Referral]:
    """A referral for each advocate; those that are not known yet become customers, as in a session."""
    campaign = await _campaign(conn, key, data.campaign_id, now)
    await _check(conn, key, data)
    application = await applications.get_application(conn, key.account_id, key.application_id)
    case_sensitivity = str(application.case_sensitivity)
    pattern = codes.code_pattern(codes.REFERRALS, wanted, campaign.referral_settings, case_sensitivity)
    drawn = await codes.draw_codes(conn, application.id, codes.REFERRALS, pattern, len(advocates))
    await profiles.add_missing(conn, application.id, advocates, now)
    return await referrals.add_referrals(conn, (application.id, campaign.id), drawn, advocates, batch, now)


@post("/v1/referrals", operation_id="createReferral", tags=TAGS)
async def create_referral(data: NewReferral, key: IntegrationKey, conn: Connection, now: datetime) -> Referral:
    require_live(key)
    batch = _batch(data, data.friend_profile_integration_id, None)
    wanted = Wanted(UNSET, UNSET, "/campaignId")
    made = await _create(conn, key, data, wanted, [data.advocate_profile_integration_id], batch, now)
    return made[0]


@post(
    "/v1/referrals_for_multiple_advocates",
    operation_id="createReferralsForMultipleAdvocates",
    tags=TAGS,
    responses={204: ResponseSpec(None, description="Done; the answer to silent=yes")},
)
async def create_referrals_for_multiple_advocates(
    data: NewReferralsForMultipleAdvocates,
    key: IntegrationKey,
    conn: Connection,
    now: datetime,
    silent: Silent = "yes",
) -> Response[TotalPage[Referral]]:
    """One code for each advocate. 204 without a body, unless `silent=no`."""
    require_live(key)
    batch = _batch(data, UNSET, codes.new_batch_id())
    pointer = "/referralPattern" if data.referral_pattern else "/campaignId"
    wanted = Wanted(data.referral_pattern, data.valid_characters, pointer)
    made = await _create(conn, key, data, wanted, data.advocate_profile_integration_ids, batch, now)
    return no_content() if silent == "yes" else created(TotalPage(total_result_size=len(made), data=made))


handlers: list[Any] = [create_referral, create_referrals_for_multiple_advocates]
