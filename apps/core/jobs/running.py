"""Run one job: by one runner at a time, once for each attempt, whatever the broker delivers."""

from __future__ import annotations

import json
import traceback as tracebacks
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connections
from django.utils import timezone
from opentelemetry.trace import SpanKind

from apps.core.errors import DomainError, Forbidden, Invalid, NotFound
from apps.core.history import SYSTEM, Actor, acting
from apps.core.jobs import metrics
from apps.core.jobs.definition import Definition, definition_named
from apps.core.jobs.errors import JobCancelled, LeaseLost
from apps.core.jobs.models import Job
from apps.core.jobs.progress import Progress, Pulse, beating
from apps.core.jobs.work import changing, locked
from apps.core.observability import get_logger, span, trace_id

_TEXT_LIMIT = 20_000
_HOPELESS = (Invalid, NotFound, Forbidden)
"""What would fail again however often it is tried. A conflict, an outage, an error of ours may pass."""

Clock = Callable[[], datetime]

logger = get_logger(__name__)


class _Unknown(Invalid):
    """This process knows no such work: it was renamed, or taken away, since the job was asked for."""

    code = "job_unknown"


def run(job_id: UUID, *, using: str, clock: Clock = timezone.now, in_background: bool = True) -> Job | None:
    """Do the job's next attempt in the current tenant and note what became of it; None if it is not to be begun now.

    Safe to call twice, and twice at once: who comes second finds it begun. With `in_background=False` progress is told
    in place instead of by a thread: for tests, whose rows no other connection sees. Raises JobNotFound.
    """
    begun = _begun(job_id, using, clock())
    if begun is None:
        return None
    pulse = Pulse(begun)
    progress = Progress(begun, pulse, clock=None if in_background else clock)
    with _as_asked(begun), metrics.timed(begun.name) as outcome:
        with beating(pulse) if in_background else nullcontext():
            settle = _attempted(begun, progress)
        _drop_a_broken_connection(using)
        ended = _settled(begun, pulse, settle, clock())
        outcome.state = ended.state if ended else "lost"
    return ended


def _begun(job_id: UUID, using: str, now: datetime) -> Job | None:
    """The job, if it waits for a runner: from here on it is ours, for as long as its pulse beats."""
    with changing(using, SYSTEM):
        found = locked(job_id, using=using)
        if found.state != Job.State.QUEUED:
            return None
        found.begin(at=now, lease_until=now + timedelta(seconds=settings.JOBS_LEASE_S))
        found.save()
    return found


@contextmanager
def _as_asked(job: Job) -> Iterator[None]:
    """In the name of whoever asked, and part of the trace in which they did."""
    actor = msgspec.convert(job.actor, Actor)
    attributes = {"job.id": str(job.id), "job.name": job.name, "tenant.id": str(job.tenant_id)}
    with (
        span(f"job {job.name}", parent=job.traceparent, attributes=attributes, kind=SpanKind.CONSUMER),
        acting(actor, reason=f"job {job.name} {job.id}", trace_id=trace_id()),
    ):
        logger.info("jobs.begun", job_id=str(job.id), name=job.name, attempt=job.attempts)
        yield


Settle = Callable[[Job, datetime], None]
"""What is to be noted of a run, on the locked row."""


def _attempted(job: Job, progress: Progress) -> Settle | None:
    """Run the function. Returns how the run ended; None when the job is no longer ours to say anything about."""
    work = definition_named(job.name)
    try:
        if work is None:
            raise _Unknown
        result = work(progress, **job.parameters)
        kept = json.loads(json.dumps(result, allow_nan=False))
    except JobCancelled:
        return lambda row, now: row.cancel(at=now)
    except LeaseLost:
        return None
    except Exception as error:  # whatever the function raises
        return _failure(job, work, error)
    return lambda row, now: row.succeed(kept, at=now)


def _failure(job: Job, work: Definition | None, error: Exception) -> Settle:
    hopeless = work is None or isinstance(error, _HOPELESS)
    again_in = None if hopeless or work is None else timedelta(seconds=work.delay_s(job.attempts))
    told = "".join(tracebacks.format_exception(error)).replace("\x00", "")[-_TEXT_LIMIT:]
    logger.warning("jobs.attempt_failed", job_id=str(job.id), name=job.name, attempt=job.attempts, exc_info=error)
    return lambda row, now: row.fail(_reason(error), told, at=now, again_in=again_in)


def _reason(error: Exception) -> str:
    """For people. What was not meant for them is in the traceback alone, which is for whoever manages jobs."""
    if isinstance(error, SoftTimeLimitExceeded):
        return "it took longer than it may"
    if isinstance(error, DomainError):
        return f"{error.code}: {error}".replace("\x00", "")
    return f"something went wrong on our side ({type(error).__name__})"


def _drop_a_broken_connection(alias: str) -> None:
    """What the work came to can be noted although the database was away in the middle of it."""
    if not connections[alias].in_atomic_block:
        connections[alias].close_if_unusable_or_obsolete()


def _settled(job: Job, pulse: Pulse, settle: Settle | None, now: datetime) -> Job | None:
    """Write the end of the run, unless the job has been given to somebody else."""
    with changing(str(job._state.db), SYSTEM):
        row = locked(job.id, using=str(job._state.db))
        if settle is None or row.state != Job.State.RUNNING or row.fence != job.fence:
            logger.warning("jobs.lost", job_id=str(job.id), name=job.name, fence=job.fence)
            return None
        _note(row, pulse.said())
        settle(row, now)
        if row.cancel_requested_at and row.state == Job.State.RETRYING:
            row.cancel(at=now)
        row.save()
    logger.info("jobs.settled", job_id=str(job.id), name=job.name, outcome=row.state)
    return row


def _note(row: Job, said: dict[str, Any]) -> None:
    for column, value in said.items():
        setattr(row, column, value)
