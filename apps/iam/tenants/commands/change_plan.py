"""Give a company another plan, or other limits than its plan has."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import tenant as entered
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.tenants import plans, queries
from apps.iam.tenants.errors import InvalidPlan, TenantIsGone
from apps.iam.tenants.models import Tenant


def change_plan(*, tenant_id: UUID, plan: str, overrides: Mapping[str, int], reason: str, actor: Actor) -> Tenant:
    """From the company's next request on, in every process. `overrides` replace all there were.

    Safe to repeat. Raises InvalidPlan, TenantNotFound, TenantIsGone.
    """
    if not reason.strip():
        raise InvalidPlan(errors={"reason": ["give a reason"]})
    kept = plans.checked(plan, overrides)
    with entered(tenant_id), unit_of_work(Tenant, actor=actor):
        tenant = queries.lock_tenant(tenant_id)
        if tenant.status in Tenant.GONE:
            raise TenantIsGone
        if (tenant.plan, tenant.plan_overrides) == (plan, kept):
            return tenant
        before = f"{tenant.plan} {_written(tenant.plan_overrides)}".strip()
        tenant.plan, tenant.plan_overrides = plan, kept
        tenant.save(update_fields=["plan", "plan_overrides"])
        details = {"change": "plan", "before": before, "after": f"{plan} {_written(kept)}".strip()}
        record_security_event(Kind.TENANT_CHANGED, subject_id=tenant_id, reason=reason, details=details)
    return tenant


def _written(overrides: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(overrides.items()))
