"""Keeps the read models up to date. Nothing else writes them; an event takes effect once, in order per order."""

from __future__ import annotations

from apps.business.orders import projections
from apps.business.orders.events import (
    CreditGiven,
    OrderCancelled,
    OrderHeld,
    OrderPlaced,
    OrderRefused,
    OrderReturned,
)
from apps.business.orders.models import DailyRevenue, OrderSummary
from apps.core.events import Envelope, handles
from apps.core.projections import Table, projection

SUMMARY = "business.order_summary"
REVENUE = "business.daily_revenue"


@handles(OrderHeld, group=SUMMARY)
def list_held(event: OrderHeld, *, envelope: Envelope) -> None:
    """The order appears in the list, under review."""
    projections.list_held(event, sequence=envelope.metadata.sequence)


@handles(OrderRefused, group=SUMMARY)
def list_as_refused(event: OrderRefused, *, envelope: Envelope) -> None:
    """The list shows the order as refused."""
    projections.list_as_refused(event, sequence=envelope.metadata.sequence)


@handles(OrderPlaced, group=SUMMARY)
def list_order(event: OrderPlaced, *, envelope: Envelope) -> None:
    """The order appears in the list."""
    projections.list_order(event, sequence=envelope.metadata.sequence)


@handles(OrderCancelled, group=SUMMARY)
def list_as_cancelled(event: OrderCancelled, *, envelope: Envelope) -> None:
    """The list shows the order as cancelled."""
    projections.list_as_cancelled(event, sequence=envelope.metadata.sequence)


@handles(OrderReturned, group=SUMMARY)
def list_as_returned(event: OrderReturned, *, envelope: Envelope) -> None:
    """The list shows what came back."""
    projections.list_as_returned(event, sequence=envelope.metadata.sequence)


@handles(OrderPlaced, group=REVENUE)
@handles(OrderCancelled, group=REVENUE)
@handles(OrderReturned, group=REVENUE)
@handles(CreditGiven, group=REVENUE)
def count(event: OrderPlaced | OrderCancelled | OrderReturned | CreditGiven) -> None:
    """The figures of its day follow."""
    projections.count(event)


ORDER_SUMMARY = projection(
    "order_summary",
    group=SUMMARY,
    tables=[Table(OrderSummary, key=("id",), ignored=("updated_at",))],
    apply=projections.list_many,
)
DAILY_REVENUE = projection(
    "daily_revenue",
    group=REVENUE,
    tables=[Table(DailyRevenue, key=("day", "currency"), ignored=("id",))],
    apply=projections.count_many,
)
