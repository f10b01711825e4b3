"""Celery entry points of the catalogue."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.business.catalog import commands
from apps.business.catalog.exchange import requesting
from apps.core.tenancy import tenant


@shared_task(name="catalog.drop_removed_media", acks_late=True)
def drop_removed_media(**_later: object) -> None:
    """Delete pictures that were removed a week ago, tenant by tenant. Safe to run twice, or twice at once."""
    for tenant_id in import_string(settings.TENANT_LISTER)():
        with tenant(tenant_id):
            commands.drop_removed_media(now=timezone.now())


@shared_task(name="catalog.drop_old_imports", acks_late=True)
def drop_old_imports(**_later: object) -> None:
    """Delete files of imports of a month ago, tenant by tenant. Safe to run twice, or twice at once."""
    for tenant_id in import_string(settings.TENANT_LISTER)():
        with tenant(tenant_id):
            requesting.drop_old_files(now=timezone.now())
