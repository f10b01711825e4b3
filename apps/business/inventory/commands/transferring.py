"""Goods go from one warehouse to another."""

from __future__ import annotations

from uuid import UUID

from apps.business.catalog import queries as catalog
from apps.business.inventory import queries
from apps.business.inventory.commands.occasion import Occasion
from apps.business.inventory.commands.shelves import Kind, Shelves
from apps.business.inventory.errors import InvalidMovement
from apps.business.inventory.events import StockTransferred
from apps.business.inventory.models import StockLevel, StockMovement
from apps.business.units import work_of
from apps.core.db.ids import uuid7


def transfer(
    *, product_id: UUID, from_warehouse_id: UUID, to_warehouse_id: UUID, quantity: int, occasion: Occasion
) -> list[StockMovement]:
    """Carry goods that nobody was promised to another warehouse; returns the two movements.

    Raises ProductNotFound, WarehouseNotFound, WarehouseDeleted, InvalidMovement, StockShort.
    """
    catalog.product(product_id)
    if quantity <= 0:
        raise InvalidMovement(errors={"quantity": ["a transfer carries at least one"]})
    if from_warehouse_id == to_warehouse_id:
        raise InvalidMovement(errors={"to_warehouse_id": ["it lies there already"]})
    with work_of(occasion.actor, StockLevel, reason=occasion.reason) as work:
        queries.warehouse(from_warehouse_id)
        queries.open_warehouse(to_warehouse_id)
        shelves = Shelves.opened([product_id], warehouse_id=to_warehouse_id)
        shelves.refuse_shortages(
            {product_id: quantity}, {product_id: shelves.available_in(product_id, from_warehouse_id)}
        )
        source, target = (shelves.place(product_id, one) for one in (from_warehouse_id, to_warehouse_id))
        shelves.move(source, -quantity, Kind.TRANSFER, occasion)
        shelves.move(target, quantity, Kind.TRANSFER, occasion)
        shelves.write()
        work.publish(
            StockTransferred(
                stock_transfer_id=uuid7(),
                product_id=product_id,
                from_warehouse_id=from_warehouse_id,
                to_warehouse_id=to_warehouse_id,
                quantity=quantity,
                reason=occasion.reason[:200],
                occurred_at=occasion.occurred_at,
            )
        )
    return shelves.movements
