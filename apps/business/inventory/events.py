"""What the warehouse announces (topic `business.inventory`). What orders take and give back, the orders announce."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, event

TOPIC = "business.inventory"


@event(topic=TOPIC, aggregate="StockLevel")
class StockReceived(Event):
    """Goods came in. `balance` is what is on hand now."""

    stock_level_id: UUID
    product_id: UUID
    quantity: int
    balance: int
    reason: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="StockLevel")
class StockAdjusted(Event):
    """Somebody counted anew, or goods were lost or found. `quantity` was added; below zero it was taken away."""

    stock_level_id: UUID
    product_id: UUID
    quantity: int
    balance: int
    reason: str
    occurred_at: datetime
