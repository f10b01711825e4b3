"""Every write to the stock. Levels are locked in primary-key order, so that no two commands wait for each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.catalog import queries as catalog
from apps.business.inventory import queries
from apps.business.inventory.errors import InvalidMovement, Shortage, StockShort
from apps.business.inventory.events import StockAdjusted, StockReceived
from apps.business.inventory.models import StockLevel, StockMovement
from apps.business.units import work_of
from apps.core.history import Actor

_BATCH = 500
_MOST = 10**12
Kind = StockMovement.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why, when and by whom stock moves. `occurred_at` is the warehouse's time, `recorded_at` ours."""

    actor: Actor
    occurred_at: datetime
    recorded_at: datetime
    reason: str = ""
    order_id: UUID | None = None


def take(*, quantities: Mapping[UUID, int], occasion: Occasion) -> None:
    """Take goods out of stock for an order, by product. All or nothing; three statements.

    Part of the caller's unit of work, so that the goods are gone exactly if the order exists.
    Raises StockShort, naming every product of which there is too little.
    """
    levels = queries.lock_levels(quantities)
    _refuse_shortages(quantities, levels)
    _move({product_id: -quantity for product_id, quantity in quantities.items()}, levels, Kind.SALE, occasion)


def put_back(*, quantities: Mapping[UUID, int], occasion: Occasion) -> None:
    """Put goods of an order back into stock, by product. Part of the caller's unit of work."""
    _move(quantities, _levels(quantities), Kind.RETURN, occasion)


def receive(*, product_id: UUID, quantity: int, occasion: Occasion) -> StockMovement:
    """Book goods that came in. Raises ProductNotFound, InvalidMovement."""
    catalog.product(product_id)
    return receive_many(quantities={product_id: quantity}, occasion=occasion)[0]


def receive_many(*, quantities: Mapping[UUID, int], occasion: Occasion) -> list[StockMovement]:
    """Book goods of many products that came in together. Raises InvalidMovement."""
    for quantity in quantities.values():
        if not 0 < quantity <= _MOST:
            raise InvalidMovement(errors={"quantity": ["a receipt brings at least one"]})
    with work_of(occasion.actor, StockLevel) as work:
        levels = _levels(quantities)
        movements = _move(quantities, levels, Kind.RECEIPT, occasion)
        for movement in movements:
            work.publish(StockReceived(**_announced(movement, levels)))
    return movements


def adjust(*, product_id: UUID, quantity: int, occasion: Occasion) -> StockMovement:
    """Correct the stock by `quantity`, which may be below zero. Raises ProductNotFound, InvalidMovement, StockShort."""
    catalog.product(product_id)
    return adjust_many(quantities={product_id: quantity}, occasion=occasion)[0]


def adjust_many(*, quantities: Mapping[UUID, int], occasion: Occasion) -> list[StockMovement]:
    """Correct the stock of many products. Raises InvalidMovement, StockShort."""
    for quantity in quantities.values():
        if not 0 < abs(quantity) <= _MOST:
            raise InvalidMovement(errors={"quantity": ["the difference must not be zero"]})
    with work_of(occasion.actor, StockLevel, reason=occasion.reason) as work:
        levels = _levels(quantities)
        _refuse_shortages({product_id: -q for product_id, q in quantities.items()}, levels)
        movements = _move(quantities, levels, Kind.ADJUSTMENT, occasion)
        for movement in movements:
            work.publish(StockAdjusted(**_announced(movement, levels)))
    return movements


def _levels(product_ids: Mapping[UUID, int]) -> dict[UUID, StockLevel]:
    """The locked levels; those that do not exist yet begin at zero."""
    levels = queries.lock_levels(product_ids)
    missing = [product_id for product_id in product_ids if product_id not in levels]
    if missing:
        new = [StockLevel(product_id=product_id) for product_id in sorted(missing)]
        # Somebody else may be making the same level now: his row serves as well.
        StockLevel.objects.bulk_create(new, batch_size=_BATCH, ignore_conflicts=True)
        levels = queries.lock_levels(product_ids)
    return levels


def _refuse_shortages(wanted: Mapping[UUID, int], levels: Mapping[UUID, StockLevel]) -> None:
    available = {product_id: levels[product_id].on_hand if product_id in levels else 0 for product_id in wanted}
    short = [product_id for product_id, quantity in wanted.items() if quantity > available[product_id]]
    if not short:
        return
    products = catalog.products_by_id(short, with_deleted=True)
    shortages = [
        Shortage(product_id, products[product_id].sku, wanted[product_id], available[product_id])
        for product_id in short
        if product_id in products
    ]
    raise StockShort(sorted(shortages, key=lambda shortage: shortage.sku))


def _move(
    changes: Mapping[UUID, int], levels: Mapping[UUID, StockLevel], kind: StockMovement.Kind, occasion: Occasion
) -> list[StockMovement]:
    """Change the locked levels and write the ledger. Two statements."""
    StockLevel.objects.move({levels[product_id].id: quantity for product_id, quantity in changes.items()})
    movements = [
        StockMovement(
            product_id=product_id,
            kind=kind,
            quantity=quantity,
            balance=levels[product_id].on_hand + quantity,
            reason=occasion.reason[:200],
            order_id=occasion.order_id,
            occurred_at=occasion.occurred_at,
            recorded_at=occasion.recorded_at,
            actor_id=occasion.actor.id,
            actor_name=occasion.actor.name[:200],
        )
        for product_id, quantity in changes.items()
    ]
    for movement in movements:
        levels[movement.product_id].on_hand = movement.balance
    StockMovement.objects.bulk_create(movements, batch_size=_BATCH)
    return movements


def _announced(movement: StockMovement, levels: Mapping[UUID, StockLevel]) -> dict[str, object]:
    return {
        "stock_level_id": levels[movement.product_id].id,
        "product_id": movement.product_id,
        "quantity": movement.quantity,
        "balance": movement.balance,
        "reason": movement.reason,
        "occurred_at": movement.occurred_at,
    }
