"""What the business service announces. This list is the contract."""

from apps.business.catalog.events import ProductCreated, ProductDeleted, ProductRestored, ProductUpdated
from apps.business.inventory.events import StockAdjusted, StockReceived
from apps.business.orders.events import (
    CreditGiven,
    OrderCancelled,
    OrderHeld,
    OrderPlaced,
    OrderRefused,
    OrderReturned,
)

__all__ = [
    "CreditGiven",
    "OrderCancelled",
    "OrderHeld",
    "OrderPlaced",
    "OrderRefused",
    "OrderReturned",
    "ProductCreated",
    "ProductDeleted",
    "ProductRestored",
    "ProductUpdated",
    "StockAdjusted",
    "StockReceived",
]
