"""Referrals from a CSV file (management.md §15). Advocates that are not known stay names: nobody becomes a customer."""

from datetime import datetime
from typing import Any

from litestar import post

from guerdon.api import checks, csv_files
from guerdon.db import applications, attributes, campaigns, codes, imports, referrals
from guerdon.db.coupons import without_nulls
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.db.referrals import Imported
from guerdon.engine.attributes import Definitions
from guerdon.engine.codes import fold
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import decode, moment
from guerdon.wire.imports import Import

COLUMNS = ("code", "advocateprofileintegrationid")
OPTIONAL = ("startdate", "expirydate", "limitval", "attributes")
SHORTEST_CODE, LONGEST_ID, MOST_USES = 4, 1000, 999_999


class Reader:
    """Makes referrals of the rows of a file, and notes what is wrong with them."""

    def __init__(self, text: str, case_sensitivity: str, definitions: Definitions) -> None:
        self.rows = csv_files.Rows(text, COLUMNS, OPTIONAL)
        self.case_sensitivity = case_sensitivity
        self.definitions = definitions

    def read(self) -> dict[str, Imported]:
        """The referrals by their folded codes, in the order of the file. Raises Invalid."""
        found: dict[str, Imported] = {}
        for code, advocate, start, expiry, limit, values in self.rows:
            value = fold(code, self.case_sensitivity)
            if not SHORTEST_CODE <= len(value) <= codes.LONGEST_CODE:
                self.rows.problem("maxLength", f"A code has {SHORTEST_CODE} to {codes.LONGEST_CODE} characters")
            if value in found:
                self.rows.problem("uniqueItems", "The code is in the file already")
            if not 1 <= len(advocate) <= LONGEST_ID:
                self.rows.problem("maxLength", f"advocateprofileintegrationid has 1 to {LONGEST_ID} characters")
            start_date, expiry_date = self._moment("startdate", start), self._moment("expirydate", expiry)
            if start_date and expiry_date and expiry_date <= start_date:
                self.rows.problem("Invalid value", "expirydate must be later than the start")
            found[value] = Imported(
                line=self.rows.line,
                value=value,
                advocate=advocate,
                usage_limit=self._limit(limit.strip()),
                start_date=start_date,
                expiry_date=expiry_date,
                attributes=self._attributes(values),
            )
        self.rows.refuse()
        return found

    def _moment(self, column: str, text: str) -> datetime | None:
        try:
            return moment(text.strip()) if text.strip() else None
        except ValueError as error:
            self.rows.problem("Invalid type", f"The {column} is wrong: {error}")
            return None

    def _limit(self, text: str) -> int:
        """Once where the file does not say; 0 is no limit."""
        if not text:
            return 1
        if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_USES)):
            return int(text)
        self.rows.problem("Invalid value", f"limitval is a whole number from 0 to {MOST_USES}")
        return 0

    def _attributes(self, text: str) -> dict[str, Any]:
        if not text.strip():
            return {}
        try:
            values: dict[str, Any] = decode(text.encode(), dict[str, Any])
        except Invalid:
            self.rows.problem("Invalid type", "The attributes must be a JSON object")
            return {}
        for problem in checks.attributes(values, "Referral", self.definitions):
            self.rows.problem(problem.title, problem.details or "")
        return without_nulls(values)


@post(
    "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/import_referrals",
    operation_id="importReferrals",
    tags=["Referrals"],
    status_code=200,
    **csv_files.IMPORT,
)
async def import_referrals(
    application_id: int, campaign_id: int, file: str, caller: Caller, conn: Connection, now: datetime
) -> Import:
    """All of the file or nothing of it."""
    application = await applications.get_application(conn, caller.account_id, application_id)
    await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
    definitions = await attributes.definitions(conn, caller.account_id, application_id)
    reader = Reader(file, str(application.case_sensitivity), definitions)
    found: dict[str, Imported] = await csv_files.in_thread(reader.read)
    taken = await codes.find_taken(conn, application_id, codes.REFERRALS, list(found))
    problems = [
        Problem.in_file(one.line, "uniqueItems", "The Application has a referral with this code already")
        for one in found.values()
        if one.value in taken
    ]
    checks.refuse(problems[: csv_files.MOST_PROBLEMS])
    noted = await imports.add_import(conn, (caller.account_id, caller.user_id), "Referral", len(found), now)
    batch_id = codes.new_batch_id()
    await referrals.import_referrals(conn, (application_id, campaign_id), found.values(), noted.id, batch_id, now)
    return noted


handlers: list[Any] = [import_referrals]
