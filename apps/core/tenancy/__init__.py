"""Tenants are kept apart by PostgreSQL itself: row-level security, and a scope carried with every statement."""

from apps.core.tenancy.context import (
    NOBODY,
    PLATFORM,
    NoTenant,
    Scope,
    current_scope,
    current_tenant_id,
    no_tenant,
    person,
    require_tenant_id,
    tenant,
)

__all__ = [
    "NOBODY",
    "PLATFORM",
    "NoTenant",
    "Scope",
    "current_scope",
    "current_tenant_id",
    "no_tenant",
    "person",
    "require_tenant_id",
    "tenant",
]
