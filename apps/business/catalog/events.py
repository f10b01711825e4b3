"""What the catalogue announces (topic `business.catalog`)."""

from __future__ import annotations

from datetime import datetime
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
    tax_class: str = "standard"
    variant_of: UUID | None = None


@event(topic=TOPIC, aggregate="Product")
class ProductUpdated(Event):
    """A product is described or priced anew; these are the values from now on."""

    product_id: UUID
    sku: str
    name: str
    unit_price_e4: int
    currency: str
    tax_class: str = "standard"
    variant_of: UUID | None = None


@event(topic=TOPIC, aggregate="Product")
class ProductDeleted(Event):
    """A product can no longer be ordered. Earlier orders keep it."""

    product_id: UUID


@event(topic=TOPIC, aggregate="Product")
class ProductRestored(Event):
    """A deleted product can be ordered again."""

    product_id: UUID


@event(topic=TOPIC, aggregate="Product")
class ProductPriced(Event):
    """A product has a price in a currency for some time; without `valid_to` for good."""

    product_id: UUID
    price_id: UUID
    currency: str
    price_e4: int
    valid_from: datetime
    valid_to: datetime | None = None


@event(topic=TOPIC, aggregate="Product")
class ProductPriceEnded(Event):
    """A price ends earlier than was said; one that never began is gone, and then `valid_to` is not given."""

    product_id: UUID
    price_id: UUID
    currency: str
    valid_to: datetime | None = None


@event(topic=TOPIC, aggregate="Product")
class ProductMediaChanged(Event):
    """A product has other pictures than before: these, in their order, and what each shows in words."""

    product_id: UUID
    file_ids: list[UUID]
    alts: list[str] = []


@event(topic=TOPIC, aggregate="Product")
class ProductCategorised(Event):
    """A product stands in other categories than before: in these."""

    product_id: UUID
    category_ids: list[UUID]


@event(topic=TOPIC, aggregate="Category")
class CategoryPlaced(Event):
    """A category is new, has another name, or has moved."""

    category_id: UUID
    name: str
    parent_id: UUID | None = None


@event(topic=TOPIC, aggregate="Category")
class CategoryDeleted(Event):
    """A category is gone, until it is restored; its products are not."""

    category_id: UUID


@event(topic=TOPIC, aggregate="Category")
class CategoryRestored(Event):
    """A deleted category is back in the tree, with the products that stood in it."""

    category_id: UUID
    name: str
    parent_id: UUID | None = None
