"""What an order is: the fold of its events. Nothing but them is asked, so that it can be told for any moment, and what
an order may become is decided here.

The words of its statuses are those of `models`; the row is this state, kept in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from apps.business.money import price_of
from apps.business.orders.errors import (
    OrderAlreadyReturned,
    OrderAlreadyShipped,
    OrderIsCancelled,
    OrderNotDecided,
)
from apps.business.orders.events import (
    LinePlaced,
    OrderAllocated,
    OrderCancelled,
    OrderDelivered,
    OrderHeld,
    OrderPaid,
    OrderPaymentAuthorised,
    OrderPaymentVoided,
    OrderPlaced,
    OrderRefunded,
    OrderRefundReturned,
    OrderRefused,
    OrderReleased,
    OrderRequested,
    OrderReturned,
    OrderShipped,
)
from apps.core.events import Event, Fold, InvalidMessage, Personal

OPEN_TO_DECIDE = frozenset({"pending", "held", "under_review"})
AGREED = frozenset({"placed", "partly_returned", "returned"})


class LineState(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order, how much of it had left, and how much had come back."""

    id: UUID
    kind: str
    product_id: UUID | None
    quantity: int
    unit_price_e4: int
    total_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    shipped_quantity: int = 0
    returned_quantity: int = 0

    @property
    def unit_price(self) -> Decimal:
        """In major units."""
        return price_of(self.unit_price_e4)

    @property
    def owed_quantity(self) -> int:
        """What is still to be shipped. What came back without ever having been shipped is owed to nobody."""
        if self.product_id is None:
            return 0
        return self.quantity - max(self.shipped_quantity, self.returned_quantity)

    @property
    def returnable_quantity(self) -> int:
        return max(0, self.quantity - self.returned_quantity)


