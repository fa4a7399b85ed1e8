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
    stands for its value; a sort maps the API's field to a column, or to several; `order` is that of pages for
    which no sort is asked, empty for ids. Where matching rows may be changed or removed, `hold` selects their ids with
    the same WHERE clause as `select`, and `write` does it to those in `held` and returns their ids; what it takes may
    be further values of the scope. All are constants of a db module.

    `within` is for large tables: columns that are the same in all rows that a filter finds (under "", in all rows of
    the scope), which have an index with the id after them. Ids are ordered within them, so that the index of ids alone,
    where these rows may come late, is none to choose; for that the condition must be `= ANY`, not `=`."""

    select: str
    filters: Mapping[str, str]
    sorts: Mapping[str, str | tuple[str, ...]]
    within: Mapping[str, tuple[str, ...]] = {}
    hold: str = ""
    write: str = ""
    order: str = ""

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

    async def write_some(
        self, conn: Connection, scope: Sequence[Any], wanted: Mapping[str, Any], most: int
    ) -> tuple[int, int | None]:
        """Change or remove the first `most` rows that match, locked in the order of their ids as everywhere; returns
        how many those were and the last of their ids."""
        statement, values = self.writing(scope, wanted)
        row = await conn.fetchrow(statement, *values, most)
        return row["count"], row["last"]

    def writing(self, scope: Sequence[Any], wanted: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The statement that does so, and its values but the last, which is how many at most."""
        statement, values = self._where(self.hold, scope, wanted)
        held = f"{statement} ORDER BY {self._order('', wanted)} LIMIT ${len(values) + 1} FOR UPDATE"
        written = f"WITH held AS ({held}), written AS ({self.write})"
        return f"{written} SELECT count(*) AS count, max(id) AS last FROM written", values

    def _ordered(self, scope: Sequence[Any], wanted: Mapping[str, Any], sort: str) -> tuple[str, list[Any]]:
        statement, values = self._where(self.select, scope, wanted)
        return f"{statement} ORDER BY {self._order(sort, wanted)}", values

    def _where(self, start: str, scope: Sequence[Any], wanted: Mapping[str, Any]) -> tuple[str, list[Any]]:
        values = list(scope)
        conditions = []
        for name, value in wanted.items():
            if value is None:
                continue
            values.append(value)
            conditions.append(self.filters[name].replace("?", f"${len(values)}"))
        return " AND ".join([start, *conditions]), values

    def _order(self, sort: str, wanted: Mapping[str, Any] = {}) -> str:
        if not sort and self.order:
            return self.order
        column = self.sorts.get(sort.removeprefix("-")) if sort else "id"
        if column is None:
            known = ", ".join(sorted(self.sorts))
            raise Invalid(errors=[Problem.in_query("sort", "enum", f"sort must be one of the following: {known}")])
        columns = column if isinstance(column, tuple) else (column,)
        if column == "id":
            named = [name for name in self.within if wanted.get(name) is not None]
            columns = (*self.within.get(named[0] if named else "", ()), "id")
        direction = "DESC" if sort.startswith("-") else "ASC"
        ordered = [f"{one} {direction}" for one in dict.fromkeys(columns)]
        return ", ".join(ordered if column == "id" else [*ordered, "id"])


def substring(text: str | None) -> str | None:
    """A LIKE pattern that finds the text anywhere; None stays None."""
    if text is None:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
