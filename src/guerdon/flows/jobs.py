"""Jobs: work that goes on after the answer, a part at a time (management.md §6). Every worker process does it.

A part is one transaction, short enough that nobody waits for it: the job, the coupons and how far it came are committed
together or not at all. So it does not matter which worker does the next part, nor that one is killed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from guerdon.db import coupons, jobs
from guerdon.db.codes import COUPONS, CodePattern, PatternFull, draw_codes
from guerdon.db.coupons import Batch, Some
from guerdon.db.jobs import Job
from guerdon.db.pool import Connection, client_error, transaction
from guerdon.errors import ClientError, Conflict, Retry, Unavailable
from guerdon.flows.background import beside, note_failure
from guerdon.wire.coupon_jobs import CouponDeletionFilters
from guerdon.wire.limits import CodeGeneratorSettings

CREATE, DELETE = "create coupons", "delete coupons"
PENDING, COMPLETED, FAILED, FULL = "pending", "completed", "failed", "coupon pattern full"
CREATED_AT_ONCE = 20_000
DELETED_AT_ONCE = 5_000  # sessions that name one of them wait
MOST_FAILURES = 20
LOOK_EVERY = 0.5  # seconds
LOOK_AGAIN_AFTER = 2.0  # when looking failed

log = logging.getLogger("guerdon")


class Creation(Struct, frozen=True, kw_only=True):
    """Make so many coupons; `settings` is what the request said about their codes."""

    number: int
    pattern: CodePattern
    batch: Batch
    settings: CodeGeneratorSettings | UnsetType = UNSET


class Deletion(Struct, frozen=True, kw_only=True):
    """Delete the coupons of these campaigns that match, up to the last one there was when it was asked for."""

    campaign_ids: list[int]
    filters: CouponDeletionFilters
    last_id: int


class Reached(Struct, frozen=True, kw_only=True):
    """How far a deletion came: how many campaigns are done, and the id of the coupon before the next."""

    campaigns: int = 0
    coupon_id: int = 0


async def _create_some(conn: Connection, job: Job, now: datetime) -> None:
    asked: Creation = job.asked(Creation)
    place = (job.application_id, job.campaign_id or 0)
    missing = min(asked.number - job.done, CREATED_AT_ONCE)
    drawn = await draw_codes(conn, job.application_id, COUPONS, asked.pattern, missing)
    made = await coupons.add_free_coupons(conn, place, drawn, asked.batch, now)
    if not made and not asked.pattern.places:
        raise PatternFull(f"The code {drawn[0]} exists already")
    status = PENDING if job.done + made < asked.number else COMPLETED
    await jobs.advance(conn, job, status, made, Reached(), now)


async def _delete_some(conn: Connection, job: Job, now: datetime) -> None:
    asked: Deletion = job.asked(Deletion)
    at: Reached = job.reached(Reached)
    place = (job.application_id, asked.campaign_ids[at.campaigns])
    wanted = _wanted(asked.filters, job.created)
    some = Some(wanted, at.coupon_id, asked.last_id, DELETED_AT_ONCE)
    count, last = await coupons.remove_some(conn, place, some)
    if last is not None and count == DELETED_AT_ONCE:
        reached = Reached(campaigns=at.campaigns, coupon_id=last)
    else:
        reached = Reached(campaigns=at.campaigns + 1)
    status = PENDING if reached.campaigns < len(asked.campaign_ids) else COMPLETED
    await jobs.advance(conn, job, status, count, reached, now)


def _wanted(filters: CouponDeletionFilters, now: datetime) -> dict[str, Any]:
    """The filters as lists of coupons take them; what is valid is decided as of when it was asked."""
    wanted: dict[str, Any] = {
        "createdBefore": filters.created_before,
        "createdAfter": filters.created_after,
        "startsBefore": filters.starts_before,
        "startsAfter": filters.starts_after,
        "expiresBefore": filters.expires_before,
        "expiresAfter": filters.expires_after,
        "usable": filters.usable,
        "redeemed": filters.redeemed,
        "referralId": filters.referral_id,
        "recipientIntegrationId": filters.recipient_integration_id,
        "batchId": filters.batch_id,
    }
    wanted = {name: value for name, value in wanted.items() if value is not UNSET}
    if filters.valid is not UNSET:
        wanted[filters.valid] = now
    if filters.value is not UNSET:
        wanted |= coupons.value_filter(filters.value, exact=filters.exact_match is True)
    return wanted


KINDS: dict[str, Callable[[Connection, Job, datetime], Awaitable[None]]] = {
    CREATE: _create_some,
    DELETE: _delete_some,
}


async def work(pool: Any, now: datetime) -> bool:
    """Do a part of the job that has waited longest; False when nothing is due. Raises only what says that the database
    cannot be used."""
    job = None
    try:
        async with transaction(pool) as conn:
            job = await jobs.take_job(conn, now)
            if job is not None:
                await KINDS[job.kind](conn, job, now)
    except Exception as error:
        known = error if isinstance(error, ClientError | Retry) else client_error(error)
        if job is None or isinstance(known, Unavailable):
            raise
        await _note(pool, job, known, error, now)
    return job is not None


async def _note(pool: Any, job: Job, known: ClientError | Retry | None, error: Exception, now: datetime) -> None:
    """What a part failed with: it is tried again unless that cannot help."""
    if known is None:
        log.error("job %s failed", job.id, exc_info=error)
    passing = known is None or isinstance(known, Retry | Conflict)
    reason = _reason(known)
    if isinstance(known, PatternFull):
        status = FULL
    else:
        status = PENDING if passing and job.failures + 1 < MOST_FAILURES else FAILED
    async with transaction(pool) as conn:
        await jobs.note_failure(conn, job, status, reason, now + jobs.wait_after(job.failures))


def _reason(known: ClientError | Retry | None) -> str:
    if isinstance(known, ClientError):
        details = [problem.details for problem in known.errors if problem.details is not UNSET]
        return details[0] if details else known.message
    return "Internal server error" if known is None else "Others changed the same data at the same time"


async def _keep_working(pool: Any, clock: Callable[[], datetime]) -> None:
    while True:
        pause = LOOK_EVERY
        try:
            if await work(pool, clock()):
                continue
        except Exception as error:
            pause = LOOK_AGAIN_AFTER
            note_failure("looking for jobs", error)
        await asyncio.sleep(pause)


@asynccontextmanager
async def working(pool: Any, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """Work on jobs in the background."""
    async with beside(_keep_working(pool, clock)):
        yield
