"""What the business service announces. This list is the contract."""

from apps.business.catalog.events import (
    ProductCreated,
    ProductDeleted,
    ProductPriced,
    ProductPriceEnded,
    ProductRestored,
    ProductUpdated,
)
from apps.business.inventory.events import StockAdjusted, StockReceived
from apps.business.orders.events import (
    CreditGiven,
    OrderAllocated,
    OrderCancelled,
    OrderDelivered,
    OrderHeld,
    OrderPaid,
    OrderPaymentAuthorised,
    OrderPaymentVoided,
    OrderPlaced,
    OrderRefunded,
    OrderRefused,
    OrderReleased,
    OrderReturned,
    OrderShipped,
)

__all__ = [
    "CreditGiven",
    "OrderAllocated",
    "OrderCancelled",
    "OrderDelivered",
    "OrderHeld",
    "OrderPaid",
    "OrderPaymentAuthorised",
    "OrderPaymentVoided",
    "OrderPlaced",
    "OrderRefunded",
    "OrderRefused",
    "OrderReleased",
    "OrderReturned",
    "OrderShipped",
    "ProductCreated",
    "ProductDeleted",
    "ProductPriceEnded",
    "ProductPriced",
    "ProductRestored",
    "ProductUpdated",
    "StockAdjusted",
    "StockReceived",
]
