"""Reserving coupons for customers (core.md §6.6). The reservation limit of the coupon is for rules; here it is not
looked at."""

from datetime import datetime
from typing import Any

from litestar import delete, get, post

from guerdon.api.auth import require_live
from guerdon.db import applications, profiles, reservations
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.codes import fold
from guerdon.errors import Invalid
from guerdon.wire.base import TotalPage
from guerdon.wire.coupons import Coupon, CouponReservations
from guerdon.wire.customers import CustomerProfile

TAGS = ["Coupons"]
ONE = "/v1/coupon_reservations/{coupon_value:str}"
CUSTOMERS = "/v1/coupon_reservations/customerprofiles/{coupon_value:str}"


async def _code(conn: Connection, key: IntegrationKey, coupon_value: str) -> str:
    """The code as the Application stores it. Raises Unauthorized for a test key, which can reserve nothing."""
    require_live(key)
    application = await applications.get_application(conn, key.account_id, key.application_id)
    return fold(coupon_value, str(application.case_sensitivity))


@post(ONE, operation_id="createCouponReservation", tags=TAGS)
async def create_coupon_reservation(
    coupon_value: str, data: CouponReservations, key: IntegrationKey, conn: Connection, now: datetime
) -> Coupon:
    """Customers that are not known yet come to be. Reserving again changes nothing."""
    code = await _code(conn, key, coupon_value)
    customers = sorted(set(data.integration_ids))
    await profiles.add_missing(conn, key.application_id, customers, now)
    profile_ids = await profiles.raise_versions(conn, key.application_id, customers)
    coupon = await reservations.lock_coupon(conn, key.application_id, code)
    if not coupon.reservation:
        raise Invalid("A personal coupon cannot be reserved")
    return await reservations.add_reservations(conn, key.application_id, coupon.id, profile_ids, now)


@delete(ONE, operation_id="deleteCouponReservation", tags=TAGS)
async def delete_coupon_reservation(
    coupon_value: str, data: CouponReservations, key: IntegrationKey, conn: Connection
) -> None:
    """Customers that have no reservation, or are not known, are passed over."""
    code = await _code(conn, key, coupon_value)
    profile_ids = await profiles.raise_versions(conn, key.application_id, sorted(set(data.integration_ids)))
    coupon = await reservations.lock_coupon(conn, key.application_id, code)
    await reservations.remove_reservations(conn, key.application_id, coupon.id, profile_ids)


@get("/v1/coupon_reservations/customerprofiles/{coupon_value:str}", operation_id="getReservedCustomers", tags=TAGS)
async def get_reserved_customers(
    coupon_value: str, key: IntegrationKey, conn: Connection
) -> TotalPage[CustomerProfile]:
    """Everyone who has the coupon reserved by name, whether that is mandatory or not."""
    code = await _code(conn, key, coupon_value)
    coupon = await reservations.find_coupon(conn, key.application_id, code)
    found = await reservations.list_customers(conn, key.application_id, coupon.id)
    return TotalPage(total_result_size=len(found), data=found)


handlers: list[Any] = [create_coupon_reservation, delete_coupon_reservation, get_reserved_customers]
