"""Messages that were sent to other systems, and what became of them (management.md §13). Nothing sends any yet."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import rfc3339
from guerdon.wire.message_logs import MessageLogEntries, MessageLogEntry, MessageLogRequest, MessageLogResponse

PAGE_SIZE = 100
LIST = Listing(
    select="""
    SELECT id, application_id, loyalty_program_id, campaign_id, entity_type, service, change_type, notification_id,
        notification_name, webhook_id, webhook_name, url, request, requested, response, response_status, responded,
        created
    FROM message_logs
    WHERE account_id = $1 AND entity_type = $2 AND ($3::timestamptz IS NULL OR (created, id) < ($3, $4::uuid))
    """,
    filters={
        "messageID": "id::text = ?",
        "changeType": "change_type = ?",
        "notificationIDs": "notification_id = ANY (?)",
        "webhookIDs": "webhook_id = ANY (?)",
        "createdBefore": "created <= ?",
        "createdAfter": "created >= ?",
        "successful": "(response_status BETWEEN 200 AND 299) = ?",
        "applicationId": "application_id = ?",
        "campaignId": "campaign_id = ?",
        "loyaltyProgramId": "loyalty_program_id = ?",
        "responseCode": "response_status = ?",
    },
    sorts={},
    order="created DESC, id DESC",
)
AS_THEY_ARE = (
    "service",
    "change_type",
    "notification_id",
    "notification_name",
    "webhook_id",
    "webhook_name",
    "entity_type",
    "url",
    "application_id",
    "loyalty_program_id",
    "campaign_id",
)


async def list_messages(
    conn: Connection, account_id: int, entity_type: str, wanted: Mapping[str, Any], cursor: str | None
) -> MessageLogEntries:
    """The page that follows the one that gave the cursor, newest first. Raises Invalid for a cursor of no page."""
    scope = [account_id, entity_type, *_position(cursor)]
    rows, more = await LIST.fetch(conn, scope, wanted, Page(page_size=PAGE_SIZE))
    return MessageLogEntries(next_cursor=_cursor(rows[-1]) if more else UNSET, data=[_entry(row) for row in rows])


def _cursor(last: Row) -> str:
    return base64.b64encode(f"{rfc3339(last['created'])} {last['id']}".encode()).decode()


def _position(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    if cursor is None:
        return None, None
    try:
        created, _, message_id = base64.b64decode(cursor, validate=True).decode("ascii").partition(" ")
        return datetime.fromisoformat(created), UUID(message_id)
    except (binascii.Error, ValueError):
        problem = Problem.in_query("cursor", "Invalid value", "cursor must be the nextCursor of a page")
        raise Invalid(errors=[problem]) from None


def _entry(row: Row) -> MessageLogEntry:
    given: dict[str, Any] = {name: UNSET if row[name] is None else row[name] for name in AS_THEY_ARE}
    request: Any = UNSET
    if row["request"] is not None:
        request = MessageLogRequest(created_at=row["requested"], request=base64.b64encode(row["request"]).decode())
    response: Any = UNSET
    if row["response_status"] is not None:
        text = base64.b64encode(row["response"] or b"").decode()
        response = MessageLogResponse(created_at=row["responded"], response=text, status=row["response_status"])
    return MessageLogEntry(id=str(row["id"]), created_at=row["created"], request=request, response=response, **given)
