from apps.business.inventory.models.read_models import StockDay, StockSummary
from apps.business.inventory.models.reservation import Reservation, ReservedGoods
from apps.business.inventory.models.stock import BackOrderAllowance, StockLevel, StockMovement
from apps.business.inventory.models.warehouse import Warehouse

__all__ = [
    "BackOrderAllowance",
    "Reservation",
    "ReservedGoods",
    "StockDay",
    "StockLevel",
    "StockMovement",
    "StockSummary",
    "Warehouse",
]
