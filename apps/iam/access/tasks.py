"""Celery entry points."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.core.tenancy import tenant
from apps.iam.access import commands
from apps.iam.tenants import queries as tenants


@shared_task(name="access.end_expired", acks_late=True)
def end_expired(**_later: object) -> None:
    """Tell the log of assignments that have expired, tenant by tenant. Safe to run twice, or twice at once."""
    for tenant_id in tenants.tenant_ids():
        with tenant(tenant_id):
            commands.end_expired(now=timezone.now())
