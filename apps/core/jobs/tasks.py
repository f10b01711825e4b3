"""Celery entry points of jobs."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.jobs import enqueueing, running, sweeping
from apps.core.jobs.errors import JobNotFound
from apps.core.observability import get_logger
from apps.core.tenancy import PLATFORM, tenant

logger = get_logger(__name__)


@shared_task(name=enqueueing.TASK, acks_late=True)
def run(*, tenant_id: str, job_id: str, using: str, **_later: object) -> None:
    """Run one job. Safe to deliver twice, or twice at once; a late delivery finds it begun, or over."""
    with tenant(tenant_id):
        try:
            running.run(UUID(job_id), using=using)
        except JobNotFound:  # forgotten, or its tenant erased, while the word was on its way
            logger.info("jobs.gone", job_id=job_id)


@shared_task(name="jobs.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Look after whatever is due, in every database. Safe to run twice, or twice at once."""
    for alias in settings.PRIMARY_ALIASES:
        sweeping.sweep(alias, now=timezone.now())


@shared_task(name="jobs.forget_old_jobs", acks_late=True)
def forget_old_jobs(**_later: object) -> None:
    """Delete jobs that ended JOBS_KEPT_DAYS ago, and histories of JOBS_HISTORY_KEPT_DAYS ago, tenant by tenant.

    Safe to run twice, or twice at once.
    """
    now = timezone.now()
    for tenant_id in [PLATFORM, *import_string(settings.TENANT_LISTER)()]:
        with tenant(tenant_id):
            for alias in settings.PRIMARY_ALIASES:
                sweeping.forget(alias, before=sweeping.oldest_kept(now))
                sweeping.forget_histories(alias, before=sweeping.oldest_history_kept(now))
