from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import connections, models
from django.db.models import Q

from apps.business.rows import TenantPart, TenantRowQuerySet
from apps.core.db.fields import TenantForeignKey
from apps.core.db.ids import uuid7
from apps.core.db.models import TenantScoped
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id


class Reservation(TenantScoped):
    """Goods promised to an order until they leave (`taken`), are given up (`released`) or time runs out (`expired`).

    What is promised at this moment are its `ReservedGoods`. An order has at most one open reservation.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        TAKEN = "taken"
        RELEASED = "released"
        EXPIRED = "expired"

    # Enough to find what has run out in any tenant, not whose it is.
    relay_grants = ("SELECT (id, tenant_id, status, expires_at)",)

    order_id = models.UUIDField()
    status = models.CharField(max_length=16, choices=Status, default=Status.OPEN)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Left out: it holds until it is given up.")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="inventory_one_open_reservation", fields=["tenant_id", "order_id"], condition=Q(status="open")
            )
        ]
        indexes = [
            models.Index(name="inventory_reservation_order", fields=["tenant_id", "order_id", "-id"]),
            # Asked for all tenants at once, so it does not lead with the tenant.
            models.Index(name="inventory_reservation_expiry", fields=["expires_at"], condition=Q(status="open")),
        ]

    def has_run_out(self, now: datetime) -> bool:
        return self.status == self.Status.OPEN and self.expires_at is not None and self.expires_at <= now


class ReservedGoodsQuerySet(TenantRowQuerySet):
    def add(self, reservation_id: UUID, product_id: UUID, warehouse_id: UUID, quantity: int) -> None:
        """So many more of a product, in a warehouse where the reservation may hold some already. One statement."""
        with connections[alias_for(self.model)].cursor() as cursor:
            cursor.execute(
                "insert into inventory_reservedgoods as known "
                "(id, tenant_id, reservation_id, product_id, warehouse_id, quantity) values (%s, %s, %s, %s, %s, %s) "
                "on conflict (tenant_id, reservation_id, product_id, warehouse_id) "
                "do update set quantity = known.quantity + excluded.quantity",
                [uuid7(), require_tenant_id(), reservation_id, product_id, warehouse_id, quantity],
            )


class ReservedGoods(TenantPart):
    """How many of a product an open reservation holds in a warehouse; without one they are back-ordered.

    Changed only under the lock of the product's stock levels.
    """

    reservation = TenantForeignKey("inventory.Reservation", related_name="goods", db_index=False)
    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    warehouse = TenantForeignKey("inventory.Warehouse", null=True, related_name="+", db_index=False)
    quantity = models.BigIntegerField()

    objects: ClassVar[Any] = ReservedGoodsQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="inventory_reserved_once",
                fields=["tenant_id", "reservation", "product", "warehouse"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="inventory_reserves_something", condition=Q(quantity__gt=0)),
        ]
        indexes = [models.Index(name="inventory_reserved_product", fields=["tenant_id", "product", "reservation"])]

    @property
    def is_back_ordered(self) -> bool:
        return self.warehouse_id is None
