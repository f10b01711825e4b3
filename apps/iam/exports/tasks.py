"""Background work of exports."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.core.observability import get_logger
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.exports import commands, queries
from apps.iam.tenants import queries as tenants

_logger = get_logger("iam.exports")
# Longer than other tasks may take, and shorter than the broker waits before it hands one to somebody else.
_SOFT_LIMIT_S, _LIMIT_S = 3300, 3400


@shared_task(name="exports.make", acks_late=True, soft_time_limit=_SOFT_LIMIT_S, time_limit=_LIMIT_S)
def make(*, tenant_id: str, export_id: str, **_later: object) -> None:
    """Make one export. Safe to run twice, or twice at once."""
    with tenant(tenant_id):
        commands.make_export(export_id=UUID(export_id), now=timezone.now())


@shared_task(name="exports.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Delete files whose time is over, and begin what no job is at work on. Safe to run twice."""
    now = timezone.now()
    for tenant_id in [PLATFORM, *tenants.tenant_ids()]:
        with tenant(tenant_id):
            for export_id in queries.expired_ids(now=now):
                commands.expire_export(export_id=export_id, now=now)
            for export_id in queries.waiting_ids(now=now):
                make.apply_async(kwargs={"tenant_id": str(tenant_id), "export_id": str(export_id)})
