"""What requests about coupons have in common: the filters of lists, and the checks of what is to be written."""

from datetime import datetime
from typing import Annotated, Any

from litestar.di import Provide
from litestar.params import Parameter
from msgspec import UNSET, UnsetType

from guerdon.api import checks
from guerdon.api.lists import Flag, Valid, flag, moment
from guerdon.db import applications, attributes, campaigns, coupons
from guerdon.db.codes import new_batch_id
from guerdon.db.coupons import Batch
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.applications import Application
from guerdon.wire.campaigns import Campaign
from guerdon.wire.coupon_jobs import NewCouponCreationJob
from guerdon.wire.coupons import NewCoupons, NewCouponsForMultipleRecipients, UpdateCoupon, UpdateCouponBatch
from guerdon.wire.limits import LimitConfig

Constraints = NewCoupons | NewCouponsForMultipleRecipients | NewCouponCreationJob


async def filters(  # house: it declares query parameters
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


async def find_parents(
    conn: Connection, caller: Caller, application_id: int, campaign_id: int, now: datetime
) -> tuple[Application, Campaign]:
    """The Application and its campaign. Raises NotFound unless both are there and the caller's."""
    application = await applications.get_application(conn, caller.account_id, application_id)
    return application, await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)


def constraint_problems(data: Constraints | UpdateCouponBatch | UpdateCoupon) -> list[Problem]:
    """A coupon expires after it starts, and its discount limit is not negative."""
    problems = checks.period(data.start_date, data.expiry_date, "expiryDate")
    if data.discount_limit is not UNSET and data.discount_limit < 0:
        problems.append(Problem.at("/discountLimit", "minimum", "Expected `number` >= 0"))
    return problems


async def attribute_problems(
    conn: Connection, account_id: int, application: Application, values: dict[str, Any] | UnsetType
) -> list[Problem]:
    """Of the attributes in a request; when it leaves them out, nothing changes and nothing is wrong."""
    if values is UNSET:
        return []
    definitions = await attributes.definitions(conn, account_id, application.id)
    names = applications.mandatory(application, "coupons")
    return checks.attributes(values, "Coupon", definitions) + checks.mandatory(values, names)


def attributes_of_new(campaign: Campaign, given: dict[str, Any] | UnsetType) -> dict[str, Any]:
    """The attributes of a new coupon: those of the campaign's coupons, and over them what the request gives."""
    defaults = {} if campaign.coupon_attributes is UNSET else campaign.coupon_attributes
    return coupons.without_nulls({**defaults, **({} if given is UNSET else given)})


def batch(
    data: Constraints,
    values: dict[str, Any],
    *,
    limits: list[LimitConfig] | UnsetType = UNSET,
    is_reservation_mandatory: bool | UnsetType = UNSET,
    implicitly_reserved: bool | UnsetType = UNSET,
) -> Batch:
    """What the new coupons of a request share, attributes of these `values` among it; with a batch id of its own."""
    return Batch(
        usage_limit=data.usage_limit,
        discount_limit=None if data.discount_limit is UNSET else data.discount_limit,
        reservation_limit=None if data.reservation_limit is UNSET else data.reservation_limit,
        start_date=data.start_date or None,
        expiry_date=data.expiry_date or None,
        limits=limits or [],
        attributes=values,
        is_reservation_mandatory=is_reservation_mandatory is True,
        implicitly_reserved=implicitly_reserved is True,
        batch_id=new_batch_id(),
    )
