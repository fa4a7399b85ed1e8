"""Coupons from a CSV file (management.md §15)."""

from datetime import datetime
from typing import Annotated, Any

from litestar import post
from litestar.params import Parameter

from guerdon.api import code_files, csv_files
from guerdon.api.code_files import Noun, Reader, Settings
from guerdon.api.coupon_requests import attributes_of_new, find_parents
from guerdon.db import applications, attributes, code_imports
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.wire.imports import Import

NOUN = Noun(code_imports.COUPONS, "value", "recipientintegrationid", shortest=3, needs_holder=False)


@post(
    "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/import_coupons",
    operation_id="importCoupons",
    tags=["Coupons"],
    status_code=200,
    **csv_files.IMPORT_OF_CODES,
)
async def import_coupons(
    application_id: int,
    campaign_id: int,
    file: csv_files.File,
    caller: Caller,
    conn: Connection,
    now: datetime,
    skip_duplicates: Annotated[bool, Parameter(query="skipDuplicates")] = False,
) -> Import:
    """All of the file or nothing of it; with `skipDuplicates`, all but what is there already."""
    application, campaign = await find_parents(conn, caller, application_id, campaign_id, now)
    settings = Settings(
        str(application.case_sensitivity),
        await attributes.definitions(conn, caller.account_id, application_id),
        applications.mandatory(application, "coupons"),
        attributes_of_new(campaign, {}),
    )
    reader = Reader(file, NOUN, settings)
    whose, place = (caller.account_id, caller.user_id), (application_id, campaign_id)
    return await code_files.take_in(conn, reader, whose, place, now, skip_duplicates=skip_duplicates)


handlers: list[Any] = [import_coupons]
