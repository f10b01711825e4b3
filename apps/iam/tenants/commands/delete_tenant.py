"""Plan that a company goes, and call it off. Its data are erased when the waiting time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import tenant as entered
from apps.iam.approvals.gate import require_approval
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.tenants import queries
from apps.iam.tenants.events import TenantDeletionCancelled, TenantDeletionPlanned
from apps.iam.tenants.models import Tenant

DELETE_TENANT = "tenants.delete"


def plan_deletion(*, tenant_id: UUID, actor: Actor, now: datetime, reason: str = "") -> Tenant:
    """Let a company's data be erased after TENANT_DELETION_DAYS. Until then everything works.

    Takes two people, always: of the company's owners, in their company; or of the platform's staff, on the platform.
    Safe to repeat. Raises ApprovalNeeded, TenantNotFound, TenantIsGone.
    """
    company = queries.tenant_by_id(tenant_id)
    payload = {"tenant_id": str(company.id), "slug": company.slug}
    require_approval(DELETE_TENANT, subject_id=company.id, payload=payload, actor=actor, now=now)
    with entered(tenant_id), unit_of_work(Tenant, actor=actor, reason=reason) as work:
        company = queries.lock_tenant(tenant_id)
        if company.deletion_due_at is not None:
            return company
        due_at = now + timedelta(days=settings.TENANT_DELETION_DAYS)
        company.plan_deletion(due_at=due_at)
        company.save(update_fields=["deletion_due_at"])
        work.publish(TenantDeletionPlanned(tenant_id=tenant_id, due_at=due_at))
        details = {"change": "deletion_planned", "due_at": due_at.isoformat()}
        record_security_event(Kind.TENANT_CHANGED, subject_id=tenant_id, actor=actor, reason=reason, details=details)
    return company


def cancel_deletion(*, tenant_id: UUID, actor: Actor, reason: str = "") -> Tenant:
    """The company stays. One person is enough. Raises TenantNotFound, DeletionNotPlanned, TenantIsGone."""
    with entered(tenant_id), unit_of_work(Tenant, actor=actor, reason=reason) as work:
        company = queries.lock_tenant(tenant_id)
        company.drop_deletion()
        company.save(update_fields=["deletion_due_at"])
        work.publish(TenantDeletionCancelled(tenant_id=tenant_id))
        details = {"change": "deletion_cancelled"}
        record_security_event(Kind.TENANT_CHANGED, subject_id=tenant_id, actor=actor, reason=reason, details=details)
    return company
