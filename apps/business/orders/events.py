"""What orders announce (topic `business.orders`). Amounts are in minor units of `currency`; `occurred_at` is the
domain's time, which for imported orders lies long before the recording.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from apps.core.events import Event, EventPart, Personal, event

TOPIC = "business.orders"


class LinePlaced(EventPart):
    """One line of a placed order. Only a line of the kind `product` names a product."""

    order_line_id: UUID
    kind: str
    product_id: UUID | None
    quantity: int
    unit_price_e4: int
    total_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    tax_rate_e4: int = 0


@event(topic=TOPIC, aggregate="Order")
class OrderHeld(Event):
    """Somebody wants to buy for more than their company lets pass unseen. `OrderPlaced` or `OrderRefused` follows, by
    `decide_by` at the latest.
    """

    order_id: UUID
    number: str
    customer_id: UUID | None
    occurred_at: datetime
    currency: str
    total_minor: int
    source: str
    lines: tuple[LinePlaced, ...]
    decide_by: datetime
    # Where this is not said, the event is of the first release, whose orders count as under review at once.
    goods_set_aside: bool = True
    discount_minor: int = 0
    tax_minor: int = 0
    prices_include_tax: bool = False
    shipping_minor: int = 0
    shipping_method_id: UUID | None = None
    shipping_address: Annotated[dict[str, str], Personal("customer_id")] = {}
    billing_address: Annotated[dict[str, str], Personal("customer_id")] = {}


@event(topic=TOPIC, aggregate="Order")
class OrderRequested(Event):
    """Somebody wants to buy and pays at once: goods and money are being arranged. `OrderPlaced` or `OrderRefused`
    follows.
    """

    order_id: UUID
    number: str
    customer_id: UUID | None
    occurred_at: datetime
    currency: str
    total_minor: int
    source: str
    lines: tuple[LinePlaced, ...]
    discount_minor: int = 0
    tax_minor: int = 0
    prices_include_tax: bool = False
    shipping_minor: int = 0
    shipping_method_id: UUID | None = None
    shipping_address: Annotated[dict[str, str], Personal("customer_id")] = {}
    billing_address: Annotated[dict[str, str], Personal("customer_id")] = {}


@event(topic=TOPIC, aggregate="Order")
class OrderRefused(Event):
    """A held order came to nothing: it was denied, nobody decided in time, or there was too little in stock."""

    order_id: UUID
    number: str
    occurred_at: datetime
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderPlaced(Event):
    """Somebody agreed to buy; the goods are taken from stock."""

    order_id: UUID
    number: str
    customer_id: UUID | None
    occurred_at: datetime
    currency: str
    total_minor: int
    source: str
    lines: tuple[LinePlaced, ...]
    discount_minor: int = 0
    tax_minor: int = 0
    prices_include_tax: bool = False
    shipping_minor: int = 0
    shipping_method_id: UUID | None = None
    shipping_address: Annotated[dict[str, str], Personal("customer_id")] = {}
    billing_address: Annotated[dict[str, str], Personal("customer_id")] = {}


@event(topic=TOPIC, aggregate="Order")
class OrderAllocated(Event):
    """The goods of an order that is not agreed to yet are set aside for it."""

    order_id: UUID
    number: str
    occurred_at: datetime
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderReleased(Event):
    """They are there for others again, since nothing comes of the order. `OrderRefused` follows."""

    order_id: UUID
    number: str
    occurred_at: datetime
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderPaymentAuthorised(Event):
    """The buyer's bank holds `authorised_minor` ready for the order; nothing is taken yet."""

    order_id: UUID
    number: str
    occurred_at: datetime
    currency: str
    authorised_minor: int
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderPaymentVoided(Event):
    """What was held ready was let go, with nothing taken."""

    order_id: UUID
    number: str
    occurred_at: datetime
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderPaid(Event):
    """Money came in: `amount_minor` now, `paid_minor` in all. `everything`: nothing is owed any more."""

    order_id: UUID
    number: str
    occurred_at: datetime
    currency: str
    amount_minor: int
    paid_minor: int
    everything: bool
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderRefunded(Event):
    """Money went back: `amount_minor` now, `refunded_minor` in all. `everything`: all that was paid."""

    order_id: UUID
    number: str
    occurred_at: datetime
    currency: str
    amount_minor: int
    refunded_minor: int
    everything: bool
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderRefundReturned(Event):
    """What was given back did not reach the buyer and came back: `amount_minor` now. Of `paid_minor` that was taken,
    `refunded_minor` stays given back.
    """

    order_id: UUID
    number: str
    occurred_at: datetime
    currency: str
    amount_minor: int
    refunded_minor: int
    paid_minor: int
    customer_id: UUID | None = None


class LineShipped(EventPart):
    """How much of an order's line left."""

    order_line_id: UUID
    product_id: UUID | None
    quantity: int


@event(topic=TOPIC, aggregate="Order")
class OrderShipped(Event):
    """Goods of an order are on their way. `everything`: nothing is left to be sent."""

    order_id: UUID
    shipment_id: UUID
    number: str
    occurred_at: datetime
    everything: bool
    lines: tuple[LineShipped, ...]
    carrier: str = ""
    tracking_number: str = ""
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderDelivered(Event):
    """A shipment has arrived. `everything`: so has all that was ordered."""

    order_id: UUID
    shipment_id: UUID
    number: str
    occurred_at: datetime
    everything: bool
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Order")
class OrderCancelled(Event):
    """An order will not be fulfilled, and its goods are back in stock. `total_minor` is what it was worth."""

    order_id: UUID
    number: str
    reason: Annotated[str, Personal("customer_id")]
    occurred_at: datetime
    placed_at: datetime
    currency: str
    total_minor: int
    customer_id: UUID | None = None


class LineReturned(EventPart):
    """How much of an order's line came back."""

    order_line_id: UUID
    product_id: UUID | None
    quantity: int
    total_minor: int


@event(topic=TOPIC, aggregate="Order")
class OrderReturned(Event):
    """Goods of an order came back and are in stock again. `everything`: nothing is left to come."""

    order_id: UUID
    order_return_id: UUID
    number: str
    reason: Annotated[str, Personal("customer_id")]
    occurred_at: datetime
    currency: str
    total_minor: int
    everything: bool
    lines: tuple[LineReturned, ...]
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="OrderReturn")
class CreditGiven(Event):
    """Goods or money went back for a purchase that is not known here."""

    order_return_id: UUID
    number: str
    customer_id: UUID | None
    reason: Annotated[str, Personal("customer_id")]
    occurred_at: datetime
    currency: str
    total_minor: int


@event(topic="business.customers", aggregate="Customer")
class CustomerErased(Event):
    """Nothing personal is left of a customer; who keeps anything of them elsewhere, erases it too. Published once."""

    customer_id: UUID
    occurred_at: datetime
