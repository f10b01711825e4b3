"""What the catalogue announces (topic `business.catalog`)."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import Event, event

TOPIC = "business.catalog"


@event(topic=TOPIC, aggregate="Product")
class ProductCreated(Event):
    """There is a new product."""

    product_id: UUID
    sku: str
    name: str
    unit_price_e4: int
    currency: str


@event(topic=TOPIC, aggregate="Product")
class ProductUpdated(Event):
    """A product is described or priced anew; these are the values from now on."""

    product_id: UUID
    sku: str
    name: str
    unit_price_e4: int
    currency: str


@event(topic=TOPIC, aggregate="Product")
class ProductDeleted(Event):
    """A product can no longer be ordered. Earlier orders keep it."""

    product_id: UUID


@event(topic=TOPIC, aggregate="Product")
class ProductRestored(Event):
    """A deleted product can be ordered again."""

    product_id: UUID
