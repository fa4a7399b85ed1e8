"""CSV files as clients send and get them (management.md §15): taken as a whole or refused as a whole.

Spreadsheets run what begins with `= + - @`, a tab or a carriage return as a formula. So each cell of every file that is
sent has an apostrophe in front of such a text, unless it is a number; an import takes that apostrophe off again. A text
that has apostrophes of its own in front of such a character gets one more: what comes back is what went out.
"""

import csv
import re
from asyncio import to_thread
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import StringIO, TextIOWrapper
from typing import IO, Annotated, Any, Literal, NamedTuple

from litestar import Request, Response
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import Dependency
from litestar.response import Stream

from guerdon.api.unit_of_work import UnitOfWork
from guerdon.api.uploads import FIELD, received
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import number, rfc3339

LARGEST_FILE = 64 * 1024 * 1024
LARGEST_FILE_OF_CODES = 256 * 1024 * 1024
MOST_ROWS = 500_000
MOST_PROBLEMS = 20
NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?")
FORMULA = re.compile(r"'*[=+\-@\t\r]")
MOST_EXPORTS = 3
"""How many exports a process streams at once: each holds a connection. Others wait."""
CHUNK = 64 * 1024

DateFormat = Literal["excel", "ISO8601"]


@dataclass
class UploadOperation(Operation):
    """Shows in the OpenAPI document that the body is a form with a file."""

    def __post_init__(self) -> None:
        """Declare the body."""
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        form = Schema(type=OpenAPIType.OBJECT, properties={FIELD: file}, required=[FIELD])
        self.request_body = RequestBody(content={"multipart/form-data": OpenAPIMediaType(schema=form)}, required=True)


async def upload(request: Request[Any, Any, Any]) -> str:
    """The text of the file in the form."""
    with await received(request) as file:
        try:
            return file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise not_text() from None


def not_text() -> Invalid:
    """The refusal of a file that is no text as we read it."""
    return Invalid(errors=[Problem.in_file(None, "Invalid file", "The file must be CSV in UTF-8")])


async def connection(file: Any, request: Request[Any, Any, Any]) -> Connection:
    """The connection of the request, once the file is there: none is kept waiting for a slow client."""
    work: UnitOfWork = request.scope["state"]["work"]
    return await work.connection()


IMPORT: dict[str, Any] = {
    "dependencies": {"file": Provide(upload), "conn": Provide(connection)},
    "operation_class": UploadOperation,
    "request_max_body_size": LARGEST_FILE,
}
"""What the handler of an import declares; it gets the text as `file`."""
IMPORT_OF_CODES = IMPORT | {
    "dependencies": {"file": Provide(received), "conn": Provide(connection)},
    "request_max_body_size": LARGEST_FILE_OF_CODES,
}
"""The same for files that are too large for a text; it gets a `File`."""
File = Annotated[IO[bytes], Dependency(skip_validation=True)]
EXPORT: dict[str, Any] = {
    "responses": {200: ResponseSpec(str, description="CSV", media_type="text/csv", generate_examples=False)}
}
"""What the handler of an export declares."""


class Rows:
    """The rows of a file with these columns, and those that are optional, whose fields are empty where the file has no
    such column; others are ignored. Problems are noted, and `refuse` raises Invalid."""

    def __init__(
        self, text: str | IO[bytes], columns: Sequence[str], optional: Sequence[str] = (), most: int = MOST_ROWS
    ) -> None:
        opened = StringIO(text, newline="") if isinstance(text, str) else TextIOWrapper(text, "utf-8-sig", newline="")
        self._reader = csv.reader(opened, strict=True)
        self._columns, self._optional, self._most = columns, optional, most
        self._problems: list[Problem] = []
        self.line = 1

    def problem(self, title: str, details: str, line: int | None = None) -> None:
        """Something is wrong in the line at hand, or in another."""
        self._problems.append(Problem.in_file(line or self.line, title, details))
        if len(self._problems) >= MOST_PROBLEMS:
            self.refuse()

    @property
    def wrong(self) -> bool:
        """Whether anything was wrong."""
        return bool(self._problems)

    def refuse(self) -> None:
        """Raise Invalid when anything was wrong."""
        if self.wrong:
            raise Invalid(errors=self._problems)

    def __iter__(self) -> Iterator[list[str]]:
        try:
            header = [name.strip().lower() for name in next(self._reader, [])]
            for missing in (name for name in self._columns if name not in header):
                self.problem("required", f"The file has no column {missing}")
            self.refuse()
            wanted = (*self._columns, *self._optional)
            places = [header.index(name) if name in header else None for name in wanted]
            for count, row in enumerate(filter(None, self._reader), 1):
                self.line = self._reader.line_num
                if count > self._most:
                    self.problem("maxItems", f"The file has more than {self._most} rows")
                    break
                if len(row) != len(header):
                    self.problem("Invalid row", f"The row has {len(row)} columns, the header has {len(header)}")
                else:
                    yield ["" if place is None else _restored(row[place]) for place in places]
        except UnicodeDecodeError:
            raise not_text() from None
        except csv.Error as error:
            self.problem("Invalid file", str(error), self._reader.line_num)
        self.refuse()


