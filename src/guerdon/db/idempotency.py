"""Answers kept under the `Idempotency-Key` of their request (core.md §1.3), in the transaction of what it did."""

from datetime import datetime, timedelta

from msgspec import Struct

from guerdon.db.pool import Connection
from guerdon.errors import Conflict

KEPT_FOR = timedelta(hours=24)

# Of its own, because a statement does not see what was committed while it waited: the answer is looked for after it.
TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"
SELECT = """
SELECT request_digest, status, content, created FROM idempotency_keys WHERE application_id = $1 AND digest = $2
"""
DELETE = "DELETE FROM idempotency_keys WHERE application_id = $1 AND digest = $2"

# Most keys are never met again, so each new one takes a few that have expired with it.
INSERT = """
WITH expired AS (
    DELETE FROM idempotency_keys WHERE application_id = $1 AND digest IN (
        SELECT digest FROM idempotency_keys WHERE application_id = $1 AND created <= $7
        ORDER BY created LIMIT 10 FOR UPDATE SKIP LOCKED)
)
INSERT INTO idempotency_keys (application_id, digest, request_digest, status, content, created)
VALUES ($1, $2, $3, $4, $5, $6)
"""


class Claim(Struct, frozen=True, kw_only=True):
    """A request with a key: `digest` says which key, for which operation; `request_digest` what is asked."""

    application_id: int
    digest: bytes
    request_digest: bytes


class Reply(Struct, frozen=True):
    """An answer as it was given."""

    status: int
    content: bytes


async def find(conn: Connection, claim: Claim, now: datetime) -> Reply | None:
    """The answer that the request had already, or None: then the key is this transaction's until it ends.
    Raises Conflict for a key that another request has right now, or had with something else to ask."""
    if not await conn.fetchval(TRY_LOCK, int.from_bytes(claim.digest[:8], signed=True)):
        raise Conflict("A request with this Idempotency-Key is being processed")
    row = await conn.fetchrow(SELECT, claim.application_id, claim.digest)
    if row is None:
        return None
    if row["created"] <= now - KEPT_FOR:
        await conn.execute(DELETE, claim.application_id, claim.digest)
        return None
    if row["request_digest"] != claim.request_digest:
        raise Conflict("This Idempotency-Key was used for another request")
    return Reply(row["status"], row["content"])


async def remember(conn: Connection, claim: Claim, reply: Reply, now: datetime) -> None:
    """Keep the answer, with all that the request did in this transaction."""
    await conn.execute(
        INSERT,
        claim.application_id,
        claim.digest,
        claim.request_digest,
        reply.status,
        reply.content,
        now,
        now - KEPT_FOR,
    )
