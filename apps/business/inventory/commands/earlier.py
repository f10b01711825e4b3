"""Movements that versions before this one wrote without a word are told, so that read models know of all."""

from __future__ import annotations

from apps.business.inventory import queries
from apps.business.inventory.commands.shelves import Shelves
from apps.business.inventory.commands.telling import stock_changed
from apps.business.inventory.models import StockLevel, StockMovement
from apps.business.units import work_of
from apps.core.events import announce
from apps.core.history import SYSTEM

_MOVEMENTS_AT_ONCE = 1000


def announce_earlier_movements() -> int:
    """Tell of the current tenant's movements of which no event has told; returns how many.

    Safe to repeat, to run twice at once, and to be stopped at any point.
    """
    told = 0
    while (product_id := queries.product_with_unannounced_movements()) is not None:
        with work_of(SYSTEM, StockLevel):
            levels = Shelves.locked([product_id]).of(product_id)
            movements = queries.unannounced_movements(product_id, limit=_MOVEMENTS_AT_ONCE)
            for event in stock_changed(levels, movements):
                announce(event)
            StockMovement.objects.in_tenant().filter(id__in=[one.id for one in movements]).update(announced=True)
        told += len(movements)
    return told
