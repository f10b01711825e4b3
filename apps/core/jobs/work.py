"""The transaction that a job's row is changed in, in whichever database it lies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.core.history import Actor, acting, current_provenance
from apps.core.jobs.errors import JobNotFound
from apps.core.jobs.models import Job
from apps.core.observability import trace_id
from apps.core.tenancy import require_tenant_id


@contextmanager
def changing(alias: str, actor: Actor, *, reason: str = "") -> Iterator[None]:
    """A transaction on `alias` whose rows and history name the actor. Inside another one there it is a savepoint."""
    known = current_provenance()
    same = known is not None and known.actor == actor and reason in ("", known.reason)
    who = nullcontext() if same else acting(actor, reason=reason, trace_id=known.trace_id if known else trace_id())
    with who, transaction.atomic(using=alias):
        yield


def locked(job_id: UUID, *, using: str) -> Job:
    """One job of the current tenant, locked to the end of the transaction. Raises JobNotFound."""
    rows = Job.objects.using(using).filter(tenant_id=require_tenant_id(), id=job_id)
    found: Job | None = rows.select_for_update().first()
    if found is None:
        raise JobNotFound(f"there is no job {job_id}")
    return found


def heard_by(now: datetime) -> datetime:
    """When a job that was handed over now, and that nobody has begun, is handed over once more."""
    return now + timedelta(seconds=settings.JOBS_HANDOVER_S)
