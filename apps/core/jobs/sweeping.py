"""The clock's part: begin what is due, hand over what was lost, take from the dead, forget what is old.

What is due in any tenant is one question to the database, asked as the relay, which sees no more of a job than that.
Each job is then decided upon in its own tenant, under its lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction

from apps.core.api.service_paths import service_at
from apps.core.events.database import Connection, asking
from apps.core.history import SYSTEM
from apps.core.jobs import metrics
from apps.core.jobs.definition import QUEUES, definition_named
from apps.core.jobs.enqueueing import hand_over
from apps.core.jobs.errors import JobNotFound
from apps.core.jobs.models import Job
from apps.core.jobs.work import changing, heard_by, locked
from apps.core.observability import get_logger
from apps.core.tenancy import require_tenant_id, tenant

_AT_ONCE = 1000
_BATCH = 1000
_DUE = """
select tenant_id, id from jobs_job
where state in ('scheduled', 'queued', 'running', 'retrying') and due_at <= %s order by due_at limit %s
"""
_COUNTS = """
select state, count(*) from jobs_job
where state in ('scheduled', 'queued', 'running', 'retrying', 'dead') group by state
"""
_AGES = """
select queue, extract(epoch from %s - min(run_at)) from jobs_job where state = 'queued' group by queue
"""
_COUNTED = (*Job.OPEN, Job.State.DEAD)

logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A job that somebody has to look after."""

    tenant_id: UUID
    job_id: UUID


def sweep(alias: str, *, now: datetime) -> int:
    """Look after whatever is due in one database; returns how many jobs. Safe to run twice, or twice at once."""
    with asking(alias, "jobs") as connection:
        found = list(_due(connection, now))
        _measure(connection, alias, now)
    for one in found:
        with tenant(one.tenant_id):
            look_after(one.job_id, using=alias, now=now)
    return len(found)


def look_after(job_id: UUID, *, using: str, now: datetime) -> Job | None:
    """Do what is due with one job of the current tenant; None when nothing is by now. Safe to repeat."""
    try:
        with changing(using, SYSTEM):
            found = locked(job_id, using=using)
            if not found.is_open or found.due_at > now:
                return None
            if found.state == Job.State.RUNNING:
                _bury_the_runner(found, now)
            else:
                found.call_up(at=now, heard_by=heard_by(now))
                transaction.on_commit(lambda: hand_over(found), using=using)
            found.save()
    except JobNotFound:  # it was forgotten, or its tenant erased, since it was found
        return None
    return found


def forget(alias: str, *, before: datetime) -> int:
    """Delete the current tenant's jobs that ended before an instant; returns how many. Dead ones are kept as long."""
    rows = Job.objects.using(alias).filter(tenant_id=require_tenant_id(), finished_at__lt=before)
    forgotten = 0
    while ids := list(rows.values_list("id", flat=True)[:_BATCH]):
        with changing(alias, SYSTEM, reason="kept long enough"):
            Job.objects.using(alias).filter(id__in=ids).delete()
        forgotten += len(ids)
    return forgotten


def forget_histories(alias: str, *, before: datetime) -> int:
    """Delete what was remembered before an instant of the current tenant's jobs that are gone; returns how many rows.

    At most up to 30 days ago: the database refuses the rest.
    """
    forgotten = 0
    while count := _forget_some_history(alias, before):
        forgotten += count
    return forgotten


def _forget_some_history(alias: str, before: datetime) -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute("select jobs_forget_histories(%s, %s)", [before, _BATCH])
        return int(cursor.fetchone()[0])


def oldest_history_kept(now: datetime) -> datetime:
    """What was remembered before this of jobs that are gone may be forgotten."""
    return now - timedelta(days=settings.JOBS_HISTORY_KEPT_DAYS)


def oldest_kept(now: datetime) -> datetime:
    """Jobs that ended before this may be forgotten."""
    return now - timedelta(days=settings.JOBS_KEPT_DAYS)


def _bury_the_runner(found: Job, now: datetime) -> None:
    """Its lease ended without a word, so whoever ran it is dead, or will find that it lost the job."""
    work = definition_named(found.name)
    logger.error("jobs.runner_died", job_id=str(found.id), name=found.name, attempt=found.attempts)
    if found.cancel_requested_at:
        found.cancel(at=now)
        return
    delay = timedelta(seconds=work.delay_s(found.attempts)) if work else None
    found.fail("its runner died: nothing was heard of it any more", "", at=now, again_in=delay)


def _due(connection: Connection, now: datetime) -> Iterator[Due]:
    for tenant_id, job_id in connection.execute(_DUE, [now, _AT_ONCE]).fetchall():
        yield Due(tenant_id, job_id)


def _measure(connection: Connection, alias: str, now: datetime) -> None:
    service = service_at(alias)
    counts = {str(state): 0 for state in _COUNTED} | dict(connection.execute(_COUNTS).fetchall())
    metrics.show_states(service, counts)
    ages = dict.fromkeys(QUEUES, 0.0) | {
        queue: max(float(age_s), 0.0) for queue, age_s in connection.execute(_AGES, [now]).fetchall()
    }
    metrics.show_ages(service, ages)
