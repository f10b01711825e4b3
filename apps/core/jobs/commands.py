"""What people do with jobs: call one off, begin one again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core.history import Actor
from apps.core.jobs.enqueueing import hand_over
from apps.core.jobs.errors import JobEnded, JobNotEnded
from apps.core.jobs.models import Job
from apps.core.jobs.work import changing, heard_by, locked


def cancel_job(*, job_id: UUID, using: str, actor: Actor, now: datetime, reason: str = "") -> Job:
    """Call a job off: at once where it waits, at its next `check` where it runs. A dead one is given up.

    Safe to repeat. Raises JobNotFound, JobEnded.
    """
    with changing(using, actor, reason=reason):
        found = locked(job_id, using=using)
        if found.state == Job.State.CANCELLED or found.cancel_requested_at:
            return found
        if found.state == Job.State.SUCCEEDED:
            raise JobEnded
        if found.state == Job.State.RUNNING:
            found.cancel_requested_at = now
        else:
            found.cancel(at=now)
        found.save()
    return found


def retry_job(*, job_id: UUID, using: str, actor: Actor, now: datetime, reason: str = "") -> Job:
    """Begin a job again that died or was cancelled, with all its attempts, from its checkpoint.

    It still runs in the name of whoever asked for it. Safe to repeat: a job that waits or runs again is left to it.
    Raises JobNotFound; JobNotEnded for one that succeeded.
    """
    with changing(using, actor, reason=reason):
        found = locked(job_id, using=using)
        if found.is_open:
            return found
        if found.state == Job.State.SUCCEEDED:
            raise JobNotEnded
        found.revive(at=now, heard_by=heard_by(now))
        found.save()
        transaction.on_commit(lambda: hand_over(found), using=using)
    return found