class ShipmentState(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel with goods of an order."""

    id: UUID
    shipped_at: datetime
    delivered_at: datetime | None = None


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """An order at some moment. Amounts are in minor units of `currency`."""

    id: UUID
    number: str
    status: str
    customer_id: UUID | None
    placed_at: datetime
    currency: str
    total_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    prices_include_tax: bool = False
    shipping_minor: int = 0
    shipping_method_id: UUID | None = None
    shipping_address: dict[str, str] = {}
    billing_address: dict[str, str] = {}
    authorised_minor: int = 0
    paid_minor: int = 0
    refunded_minor: int = 0
    returned_minor: int = 0
    allocated: bool = False
    cancelled_at: datetime | None = None
    cancel_reason: Annotated[str, Personal("customer_id")] = ""
    lines: tuple[LineState, ...]
    shipments: tuple[ShipmentState, ...] = ()

    @property
    def payment_status(self) -> str:
        if self.refunded_minor:
            return "refunded" if self.refunded_minor >= self.paid_minor else "partly_refunded"
        if self.paid_minor:
            return "paid" if self.paid_minor >= self.total_minor else "authorised"
        return "authorised" if self.authorised_minor else "unpaid"

    @property
    def fulfilment_status(self) -> str:
        if not self.shipments:
            return "unfulfilled"
        if any(line.owed_quantity for line in self.lines):
            return "partly_shipped"
        return "delivered" if all(one.delivered_at for one in self.shipments) else "shipped"

    @property
    def goods(self) -> dict[UUID, int]:
        """How many of each product were ordered."""
        counts: Counter[UUID] = Counter()
        for line in self.lines:
            if line.product_id is not None:
                counts[line.product_id] += line.quantity
        return dict(counts)

    @property
    def is_open_to_decide(self) -> bool:
        """Pending, held, or held with its goods set aside: nobody has agreed to it yet."""
        return self.status in OPEN_TO_DECIDE

    @property
    def is_cancelled(self) -> bool:
        return self.status == "cancelled"

    def line(self, line_id: UUID) -> LineState | None:
        return next((line for line in self.lines if line.id == line_id), None)

    def shipment(self, shipment_id: UUID) -> ShipmentState | None:
        return next((one for one in self.shipments if one.id == shipment_id), None)

    def named(self, now: datetime) -> dict[str, Any]:
        """What every later event says of the order."""
        return {"order_id": self.id, "number": self.number, "customer_id": self.customer_id, "occurred_at": now}

    def require_agreed(self) -> None:
        """Raises OrderNotDecided, OrderIsCancelled."""
        if self.is_cancelled:
            raise OrderIsCancelled(f"order {self.number} is cancelled")
        if self.status not in AGREED:
            raise OrderNotDecided(f"order {self.number} was not agreed to: it is {self.status}")

    def require_cancellable(self) -> None:
        """Raises OrderNotDecided, OrderIsCancelled, OrderAlreadyShipped, OrderAlreadyReturned."""
        self.require_agreed()
        if self.shipments:
            raise OrderAlreadyShipped(f"goods of order {self.number} are on their way, so it cannot be cancelled")
        if self.status != "placed":
            raise OrderAlreadyReturned(f"goods of order {self.number} came back already, so it cannot be cancelled")


def followed(state: OrderState | None, event: Event) -> OrderState:
    """What an order is after one more event. Raises InvalidMessage for one that cannot have happened to it."""
    if state is None:
        return _begun(event)
    match event:
        case OrderAllocated() if state.is_open_to_decide:
            return replace(state, status=_reviewed(state, "under_review"), allocated=True)
        case OrderReleased() if state.is_open_to_decide:
            return replace(state, status=_reviewed(state, "held"), allocated=False)
        case OrderPlaced() if state.is_open_to_decide:
            return replace(state, status="placed")
        case OrderRefused() if state.is_open_to_decide:
            return replace(state, status="refused")
        case OrderCancelled():
            return replace(state, status="cancelled", cancelled_at=event.occurred_at, cancel_reason=event.reason)
        case OrderReturned():
            return _returned(state, event)
        case OrderShipped() | OrderDelivered():
            return _moved(state, event)
        case OrderPaymentAuthorised() | OrderPaymentVoided() | OrderPaid() | OrderRefunded() | OrderRefundReturned():
            return _paid(state, event)
    raise _impossible(event, state.status)


def _begun(event: Event) -> OrderState:
    match event:
        case OrderHeld():
            return _new(event, "under_review" if event.goods_set_aside else "held")
        case OrderRequested():
            return _new(event, "pending")
        case OrderPlaced():
            return _new(event, "placed")
    raise _impossible(event, "new")


def _reviewed(state: OrderState, status: str) -> str:
    """An order that waits for nobody's decision is pending all the way."""
    return status if state.status != "pending" else "pending"


def _impossible(event: Event, status: str) -> InvalidMessage:
    return InvalidMessage(f"{type(event).__name__} cannot happen to an order that is {status}")


def _new(event: OrderRequested | OrderHeld | OrderPlaced, status: str) -> OrderState:
    return OrderState(
        id=event.order_id,
        number=event.number,
        status=status,
        customer_id=event.customer_id,
        placed_at=event.occurred_at,
        currency=event.currency,
        total_minor=event.total_minor,
        discount_minor=event.discount_minor,
        tax_minor=event.tax_minor,
        prices_include_tax=event.prices_include_tax,
        shipping_minor=event.shipping_minor,
        shipping_method_id=event.shipping_method_id,
        shipping_address=event.shipping_address,
        billing_address=event.billing_address,
        lines=tuple(_line(line) for line in event.lines),
    )


def _line(line: LinePlaced) -> LineState:
    return LineState(
        id=line.order_line_id,
        kind=line.kind,
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price_e4=line.unit_price_e4,
        total_minor=line.total_minor,
        discount_minor=line.discount_minor,
        tax_minor=line.tax_minor,
    )


def _returned(state: OrderState, event: OrderReturned) -> OrderState:
    back = {line.order_line_id: line.quantity for line in event.lines}
    lines = tuple(
        replace(line, returned_quantity=line.returned_quantity + back.get(line.id, 0)) for line in state.lines
    )
    status = "returned" if event.everything else "partly_returned"
    returned_minor = state.returned_minor + event.total_minor
    return replace(state, status=status, returned_minor=returned_minor, lines=lines)


def _moved(state: OrderState, event: OrderShipped | OrderDelivered) -> OrderState:
    if isinstance(event, OrderShipped):
        left = {line.order_line_id: line.quantity for line in event.lines}
        parcel = ShipmentState(id=event.shipment_id, shipped_at=event.occurred_at)
        return replace(state, lines=_with_shipped(state, left), shipments=(*state.shipments, parcel))
    shipments = tuple(
        replace(one, delivered_at=event.occurred_at) if one.id == event.shipment_id else one for one in state.shipments
    )
    return replace(state, shipments=shipments)


def _with_shipped(state: OrderState, left: Mapping[UUID, int]) -> tuple[LineState, ...]:
    return tuple(replace(line, shipped_quantity=line.shipped_quantity + left.get(line.id, 0)) for line in state.lines)


def _paid(
    state: OrderState,
    event: OrderPaymentAuthorised | OrderPaymentVoided | OrderPaid | OrderRefunded | OrderRefundReturned,
) -> OrderState:
    match event:
        case OrderPaymentAuthorised():
            return replace(state, authorised_minor=event.authorised_minor)
        case OrderPaid():
            return replace(state, paid_minor=event.paid_minor)
        case OrderRefunded() | OrderRefundReturned():
            return replace(state, refunded_minor=event.refunded_minor)
        case _:
            return replace(state, authorised_minor=0)


ORDER = Fold("Order", OrderState, followed)
