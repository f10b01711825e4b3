"""Keeps the read models up to date. Nothing else writes them; an event takes effect once, in order per order."""

from __future__ import annotations

from apps.business.orders import customer_history, projections
from apps.business.orders.commands import money
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
    OrderRefundReturned,
    OrderRefused,
    OrderReleased,
    OrderRequested,
    OrderReturned,
    OrderShipped,
)
from apps.business.orders.models import DailyRevenue, OrderSummary, PurchaseHistory
from apps.business.orders.projections import Later
from apps.business.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentRefunded,
    PaymentRefundRefused,
    PaymentVoided,
)
from apps.core.events import Envelope, handles, handles_many
from apps.core.projections import Table, projection

SUMMARY = "business.order_summary"
REVENUE = "business.daily_revenue"
HISTORY = "business.customer_history"
MONEY = "business.order_money"
PaymentNews = PaymentAuthorised | PaymentCaptured | PaymentVoided | PaymentRefunded | PaymentRefundRefused


@handles(OrderRequested, group=SUMMARY)
@handles(OrderHeld, group=SUMMARY)
def list_wanted(event: OrderRequested | OrderHeld, *, envelope: Envelope) -> None:
    """The order appears in the list, though nobody has agreed to it yet."""
    projections.list_wanted(event, sequence=envelope.metadata.sequence)


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
@handles(OrderRefundReturned, group=SUMMARY)
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


@handles(OrderPlaced, group=HISTORY)
@handles(OrderCancelled, group=HISTORY)
@handles(OrderReturned, group=HISTORY)
@handles(CreditGiven, group=HISTORY)
def remember(event: OrderPlaced | OrderCancelled | OrderReturned | CreditGiven) -> None:
    """The customer's history goes on."""
    customer_history.note(event)


handles_many(projections.list_many, group=SUMMARY)
handles_many(customer_history.note_many, group=HISTORY)
handles_many(projections.count_many, group=REVENUE)


@handles(PaymentAuthorised, group=MONEY)
@handles(PaymentCaptured, group=MONEY)
@handles(PaymentVoided, group=MONEY)
@handles(PaymentRefunded, group=MONEY)
@handles(PaymentRefundRefused, group=MONEY)
def note_payment(event: PaymentNews) -> None:
    """The order's money stands as its payment does."""
    money.note_payment_of(order_id=event.order_id, now=event.occurred_at)


@handles(OrderCancelled, group=MONEY)
@handles(OrderReturned, group=MONEY)
def give_money_back(event: OrderCancelled | OrderReturned) -> None:
    """What the buyer paid for goods that will not come, or came back."""
    key = event.order_return_id if isinstance(event, OrderReturned) else event.order_id
    money.give_back(order_id=event.order_id, amount_minor=event.total_minor, key=key, now=event.occurred_at)


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
CUSTOMER_HISTORY = projection(
    "customer_history",
    group=HISTORY,
    tables=[Table(PurchaseHistory, key=("customer_id", "currency"), ignored=("id",))],
)
