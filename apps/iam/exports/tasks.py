"""Background work of exports."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.core.tenancy import PLATFORM, tenant
from apps.iam.exports import commands, queries
from apps.iam.tenants import queries as tenants


@shared_task(name="exports.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Delete files whose time is over, give up what no job makes any more, and have made what was asked for before
    exports were jobs. Safe to run twice.
    """
    now = timezone.now()
    for tenant_id in [PLATFORM, *tenants.tenant_ids()]:
        with tenant(tenant_id):
            for export_id in queries.expired_ids(now=now):
                commands.expire_export(export_id=export_id, now=now)
            for export_id in queries.abandoned_ids():
                commands.settle_export(export_id=export_id, now=now)
            for export_id in queries.ids_without_a_job():
                commands.adopt_export(export_id=export_id, now=now)
