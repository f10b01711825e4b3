"""What shipping announces (topic `business.shipping`)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, EventPart, event

TOPIC = "business.shipping"


class LineInParcel(EventPart):
    """How much of an order's line is in a parcel."""

    order_line_id: UUID
    product_id: UUID
    quantity: int


@event(topic=TOPIC, aggregate="Shipment")
class ShipmentShipped(Event):
    """A parcel is on its way."""

    shipment_id: UUID
    order_id: UUID
    number: str
    occurred_at: datetime
    carrier: str
    tracking_number: str
    tracking_link: str
    lines: tuple[LineInParcel, ...]


@event(topic=TOPIC, aggregate="Shipment")
class ShipmentDelivered(Event):
    """It has arrived."""

    shipment_id: UUID
    order_id: UUID
    number: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Shipment")
class ShipmentReturned(Event):
    """The carrier brought it back. What the buyer gets for it is a return of the order."""

    shipment_id: UUID
    order_id: UUID
    number: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Shipment")
class ShipmentLost(Event):
    """The carrier does not know where it is."""

    shipment_id: UUID
    order_id: UUID
    number: str
    occurred_at: datetime
