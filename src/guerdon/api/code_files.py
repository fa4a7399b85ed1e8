"""Files of coupons or referrals (management.md §15): read a batch of rows at a time, taken as a whole or not at all."""

from asyncio import gather
from collections.abc import Awaitable, Collection, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from msgspec import Struct

from guerdon.api import checks
from guerdon.api.csv_files import Rows, in_thread
from guerdon.db import code_imports, imports
from guerdon.db.code_imports import ImportedCode, Kind, Target
from guerdon.db.codes import LONGEST_CODE, new_batch_id
from guerdon.db.coupons import without_nulls
from guerdon.db.pool import Connection
from guerdon.engine.attributes import Definitions
from guerdon.engine.codes import fold
from guerdon.errors import Invalid
from guerdon.wire.base import decode, encode_text, moment, number
from guerdon.wire.imports import Import

OPTIONAL = ("limitval", "discountlimit", "startdate", "expirydate", "attributes")
LONGEST_ID, MOST_USES = 1000, 999_999
MOST_ROWS = 2_000_000
AT_ONCE = 10_000
MOST_KEPT = 10_000  # texts of columns of which rows have the same


class Noun(Struct, frozen=True):
    """What a file holds: coupons or referrals; the columns of their codes and of those who have them."""

    kind: Kind
    code: str
    holder: str
    shortest: int
    needs_holder: bool


class Settings(Struct, frozen=True):
    """How an Application takes codes: how it compares them, which attributes it knows, which must be there, and those
    that all have from their campaign."""

    case_sensitivity: str
    definitions: Definitions
    mandatory: Collection[str] = ()
    defaults: dict[str, Any] = {}


class Batch(Struct, frozen=True):
    """Rows of a file and their lines."""

    codes: list[ImportedCode]
    lines: list[int]


class Reader:
    """Makes codes of the rows of a file, and notes what is wrong with them."""

    def __init__(self, file: IO[bytes], noun: Noun, settings: Settings) -> None:
        # In the order of _code's parameters.
        needed = [noun.code, noun.holder] if noun.needs_holder else [noun.code]
        optional = OPTIONAL if noun.needs_holder else (noun.holder, *OPTIONAL)
        self.rows = Rows(file, needed, optional, MOST_ROWS)
        self.noun, self.settings = noun, settings
        self._moments: dict[str, datetime | None] = {"": None}
        self._attributes: dict[str, str] = {}

    def batches(self) -> Iterator[Batch]:
        """The rows in their order. Raises Invalid, at the latest where the file ends."""
        batch = Batch([], [])
        for row in self.rows:
            batch.codes.append(self._code(*row))
            batch.lines.append(self.rows.line)
            if len(batch.codes) == AT_ONCE:
                yield batch
                batch = Batch([], [])
        self.rows.refuse()
        if batch.codes:
            yield batch

    def _code(  # house: the columns of a row
        self, code: str, holder: str, limit: str, discount: str, start: str, expiry: str, attributes: str
    ) -> ImportedCode:
        value = fold(code, self.settings.case_sensitivity)
        if not self.noun.shortest <= len(value) <= LONGEST_CODE:
            self.rows.problem("maxLength", f"A code has {self.noun.shortest} to {LONGEST_CODE} characters")
        if len(holder) > LONGEST_ID or (self.noun.needs_holder and not holder):
            self.rows.problem("maxLength", f"{self.noun.holder} has 1 to {LONGEST_ID} characters")
        if "\0" in code or "\0" in holder:
            self.rows.problem("Invalid value", "The row has a character that cannot be stored")
        start_date, expiry_date = self._moment("startdate", start), self._moment("expirydate", expiry)
        if start_date and expiry_date and expiry_date <= start_date:
            self.rows.problem("Invalid value", "expirydate must be later than the start")
        return ImportedCode(
            value=value,
            holder=holder or None,
            usage_limit=self._limit(limit.strip()),
            discount_limit=self._amount(discount.strip()) if discount else None,
            start_date=start_date,
            expiry_date=expiry_date,
            attributes=self._attributes.get(attributes) or self._read_attributes(attributes),
        )

    def _moment(self, column: str, text: str) -> datetime | None:
        if text in self._moments:
            return self._moments[text]
        try:
            found = moment(text.strip()) if text.strip() else None
        except ValueError as error:
            self.rows.problem("Invalid type", f"The {column} is wrong: {error}")
            return None
        if len(self._moments) < MOST_KEPT:
            self._moments[text] = found
        return found

    def _limit(self, text: str) -> int:
        """Once where the file does not say; 0 is no limit."""
        if not text:
            return 1
        if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_USES)):
            return int(text)
        self.rows.problem("Invalid value", f"limitval is a whole number from 0 to {MOST_USES}")
        return 0

    def _amount(self, text: str) -> Decimal | None:
        if not text:
            return None
        try:
            found = number(Decimal(text))
        except (InvalidOperation, ValueError, TypeError):
            found = Decimal(-1)
        if not text.isascii() or found < 0:
            self.rows.problem("Invalid value", "discountlimit is a number from 0 to 1000000000000000")
        return found

    def _read_attributes(self, text: str) -> str:
        try:
            given: dict[str, Any] = decode(text.encode(), dict[str, Any]) if text.strip() else {}
        except Invalid:
            self.rows.problem("Invalid type", "The attributes must be a JSON object")
            return "{}"
        values = without_nulls(self.settings.defaults | given)
        found = checks.attributes(values, self.noun.kind.entity, self.settings.definitions)
        for problem in found + checks.mandatory(values, self.settings.mandatory):
            self.rows.problem(problem.title, problem.details or "")
        written = encode_text(values)
        if "\\u0000" in written:
            self.rows.problem("Invalid value", "The row has a character that cannot be stored")
        if len(self._attributes) < MOST_KEPT and not self.rows.wrong:
            self._attributes[text] = written
        return written


