"""Write migrations/schema.sql, what all migrations together give: `schema_snapshot.py`; a test compares the two.

`schema_snapshot.py URL` prints the same of an existing database. The monthly partitions of the log are left out.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from guerdon.db import pool
from guerdon.db.embedded import Embedded, program
from guerdon.db.migrate import migrate

SNAPSHOT = Path(__file__).parent.parent / "migrations" / "schema.sql"
TITLE = "-- Written by tools/schema_snapshot.py from the migrations, for reading; it is not what is run.\n"
MONTH = re.compile(r"\bevents_\d{4}_\d{2}")
INDEX = re.compile(r"CREATE (UNIQUE )?INDEX ")
SESSION = ("SET ", "SELECT pg_catalog.set_config")


def dump(url: str) -> str:
    """The schema of a database, one statement after the other, without what differs from run to run. Indexes come in
    alphabetical order: that of pg_dump depends on what was created when, once a partitioned table has two."""
    command = [program("pg_dump"), "--schema-only", "--no-owner"]
    done = subprocess.run([*command, "--no-privileges", url], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("--", "\\"))]
    statements = re.split(r"(?<=;)\n", "\n".join(lines))
    kept = [one.strip() for one in statements if not one.startswith(SESSION) and not MONTH.search(one)]
    ordered = [
        one
        for is_index, run in groupby(kept, lambda one: INDEX.match(one) is not None)
        for one in (sorted(run) if is_index else run)
    ]
    return TITLE + "".join(f"\n{one}\n" for one in ordered)


def main() -> int:
    """Write the snapshot, or print that of the database given."""
    if sys.argv[1:]:
        print(dump(sys.argv[1]), end="")
        return 0
    with tempfile.TemporaryDirectory(prefix="guerdon-schema-") as folder:
        server = Embedded(Path(folder))
        try:
            asyncio.run(_migrate(server.url))
            SNAPSHOT.write_text(dump(server.url))
        finally:
            server.stop()
    return 0


async def _migrate(url: str) -> None:
    conn = await pool.connect(url)
    try:
        await migrate(conn, datetime.now(UTC))
    finally:
        await conn.close()


if __name__ == "__main__":
    sys.exit(main())
