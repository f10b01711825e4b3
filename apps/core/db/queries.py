"""What every queryset of an entity can do."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import F
from django.utils import timezone

from apps.core.history import current_actor
from apps.core.tenancy import require_tenant_id

M = TypeVar("M", bound=models.Model, covariant=True)


class EntityQuerySet(models.QuerySet[M, M]):
    def in_tenant(self) -> Self:
        """Only the current tenant's rows. Row-level security says so already; this lets the planner use the index.

        Raises NoTenant.
        """
        return self.filter(tenant_id=require_tenant_id())

    def deleted(self) -> Self:
        """Only what was deleted softly."""
        return self.filter(deleted_at__isnull=False)

    def update(self, **values: Any) -> int:
        """As Django's, and counts as a change of each row: version, time and actor move on."""
        values.setdefault("version", F("version") + 1)
        values.setdefault("updated_at", timezone.now())
        values.setdefault("updated_by", current_actor().id)
        return super().update(**values)


class EntityManager(models.Manager.from_queryset(EntityQuerySet)):  # type: ignore[misc]
    """Everything that is not deleted."""

    def __init__(self, *, with_deleted: bool = False) -> None:
        super().__init__()
        self._with_deleted = with_deleted

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        hides = not self._with_deleted and hasattr(self.model, "deleted_at")
        return rows.filter(deleted_at__isnull=True) if hides else rows
