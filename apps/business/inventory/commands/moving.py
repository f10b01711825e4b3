"""Goods come in, leave, come back, and are counted anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.business.catalog import queries as catalog
from apps.business.inventory import queries
from apps.business.inventory.commands.back_orders import fill_back_orders
from apps.business.inventory.commands.occasion import Occasion
from apps.business.inventory.commands.shelves import Kind, Shelves
from apps.business.inventory.errors import InvalidMovement
from apps.business.inventory.events import StockAdjusted, StockReceived
from apps.business.inventory.models import StockLevel, StockMovement
from apps.business.units import work_of

_MOST = 10**12


def take(*, quantities: Mapping[UUID, int], occasion: Occasion) -> None:
    """Take goods that nobody was promised out of stock for an order, by product. All or nothing; four statements.

    Part of the caller's unit of work, so that the goods are gone exactly if the order exists.
    Raises StockShort, naming every product of which there is too little.
    """
    take_each([(quantities, occasion)])


def take_each(takings: Sequence[tuple[Mapping[UUID, int], Occasion]]) -> None:
    """The same for many orders, one after the other: all of them or none. Four statements, however many.

    One more for each 200 products.
    """
    shelves = Shelves.locked({product_id for quantities, _ in takings for product_id in quantities})
    for quantities, occasion in takings:
        shelves.refuse_shortages(quantities)
        for product_id, quantity in quantities.items():
            for level, part in shelves.split(product_id, quantity):
                shelves.move(level, -part, Kind.SALE, occasion)
    shelves.write()


def put_back(*, quantities: Mapping[UUID, int], occasion: Occasion) -> None:
    """Put goods of an order back into stock, by product: where they were taken from, else into the default warehouse.

    Part of the caller's unit of work.
    """
    shelves = Shelves.opened(quantities)
    origins = queries.taken_for(occasion.order_id) if occasion.order_id else {}
    for product_id, quantity in quantities.items():
        for level in shelves.of(product_id):
            part = min(quantity, origins.get((product_id, level.warehouse_id), 0))
            if part > 0 and not level.warehouse.is_deleted:
                shelves.move(level, part, Kind.RETURN, occasion)
                quantity -= part
        if quantity > 0:
            shelves.move(shelves.place(product_id), quantity, Kind.RETURN, occasion)
    fill_back_orders(shelves, quantities)
    shelves.write()


def receive(*, product_id: UUID, quantity: int, warehouse_id: UUID | None = None, occasion: Occasion) -> StockMovement:
    """Book goods that came in. Raises ProductNotFound, WarehouseNotFound, InvalidMovement."""
    catalog.product(product_id)
    return receive_many(quantities={product_id: quantity}, warehouse_id=warehouse_id, occasion=occasion)[0]


def receive_many(
    *, quantities: Mapping[UUID, int], warehouse_id: UUID | None = None, occasion: Occasion
) -> list[StockMovement]:
    """Book goods of many products that came in together, without a warehouse into the default one.

    Who waits for them longest gets them first. Raises WarehouseNotFound, InvalidMovement.
    """
    for quantity in quantities.values():
        if not 0 < quantity <= _MOST:
            raise InvalidMovement(errors={"quantity": ["a receipt brings at least one"]})
    with work_of(occasion.actor, StockLevel) as work:
        shelves = _opened(quantities, warehouse_id)
        moved = _move(shelves, quantities, warehouse_id, Kind.RECEIPT, occasion)
        for level, movement in moved:
            work.publish(StockReceived(**_announced(level, movement)))
    return [movement for _, movement in moved]


def adjust(*, product_id: UUID, quantity: int, warehouse_id: UUID | None = None, occasion: Occasion) -> StockMovement:
    """Correct the stock by `quantity`, which may be below zero.

    Raises ProductNotFound, WarehouseNotFound, InvalidMovement, StockShort.
    """
    catalog.product(product_id)
    return adjust_many(quantities={product_id: quantity}, warehouse_id=warehouse_id, occasion=occasion)[0]


def adjust_many(
    *, quantities: Mapping[UUID, int], warehouse_id: UUID | None = None, occasion: Occasion
) -> list[StockMovement]:
    """Correct the stock of many products. What is promised to an order cannot be taken away.

    Raises WarehouseNotFound, InvalidMovement, StockShort.
    """
    for quantity in quantities.values():
        if not 0 < abs(quantity) <= _MOST:
            raise InvalidMovement(errors={"quantity": ["the difference must not be zero"]})
    with work_of(occasion.actor, StockLevel, reason=occasion.reason) as work:
        shelves = _opened(quantities, warehouse_id)
        available = {product_id: shelves.place(product_id, warehouse_id).available for product_id in quantities}
        shelves.refuse_shortages({product_id: -quantity for product_id, quantity in quantities.items()}, available)
        moved = _move(shelves, quantities, warehouse_id, Kind.ADJUSTMENT, occasion)
        for level, movement in moved:
            work.publish(StockAdjusted(**_announced(level, movement)))
    return [movement for _, movement in moved]


def _opened(quantities: Mapping[UUID, int], warehouse_id: UUID | None) -> Shelves:
    if warehouse_id is not None:
        queries.open_warehouse(warehouse_id)
    return Shelves.opened(quantities, warehouse_id=warehouse_id)


def _move(
    shelves: Shelves,
    quantities: Mapping[UUID, int],
    warehouse_id: UUID | None,
    kind: StockMovement.Kind,
    occasion: Occasion,
) -> list[tuple[StockLevel, StockMovement]]:
    levels = {product_id: shelves.place(product_id, warehouse_id) for product_id in quantities}
    moved = [
        (level, shelves.move(level, quantities[product_id], kind, occasion)) for product_id, level in levels.items()
    ]
    fill_back_orders(shelves, [product_id for product_id, quantity in quantities.items() if quantity > 0])
    shelves.write()
    return moved


def _announced(level: StockLevel, movement: StockMovement) -> dict[str, Any]:
    return {
        "stock_level_id": level.id,
        "product_id": movement.product_id,
        "quantity": movement.quantity,
        "balance": movement.balance,
        "reason": movement.reason,
        "occurred_at": movement.occurred_at,
        "warehouse_id": movement.warehouse_id,
    }
