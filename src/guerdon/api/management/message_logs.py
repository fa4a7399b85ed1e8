"""Messages sent to other systems: the list (management.md §13)."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from litestar import get
from litestar.params import Parameter

from guerdon.api.lists import moment, numbers
from guerdon.db import message_logs
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.message_logs import EntityType, MessageLogEntries

PERIODS = {"15m": 15, "30m": 30, "1h": 60, "4h": 240, "1d": 1440, "2d": 2880}  # minutes
MOST_IDS = 30
ChangeType = Literal[
    "CampaignEvaluationTreeChanged",
    "CampaignNotification",
    "CouponCreated",
    "CouponUpdated",
    "CouponDeleted",
    "AsyncCouponsCreated",
    "CouponsDeleted",
    "CouponsUpdated",
    "CouponCodeExpiring",
]


@get("/v1/message_logs", operation_id="getMessageLogs", tags=["Logs"])
async def get_message_logs(
    caller: Caller,
    conn: Connection,
    now: datetime,
    entity_type: Annotated[EntityType, Parameter(query="entityType")],
    message_id: Annotated[str | None, Parameter(query="messageID")] = None,
    change_type: Annotated[ChangeType | None, Parameter(query="changeType")] = None,
    notification_ids: Annotated[str | None, Parameter(query="notificationIDs")] = None,
    webhook_ids: Annotated[str | None, Parameter(query="webhookIDs")] = None,
    created_before: Annotated[str | None, Parameter(query="createdBefore")] = None,
    created_after: Annotated[str | None, Parameter(query="createdAfter")] = None,
    cursor: str | None = None,
    period: Literal["15m", "30m", "1h", "4h", "1d", "2d"] | None = None,
    is_successful: Annotated[bool | None, Parameter(query="isSuccessful")] = None,
    application_id: Annotated[int | None, Parameter(query="applicationId")] = None,
    campaign_id: Annotated[int | None, Parameter(query="campaignId")] = None,
    loyalty_program_id: Annotated[int | None, Parameter(query="loyaltyProgramId")] = None,
    response_code: Annotated[int | None, Parameter(query="responseCode")] = None,
) -> MessageLogEntries:
    """`period` counts back from now and goes before `createdAfter`."""
    since = now - timedelta(minutes=PERIODS[period]) if period else moment("createdAfter", created_after)
    wanted: dict[str, Any] = {
        "messageID": message_id,
        "changeType": change_type,
        "notificationIDs": _ids("notificationIDs", notification_ids),
        "webhookIDs": _ids("webhookIDs", webhook_ids),
        "createdBefore": moment("createdBefore", created_before),
        "createdAfter": since,
        "successful": is_successful,
        "applicationId": application_id,
        "campaignId": campaign_id,
        "loyaltyProgramId": loyalty_program_id,
        "responseCode": response_code,
    }
    return await message_logs.list_messages(conn, caller.account_id, entity_type, wanted, cursor)


def _ids(parameter: str, text: str | None) -> list[int] | None:
    found = numbers(parameter, text)
    if found and len(found) > MOST_IDS:
        problem = Problem.in_query(parameter, "maxItems", f"{parameter} must be at most {MOST_IDS} ids")
        raise Invalid(errors=[problem])
    return found


handlers: list[Any] = [get_message_logs]
