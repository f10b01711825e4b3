"""Reads of jobs in the current tenant, from one service's database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.auth import Principal
from apps.core.jobs.errors import JobNotFound
from apps.core.jobs.models import Job
from apps.core.jobs.permissions import JobPermission
from apps.core.tenancy import require_tenant_id


def all_jobs(using: str) -> QuerySet[Job]:
    """Every job of the tenant, newest first."""
    rows = Job.objects.using(using).filter(tenant_id=require_tenant_id())
    return rows.order_by("-created_at", "-id")  # type: ignore[no-any-return]


def jobs(principal: Principal, using: str) -> QuerySet[Job]:
    """What the caller may see, newest first: all with `jobs.view`, else what they asked for themselves."""
    rows = all_jobs(using)
    return rows if principal.may(JobPermission.VIEW) else rows.filter(requested_by=principal.subject)


def job(job_id: UUID, among: QuerySet[Job]) -> Job:
    """One of those that the caller may see. One statement. Raises JobNotFound."""
    found = among.filter(id=job_id).first()
    if found is None:
        raise JobNotFound
    return found


def may_change(principal: Principal, found: Job) -> bool:
    """Whether the caller may call it off or begin it again: their own, and with `jobs.manage` any."""
    return found.requested_by == principal.subject or principal.may(JobPermission.MANAGE)


def dead_count(principal: Principal, using: str) -> int:
    """How many of those that the caller may see died, and wait for somebody to look."""
    return jobs(principal, using).filter(state=Job.State.DEAD).count()


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a job. `actor_name` is empty where nobody in particular did it."""

    at: datetime
    state: str
    cancel_requested: bool
    attempt: int
    reason: str
    actor_name: str


def steps(found: Job) -> Sequence[Step]:
    """What happened to a job, the newest first, read from its history. One statement."""
    rows: Any = Job.pgh_event_model.objects.using(found._state.db)  # type: ignore[attr-defined]
    return [_step(row) for row in rows.filter(pgh_obj_id=found.id).order_by("-pgh_id")[:100]]


def _step(row: Any) -> Step:
    context = row.pgh_context or {}
    by_somebody = context.get("actor_kind", "system") != "system"
    return Step(
        at=row.pgh_created_at,
        state=row.state,
        cancel_requested=row.cancel_requested_at is not None,
        attempt=row.attempts,
        reason=row.reason,
        actor_name=context.get("actor_name", "") if by_somebody else "",
    )
