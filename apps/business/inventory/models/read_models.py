"""Made of what the warehouse announces, by `handlers`; written by nothing else, so always possible to make again."""

from __future__ import annotations

from django.db import models

from apps.business.rows import TenantRow
from apps.core.db.fields import TenantForeignKey


class StockSummary(TenantRow):
    """How a product stands in a warehouse, as far as was heard: it lags `StockLevel` by the way of an event."""

    id = models.BigAutoField(primary_key=True)
    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    warehouse = TenantForeignKey("inventory.Warehouse", related_name="+", db_index=False)
    on_hand = models.BigIntegerField()
    reserved = models.BigIntegerField()
    level_version = models.BigIntegerField(help_text="Of the level when it was so.")
    last_moved_at = models.DateTimeField(null=True, help_text="When something came or left last.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="inventory_one_summary", fields=["tenant_id", "product", "warehouse"])
        ]
        indexes = [models.Index(name="inventory_summary_idle", fields=["tenant_id", "last_moved_at", "id"])]

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class StockDay(TenantRow):
    """What moved of a product in a warehouse on one day (UTC), by the warehouse's own time."""

    id = models.BigAutoField(primary_key=True)
    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    warehouse = TenantForeignKey("inventory.Warehouse", related_name="+", db_index=False)
    day = models.DateField()
    moved_in = models.BigIntegerField()
    moved_out = models.BigIntegerField()
    sold = models.BigIntegerField(help_text="How many of those that left were sold.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="inventory_one_day", fields=["tenant_id", "product", "warehouse", "day"])
        ]
        indexes = [models.Index(name="inventory_days", fields=["tenant_id", "-day", "-id"])]
