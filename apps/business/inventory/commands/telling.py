"""What is told of a change of stock: an event for each deed, whose levels say how they stand now.

The event is an aggregate of its own: those that tell of one product need no order among each other, since the level's
version says which is later, and so no lock beside that of the levels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from apps.business.inventory.events import StockChanged, StockLevelPart, StockMovementPart
from apps.business.inventory.models import StockLevel, StockMovement
from apps.core.db.ids import uuid7

# An import moves hundreds of products at once; an event must fit into a message.
_LEVELS_AT_MOST = 200


def stock_changed(levels: Sequence[StockLevel], movements: Iterable[StockMovement]) -> Iterator[StockChanged]:
    """What to announce of levels as they are now, and of what moved there."""
    moved: dict[tuple[UUID, UUID], list[StockMovementPart]] = defaultdict(list)
    for movement in movements:
        moved[movement.product_id, movement.warehouse_id].append(_movement(movement))
    parts = [_level(level, moved[level.product_id, level.warehouse_id]) for level in levels]
    for first in range(0, len(parts), _LEVELS_AT_MOST):
        yield StockChanged(stock_change_id=uuid7(), levels=parts[first : first + _LEVELS_AT_MOST])


def _level(level: StockLevel, movements: list[StockMovementPart]) -> StockLevelPart:
    return StockLevelPart(
        product_id=level.product_id,
        warehouse_id=level.warehouse_id,
        on_hand=level.on_hand,
        reserved=level.reserved,
        level_version=level.version,
        movements=movements,
    )


def _movement(movement: StockMovement) -> StockMovementPart:
    return StockMovementPart(
        kind=movement.kind,
        quantity=movement.quantity,
        occurred_at=movement.occurred_at,
        order_id=movement.order_id,
    )
