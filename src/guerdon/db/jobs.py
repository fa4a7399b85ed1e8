"""Jobs: work that goes on after the answer, a row each. What they do is in flows/jobs.py.

A worker holds the row it works on for the length of one transaction; others pass it by. So a job that a worker was
killed over is just as far as the last part that was committed, and the next worker goes on from there.
"""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from guerdon.db.pool import Connection, Row, first
from guerdon.wire.base import decoder, encode_text

INSERT = """
INSERT INTO jobs (account_id, application_id, campaign_id, kind, batch_id, request, created_by, created, due)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
RETURNING *
"""
SELECT = "SELECT * FROM jobs WHERE account_id = $1 AND application_id = $2 AND kind = $3 AND id = $4"
SELECT_OF_BATCH = """
SELECT * FROM jobs WHERE account_id = $1 AND application_id = $2 AND kind = $3 AND campaign_id = $4 AND batch_id = $5
"""
# The one that has waited longest: jobs take turns.
TAKE = """
SELECT * FROM jobs WHERE status = 'pending' AND due <= $1 ORDER BY due, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
ADVANCE = """
UPDATE jobs SET status = $3, done = done + $4, position = $5, turns = turns + 1, due = $6
WHERE application_id = $1 AND id = $2
"""
FAIL = """
UPDATE jobs SET status = $3, failures = failures + 1, turns = turns + 1, errors = errors || $4::text, due = $5
WHERE application_id = $1 AND id = $2 AND status = 'pending'
"""


class Place(Struct, frozen=True):
    """Where a job belongs; `campaign_id` is None for one of several campaigns."""

    account_id: int
    application_id: int
    campaign_id: int | None


class Job(Struct, frozen=True, kw_only=True):
    """A job. `request` and `position` (how far it came) are JSON of the kind's own; `done` is how much it did,
    `turns` in how many transactions, `failures` of which came to nothing."""

    id: int
    account_id: int
    application_id: int
    campaign_id: int | None
    kind: str
    batch_id: str | None
    request: str
    position: str
    status: str
    done: int
    turns: int
    failures: int
    errors: list[str]
    created_by: int
    created: datetime
    due: datetime

    def asked(self, kind: Any) -> Any:
        """The request."""
        return decoder(kind).decode(self.request)

    def reached(self, kind: Any) -> Any:
        """The position."""
        return decoder(kind).decode(self.position)


def _job(row: Row) -> Job:
    return Job(**row)


async def add_job(
    conn: Connection, place: Place, kind: str, request: Any, user_id: int, now: datetime, *, batch_id: str | None = None
) -> Job:
    """Have it done, once the transaction is committed."""
    content = (place.account_id, place.application_id, place.campaign_id, kind, batch_id, encode_text(request))
    return _job(await conn.fetchrow(INSERT, *content, user_id, now))


async def get_job(conn: Connection, place: Place, kind: str, job_id: int) -> Job:
    """A job of the Application or, where `place` says so, of the campaign. Raises NotFound."""
    row = await conn.fetchrow(SELECT, place.account_id, place.application_id, kind, job_id)
    if row is not None and place.campaign_id not in (None, row["campaign_id"]):
        row = None
    return _job(first(row, "Job"))


async def get_job_of_batch(conn: Connection, place: Place, kind: str, batch_id: str) -> Job:
    """The job that makes this batch. Raises NotFound."""
    values = (place.account_id, place.application_id, kind, place.campaign_id, batch_id)
    return _job(first(await conn.fetchrow(SELECT_OF_BATCH, *values), "Job"))


async def take_job(conn: Connection, now: datetime) -> Job | None:
    """The job to work on next, of all accounts, held until the end of the transaction; None when nothing is due."""
    row = await conn.fetchrow(TAKE, now)
    return None if row is None else _job(row)


async def advance(conn: Connection, job: Job, status: str, done: int, position: Any, now: datetime) -> None:
    """Note that so much more is done, and where to go on when it is still `pending`."""
    await conn.execute(ADVANCE, job.application_id, job.id, status, done, encode_text(position), now)


async def note_failure(conn: Connection, job: Job, status: str, reason: str, due: datetime) -> None:
    """Note why a turn came to nothing; while it is still `pending`, it is tried again when due."""
    await conn.execute(FAIL, job.application_id, job.id, status, reason, due)


def wait_after(failures: int) -> timedelta:
    """How long to leave a job alone after so many failures: from a second to a minute."""
    return timedelta(seconds=min(60, 2 ** min(failures, 6)))
