"""Referrals from a CSV file (management.md §15). Advocates that are not known stay names: nobody becomes a customer."""

from datetime import datetime
from typing import Any

from litestar import post

from guerdon.api import code_files, csv_files
from guerdon.api.code_files import Noun, Reader, Settings
from guerdon.db import applications, attributes, campaigns, code_imports
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.wire.imports import Import

NOUN = Noun(code_imports.REFERRALS, "code", "advocateprofileintegrationid", shortest=4, needs_holder=True)


@post(
    "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/import_referrals",
    operation_id="importReferrals",
    tags=["Referrals"],
    status_code=200,
    **csv_files.IMPORT_OF_CODES,
)
async def import_referrals(
    application_id: int, campaign_id: int, file: csv_files.File, caller: Caller, conn: Connection, now: datetime
) -> Import:
    """All of the file or nothing of it."""
    application = await applications.get_application(conn, caller.account_id, application_id)
    await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
    definitions = await attributes.definitions(conn, caller.account_id, application_id)
    reader = Reader(file, NOUN, Settings(str(application.case_sensitivity), definitions))
    place = (application_id, campaign_id)
    return await code_files.take_in(conn, reader, (caller.account_id, caller.user_id), place, now)


handlers: list[Any] = [import_referrals]
