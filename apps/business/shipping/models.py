from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from apps.business.rows import TenantPart
from apps.business.shipping.errors import ShipmentHasMovedOn
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


@tracked()
class Shipment(TenantScoped):
    """One parcel with goods of one order. An order that leaves in several parcels has several shipments."""

    class Status(models.TextChoices):
        READY = "ready"
        SHIPPED = "shipped"
        DELIVERED = "delivered"
        RETURNED = "returned"
        LOST = "lost"

    # One that was lost may turn up.
    MAY_FOLLOW = {
        Status.SHIPPED: {Status.READY},
        Status.DELIVERED: {Status.SHIPPED, Status.LOST},
        Status.RETURNED: {Status.SHIPPED, Status.LOST, Status.DELIVERED},
        Status.LOST: {Status.SHIPPED},
    }

    order_id = models.UUIDField()
    ordinal = models.PositiveIntegerField(help_text="Its place among the order's parcels, from 1.")
    number = models.CharField(max_length=40, help_text="The order's number and the ordinal.")
    status = models.CharField(max_length=16, choices=Status, default=Status.READY)
    carrier = models.CharField(max_length=100, blank=True, default="")
    tracking_number = models.CharField(max_length=100, blank=True, default="")
    tracking_link = models.URLField(max_length=500, blank=True, default="")
    warehouse = TenantForeignKey("inventory.Warehouse", null=True, blank=True, related_name="+", db_index=False)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(name="shipping_ordinal", fields=["tenant_id", "order_id", "ordinal"]),
            models.CheckConstraint(
                name="shipping_left_when_shipped",
                condition=Q(status="ready", shipped_at__isnull=True)
                | (~Q(status="ready") & Q(shipped_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(name="shipping_by_status", fields=["tenant_id", "status", "-id"]),
            models.Index(name="shipping_by_tracking", fields=["tenant_id", "tracking_number"]),
        ]

    def become(self, status: str, *, at: datetime) -> None:
        """Raises ShipmentHasMovedOn. Does not save."""
        if self.status not in self.MAY_FOLLOW.get(self.Status(status), ()):
            raise ShipmentHasMovedOn(f"shipment {self.number} is {self.status}, so it cannot become {status}")
        self.status = status
        if status == self.Status.SHIPPED:
            self.shipped_at = at
        if status == self.Status.DELIVERED:
            self.delivered_at = at


class ShipmentLine(TenantPart):
    """So much of an order's line is in the parcel. It goes when a parcel is unpacked before it left."""

    shipment = TenantForeignKey("shipping.Shipment", related_name="lines", db_index=False)
    ordinal = models.PositiveIntegerField()
    order_line_id = models.UUIDField()
    product_id = models.UUIDField()
    code = models.CharField(max_length=64, blank=True, default="")
    description = models.CharField(max_length=200)
    quantity = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="shipping_line_once", fields=["tenant_id", "shipment", "order_line_id"]),
            models.CheckConstraint(name="shipping_line_of_something", condition=Q(quantity__gt=0)),
        ]
