"""Every read of the stock. Each costs one statement unless it says otherwise."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from apps.business.inventory.models import StockLevel, StockMovement

# At or below the product's reorder level; a product without one is never low.
LOW = Q(product__reorder_level__isnull=False, on_hand__lte=F("product__reorder_level"))


def stock_levels() -> Any:
    """Levels of the products that are not deleted, each with its product, in the order in which they began."""
    levels = StockLevel.objects.in_tenant().filter(product__deleted_at__isnull=True)
    return levels.select_related("product").order_by("id")


def low_stock_levels() -> Any:
    """Those at or below their product's reorder level, the emptiest first."""
    return stock_levels().filter(LOW).order_by("on_hand", "id")


def level_of(product_id: UUID) -> StockLevel | None:
    """The level of one product, or None when it has never had any stock."""
    level: StockLevel | None = StockLevel.objects.in_tenant().filter(product_id=product_id).first()
    return level


def on_hand(product_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many there are of each product; a product that has never had any is left out."""
    levels = StockLevel.objects.in_tenant().filter(product_id__in=list(product_ids))
    return dict(levels.values_list("product_id", "on_hand"))


def product_ids_low_on_stock() -> Any:
    """Ids of the products at or below their reorder level, as a subquery."""
    return stock_levels().filter(LOW).order_by().values("product_id")


def movements_of(product_id: UUID, *, limit: int = 20) -> list[StockMovement]:
    """The latest movements of one product, newest first."""
    return list(movements(product_id)[:limit])


def movements(product_id: UUID) -> Any:
    """Every movement of one product, newest first."""
    return StockMovement.objects.in_tenant().filter(product_id=product_id).order_by("-id")


def lock_levels(product_ids: Collection[UUID]) -> dict[UUID, StockLevel]:
    """The levels of the products under row locks, by product; taken in primary-key order. Inside a transaction only."""
    return {level.product_id: level for level in StockLevel.objects.in_tenant().of_products(product_ids).locked()}