def read_texts(text: str, column: str) -> dict[str, int]:
    """The different values of one column, none of them empty, in their order; with the line each first stands in."""
    rows = Rows(text, [column])
    found: dict[str, int] = {}
    for (value,) in rows:
        if not value:
            rows.problem("required", f"The {column} is empty")
        found.setdefault(value, rows.line)
    return found


class Amount(NamedTuple):
    """A number and the line it stands in."""

    amount: Decimal
    line: int


def read_amounts(text: str, columns: tuple[str, str]) -> dict[str, Amount]:
    """Two columns: different texts, and a number for each."""
    rows = Rows(text, columns)
    key, amount = columns
    found: dict[str, Amount] = {}
    for value, written in rows:
        if not value:
            rows.problem("required", f"The {key} is empty")
        elif value in found:
            rows.problem("uniqueItems", f"The {key} is in the file already")
        try:
            found[value] = Amount(_number(written.strip()), rows.line)
        except ValueError as error:
            rows.problem("Invalid type", f"The {amount} is wrong: {error}")
    return found


def _number(text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise ValueError("Expected `number`")
    return number(Decimal(text))


async def in_thread(reader: Any, *arguments: Any) -> Any:
    """Read a file while other requests go on."""
    return await to_thread(reader, *arguments)


async def answer(name: str, header: Sequence[str], rows: Iterable[Collection[Any]]) -> Response[bytes]:
    """A file to download."""
    content = await to_thread(_written, header, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, media_type="text/csv", headers=headers)


def _written(header: Sequence[str], rows: Iterable[Collection[Any]]) -> bytes:
    lines = _Lines()
    writer = lines.writer()
    writer.writerow(header)
    writer.writerows([_cell(value, "ISO8601") for value in row] for row in rows)
    return lines.take()


class _Lines:
    """What a writer of the csv module writes to. It quotes what its line ends are made of, and readers take a carriage
    return for one; so it is told that both are, and each line ends in a line feed all the same."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self.size = 0

    def writer(self) -> Any:
        """A csv writer that writes here."""
        return csv.writer(self, lineterminator="\r\n")

    def write(self, line: str) -> None:
        """Called by the writer for each row."""
        self._lines.append(line[:-2])
        self.size += len(line)

    def take(self) -> bytes:
        """What was written since the last time."""
        self._lines.append("")
        content = "\n".join(self._lines).encode()
        self._lines, self.size = [], 0
        return content


async def snapshot(request: Request[Any, Any, Any]) -> Connection:
    """What `stream` reads from, once everything else is done (unit_of_work.py)."""
    work: UnitOfWork = request.scope["state"]["work"]
    return await work.snapshot(request.app.state.export_turns)


async def stream(
    name: str, header: Sequence[str], rows: AsyncIterator[Collection[Any]], date_format: DateFormat
) -> Stream:
    """A file of any length to download, written while it is read."""
    chunks = _chunks(header, rows, date_format)
    first = await anext(chunks)  # what goes wrong at once is an error, not half a file
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Stream(_all(first, chunks), media_type="text/csv", headers=headers)


async def _all(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in others:
        yield chunk


async def _chunks(
    header: Sequence[str], rows: AsyncIterator[Collection[Any]], date_format: DateFormat
) -> AsyncIterator[bytes]:
    lines = _Lines()
    writer = lines.writer()
    writer.writerow(header)
    async for row in rows:
        writer.writerow([_cell(value, date_format) for value in row])
        if lines.size >= CHUNK:
            yield lines.take()
    yield lines.take()


def _cell(value: Any, date_format: DateFormat) -> str:
    """A value as files show it; times are UTC."""
    if isinstance(value, str):
        return f"'{value}" if FORMULA.match(value) and not NUMBER.fullmatch(value) else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return rfc3339(value) if date_format == "ISO8601" else value.replace(tzinfo=None).isoformat(" ", "seconds")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _restored(text: str) -> str:
    """The text that a cell was made of."""
    return text[1:] if text.startswith("'") and FORMULA.match(text, 1) else text
