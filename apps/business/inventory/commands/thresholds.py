"""When what is available of a product in a warehouse counts as low."""

from __future__ import annotations

from uuid import UUID

from apps.business.catalog import queries as catalog
from apps.business.inventory import queries
from apps.business.inventory.commands.shelves import Shelves
from apps.business.inventory.errors import InvalidMovement
from apps.business.inventory.models import StockLevel
from apps.business.units import work_of
from apps.core.history import Actor

_MOST = 2_000_000_000


def set_threshold(*, product_id: UUID, warehouse_id: UUID, low_at: int | None, actor: Actor) -> StockLevel:
    """Say at how many a product is low in a warehouse; None: at the product's own reorder level.

    What is low by that already is announced now. Safe to repeat.
    Raises ProductNotFound, WarehouseNotFound, WarehouseDeleted, InvalidMovement.
    """
    catalog.product(product_id)
    if low_at is not None and not 0 <= low_at <= _MOST:
        raise InvalidMovement(errors={"low_at": [f"from 0 to {_MOST}"]})
    with work_of(actor, StockLevel):
        queries.open_warehouse(warehouse_id)
        shelves = Shelves.opened([product_id], warehouse_id=warehouse_id)
        level = shelves.place(product_id, warehouse_id)
        if level.low_at != low_at:
            level.low_at = low_at
            level.save(update_fields=["low_at"])
            shelves.watch(level)
            shelves.write()
    return level
