"""What others may know about tenants."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, event
from apps.iam.audit.kinds import Kind
from apps.iam.audit.relevance import security_relevant


@security_relevant(Kind.TENANT_CHANGED, subject="tenant_id", shows=("slug", "name"), change="created")
@event(topic="iam.tenants", aggregate="Tenant", version=1)
class TenantCreated(Event):
    """A company has joined the platform. Published once per tenant."""

    tenant_id: UUID
    slug: str
    name: str
    default_currency: str


@event(topic="iam.tenants", aggregate="Tenant", version=1)
class TenantStatusChanged(Event):
    """A tenant was opened, suspended or reinstated, or its erasure has begun; nobody signs in to one that is not
    `active`.
    """

    tenant_id: UUID
    status: str


@event(topic="iam.tenants", aggregate="Tenant", version=1)
class TenantConfigured(Event):
    """A tenant's configuration has a new version. `changed` names the settings that differ, never their values."""

    tenant_id: UUID
    number: int
    changed: tuple[str, ...]


@event(topic="iam.tenants", aggregate="Tenant", version=1)
class TenantDeletionPlanned(Event):
    """Two people agreed that the tenant goes. Until `due_at` that can be called off."""

    tenant_id: UUID
    due_at: datetime


@event(topic="iam.tenants", aggregate="Tenant", version=1)
class TenantDeletionCancelled(Event):
    """The tenant stays."""

    tenant_id: UUID


@event(topic="iam.tenants", aggregate="Company", version=1)
class TenantErased(Event):
    """All data of a tenant is gone, in every database. Lies in the log of the platform: the tenant's own went too."""

    company_id: UUID
