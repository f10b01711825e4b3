"""What the warehouse announces (topic `business.inventory`): every change of what lies and is promised there
(`StockChanged`), and of those the ones that somebody made there. Sales and returns the orders announce, too.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, EventPart, event

TOPIC = "business.inventory"


class StockMovementPart(EventPart):
    """What came into a warehouse; below zero it left. `order_id` is the order that took it or gave it back."""

    kind: str
    quantity: int
    occurred_at: datetime
    order_id: UUID | None = None


class StockLevelPart(EventPart):
    """How many of a product lie in a warehouse now, how many of those are promised, and what moved.

    Of two that tell of the same level the one with the higher `level_version` is the later, whichever comes first.
    """

    product_id: UUID
    warehouse_id: UUID
    on_hand: int
    reserved: int
    level_version: int
    movements: list[StockMovementPart]


@event(topic=TOPIC, aggregate="StockChange")
class StockChanged(Event):
    """What lies in warehouses or is promised changed by one deed. Each movement is told once."""

    stock_change_id: UUID
    levels: list[StockLevelPart]


@event(topic=TOPIC, aggregate="StockLevel")
class StockReceived(Event):
    """Goods came in. `balance` is what is on hand now, in that warehouse."""

    stock_level_id: UUID
    product_id: UUID
    quantity: int
    balance: int
    reason: str
    occurred_at: datetime
    warehouse_id: UUID | None = None


@event(topic=TOPIC, aggregate="StockLevel")
class StockAdjusted(Event):
    """Somebody counted anew, or goods were lost or found. `quantity` was added; below zero it was taken away."""

    stock_level_id: UUID
    product_id: UUID
    quantity: int
    balance: int
    reason: str
    occurred_at: datetime
    warehouse_id: UUID | None = None


@event(topic=TOPIC, aggregate="StockLevel")
class StockRanLow(Event):
    """What is available in a warehouse fell to its threshold or below. Not again until it was above it in between."""

    stock_level_id: UUID
    product_id: UUID
    warehouse_id: UUID
    available: int
    threshold: int


@event(topic=TOPIC, aggregate="StockTransfer")
class StockTransferred(Event):
    """Goods went from one warehouse to another."""

    stock_transfer_id: UUID
    product_id: UUID
    from_warehouse_id: UUID
    to_warehouse_id: UUID
    quantity: int
    reason: str
    occurred_at: datetime


class ReservedGoodsPart(EventPart):
    """So many of a product, promised out of a warehouse; without one they are back-ordered."""

    product_id: UUID
    quantity: int
    warehouse_id: UUID | None = None


@event(topic=TOPIC, aggregate="Reservation")
class StockReserved(Event):
    """Goods are promised to an order, at the latest until `expires_at`."""

    reservation_id: UUID
    order_id: UUID
    goods: list[ReservedGoodsPart]
    expires_at: datetime | None = None


@event(topic=TOPIC, aggregate="Reservation")
class BackOrderFilled(Event):
    """Goods came in for an order that waited for them; they lie reserved in the warehouse."""

    reservation_id: UUID
    order_id: UUID
    product_id: UUID
    warehouse_id: UUID
    quantity: int


@event(topic=TOPIC, aggregate="Reservation")
class ReservationReleased(Event):
    """An order gave up what was promised to it and had not left yet."""

    reservation_id: UUID
    order_id: UUID


@event(topic=TOPIC, aggregate="Reservation")
class ReservationExpired(Event):
    """What was promised to an order was not taken in time: it is available to others again."""

    reservation_id: UUID
    order_id: UUID


@event(topic=TOPIC, aggregate="Warehouse")
class WarehouseCreated(Event):
    """There is a new warehouse."""

    warehouse_id: UUID
    name: str
    country: str
    priority: int


@event(topic=TOPIC, aggregate="Warehouse")
class WarehouseUpdated(Event):
    """A warehouse is described anew; these are the values from now on."""

    warehouse_id: UUID
    name: str
    country: str
    priority: int


@event(topic=TOPIC, aggregate="Warehouse")
class WarehouseDeleted(Event):
    """A warehouse is closed. It was empty."""

    warehouse_id: UUID


@event(topic=TOPIC, aggregate="Warehouse")
class WarehouseRestored(Event):
    """A closed warehouse is open again."""

    warehouse_id: UUID
