"""The goods of an order that is not paid beforehand leave the stock at once, or are promised where some must wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from apps.business.inventory import commands as inventory
from apps.business.inventory import queries as stock
from apps.business.inventory.errors import StockShort


def take_or_promise(*, order_id: UUID, quantities: Mapping[UUID, int], occasion: inventory.Occasion) -> None:
    """Take them out of the stock; where there are too few, and may be waited for, promise all of them instead.

    Part of the caller's unit of work. Raises StockShort, naming every product of which too few can be had.
    """
    try:
        inventory.take(quantities=quantities, occasion=occasion)
    except StockShort:  # nothing was written
        inventory.reserve(order_id=order_id, quantities=quantities, occasion=occasion)


def give_back(*, order_id: UUID, occasion: inventory.Occasion) -> None:
    """What was taken for it is in stock again, and what was promised is free. Part of the caller's unit of work."""
    taken: Counter[UUID] = Counter()
    for (product_id, _), quantity in stock.taken_for(order_id).items():
        taken[product_id] += quantity
    if +taken:
        inventory.put_back(quantities=dict(+taken), occasion=occasion)
    inventory.release(order_id=order_id, occasion=occasion)
