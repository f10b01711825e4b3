from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db import connections, models
from django.db.models import Q
from django.utils import timezone

from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.db.queries import EntityManager, EntityQuerySet
from apps.core.db.router import alias_for
from apps.core.history import current_actor


class StockLevelQuerySet(EntityQuerySet["StockLevel"]):
    def of_products(self, product_ids: Collection[UUID]) -> StockLevelQuerySet:
        return self.filter(product_id__in=list(product_ids))

    def locked(self) -> StockLevelQuerySet:
        """The rows under a row lock, taken in primary-key order, so that two commands never wait for each other."""
        return self.select_for_update().order_by("id")

    def move(self, changes: Mapping[UUID, int]) -> None:
        """Add to the stock of each level by its id. One statement; the database refuses what would fall below zero."""
        with connections[alias_for(self.model)].cursor() as cursor:
            cursor.execute(
                "update inventory_stocklevel as level set on_hand = on_hand + change.quantity, version = version + 1, "
                "updated_at = %s, updated_by = %s "
                "from unnest(%s::uuid[], %s::bigint[]) as change (id, quantity) where level.id = change.id",
                [timezone.now(), current_actor().id, list(changes), list(changes.values())],
            )


class StockLevel(TenantScoped):
    """How many of a product lie on the shelf. A product without one has never had any.

    Its history is the ledger of `StockMovement`, which always adds up to it.
    """

    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    on_hand = models.BigIntegerField(default=0)

    objects: ClassVar[Any] = EntityManager.from_queryset(StockLevelQuerySet)()

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(name="inventory_one_level_per_product", fields=["tenant_id", "product"]),
            models.CheckConstraint(name="inventory_never_below_zero", condition=Q(on_hand__gte=0)),
        ]


class StockMovement(TenantPart):
    """One change of a product's stock, never edited. `balance` is what was on hand after it."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt"
        SALE = "sale"
        RETURN = "return"
        ADJUSTMENT = "adjustment"

    application_grants = ("SELECT", "INSERT")

    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    quantity = models.BigIntegerField(help_text="What was added to the stock; below zero when it was taken.")
    balance = models.BigIntegerField()
    reason = models.CharField(max_length=200, blank=True, default="")
    order_id = models.UUIDField(null=True, blank=True, help_text="The order that took it or gave it back.")
    occurred_at = models.DateTimeField(help_text="When it happened in the warehouse.")
    recorded_at = models.DateTimeField(default=timezone.now)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [models.Index(name="inventory_ledger_of_product", fields=["tenant_id", "product", "-id"])]
        constraints = [
            models.CheckConstraint(name="inventory_movement_moves", condition=~Q(quantity=0)),
            models.CheckConstraint(name="inventory_balance_not_below_zero", condition=Q(balance__gte=0)),
        ]
