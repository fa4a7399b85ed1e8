"""Campaigns that run now, as shops see them (core.md §10: enabled, and inside their dates)."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row
from guerdon.wire.base import decoder
from guerdon.wire.integration_campaigns import IntegrationCampaign, RuleMetadata

# $1 Application, $2 now. Stores that came from a file may be any number; they are not shown, as everywhere.
LIST = Listing(
    select="""
SELECT * FROM (
    SELECT c.id, c.application_id, c.name, c.description, c.start_time, c.end_time, c.attributes, c.tags, c.features,
        c.linked_store_ids, c.stores_imported, coalesce(r.rules, '[]') AS rules
    FROM campaigns c LEFT JOIN rulesets r ON r.id = c.active_ruleset_id AND r.campaign_id = c.id
    WHERE c.application_id = $1 AND c.state = 'enabled'
        AND coalesce(c.start_time <= $2, true) AND coalesce(c.end_time > $2, true)) AS campaign
WHERE true
""",
    filters={
        "campaignIds": "id = ANY (?::bigint[])",
        "startAfter": "start_time > ?",
        "startBefore": "start_time < ?",
        "endAfter": "end_time > ?",
        "endBefore": "end_time < ?",
        "storeId": "linked_store_ids @> ARRAY[?::bigint]",
        "audienceId": "?::bigint IS NULL",  # no campaign is linked to an audience yet
    },
    sorts={},
)
SHOWN_TO_SHOPS = ("coupons", "referrals", "loyalty", "giveaways", "strikethrough", "achievements")


async def list_running(
    conn: Connection, application_id: int, wanted: dict[str, Any], page: Page, now: datetime
) -> tuple[list[IntegrationCampaign], bool]:
    """One page of the running campaigns and whether more follow."""
    rows, more = await LIST.fetch(conn, [application_id, now], wanted, page)
    return [_campaign(row) for row in rows], more


def _campaign(row: Row) -> IntegrationCampaign:
    return IntegrationCampaign(
        id=row["id"],
        application_id=row["application_id"],
        name=row["name"],
        description=row["description"],
        start_time=row["start_time"] or UNSET,
        end_time=row["end_time"] or UNSET,
        attributes=decoder(dict[str, Any]).decode(row["attributes"]),
        tags=row["tags"],
        features=[one for one in row["features"] if one in SHOWN_TO_SHOPS],
        rules=decoder(list[RuleMetadata]).decode(row["rules"]),
        linked_store_ids=UNSET if row["stores_imported"] else row["linked_store_ids"],
    )
