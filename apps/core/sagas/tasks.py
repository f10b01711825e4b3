"""Celery entry points of sagas."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.sagas import forgetting, metrics, waking
from apps.core.sagas.runner import Runner
from apps.core.tenancy import PLATFORM, tenant


@shared_task(name="sagas.run", acks_late=True)
def run(*, database: str, tenant_id: str, saga_id: str, **_later: object) -> None:
    """Take one saga as far as it goes now. Safe to run twice, or twice at once."""
    with tenant(UUID(tenant_id)):
        Runner(database).run(UUID(saga_id))


@shared_task(name="sagas.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Queue what is due and nobody was told of: waits and pauses that ended, dead runners. Safe to run twice."""
    now = timezone.now()
    for alias in settings.PRIMARY_ALIASES:
        for tenant_id, saga_id in waking.due(alias, now=now):
            waking.hand_over(alias, tenant_id, saga_id)
        metrics.sample(alias, now=now)


@shared_task(name="sagas.forget_closed", acks_late=True)
def forget_closed(**_later: object) -> None:
    """Delete sagas that were closed SAGAS_KEPT_DAYS ago, tenant by tenant. Safe to run twice, or twice at once."""
    before = forgetting.oldest_kept(timezone.now())
    for tenant_id in [PLATFORM, *import_string(settings.TENANT_LISTER)()]:
        with tenant(tenant_id):
            for alias in settings.PRIMARY_ALIASES:
                forgetting.forget_closed(alias, before=before)
