"""For tests of features that have work done: no worker, no broker, the same code. Never imported by the platform."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from apps.core.jobs import queries, running
from apps.core.jobs.models import Job


def run_jobs(using: str, *, clock: Callable[[], datetime] = timezone.now) -> list[Job]:
    """Do one attempt of each job of the current tenant that waits for a runner, oldest first; returns them as they are
    afterwards.
    """
    waiting = queries.all_jobs(using).filter(state=Job.State.QUEUED).order_by("created_at", "id")
    done = [running.run(found.id, using=using, clock=clock, in_background=False) for found in waiting]
    return [found for found in done if found is not None]
