"""What the warehouse refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.core.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Shortage:
    """A product of which more was wanted than there is."""

    product_id: UUID
    sku: str
    wanted: int
    available: int


class StockShort(Conflict):
    """There is less in stock than is wanted. `short` names every such product."""

    code = "stock_short"

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = tuple(shortages)
        texts = [f"{s.sku}: {s.wanted} wanted, {s.available} in stock" for s in shortages]
        short = [
            {"product_id": str(s.product_id), "sku": s.sku, "wanted": s.wanted, "available": s.available}
            for s in shortages
        ]
        super().__init__("; ".join(texts), short=short)


class InvalidMovement(Invalid):
    """The movement breaks a rule."""

    code = "invalid_movement"


class NothingReserved(Conflict):
    """Nothing is reserved for the order: its reservation ran out, was released, or never was."""

    code = "nothing_reserved"


class WarehouseNotFound(NotFound):
    """There is no such warehouse."""

    code = "warehouse_not_found"


class WarehouseNameTaken(Conflict):
    """Another warehouse of this tenant has that name."""

    code = "warehouse_name_taken"


class WarehouseInUse(Conflict):
    """Goods lie in the warehouse, or it is the default one."""

    code = "warehouse_in_use"


class WarehouseDeleted(Conflict):
    """The warehouse is deleted: restore it first."""

    code = "warehouse_deleted"


class InvalidWarehouse(Invalid):
    """The warehouse breaks a rule."""

    code = "invalid_warehouse"
