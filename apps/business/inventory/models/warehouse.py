from __future__ import annotations

from typing import Any, ClassVar

from django.db import connections, models
from django.db.models import Q

from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.db.queries import EntityManager, EntityQuerySet
from apps.core.db.router import alias_for
from apps.core.history.tracking import tracked
from apps.core.tenancy import require_tenant_id


class WarehouseQuerySet(EntityQuerySet["Warehouse"]):
    def ensure_default(self) -> None:
        """Make the tenant's default warehouse if there is none yet. One statement."""
        with connections[alias_for(self.model)].cursor() as cursor:
            cursor.execute("select inventory_default_warehouse(%s)", [require_tenant_id()])


@tracked()
class Warehouse(TenantScoped, SoftDeletable):
    """A place where goods lie. Each tenant has one default: what names no warehouse goes there.

    The database makes a tenant's default on first use (`inventory_default_warehouse`, in the migration), so that
    every stock level and movement lies somewhere, whoever writes it.
    """

    name = models.CharField(max_length=100)
    address = models.TextField(max_length=500, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="", help_text="ISO 3166-1 alpha-2.")
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    priority = models.PositiveSmallIntegerField(default=100, help_text="Goods are taken from the lowest number first.")
    is_default = models.BooleanField(default=False)

    objects: ClassVar[Any] = EntityManager.from_queryset(WarehouseQuerySet)()

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="inventory_warehouse_name", fields=["tenant_id", "name"], condition=Q(deleted_at__isnull=True)
            ),
            models.UniqueConstraint(
                name="inventory_one_default_warehouse", fields=["tenant_id"], condition=Q(is_default=True)
            ),
            models.CheckConstraint(
                name="inventory_default_warehouse_stays", condition=Q(is_default=False) | Q(deleted_at__isnull=True)
            ),
            models.CheckConstraint(
                name="inventory_warehouse_on_earth",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
        ]
