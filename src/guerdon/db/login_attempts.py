"""How often a password was guessed for an address, known or not: ten times in fifteen minutes, then no more.

Counted before the password is looked at, so that guesses at the same time count as well. An address is kept only as a
hash, for fifteen minutes and until somebody else logs in.
"""

from datetime import datetime, timedelta

from guerdon.db.pool import Connection
from guerdon.errors import TooMany

MOST, WINDOW = 10, timedelta(minutes=15)

COUNT = """
WITH forgotten AS (
    DELETE FROM login_attempts WHERE email_hash IN (
        SELECT email_hash FROM login_attempts WHERE since <= $2 ORDER BY since LIMIT 10 FOR UPDATE SKIP LOCKED)
    AND email_hash <> sha256(convert_to(lower($1), 'UTF8'))
)
INSERT INTO login_attempts AS known (email_hash, attempts, since)
VALUES (sha256(convert_to(lower($1), 'UTF8')), 1, $3)
ON CONFLICT (email_hash) DO UPDATE SET
    attempts = CASE WHEN known.since <= $2 THEN 1 ELSE LEAST(known.attempts + 1, 1000) END,
    since = CASE WHEN known.since <= $2 THEN $3 ELSE known.since END
RETURNING attempts
"""
FORGET = "DELETE FROM login_attempts WHERE email_hash = sha256(convert_to(lower($1), 'UTF8'))"


async def count(conn: Connection, email: str, now: datetime) -> None:
    """Count a guess, in a transaction of its own. Raises TooMany."""
    attempts: int = await conn.fetchval(COUNT, email, now - WINDOW, now)
    if attempts > MOST:
        raise TooMany("Too many attempts to log in with this email; try again in 15 minutes")


async def forget(conn: Connection, email: str) -> None:
    """The password was right, or is a new one."""
    await conn.execute(FORGET, email)
