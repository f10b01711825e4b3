"""What an order's events say it is: nothing but them is asked, so that it can be told for any moment."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from apps.business.money import price_of
from apps.business.orders.events import (
    LinePlaced,
    OrderCancelled,
    OrderHeld,
    OrderPlaced,
    OrderRefused,
    OrderReturned,
)
from apps.core.events import Event, InvalidMessage


class LineState(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order, and how much of it had come back."""

    id: UUID
    kind: str
    product_id: UUID | None
    quantity: int
    unit_price_e4: int
    total_minor: int
    returned_quantity: int = 0

    @property
    def unit_price(self) -> Decimal:
        """In major units."""
        return price_of(self.unit_price_e4)


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """An order at some moment. Amounts are in minor units of `currency`."""

    id: UUID
    number: str
    status: str
    customer_id: UUID | None
    placed_at: datetime
    currency: str
    total_minor: int
    returned_minor: int = 0
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    lines: tuple[LineState, ...]


def followed(state: OrderState | None, event: Event) -> OrderState:
    """What an order is after one more event. Raises InvalidMessage for one that cannot have happened to it."""
    match event:
        case OrderHeld() if state is None:
            return _new(event, "under_review")
        case OrderPlaced() if state is None or state.status == "under_review":
            return _new(event, "placed")
        case OrderRefused() if state is not None:
            return replace(state, status="refused")
        case OrderCancelled() if state is not None:
            return replace(state, status="cancelled", cancelled_at=event.occurred_at, cancel_reason=event.reason)
        case OrderReturned() if state is not None:
            return _returned(state, event)
    raise InvalidMessage(f"{type(event).__name__} cannot happen to an order that is {state.status if state else 'new'}")


def _new(event: OrderHeld | OrderPlaced, status: str) -> OrderState:
    return OrderState(
        id=event.order_id,
        number=event.number,
        status=status,
        customer_id=event.customer_id,
        placed_at=event.occurred_at,
        currency=event.currency,
        total_minor=event.total_minor,
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
    )


def _returned(state: OrderState, event: OrderReturned) -> OrderState:
    back = {line.order_line_id: line.quantity for line in event.lines}
    lines = tuple(
        replace(line, returned_quantity=line.returned_quantity + back.get(line.id, 0)) for line in state.lines
    )
    status = "returned" if event.everything else "partly_returned"
    returned_minor = state.returned_minor + event.total_minor
    return replace(state, status=status, returned_minor=returned_minor, lines=lines)
