"""Lists: each declares its table, filters and sorts; here they become one statement. The only composed SQL."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from guerdon.db.pool import Connection, Row
from guerdon.errors import Invalid, Problem

AT_A_TIME = 200


class Page(Struct, frozen=True):
    """Which rows are wanted: `sort` is an API field, `-field` for descending, empty for ascending ids."""

    page_size: int = 1000
    skip: int = 0
    sort: str = ""


class Listing(Struct, frozen=True, kw_only=True):
    """A list resource. `select` ends in a WHERE clause over $1, $2 …; a filter is a condition in which `?`
    stands for its value; a sort maps the API's field to a column; `order` is that of pages for which no sort is asked.
    Where matching rows may be removed, `hold` selects their ids with the same WHERE clause as `select`, and `delete`
    removes those in `held`. All are constants of a db module."""

    select: str
    filters: Mapping[str, str]
    sorts: Mapping[str, str]
    hold: str = ""
    delete: str = ""
    order: str = "id"

    async def fetch(
        self, conn: Connection, scope: Sequence[Any], wanted: Mapping[str, Any], page: Page
    ) -> tuple[list[Row], bool]:
        """The rows of the page and whether more follow. Filters whose value is None are left out."""
        ordered, values = self._ordered(scope, wanted, page.sort)
        limit, offset = len(values) + 1, len(values) + 2
        rows = await conn.fetch(f"{ordered} LIMIT ${limit} OFFSET ${offset}", *values, page.page_size + 1, page.skip)
        return rows[: page.page_size], len(rows) > page.page_size

    async def count(self, conn: Connection, scope: Sequence[Any], wanted: Mapping[str, Any]) -> int:
        """How many rows match, whatever the page."""
        statement, values = self._where(self.select, scope, wanted)
        total: int = await conn.fetchval(f"SELECT count(*) FROM ({statement}) AS matching", *values)
        return total

    async def check(self, conn: Connection, scope: Sequence[Any], wanted: Mapping[str, Any], sort: str) -> None:
        """Raise what `stream` would raise because of filters and sort, without reading anything."""
        ordered, values = self._ordered(scope, wanted, sort)
        await conn.fetch(f"{ordered} LIMIT 0", *values)

    async def stream(
        self, conn: Connection, scope: Sequence[Any], wanted: Mapping[str, Any], sort: str
    ) -> AsyncIterator[Row]:
        """Every row that matches, by a cursor: the connection is in a transaction, and no row is held for long."""
        ordered, values = self._ordered(scope, wanted, sort)
        async for row in conn.cursor(ordered, *values, prefetch=AT_A_TIME):
            yield row

    async def remove(
        self, conn: Connection, scope: Sequence[Any], wanted: Mapping[str, Any], most: int | None = None
    ) -> tuple[int, int | None]:
        """Delete the rows that match, or the first `most` of them, locked in the order of their ids as everywhere;
        returns how many those were and the last of their ids."""
        statement, values = self.removal(scope, wanted)
        row = await conn.fetchrow(statement, *values, most)
        return row["count"], row["last"]

    def removal(self, scope: Sequence[Any], wanted: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The statement that deletes what matches, and its values but the last, which is how many at most."""
        statement, values = self._where(self.hold, scope, wanted)
        limit = f"LIMIT ${len(values) + 1}::bigint"
        gone = f"WITH held AS ({statement} ORDER BY id {limit} FOR UPDATE), gone AS ({self.delete})"
        return f"{gone} SELECT count(*) AS count, max(id) AS last FROM gone", values

    def _ordered(self, scope: Sequence[Any], wanted: Mapping[str, Any], sort: str) -> tuple[str, list[Any]]:
        statement, values = self._where(self.select, scope, wanted)
        return f"{statement} ORDER BY {self._order(sort)}", values

    def _where(self, start: str, scope: Sequence[Any], wanted: Mapping[str, Any]) -> tuple[str, list[Any]]:
        values = list(scope)
        conditions = []
        for name, value in wanted.items():
            if value is None:
                continue
            values.append(value)
            conditions.append(self.filters[name].replace("?", f"${len(values)}"))
        return " AND ".join([start, *conditions]), values

    def _order(self, sort: str) -> str:
        if not sort:
            return self.order
        column = self.sorts.get(sort.removeprefix("-"))
        if column is None:
            known = ", ".join(sorted(self.sorts))
            raise Invalid(errors=[Problem.in_query("sort", "enum", f"sort must be one of the following: {known}")])
        return f"{column} {'DESC' if sort.startswith('-') else 'ASC'}, id"


def substring(text: str | None) -> str | None:
    """A LIKE pattern that finds the text anywhere; None stays None."""
    if text is None:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
