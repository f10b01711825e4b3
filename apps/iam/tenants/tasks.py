"""Background work on tenants."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.core.observability import get_logger
from apps.core.tenancy import tenant
from apps.iam.approvals import commands as approvals
from apps.iam.exports import commands as exports
from apps.iam.tenants import commands, queries

_logger = get_logger("iam.tenants")
_LIMIT_S = 3400


@shared_task(name="tenants.erase", acks_late=True, soft_time_limit=_LIMIT_S - 100, time_limit=_LIMIT_S)
def erase(*, tenant_id: str, **_later: object) -> None:
    """Erase one tenant, as far as that is not done. Safe to run twice, or twice at once."""
    commands.erase_tenant(tenant_id=UUID(tenant_id), now=timezone.now())


@shared_task(name="tenants.provision", acks_late=True)
def provision(*, tenant_id: str, **_later: object) -> None:
    """Carry on with one provisioning. Safe to run twice, or twice at once."""
    commands.resume_provisioning(tenant_id=UUID(tenant_id), now=timezone.now())


@shared_task(name="tenants.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Erase tenants whose waiting time is over, and carry on with what was interrupted. Safe to run twice."""
    now = timezone.now()
    for tenant_id in queries.due_for_erasure(now=now):
        erase.apply_async(kwargs={"tenant_id": str(tenant_id)})
    for tenant_id in queries.unfinished_provisionings(before=now - timedelta(minutes=1)):
        provision.apply_async(kwargs={"tenant_id": str(tenant_id)})


@shared_task(name="tenants.keep_house", acks_late=True)
def keep_house(**_later: object) -> None:
    """Forget closed approvals and finished exports after the days that each tenant set. Safe to run twice."""
    now = timezone.now()
    for tenant_id in queries.tenant_ids():
        with tenant(tenant_id):
            before = now - timedelta(days=queries.current_configuration().values.retention_days)
            approvals.forget_closed(before=before)
            exports.forget_exports(before=before)
