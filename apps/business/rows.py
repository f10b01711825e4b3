"""Rows that are no entities: part of one, a fact, or a figure. They have no version, no stamps and no history."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from apps.core.db.ids import uuid7
from apps.core.tenancy import require_tenant_id


class TenantRowQuerySet(models.QuerySet[Any]):
    def in_tenant(self) -> Self:
        """Only the current tenant's rows, so that the planner uses the index. Raises NoTenant."""
        return self.filter(tenant_id=require_tenant_id())


class TenantRow(models.Model):
    """A row of one tenant, kept behind row-level security (`TenantIsolation` in its migration)."""

    tenant_id = models.UUIDField(default=require_tenant_id, editable=False)

    objects: ClassVar[Any] = TenantRowQuerySet.as_manager()

    class Meta:
        abstract = True


class TenantPart(TenantRow):
    """A row of one tenant that others may name by its id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True
