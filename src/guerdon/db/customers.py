"""Customers as the back office lists and searches them (management.md §17): those of an environment, and those of an
Application, who have a session, an event or an update there. profiles.py writes them, and so does what shops send.
"""

from typing import Any

from msgspec import UNSET

from guerdon.db import coupons
from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row, first
from guerdon.db.profiles import profile_of, values_of
from guerdon.wire.customers import ApplicationCustomer, CustomerProfile, CustomerProfileSearchQuery

FILTERS = {
    "integrationId": "integration_id = ?",
    "integrationIDs": "integration_id = ANY (?::text[])",
    "profileIDs": "id = ANY (?::bigint[])",
    **{name: coupons.LIST.filters[name] for name in ("attributes", "sameAttributes")},
}
# $1 account, $2 sandbox.
OF_ENVIRONMENT = Listing(
    select="SELECT * FROM profiles WHERE account_id = $1 AND sandbox = $2",
    filters=FILTERS
    | {
        "applicationIds": """EXISTS (
            SELECT FROM application_customers c WHERE c.profile_id = profiles.id AND c.application_id = ANY (?))"""
    },
    sorts={},
)
SELECT = """
SELECT * FROM profiles WHERE account_id = $1 AND id = $2 AND ($3::bigint[] IS NULL OR EXISTS (
    SELECT FROM application_customers c WHERE c.profile_id = profiles.id AND c.application_id = ANY ($3)))
"""

# $1 account, $2 Application. The advocate is the one whose referral the customer redeemed last.
CUSTOMERS = """
SELECT * FROM (
    SELECT p.*, (
        SELECT r.advocate_integration_id FROM referral_redemptions d JOIN referrals r ON r.id = d.referral_id
        WHERE d.profile_id = p.id AND d.application_id = $2 AND d.rolled_back_at IS NULL
        ORDER BY d.redeemed_at DESC LIMIT 1) AS advocate_integration_id
    FROM application_customers c
    JOIN applications a ON a.id = c.application_id
    JOIN profiles p ON p.id = c.profile_id AND p.account_id = a.account_id AND p.sandbox = a.sandbox
    WHERE a.account_id = $1 AND c.application_id = $2) AS customer
WHERE true
"""
OF_APPLICATION = Listing(select=CUSTOMERS, filters=FILTERS, sorts={})
SELECT_OF_APPLICATION = CUSTOMERS + " AND id = $3"


def _customer(row: Row) -> ApplicationCustomer:
    values = values_of(row)
    values["advocate_integration_id"] = row["advocate_integration_id"] or UNSET
    return ApplicationCustomer(**values)


def wanted(query: CustomerProfileSearchQuery) -> dict[str, Any]:
    """What is looked for, all of which must hold; nothing at all finds everybody. An attribute that is null is one that
    the customer does not have."""
    return {
        "integrationIDs": None if query.integration_ids is UNSET else query.integration_ids,
        "profileIDs": None if query.profile_ids is UNSET else query.profile_ids,
        **coupons.attribute_filter(query.attributes or {}),
    }


async def get_profile(
    conn: Connection, account_id: int, profile_id: int, application_ids: list[int] | None
) -> CustomerProfile:
    """The customer of either environment with this internal id, if one of these Applications has them (None: any);
    raises NotFound."""
    row = await conn.fetchrow(SELECT, account_id, profile_id, application_ids)
    return profile_of(first(row, "Customer profile"))


async def list_profiles(
    conn: Connection, account_id: int, filters: dict[str, Any], page: Page, *, sandbox: bool
) -> tuple[list[CustomerProfile], bool]:
    """One page of the customers of an environment and whether more follow."""
    rows, more = await OF_ENVIRONMENT.fetch(conn, [account_id, sandbox], filters, page)
    return [profile_of(row) for row in rows], more


async def get_customer(conn: Connection, account_id: int, application_id: int, profile_id: int) -> ApplicationCustomer:
    """The customer of the Application with this internal id; raises NotFound."""
    row = await conn.fetchrow(SELECT_OF_APPLICATION, account_id, application_id, profile_id)
    return _customer(first(row, "Customer profile"))


async def list_customers(
    conn: Connection, application: tuple[int, int], filters: dict[str, Any], page: Page, *, total: bool
) -> tuple[list[ApplicationCustomer], bool, int | None]:
    """One page of the customers of `application` = (account id, Application id), whether more follow and, if asked
    for, how many match."""
    rows, more = await OF_APPLICATION.fetch(conn, application, filters, page)
    count = await OF_APPLICATION.count(conn, application, filters) if total else None
    return [_customer(row) for row in rows], more, count
