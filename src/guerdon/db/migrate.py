"""Brings a database to the newest schema: numbered files, each applied once, in one transaction, under a lock."""

from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

from guerdon.db.pool import Connection
from guerdon.errors import ClientError

LOCK = 7_150_551_214  # arbitrary, ours: two servers that start at once migrate one after the other

TAKE_LOCK = "SELECT pg_advisory_xact_lock($1)"
CREATE_LIST = "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL)"
ANALYZE = "ANALYZE"
HAS_TABLES = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')"
SELECT_APPLIED = "SELECT name FROM schema_migrations"
INSERT_APPLIED = "INSERT INTO schema_migrations (name, applied_at) VALUES ($1, $2)"
# A month whose events came before its partition did (a server that ran for more than a year) stays in the default.
HAS_PARTITION = """
SELECT to_regclass($1) IS NOT NULL OR EXISTS (
    SELECT FROM events_default WHERE created >= $2 AND created < $3
)
"""
# DDL takes no parameters: format() quotes what goes in, and both come from dates of our own.
CREATE_PARTITION = """
SELECT format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)', $1::text, $2::timestamptz,
              $3::timestamptz)
"""


class NewerSchema(ClientError):
    """The database was migrated by a newer Guerdon than this one."""


def migrations() -> list[tuple[str, str]]:
    """All migrations as (name, text), in order; from the installed package or the checkout."""
    installed = files("guerdon").joinpath("migrations")
    folder = Path(str(installed)) if installed.is_dir() else Path(__file__).parents[3] / "migrations"
    return [(path.stem, path.read_text()) for path in sorted(folder.glob("[0-9]*.sql"))]


async def is_empty(conn: Connection) -> bool:
    """Whether nothing was ever stored in the database."""
    return not await conn.fetchval(HAS_TABLES)


async def analyze(conn: Connection) -> None:
    """Give a database that was just filled the statistics that its plans are made from."""
    await conn.execute(ANALYZE)


async def migrate(conn: Connection, now: datetime) -> list[str]:
    """Apply what is missing and add the event partitions of the year ahead; returns the names applied. Raises
    NewerSchema."""
    applied: list[str] = []
    async with conn.transaction():
        await conn.execute(TAKE_LOCK, LOCK)
        await conn.execute(CREATE_LIST)
        known = {row["name"] for row in await conn.fetch(SELECT_APPLIED)}
        if unknown := sorted(known - {name for name, _ in migrations()}):
            raise NewerSchema(f"the database is of a newer Guerdon, which made {', '.join(unknown)}")
        for name, text in migrations():
            if name not in known:
                await conn.execute(text)
                await conn.execute(INSERT_APPLIED, name, now)
                applied.append(name)
        await _add_partitions(conn, now)
    return applied


async def _add_partitions(conn: Connection, now: datetime) -> None:
    """One partition a month, for this month and the twelve after it; `events_default` catches the rest."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(13):
        following = (month + timedelta(days=32)).replace(day=1)
        name = f"events_{month:%Y_%m}"
        if not await conn.fetchval(HAS_PARTITION, name, month, following):
            await conn.execute(await conn.fetchval(CREATE_PARTITION, name, month, following))
        month = following
