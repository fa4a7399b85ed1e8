"""Searches for coupons by attributes, of a campaign or of all of an Application, of all generations (management.md §6).

Each takes fewer filters than the lists of coupons do: those that the contract declares for it.
"""

from datetime import datetime
from typing import Annotated, Any

from litestar import post
from litestar.di import Provide
from litestar.params import Parameter
from msgspec import Struct, structs

from guerdon.api import checks, coupon_requests, lists
from guerdon.api.lists import CampaignState, Flag, PageSize, Skip, Sort, Valid
from guerdon.db import applications, attributes, coupons
from guerdon.db.keys import Caller
from guerdon.db.paging import Page
from guerdon.db.pool import Connection
from guerdon.wire.base import MorePage, TotalPage
from guerdon.wire.coupon_jobs import CouponSearch
from guerdon.wire.coupons import Coupon

APPLICATION = "/v1/applications/{application_id:int}"
CAMPAIGN = APPLICATION + "/campaigns/{campaign_id:int}"


async def filters(
    now: datetime,
    value: Annotated[str | None, Parameter(query="value", min_length=1)] = None,
    created_before: Annotated[str | None, Parameter(query="createdBefore")] = None,
    created_after: Annotated[str | None, Parameter(query="createdAfter")] = None,
    valid: Valid | None = None,
    usable: Flag | None = None,
    referral_id: Annotated[int | None, Parameter(query="referralId")] = None,
    recipient_integration_id: Annotated[str | None, Parameter(query="recipientIntegrationId")] = None,
    batch_id: Annotated[str | None, Parameter(query="batchId")] = None,
    exact_match: Annotated[bool, Parameter(query="exactMatch")] = False,
) -> dict[str, Any]:
    """The query parameters of searches."""
    return await coupon_requests.filters(
        now,
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


async def wanted_page(page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = "") -> Page:
    """The query parameters that say which page."""
    return lists.page(page_size, skip, sort)


class Search(Struct, frozen=True):
    """What a search is about: a campaign of an Application or, without one, all of them; and its filters."""

    account_id: int
    application_id: int
    campaign_id: int | None
    wanted: dict[str, Any]

    async def having(self, conn: Connection, asked: dict[str, Any], pointer: str = "") -> "Search":
        """For coupons with just these values of attributes, which stand at `pointer`. Raises Invalid."""
        definitions = await attributes.definitions(conn, self.account_id, self.application_id)
        checks.refuse(checks.attributes(asked, "Coupon", definitions, pointer))
        return structs.replace(self, wanted=self.wanted | coupons.attribute_filter(asked))

    async def some(self, conn: Connection, page: Page) -> MorePage[Coupon]:
        """One page, and whether more follow."""
        if self.campaign_id is None:
            found, more = await coupons.list_of_application(conn, self.application_id, self.wanted, page)
        else:
            place = (self.application_id, self.campaign_id)
            found, more = await coupons.list_coupons(conn, place, self.wanted, page)
        return MorePage(has_more=more, data=found)

    async def counted(self, conn: Connection, page: Page) -> TotalPage[Coupon]:
        """One page, and how many match in all."""
        found = await self.some(conn, page)
        if self.campaign_id is None:
            total = await coupons.count_of_application(conn, self.application_id, self.wanted)
        else:
            total = await coupons.count_coupons(conn, (self.application_id, self.campaign_id), self.wanted)
        return TotalPage(total_result_size=total, data=found.data)


async def search_campaign(
    application_id: int, campaign_id: int, caller: Caller, conn: Connection, now: datetime, wanted: dict[str, Any]
) -> Search:
    """A search of the coupons of one campaign. Raises NotFound."""
    await coupon_requests.find_parents(conn, caller, application_id, campaign_id, now)
    return Search(caller.account_id, application_id, campaign_id, wanted)


async def search_application(
    application_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    wanted: dict[str, Any],
    campaign_state: Annotated[CampaignState | None, Parameter(query="campaignState")] = None,
) -> Search:
    """A search of the coupons of all campaigns, or of those in a state. Raises NotFound."""
    await applications.get_application(conn, caller.account_id, application_id)
    if campaign_state is not None:
        ids = await coupons.campaigns_in_state(conn, caller.account_id, application_id, campaign_state, now)
        wanted |= {"campaignIds": ids}
    return Search(caller.account_id, application_id, None, wanted)


SHARED = {"wanted": Provide(filters), "page": Provide(wanted_page)}
OPTIONS: dict[str, Any] = {"tags": ["Coupons"], "status_code": 200}
IN_CAMPAIGN: dict[str, Any] = OPTIONS | {"dependencies": SHARED | {"search": Provide(search_campaign)}}
IN_APPLICATION: dict[str, Any] = OPTIONS | {"dependencies": SHARED | {"search": Provide(search_application)}}


@post(
    CAMPAIGN + "/coupons_search_advanced/no_total",
    operation_id="searchCouponsAdvancedWithoutTotalCount",
    **IN_CAMPAIGN,
)
async def search_coupons_advanced_without_total_count(
    data: dict[str, Any], search: Search, conn: Connection, page: Page
) -> MorePage[Coupon]:
    return await (await search.having(conn, data)).some(conn, page)


@post(CAMPAIGN + "/coupons_search_advanced", operation_id="searchCouponsAdvanced", **IN_CAMPAIGN)
async def search_coupons_advanced(
    data: dict[str, Any], search: Search, conn: Connection, page: Page
) -> TotalPage[Coupon]:
    return await (await search.having(conn, data)).counted(conn, page)


@post(CAMPAIGN + "/coupons_search", operation_id="getCouponsByAttributes", **IN_CAMPAIGN)
async def get_coupons_by_attributes(
    data: CouponSearch, search: Search, conn: Connection, page: Page
) -> TotalPage[Coupon]:
    return await (await search.having(conn, data.attributes, "/attributes")).counted(conn, page)


@post(
    APPLICATION + "/coupons_search_advanced/no_total",
    operation_id="searchCouponsAdvancedApplicationWideWithoutTotalCount",
    **IN_APPLICATION,
)
async def search_coupons_advanced_application_wide_without_total_count(
    data: dict[str, Any], search: Search, conn: Connection, page: Page
) -> MorePage[Coupon]:
    return await (await search.having(conn, data)).some(conn, page)


@post(APPLICATION + "/coupons_search_advanced", operation_id="searchCouponsAdvancedApplicationWide", **IN_APPLICATION)
async def search_coupons_advanced_application_wide(
    data: dict[str, Any], search: Search, conn: Connection, page: Page
) -> TotalPage[Coupon]:
    return await (await search.having(conn, data)).counted(conn, page)


@post(APPLICATION + "/coupons_search", operation_id="getCouponsByAttributesApplicationWide", **IN_APPLICATION)
async def get_coupons_by_attributes_application_wide(
    data: CouponSearch, search: Search, conn: Connection, page: Page
) -> TotalPage[Coupon]:
    return await (await search.having(conn, data.attributes, "/attributes")).counted(conn, page)


handlers: list[Any] = [
    search_coupons_advanced_without_total_count,
    search_coupons_advanced,
    get_coupons_by_attributes,
    search_coupons_advanced_application_wide_without_total_count,
    search_coupons_advanced_application_wide,
    get_coupons_by_attributes_application_wide,
]
