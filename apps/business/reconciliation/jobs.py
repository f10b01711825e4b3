"""Long work of the reconciliation."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.business.reconciliation.reconciling import ON_ITS_WAY, reconcile, told
from apps.business.service import DATABASE
from apps.business.units import work_of
from apps.core.history import Actor
from apps.core.jobs import BULK, Progress, enqueue, job, queries
from apps.core.jobs.models import Job


@job(name="reconciliation.reconcile", title="Reconcile the books", queue=BULK, link="/reconciliation/")
def reconcile_books(progress: Progress) -> dict[str, Any]:
    """Check that all that the company has recorded agrees. Changes nothing."""
    found = reconcile(before=timezone.now() - ON_ITS_WAY, heard=lambda what, done: progress.tell(done, 0, what))
    return {"summary": told(found), "holds": found.holds, "checks": [asdict(check) for check in found.checks]}


def request_reconciliation(*, actor: Actor, now: datetime) -> Job:
    """Have the current tenant's books checked. While that goes on, it is the same job."""
    going_on = past_reconciliations().filter(state__in=Job.OPEN).first()
    if going_on is not None:
        return going_on
    with work_of(actor, Job):
        return enqueue(reconcile_books, {}, actor=actor, now=now)


def past_reconciliations() -> Any:
    """Every such job of the current tenant, newest first."""
    return queries.all_jobs(DATABASE).filter(name=reconcile_books.name)
