from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db import connections, models
from django.db.models import F, Q
from django.utils import timezone

from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.db.queries import EntityManager, EntityQuerySet
from apps.core.db.router import alias_for
from apps.core.history import current_actor
from apps.core.history.tracking import tracked


@dataclass(slots=True)
class Change:
    """What is added to a level, and whether it is low afterwards."""

    on_hand: int = 0
    reserved: int = 0
    is_low: bool = False


class StockLevelQuerySet(EntityQuerySet["StockLevel"]):
    def of_products(self, product_ids: Collection[UUID]) -> StockLevelQuerySet:
        return self.filter(product_id__in=list(product_ids))

    def locked(self) -> StockLevelQuerySet:
        """The rows under a row lock, taken in primary-key order, so that two commands never wait for each other."""
        return self.select_for_update(of=("self",)).order_by("id")

    def move(self, changes: Mapping[UUID, Change]) -> None:
        """Add to each level by its id. One statement; the database holds 0 <= reserved <= on_hand."""
        with connections[alias_for(self.model)].cursor() as cursor:
            cursor.execute(
                "update inventory_stocklevel as level set on_hand = level.on_hand + change.on_hand, "
                "reserved = level.reserved + change.reserved, is_low = change.is_low, "
                "version = version + 1, updated_at = %s, updated_by = %s "
                "from unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::boolean[]) "
                "as change (id, on_hand, reserved, is_low) where level.id = change.id",
                [
                    timezone.now(),
                    current_actor().id,
                    list(changes),
                    [change.on_hand for change in changes.values()],
                    [change.reserved for change in changes.values()],
                    [change.is_low for change in changes.values()],
                ],
            )


class StockLevel(TenantScoped):
    """How many of a product lie in a warehouse, and how many of those are promised to orders.

    The history of `on_hand` is the ledger of `StockMovement`, which always adds up to it; `reserved` is the sum of
    the `ReservedGoods` there. A product without a level has never had any stock.
    """

    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    warehouse = TenantForeignKey("inventory.Warehouse", related_name="+", db_index=False)
    on_hand = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0, db_default=0)
    low_at = models.PositiveIntegerField(
        null=True, blank=True, help_text="At or below this, what is available is low; left out: the product's level."
    )
    is_low = models.BooleanField(default=False, db_default=False, help_text="It was announced that it ran low.")

    objects: ClassVar[Any] = EntityManager.from_queryset(StockLevelQuerySet)()

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="inventory_one_level_per_warehouse", fields=["tenant_id", "product", "warehouse"]
            ),
            models.CheckConstraint(name="inventory_never_below_zero", condition=Q(on_hand__gte=0)),
            models.CheckConstraint(
                name="inventory_never_oversold", condition=Q(reserved__gte=0, reserved__lte=F("on_hand"))
            ),
        ]
        indexes = [models.Index(name="inventory_levels_of_warehouse", fields=["tenant_id", "warehouse", "id"])]

    @property
    def available(self) -> int:
        """What nobody has been promised."""
        return self.on_hand - self.reserved

    @property
    def threshold(self) -> int | None:
        """At or below this it is low: its own, or else the product's reorder level."""
        return self.product.reorder_level if self.low_at is None else self.low_at

    @property
    def below_threshold(self) -> bool:
        return self.threshold is not None and self.available <= self.threshold


class StockMovement(TenantPart):
    """One change of a product's stock in a warehouse, never edited. `balance` is what was on hand there after it."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt"
        SALE = "sale"
        RETURN = "return"
        ADJUSTMENT = "adjustment"
        TRANSFER = "transfer"

    application_grants = ("SELECT", "INSERT", "UPDATE (announced)")

    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    warehouse = TenantForeignKey("inventory.Warehouse", related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    quantity = models.BigIntegerField(help_text="What was added to the stock; below zero when it was taken.")
    balance = models.BigIntegerField()
    reason = models.CharField(max_length=200, blank=True, default="")
    order_id = models.UUIDField(null=True, blank=True, help_text="The order that took it or gave it back.")
    occurred_at = models.DateTimeField(help_text="When it happened in the warehouse.")
    recorded_at = models.DateTimeField(default=timezone.now)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True, default="")
    announced = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="`StockChanged` told of it; versions before did not."
    )

    class Meta:
        indexes = [
            models.Index(name="inventory_ledger_of_product", fields=["tenant_id", "product", "-id"]),
            models.Index(
                name="inventory_ledger_unannounced", fields=["tenant_id", "product"], condition=Q(announced=False)
            ),
            models.Index(
                name="inventory_ledger_of_order", fields=["tenant_id", "order_id"], condition=Q(order_id__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(name="inventory_movement_moves", condition=~Q(quantity=0)),
            models.CheckConstraint(name="inventory_balance_not_below_zero", condition=Q(balance__gte=0)),
        ]


@tracked()
class BackOrderAllowance(TenantScoped):
    """How many of a product may be promised before there are any. A product without one allows none."""

    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    at_most = models.PositiveIntegerField()

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(name="inventory_one_allowance_per_product", fields=["tenant_id", "product"])
        ]
