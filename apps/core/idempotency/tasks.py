"""Celery entry points."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.idempotency import ledger
from apps.core.tenancy import tenant


@shared_task(name="idempotency.forget_old_keys", acks_late=True)
def forget_old_keys(**_later: object) -> None:
    """Delete keys older than 48 hours, tenant by tenant. Safe to run twice, or twice at once."""
    before = ledger.oldest_kept()
    for tenant_id in import_string(settings.TENANT_LISTER)():
        with tenant(tenant_id):
            for alias in settings.PRIMARY_ALIASES:
                ledger.forget_keys(alias=alias, before=before)