async def take_in(
    conn: Connection,
    reader: Reader,
    caller: tuple[int, int],
    campaign: tuple[int, int],
    now: datetime,
    *,
    skip_duplicates: bool = False,
) -> Import:
    """Import the file into `campaign` = (Application id, campaign id) for `caller` = (account id, user id). A code that
    is there already is skipped or wrong. Raises Invalid."""
    kind = reader.noun.kind
    noted = await imports.add_import(conn, caller, kind.entity, 0, now)
    target = Target(*campaign, noted.id, new_batch_id(), now)
    batches = reader.batches()
    batch: Batch | None = await in_thread(next, batches, None)
    amount = 0
    while batch is not None:
        # The next one is read while this one is stored.
        added, following = await _both(
            code_imports.add_codes(conn, kind, target, batch.codes), in_thread(next, batches, None)
        )
        amount += len(added)
        if len(added) < len(batch.codes) and not skip_duplicates:
            await _refuse_duplicates(conn, reader, target, batch, added)
        batch = following
    return await imports.set_amount(conn, caller[0], noted.id, amount)


async def _both(first: Awaitable[Any], second: Awaitable[Any]) -> tuple[Any, Any]:
    """Both results, or what one of them raised once both are over: the connection must not be busy then."""
    found = await gather(first, second, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return found[0], found[1]


async def _refuse_duplicates(conn: Connection, reader: Reader, target: Target, batch: Batch, added: set[str]) -> None:
    kind = reader.noun.kind
    others = await code_imports.others_have(conn, kind, target, [code.value for code in batch.codes])
    for code, line in zip(batch.codes, batch.lines, strict=True):
        if code.value in added:
            added.discard(code.value)  # only the first of several is the one that was
        elif code.value in others:
            details = f"The Application has a {kind.entity.lower()} with this code already"
            reader.rows.problem("uniqueItems", details, line)
        else:
            reader.rows.problem("uniqueItems", "The code is in the file already", line)
    reader.rows.refuse()
