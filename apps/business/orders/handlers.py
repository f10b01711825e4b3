"""Keeps the read models up to date. Nothing else writes them; an event takes effect once, in order per order."""

from __future__ import annotations

from apps.business.orders import projections
from apps.business.orders.events import CreditGiven, OrderCancelled, OrderPlaced, OrderReturned
from apps.core.events import Envelope, handles

SUMMARY = "business.order_summary"
REVENUE = "business.daily_revenue"


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
def count_order(event: OrderPlaced) -> None:
    """The day on which it was placed has one order more."""
    projections.add_to_day(
        event.occurred_at, event.currency, projections.Figures(orders=1, sold_minor=event.total_minor)
    )


@handles(OrderCancelled, group=REVENUE)
def uncount_order(event: OrderCancelled) -> None:
    """A cancelled order never counted: it leaves the day on which it was placed."""
    projections.add_to_day(
        event.placed_at, event.currency, projections.Figures(orders=-1, sold_minor=-event.total_minor)
    )


@handles(OrderReturned, group=REVENUE)
def count_return(event: OrderReturned) -> None:
    """What came back counts on the day on which it did."""
    projections.add_to_day(event.occurred_at, event.currency, projections.Figures(returned_minor=event.total_minor))


@handles(CreditGiven, group=REVENUE)
def count_credit(event: CreditGiven) -> None:
    """So does a credit."""
    projections.add_to_day(event.occurred_at, event.currency, projections.Figures(returned_minor=event.total_minor))
