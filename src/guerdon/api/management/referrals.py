"""Referrals: list, update, delete, one by one and in batches (management.md §7). Shops make them, or rules do."""

from datetime import datetime
from typing import Annotated, Any

from litestar import delete, get, put
from litestar.di import Provide
from litestar.params import Parameter
from msgspec import UNSET, UnsetType

from guerdon.api import checks
from guerdon.api.lists import Flag, PageSize, Skip, Sort, Valid, flag, moment, page
from guerdon.db import applications, attributes, campaigns, referrals
from guerdon.db.coupons import value_filter
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.codes import fold
from guerdon.errors import Problem
from guerdon.wire.base import MorePage, TotalPage
from guerdon.wire.referrals import Referral, UpdateReferral, UpdateReferralBatch

TAGS = ["Referrals"]
ALL = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/referrals"
ONE = ALL + "/{referral_id:str}"


async def filters(
    now: datetime,
    code: Annotated[str | None, Parameter(query="code", min_length=1)] = None,
    created_before: Annotated[str | None, Parameter(query="createdBefore")] = None,
    created_after: Annotated[str | None, Parameter(query="createdAfter")] = None,
    valid: Valid | None = None,
    usable: Flag | None = None,
    advocate: str | None = None,
) -> dict[str, Any]:
    """The query parameters that say which referrals of a campaign are meant."""
    wanted: dict[str, Any] = {
        "createdBefore": moment("createdBefore", created_before),
        "createdAfter": moment("createdAfter", created_after),
        "usable": flag(usable),
        "advocate": advocate,
    }
    if valid is not None:
        wanted[valid] = now
    return wanted if code is None else wanted | value_filter(code, exact=False)


FILTERS = {"wanted": Provide(filters)}


async def _check_campaign(
    conn: Connection, caller: Caller, application_id: int, campaign_id: int, now: datetime
) -> None:
    """Raise NotFound unless the campaign is there and the caller's."""
    await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)


async def _attribute_problems(
    conn: Connection, caller: Caller, application_id: int, values: dict[str, Any] | UnsetType
) -> list[Problem]:
    """Of the attributes in a request; when it leaves them out, nothing changes and nothing is wrong."""
    if values is UNSET:
        return []
    definitions = await attributes.definitions(conn, caller.account_id, application_id)
    return checks.attributes(values, "Referral", definitions)


@get(ALL, operation_id="getReferrals", tags=TAGS, dependencies=FILTERS)
async def get_referrals(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> TotalPage[Referral]:
    await _check_campaign(conn, caller, application_id, campaign_id, now)
    place = (application_id, campaign_id)
    found, _ = await referrals.list_referrals(conn, place, wanted, page(page_size, skip, sort))
    return TotalPage(total_result_size=await referrals.count_referrals(conn, place, wanted), data=found)


@get(ALL + "/no_total", operation_id="getReferralsWithoutTotalCount", tags=TAGS, dependencies=FILTERS)
async def get_referrals_without_total_count(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    wanted: dict[str, Any],
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
) -> MorePage[Referral]:
    await _check_campaign(conn, caller, application_id, campaign_id, now)
    place, wanted_page = (application_id, campaign_id), page(page_size, skip, sort)
    found, more = await referrals.list_referrals(conn, place, wanted, wanted_page)
    return MorePage(has_more=more, data=found)


@put(ALL, operation_id="updateReferralBatch", tags=TAGS, status_code=204)
async def update_referral_batch(
    application_id: int, campaign_id: int, data: UpdateReferralBatch, caller: Caller, conn: Connection, now: datetime
) -> None:
    """Everything that the batch has in common; what is left out keeps its value."""
    await _check_campaign(conn, caller, application_id, campaign_id, now)
    problems = checks.period(data.start_date, data.expiry_date, "expiryDate")
    checks.refuse(problems + await _attribute_problems(conn, caller, application_id, data.attributes))
    await referrals.change_batch(conn, campaign_id, data)


async def _referral(
    conn: Connection, caller: Caller, parents: tuple[int, int], referral_id: str, now: datetime
) -> Referral:
    """The referral of `parents` = (Application id, campaign id), by its id or its code. Raises NotFound."""
    application_id, campaign_id = parents
    application = await applications.get_application(conn, caller.account_id, application_id)
    await _check_campaign(conn, caller, application_id, campaign_id, now)
    code = fold(referral_id, str(application.case_sensitivity))
    return await referrals.get_referral(conn, campaign_id, referral_id, code)


@put(ONE, operation_id="updateReferral", tags=TAGS)
async def update_referral(
    application_id: int,
    campaign_id: int,
    referral_id: str,
    data: UpdateReferral,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> Referral:
    """What is left out keeps its value; an empty friend takes the friend away."""
    old = await _referral(conn, caller, (application_id, campaign_id), referral_id, now)
    problems = checks.period(data.start_date or old.start_date, data.expiry_date or old.expiry_date, "expiryDate")
    checks.refuse(problems + await _attribute_problems(conn, caller, application_id, data.attributes))
    return await referrals.change_referral(conn, campaign_id, old.id, data)


@delete(ONE, operation_id="deleteReferral", tags=TAGS)
async def delete_referral(
    application_id: int, campaign_id: int, referral_id: str, caller: Caller, conn: Connection, now: datetime
) -> None:
    referral = await _referral(conn, caller, (application_id, campaign_id), referral_id, now)
    await referrals.remove_referral(conn, campaign_id, referral.id)


handlers = [
    get_referrals,
    get_referrals_without_total_count,
    update_referral_batch,
    update_referral,
    delete_referral,
]
