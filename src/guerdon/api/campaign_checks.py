"""Whether a campaign can be as a request wants it, its rules apart (management.md §5)."""

from guerdon.api import checks
from guerdon.db import applications, attributes
from guerdon.db.pool import Connection
from guerdon.errors import Problem
from guerdon.wire.applications import Application
from guerdon.wire.campaigns import NewCampaign, UpdateCampaign

MOST_STORES = 50


async def problems(conn: Connection, application: Application, data: NewCampaign | UpdateCampaign) -> list[Problem]:
    """Everything that is wrong with a campaign of the Application."""
    definitions = await attributes.definitions(conn, application.account_id, application.id)
    found = checks.limits(data.limits)
    found += checks.period(data.start_time, data.end_time, "endTime")
    found += checks.attributes(data.attributes, "Campaign", definitions)
    found += checks.attributes(data.coupon_attributes, "Coupon", definitions, "/couponAttributes")
    found += checks.mandatory(data.attributes, applications.mandatory(application, "campaigns"))
    if data.linked_store_ids and len(data.linked_store_ids) > MOST_STORES:
        found.append(Problem.at("/linkedStoreIds", "maxItems", f"Expected `array` of length <= {MOST_STORES}"))
    return found
