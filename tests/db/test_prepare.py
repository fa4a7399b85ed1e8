"""Every SQL constant of db, and every filter and sort of its lists, is understood by PostgreSQL with the real schema."""

import asyncio
import importlib
import pkgutil
import re

import asyncpg

from guerdon import db
from guerdon.db.paging import Listing

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "CREATE")


def statements():
    """(where it stands, SQL) of everything that is sent to the database."""
    for found in pkgutil.iter_modules(db.__path__):
        module = importlib.import_module(f"guerdon.db.{found.name}")
        for name, value in vars(module).items():
            where = f"{found.name}.{name}"
            if name.isupper() and _is_statement(value):
                yield where, value
            elif isinstance(value, dict) and name.isupper():
                yield from ((f"{where}[{key}]", text) for key, text in value.items() if _is_statement(text))
            elif isinstance(value, Listing):
                yield from of_list(where, value)


def _is_statement(value):
    return isinstance(value, str) and value.lstrip().startswith(VERBS)


def parameters(statement):
    return [None] * max(int(number) for number in re.findall(r"\$(\d+)", statement))


def of_list(where, listing):
    scope = parameters(listing.select)
    for name in listing.filters:
        yield f"{where}.{name}", listing._where(listing.select, scope, {name: 1})[0]
        if listing.write:
            further = parameters(listing.select + listing.write)
            yield f"{where}.{name} written", listing.writing(further, {name: 1})[0]
    every, _ = listing._where(listing.select, scope, dict.fromkeys(listing.filters, 1))
    for sort in ["", *listing.sorts]:
        yield f"{where} by {sort}", f"{every} ORDER BY {listing._order(sort)}"
        yield f"{where} by -{sort}", f"{every} ORDER BY {listing._order(f'-{sort}' if sort else '')}"


def test_every_statement_can_be_prepared(database):
    async def prepare():
        conn = await asyncpg.connect(database)
        problems, count = [], 0
        try:
            for where, statement in statements():
                count += 1
                try:
                    await conn.prepare(statement)
                except asyncpg.PostgresError as error:
                    problems.append(f"{where}: {error}")
        finally:
            await conn.close()
        return problems, count

    problems, count = asyncio.run(prepare())
    assert problems == []
    assert count > 100
