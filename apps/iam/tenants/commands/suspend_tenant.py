"""Keep everybody of a company out for a while."""

from __future__ import annotations

from uuid import UUID

from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant as entered
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.tenants import queries
from apps.iam.tenants.events import TenantStatusChanged
from apps.iam.tenants.models import Tenant


def suspend_tenant(*, tenant_id: UUID, reason: str = "", expected_version: int | None = None) -> Tenant:
    """Keep everybody of this tenant out until it is reinstated; tokens that they have are refused at once.

    Safe to repeat. Raises TenantNotFound, TenantIsGone, PreconditionFailed.
    """
    return _with_status(tenant_id, Tenant.Status.SUSPENDED, reason, expected_version)


def reinstate_tenant(*, tenant_id: UUID, reason: str = "", expected_version: int | None = None) -> Tenant:
    """Let the people of a suspended tenant in again. Safe to repeat. Raises as `suspend_tenant` does."""
    return _with_status(tenant_id, Tenant.Status.ACTIVE, reason, expected_version)


def _with_status(tenant_id: UUID, status: str, reason: str, expected_version: int | None) -> Tenant:
    with entered(tenant_id), unit_of_work(Tenant) as work:
        tenant = queries.lock_tenant(tenant_id)
        if expected_version is not None and tenant.version != expected_version:
            raise PreconditionFailed(version=tenant.version)
        if tenant.status == status:
            return tenant
        tenant.suspend() if status == Tenant.Status.SUSPENDED else tenant.reinstate()
        tenant.save(update_fields=["status"])
        work.publish(TenantStatusChanged(tenant_id=tenant_id, status=tenant.status))
        change = "suspended" if status == Tenant.Status.SUSPENDED else "reinstated"
        record_security_event(Kind.TENANT_CHANGED, subject_id=tenant_id, reason=reason, details={"change": change})
    return tenant
