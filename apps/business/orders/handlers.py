"""Keeps the read models up to date. Nothing else writes them; an event takes effect once, in order per order."""

from __future__ import annotations

from apps.business.orders import projections
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
from apps.business.orders.models import DailyRevenue, OrderSummary
from apps.business.orders.projections import Later
from apps.core.events import Envelope, handles, handles_many
from apps.core.projections import Table, projection

SUMMARY = "business.order_summary"
REVENUE = "business.daily_revenue"


@handles(OrderHeld, group=SUMMARY)
def list_held(event: OrderHeld, *, envelope: Envelope) -> None:
    """The order appears in the list, under review."""
    projections.list_held(event, sequence=envelope.metadata.sequence)


@handles(OrderPlaced, group=SUMMARY)
def list_order(event: OrderPlaced, *, envelope: Envelope) -> None:
    """The order appears in the list."""
    projections.list_order(event, sequence=envelope.metadata.sequence)


@handles(OrderAllocated, group=SUMMARY)
@handles(OrderReleased, group=SUMMARY)
@handles(OrderRefused, group=SUMMARY)
@handles(OrderCancelled, group=SUMMARY)
@handles(OrderReturned, group=SUMMARY)
@handles(OrderPaymentAuthorised, group=SUMMARY)
@handles(OrderPaymentVoided, group=SUMMARY)
@handles(OrderPaid, group=SUMMARY)
@handles(OrderRefunded, group=SUMMARY)
@handles(OrderShipped, group=SUMMARY)
@handles(OrderDelivered, group=SUMMARY)
def list_on(event: Later, *, envelope: Envelope) -> None:
    """The list shows what became of the order."""
    projections.list_on(event, sequence=envelope.metadata.sequence)


@handles(OrderPlaced, group=REVENUE)
@handles(OrderCancelled, group=REVENUE)
@handles(OrderReturned, group=REVENUE)
@handles(CreditGiven, group=REVENUE)
def count(event: OrderPlaced | OrderCancelled | OrderReturned | CreditGiven) -> None:
    """The figures of its day follow."""
    projections.count(event)


handles_many(projections.list_many, group=SUMMARY)
handles_many(projections.count_many, group=REVENUE)

ORDER_SUMMARY = projection(
    "order_summary",
    group=SUMMARY,
    tables=[Table(OrderSummary, key=("id",), ignored=("updated_at",))],
)
DAILY_REVENUE = projection(
    "daily_revenue",
    group=REVENUE,
    tables=[Table(DailyRevenue, key=("day", "currency"), ignored=("id",))],
)
