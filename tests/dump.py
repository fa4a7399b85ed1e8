"""The whole content of a database as one text, to look for what must not be there."""

_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
AND NOT relispartition ORDER BY relname
"""
# Answers kept for Idempotency-Keys are bytes, which PostgreSQL shows as digits.
_ANSWERS = "SELECT convert_from(content, 'UTF8') AS row FROM idempotency_keys"


def dump(server):
    """Every row of every table, a line each."""
    tables = [row["relname"] for row in server.sql(_TABLES)]
    found = [row["row"] for row in server.sql(_ANSWERS)]
    for table in tables:
        found += [f"{table}: {row['row']}" for row in server.sql(f"SELECT t::text AS row FROM {table} t")]
    return "\n".join(found)
