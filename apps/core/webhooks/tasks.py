"""Celery entry points of webhooks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.tenancy import tenant
from apps.core.webhooks import forgetting, queueing, sending, sweeping


@shared_task(name="webhooks.send", acks_late=True)
def send(*, tenant_id: str, endpoint_id: str, **_later: object) -> None:
    """Send what is due to one webhook, for one turn. Safe to run twice, or many times at once."""
    with tenant(tenant_id):
        if sending.send_due(UUID(endpoint_id), clock=timezone.now):
            queueing.wake(UUID(tenant_id), UUID(endpoint_id))


@shared_task(name="webhooks.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Have sent what is due: retries, and what no worker was told of. Safe to run twice."""
    now = timezone.now()
    for tenant_id, endpoint_id in sweeping.due_endpoints(now=now):
        queueing.wake(tenant_id, endpoint_id)


@shared_task(name="webhooks.forget_old", acks_late=True)
def forget_old(**_later: object) -> None:
    """Delete what is older than WEBHOOK_KEPT_DAYS, tenant by tenant. Safe to run twice, or twice at once."""
    before = timezone.now() - timedelta(days=settings.WEBHOOK_KEPT_DAYS)
    for tenant_id in import_string(settings.TENANT_LISTER)():
        with tenant(tenant_id):
            forgetting.forget(before=before)
