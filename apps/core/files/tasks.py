"""Celery entry points of files."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.files import sweeping
from apps.core.tenancy import tenant


@shared_task(name="files.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Delete bytes without a row, tenant by tenant. Safe to run twice, or twice at once."""
    for tenant_id in import_string(settings.TENANT_LISTER)():
        with tenant(tenant_id):
            for alias in settings.PRIMARY_ALIASES:
                sweeping.sweep(alias, now=timezone.now())
